//! The command line.

mod check;
mod graph;

use crate::exit::Exit;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Secures serverless event-driven systems around one event graph.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Finds what is wrong with the event-driven system that the code declares
    Check(check::Args),
    /// Prints the event graph
    Graph(graph::Args),
}

/// Parses the command line, does what it says, and returns how it ended.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Clean }.into();
        }
    };
    let result = match cli.command {
        Command::Check(args) => check::run(&args),
        Command::Graph(args) => graph::run(&args),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            anstream_error(&error);
            Exit::Error.into()
        }
    }
}

fn anstream_error(error: &anyhow::Error) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
}
