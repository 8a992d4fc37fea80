//! `cargo xtask fuzz`: mutated inputs at every parser, on a stable toolchain.
//!
//! The targets live in `tidegate_read::fuzz`; this starts the runner that mutates the seeds under `fuzz/corpus` and keeps
//! whatever crashed there. The same targets run under `cargo fuzz` where a nightly toolchain is at hand.

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

pub(crate) fn run(options: &Options) -> Result<bool> {
    let mut command = cargo(&["test", "--package", "tidegate-read", "--test", "fuzz", "--", "--nocapture"]);
    command
        .env("TIDEGATE_FUZZ_SECONDS", options.seconds.to_string())
        .env("TIDEGATE_FUZZ_SEED", options.seed.to_string());
    if let Some(target) = &options.target {
        command.env("TIDEGATE_FUZZ_TARGET", target);
    }
    succeeds(&mut command)
}
