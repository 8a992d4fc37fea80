//! Whether what was written under one version of a schema can be read under another.

mod avro;
mod json;
mod protobuf;

use serde_json::Value;
use tidegate_decide::schema::compile::Protobuf;

/// Which way it has to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Direction {
    /// The new version reads what was written under the old one
    #[default]
    Backward,
    /// The old version reads what is written under the new one
    Forward,
    /// Both
    Full,
}

/// A place at which it doesn't hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub(crate) struct Break {
    /// `backward` or `forward`.
    pub(crate) way: &'static str,
    /// JSON pointer in the reader's schema.
    pub(crate) pointer: String,
    /// A stable word.
    pub(crate) kind: &'static str,
    /// Why.
    pub(crate) why: String,
}

/// Everything that breaks between two versions.
pub(crate) fn breaks(old: &Value, new: &Value, is_avro: bool, way: Direction) -> Vec<Break> {
    each_way(
        old,
        new,
        way,
        |writer, reader, _| {
            if is_avro { avro::breaks(writer, reader) } else { json::breaks(writer, reader) }
        },
    )
}

/// The same for files of protocol buffers.
pub(crate) fn breaks_of_protobuf(old: &Protobuf, new: &Protobuf, way: Direction) -> Vec<Break> {
    each_way(old, new, way, protobuf::breaks)
}

/// Compares writer and reader; the last says that the reader is the newer one.
fn each_way<T>(old: &T, new: &T, way: Direction, breaks: impl Fn(&T, &T, bool) -> Vec<Break>) -> Vec<Break> {
    let mut out = Vec::new();
    let mut compare = |way, writer, reader, newer| {
        let mut found = breaks(writer, reader, newer);
        found.sort();
        found.dedup();
        out.extend(found.into_iter().map(|found| Break { way, ..found }));
    };
    if way != Direction::Forward {
        compare("backward", old, new, true);
    }
    if way != Direction::Backward {
        compare("forward", new, old, false);
    }
    out
}

fn found(pointer: &str, kind: &'static str, why: impl Into<String>) -> Break {
    Break { way: "", pointer: pointer.to_string(), kind, why: why.into() }
}

