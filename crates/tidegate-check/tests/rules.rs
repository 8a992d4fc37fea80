//! Every rule against its own page and against its fixtures, read from real files.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tidegate_check::{Guardrails, Metadata, Profile, Selection, check, rules};
use tidegate_graph::{Finding, System};

const HEADINGS: [&str; 5] =
    ["## What it finds", "## Why it matters", "## Example", "## Instead", "## Limits"];

#[test]
fn pages_have_the_fixed_headings() {
    for rule in rules() {
        let page = rule.page();
        let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(headings, HEADINGS, "{}", rule.id);
    }
}

#[test]
fn names_are_unique_and_in_form() {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for rule in rules() {
        let kebab = rule
            .id
            .split('-')
            .all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert!(kebab && !rule.id.starts_with("no-"), "{}", rule.id);
        assert!(
            rule.aliases.first().is_some_and(|a| a.starts_with("TG-")),
            "{}: the catalogue id comes first",
            rule.id
        );
        // Peers' ids may belong to several of our rules; our own may not.
        for own in std::iter::once(&rule.id).chain(rule.aliases.iter().filter(|a| a.starts_with("TG-"))) {
            if let Some(other) = owners.insert(own.to_lowercase(), rule.id) {
                panic!("{own} belongs to {other} and {}", rule.id);
            }
        }
        for alias in rule.aliases {
            let query = alias.strip_prefix("kics:").is_none_or(|id| id.len() == 36);
            assert!(query, "{}: `{alias}` is no full query id", rule.id);
        }
        assert!(!rule.title.ends_with('.') && !rule.why.ends_with('.'), "{}: no full stops", rule.id);
    }
}

#[test]
fn examples_do_what_the_page_says() {
    for rule in rules() {
        let page = rule.page();
        let blocks = blocks(&page);
        for kind in ["finding", "clean"] {
            assert!(blocks.iter().any(|b| b.kind == kind), "{}: no {kind} example", rule.id);
        }
        for (n, block) in blocks.iter().enumerate() {
            let folder = Scratch::new(&format!("{}-{n}", rule.id));
            let extension = if block.language == "hcl" { "tf" } else { block.language };
            fs::write(folder.0.join(format!("main.{extension}")), &block.text).unwrap();
            let (system, findings) = run(rule, &folder.0);
            let what = format!("{} example of {}:\n{}", block.kind, rule.id, block.text);
            assert!(!system.resources().is_empty(), "nothing was read in the {what}");
            assert!(system.problems.is_empty(), "{:?} in the {what}", system.problems);
            assert_eq!(!findings.is_empty(), block.kind == "finding", "the {what}");
        }
    }
}

#[test]
fn fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for rule in rules() {
        for file in fixture_files(&root, rule.id) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let (system, findings) = run(rule, &file);
            assert!(!system.resources().is_empty(), "{}: nothing was read", file.display());
            assert_eq!(!findings.is_empty(), name.starts_with("finding-"), "{}", file.display());
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(file.parent().unwrap());
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_snapshot!(name, shown(&system, &findings)));
        }
    }
}

/// Every fixture folder belongs to a rule, so that a renamed rule can't leave its fixtures behind unused.
#[test]
fn no_fixture_is_left_over() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for folder in entries(&root).iter().flat_map(|family| entries(family)) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        assert!(rules().iter().any(|rule| rule.id == name), "{} belongs to no rule", folder.display());
    }
}

#[test]
fn profiles_and_names_select() {
    let system = System::default();
    let graph = tidegate_graph::Graph::new();
    assert!(
        check(&system, &graph, &Selection { profiles: Profile::ALL.to_vec(), ..Selection::default() })
            .is_empty()
    );
    let baseline = rules().iter().filter(|r| r.profiles.contains(&Profile::Baseline)).count();
    assert!(baseline > 0 && baseline < rules().len());
}

struct Block<'a> {
    language: &'a str,
    kind: &'a str,
    text: String,
}

/// The fenced blocks of a page that say `finding` or `clean`.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut out: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some("") => open = false,
            Some(info) => {
                if let Some((language, kind @ ("finding" | "clean"))) = info.split_once(',') {
                    out.push(Block { language, kind, text: String::new() });
                    open = true;
                }
            }
            None if open => {
                let text = &mut out.last_mut().unwrap().text;
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    out
}

/// Runs one rule over a file or folder.
fn run(rule: &Metadata, path: &Path) -> (System, Vec<Finding>) {
    let system = tidegate_read::read(path, &tidegate_read::Options::default());
    let graph = tidegate_read::link(&system);
    // What the pages of their rules say; others don't look at it.
    let guardrails = Guardrails {
        forbidden_actions: vec!["iam:CreateUser".into()],
        required_conditions: vec![("iam:PassRole".into(), vec!["iam:PassedToService".into()])],
        allowed_external_accounts: Some(vec!["111122223333".into()]),
        max_blast_radius: Some(2),
        ..Guardrails::default()
    };
    let selection = Selection { only: vec![rule.id.into()], guardrails, ..Selection::default() };
    let findings = check(&system, &graph, &selection);
    (system, findings)
}

fn shown(system: &System, findings: &[Finding]) -> String {
    let mut out = String::new();
    for f in findings {
        let at = system.sources.location(f.span);
        let place = format!("{}:{}:{}", at.file, at.line, at.column);
        writeln!(out, "{} {} {place} {}\n  {}", f.severity.word(), f.rule, f.resource, f.message).unwrap();
    }
    out
}

fn fixture_files(root: &Path, rule: &str) -> Vec<PathBuf> {
    let folders = entries(root).into_iter().map(|family| family.join(rule));
    let files = folders.filter(|f| f.is_dir()).flat_map(|folder| entries(&folder));
    // A Terraform fixture is a folder, because a file of a module is never read alone.
    files.filter(|f| f.is_dir() || f.extension().is_some_and(|e| e != "snap" && e != "new")).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(read) = fs::read_dir(folder) else { return Vec::new() };
    let mut out: Vec<PathBuf> = read.map(|e| e.unwrap().path()).collect();
    out.sort();
    out
}

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tidegate-check-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
