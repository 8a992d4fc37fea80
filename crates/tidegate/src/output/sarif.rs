//! SARIF 2.1.0, as code scanning services read it.

use super::fixes::Fixes;
use super::json::put;
use super::text::Report;
use super::{Base, page};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tidegate_check::Metadata;
use tidegate_graph::{Confidence, Finding, FindingState, Location, Problem, Severity, Span};

/// The whole log.
pub(crate) fn log(run: &Report<'_>) -> Value {
    let all: BTreeMap<&str, &Metadata> = tidegate_check::rules().iter().map(|m| (m.id, *m)).collect();
    // Rules in the order of their ids, and of those that found something alone: a log stays small.
    let mut used: Vec<&str> = run.all.iter().map(|f| f.rule).collect();
    used.sort_unstable();
    used.dedup();
    let index: BTreeMap<&str, usize> = used.iter().enumerate().map(|(i, id)| (*id, i)).collect();
    let rules: Vec<Value> = used.iter().map(|id| rule(id, all.get(id).copied())).collect();
    let fixes = Fixes::new(run.system);
    let mut one = json!({
            "tool": {"driver": {
                "name": "Tidegate",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": run.problems.iter().copied().chain(run.warnings).map(|p| notification(run, p)).collect::<Vec<_>>(),
            }],
    });
    let results = run.all.iter().map(|f| result(run, f, index.get(f.rule), &fixes));
    put(&mut one, "results", results.collect());
    let mut out = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
    });
    put(&mut out, "runs", vec![one].into());
    out
}

fn rule(id: &str, metadata: Option<&Metadata>) -> Value {
    let Some(rule) = metadata else { return json!({"id": id}) };
    let tags: Vec<&str> = ["security"]
        .into_iter()
        .chain(rule.threats.iter().copied())
        .chain(rule.aliases.iter().copied())
        .collect();
    json!({
        "id": rule.id,
        "name": camel(rule.id),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": sentence(if rule.why.is_empty() { rule.title } else { rule.why })},
        "help": {
            "text": format!("{}\n\n{}", rule.title, rule.why),
            "markdown": page::body(rule),
        },
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {
            "tags": tags,
            "precision": precision(rule.confidence),
            "security-severity": score(rule.severity),
            "problem.severity": match level(rule.severity) { "note" => "recommendation", other => other },
        },
    })
}

fn result(run: &Report<'_>, finding: &Finding, index: Option<&usize>, fixes: &Fixes<'_>) -> Value {
    let mut text = sentence(&finding.message);
    let expiry = run.suppressions.expiry(finding).unwrap_or_default();
    for part in [&finding.help, &fails_when(finding), &expiry] {
        if !part.is_empty() {
            text.push(' ');
            text.push_str(&sentence(part));
        }
    }
    let mut out = json!({
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level(finding.severity),
        "message": {"text": text},
        "locations": [{
            "physicalLocation": physical(run, finding.span),
            "logicalLocations": [{"fullyQualifiedName": finding.resource, "kind": "resource"}],
        }],
        "relatedLocations": finding.related.iter().enumerate().map(|(i, related)| json!({
            "id": i + 1,
            "physicalLocation": physical(run, related.span),
            "message": {"text": sentence(&related.label)},
        })).collect::<Vec<_>>(),
        "partialFingerprints": {"tidegate/v1": finding.fingerprint},
        "properties": {
            "title": finding.title,
            "confidence": finding.confidence,
            "security-severity": score(finding.severity),
            "path": finding.path,
            "fails_when": finding.fails_when,
        },
    });
    let fixes = fixes.sarif(finding, |path| uri(run.repository, path));
    if !fixes.is_empty() {
        put(&mut out, "fixes", fixes.into());
    }
    if finding.state != FindingState::Open {
        put(&mut out, "suppressions", suppressions(run, finding));
    }
    out
}

fn suppressions(run: &Report<'_>, finding: &Finding) -> Value {
    let Some(allow) = run.suppressions.of(finding) else {
        return json!([{"kind": "external", "status": "accepted"}]);
    };
    // What stands beside the code is "in source"; tidegate.toml is not.
    let kind = if allow.span.is_some() { "inSource" } else { "external" };
    let mut out =
        json!({"kind": kind, "status": "accepted", "justification": run.suppressions.reason(finding)});
    if let Some(span) = allow.span {
        put(&mut out, "location", json!({"physicalLocation": physical(run, span)}));
    }
    json!([out])
}

fn fails_when(finding: &Finding) -> String {
    match finding.fails_when.as_slice() {
        [] => String::new(),
        worlds => format!("fails when {}", worlds.join(", or when ")),
    }
}

fn notification(run: &Report<'_>, problem: &Problem) -> Value {
    let text = match &problem.help {
        Some(help) => format!("{} {}", sentence(&problem.message), sentence(help)),
        None => sentence(&problem.message),
    };
    let place = match (problem.span, &problem.path) {
        (Some(span), _) => Some(physical(run, span)),
        (None, Some(path)) => Some(json!({"artifactLocation": {"uri": uri(run.repository, path)}})),
        (None, None) => None,
    };
    let locations: Vec<Value> = place.into_iter().map(|p| json!({"physicalLocation": p})).collect();
    json!({"level": "warning", "message": {"text": text}, "locations": locations})
}

fn physical(run: &Report<'_>, span: Span) -> Value {
    let Location { file, line, column, end_line } = run.system.sources.location(span);
    let mut region = json!({"startLine": line.max(1), "startColumn": column.max(1)});
    if end_line > line {
        put(&mut region, "endLine", end_line.into());
    }
    json!({"artifactLocation": {"uri": uri(run.repository, &file)}, "region": region})
}

/// A path as a relative URI reference.
fn uri(base: &Base, path: &str) -> String {
    let path = base.join(path);
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// On the scale of CVSS, in the middle of the band that carries the severity's name.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.5",
    }
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "high",
        Confidence::Low => "medium",
    }
}

/// `public-function-url` as `PublicFunctionUrl`: SARIF wants names without hyphens.
fn camel(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for word in id.split('-') {
        let mut letters = word.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

/// Messages are lower case without a full stop; SARIF wants sentences.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut out: String = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    out.push_str(letters.as_str());
    if !out.is_empty() && !out.ends_with(['.', '!', '?', ':']) {
        out.push('.');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri(&Base::new(Path::new("in fra")), "größe#1.yaml"), "in%20fra/gr%C3%B6%C3%9Fe%231.yaml");
    }

    #[test]
    fn words_for_other_tools() {
        assert_eq!(camel("public-function-url"), "PublicFunctionUrl");
        assert_eq!(sentence("the queue has no `DeadLetter`"), "The queue has no `DeadLetter`.");
        assert_eq!(sentence(""), "");
    }
}
