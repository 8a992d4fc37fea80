//! AWS's managed policies, and the service principals that they name.

use super::string;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

pub(super) struct Managed {
    /// Name, path, version and document, one policy a line.
    pub(super) text: String,
    /// One service principal a line.
    pub(super) principals: String,
}

pub(super) fn read(moto: &Path) -> Result<Managed> {
    let code = std::fs::read_to_string(moto.join("moto/iam/aws_managed_policies.py"))?;
    // One string between triple quotes.
    let data = code.split("\"\"\"").nth(1).context("no string in the list of managed policies")?;
    of(&serde_json::from_str(data).context("failed to read the managed policies as JSON")?)
}

fn of(data: &Value) -> Result<Managed> {
    let mut policies: Vec<(&String, &Value)> = data.as_object().into_iter().flatten().collect();
    policies.sort_by_key(|(name, _)| *name);
    let mut text = String::new();
    let mut principals = BTreeSet::new();
    for (name, policy) in policies {
        let document = policy.get("Document").context("a managed policy without a document")?;
        named(document, &mut principals);
        let path = policy.get("Path").and_then(Value::as_str).unwrap_or("/");
        let version = string(policy, "DefaultVersionId");
        let _ = writeln!(text, "{name}\t{path}\t{version}\t{document}");
    }
    let principals: String = principals.into_iter().map(|p| format!("{p}\n")).collect();
    Ok(Managed { text, principals })
}

/// Collects every text that is a service principal.
fn named(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let plain =
                text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
            if plain && text.ends_with(".amazonaws.com") {
                out.insert(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, out)),
        Value::Object(map) => map.values().for_each(|value| named(value, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_policy() {
        let data = r#"{"B": {"DefaultVersionId": "v2", "Path": "/service-role/", "Document": {"Statement": []}},
            "A": {"DefaultVersionId": "v1", "Document": {"x": ["lambda.amazonaws.com", "*.amazonaws.com"]}}}"#;
        let managed = of(&serde_json::from_str(data).unwrap()).unwrap();
        assert_eq!(
            managed.text,
            "A\t/\tv1\t{\"x\":[\"lambda.amazonaws.com\",\"*.amazonaws.com\"]}\nB\t/service-role/\tv2\t{\"Statement\":[]}\n"
        );
        assert_eq!(managed.principals, "lambda.amazonaws.com\n");
    }
}
