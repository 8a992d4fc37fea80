//! `cargo xtask tidy`: what no compiler checks.
//!
//! Each check is a function from data to complaints, so that its tests can hand it a tree that is wrong.

mod budgets;
mod fixtures;
mod layers;
mod manifests;
mod names;
mod paths;
mod sizes;
mod words;

use crate::process::{self, cargo, output};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::process::Command;

/// Something that isn't as it should be.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    /// False for what is told but tolerated.
    fails: bool,
    /// A path, a crate, a package.
    place: String,
    message: String,
}

impl Complaint {
    fn fail(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { fails: true, place: place.into(), message: message.into() }
    }

    fn warn(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { fails: false, place: place.into(), message: message.into() }
    }
}

/// Every text file that is or would be committed, by its path from the root with `/`.
#[derive(Debug, Default)]
struct Tree {
    texts: BTreeMap<String, String>,
    /// Files that are no text.
    others: Vec<String>,
}

impl Tree {
    fn read() -> Result<Self> {
        let root = process::root();
        let mut git = Command::new("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(&root);
        let mut tree = Self::default();
        for path in output(&mut git)?.split('\0').filter(|path| !path.is_empty()) {
            // A file that was deleted but not yet staged is gone.
            let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
            match String::from_utf8(bytes) {
                Ok(text) => drop(tree.texts.insert(path.to_owned(), text)),
                Err(_) => tree.others.push(path.to_owned()),
            }
        }
        Ok(tree)
    }

    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn with_extension<'t>(&'t self, extension: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.files()
            .filter(move |(path, _)| path.rsplit_once('.').is_some_and(|(_, found)| found == extension))
    }

    /// True for a file, and for a folder that holds one.
    fn holds(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        let other = |known: &String| known == path || known.starts_with(&folder);
        path.is_empty()
            || self.texts.contains_key(path)
            || self.texts.range(folder.clone()..).next().is_some_and(|(known, _)| known.starts_with(&folder))
            || self.others.iter().any(other)
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Self {
        Self {
            texts: files.map(|(path, text)| (path.to_owned(), text.to_owned())).into(),
            others: Vec::new(),
        }
    }
}

/// True for a file that a generator wrote.
fn is_generated(text: &str) -> bool {
    text.lines().take(3).any(|line| line.contains("enerated by `"))
}

pub(crate) fn run() -> Result<bool> {
    let tree = Tree::read()?;
    let metadata = output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata = serde_json::from_str(&metadata).context("failed to read cargo's metadata")?;
    let text = |path: &str| tree.texts.get(path).map_or("", String::as_str);

    let mut complaints = layers::check(&metadata);
    complaints.extend(sizes::check(&tree));
    complaints.extend(fixtures::check(&tree));
    complaints.extend(names::check(&tree));
    complaints.extend(paths::check(&tree));
    complaints.extend(manifests::check(&tree));
    complaints.extend(words::check(&tree));
    let counts = budgets::Counts::take(text("Cargo.lock"))?;
    println!("{counts}");
    complaints.extend(budgets::check(&counts));
    complaints.extend(budgets::duplicates(text("Cargo.lock"), text("xtask/duplicates.txt")));

    for Complaint { fails, place, message } in &complaints {
        println!("{}: {place}: {message}", if *fails { "error" } else { "warning" });
    }
    let failures = complaints.iter().filter(|complaint| complaint.fails).count();
    println!("tidy: {} files, {failures} errors, {} warnings", tree.texts.len(), complaints.len() - failures);
    Ok(failures == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_known_by_their_files() {
        let mut tree = Tree::from([("a/b/c.rs", ""), ("a/bc.rs", "")]);
        tree.others.push("docs/images/x.png".into());
        assert!(
            tree.holds("a/b") && tree.holds("a/b/") && tree.holds("a/bc.rs") && tree.holds("docs/images")
        );
        assert!(!tree.holds("a/bc") && !tree.holds("b") && !tree.holds("a/b/c"));
    }
}
