//! `tidegate check`.

use crate::exit::Exit;
use crate::output::json;
use std::io::Write;
use std::path::PathBuf;
use tidegate_check::{Profile, Selection};
use tidegate_graph::Severity;
use tidegate_read::Options;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder or file to read
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Sets of rules to run
    #[arg(long, value_delimiter = ',')]
    profile: Vec<String>,
    /// Form of the output
    #[arg(long, default_value = "json")]
    format: String,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let system = tidegate_read::read(&args.path, &Options::default());
    let graph = tidegate_read::link(&system);
    let profiles = Profile::ALL.into_iter().filter(|p| args.profile.iter().any(|w| w == p.word())).collect();
    let findings = tidegate_check::check(&system, &graph, &Selection { profiles, ..Selection::default() });
    let json = json::check(&system, &findings);
    writeln!(std::io::stdout(), "{json:#}")?;
    let bad = findings.iter().any(|f| f.severity >= Severity::High);
    Ok(if bad { Exit::Findings } else { Exit::Clean })
}
