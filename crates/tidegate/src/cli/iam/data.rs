//! `tidegate iam data`: the catalogue of actions, shown and replaced.

use crate::cli::Global;
use crate::date::Date;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Look};
use anstyle::AnsiColor;
use anyhow::Context as _;
use clap::Subcommand;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tidegate_iam::catalogue::Import;

/// A catalogue older than this many days may not know what policies speak of.
const OLD: i64 = 180;
/// A file of the service reference is no larger.
const LARGEST: u64 = 32 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows how old the catalogue is, what it was made from and what it holds
    Show,
    /// Makes a catalogue from a folder of AWS's service reference, for --iam-data
    Import {
        /// Folder with the files of the service reference: `v1/<service>/<service>.json`
        folder: PathBuf,
        /// File to write
        #[arg(long, short, value_name = "FILE", default_value = "tidegate-iam-data.bin")]
        output: PathBuf,
    },
}

/// Which catalogue to use.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Catalogue {
    /// Catalogue of actions to use instead of the own one; `tidegate iam data import` makes it
    #[arg(long, global = true, value_name = "FILE")]
    iam_data: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, today: Date) -> Result<Exit, Failure> {
    match &args.command {
        Command::Show => output::deliver(&shown(), None)?,
        Command::Import { folder, output } => import(folder, output, today)?,
    }
    Ok(Exit::Clean)
}

impl Catalogue {
    /// Makes it the one that answers.
    pub(crate) fn install(&self) -> Result<(), Failure> {
        self.iam_data.as_deref().map_or(Ok(()), crate::catalogue::install)
    }
}

/// Says when the catalogue is old.
pub(super) fn note_age(today: Date, global: Global) {
    let date = tidegate_iam::Catalogue::current().date();
    let age = date.parse::<Date>().ok().map(|day| today.days() - day.days());
    if let Some(age) = age.filter(|age| *age > OLD && !global.quiet) {
        let note = Look::stderr(global.color).paint("note:", AnsiColor::BrightCyan.on_default().bold());
        output::tell(&format!(
            "{note} the catalogue of actions is {age} days old ({date}): newer actions are unknown to it\n"
        ));
    }
}

fn shown() -> String {
    let catalogue = tidegate_iam::Catalogue::current();
    let (mut services, mut actions, mut types, mut keys) = (0, 0, 0, 0);
    for service in catalogue.services() {
        services += 1;
        actions += service.actions().len();
        types += service.resource_types().len();
        keys += service.keys().len();
    }
    let mut out = format!("catalogue of {}\n\n", catalogue.date());
    let rows = [
        (services, "services"),
        (actions, "actions"),
        (types, "resource types"),
        (keys, "condition keys"),
        (catalogue.managed_policies().count(), "managed policies of AWS"),
        (catalogue.service_principals().count(), "service principals"),
    ];
    for (count, what) in rows {
        let _ = writeln!(out, "{count:>7}  {what}");
    }
    out.push_str("\nmade from\n");
    for source in catalogue.sources() {
        let _ = writeln!(out, "  {source}");
    }
    out
}

fn import(folder: &Path, to: &Path, today: Date) -> Result<(), Failure> {
    let mut import = Import::over(tidegate_iam::Catalogue::built_in()).map_err(anyhow::Error::new)?;
    let mut files = Vec::new();
    gather(folder, 0, &mut files);
    files.sort();
    let mut skipped = 0;
    for path in &files {
        let small = fs::metadata(path).is_ok_and(|m| m.len() <= LARGEST);
        let text = fs::read_to_string(path).ok().filter(|_| small);
        if text.is_none_or(|text| import.add(&text).is_err()) {
            skipped += 1;
        }
    }
    if import.is_empty() {
        return Err(Failure::Nothing {
            message: format!("no service in `{}`", folder.display()),
            looked_for: "JSON files with `Name` and `Actions`, as AWS's service reference has them"
                .to_string(),
            help: "name the folder that holds `v1/<service>/<service>.json`".to_string(),
        });
    }
    let services = output::count(import.len(), "service", "services");
    let bytes = import.finish(&today.to_string());
    fs::write(to, bytes).with_context(|| format!("could not write `{}`", to.display()))?;
    let other = if skipped == 0 { String::new() } else { format!(", {skipped} other files left out") };
    output::tell(&format!("wrote {services} to `{}`{other}; use it with `--iam-data`\n", to.display()));
    Ok(())
}

/// JSON files below a folder, a few levels deep.
fn gather(folder: &Path, depth: usize, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < 4 => gather(&path, depth + 1, out),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|e| e == "json") => out.push(path),
            _ => {}
        }
    }
}
