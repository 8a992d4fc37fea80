//! `tidegate man`.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use anyhow::Context;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder to write one page for each command to
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut all = super::command();
    all.build();
    let Some(dir) = &args.dir else {
        output::deliver(&page(all)?, None)?;
        return Ok(Exit::Clean);
    };
    std::fs::create_dir_all(dir).with_context(|| format!("could not create `{}`", dir.display()))?;
    let commands: Vec<clap::Command> = all.get_subcommands().filter(|c| !c.is_hide_set()).cloned().collect();
    for command in std::iter::once(all).chain(commands) {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_string();
        if name != "help" && !name.ends_with("-help") {
            output::deliver(&page(command)?, Some(&dir.join(format!("{name}.1"))))?;
        }
    }
    Ok(Exit::Clean)
}

fn page(command: clap::Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).context("could not render the manual page")?;
    Ok(String::from_utf8(page).context("the manual page is no text")?)
}
