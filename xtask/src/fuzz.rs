//! `cargo xtask fuzz`: mutated inputs at every parser, on a stable toolchain.
//!
//! The targets live in `tidegate_read::fuzz`, `tidegate_iam::fuzz` and tidegate-lambda's `fuzz`; this starts the runner that
//! mutates the seeds under `fuzz/corpus` and keeps whatever crashed there. The same targets run under `cargo fuzz` where a nightly toolchain is at hand.

use crate::process::{cargo, succeeds};
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// For how long, in all
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Where the mutations start; printed, so that a run can be repeated
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One target only
    #[arg(long)]
    target: Option<String>,
}

/// What runs targets: the beginning of their names, and cargo's words. The last one has all others.
const RUNNERS: [(&str, &[&str]); 2] = [
    ("lambda-", &["--package", "tidegate-lambda", "--bin", "tidegate-lambda", "fuzz::"]),
    ("", &["--package", "tidegate-read", "--test", "fuzz"]),
];

pub(crate) fn run(options: &Options) -> Result<bool> {
    let asked: Vec<&[&str]> = match &options.target {
        Some(target) => {
            let runner = RUNNERS.iter().find(|(start, _)| target.starts_with(start));
            runner.iter().map(|(_, words)| *words).collect()
        }
        None => RUNNERS.iter().map(|(_, words)| *words).collect(),
    };
    let seconds = (options.seconds / asked.len() as u64).max(1);
    let mut good = true;
    for words in asked {
        let mut command = cargo(&["test"]);
        command
            .args(words)
            .args(["--", "--nocapture"])
            .env("TIDEGATE_FUZZ_SECONDS", seconds.to_string())
            .env("TIDEGATE_FUZZ_SEED", options.seed.to_string());
        if let Some(target) = &options.target {
            command.env("TIDEGATE_FUZZ_TARGET", target);
        }
        good &= succeeds(&mut command)?;
    }
    Ok(good)
}
