//! Whether what was written under one version of a schema can be read under another.

mod avro;
mod json;
#[cfg(test)]
mod law;
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
        let decimal = |base: &str, more: &str| format!(r#"{{{base}, "logicalType": "decimal"{more}}}"#);
        for base in [r#""type": "bytes""#, r#""type": "fixed", "name": "F", "size": 8"#] {
            let of = |more: &str| decimal(base, more);
            let old = of(r#", "precision": 9, "scale": 2"#);
            for (new, expected) in [
                (of(r#", "precision": 9, "scale": 2"#), ""),
                (of(r#", "precision": 9, "scale": 3"#), " decimal-mismatch"),
                (of(r#", "precision": 9"#), " decimal-mismatch"),
                (of(r#", "precision": 8, "scale": 2"#), " decimal-mismatch"),
                (of(r#", "precision": 10, "scale": 2"#), " decimal-mismatch"),
                // No valid decimal is what it is based on.
                (of(r#", "precision": 0"#), ""),
                (of(r#", "precision": 2, "scale": 3"#), ""),
            ] {
                assert_eq!(kinds(&old, &new, true).join("; "), expected, "{old} -> {new}");
            }
            assert_eq!(
                kinds(&of(r#", "precision": 9"#), &of(r#", "precision": 9, "scale": 0"#), true).len(),
                0
            );
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
            // The words are the same, what they lead to isn't.
            (
                r##"{"not": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "null"}}}"##,
                r##"{"not": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "string"}}}"##,
                "/not not",
            ),
            (
                r##"{"properties": {"default": {"not": {"$ref": "#/$defs/a"}}}, "$defs": {"a": {"type": "null"}}}"##,
                r##"{"properties": {"default": {"not": {"$ref": "#/$defs/b"}}}, "$defs": {"b": {"type": "null", "title": "b"}}}"##,
                "",
            ),
            // What only people read is no difference.
            (
                r#"{"not": {"type": "null", "example": 1, "deprecated": true}}"#,
                r#"{"not": {"type": "null", "$comment": "x", "example": 2}}"#,
                "",
            ),
            // What stands beside a reference counts as well.
            (
                r##"{"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}"##,
                r##"{"$ref": "#/$defs/a", "maxLength": 3, "$defs": {"a": {"type": "string"}}}"##,
                "/maxLength maxLength",
            ),
            (
                r##"{"$ref": "#/$defs/a", "maxLength": 3, "$defs": {"a": {"type": "string"}}}"##,
                r##"{"$ref": "#/$defs/a", "maxLength": 4, "$defs": {"a": {"type": "string"}}}"##,
                "",
            ),
            (
                r#"{"allOf": [{"type": "string"}, {"maxLength": 3}]}"#,
                r#"{"allOf": [{"maxLength": 4}, {"type": "string"}]}"#,
                "",
            ),
            (
                r#"{"allOf": [{"maxLength": 3}]}"#,
                r#"{"allOf": [{"maxLength": 2}]}"#,
                "/allOf/0/maxLength maxLength",
            ),
            (
                r#"{"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}"#,
                r#"{"items": {"type": "integer"}}"#,
                "/items/type type",
            ),
            (
                r#"{"additionalProperties": false, "patternProperties": {"^a": {}}}"#,
                r#"{"additionalProperties": false}"#,
                "/additionalProperties additionalProperties",
            ),
            (r#"{"$ref": "b.json"}"#, r#"{"$ref": "b.json"}"#, "/$ref $ref"),
            (r#"{"$ref": "https://a.example/b"}"#, r#"{"$ref": "https://a.example/b"}"#, ""),
        ] {
            assert_eq!(kinds(old, new, false).join("; "), expected, "{old} -> {new}");
        }
    }

    #[test]
    fn listed_values_are_tried() {
        for (old, new, expected) in [
            (r#"{"enum": ["a", "b"]}"#, r#"{"type": "number"}"#, "/type type"),
            (r#"{"enum": ["a", "b"]}"#, r#"{"type": "string"}"#, ""),
            (r#"{"enum": ["a", "b"]}"#, r#"{"type": "string", "maxLength": 1}"#, ""),
            (r#"{"const": 1}"#, r#"{"type": "array"}"#, "/type type"),
            (r#"{"const": 1}"#, r#"{"type": "number"}"#, ""),
            (r#"{"const": 1}"#, r#"{"const": 1.0}"#, ""),
            (r#"{"const": 1}"#, r#"{"minimum": 2}"#, " value"),
            (
                r#"{"properties": {"a": {"const": 1}}}"#,
                r#"{"properties": {"a": {"type": "array"}}}"#,
                "/properties/a/type type",
            ),
            (r#"{"enum": ["b", [1], true]}"#, r#"{"enum": ["b", [1], true], "type": "array"}"#, "/type type"),
            // What wasn't accepted before needn't be.
            (r#"{"enum": ["a", 1], "type": "string"}"#, r#"{"enum": ["a"]}"#, ""),
            (
                r##"{"$ref": "#/$defs/a%25", "$defs": {"a%": {"enum": ["a"]}}}"##,
                r##"{"$ref": "#/$defs/a%25", "$defs": {"a%": {"type": "integer"}}}"##,
                "/$defs/a%/type type",
            ),
            // A reference hides the list beside it.
            (
                r##"{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a", "enum": [1], "definitions": {"a": {"type": "string"}}}"##,
                r##"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "integer"}"##,
                "/type type",
            ),
            // Without a program, types are compared.
            (
                r#"{"enum": ["a"]}"#,
                r#"{"type": "number", "allOf": [{"$ref": "b.json"}]}"#,
                "/allOf/0/$ref $ref; /type type",
            ),
        ] {
            assert_eq!(kinds(old, new, false).join("; "), expected, "{old} -> {new}");
        }
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let many = (0..9).map(|n| format!("\"{n}{}\"", "x".repeat(90))).collect::<Vec<_>>().join(",");
        let old = read(&format!(r#"{{"enum": [{many}]}}"#));
        let all = breaks(&old, &read(r#"{"type": "number"}"#), false, Direction::Backward);
        assert!(
            all[0].why.len() < 400 && all[0].why.ends_with("... and 4 more was accepted"),
            "{}",
            all[0].why
        );
    }

    #[test]
    fn a_value_still_fits_one_of_the_alternatives() {
        let event = |kind: &str, more: &str| {
            format!(
                r#"{{"type": "object", "required": ["k"], "properties": {{"k": {{"const": "{kind}"}}{more}}}}}"#
            )
        };
        let one = |all: &[&str]| format!(r#"{{"oneOf": [{}]}}"#, all.join(","));
        let (string, integer) = (r#"{"type": "string"}"#, r#"{"type": "integer"}"#);
        let loose =
            |kind: &str| format!(r#"{{"required": ["k"], "properties": {{"k": {{"const": "{kind}"}}}}}}"#);
        for (old, new, expected) in [
            (one(&[string, integer]), one(&[string, r#"{"type": ["integer", "string"]}"#]), "/oneOf oneOf"),
            (
                one(&[r#"{"type": "integer", "minimum": 5}"#, r#"{"type": "integer", "maximum": 4}"#]),
                one(&[r#"{"type": "integer", "minimum": 0}"#, r#"{"type": "integer", "maximum": 4}"#]),
                "/oneOf oneOf",
            ),
            (one(&[string, integer]), one(&[integer, string]), ""),
            (one(&[string, integer]), one(&[string, r#"{"type": "number"}"#]), ""),
            (one(&[string, integer]), one(&[string, integer, r#"{"type": "null"}"#]), ""),
            (one(&[string, integer]), one(&[string, integer, "{}"]), "/oneOf oneOf"),
            (one(&[integer]), one(&[integer, r#"{"type": "number"}"#]), "/oneOf oneOf"),
            (one(&[integer]), one(&[integer, integer]), "/oneOf oneOf"),
            (
                one(&[&event("a", r#", "n": {"type": "integer"}"#), &event("b", "")]),
                one(&[&event("a", r#", "n": {"type": "number"}"#), &event("b", ""), &event("c", "")]),
                "",
            ),
            (
                one(&[&event("a", ""), &event("b", "")]),
                one(&[&event("a", ""), &event("b", ""), &event("b", "")]),
                "/oneOf oneOf",
            ),
            // What is no object has no such property.
            (one(&[&loose("a")]), one(&[&loose("a"), &loose("b")]), "/oneOf oneOf"),
        ] {
            assert_eq!(kinds(&old, &new, false).join("; "), expected, "{old} -> {new}");
        }
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_compatible_with_itself() {
        let tree = |anchor: &str, reference: &str, leaf: &str| {
            format!(
                r##"{{{anchor} "type": "object", "required": ["leaf"], "properties": {{
                    "leaf": {{"type": "{leaf}"}},
                    "below": {{"type": "array", "items": {{"anyOf": [{{"type": "null"}}, {{{reference}}}]}}}},
                    "next": {{"allOf": [{{{reference}}}, {{"not": {{{reference}}}}}]}},
                    "rest": {{"patternProperties": {{"^a": {{{reference}}}}}, "oneOf": [{{{reference}}}]}}}}}}"##
            )
        };
        for (anchor, reference) in [
            ("", r##""$ref": "#""##),
            (r#""$id": "https://shop.example/tree","#, r#""$ref": "https://shop.example/tree""#),
            (r#""$id": "https://shop.example/tree","#, r##""$ref": "tree#""##),
            (r#""$anchor": "tree","#, r##""$ref": "#tree""##),
            (r#""$dynamicAnchor": "tree","#, r##""$dynamicRef": "#tree""##),
            (r#""$recursiveAnchor": true,"#, r##""$recursiveRef": "#""##),
            (
                r##""$schema": "http://json-schema.org/draft-04/schema#", "id": "https://shop.example/tree#","##,
                r##""$ref": "tree""##,
            ),
        ] {
            let (old, new) = (tree(anchor, reference, "integer"), tree(anchor, reference, "string"));
            assert_eq!(kinds(&old, &old, false), Vec::<String>::new(), "{old}");
            let found = kinds(&old, &new, false);
            assert!(found.contains(&"/properties/leaf/type type".to_string()), "{old}: {found:?}");
        }
        // Two that refer to each other, in other words.
        let pair = |a: &str, b: &str, leaf: &str| {
            format!(
                r##"{{"$ref": "#/$defs/{a}", "$defs": {{
                    "{a}": {{"properties": {{"b": {{"$ref": "#/$defs/{b}"}}, "leaf": {{"type": {leaf}}}}}}},
                    "{b}": {{"properties": {{"a": {{"$ref": "#/$defs/{a}"}}}}}}}}}}"##
            )
        };
        assert_eq!(
            kinds(&pair("x", "y", r#""integer""#), &pair("v", "w", r#""number""#), false),
            Vec::<String>::new()
        );
        assert_eq!(
            kinds(&pair("x", "y", r#""number""#), &pair("v", "w", r#""integer""#), false),
            ["/$defs/v/properties/leaf/type type"]
        );
        // One that is unrolled once more.
        let list = r##"{"type": "object", "properties": {"next": {"$ref": "#"}}}"##;
        let longer = r##"{"type": "object", "properties": {"next": {"type": "object", "properties": {"next": {"$ref": "#"}}}}}"##;
        assert_eq!(kinds(list, longer, false), Vec::<String>::new());
        assert_eq!(kinds(longer, list, false), Vec::<String>::new());
        // Alternatives in each other end.
        let mut many = r#"{"type": "string"}"#.to_string();
        let mut other = r#"{"type": "integer"}"#.to_string();
        for _ in 0..14 {
            many = format!(r#"{{"anyOf": [{{"items": {many}}}, {{"properties": {{"a": {many}}}}}]}}"#);
            other = format!(r#"{{"anyOf": [{{"items": {other}}}, {{"properties": {{"a": {other}}}}}]}}"#);
        }
        assert!(!kinds(&many, &other, false).is_empty());
    }

    #[test]
    fn avro_that_refers_to_itself_is_compared() {
        let tree = |leaf: &str, more: &str| {
            format!(
                r#"{{"type": "record", "name": "Tree", "fields": [{{"name": "leaf", "type": "{leaf}"}}{more},
                    {{"name": "below", "type": {{"type": "array", "items": "Tree"}}}},
                    {{"name": "next", "type": ["null", {{"type": "record", "name": "Pair", "fields": [
                        {{"name": "tree", "type": "Tree"}}, {{"name": "pair", "type": ["null", "Pair"]}}]}}]}}]}}"#
            )
        };
        let old = tree("int", "");
        assert_eq!(kinds(&old, &old, true), Vec::<String>::new());
        assert_eq!(kinds(&old, &tree("long", ""), true), Vec::<String>::new());
        assert_eq!(kinds(&tree("long", ""), &old, true), ["/fields/0/type type-mismatch"]);
        let added = tree("int", r#", {"name": "more", "type": "int"}"#);
        assert_eq!(kinds(&old, &added, true), ["/fields/1 reader-field-missing-default-value"]);
        // What changed is found behind an alternative as well.
        let deep = old.replace(r#"["null", "Pair"]"#, r#"["null", "string"]"#);
        assert_eq!(kinds(&old, &deep, true), ["/fields/2/type missing-union-branch"]);
    }
}