fn below(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// Schemas in each other that are compared.
const DEPTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(old: &str, new: &str, is_avro: bool) -> Vec<String> {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let all = breaks(&read(old), &read(new), is_avro, Direction::Backward);
        all.into_iter().map(|b| format!("{} {}", b.pointer, b.kind)).collect()
    }

    #[test]
    fn avro_is_resolved_as_its_specification_has_it() {
        let record = |fields: &str| format!(r#"{{"type": "record", "name": "R", "fields": [{fields}]}}"#);
        let a = r#"{"name": "a", "type": "int"}"#;
        for (old, new, expected) in [
            (r#""int""#, r#""long""#, ""),
            (r#""long""#, r#""int""#, " type-mismatch"),
            (r#""string""#, r#""bytes""#, ""),
            (r#""float""#, r#""double""#, ""),
            (r#""double""#, r#""float""#, " type-mismatch"),
            (r#""int""#, r#"["null", "int"]"#, ""),
            (r#"["null", "int"]"#, r#""int""#, " type-mismatch"),
            (r#"["null", "int", "string"]"#, r#"["null", "long"]"#, " missing-union-branch"),
            (&record(""), &record(a), "/fields/0 reader-field-missing-default-value"),
            (&record(""), &record(r#"{"name": "a", "type": "int", "default": 1}"#), ""),
            (&record(a), &record(""), ""),
            (&record(a), &record(r#"{"name": "b", "aliases": ["a"], "type": "long"}"#), ""),
            (&record(a), &record(r#"{"name": "a", "type": "string"}"#), "/fields/0/type type-mismatch"),
            (
                r#"{"type": "enum", "name": "E", "symbols": ["A", "B"]}"#,
                r#"{"type": "enum", "name": "E", "symbols": ["A"]}"#,
                "/symbols missing-enum-symbols",
            ),
            (
                r#"{"type": "enum", "name": "E", "symbols": ["A", "B"]}"#,
                r#"{"type": "enum", "name": "E", "symbols": ["A"], "default": "A"}"#,
                "",
            ),
            (
                r#"{"type": "fixed", "name": "F", "size": 4}"#,
                r#"{"type": "fixed", "name": "F", "size": 8}"#,
                "/size fixed-size-mismatch",
            ),
            (
                r#"{"type": "fixed", "name": "F", "size": 4}"#,
                r#"{"type": "fixed", "name": "G", "size": 4}"#,
                "/name name-mismatch",
            ),
            (
                r#"{"type": "array", "items": "int"}"#,
                r#"{"type": "array", "items": "string"}"#,
                "/items type-mismatch",
            ),
        ] {
            assert_eq!(kinds(old, new, true).join("; "), expected, "{old} -> {new}");
        }
        let itself = record(r#"{"name": "next", "type": ["null", "R"]}"#);
        assert_eq!(kinds(&itself, &itself, true), Vec::<String>::new());
    }

    #[test]
    fn json_schema_accepts_what_it_accepted() {
        for (old, new, expected) in [
            (r#"{"type": "integer"}"#, r#"{"type": "number"}"#, ""),
            (r#"{"type": "number"}"#, r#"{"type": "integer"}"#, "/type type"),
            (r#"{"type": "string"}"#, r#"{"type": ["string", "null"]}"#, ""),
            (r#"{"required": ["a"]}"#, r#"{"required": []}"#, ""),
            (r#"{"type": "object"}"#, r#"{"type": "object", "required": ["a"]}"#, "/required required"),
            (r#"{"maximum": 5}"#, r#"{"maximum": 9}"#, ""),
            (r#"{"maximum": 9}"#, r#"{"maximum": 5}"#, "/maximum maximum"),
            (r#"{}"#, r#"{"minLength": 1}"#, "/minLength minLength"),
            (r#"{"enum": [1]}"#, r#"{"enum": [1, 2]}"#, ""),
            (r#"{"enum": [1, 2]}"#, r#"{"enum": [1]}"#, "/enum enum"),
            (
                r#"{"properties": {}}"#,
                r#"{"properties": {"a": {"type": "string"}}}"#,
                "/properties/a property-added-to-open",
            ),
            (
                r#"{"additionalProperties": false}"#,
                r#"{"additionalProperties": false, "properties": {"a": {"type": "string"}}}"#,
                "",
            ),
            (
                r#"{"additionalProperties": false, "properties": {"a": {}}}"#,
                r#"{"additionalProperties": false}"#,
                "/properties/a property-removed-from-closed",
            ),
            (r#"{}"#, r#"{"additionalProperties": false}"#, "/additionalProperties additionalProperties"),
            (r#"{"items": {"type": "integer"}}"#, r#"{"items": {"type": "string"}}"#, "/items/type type"),
            (r#"{"pattern": "a"}"#, r#"{"pattern": "b"}"#, "/pattern pattern"),
            (
                r##"{"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}"##,
                r##"{"$ref": "#/$defs/b", "$defs": {"b": {"type": "integer"}}}"##,
                "/$defs/b/type type",
            ),
            (
                r#"{"anyOf": [{"type": "string"}]}"#,
                r#"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#,
                "",
            ),
            (
                r#"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#,
                r#"{"anyOf": [{"type": "string"}]}"#,
                "/anyOf anyOf",
            ),
            (r#"{"not": {}}"#, r#"{"not": {"type": "null"}}"#, "/not not"),
        ] {
            assert_eq!(kinds(old, new, false).join("; "), expected, "{old} -> {new}");
        }
        let itself = r##"{"properties": {"next": {"$ref": "#"}}}"##;
        assert_eq!(kinds(itself, itself, false), Vec::<String>::new());
    }
}
