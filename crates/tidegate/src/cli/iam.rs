//! `tidegate iam`: the identity engine, one file for each command below this one.

pub(super) mod data;
mod decide;
mod documents;
mod estate;
mod lint;
mod listing;
mod reach;
mod shrink;
mod surplus;
mod what_can;
mod who_can;

use super::Global;
use crate::date::Date;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    data: data::Catalogue,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says whether a request is allowed, by which policy, and what would have to change
    Decide(decide::Args),
    /// Finds what is wrong with policies: JSON files, exports of an account, templates
    Lint(lint::Args),
    /// Shows or replaces the catalogue of actions that the other commands use
    Data(data::Args),
    /// Lists who can do something to a resource, in templates or an export of an account
    WhoCan(who_can::Args),
    /// Lists what a user or role can do, in templates or an export of an account
    WhatCan(what_can::Args),
    /// Lists whom a user, role or function can become and what it can touch, with proof, and what would stop it
    Reach(reach::Args),
    /// Compares two policies: does the new one allow nothing that the old one doesn't?
    Shrink(shrink::Args),
    /// Lists what functions are granted, and why each permission is kept, surplus or in need of evidence
    Surplus(surplus::Args),
}

pub(super) fn run(args: &Args, global: Global, today: Date) -> Result<Exit, Failure> {
    args.data.install()?;
    if matches!(args.command, Command::Lint(_) | Command::Data(_)) {
        data::note_age(today, global);
    }
    match &args.command {
        Command::Decide(args) => decide::run(args, global),
        Command::Lint(args) => lint::run(args, global, today),
        Command::Data(args) => data::run(args, today),
        Command::WhoCan(args) => who_can::run(args, global),
        Command::WhatCan(args) => what_can::run(args, global),
        Command::Reach(args) => reach::run(args, global),
        Command::Shrink(args) => shrink::run(args, global),
        Command::Surplus(args) => surplus::run(args, global),
    }
}
