//! `cargo xtask differential`: where we and others say different things of the same resource, and who is right.

mod findings;

use crate::process::{self, cargo};
use crate::test::peers::{self, Kind};
use anyhow::{Context as _, Result, bail};
use findings::{Peer, Said, Table};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// What is read by all of us
    #[arg(long)]
    templates: PathBuf,
    /// The list of what has been judged
    #[arg(long, default_value = "xtask/src/differential/judgements.toml")]
    judgements: PathBuf,
    /// Leave Trivy out
    #[arg(long)]
    checkov_only: bool,
}

/// The list, as it is checked in.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Judgements {
    class: Vec<Class>,
}

/// Disagreements of one kind. What is left out fits all.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    rule: String,
    peer: Peer,
    /// Who reports what the other one doesn't.
    side: Side,
    #[serde(default)]
    checks: Vec<String>,
    #[serde(default)]
    formats: Vec<String>,
    /// Types of the resource, in canonical words.
    #[serde(default)]
    types: Vec<String>,
    right: Right,
    /// By whose documentation, and why.
    why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Ours,
    Theirs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Right {
    Ours,
    Theirs,
    /// Both have a reason.
    Both,
}

/// One resource of which one side says something and the other doesn't.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Disagreement {
    rule: String,
    peer: Peer,
    side: Side,
    /// The peer's check; ours can be the same as several.
    check: String,
    format: &'static str,
    ty: String,
}

/// False when something has not been judged.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let text = std::fs::read_to_string(&options.judgements)
        .with_context(|| format!("failed to read {}", options.judgements.display()))?;
    let judgements: Judgements = toml::from_str(&text)
        .with_context(|| format!("failed to understand {}", options.judgements.display()))?;
    let templates = options.templates.canonicalize();
    let templates = templates.with_context(|| format!("failed to find {}", options.templates.display()))?;
    let (agreed, all) = compare(&templates, options.checkov_only)?;
    Ok(report(&judgements, agreed, &all))
}

/// The part of it that the tests run: our own examples, against Checkov.
pub(crate) fn examples() -> Result<bool> {
    let root = process::root();
    run(&Options {
        templates: root.join("examples"),
        judgements: root.join("xtask/src/differential/judgements.toml"),
        checkov_only: true,
    })
}

/// How often both say the same, and every disagreement with its place.
fn compare(templates: &Path, checkov_only: bool) -> Result<(usize, Vec<(Disagreement, String)>)> {
    if !process::succeeds(&mut cargo(&["build", "--quiet", "--package", "tidegate"]))? {
        bail!("the build failed");
    }
    let binary = process::target()?.join("debug").join(format!("tidegate{}", std::env::consts::EXE_SUFFIX));
    let ours = Table::read(&binary, templates)?;
    let mut theirs = findings::checkov(&peers::install(Kind::Pypi, peers::CHECKOV)?, templates)?;
    if !checkov_only {
        theirs.extend(findings::trivy(&peers::install(Kind::Pypi, peers::TRIVY)?, templates)?);
    }
    Ok(disagreements(&ours, &theirs, checkov_only))
}

fn disagreements(ours: &Table, theirs: &[Said], checkov_only: bool) -> (usize, Vec<(Disagreement, String)>) {
    let mut out = Vec::new();
    let mut agreed = 0;
    let mut met = vec![[false; 2]; ours.findings.len()];
    for said in theirs {
        let rules = ours.rules_of(said);
        let mut same = false;
        for (finding, met) in ours.findings.iter().zip(&mut met) {
            if rules.contains(&finding.rule.as_str()) && ours.same(finding, said) {
                same = true;
                if let Some(met) = met.get_mut(said.peer as usize) {
                    *met = true;
                }
            }
        }
        agreed += usize::from(same);
        if let (false, Some(rule)) = (same, rules.first()) {
            let disagreement = Disagreement {
                rule: (*rule).to_string(),
                peer: said.peer,
                side: Side::Theirs,
                check: said.check.clone(),
                format: findings::format(&said.file),
                ty: ours.type_at(said),
            };
            out.push((disagreement, said.place()));
        }
    }
    for (finding, met) in ours.findings.iter().zip(met) {
        for peer in [Peer::Checkov, Peer::Trivy] {
            if met.get(peer as usize) == Some(&true) || peer == Peer::Trivy && checkov_only {
                continue;
            }
            let checks = ours.checks_of(&finding.rule, peer);
            if !checks.is_empty() {
                let disagreement = Disagreement {
                    rule: finding.rule.clone(),
                    peer,
                    side: Side::Ours,
                    check: checks.join(" "),
                    format: findings::format(&finding.file),
                    ty: finding.ty.clone(),
                };
                out.push((disagreement, format!("{}:{}", finding.file, finding.lines.0)));
            }
        }
    }
    (agreed, out)
}

