//! JSON Schema: whether the reader's accepts all that the writer's accepts, keyword by keyword. What can't be shown counts
//! as a break.

use super::{Break, DEPTH, below, found};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::LazyLock;

pub(super) fn breaks(writer: &Value, reader: &Value) -> Vec<Break> {
    let mut compare = Compare { roots: (writer, reader), seen: HashSet::new(), out: Vec::new() };
    compare.schemas(writer, reader, "", 0);
    compare.out
}

/// Bounds: the keyword, and whether the reader's may be greater.
const BOUNDS: [(&str, bool); 10] = [
    ("minimum", false),
    ("exclusiveMinimum", false),
    ("minLength", false),
    ("minItems", false),
    ("minProperties", false),
    ("maximum", true),
    ("exclusiveMaximum", true),
    ("maxLength", true),
    ("maxItems", true),
    ("maxProperties", true),
];
/// What has to be the same, if the reader has it.
const SAME: [&str; 18] = [
    "pattern",
    "format",
    "multipleOf",
    "uniqueItems",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "prefixItems",
    "propertyNames",
    "patternProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
    "allOf",
];

static ANYTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

struct Compare<'a> {
    roots: (&'a Value, &'a Value),
    seen: HashSet<(*const Value, *const Value)>,
    out: Vec<Break>,
}

impl<'a> Compare<'a> {
    fn schemas(&mut self, writer: &'a Value, reader: &'a Value, at: &str, depth: usize) {
        let (writer, _) = resolved(self.roots.0, writer, "");
        let (reader, at) = resolved(self.roots.1, reader, at);
        if !self.seen.insert((writer, reader)) || writer == &Value::Bool(false) {
            return;
        }
        if depth > DEPTH {
            return self.out.push(found(&at, "too-deep", "nested too deep to be compared"));
        }
        let Some(reader) = reader.as_object() else {
            if reader == &Value::Bool(false) {
                self.out.push(found(&at, "false", "nothing is accepted any more"));
            }
            return;
        };
        // `true` accepts all.
        let writer = writer.as_object().unwrap_or(&ANYTHING);
        if reader.contains_key("$ref") {
            return self.out.push(found(
                &below(&at, "$ref"),
                "$ref",
                "leads to another document, which isn't compared",
            ));
        }
        self.types(writer, reader, &at);
        self.values(writer, reader, &at);
        for (key, greater) in BOUNDS {
            let Some(new) = reader.get(key) else { continue };
            let old = writer.get(key);
            let holds = match (old.and_then(Value::as_f64), new.as_f64()) {
                (Some(old), Some(new)) => {
                    if greater {
                        new >= old
                    } else {
                        new <= old
                    }
                }
                (None, Some(new)) => !greater && new <= 0.0 && key.starts_with("min") && key != "minimum",
                _ => old == Some(new),
            };
            if !holds {
                let before = old.map_or("there was none".to_string(), |old| format!("it was {old}"));
                self.out.push(found(&below(&at, key), key, format!("the bound is narrower: {before}")));
            }
        }
        for key in SAME {
            let trivial = |v: &Value| v == &Value::Bool(false) && key == "uniqueItems";
            if let Some(new) = reader.get(key).filter(|new| !trivial(new))
                && writer.get(key) != Some(new)
            {
                let why = "it differs, and isn't known to accept all that it accepted";
                self.out.push(found(&below(&at, key), key, why));
            }
        }
        for key in ["anyOf", "oneOf"] {
            let Some(new) = reader.get(key).and_then(Value::as_array) else { continue };
            let old = writer.get(key).and_then(Value::as_array);
            let covered = old.is_some_and(|old| {
                old.iter().all(|branch| new.iter().any(|to| self.fits(branch, to, depth)))
            });
            if !covered {
                let why = "an alternative that was accepted fits none of these";
                self.out.push(found(&below(&at, key), key, why));
            }
        }
        self.members(writer, reader, &at, depth);
        if let Some(new) = reader.get("items") {
            let old = writer.get("items").unwrap_or(&Value::Bool(true));
            if new.is_array() {
                if new != old {
                    self.out.push(found(&below(&at, "items"), "items", "tuples differ"));
                }
            } else {
                self.schemas(old, new, &below(&at, "items"), depth + 1);
            }
        }
    }

    fn fits(&mut self, writer: &'a Value, reader: &'a Value, depth: usize) -> bool {
        let (before, seen) = (self.out.len(), self.seen.clone());
        self.schemas(writer, reader, "", depth + 1);
        let fits = self.out.len() == before;
        self.out.truncate(before);
        if !fits {
            self.seen = seen;
        }
        fits
    }

