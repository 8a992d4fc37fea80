//! `tidegate lsp`: findings, explanations and fixes in an editor, over the Language Server Protocol.
//!
//! One thread reads what the editor sends, one looks at the project, and this one keeps the state between them: it
//! waits for nothing but the next event, and throws away what was seen of a text that has changed since.

mod actions;
mod analysis;
mod hover;
mod pages;
mod paths;
mod protocol;
mod server;
mod text;
mod wire;
mod worker;

use super::check;
use crate::date::Date;
use crate::exit::Exit;
use crate::failure::Failure;
use std::path::PathBuf;
use tidegate_check::Profile;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Sets of rules to run [default: what tidegate.toml says, or baseline]
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = check::profile())]
    profile: Vec<String>,
    /// Configuration to use instead of the nearest tidegate.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Understood for editors that pass it; there is no other way to talk
    #[arg(long, hide = true)]
    stdio: bool,
    /// The day on which suppressions are judged
    #[arg(long, hide = true, value_name = "DAY")]
    today: Option<Date>,
}

/// Serves one editor until it goes away.
pub(super) fn run(args: &Args, today: Date) -> Result<Exit, Failure> {
    let settings = server::Wanted {
        profiles: profiles(&args.profile),
        config: args.config.clone(),
        today: args.today.unwrap_or(today),
    };
    let good =
        server::serve(settings).map_err(|e| anyhow::Error::new(e).context("could not serve the editor"))?;
    Ok(if good { Exit::Clean } else { Exit::Error })
}

fn profiles(words: &[String]) -> Vec<Profile> {
    words.iter().filter_map(|w| Profile::ALL.into_iter().find(|p| p.word() == w)).collect()
}
