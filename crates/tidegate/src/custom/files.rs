//! Finds the files of a folder of rules, and the pack that it is.

use super::pack::{self, Pack};
use crate::config::Complaints;
use crate::failure::Failure;
use std::path::{Path, PathBuf};

/// Files of rules in one folder with all below it.
const MAX_FILES: usize = 5_000;
/// Bytes of one file.
const MAX_BYTES: u64 = 2 << 20;
const MAX_DEPTH: usize = 16;

/// Folders that hold what rules are tried on, never rules.
const NO_RULES: [&str; 5] = ["good", "bad", "tests", "fixtures", "node_modules"];

/// A file that may hold rules.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Form,
    Rego,
    Guard,
    /// YAML that is the test of a Guard file.
    GuardTest,
}

/// What one place holds, with the packs in it.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) files: Vec<(Found, Option<usize>)>,
    pub(super) packs: Vec<Pack>,
}

/// Looks through a folder, or at one file. `tests` also finds what lies in folders of tests.
pub(super) fn find(root: &Path, tests: bool) -> Result<Place, Failure> {
    let mut place = Place::default();
    let mut complaints = Vec::new();
    if !root.exists() {
        let help = "name a folder or file with rules".to_string();
        return Err(Failure::usage(format!("there is no `{}`", root.display()), Some(help)));
    }
    walk(root, root, None, tests, 0, &mut place, &mut complaints)?;
    if complaints.is_empty() { Ok(place) } else { Err(Failure::Rules(complaints)) }
}

fn walk(
    root: &Path,
    path: &Path,
    pack: Option<usize>,
    tests: bool,
    depth: usize,
    place: &mut Place,
    complaints: &mut Vec<Complaints>,
) -> Result<(), Failure> {
    if !path.is_dir() {
        return file(root, path, pack, tests, place);
    }
    let could_not = |e: std::io::Error| {
        Failure::Own(anyhow::Error::new(e).context(format!("could not read `{}`", path.display())))
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(could_not)? {
        entries.push(entry.map_err(could_not)?.path());
    }
    entries.sort();
    let mut pack = pack;
    let manifest = path.join(pack::FILE);
    if manifest.is_file() {
        match Pack::read(&manifest)? {
            Ok(read) => {
                pack = Some(place.packs.len());
                place.packs.push(read);
            }
            Err(wrong) => complaints.push(wrong),
        }
    }
    for entry in entries {
        let name = entry.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let skipped = name.starts_with('.') || (entry.is_dir() && !tests && NO_RULES.contains(&name));
        // A link could lead in a circle, or out of what was named.
        if skipped || entry.is_symlink() || depth >= MAX_DEPTH {
            continue;
        }
        if let Some(read) = pack.and_then(|p| place.packs.get(p))
            && entry.is_file()
            && !read.holds(&entry)
        {
            continue;
        }
        walk(root, &entry, pack, tests, depth + 1, place, complaints)?;
    }
    Ok(())
}

fn file(
    root: &Path,
    path: &Path,
    pack: Option<usize>,
    tests: bool,
    place: &mut Place,
) -> Result<(), Failure> {
    let in_tests = || {
        let below = path.strip_prefix(root).unwrap_or(path);
        below.parent().is_some_and(|p| p.components().any(|c| NO_RULES.iter().any(|n| c.as_os_str() == *n)))
    };
    let mut kind = match path.extension().and_then(|e| e.to_str()) {
        Some("rego") => Kind::Rego,
        Some("guard") => Kind::Guard,
        Some("yaml" | "yml") if tests && in_tests() => Kind::GuardTest,
        Some("yaml" | "yml") => Kind::Form,
        // Whoever names one file means it.
        _ => return Ok(()),
    };
    if place.files.len() >= MAX_FILES {
        let help = "name the folder that holds the rules alone".to_string();
        let message = format!("`{}` holds more than {MAX_FILES} files", root.display());
        return Err(Failure::usage(message, Some(help)));
    }
    let could_not = |e: std::io::Error| {
        Failure::Own(anyhow::Error::new(e).context(format!("could not read `{}`", path.display())))
    };
    if std::fs::metadata(path).map_err(could_not)?.len() > MAX_BYTES {
        let message = format!("`{}` is larger than {} MB", path.display(), MAX_BYTES >> 20);
        return Err(Failure::usage(message, None));
    }
    let bytes = std::fs::read(path).map_err(could_not)?;
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(Failure::usage(format!("`{}` is not UTF-8 text", path.display()), None));
    };
    // Beside its rules, Guard keeps tests as lists in `NAME_tests.yaml`.
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    if kind == Kind::Form && (stem.ends_with("_tests") || stem.ends_with("_test")) {
        kind = Kind::GuardTest;
    }
    place.files.push((Found { path: path.to_path_buf(), text, kind }, pack));
    Ok(())
}
