//! `tidegate guard`: decisions on events.

mod decide;
mod http;
mod limits;
mod relay;

use crate::exit::Exit;
use crate::failure::Failure;
use clap::Subcommand;
use std::str::FromStr;

/// The arguments of `tidegate guard`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decides on events: one JSON line in, one JSON line out
    Decide(decide::Args),
    /// Stands before an HTTP upstream: what passes reaches it, the rest is answered with 403
    Http(Box<http::Args>),
    /// Stands between two buses: what passes is sent on, the rest is quarantined; nothing is lost
    Relay(Box<relay::Args>),
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::Decide(args) => decide::run(args),
        Command::Http(args) => http::run(args),
        Command::Relay(args) => relay::run(args),
    }
}

/// A bound that lets something through. Nought would be a gate that refuses all, and some take it for "without a bound".
fn at_least_one<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    text.parse().ok().filter(|n| *n >= N::from(1)).ok_or_else(|| "expected a number from 1 on".to_string())
}
