//! The JSON of `tidegate check`, and the parts that `tidegate graph` shares with it.

use super::fixes::Fixes;
use super::text::Report;
use crate::suppress::Allow;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tidegate_graph::{Problem, Severity, Span, System};

/// Unknown values that are listed one by one; the count beside the list is of all of them.
const MAX_UNKNOWN: usize = 200;

/// The whole document.
pub(crate) fn check(report: &Report<'_>) -> Value {
    let (system, findings) = (report.system, report.all);
    let aliases: BTreeMap<&str, _> = tidegate_check::rules().iter().map(|m| (m.id, *m)).collect();
    let fixes = Fixes::new(system);
    let findings_json: Vec<Value> = findings
        .iter()
        .map(|f| {
            let rule = aliases.get(f.rule);
            let mut value = json!({
                "rule": f.rule,
                "severity": f.severity,
                "confidence": f.confidence,
                "title": f.title,
                "message": f.message,
                "resource": f.resource,
                "location": null,
                "path": f.path,
                "aliases": f.aliases,
                "threats": rule.map_or(&[][..], |m| m.threats),
                "help": f.help,
                "related": f.related.iter().map(|r| json!({"label": r.label, "location": location(system, r.span)})).collect::<Vec<_>>(),
                "fix": null,
                "fingerprint": f.fingerprint,
                "state": f.state,
                "suppression": report.suppressions.of(f).map(|allow| suppression(system, allow)),
                "fails_when": f.fails_when,
            });
            put(&mut value, "location", location(system, f.span));
            put(&mut value, "fix", fixes.json(f));
            value
        })
        .collect();
    let summary: Map<String, Value> = Severity::ALL
        .iter()
        .rev()
        .map(|s| (s.word().to_string(), report.findings.iter().filter(|f| f.severity == *s).count()))
        .chain([
            ("accepted".to_string(), report.accepted()),
            ("excluded".to_string(), report.hidden.excluded),
            ("baseline".to_string(), report.hidden.known),
            ("unchanged".to_string(), report.hidden.unchanged),
        ])
        .map(|(word, n)| (word, n.into()))
        .collect();
    let suppressions = report.suppressions.all().map(|(allow, standing, fits)| {
        let mut value = suppression(system, allow);
        if let Some(map) = value.as_object_mut() {
            map.insert("names".into(), json!(allow.names));
            map.insert("standing".into(), standing.word().into());
            map.insert("findings".into(), fits.into());
        }
        value
    });
    let mut document = json!({
        "version": 1,
        "findings": null,
        "suppressions": suppressions.collect::<Vec<_>>(),
        "warnings": report.warnings.iter().map(|p| problem(system, p)).collect::<Vec<_>>(),
        "problems": report.problems.iter().map(|p| problem(system, p)).collect::<Vec<_>>(),
        "coverage": coverage(system),
        "summary": summary,
    });
    put(&mut document, "findings", findings_json.into());
    document
}

/// Sets an entry of a map. What stands in `json!` is copied; a large part is moved in with this instead.
pub(super) fn put(map: &mut Value, key: &str, value: Value) {
    if let Some(map) = map.as_object_mut() {
        map.insert(key.to_string(), value);
    }
}

/// As text, with a line break at its end.
pub(crate) fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}

fn suppression(system: &System, allow: &Allow) -> Value {
    json!({
        "by": allow.tool.word(),
        "reason": allow.reason,
        "until": allow.until.map(|day| day.to_string()),
        "location": allow.span.map(|span| location(system, span)),
        "config_line": allow.line,
    })
}

/// Problems, in the order in which the readers met them.
pub(crate) fn problems(system: &System) -> Vec<Value> {
    system.problems.iter().map(|p| problem(system, p)).collect()
}

fn problem(system: &System, problem: &Problem) -> Value {
    let place = problem.span.map(|span| system.sources.location(span));
    let file = problem.path.clone().or_else(|| place.as_ref().map(|p| p.file.clone()));
    json!({"message": problem.message, "location": place, "file": file, "help": problem.help})
}

/// How much was read, and what is unknown of it.
pub(crate) fn coverage(system: &System) -> Value {
    let unknown = system.unknown_values();
    let listed: Vec<Value> = unknown
        .iter()
        .take(MAX_UNKNOWN)
        .map(|(symbol, span)| json!({"name": symbol.name, "why": symbol.why.phrase(), "location": location(system, *span)}))
        .collect();
    json!({
        "files": system.sources.len(),
        "resources": system.declared(),
        "unknown_values": unknown.len(),
        "unknown": listed,
    })
}

fn location(system: &System, span: Span) -> Value {
    serde_json::to_value(system.sources.location(span)).unwrap_or(Value::Null)
}
