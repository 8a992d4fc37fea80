//! A schema and those that it refers to in one document.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Types in each other.
const DEPTH: usize = 64;
const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// Avro: each type is defined where it is first named.
pub(super) fn avro(mut root: Value, all: BTreeMap<String, Value>) -> Result<Value, String> {
    let mut library = BTreeMap::new();
    for (name, mut schema) in all {
        // What has no namespace of its own must not get the one around it.
        if let Some(map) = schema.as_object_mut() {
            let dotted = map.get("name").and_then(Value::as_str).is_some_and(|n| n.contains('.'));
            if !dotted && !map.contains_key("namespace") {
                map.insert("namespace".into(), "".into());
            }
        }
        let own = schema.as_object().and_then(|map| full(map, ""));
        library.insert(own.unwrap_or(name), schema);
    }
    define(&mut root, "", &mut library, 0)?;
    Ok(root)
}

fn full(map: &Map<String, Value>, around: &str) -> Option<String> {
    let name = map.get("name")?.as_str()?;
    Some(qualified(name, map.get("namespace").and_then(Value::as_str).unwrap_or(around)))
}

fn qualified(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_string() } else { format!("{namespace}.{name}") }
}

fn define(
    value: &mut Value,
    namespace: &str,
    library: &mut BTreeMap<String, Value>,
    depth: usize,
) -> Result<(), String> {
    if depth > DEPTH {
        return Err("types nest too deep".into());
    }
    match value {
        Value::String(name) if !PRIMITIVES.contains(&name.as_str()) => {
            let found = library.remove(&qualified(name, namespace)).or_else(|| library.remove(name.as_str()));
            if let Some(found) = found {
                *value = found;
                define(value, namespace, library, depth + 1)?;
            }
            Ok(())
        }
        Value::Array(branches) => {
            branches.iter_mut().try_for_each(|b| define(b, namespace, library, depth + 1))
        }
        Value::Object(map) => {
            let own = full(map, namespace);
            let inner =
                own.as_deref().and_then(|own| own.rsplit_once('.')).map_or("", |(namespace, _)| namespace);
            let inner = if own.is_some() { inner } else { namespace };
            for field in map.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(ty) = field.get_mut("type") {
                    define(ty, inner, library, depth + 1)?;
                }
            }
            for key in ["items", "values"] {
                if let Some(of) = map.get_mut(key) {
                    define(of, namespace, library, depth + 1)?;
                }
            }
            match map.get_mut("type") {
                Some(ty) if own.is_none() => define(ty, namespace, library, depth + 1),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// JSON Schema: each is a resource of its own within the document, under the name that it is referred to by.
pub(super) fn json(root: Value, all: BTreeMap<String, Value>) -> Result<Value, String> {
    let Value::Object(mut root) = root else {
        return Err("a schema that refers to others is no object".into());
    };
    let old = root.get("$schema").and_then(Value::as_str).is_some_and(|s| s.contains("draft-04"));
    let id = if old { "id" } else { "$id" };
    let defs = root.entry("definitions").or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(defs) = defs else { return Err("`definitions` is no object".into()) };
    for (name, schema) in all {
        let Value::Object(mut schema) = schema else { continue };
        schema.insert(id.into(), name.clone().into());
        defs.insert(format!("registry:{name}"), Value::Object(schema));
    }
    Ok(Value::Object(root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tidegate_graph::contract::schema::SchemaKind;

    #[test]
    fn types_of_avro_are_defined_where_they_are_first_named() {
        let root = json!({"type": "record", "name": "Order", "namespace": "shop", "fields": [
            {"name": "to", "type": ["null", "geo.Address"]},
            {"name": "from", "type": {"type": "array", "items": "geo.Address"}},
            {"name": "bare", "type": "Bare"}]});
        let all = BTreeMap::from([
            (
                "geo.Address".to_string(),
                json!({"type": "record", "name": "Address", "namespace": "geo",
                "fields": [{"name": "town", "type": "Town"}]}),
            ),
            ("geo.Town".to_string(), json!({"type": "enum", "name": "geo.Town", "symbols": ["A"]})),
            ("Bare".to_string(), json!({"type": "fixed", "name": "Bare", "size": 2})),
        ]);
        let whole = avro(root, all).unwrap();
        assert_eq!(whole["fields"][0]["type"][1]["fields"][0]["type"]["symbols"], json!(["A"]));
        assert_eq!(whole["fields"][1]["type"]["items"], "geo.Address");
        assert_eq!(whole["fields"][2]["type"]["namespace"], "");
        assert_eq!(crate::contract::is_schema(SchemaKind::Avro, &whole.to_string()), Ok(()));
    }

    #[test]
    fn schemas_of_json_are_resources_of_the_document() {
        let root = json!({"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"$ref": "a.json"}}});
        let whole = json(root, BTreeMap::from([("a.json".to_string(), json!({"type": "integer"}))])).unwrap();
        assert_eq!(whole["definitions"]["registry:a.json"], json!({"type": "integer", "$id": "a.json"}));
        assert!(json(json!(true), BTreeMap::new()).is_err());
    }
}