fn report(judgements: &Judgements, agreed: usize, all: &[(Disagreement, String)]) -> bool {
    let mut open: BTreeMap<&Disagreement, (usize, &str)> = BTreeMap::new();
    let mut right: BTreeMap<Right, usize> = BTreeMap::new();
    let mut used = vec![0_usize; judgements.class.len()];
    for (disagreement, place) in all {
        match judgements.class.iter().position(|class| class.holds(disagreement)) {
            Some(n) => {
                if let (Some(used), Some(class)) = (used.get_mut(n), judgements.class.get(n)) {
                    *used += 1;
                    *right.entry(class.right).or_default() += 1;
                }
            }
            None => open.entry(disagreement).or_insert((0, place)).0 += 1,
        }
    }
    for (class, used) in judgements.class.iter().zip(&used) {
        println!(
            "{used:>5}  {:?} {:?} {} {} ({:?} right): {}",
            class.peer,
            class.side,
            class.rule,
            class.checks.join(" "),
            class.right,
            class.why
        );
    }
    for (d, (count, place)) in &open {
        println!(
            "not judged: {count} x {:?} {:?} {} {} {} {} first at {place}",
            d.peer, d.side, d.rule, d.check, d.format, d.ty
        );
    }
    let count = |who| right.get(&who).copied().unwrap_or(0);
    println!(
        "{agreed} findings of others are ours too; {} disagreements: we are right in {}, they in {}, both have a reason in {}, {} classes not judged",
        all.len(),
        count(Right::Ours),
        count(Right::Theirs),
        count(Right::Both),
        open.len()
    );
    open.is_empty()
}

impl Class {
    fn holds(&self, d: &Disagreement) -> bool {
        let among = |list: &[String], word: &str| list.is_empty() || list.iter().any(|w| w == word);
        let check = self.checks.is_empty() || d.check.split(' ').any(|c| self.checks.iter().any(|w| w == c));
        self.rule == d.rule
            && self.peer == d.peer
            && self.side == d.side
            && check
            && among(&self.formats, d.format)
            && among(&self.types, &d.ty)
            && !self.why.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(more: &str) -> Class {
        let text = format!(
            "rule = \"a\"\npeer = \"checkov\"\nside = \"theirs\"\nright = \"ours\"\nwhy = \"x\"\n{more}"
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn a_class_holds_what_it_names() {
        let d = Disagreement {
            rule: "a".into(),
            peer: Peer::Checkov,
            side: Side::Theirs,
            check: "CKV_AWS_1".into(),
            format: "terraform",
            ty: "AWS::SQS::Queue".into(),
        };
        assert!(class("").holds(&d));
        assert!(class("checks = [\"CKV_AWS_1\"]\ntypes = [\"AWS::SQS::Queue\"]").holds(&d));
        assert!(!class("checks = [\"CKV_AWS_2\"]").holds(&d));
        assert!(!class("formats = [\"cloudformation\"]").holds(&d));
        assert!(!class("types = [\"AWS::SNS::Topic\"]").holds(&d));
        assert!(!class("").holds(&Disagreement { side: Side::Ours, ..d.clone() }));
        assert!(!class("").holds(&Disagreement { peer: Peer::Trivy, ..d }));
    }

    #[test]
    fn what_nobody_judged_fails() {
        let d = Disagreement {
            rule: "a".into(),
            peer: Peer::Checkov,
            side: Side::Theirs,
            check: "CKV_AWS_1".into(),
            format: "terraform",
            ty: String::new(),
        };
        let all = [(d, "main.tf:1".to_string())];
        assert!(report(&Judgements { class: vec![class("")] }, 0, &all));
        assert!(!report(&Judgements { class: Vec::new() }, 0, &all));
    }

    #[test]
    fn the_list_can_be_read() {
        let judgements: Judgements = toml::from_str(include_str!("differential/judgements.toml")).unwrap();
        assert!(judgements.class.iter().all(|class| class.why.len() > 20));
    }
}
