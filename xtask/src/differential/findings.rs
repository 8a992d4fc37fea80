//! What each tool says of a folder, in one shape.

use crate::process;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Peer {
    Checkov,
    Trivy,
}

/// A finding of a peer.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    pub(super) peer: Peer,
    pub(super) check: String,
    pub(super) file: String,
    lines: (u64, u64),
    /// The last word of what the peer calls the resource.
    name: String,
}

/// A finding of ours.
pub(super) struct Finding {
    pub(super) rule: String,
    pub(super) file: String,
    pub(super) lines: (u64, u64),
    name: String,
    pub(super) ty: String,
    /// The line of its resource; 0 where that isn't known.
    begins: u64,
}

/// All that we say.
pub(super) struct Table {
    pub(super) findings: Vec<Finding>,
    resources: Vec<Resource>,
    /// Rules and the checks of peers that mean the same.
    aliases: Vec<(String, Peer, String)>,
    /// Where resources begin, by file.
    begins: BTreeMap<String, BTreeSet<u64>>,
}

struct Resource {
    name: String,
    ty: String,
    file: String,
    line: u64,
}

impl Table {
    pub(super) fn read(binary: &Path, templates: &Path) -> Result<Self> {
        let run = |arguments: &[&str]| -> Result<Value> {
            let mut command = Command::new(binary);
            command.args(arguments).args(["--format", "json"]).current_dir(templates);
            let output = command.output().with_context(|| format!("failed to start {command:?}"))?;
            serde_json::from_slice(&output.stdout).with_context(|| format!("{command:?} wrote no JSON"))
        };
        let mut aliases = Vec::new();
        for rule in items(&run(&["check", "--list-rules"])?, "rules") {
            for alias in items(rule, "aliases").iter().filter_map(Value::as_str) {
                let id = word(rule, "rule");
                if alias.starts_with("CKV") {
                    aliases.push((id, Peer::Checkov, alias.to_string()));
                } else if let Some(check) = alias.strip_prefix("trivy:") {
                    // Its ids lost their first part; old ones are still what people know.
                    aliases.push((id, Peer::Trivy, check.trim_start_matches("AVD-").to_string()));
                }
            }
        }
        let place = |value: &Value| {
            let at = value.get("location").unwrap_or(&Value::Null);
            let line = number(at, "line");
            (word(at, "file"), (line, number(at, "end_line").max(line)))
        };
        let listed = run(&["graph", ".", "--resources"])?;
        let resources: Vec<Resource> = items(&listed, "resources")
            .iter()
            .map(|r| {
                let (file, (line, _)) = place(r);
                Resource { name: last(&word(r, "logical_id")), ty: word(r, "type"), file, line }
            })
            .collect();
        let mut known: BTreeMap<(&str, &str), &Resource> = BTreeMap::new();
        let mut begins: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for r in &resources {
            known.entry((&r.file, &r.name)).or_insert(r);
            begins.entry(r.file.clone()).or_default().insert(r.line);
        }
        let checked = run(&["check", ".", "--profile", "all"])?;
        let findings = items(&checked, "findings").iter().map(|f| {
            let (file, lines) = place(f);
            let name = last(&word(f, "resource"));
            let resource = known.get(&(file.as_str(), name.as_str()));
            let (ty, begins) = resource.map_or((String::new(), 0), |r| (r.ty.clone(), r.line));
            Finding { rule: word(f, "rule"), file, lines, name, ty, begins }
        });
        let findings = findings.collect();
        Ok(Self { findings, resources, aliases, begins })
    }

    pub(super) fn rules_of(&self, said: &Said) -> Vec<&str> {
        let same = self.aliases.iter().filter(|(_, peer, check)| *peer == said.peer && *check == said.check);
        same.map(|(rule, ..)| rule.as_str()).collect()
    }

    pub(super) fn checks_of(&self, rule: &str, peer: Peer) -> Vec<String> {
        let same = self.aliases.iter().filter(|(r, p, _)| r == rule && *p == peer);
        same.map(|(.., check)| check.clone()).collect()
    }

    /// The type of the resource that a peer speaks of.
    pub(super) fn type_at(&self, said: &Said) -> String {
        let here = || self.resources.iter().filter(|r| r.file == said.file);
        let within = |r: &&Resource| said.lines.0.saturating_sub(1) <= r.line && r.line <= said.lines.1;
        let above = || here().filter(|r| r.line <= said.lines.0).max_by_key(|r| r.line);
        let found = here().find(|r| r.name == said.name).or_else(|| here().find(within)).or_else(above);
        found.map_or(String::new(), |r| r.ty.clone())
    }

