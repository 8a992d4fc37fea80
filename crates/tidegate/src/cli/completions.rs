//! `tidegate completions`.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use anyhow::Context;
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "tidegate", &mut script);
    let script = String::from_utf8(script).context("the completion script is no text")?;
    output::deliver(&script, None)?;
    Ok(Exit::Clean)
}
