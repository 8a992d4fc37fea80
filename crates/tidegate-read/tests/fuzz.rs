//! Mutated inputs at every parser, on a stable toolchain: what `cargo xtask fuzz` runs.
//!
//! The run is made from a number (`TIDEGATE_FUZZ_SEED`) and the seeds in `fuzz/corpus/<target>`, so that it can be
//! repeated. By default each target gets a fixed number of inputs; `TIDEGATE_FUZZ_SECONDS` gives all of them a time
//! instead, and `TIDEGATE_FUZZ_TARGET` names one. An input that panics or takes too long is kept beside the seeds.

#[path = "fuzz/runner.rs"]
mod runner;

use runner::Target;

#[test]
fn every_parser_survives_mutated_inputs() {
    let targets = tidegate_read::fuzz::TARGETS.iter().chain(tidegate_iam::fuzz::TARGETS);
    let all: Vec<Target> = targets.chain(tidegate_decide::fuzz::TARGETS).copied().collect();
    runner::run(&all);
}
