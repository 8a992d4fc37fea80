//! The `tidegate` command.

mod cli;
mod exit;
mod output;
mod picture;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
