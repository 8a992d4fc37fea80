//! The command line: one file for each command below this one.

pub(crate) mod check;
mod completions;
mod contract;
mod fix;
mod graph;
mod guard;
mod iam;
mod init;
mod input;
mod lines;
mod lsp;
mod man;
mod reference;
mod rules;

use crate::date::Date;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Color, Look};
use crate::{crash, interrupt};
use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// Secures serverless event-driven systems around one event graph
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, long_version = crate::catalogue::version(), arg_required_else_help = true, after_help = exit_codes(), infer_long_args = false)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// When to colour the output
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
    /// Prints the result alone: no progress, no hints
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Finds what is wrong with the event-driven system that the code declares
    Check(check::Args),
    /// Prints the event graph: who produces, carries, consumes and may touch what
    Graph(graph::Args),
    /// Answers questions about access policies
    Iam(iam::Args),
    /// Writes a small event-driven system to begin with, which keeps every rule
    Init(init::Args),
    /// Serves an editor over the Language Server Protocol: findings, explanations and fixes while somebody types
    Lsp(lsp::Args),
    /// Compiles what the guard enforces: where events of each function come from, and how they are looked at
    Contract(contract::Args),
    /// Decides on events, at run time
    Guard(guard::Args),
    /// Prints a script that completes commands and options in a shell
    Completions(completions::Args),
    /// Prints the manual page, or writes one page for each command
    Man(man::Args),
    /// Runs rules in a process of their own
    #[command(hide = true, name = crate::custom::COMMAND)]
    RulesWorker,
    /// Writes the reference pages of the documentation
    #[command(hide = true)]
    Reference(reference::Args),
}

/// Parses the command line, does what it says, and returns how it ended.
pub(crate) fn run(today: Date) -> ExitCode {
    crash::install();
    interrupt::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results and go to stdout; everything else is usage.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Clean }.into();
        }
    };
    if matches!(cli.command, Command::RulesWorker) {
        return crate::custom::serve();
    }
    match dispatch(&cli, today) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::tell(&failure.render(Look::stderr(cli.global.color)));
            failure.exit().into()
        }
    }
}

fn dispatch(cli: &Cli, today: Date) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Check(args) => check::run(args, cli.global, today),
        Command::Graph(args) => graph::run(args, cli.global),
        Command::Iam(args) => iam::run(args, cli.global, today),
        Command::Init(args) => init::run(args, cli.global),
        Command::Lsp(args) => lsp::run(args, today),
        Command::Contract(args) => contract::run(args, cli.global),
        Command::Guard(args) => guard::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
        Command::Reference(args) => reference::run(args),
        Command::RulesWorker => Ok(Exit::Clean),
    }
}

/// The command line as data, for completions, manual and reference.
fn command() -> clap::Command {
    Cli::command()
}

/// Stands below the help text.
fn exit_codes() -> String {
    let rows = Exit::ALL.map(|e| format!("  {:>3}  {}\n", e.code(), e.meaning()));
    format!("Exit codes:\n{}", rows.concat().trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }
}
