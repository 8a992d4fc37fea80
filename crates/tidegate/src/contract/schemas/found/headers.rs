//! Headers of messages: members of an object in AsyncAPI, texts by name on every bus.

use super::parameters::{Around, Asked, Shape, followed, shape};
use super::token;
use serde_json::Value;
use tidegate_decide::schema::compile::{Sense, sense};
use tidegate_graph::contract::schema::{Parameter, ParameterForm, ParameterPlace};

/// Schemas of one message's headers that are looked at.
const MOST: usize = 64;
/// What is said of a member by itself, beside what only names or tells something.
const READ: [&str; 5] = ["type", "properties", "required", "allOf", "$ref"];

fn is_read(key: &str) -> bool {
    READ.contains(&key) || key.starts_with("x-") || matches!(sense(key), Some(Sense::Names | Sense::Tells))
}

/// What the schemas at these places ask of headers. Others pass: whoever hands a message on adds its own.
pub(super) fn asked(around: &Around<'_>, places: Vec<String>) -> Asked {
    let mut asked = Asked::default();
    let mut required: Vec<String> = Vec::new();
    let mut open = places;
    for _ in 0..MOST {
        let Some(at) = open.pop() else { break };
        let at = followed(around.root, at);
        let Some(schema) = around.root.pointer(&at).and_then(Value::as_object) else { continue };
        let not_read = schema.keys().filter(|key| !is_read(key));
        asked
            .unknown
            .extend(not_read.map(|key| format!("{}#{at}: `{key}` of headers isn't compared", around.name)));
        if schema.get("$ref").is_some() {
            asked.unknown.push(format!("{}#{at}: headers of another file aren't compared", around.name));
        }
        let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        required.extend(names.filter_map(Value::as_str).map(ToString::to_string));
        let parts = schema.get("allOf").and_then(Value::as_array).map_or(0, Vec::len);
        open.extend((0..parts).map(|n| format!("{at}/allOf/{n}")));
        let members = schema.get("properties").and_then(Value::as_object);
        for (name, of) in members.into_iter().flatten() {
            let shown = format!("{at}/properties/{}", token(name));
            let unknown = around.unknown.iter().filter(|unknown| unknown.starts_with(&shown));
            asked.unknown.extend(unknown.map(|at| format!("{}#{at}: isn't known", around.name)));
            let form = match shape(around.root, of) {
                Shape::List | Shape::Object => ParameterForm::Json,
                Shape::One | Shape::Any => ParameterForm::Text,
            };
            let said = of.as_object().is_some_and(|of| !of.is_empty());
            asked.all.push((header(name, form), said.then(|| of.clone())));
        }
    }
    for (parameter, _) in &mut asked.all {
        parameter.required = required.contains(&parameter.name);
    }
    for name in required {
        if asked.all.iter().all(|(parameter, _)| parameter.name != name) {
            asked.all.push((Parameter { required: true, ..header(&name, ParameterForm::Text) }, None));
        }
    }
    asked.all.retain(|(parameter, schema)| parameter.required || schema.is_some());
    asked
}

fn header(name: &str, form: ParameterForm) -> Parameter {
    let (place, name) = (ParameterPlace::Message, name.to_string());
    Parameter { place, name, required: false, empty: false, form, node: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tidegate_decide::schema::compile::Draft;

    #[test]
    fn headers_are_the_members_of_all_parts() {
        let root = json!({
            "own": {"type": "object", "required": ["kind", "other"], "properties": {
                "kind": {"enum": ["a"]}, "tags": {"type": "array"}, "any": {}}, "additionalProperties": false},
            "more": {"allOf": [{"$ref": "#/common"}]},
            "common": {"properties": {"n": {"type": "integer"}}}});
        let around = Around { name: "f", root: &root, draft: Draft::Draft7, unknown: &[], others: &|_| None };
        let asked = asked(&around, vec!["/own".into(), "/more".into()]);
        let mut all: Vec<_> =
            asked.all.iter().map(|(p, s)| (p.name.as_str(), p.required, p.form, s.is_some())).collect();
        all.sort_by_key(|(name, ..)| *name);
        use ParameterForm::{Json, Text};
        assert_eq!(
            all,
            [
                ("kind", true, Text, true),
                ("n", false, Text, true),
                ("other", true, Text, false),
                ("tags", false, Json, true)
            ]
        );
        assert_eq!(asked.unknown, ["f#/own: `additionalProperties` of headers isn't compared"]);
    }
}
