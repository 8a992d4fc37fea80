//! How many packages of other people's we stand on.

use super::Complaint;
use crate::process::{cargo, output};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Packages, ours included.
#[derive(Debug)]
pub(super) struct Counts {
    default: usize,
    all: usize,
    /// Of the guard inside of a function.
    lambda: usize,
    lock: usize,
}

const DEFAULT: usize = 400;
const ALL: usize = 560;
const LAMBDA: usize = 60;
const LOCK: usize = 950;

impl Counts {
    pub(super) fn take(lock: &str) -> Result<Self> {
        let tree = |package: &str, more: &[&str]| -> Result<usize> {
            let arguments = ["tree", "--package", package, "--edges", "normal,build", "--prefix", "none"];
            Ok(packages(&output(cargo(&arguments).args(more))?))
        };
        Ok(Self {
            default: tree("tidegate", &[])?,
            all: tree("tidegate", &["--all-features"])?,
            lambda: tree("tidegate-lambda", &[])?,
            lock: locked(lock).len(),
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "packages: {} of {DEFAULT} by default, ", self.default)?;
        write!(f, "{} of {ALL} with all features, ", self.all)?;
        write!(f, "{} of {LAMBDA} in tidegate-lambda, {} of {LOCK} locked", self.lambda, self.lock)
    }
}

pub(super) fn check(counts: &Counts) -> Vec<Complaint> {
    let limits = [
        ("default features", counts.default, DEFAULT),
        ("all features", counts.all, ALL),
        ("tidegate-lambda", counts.lambda, LAMBDA),
        ("lock file", counts.lock, LOCK),
    ];
    let over = limits.into_iter().filter(|(_, count, limit)| count > limit);
    over.map(|(what, count, limit)| Complaint::fail(what, format!("{count} packages, more than {limit}")))
        .collect()
}

/// Packages in several versions: those that the ratchet file doesn't know are told, and so are those that are gone.
pub(super) fn duplicates(lock: &str, ratchet: &str) -> Vec<Complaint> {
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in locked(lock) {
        *versions.entry(name).or_default() += 1;
    }
    let found: BTreeSet<&str> =
        versions.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect();
    let lines = ratchet.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known: BTreeSet<&str> = lines.collect();
    let new =
        found.difference(&known).map(|name| Complaint::warn(*name, "is now locked in more than one version"));
    let gone = known
        .difference(&found)
        .map(|name| Complaint::warn(*name, "has one version; take it from xtask/duplicates.txt"));
    new.chain(gone).collect()
}

/// Distinct packages in the output of `cargo tree --prefix none`.
fn packages(tree: &str) -> usize {
    let package = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    tree.lines().filter_map(package).collect::<BTreeSet<_>>().len()
}

/// Names and versions in a lock file.
fn locked(lock: &str) -> BTreeSet<(&str, &str)> {
    let quoted =
        |line: &'_ str| -> Option<std::ops::Range<usize>> { Some(line.find('"')? + 1..line.rfind('"')?) };
    let value = |line| quoted(line).and_then(|range| line.get(range));
    let mut packages = BTreeSet::new();
    let mut name = None;
    for line in lock.lines() {
        if line.starts_with("name = ") {
            name = value(line);
        } else if let (true, Some(name), Some(version)) = (line.starts_with("version = "), name, value(line))
        {
            packages.insert((name, version));
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKED: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n\n\
                          [[package]]\nname = \"b\"\nversion = \"1.0.0\"\n";

    #[test]
    fn packages_are_counted_once() {
        assert_eq!(packages("a v1.0.0 (path)\nb v1.0.0\nb v1.0.0 (*)\nb v2.0.0\n"), 3);
        assert_eq!(locked(LOCKED).len(), 3);
    }

    #[test]
    fn a_budget_that_is_overdrawn_fails() {
        assert_eq!(check(&Counts { default: DEFAULT, all: ALL, lambda: LAMBDA, lock: LOCK }), []);
        let over = Counts { default: DEFAULT + 1, all: ALL + 1, lambda: LAMBDA + 1, lock: LOCK + 1 };
        assert_eq!(check(&over).len(), 4);
    }

    #[test]
    fn duplicates_only_get_fewer_in_silence() {
        assert_eq!(duplicates(LOCKED, "# Why.\na\n"), []);
        assert_eq!(duplicates(LOCKED, "").len(), 1);
        assert_eq!(duplicates(LOCKED, "a\nb\n").len(), 1);
    }
}
