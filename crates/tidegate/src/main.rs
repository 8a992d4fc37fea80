//! The `tidegate` command.

mod catalogue;
mod cli;
mod config;
mod contract;
mod crash;
mod custom;
mod date;
mod exit;
mod failure;
mod interrupt;
mod output;
mod picture;
mod progress;
mod registry;
mod suggest;
mod suppress;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(date::Date::today())
}