    /// Of the same resource: at its place, by its name, or in the same one of a template, where none lies in another.
    pub(super) fn same(&self, finding: &Finding, said: &Said) -> bool {
        finding.is_at(said)
            || finding.file == said.file
                && format(&said.file) == "cloudformation"
                && finding.begins > 0
                && self.begins.get(&said.file).and_then(|all| all.range(..=said.lines.0).next_back())
                    == Some(&finding.begins)
    }
}

impl Finding {
    /// Of the same resource: at its place, or by its name where ours lies elsewhere.
    fn is_at(&self, said: &Said) -> bool {
        let within = said.lines.0.saturating_sub(1) <= self.lines.0 && self.lines.0 <= said.lines.1;
        self.file == said.file && (within || self.name == said.name)
    }
}

impl Said {
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file, self.lines.0)
    }
}

/// The format of a file, by its name.
pub(super) fn format(file: &str) -> &'static str {
    let name = file.rsplit('/').next().unwrap_or(file);
    if name.ends_with(".tf") || name.ends_with(".tofu") {
        "terraform"
    } else if name.starts_with("serverless.") {
        "serverless"
    } else {
        "cloudformation"
    }
}

pub(super) fn checkov(folder: &Path, templates: &Path) -> Result<Vec<Said>> {
    let mut command = Command::new(folder.join("bin/checkov"));
    command.env("PYTHONPATH", folder).current_dir(templates);
    command.args(["--quiet", "--compact", "--skip-download", "--output", "json"]);
    command.args(["--framework", "cloudformation", "terraform", "serverless", "--directory", "."]);
    let output = command.output().with_context(|| format!("failed to start {command:?}"))?;
    let value: Value = serde_json::from_slice(&output.stdout).context("Checkov wrote no JSON")?;
    let reports = match &value {
        Value::Array(reports) => reports.clone(),
        one => vec![one.clone()],
    };
    let mut out = Vec::new();
    for report in &reports {
        let Some(results) = report.get("results") else { bail!("Checkov has no results: {report}") };
        for failed in items(results, "failed_checks") {
            let range = items(failed, "file_line_range");
            let line = |n: usize| range.get(n).and_then(Value::as_u64).unwrap_or(0);
            out.push(Said {
                peer: Peer::Checkov,
                check: word(failed, "check_id"),
                file: word(failed, "file_path").trim_start_matches('/').to_string(),
                lines: (line(0), line(1)),
                name: last(&word(failed, "resource")),
            });
        }
    }
    Ok(out)
}

pub(super) fn trivy(folder: &Path, templates: &Path) -> Result<Vec<Said>> {
    let mut command = Command::new(folder.join("bin/trivy"));
    command.args(["config", "--quiet", "--skip-check-update", "--skip-version-check", "--format", "json"]);
    command.arg("--cache-dir").arg(process::target()?.join("peers/trivy-cache"));
    command.arg(".").current_dir(templates);
    let text = process::output(&mut command)?;
    let value: Value = serde_json::from_str(&text).context("Trivy wrote no JSON")?;
    let mut out = Vec::new();
    for result in items(&value, "Results") {
        for failed in items(result, "Misconfigurations").iter().filter(|m| word(m, "Status") == "FAIL") {
            let cause = failed.get("CauseMetadata").unwrap_or(&Value::Null);
            out.push(Said {
                peer: Peer::Trivy,
                check: word(failed, "ID"),
                file: word(result, "Target"),
                lines: (number(cause, "StartLine"), number(cause, "EndLine")),
                name: last(&word(cause, "Resource")),
            });
        }
    }
    Ok(out)
}

/// `b` of `a/AWS::X::Y.b`.
fn last(name: &str) -> String {
    name.rsplit(['.', '/']).next().unwrap_or(name).to_string()
}

fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_string()
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_resource_is_known_by_place_or_name() {
        let said = |lines, name: &str| Said {
            peer: Peer::Trivy,
            check: "AWS-0095".into(),
            file: "a.yaml".into(),
            lines,
            name: name.into(),
        };
        let finding = Finding {
            rule: "unencrypted-topic".into(),
            file: "a.yaml".into(),
            lines: (5, 6),
            name: "Topic".into(),
            ty: String::new(),
            begins: 0,
        };
        assert!(finding.is_at(&said((4, 9), "x")) && finding.is_at(&said((40, 41), "Topic")));
        assert!(!finding.is_at(&said((7, 9), "Other")));
        assert_eq!(last("AWS::SNS::Topic.Topic"), "Topic");
        assert_eq!(format("a/serverless.yml"), "serverless");
    }
}
