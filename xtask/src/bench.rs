//! `cargo xtask bench`: whole runs of the release build, measured from outside.

mod peers;
mod templates;

use crate::process;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs of each measurement; the median is shown
    #[arg(long, default_value_t = 11)]
    runs: usize,
    /// A folder of one's own to measure too
    #[arg(long)]
    templates: Option<PathBuf>,
    /// Measure Checkov and cfn-lint on the same inputs, from PyPI in an environment of their own
    #[arg(long)]
    peers: bool,
}

/// What one run took.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    wall: Duration,
    /// Peak resident memory in KiB; 0 where the system doesn't tell.
    memory: u64,
}

pub(crate) fn run(options: &Options) -> Result<bool> {
    let binary = process::release()?;
    let folder = process::target()?.join("bench");
    let usual = process::root().join("examples/orders");
    let many = templates::many(&folder.join("many"), 1_000)?;
    let half = templates::large(&folder.join("large-20000"), 20_000)?;
    let full = templates::large(&folder.join("large-40000"), 40_000)?;

    println!("{:<44} {:>10} {:>10} {:>6}", "tidegate check", "wall", "peak", "goal");
    let few = options.runs.min(3);
    let show = |what: &str, input: &Path, runs: usize, goal: &str| -> Result<Run> {
        let run = median(&check(&binary, input), runs)?;
        println!(
            "{what:<44} {:>7.1} ms {:>7.1} MB {goal:>6}",
            run.wall.as_secs_f64() * 1e3,
            run.memory as f64 / 1024.0
        );
        Ok(run)
    };
    show("examples/orders", &usual, options.runs, "50 ms")?;
    show("1,000 templates of 12 resources", &many, few, "2 s")?;
    let half_run = show("one template of 20,000 resources", &half, few, "")?;
    let full_run = show("one template of 40,000 resources", &full, few, "")?;
    if let Some(own) = &options.templates {
        show(&own.display().to_string(), own, few, "")?;
    }
    let ratio = full_run.wall.as_secs_f64() / half_run.wall.as_secs_f64().max(f64::EPSILON);
    println!("twice the resources take {ratio:.2} times as long (2 is linear, 4 is quadratic)");
    if options.peers {
        peers::run(&folder, &usual, &many)?;
    }
    // A ratio far above 2 is what this table is here to catch.
    Ok(ratio < 3.0)
}

fn check(binary: &Path, input: &Path) -> impl Fn() -> Command {
    let (binary, input) = (binary.to_path_buf(), input.to_path_buf());
    move || {
        let mut command = Command::new(&binary);
        command.arg("check").arg(&input).args(["--format", "json"]);
        command
    }
}

/// The median of several runs by time, with the largest peak of memory.
fn median(make: &dyn Fn() -> Command, runs: usize) -> Result<Run> {
    let mut all = (0..runs.max(1)).map(|_| measure(make())).collect::<Result<Vec<_>>>()?;
    // Watching a process for its memory disturbs it, so that happens in a run of its own.
    let memory = watch(make())?;
    all.sort();
    let wall = all.get(all.len() / 2).copied().unwrap_or_default();
    Ok(Run { wall, memory })
}

fn measure(mut command: Command) -> Result<Duration> {
    let shown = format!("{command:?}");
    let start = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let wall = start.elapsed();
    accept(&shown, status.with_context(|| format!("failed to start {shown}"))?)?;
    Ok(wall)
}

/// Follows the high-water mark of a process until it ends. What it used in its last half millisecond may be missing.
fn watch(mut command: Command) -> Result<u64> {
    let shown = format!("{command:?}");
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.with_context(|| format!("failed to start {shown}"))?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        peak = peak.max(high_water(&text));
        if let Some(status) = child.try_wait().with_context(|| format!("failed to wait for {shown}"))? {
            accept(&shown, status)?;
            return Ok(peak);
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

fn high_water(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Findings are a result; a crash or a wrong argument is not.
fn accept(shown: &str, status: std::process::ExitStatus) -> Result<()> {
    match status.code() {
        // Peers say 1 (Checkov) or a sum of bits (cfn-lint) when they found something.
        Some(0 | 10) => Ok(()),
        Some(_) if !shown.contains("tidegate") => Ok(()),
        _ => bail!("{shown} ended with {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(high_water("Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t    5124 kB\nVmRSS:\t 1 kB\n"), 5124);
        assert_eq!(high_water("Name:\tx\nState:\tZ (zombie)\n"), 0);
    }

    #[test]
    fn a_wrong_argument_is_no_measurement() {
        let command = || Command::new("tidegate-no-such-program");
        assert!(measure(command()).is_err());
        assert!(watch(command()).is_err());
    }
}
