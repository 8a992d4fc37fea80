//! What kinds of disagreement there are.

use serde_json::Value;
use std::collections::BTreeMap;

/// The judged classes with what AWS documents.
pub(crate) fn judged() -> BTreeMap<String, Value> {
    let list: Vec<Value> = serde_json::from_str(include_str!("judged.json")).unwrap();
    for class in &list {
        for key in ["they", "rule", "source", "right"] {
            assert!(class[key].as_str().is_some_and(|text| !text.is_empty()), "`{key}` of {class}");
        }
    }
    list.into_iter().map(|class| (class["class"].as_str().unwrap().to_string(), class)).collect()
}

/// The classes to which a case may belong.
pub(crate) fn of(case: &Value) -> Vec<&'static str> {
    let mut out = Vec::new();
    let request = &case["request"];
    let text = |key: &str| request[key].as_str().unwrap();
    if text("principal").ends_with(":root") {
        out.push("root-user");
    }
    if text("resource").contains("aws-reserved") {
        out.push("reserved");
    }
    let is_session =
        [":assumed-role/", ":federated-user/"].iter().any(|kind| text("principal").contains(kind));
    let named = case["policies"]["resource"].to_string().contains(text("principal"));
    if is_session && named && case["policies"]["session"].is_array() {
        out.push("session-grant");
    }
    let service = text("action").split(':').next().unwrap();
    if matches!(service, "iam" | "lambda") && !case["policies"]["rcps"].as_array().unwrap().is_empty() {
        out.push("rcp-service");
    }
    for policy in policies(&case["policies"]) {
        let old = policy["Version"] != "2012-10-17";
        for statement in policy["Statement"].as_array().unwrap() {
            let written = statement.to_string();
            if old && written.contains("${") {
                out.push("old-version");
            }
            if written.contains("0.0.0.0/0") {
                out.push("all-addresses");
            }
            for (key, pattern) in resources(statement) {
                let rest = pattern.splitn(6, ':').nth(5);
                if rest.is_none() && pattern != "*" && key == "NotResource" {
                    out.push("short-not-resource");
                }
                let rest = rest.unwrap_or_default();
                let kind = rest.split(['/', ':']).next().unwrap_or_default();
                if kind.contains(['*', '?']) && kind != rest {
                    out.push("wildcard-in-type");
                }
                if kind.contains("${") {
                    out.push("slash-in-variable");
                }
            }
        }
    }
    out
}

fn policies(all: &Value) -> Vec<&Value> {
    let mut out: Vec<&Value> = Vec::new();
    for key in ["identity", "boundary", "session"] {
        out.extend(list_of(&all[key]));
    }
    out.extend(Some(&all["resource"]).filter(|policy| policy.is_object()));
    for key in ["scps", "rcps"] {
        out.extend(list_of(&all[key]).flat_map(|level| list_of(&level["policies"])));
    }
    out
}

fn list_of(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn resources(statement: &Value) -> Vec<(&'static str, &str)> {
    let mut out = Vec::new();
    for key in ["Resource", "NotResource"] {
        match &statement[key] {
            Value::String(text) => out.push((key, text.as_str())),
            Value::Array(items) => out.extend(items.iter().filter_map(Value::as_str).map(|text| (key, text))),
            _ => {}
        }
    }
    out
}