    fn types(&mut self, writer: &Map<String, Value>, reader: &Map<String, Value>, at: &str) {
        let types = |schema: &Map<String, Value>| match schema.get("type") {
            Some(Value::String(one)) => Some(vec![one.clone()]),
            Some(Value::Array(all)) => Some(all.iter().filter_map(Value::as_str).map(String::from).collect()),
            _ => None,
        };
        let Some(new) = types(reader) else { return };
        let lost = match types(writer) {
            Some(old) => {
                let has = |t: &String| new.contains(t) || t == "integer" && new.iter().any(|n| n == "number");
                old.into_iter().filter(|t| !has(t)).collect::<Vec<_>>()
            }
            // Constants have types of their own.
            None if writer.contains_key("enum") || writer.contains_key("const") => Vec::new(),
            None => vec!["anything else".to_string()],
        };
        if !lost.is_empty() {
            let why = format!("{} was accepted", lost.join(" or "));
            self.out.push(found(&below(at, "type"), "type", why));
        }
    }

    fn values(&mut self, writer: &Map<String, Value>, reader: &Map<String, Value>, at: &str) {
        fn all(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
            let listed = schema.get("enum").and_then(Value::as_array).map(|all| all.iter().collect());
            schema.get("const").map(|one| vec![one]).or(listed)
        }
        let Some(new) = all(reader) else { return };
        let key = if reader.contains_key("const") { "const" } else { "enum" };
        let lost = match all(writer) {
            Some(old) => old.iter().filter(|v| !new.contains(v)).map(ToString::to_string).collect(),
            None => vec!["anything else".to_string()],
        };
        if !lost.is_empty() {
            self.out.push(found(&below(at, key), key, format!("{} was accepted", lost.join(" or "))));
        }
    }

    fn members(
        &mut self,
        writer: &'a Map<String, Value>,
        reader: &'a Map<String, Value>,
        at: &str,
        depth: usize,
    ) {
        let names = |schema: &'a Map<String, Value>| {
            let all = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).collect::<HashSet<_>>()
        };
        let had = names(writer);
        let mut more: Vec<&str> = names(reader).into_iter().filter(|name| !had.contains(name)).collect();
        more.sort_unstable();
        if !more.is_empty() {
            let why = format!("{} could be left out", more.join(", "));
            self.out.push(found(&below(at, "required"), "required", why));
        }
        let properties = |schema: &'a Map<String, Value>| schema.get("properties").and_then(Value::as_object);
        let (old, new) = (properties(writer), properties(reader));
        let (open, now) = (writer.get("additionalProperties"), reader.get("additionalProperties"));
        for (name, schema) in new.into_iter().flatten() {
            let at = below(&below(at, "properties"), name);
            match (old.and_then(|old| old.get(name)), open) {
                (Some(before), _) => self.schemas(before, schema, &at, depth + 1),
                (None, Some(Value::Bool(false))) => {}
                (None, Some(before @ Value::Object(_))) => self.schemas(before, schema, &at, depth + 1),
                (None, _) if is_anything(schema) => {}
                (None, _) => {
                    let why = format!("`{name}` could be anything before");
                    self.out.push(found(&at, "property-added-to-open", why));
                }
            }
        }
        for (name, before) in old.into_iter().flatten() {
            if new.is_some_and(|new| new.contains_key(name)) {
                continue;
            }
            let at = below(&below(at, "properties"), name);
            match now {
                Some(Value::Bool(false)) => {
                    let why = format!("`{name}` is not accepted any more");
                    self.out.push(found(&at, "property-removed-from-closed", why));
                }
                Some(schema @ Value::Object(_)) => self.schemas(before, schema, &at, depth + 1),
                _ => {}
            }
        }
        let at = below(at, "additionalProperties");
        match (open, now) {
            (Some(Value::Bool(false)), _) | (_, None | Some(Value::Bool(true))) => {}
            (Some(before @ Value::Object(_)), Some(schema)) => self.schemas(before, schema, &at, depth + 1),
            (_, Some(schema)) if is_anything(schema) => {}
            (_, Some(_)) => {
                self.out.push(found(&at, "additionalProperties", "any other property was accepted"));
            }
        }
    }
}

fn is_anything(schema: &Value) -> bool {
    schema == &Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}

/// What a local reference leads to, and where that stands.
fn resolved<'a>(root: &'a Value, schema: &'a Value, at: &str) -> (&'a Value, String) {
    let (mut schema, mut at) = (schema, at.to_string());
    for _ in 0..DEPTH {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        let Some(pointer) = reference else { break };
        let Some(target) = root.pointer(pointer) else { break };
        (schema, at) = (target, pointer.to_string());
    }
    (schema, at)
}
