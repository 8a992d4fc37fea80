//! `tidegate graph`.

use crate::exit::Exit;
use crate::picture::{self, Format, View};
use std::io::Write;
use std::path::PathBuf;
use tidegate_read::Options;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder or file to read
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Form of the output
    #[arg(long, default_value = "json")]
    format: String,
    /// Lists every resource after expansion
    #[arg(long)]
    resources: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let system = tidegate_read::read(&args.path, &Options::default());
    let graph = tidegate_read::link(&system);
    let view = View { resources: args.resources, width: 80, color: false };
    let text = picture::render(Format::Json, &system, &graph, &view);
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}
