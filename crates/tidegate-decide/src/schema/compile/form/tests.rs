use super::super::{Draft, Nature, Options, Problem, json};

fn problems(draft: Draft, schema: &str, pointer: &str) -> Vec<Problem> {
    let options = Options { draft, formats: false, request: false };
    json(&format!("test:a{pointer}"), options, &|_| Some(schema.as_bytes().to_vec())).unwrap().problems
}

#[test]
fn what_has_no_meaning_is_told_with_its_place() {
    let (old, api, seven, new) = (Draft::Draft4, Draft::OpenApi30, Draft::Draft7, Draft::Draft202012);
    for (draft, schema, place, message) in [
        (new, r#"{"type": "bogus"}"#, "#/type", "there is no such type; it is one of null, boolean,"),
        (new, r#"{"type": ["string", 1]}"#, "#/type", "there is no such type"),
        (new, r#"{"type": []}"#, "#/type", "there is no such type"),
        (new, "[]", "", "a schema is an object or a boolean"),
        (new, r#""x""#, "", "a schema is an object or a boolean"),
        (new, r#"{"required": "id"}"#, "#/required", "`required` is a list of names"),
        (api, r#"{"required": true}"#, "#/required", "`required` is a list of names"),
        (new, r#"{"required": [1]}"#, "#/required/0", "`required` is a list of names"),
        (new, r#"{"minLength": -1}"#, "#/minLength", "`minLength` can't be this: below the minimum 0"),
        (old, r#"{"minLength": 1.5}"#, "#/minLength", "expected integer"),
        (
            seven,
            r#"{"properties": []}"#,
            "#/properties",
            "`properties` can't be this: expected object, found array",
        ),
        (
            new,
            r#"{"items": {"properties": {"a/b": {"enum": 1}}}}"#,
            "#/items/properties/a~1b/enum",
            "expected array",
        ),
        (new, r#"{"allOf": []}"#, "#/allOf", "`allOf` can't be this"),
        (new, r#"{"allOf": {}}"#, "#/allOf", "expected array"),
        (new, r#"{"not": 1}"#, "#/not", "a schema is an object or a boolean"),
        (new, r#"{"items": [{}]}"#, "#/items", "a schema is an object or a boolean"),
        (new, r#"{"$ref": 7}"#, "#/$ref", "`$ref` is a string"),
        (old, r#"{"$ref": 7}"#, "#/$ref", "`$ref` is a string"),
        (api, r#"{"type": "string", "nullable": "yes"}"#, "#/nullable", "`nullable` is a boolean"),
        (
            new,
            r#"{"minimum": 1, "exclusiveMinimum": true}"#,
            "#/exclusiveMinimum",
            "if draft 4 is meant, say so",
        ),
        (
            seven,
            r#"{"exclusiveMaximum": false, "maximum": 2}"#,
            "#/exclusiveMaximum",
            "in draft 7 `exclusiveMaximum` is a number",
        ),
        (
            old,
            r#"{"exclusiveMinimum": 3}"#,
            "#/exclusiveMinimum",
            "in draft 4 `exclusiveMinimum` is a boolean",
        ),
        (api, r#"{"exclusiveMaximum": 3}"#, "#/exclusiveMaximum", "in OpenAPI 3.0"),
        (old, r#"{"exclusiveMinimum": true}"#, "", "`minimum` is missing"),
        (
            new,
            r#"{"pattern": "[a"}"#,
            "#/pattern",
            "no regular expression of ECMA 262: a class without an end",
        ),
        (new, r#"{"patternProperties": {"(a/": {}}}"#, "#/patternProperties/(a~1", "unclosed group"),
        (
            seven,
            r##"{"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 3}"##,
            "#/exclusiveMinimum",
            "draft 4",
        ),
    ] {
        let found = problems(draft, schema, "");
        let [problem] = found.as_slice() else { panic!("{schema}: {found:?}") };
        assert_eq!(
            (problem.place.as_str(), problem.nature),
            (&*format!("test:a{place}"), Nature::Malformed),
            "{schema}"
        );
        assert!(problem.message.contains(message), "{schema}: {}", problem.message);
    }
}

#[test]
fn what_has_one_is_taken() {
    for (draft, schema) in [
        (Draft::Draft202012, "true"),
        (Draft::Draft202012, "{}"),
        (Draft::Draft202012, r#"{"title": "Anything", "x-note": 1}"#),
        (Draft::Draft202012, r#"{"type": ["string", "null"], "exclusiveMinimum": 0, "required": []}"#),
        (
            Draft::Draft202012,
            r#"{"properties": {"$ref": {"type": "string"}, "required": true, "type": {"enum": ["bogus"]}}}"#,
        ),
        (Draft::Draft202012, r#"{"const": {"type": "bogus"}, "default": {"minLength": -1}}"#),
        (Draft::Draft7, r#"{"items": [{"type": "string"}], "definitions": {"unused": {"type": "bogus"}}}"#),
        // What stands beside a reference doesn't count there.
        (
            Draft::Draft7,
            r##"{"properties": {"a": {"$ref": "#/definitions/b", "minLength": -1}}, "definitions": {"b": {}}}"##,
        ),
        // Programs write it, though draft 4 asks for one name at least.
        (Draft::Draft4, r#"{"required": [], "minimum": 1, "exclusiveMinimum": true}"#),
        (
            Draft::OpenApi30,
            r#"{"type": "string", "nullable": true, "example": 1, "discriminator": {"propertyName": "a"}}"#,
        ),
    ] {
        assert_eq!(problems(draft, schema, ""), [], "{schema}");
    }
}

#[test]
fn documents_of_apis_and_their_parts_are_no_schemas() {
    let api = r#"{"openapi": "3.0.0", "info": {"title": "a", "version": "1"}, "paths": {"/orders": {"post": {
        "description": "x", "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {}}}}, "components": {"schemas": {"Or/der": {"type": "object"}}}}"#;
    let events = r#"{"asyncapi": "3.0.0", "components": {"messages": {"Placed": {"name": "p", "payload": {"type": "object"}}}}}"#;
    for (document, pointer, message) in [
        (
            api,
            "",
            "a whole OpenAPI document; the schema that is meant is a part of it, as `#/components/schemas/Or~1der`",
        ),
        (
            r#"{"swagger": "2.0", "definitions": {"A": {}}}"#,
            "",
            "a whole Swagger document; the schema that is meant is a part of it, as `#/definitions/A`",
        ),
        (events, "", "as `#/components/messages/Placed/payload`"),
        // The hint leads to what is there.
        (
            r#"{"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": [{"name": "schema"}, {"schema": {"type": "string"}}]}}}}"#,
            "",
            "as `#/paths/~1a/get/parameters/1/schema`",
        ),
        (
            r##"{"asyncapi": "2.6.0", "channels": {"a": {"publish": {"message": {"payload": {"type": "string"}}}}},
                "components": {"messages": {"Placed": {"$ref": "b.yaml"}}}}"##,
            "",
            "as `#/channels/a/publish/message/payload`",
        ),
        (r#"{"openapi": "3.0.0", "paths": {}}"#, "", "a whole OpenAPI document; no schema stands in it"),
        (
            r##"{"openapi": "3.0.0", "paths": {"/a": {"post": {"requestBody": {"$ref": "#/components/requestBodies/A"}}}}}"##,
            "#/paths/~1a/post",
            "nothing in it is a keyword",
        ),
        (
            api,
            "#/paths/~1orders/post",
            "but has one: `#/paths/~1orders/post/requestBody/content/application~1json/schema`",
        ),
        (api, "#/paths/~1orders/post/requestBody", "`required` is a list of names"),
        (
            api,
            "#/paths/~1orders/post/requestBody/content/application~1json",
            "`#/paths/~1orders/post/requestBody/content/application~1json/schema`",
        ),
        (events, "#/components/messages/Placed", "`#/components/messages/Placed/payload`"),
        (r#"{"error_code": 404, "message": "gone"}"#, "", "nothing in it is a keyword of JSON Schema"),
    ] {
        let found = problems(Draft::OpenApi30, document, pointer);
        let [problem] = found.as_slice() else { panic!("{pointer}: {found:?}") };
        assert!(problem.message.contains(message), "{pointer}: {}", problem.message);
    }
    let part = "#/paths/~1orders/post/requestBody/content/application~1json/schema";
    assert_eq!(problems(Draft::OpenApi30, api, part), []);
}

#[test]
fn mistakes_without_end_are_told_a_few_times() {
    let members = (0..5000).map(|n| format!(r#""m{n}": {{"minLength": -1}}"#)).collect::<Vec<_>>().join(", ");
    assert_eq!(problems(Draft::Draft7, &format!(r#"{{"properties": {{{members}}}}}"#), "").len(), 20);
}

#[test]
fn a_dialect_that_nobody_knows_is_told_once_with_those_that_are() {
    let told = |text: &str, start: &str| {
        let options = Options { draft: Draft::Draft202012, formats: false, request: false };
        let own = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema"}"#;
        let fetch = |uri: &str| match uri {
            "test:a" => Some(text.as_bytes().to_vec()),
            "https://shop.example/dialect" => Some(own.as_bytes().to_vec()),
            _ => None,
        };
        json(start, options, &fetch).unwrap().problems
    };
    let strange = r##"{"$schema": "http://example.com/my-dialect#", "properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {}}}"##;
    for start in ["test:a", "test:a#/$defs/b"] {
        let found = told(strange, start);
        let [problem] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((problem.place.as_str(), problem.nature), ("test:a#/$schema", Nature::Foreign));
        for part in
            ["`http://example.com/my-dialect`", "`http://json-schema.org/draft-04/schema`", "2020-12/schema`"]
        {
            assert!(problem.message.contains(part), "{part}: {}", problem.message);
        }
    }
    for fine in [
        r#"{"$schema": "https://shop.example/dialect#", "type": "string"}"#,
        r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#,
        r#"{"properties": {"$schema": {"type": "string"}}}"#,
    ] {
        assert_eq!(told(fine, "test:a"), [], "{fine}");
    }
    // The document of an API says how it is written itself.
    let api = r#"{"$schema": "https://spec.openapis.org/oas/3.0/schema/2021-09-28", "openapi": "3.0.0",
        "components": {"schemas": {"A": {"type": "string"}}}}"#;
    assert_eq!(told(api, "test:a#/components/schemas/A"), []);
}
