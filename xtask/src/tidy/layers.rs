//! A crate depends only on lower levels: never upwards, never sideways.

use super::Complaint;
use serde_json::Value;
use std::collections::BTreeMap;

/// Levels as the design has them; `xtask` stands beside the house.
const LEVELS: &[(&str, u8)] = &[
    ("tidegate-graph", 0),
    ("tidegate-iam", 1),
    ("tidegate-decide", 1),
    ("tidegate-supply", 1),
    ("tidegate-read", 2),
    ("tidegate-check", 3),
    ("tidegate-watch", 3),
    ("tidegate-gate", 3),
    ("tidegate-lambda", 3),
    ("tidegate-tighten", 4),
    ("tidegate-lake", 4),
    ("tidegate", 5),
    ("xtask", 6),
];

pub(super) fn check(metadata: &Value) -> Vec<Complaint> {
    let levels: BTreeMap<&str, u8> = LEVELS.iter().copied().collect();
    let mut complaints = Vec::new();
    for package in list(metadata, "packages") {
        let name = text(package, "name");
        let Some(level) = levels.get(name) else {
            complaints.push(Complaint::fail(
                name,
                "the crate has no level; give it one in xtask/src/tidy/layers.rs",
            ));
            continue;
        };
        for dependency in list(package, "dependencies") {
            let other = text(dependency, "name");
            // Only our own crates have a path.
            if dependency.get("path").is_none_or(Value::is_null) {
                continue;
            }
            match levels.get(other) {
                Some(lower) if lower < level => {}
                Some(upper) => {
                    let message =
                        format!("depends on {other} of level {upper} and is of level {level} itself");
                    complaints.push(Complaint::fail(name, message));
                }
                None => {
                    complaints.push(Complaint::fail(name, format!("depends on {other}, which has no level")));
                }
            }
        }
    }
    complaints
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn complaints(name: &str, on: &str) -> usize {
        let dependencies = json!([{"name": on, "path": "crates/x"}, {"name": "serde", "path": null}]);
        check(&json!({"packages": [{"name": name, "dependencies": dependencies}]})).len()
    }

    #[test]
    fn downwards_only() {
        assert_eq!(complaints("tidegate-check", "tidegate-read"), 0);
        assert_eq!(complaints("tidegate-read", "tidegate-check"), 1, "upwards");
        assert_eq!(complaints("tidegate-check", "tidegate-watch"), 1, "sideways");
        assert_eq!(complaints("tidegate", "tidegate-new"), 1, "to an unknown level");
        assert_eq!(complaints("tidegate-new", "tidegate-graph"), 1, "from an unknown level");
    }
}
