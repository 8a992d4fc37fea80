//! What one program takes, told by the system: a process of our own waits for it, so that nothing else is counted.

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Run {
    pub(super) wall: Duration,
    /// In user and kernel mode, with all processes that it started and waited for.
    pub(super) cpu: Duration,
    /// Peak resident memory of the largest process, in KiB.
    pub(super) memory: u64,
}

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Program and arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// The inside of a measurement: runs a program, says what it took.
pub(crate) fn inside(arguments: &Arguments) -> Result<bool> {
    let (program, rest) = arguments.command.split_first().context("no program")?;
    let mut command = Command::new(program);
    command.args(rest).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().with_context(|| format!("failed to start {}", program.display()))?;
    let wall = start.elapsed();
    let (cpu, memory) = children()?;
    println!(
        "{}",
        json!({
            "code": status.code(),
            "wall": micros(wall),
            "cpu": micros(cpu),
            "memory": memory,
        })
    );
    Ok(true)
}

/// Medians of several runs by each measure, and the largest peak.
pub(super) fn median(make: &dyn Fn() -> Command, runs: usize) -> Result<Run> {
    let all = (0..runs.max(1)).map(|_| measure(&make())).collect::<Result<Vec<_>>>()?;
    let middle = |part: fn(&Run) -> Duration| {
        let mut times: Vec<Duration> = all.iter().map(part).collect();
        times.sort();
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    let memory = all.iter().map(|run| run.memory).max().unwrap_or(0);
    Ok(Run { wall: middle(|run| run.wall), cpu: middle(|run| run.cpu), memory })
}

fn measure(command: &Command) -> Result<Run> {
    let shown = format!("{command:?}");
    let mut outer = Command::new(std::env::current_exe().context("failed to find this program")?);
    outer.arg("measure").arg(command.get_program()).args(command.get_args());
    outer.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    let text = crate::process::output(&mut outer)?;
    let value: serde_json::Value = serde_json::from_str(&text).context("failed to read a measurement")?;
    let number = |name: &str| value.get(name).and_then(serde_json::Value::as_u64);
    accept(&shown, number("code"))?;
    let (Some(wall), Some(cpu), Some(memory)) = (number("wall"), number("cpu"), number("memory")) else {
        bail!("no measurement of {shown}: {text}")
    };
    Ok(Run { wall: Duration::from_micros(wall), cpu: Duration::from_micros(cpu), memory })
}

/// Findings are a result; a crash or a wrong argument is not.
fn accept(shown: &str, code: Option<u64>) -> Result<()> {
    match code {
        // Checkov says 1 when it found something, cfn-lint a sum of bits, cfn-guard 19, and we 10.
        Some(0 | 1 | 10 | 19) => Ok(()),
        Some(2..=14) if shown.contains("cfn-lint") => Ok(()),
        Some(code) => bail!("{shown} ended with {code}"),
        None => bail!("{shown} was killed"),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Time and peak memory of the processes that this one has waited for.
#[cfg(unix)]
fn children() -> Result<(Duration, u64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("failed to ask for the usage")?;
    let part = |time: nix::sys::time::TimeVal| {
        let (seconds, micros) = (u64::try_from(time.tv_sec()), u64::try_from(time.tv_usec()));
        Duration::from_secs(seconds.unwrap_or(0)) + Duration::from_micros(micros.unwrap_or(0))
    };
    // Darwin counts bytes.
    let unit = if cfg!(target_os = "macos") { 1024 } else { 1 };
    let memory = u64::try_from(usage.max_rss()).unwrap_or(0) / unit;
    Ok((part(usage.user_time()) + part(usage.system_time()), memory))
}

#[cfg(not(unix))]
fn children() -> Result<(Duration, u64)> {
    bail!("only Unix systems tell what a program took")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_no_failure_but_wrong_arguments_are() {
        for (program, code, fine) in [
            ("tidegate", Some(10), true),
            ("tidegate", Some(2), false),
            ("checkov", Some(1), true),
            ("cfn-lint", Some(6), true),
            ("trivy", None, false),
        ] {
            assert_eq!(accept(program, code).is_ok(), fine, "{program} {code:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_child_is_counted() {
        let before = children().unwrap();
        let status =
            Command::new("sh").args(["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"]).status();
        assert!(status.unwrap().success());
        let after = children().unwrap();
        assert!(after.0 > before.0 && after.1 > 0, "{before:?} {after:?}");
    }
}
