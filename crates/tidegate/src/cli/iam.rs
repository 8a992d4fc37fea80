//! `tidegate iam`: the identity engine, one file for each command below this one.

mod decide;

use super::Global;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says whether a request is allowed, by which policy, and what would have to change
    Decide(decide::Args),
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    match &args.command {
        Command::Decide(args) => decide::run(args, global),
    }
}
