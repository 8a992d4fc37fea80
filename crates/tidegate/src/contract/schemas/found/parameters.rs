//! Parameters of a request: a schema of the event, in which all of them are strings.

use serde_json::{Map, Value, json};

/// Where API Gateway puts them.
const PLACES: [(&str, &str); 2] = [("query", "queryStringParameters"), ("path", "pathParameters")];

/// The schema of an event whose parameters are these; `None` when nothing is asked of them.
pub(super) fn schema(parameters: &[Value]) -> Option<Value> {
    let mut all = Map::new();
    let mut required = Vec::new();
    for (place, key) in PLACES {
        let mine = || parameters.iter().filter(|p| p.get("in").and_then(Value::as_str) == Some(place));
        let mut properties = Map::new();
        let mut needed = Vec::new();
        for parameter in mine() {
            let Some(name) = parameter.get("name").and_then(Value::as_str) else { continue };
            // A greedy part of a path has another name in the event.
            if name.ends_with('+') {
                continue;
            }
            if parameter.get("required").and_then(Value::as_bool) == Some(true) {
                needed.push(name);
            }
            // Version 2 of OpenAPI has it in the parameter itself.
            let of = parameter.get("schema").unwrap_or(parameter);
            properties.extend(as_text(of).map(|schema| (name.to_string(), schema)));
        }
        if properties.is_empty() && needed.is_empty() {
            continue;
        }
        if !needed.is_empty() {
            required.push(key);
        }
        let types = if needed.is_empty() { json!(["object", "null"]) } else { json!("object") };
        all.insert(key.into(), json!({"type": types, "properties": properties, "required": needed}));
    }
    (!all.is_empty()).then(|| json!({"properties": all, "required": required}))
}

/// What a value's text has to be.
fn as_text(schema: &Value) -> Option<Value> {
    if schema.get("$ref").is_some() {
        return None;
    }
    let mut out = match schema.get("type").and_then(Value::as_str)? {
        "integer" => json!({"pattern": "^-?[0-9]+$"}),
        "number" => json!({"pattern": "^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$"}),
        "boolean" => json!({"enum": ["true", "false"]}),
        "string" => json!({}),
        _ => return None,
    };
    let string = out.as_object().is_some_and(Map::is_empty);
    let out_map = out.as_object_mut()?;
    out_map.insert("type".into(), "string".into());
    for key in ["enum", "pattern", "minLength", "maxLength"] {
        if let Some(value) = schema.get(key).filter(|_| string) {
            out_map.insert(key.into(), value.clone());
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_texts() {
        let given = [
            json!({"in": "query", "name": "n", "required": true, "schema": {"type": "integer"}}),
            json!({"in": "path", "name": "id", "type": "string", "maxLength": 8}),
            json!({"in": "header", "name": "x", "required": true, "type": "string"}),
        ];
        let schema = schema(&given).unwrap();
        assert_eq!(schema["required"], json!(["queryStringParameters"]));
        let query = &schema["properties"]["queryStringParameters"];
        assert_eq!(
            (&query["required"], &query["properties"]["n"]["type"]),
            (&json!(["n"]), &json!("string"))
        );
        assert_eq!(schema["properties"]["pathParameters"]["properties"]["id"]["maxLength"], 8);
        assert_eq!(super::schema(&given[2..]), None);
    }
}
