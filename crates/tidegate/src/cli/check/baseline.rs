//! `--baseline` and `--write-baseline`: what was found before, so that only what is new counts.
//!
//! The file is JSON: `{"version": 1, "findings": [{"fingerprint", "rule", "resource"}]}`, sorted. Rule and resource are for
//! people alone. Version 1 is written and read; a later one is refused.

use crate::failure::Failure;
use crate::output::{self, json};
use anyhow::Context;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use tidegate_graph::Finding;

/// Fingerprints, and how often each was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(HashMap<String, usize>);

impl Known {
    /// The fingerprints of findings.
    pub(super) fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        Self::count(findings.into_iter().map(|f| f.fingerprint.clone()))
    }

    fn count(fingerprints: impl Iterator<Item = String>) -> Self {
        let mut out = HashMap::new();
        for fingerprint in fingerprints {
            *out.entry(fingerprint).or_default() += 1;
        }
        Self(out)
    }

    /// Reads a baseline.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let help = format!("write it first: `tidegate check --write-baseline {shown}`");
                return Err(Failure::usage(format!("there is no file `{shown}`"), Some(help)));
            }
            Err(e) => {
                return Err(Failure::Own(anyhow::Error::new(e).context(format!("could not read `{shown}`"))));
            }
        };
        let wrong = |why: &str| {
            let help = format!("write it anew: `tidegate check --write-baseline {shown}`");
            Failure::usage(format!("`{shown}` is no baseline: {why}"), Some(help))
        };
        let document: Value =
            serde_json::from_str(&text).map_err(|e| wrong(&format!("it is no JSON ({e})")))?;
        match document.get("version").and_then(Value::as_u64) {
            Some(1) => {}
            Some(n) => return Err(wrong(&format!("its version is {n}, and only version 1 is known"))),
            None => return Err(wrong("it has no `version`")),
        }
        let findings = document
            .get("findings")
            .and_then(Value::as_array)
            .ok_or_else(|| wrong("it has no `findings`"))?;
        let prints: Option<Vec<String>> =
            findings.iter().map(|f| Some(f.get("fingerprint")?.as_str()?.to_string())).collect();
        Ok(Self::count(prints.ok_or_else(|| wrong("a finding has no `fingerprint`"))?.into_iter()))
    }

    /// Takes out of `findings` what is known, each as often as it is known. Returns how many went.
    pub(super) fn take_from(mut self, findings: &mut Vec<Finding>) -> usize {
        let before = findings.len();
        findings.retain(|finding| match self.0.get_mut(&finding.fingerprint) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        });
        before - findings.len()
    }
}

/// Writes a baseline, whole or not at all.
pub(super) fn write(findings: &[Finding], path: &Path) -> Result<(), Failure> {
    let mut rows: Vec<(&str, &str, &str)> =
        findings.iter().map(|f| (f.fingerprint.as_str(), f.rule, f.resource.as_str())).collect();
    rows.sort_unstable();
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|(fingerprint, rule, resource)| json!({"fingerprint": fingerprint, "rule": rule, "resource": resource}))
        .collect();
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty() && !f.exists()) {
        std::fs::create_dir_all(folder).with_context(|| format!("could not make `{}`", folder.display()))?;
    }
    output::deliver(&json::pretty(&json!({"version": 1, "findings": rows})), Some(path))
}
