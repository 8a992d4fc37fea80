//! Whether a text is a schema at all.

use super::written;
use tidegate_decide::schema::compile::{self, Draft, Nature, Options, Problem};
use tidegate_graph::contract::schema::SchemaKind;

/// Whether a text is a schema in this language, seen by itself: what it refers to elsewhere isn't looked at.
pub(crate) fn is_schema(kind: SchemaKind, text: &str) -> Result<(), String> {
    match kind {
        SchemaKind::JsonSchema => {
            is_schema_of_json(text.as_bytes()).map_err(|problem| said(&problem, Some(text)))
        }
        SchemaKind::Avro => {
            compile::avro(text.as_bytes()).map(drop).map_err(|problem| said(&problem, Some(text)))
        }
        SchemaKind::Protobuf => {
            let fetch = |name: &str| (name == FILE).then(|| text.as_bytes().to_vec());
            let found = compile::protobuf_file(FILE, &fetch).map_err(|problem| problem.message)?;
            if found.program.messages.is_empty() { Err("it has no message".into()) } else { Ok(()) }
        }
    }
}

const FILE: &str = "schema.proto";

/// Keywords that other drafts write in another form. Whatever else is wrong isn't right in an older draft: it only
/// doesn't know the keyword.
const ELSEWHERE: [&str; 3] = ["/items", "/exclusiveMinimum", "/exclusiveMaximum"];

/// The same for a JSON text, which may be of any draft where it doesn't say which.
pub(crate) fn is_schema_of_json(json: &[u8]) -> Result<(), Problem> {
    const HERE: &str = "schema:here";
    let mut first = None;
    for draft in [Draft::Draft202012, Draft::Draft7, Draft::OpenApi30] {
        let options = Options { draft, formats: false, request: false };
        let fetch = |uri: &str| (uri == HERE).then(|| json.to_vec());
        let mine = |problem: &Problem| !matches!(problem.nature, Nature::Open | Nature::Foreign);
        let problem = match compile::json(HERE, options, &fetch) {
            Err(problem) => Some(problem),
            Ok(compiled) => compiled.problems.into_iter().find(mine),
        };
        let Some(problem) = problem else { return Ok(()) };
        // Older drafts have other words for anchors.
        let goes_on = problem.nature == Nature::Dangling
            || ELSEWHERE.iter().any(|keyword| problem.place.ends_with(keyword));
        first.get_or_insert(problem);
        if !goes_on {
            break;
        }
    }
    first.map_or(Ok(()), Err)
}

/// A problem in words, with the line where its text is at hand.
pub(crate) fn said(problem: &Problem, text: Option<&str>) -> String {
    let pointer = problem.place.split_once('#').map_or("", |(_, pointer)| pointer);
    let line = text.map(|text| {
        let before = text.get(..written::place(text, pointer).start).unwrap_or_default();
        format!("line {}: ", before.matches('\n').count() + 1)
    });
    let at = if pointer.is_empty() || problem.message.contains(pointer) {
        String::new()
    } else {
        format!(" at `{pointer}`")
    };
    let message = problem.message.replace("`schema:here`", "it");
    format!("{}{message}{at}", line.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_schema_is_told_with_its_line() {
        let (json, avro, proto) = (SchemaKind::JsonSchema, SchemaKind::Avro, SchemaKind::Protobuf);
        for (kind, text) in [
            (json, r#"{"type": "object", "properties": {"a": {"$ref": "b.json"}}}"#),
            (json, "true"),
            (json, r#"{"minimum": 1, "exclusiveMinimum": true}"#),
            (json, r#"{"items": [{"type": "string"}]}"#),
            (json, r##"{"$ref": "#name", "definitions": {"a": {"$id": "#name"}}}"##),
            (json, r##"{"$ref": "#name", "definitions": {"a": {"id": "#name"}}}"##),
            (json, r#"{"$schema": "https://shop.example/dialect"}"#),
            (avro, r#""string""#),
            (
                avro,
                r#"{"type": "record", "name": "R", "fields": [{"name": "r", "type": ["null", "R"]},
                    {"name": "s", "type": {"type": "array", "items": "R"}}, {"name": "t", "type": {"type": "map", "values": "R"}}]}"#,
            ),
            (proto, "syntax = 'proto3'; message A { A a = 1; }"),
        ] {
            assert_eq!(is_schema(kind, text), Ok(()), "{text}");
        }
        for (kind, text, part) in [
            (json, "<html></html>", "no JSON"),
            (json, "[]", "an object or a boolean"),
            (json, r#"{"error": "not found"}"#, "nothing in it is a keyword"),
            (
                json,
                "{\n \"properties\": {\n  \"a\": {\"type\": \"bogus\"}}}",
                "line 3: there is no such type",
            ),
            (json, r##"{"$ref": "#"}"##, "leads back to itself"),
            (json, r##"{"if": {"$ref": "#"}, "then": true}"##, "leads back to itself"),
            (json, r#"{"if": {"type": "bogus"}, "then": true}"#, "no such type"),
            (
                json,
                "{\"type\": \"object\",\n \"$ref\": \"#/nowhere\"}",
                "line 2: there is nothing at `#/nowhere`",
            ),
            (json, r##"{"$ref": "#name"}"##, "there is no anchor `name`"),
            (json, r#"{"contains": 5}"#, "contains"),
            (json, r#"{"prefixItems": {}}"#, "prefixItems"),
            (json, "{\"type\": \"string\",\n \"type\": \"integer\"}", "key twice in one object"),
            (avro, "{}", "`type` is missing"),
            (
                avro,
                r#"{"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}"#,
                "holds itself without end",
            ),
            (avro, "", "no JSON"),
            (proto, "<html></html>", "1:"),
            (proto, "", "no message"),
        ] {
            let wrong = is_schema(kind, text).unwrap_err();
            assert!(wrong.contains(part), "{text}: {wrong}");
        }
    }
}
