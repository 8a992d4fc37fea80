//! What the `Metadata` of a resource wants to be left alone.

use super::{Allow, Scope, Tool};
use tidegate_graph::{Resource, System, Value};

/// All requests of all resources.
pub(super) fn allows(system: &System) -> Vec<Allow> {
    let mut out = Vec::new();
    for resource in system.resources() {
        let Some(metadata) = resource.attributes.get("Metadata") else { continue };
        for (tool, table, list, id, reason) in [
            (Tool::Tidegate, "tidegate", "allow", "rule", "reason"),
            (Tool::Checkov, "checkov", "skip", "id", "comment"),
            (Tool::CfnNag, "cfn_nag", "rules_to_suppress", "id", "reason"),
            (Tool::CdkNag, "cdk_nag", "rules_to_suppress", "id", "reason"),
        ] {
            let entries = metadata.get(table).and_then(|t| t.get(list));
            let entries = entries.map(Value::items).unwrap_or_default();
            out.extend(entries.iter().map(|entry| one(resource, tool, entry, id, reason)));
        }
    }
    out
}

fn one(resource: &Resource, tool: Tool, entry: &Value, id: &str, reason: &str) -> Allow {
    let names = entry.get(id).or_else(|| entry.get("rules")).filter(|_| entry.as_map().is_some());
    let mut broken = None;
    let mut allow = Allow {
        tool,
        names: names
            .map(Value::items)
            .unwrap_or_default()
            .iter()
            .filter_map(|v| Some(v.as_text()?.to_string()))
            .collect(),
        reason: entry
            .get(reason)
            .and_then(Value::as_text)
            .map(|t| t.trim().to_string())
            .filter(|t| !t.is_empty()),
        until: None,
        span: Some(entry.span),
        line: None,
        scope: Scope::Resource { stack: resource.stack, logical_id: resource.logical_id.clone() },
        rules: Vec::new(),
        broken: None,
    };
    if tool == Tool::Tidegate {
        if let Some(day) = entry.get("until") {
            match day.as_text().unwrap_or_default().parse() {
                Ok(day) => allow.until = Some(day),
                Err(wrong) => broken = Some(format!("`{}` is no day: {wrong}", day.display())),
            }
        }
        let known = ["rule", "rules", "reason", "until"];
        let extra = entry.as_map().and_then(|m| m.keys().find(|k| !known.contains(&k.as_str())).cloned());
        if let Some(key) = extra {
            broken = Some(format!("there is no key `{key}`: `rule`, `reason` and `until` are known"));
        }
        if allow.names.is_empty() {
            broken = Some("it names no rule".to_string());
        }
    }
    allow.broken = broken;
    allow
}
