//! A model that lets everything else pass.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A model of an API whose schema describes an object and doesn't end the list of its properties
    /// (`additionalProperties: false`), or has strings or lists without a longest length. One finding for each model; of
    /// nested objects the first is named.
    ///
    /// ## Why it matters
    /// A field that nobody thought of passes the check and is stored, or overrules what the code sets: `role`, `price`,
    /// `tenant`. A string without end is paid for by all that handle it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Order:
    ///     Type: AWS::ApiGateway::Model
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       ContentType: application/json
    ///       Schema:
    ///         type: object
    ///         properties:
    ///           note: {type: string}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Order:
    ///     Type: AWS::ApiGateway::Model
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       ContentType: application/json
    ///       Schema:
    ///         type: object
    ///         additionalProperties: false
    ///         properties:
    ///           note: {type: string, maxLength: 200}
    ///           kind: {type: string, enum: [gift, plain]}
    /// ```
    ///
    /// ## Limits
    /// Whether a model is used for requests isn't asked: one for answers is reported as well. Schemas put together by
    /// `allOf` and the like are only looked at from outside, and those in API definitions not at all.
    OpenRequestSchema {
        id: "open-request-schema",
        title: "model that lets unknown fields or endless text pass",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-API-006"],
        threats: ["T09", "T45"],
        profiles: [],
        why: "a field that nobody thought of passes the check",
    }
}

impl Rule for OpenRequestSchema {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Model", "AWS::ApiGatewayV2::Model"];

    fn check(model: &Resource, cx: &Context<'_>) {
        let Some(schema) = cx.get(model, &["Schema"]) else { return };
        if schema.as_map().is_none() {
            return cx.unknown(model, schema, "the schema");
        }
        let mut gaps = Gaps::default();
        look(schema, "", 0, &mut gaps, cx);
        let name = |path: &str| if path.is_empty() { "the body".into() } else { format!("`{path}`") };
        let message = match (&gaps.open, &gaps.endless) {
            (Some(open), None) => format!("{} may have any other field", name(open)),
            (None, Some(endless)) => format!("{} may be of any length", name(endless)),
            (Some(open), Some(endless)) => {
                format!("{} may have any other field, and {} be of any length", name(open), name(endless))
            }
            (None, None) => return,
        };
        cx.finding(model, message)
            .at(&["Schema"])
            .help("set `additionalProperties: false` on objects, `maxLength` on strings and `maxItems` on lists")
            .report();
    }
}

/// The first place of each kind.
#[derive(Debug, Default)]
struct Gaps {
    open: Option<String>,
    endless: Option<String>,
}

fn look(schema: &Value, path: &str, depth: usize, gaps: &mut Gaps, cx: &Context<'_>) {
    // Deeper ones nobody reads.
    const DEEPEST: usize = 32;
    let Some(map) = schema.as_map().filter(|_| depth < DEEPEST) else { return };
    let has = |key: &str| map.contains_key(key);
    let kinds = cx.child(schema, "type").map(|kind| cx.world.items(kind)).unwrap_or_default();
    let is = |kind: &str| kinds.iter().any(|k| k.as_str() == Some(kind));
    let properties = cx.child(schema, "properties").and_then(Value::as_map);
    if is("object") || properties.is_some() {
        // A schema for the others is an end as well.
        let others = cx.child(schema, "additionalProperties");
        if others.is_none_or(|others| others.as_bool() == Some(true)) && !has("patternProperties") {
            gaps.open.get_or_insert_with(|| path.into());
        }
    }
    let bounded = ["enum", "const", "pattern", "format", "maxLength"].iter().any(|key| has(key));
    if is("string") && !bounded || is("array") && !has("maxItems") {
        gaps.endless.get_or_insert_with(|| path.into());
    }
    let below = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    for (key, value) in properties.into_iter().flat_map(tidegate_graph::Map::iter) {
        if let Some(value) = cx.world.resolve(value) {
            look(value, &below(key), depth + 1, gaps, cx);
        }
    }
    if let Some(items) = cx.child(schema, "items") {
        look(items, &below("[]"), depth + 1, gaps, cx);
    }
}

#[cfg(test)]
mod tests {
    use super::OpenRequestSchema;
    use crate::testing::Build;

    fn findings(schema: &str) -> Vec<String> {
        let properties = format!(r#"{{"Schema": {schema}}}"#);
        Build::new().json("M", "AWS::ApiGateway::Model", &properties).findings::<OpenRequestSchema>()
    }

    #[test]
    fn open_and_endless() {
        assert_eq!(findings(r#"{"type": "object"}"#), ["M: the body may have any other field"]);
        assert_eq!(
            findings(
                r#"{"type": "object", "additionalProperties": false, "properties": {"lines": {"type": "array",
                "items": {"type": "object", "properties": {"note": {"type": "string"}}}}}}"#
            ),
            ["M: `lines.[]` may have any other field, and `lines` be of any length"]
        );
    }

    #[test]
    fn closed() {
        assert!(
            findings(r#"{"type": "object", "additionalProperties": {"type": "string", "maxLength": 5},
                "properties": {"id": {"type": "string", "pattern": "^[0-9]{1,9}$"}, "n": {"type": "integer"}}}"#)
            .is_empty()
        );
    }
}
