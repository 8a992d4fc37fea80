//! GitLab's code quality report: a list of issues, each with a fingerprint of its own.

use super::text::Report;
use serde_json::{Value, json};
use std::collections::HashMap;
use tidegate_graph::Severity;

/// The whole report.
pub(crate) fn report(report: &Report<'_>) -> Value {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let issues = report.findings.iter().rev().map(|finding| {
        let at = report.system.sources.location(finding.span);
        let nth = seen.entry(finding.fingerprint.as_str()).or_default();
        *nth += 1;
        // GitLab drops all but one issue of a fingerprint.
        let fingerprint = match *nth {
            1 => finding.fingerprint.clone(),
            n => format!("{}-{n}", finding.fingerprint),
        };
        json!({
            "description": format!("{}: {}", finding.title, finding.message),
            "check_name": finding.rule,
            "fingerprint": fingerprint,
            "severity": severity(finding.severity),
            "location": {
                "path": report.repository.join(&at.file),
                "lines": {"begin": at.line.max(1), "end": at.end_line.max(at.line).max(1)},
            },
        })
    });
    issues.collect()
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}
