use super::*;
use crate::schema::compile::{self, Draft, Options};
use crate::{Guard, Settings, Trigger};
use tidegate_graph::contract::Contract;
use tidegate_graph::contract::schema::Node as Subschema;

/// What a thread gets where somebody is sparing.
const STACK: usize = 512 << 10;

fn sparing(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK).spawn(test).unwrap().join().unwrap();
}

fn compiled(schema: &str) -> JsonProgram {
    let options = Options { draft: Draft::Draft202012, formats: true, request: true };
    compile::json("project:///s.json", options, &|_| Some(schema.as_bytes().to_vec())).unwrap().program
}

fn judged(program: &JsonProgram, text: &str) -> Result<(), String> {
    let mut tape = Tape::default();
    tape.read(text.as_bytes(), &Limits { depth: 1 << 20, number: 1 << 16 }).unwrap();
    let ready = Ready::of(program);
    let result =
        validate(program, &ready, 0, tape.root(text.as_bytes()), tape.len(), &mut Buffers::default());
    result.map_err(|fault| fault.why.to_string())
}

fn nested(depth: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn a_schema_that_refers_to_itself_takes_no_stack() {
    sparing(|| {
        for schema in [
            r##"{"type": "object", "properties": {"a": {"$ref": "#"}}}"##,
            r##"{"type": "object", "additionalProperties": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}"##,
            r##"{"type": "object", "patternProperties": {"^a": {"$dynamicRef": "#n"}}, "$dynamicAnchor": "n"}"##,
            r##"{"type": "object", "properties": {"a": {"if": {"type": "object"}, "then": {"$ref": "#"}, "else": false}}}"##,
            r##"{"type": "object", "unevaluatedProperties": {"$ref": "#"}}"##,
        ] {
            let program = compiled(schema);
            for depth in [1, 64, 400, 1000] {
                assert_eq!(
                    judged(&program, &nested(depth, r#"{"a":"#, "{}", "}")),
                    Ok(()),
                    "{schema} {depth}"
                );
                let wrong = judged(&program, &nested(depth, r#"{"a":"#, "7", "}"));
                assert!(wrong.is_err(), "{schema} {depth}");
            }
            let deep = judged(&program, &nested(100_000, r#"{"a":"#, "{}", "}"));
            assert_eq!(
                deep,
                Err("references of the schema and values nest deeper than allowed".into()),
                "{schema}"
            );
        }
        let lists =
            compiled(r##"{"type": "array", "items": {"$ref": "#"}, "contains": true, "minContains": 0}"##);
        assert_eq!(judged(&lists, &nested(1000, "[", "", "]")), Ok(()));
        assert!(judged(&lists, &nested(1000, "[", "1", "]")).is_err());
    });
}

#[test]
fn references_in_a_circle_end() {
    sparing(|| {
        // Nothing that compiles says this, but a contract is a file.
        for check in [Check::Ref(0), Check::All(vec![0, 0]), Check::DynamicRef("a".into(), 0)] {
            let program = JsonProgram {
                nodes: vec![Subschema { checks: vec![check], resource: 0 }],
                ..JsonProgram::default()
            };
            assert_eq!(
                judged(&program, "{}"),
                Err("references of the schema and values nest deeper than allowed".into())
            );
        }
        // Nor does an alternative hide it, whose fault counts for nothing.
        for check in [Check::Not(0), Check::Any(vec![0, 1]), Check::If(0, None, None)] {
            let nodes =
                [check, Check::Never].map(|check| Subschema { checks: vec![check], resource: 0 }).to_vec();
            let program = JsonProgram { nodes, ..JsonProgram::default() };
            assert!(judged(&program, "{}").is_err());
        }
    });
}

#[test]
fn deep_values_are_compared_without_a_stack() {
    sparing(|| {
        let unique = compiled(r#"{"uniqueItems": true}"#);
        let (one, other) = (nested(50_000, "[", "1", "]"), nested(50_000, "[", "2", "]"));
        assert_eq!(judged(&unique, &format!("[{one},{other}]")), Ok(()));
        assert_eq!(judged(&unique, &format!("[{one},{one}]")), Err("an element stands there twice".into()));
        let members = |inner: &str| nested(20_000, r#"{"a":"#, inner, "}");
        assert!(judged(&unique, &format!("[{},{}]", members("1.0"), members("1"))).is_err());
    });
}

#[test]
fn equal_is_what_has_the_same_value() {
    let same = |a: &str, b: &str| {
        let text = format!("[{a},{b}]");
        let mut tape = Tape::default();
        tape.read(text.as_bytes(), &Limits::default()).unwrap();
        let items: Vec<Item<'_>> = tape.root(text.as_bytes()).items().collect();
        let (a, b) = (items[0], items[1]);
        let equal = same::same(a, b, &mut 1_000_000);
        assert!(!equal || same::hash(a) == same::hash(b), "{text}");
        assert_eq!(equal, same::same(b, a, &mut 1_000_000), "{text}");
        equal
    };
    for (a, b) in [
        (r#"{"a": 1, "b": [1, {"c": null}]}"#, r#"{"b": [1.0, {"c": null}], "a": 1e0}"#),
        (r#""\u0061""#, r#""a""#),
        (r#"{"\u0061": {}}"#, r#"{"a": {}}"#),
        ("[]", "[]"),
    ] {
        assert!(same(a, b), "{a} {b}");
    }
    for (a, b) in [
        ("[1, 2]", "[2, 1]"),
        ("[1]", "[1, 1]"),
        ("[]", "{}"),
        (r#"{"a": 1}"#, r#"{"b": 1}"#),
        (r#"{"a": 1}"#, r#"{"a": 1, "b": 1}"#),
        (r#"{"a": [1]}"#, r#"{"a": [[1]]}"#),
        ("true", "false"),
        ("null", "0"),
    ] {
        assert!(!same(a, b), "{a} {b}");
    }
}

/// An event of SQS with a body, and what a function says to it that takes what the schema says.
fn decided(ir: &str, kind: &str, depth: usize, body: &str) -> String {
    let contract = format!(
        r#"{{"version":1,"graph_digest":"","compiled_by":"","defaults":{{"account":null,"region":null,"mode":"block",
        "on_error":"closed","max_bytes":1000000,"max_depth":{depth}}},"functions":{{"f":{{"logical_id":"f","name":"f",
        "type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],"limits":{{}},"egress":[],
        "edges":[{{"id":"e","from":"x","trigger":"sqs","evidence":"","origin":{{"arns":[],"accounts":[],"regions":[],
        "ids":[],"sources":[],"detail_types":[]}},"exposure":"anonymous","taint":0,"mode":"block","inspect":"full",
        "on_deny":{{"answer":"fail"}},"unknown":[],"schemas":[{{"kind":"{kind}","source":"s","digest":"","closed":false,
        "ir":{ir}}}]}}]}}}}}}"#
    );
    let contract: Contract = serde_json::from_str(&contract).unwrap();
    let settings = match Settings::of(&contract) {
        Ok(settings) => settings,
        Err(why) => return why,
    };
    let body = serde_json::to_string(body).unwrap();
    let event = format!(
        r#"{{"Records":[{{"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:111122223333:q","body":{body}}}]}}"#
    );
    let ruling = Guard::new(settings).decide_for(event.as_bytes(), Some(Trigger::Sqs), &contract, "f");
    let reasons = ruling.decision.records.iter().flat_map(|record| &record.reasons);
    let details = reasons.map(|reason| reason.detail.to_string());
    details.collect::<Vec<_>>().join("\n")
}

#[test]
fn whole_decisions_about_deep_payloads_take_little_stack() {
    sparing(|| {
        let ir = compiled(
            r##"{"type": "object", "properties": {"a": {"$ref": "#"}}, "additionalProperties": false}"##,
        );
        let ir = serde_json::json!({ "json": ir }).to_string();
        let of = |depth: usize, inner: &str| {
            decided(&ir, "json-schema", 512, &nested(depth, r#"{"a":"#, inner, "}"))
        };
        assert_eq!(of(500, "{}"), "");
        let told = of(500, "7");
        assert!(told.contains("/a/a: expected object, found number"), "{told}");
        assert!(of(600, "{}").contains("nested deeper than the limit"));
        assert_eq!(decided(&ir, "json-schema", 513, "{}"), "its `max_depth` is 513, which is more than 512");

        let list = br#"{"type": "record", "name": "L", "fields": [{"name": "a", "type": ["null", "L"]}]}"#;
        let list = compile::avro(list).unwrap();
        let ir = serde_json::json!({ "avro": list }).to_string();
        let json = |depth: usize| nested(depth, r#"{"a":{"L":"#, r#"{"a":null}"#, "}}");
        assert_eq!(decided(&ir, "avro", 512, &json(60)), "");
        assert!(decided(&ir, "avro", 512, &json(200)).contains("nested deeper than the limit"));
        let binary = |depth: usize| [vec![2_u8; depth], vec![0]].concat();
        assert_eq!(crate::schema::avro(&list, &binary(60)), Ok(()));
        for depth in [200, 100_000] {
            let refused = crate::schema::avro(&list, &binary(depth)).unwrap_err();
            assert!(refused.detail.contains("nested deeper than the limit"), "{refused:?}");
        }

        let proto = b"syntax = \"proto3\"; message L { L a = 1; int32 n = 2; }";
        let proto = compile::protobuf("l.proto", None, &|_| Some(proto.to_vec())).unwrap().program;
        let ir = serde_json::json!({ "protobuf": proto }).to_string();
        let json = |depth: usize| nested(depth, r#"{"a":"#, "{}", "}");
        assert_eq!(decided(&ir, "protobuf", 512, &json(99)), "");
        assert!(decided(&ir, "protobuf", 512, &json(200)).contains("nested deeper than the limit"));
    });
}

#[test]
fn deep_messages_take_a_bounded_stack() {
    // Messages are read in each other, up to the depth that the libraries of the language take.
    let all = || {
        let proto = b"syntax = \"proto3\"; message L { L a = 1; int32 n = 2; }";
        let proto = compile::protobuf("l.proto", None, &|_| Some(proto.to_vec())).unwrap().program;
        let wire = |depth: usize| {
            (0..depth).fold(vec![0x10, 7], |inner, _| {
                let [low, high] =
                    [inner.len() & 0x7f | 0x80, inner.len() >> 7].map(|n| u8::try_from(n).unwrap());
                [&[0x0a, low, high][..], &inner].concat()
            })
        };
        let mut checker = crate::schema::Checker::default();
        assert_eq!(checker.protobuf(&proto, true, &wire(99), &mut |_, _| {}), Ok(()));
        assert!(checker.protobuf(&proto, true, &wire(200), &mut |_, _| {}).is_err());
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(all).unwrap().join().unwrap();
}
