//! `tidegate iam decide`: requests and policies in, decisions out.

mod lines;

use crate::cli::Global;
use crate::exit::Exit;
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, _global: Global) -> Result<Exit, Failure> {
    lines::run()
}
