//! `tidegate init`: a small event-driven system to begin with, which keeps every rule.

mod starters;

use super::Global;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use anyhow::Context as _;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder to write to; it is made if it isn't there
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// What the system is written in
    #[arg(long, value_enum, value_name = "WHAT")]
    template: Template,
    /// Name of the system [default: that of the folder]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// Writes over files that are there already
    #[arg(long)]
    force: bool,
}

/// What a starter is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Template {
    /// AWS SAM
    Sam,
    /// AWS CDK in TypeScript
    Cdk,
    /// Terraform or OpenTofu
    Terraform,
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    let shown = args.folder.display();
    if args.folder.exists() && !args.folder.is_dir() {
        return Err(Failure::usage(format!("`{shown}` is no folder"), None));
    }
    let files = starters::files(args.template);
    // A link counts, wherever it leads.
    let there: Vec<&str> = files
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| args.folder.join(path).symlink_metadata().is_ok())
        .collect();
    if !there.is_empty() && !args.force {
        let list: Vec<String> = there.iter().map(|path| format!("`{path}`")).collect();
        let message = format!("there is already {} in `{shown}`", list.join(", "));
        let help = "nothing was written: name another folder, or write over them with `--force`";
        return Err(Failure::usage(message, Some(help.to_string())));
    }
    let name = args.name.clone().unwrap_or_else(|| name_of(&args.folder));
    let mut out = String::new();
    for (path, text) in files {
        let path = args.folder.strip_prefix(".").unwrap_or(&args.folder).join(path);
        write(&path, &text.replace(starters::NAME, &name))?;
        out.push_str(&format!("{}\n", path.display()));
    }
    output::deliver(&out, None)?;
    if !global.quiet {
        output::tell(&format!("\n{}", next(args, &name)));
    }
    Ok(Exit::Clean)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("could not make `{}`", folder.display()))?;
    }
    output::deliver(text, Some(path))
}

/// What to do with it.
fn next(args: &Args, name: &str) -> String {
    let mut out = format!("`{name}` is ready; next:\n");
    if args.folder != Path::new(".") {
        let folder = args.folder.display().to_string();
        let plain = folder.chars().all(|c| c.is_alphanumeric() || "-_./\\:".contains(c));
        let quoted = if plain { folder } else { format!("'{}'", folder.replace('\'', "'\\''")) };
        out.push_str(&format!("  cd {quoted}\n"));
    }
    for line in starters::next(args.template) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

/// The folder's name as a name, or one that is always good.
fn name_of(folder: &Path) -> String {
    // A folder that is still to be made has no real path.
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let words = full.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let clean: String = words.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let clean: String = clean.trim_matches(|c: char| !c.is_ascii_lowercase()).chars().take(LONGEST).collect();
    name(clean.trim_end_matches('-')).unwrap_or_else(|_| starters::NAME.to_string())
}

/// Resources are named after it, and some of those may not be longer than 64 letters.
const LONGEST: usize = 32;

fn name(text: &str) -> Result<String, String> {
    let good = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.ends_with('-')
        && text.len() <= LONGEST;
    let wish = || format!("expected at most {LONGEST} lower case letters, digits and `-`, a letter first");
    good.then(|| text.to_string()).ok_or_else(wish)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_everywhere() {
        assert!(name("orders-2").is_ok());
        for bad in ["", "2orders", "Orders", "orders-", "a_b", "ä", &"a".repeat(33)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn folders_give_names() {
        let of = |folder: &str| name_of(Path::new(folder));
        assert_eq!(of("no-such/My Orders (new)"), "my-orders--new");
        assert_eq!(of("no-such/42"), starters::NAME);
        assert_eq!(of("no-such/ÄÖ"), starters::NAME);
        assert!(name(&of(&"long-".repeat(20))).is_ok());
    }

    #[test]
    fn every_file_names_the_system_where_it_should() {
        for template in [Template::Sam, Template::Cdk, Template::Terraform] {
            let files = starters::files(template);
            let named: Vec<&str> = files
                .iter()
                .filter(|(_, text)| text.contains(starters::NAME))
                .map(|(path, _)| *path)
                .collect();
            assert!(named.contains(&"README.md") && named.len() > 1, "{named:?}");
        }
    }
}
