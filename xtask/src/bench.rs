//! `cargo xtask bench`: whole runs of the release build, measured from outside.

mod account;
mod gate;
mod iam;
pub(crate) mod measure;
mod peers;
mod policies;
mod templates;

use crate::{process, weigh};
use anyhow::Result;
use measure::{Run, median};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Runs of each measurement; the median is shown
    #[arg(long, default_value_t = 11)]
    runs: usize,
    /// A folder of one's own to measure too
    #[arg(long)]
    templates: Option<PathBuf>,
    /// Measure Checkov, Trivy, cfn-lint and cfn-guard on the same inputs, too; they are installed below target/peers
    #[arg(long)]
    peers: bool,
    /// Measure decisions on access policies alone, against iam-simulate where `cargo xtask test` installed it
    #[arg(long)]
    iam: bool,
    /// Count what decisions on events take, in instructions and allocations, and hold it against the ceilings; needs Valgrind
    #[arg(long)]
    guard_instructions: bool,
    /// Measure the HTTP gate under load alone, against nginx where it is installed; on Linux
    #[arg(long)]
    gate: bool,
    /// After that, load the gate for so long, and fail when its memory grows
    #[arg(long, default_value_t = 0, requires = "gate")]
    minutes: u64,
    /// A release build to measure, instead of making one
    #[arg(long, requires = "gate")]
    binary: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<bool> {
    if options.guard_instructions {
        return weigh::run();
    }
    let binary = options.binary.clone().map_or_else(process::release, Ok)?;
    if options.gate {
        return gate::run(&binary, &process::target()?.join("bench"), options.minutes);
    }
    if options.iam {
        return iam::run(&binary);
    }
    let folder = process::target()?.join("bench");
    let usual = process::root().join("examples/orders");
    let many = templates::many(&folder.join("many"), 1_000)?;
    let half = templates::large(&folder.join("large-20000"), 20_000)?;
    let full = templates::large(&folder.join("large-40000"), 40_000)?;

    println!("{:<44} {:>10} {:>10} {:>10} {:>6}", "tidegate check", "wall", "CPU", "peak", "goal");
    let few = options.runs.min(3);
    let policies = policies::many(&folder.join("policies"), 1_000)?;
    let show = |what: &str, input: &Path, runs: usize, goal: &str| -> Result<Run> {
        let run = median(&check(&binary, input), runs)?;
        println!(
            "{what:<44} {:>7.1} ms {:>7.1} ms {:>7.1} MB {goal:>6}",
            run.wall.as_secs_f64() * 1e3,
            run.cpu.as_secs_f64() * 1e3,
            run.memory as f64 / 1024.0
        );
        Ok(run)
    };
    show("examples/orders", &usual, options.runs, "50 ms")?;
    show("1,000 templates of 12 resources", &many, few, "2 s")?;
    let half_run = show("one template of 20,000 resources", &half, few, "")?;
    let full_run = show("one template of 40,000 resources", &full, few, "")?;
    let lint = median(&lint(&binary, &policies), few)?;
    println!(
        "{:<44} {:>7.1} ms {:>7.1} ms {:>7.1} MB",
        "iam lint: 1,000 policies in files",
        lint.wall.as_secs_f64() * 1e3,
        lint.cpu.as_secs_f64() * 1e3,
        lint.memory as f64 / 1024.0
    );
    let account = account::functions(&folder, 1_000)?;
    let reach = median(&reach(&binary, &account), few)?;
    println!(
        "{:<44} {:>7.1} ms {:>7.1} ms {:>7.1} MB {:>6}",
        "iam reach: 1,000 functions, all pairs",
        reach.wall.as_secs_f64() * 1e3,
        reach.cpu.as_secs_f64() * 1e3,
        reach.memory as f64 / 1024.0,
        "1 s"
    );
    if let Some(own) = &options.templates {
        show(&own.display().to_string(), own, few, "")?;
    }
    let ratio = full_run.cpu.as_secs_f64() / half_run.cpu.as_secs_f64().max(f64::EPSILON);
    println!("twice the resources take {ratio:.2} times as long (2 is linear, 4 is quadratic)");
    let ahead =
        !options.peers || peers::run(&binary, &folder, options.templates.as_deref(), &many, options.runs)?;
    // A ratio far above 2 is what this table is here to catch.
    Ok(ratio < 3.0 && ahead)
}

fn check(binary: &Path, input: &Path) -> impl Fn() -> Command {
    let (binary, input) = (binary.to_path_buf(), input.to_path_buf());
    move || {
        let mut command = Command::new(&binary);
        command.arg("check").arg(&input).args(["--format", "json"]);
        command
    }
}

fn reach(binary: &Path, input: &Path) -> impl Fn() -> Command {
    let (binary, input) = (binary.to_path_buf(), input.to_path_buf());
    move || {
        let mut command = Command::new(&binary);
        command.args(["iam", "reach"]).arg(&input).args(["--format", "json"]);
        command
    }
}

fn lint(binary: &Path, input: &Path) -> impl Fn() -> Command {
    let (binary, input) = (binary.to_path_buf(), input.to_path_buf());
    move || {
        let mut command = Command::new(&binary);
        command.args(["iam", "lint"]).arg(&input).args(["--format", "json"]);
        command
    }
}
