//! The `tidegate` command.

mod cli;
mod config;
mod crash;
mod exit;
mod failure;
mod interrupt;
mod output;
mod picture;
mod progress;
mod suggest;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
