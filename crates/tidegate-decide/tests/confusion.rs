//! Payloads whose types are others than those of their schema are told apart from payloads whose values are wrong.

#![allow(clippy::unwrap_used, missing_docs)]

#[cfg(test)]
mod confusion {
    use tidegate_decide::schema::{Checker, compile};
    use tidegate_graph::contract::schema::{Check, JsonProgram, Node};

    fn told(schema: &str, payload: &str) -> String {
        let options = compile::Options { draft: compile::Draft::Draft202012, formats: true, request: true };
        let compiled =
            compile::json("test:///schema", options, &|_| Some(schema.as_bytes().to_vec())).unwrap();
        match Checker::default().json(&compiled.program, payload.as_bytes()) {
            Ok(()) => "fits".into(),
            Err(mismatch) => format!("{} {}: {}", mismatch.class.name(), mismatch.pointer, mismatch.detail),
        }
    }

    #[test]
    fn another_type_has_a_class_of_its_own() {
        let id = |schema: &str| format!(r#"{{"properties": {{"id": {schema}}}}}"#);
        let operator = r#"{"id": {"$ne": null}}"#;
        for (schema, payload, expected) in [
            (r#"{"type": "string"}"#, operator, "type-confusion /id: expected string, found object (`type`)"),
            (
                r#"{"type": "string"}"#,
                r#"{"id": ["a"]}"#,
                "type-confusion /id: expected string, found array (`type`)",
            ),
            (
                r#"{"type": "integer"}"#,
                r#"{"id": "7"}"#,
                "type-confusion /id: expected integer, found string (`type`)",
            ),
            (
                r#"{"type": "boolean"}"#,
                r#"{"id": 1}"#,
                "type-confusion /id: expected boolean, found number (`type`)",
            ),
            // A fraction is a number as well: its value is wrong.
            (
                r#"{"type": "integer"}"#,
                r#"{"id": 1.5}"#,
                "schema /id: expected integer, found number (`type`)",
            ),
            (
                r#"{"type": "string", "minLength": 3}"#,
                r#"{"id": "a"}"#,
                "schema /id: expected 3 characters or more (`minLength`)",
            ),
            // Alternatives that all want another type.
            (
                r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
                operator,
                "type-confusion /id: expected null or string, found object (`anyOf`)",
            ),
            (
                r##"{"oneOf": [{"$ref": "#/$defs/name"}, {"type": "number"}], "$defs": {"x": true}}"##,
                operator,
                "type-confusion /id: expected number or string, found object (`oneOf`)",
            ),
            (
                r#"{"enum": ["a", "b"]}"#,
                operator,
                "type-confusion /id: expected string, found object (`enum`)",
            ),
            (
                r#"{"const": 7}"#,
                r#"{"id": "7"}"#,
                "type-confusion /id: expected number, found string (`enum`)",
            ),
            (
                r#"{"enum": ["a", "b"]}"#,
                r#"{"id": "c"}"#,
                "schema /id: none of the values that the schema lists (`enum`)",
            ),
            // An alternative that takes its type: the value is wrong.
            (
                r#"{"anyOf": [{"type": "string"}, {"type": "object", "required": ["a"]}]}"#,
                operator,
                "schema /id: fits none of the alternatives (`anyOf`)",
            ),
            // What can't be known takes everything.
            (r#"{"anyOf": [{"minLength": 5}, {"type": "null"}]}"#, operator, "fits"),
        ] {
            let schema = id(schema).replacen('{', r#"{"$defs": {"name": {"type": "string"}}, "#, 1);
            assert_eq!(told(&schema, payload), expected, "{schema}");
        }
    }

    #[test]
    fn schemas_that_refer_to_themselves_end() {
        let all = || {
            // The compiler refuses these; a contract that somebody else wrote may hold them.
            for nodes in [
                vec![vec![Check::Any(vec![0])]],
                vec![vec![Check::Ref(1)], vec![Check::Any(vec![2])], vec![Check::All(vec![1])]],
            ] {
                let node = |checks| Node { checks, resource: 0 };
                let program =
                    JsonProgram { nodes: nodes.into_iter().map(node).collect(), ..JsonProgram::default() };
                let told = Checker::default().json(&program, b"{}").unwrap_err();
                assert_eq!(told.class.name(), "schema");
            }
        };
        std::thread::Builder::new().stack_size(512 << 10).spawn(all).unwrap().join().unwrap();
    }

    #[test]
    fn avro_and_protocol_buffers_tell_the_same() {
        let avro = br#"{"type": "record", "name": "R", "fields": [{"name": "id", "type": "string"}]}"#;
        let avro = compile::avro(avro).unwrap();
        assert!(tidegate_decide::schema::avro(&avro, b"\x02a").is_ok());
        let text = r#"syntax = "proto3"; message R { string id = 1; int32 n = 2; }"#;
        let program =
            compile::protobuf("r.proto", None, &|_| Some(text.as_bytes().to_vec())).unwrap().program;
        let told = |payload: &str| {
            let mismatch = Checker::default().protobuf_json(&program, payload.as_bytes()).unwrap_err();
            format!("{} {}", mismatch.class.name(), mismatch.pointer)
        };
        assert_eq!(told(r#"{"id": {"$ne": null}}"#), "type-confusion /id");
        assert_eq!(told(r#"{"n": [1]}"#), "type-confusion /n");
        assert_eq!(told(r#"{"n": 4294967296}"#), "schema /n");
        assert_eq!(told(r#"{"other": 1}"#), "schema /other");
    }
}
