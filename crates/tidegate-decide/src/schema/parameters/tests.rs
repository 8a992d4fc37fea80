use super::*;
use tidegate_graph::contract::schema::{Check, JsonProgram, Members, Node};

const INTEGER: u32 = 0;
const FLAG: u32 = 1;
const WORD: u32 = 2;
const INTEGERS: u32 = 3;
const SIZE: u32 = 4;
const NUMBER: u32 = 5;
const OBJECT: u32 = 6;

fn program(all: Vec<Parameter>) -> ParametersProgram {
    let of = |bits: u8| Node { checks: vec![Check::Type(Types(bits))], resource: 0 };
    let with = |bits: u8, check: Check| Node { checks: vec![Check::Type(Types(bits)), check], resource: 0 };
    let words = vec!["big".to_string(), "small".to_string()];
    let members = Members { required: vec!["a".into()], ..Members::default() };
    let nodes = vec![
        of(Types::INTEGER),
        of(Types::BOOLEAN),
        with(Types::STRING, Check::Enum(words, Vec::new())),
        with(Types::ARRAY, Check::Items(Vec::new(), Some(INTEGER))),
        with(Types::STRING | Types::INTEGER, Check::Minimum("3".into(), false)),
        of(Types::NUMBER),
        with(Types::OBJECT, Check::Object(Box::new(members))),
    ];
    ParametersProgram { all, values: JsonProgram { nodes, ..JsonProgram::default() } }
}

fn of(place: ParameterPlace, node: u32) -> Parameter {
    let (form, node) = (ParameterForm::Text, Some(node));
    Parameter { place, name: "n".into(), required: false, empty: false, form, node }
}

fn judged(parameter: Parameter, trigger: Trigger, event: &str) -> Result<(), (String, Mismatch)> {
    let program = program(vec![parameter]);
    let mut tape = Tape::default();
    tape.read(event.as_bytes(), &Limits::default()).unwrap();
    let root = tape.root(event.as_bytes());
    let (prepared, limits) = (Prepared::default(), Limits::default());
    let route = Some("GET /orders/{n}");
    let asked = Asked { program: &program, prepared: &prepared, trigger, route, limits: &limits };
    let (mut spare, mut buffers) = (Tape::default(), Buffers::default());
    let mut kept = Kept { tape: &mut spare, buffers: &mut buffers };
    let result = asked.compare(root, &mut kept);
    result.map_err(|(node, mismatch)| (root.pointer_to(node.index()), mismatch))
}

fn fits(parameter: &Parameter, trigger: Trigger, event: &str) {
    assert_eq!(judged(parameter.clone(), trigger, event), Ok(()), "{event}");
}

fn refused(parameter: &Parameter, trigger: Trigger, event: &str, at: &str, class: Class, part: &str) {
    let (place, mismatch) = judged(parameter.clone(), trigger, event).unwrap_err();
    assert_eq!((place.as_str(), mismatch.class), (at, class), "{event}: {mismatch:?}");
    assert!(mismatch.detail.contains(part), "{part} in {mismatch:?}");
}

fn raw(query: &str) -> String {
    format!(r#"{{"rawPath": "/orders/7", "rawQueryString": "{query}"}}"#)
}

use Class::{Schema, TypeConfusion};
use ParameterPlace::{Cookie, Header, Message, Path, Query};
use Trigger::{Alb, ApiGatewayV1, ApiGatewayV2, Kafka, Mq, Sns, Sqs};

#[test]
fn texts_are_read_as_what_their_schema_says() {
    for (node, good, bad) in [
        (INTEGER, &["7", "-7", "007", "%37"][..], &["", "7.0", "1e3", "x", "7%00", "+7", "0x7", "true"][..]),
        (FLAG, &["true", "false"], &["1", "True", "", "yes"]),
        (
            NUMBER,
            &["7", "7.50", "1e3", "1E%2B3", "-0.5"],
            &[".5", "5.", "1e", "NaN", "Infinity", "--1", "1_000"],
        ),
        (SIZE, &["3", "x", ""], &["2"][..0]),
    ] {
        let parameter = of(Query, node);
        good.iter().for_each(|text| fits(&parameter, ApiGatewayV2, &raw(&format!("n={text}"))));
        for text in bad {
            let event = raw(&format!("a=1&n={text}"));
            refused(
                &parameter,
                ApiGatewayV2,
                &event,
                "/rawQueryString",
                TypeConfusion,
                "query parameter `n`: expected ",
            );
        }
    }
    let word = of(Query, WORD);
    fits(&word, ApiGatewayV2, &raw("n=big"));
    refused(&word, ApiGatewayV2, &raw("n=huge"), "/rawQueryString", Schema, "none of the values");
    // What nobody asks about passes.
    fits(&of(Query, INTEGER), ApiGatewayV2, &raw("m=x&N=x"));
}

#[test]
fn all_places_of_a_query_count() {
    let one = of(Query, INTEGER);
    for (trigger, event, at) in [
        (
            ApiGatewayV1,
            r#"{"queryStringParameters": {"n": "x"}, "multiValueQueryStringParameters": null}"#,
            "/queryStringParameters/n",
        ),
        (
            ApiGatewayV1,
            r#"{"queryStringParameters": {"n": "7"}, "multiValueQueryStringParameters": {"n": ["x", "7"]}}"#,
            "/multiValueQueryStringParameters/n/0",
        ),
        (Alb, r#"{"queryStringParameters": {"%6e": "%78"}}"#, "/queryStringParameters/%6e"),
        (
            ApiGatewayV2,
            r#"{"rawQueryString": "n=7&n=8", "queryStringParameters": {"n": "7,8"}}"#,
            "/rawQueryString",
        ),
        (
            ApiGatewayV2,
            r#"{"rawQueryString": "n=7", "queryStringParameters": {"n": "x"}}"#,
            "/queryStringParameters/n",
        ),
        (
            ApiGatewayV2,
            r#"{"rawQueryString": "n=x", "queryStringParameters": {"n": "x"}}"#,
            "/queryStringParameters/n",
        ),
    ] {
        refused(&one, trigger, event, at, TypeConfusion, "expected integer");
    }
    fits(&one, Alb, r#"{"multiValueQueryStringParameters": {"n": ["%37"]}}"#);
    // A text may come twice, and each counts.
    let word = of(Query, WORD);
    fits(
        &word,
        ApiGatewayV1,
        r#"{"queryStringParameters": {"n": "big"}, "multiValueQueryStringParameters": {"n": ["small", "big"]}}"#,
    );
    refused(
        &word,
        ApiGatewayV1,
        r#"{"queryStringParameters": {"n": "big"}, "multiValueQueryStringParameters": {"n": ["x", "big"]}}"#,
        "/multiValueQueryStringParameters/n/0",
        Schema,
        "none of the values",
    );
}

#[test]
fn what_is_required_is_there() {
    let missing = Parameter { required: true, node: None, ..of(Query, INTEGER) };
    refused(
        &missing,
        ApiGatewayV2,
        &raw("m=1"),
        "",
        Schema,
        "query parameter `n`: it is missing (`required`)",
    );
    refused(&missing, ApiGatewayV1, r#"{"queryStringParameters": null}"#, "", Schema, "missing");
    fits(&missing, ApiGatewayV2, &raw("n"));
    let empty = Parameter { empty: true, required: true, ..of(Query, INTEGER) };
    fits(&empty, ApiGatewayV2, &raw("n="));
    refused(&empty, ApiGatewayV2, &raw("n=x"), "/rawQueryString", TypeConfusion, "expected integer");
}

#[test]
fn lists_are_taken_apart_as_they_were_put_together() {
    let list = |form: ParameterForm| Parameter { form, ..of(Query, INTEGERS) };
    let repeated = list(ParameterForm::Repeated);
    fits(&repeated, ApiGatewayV2, &raw("n=1&n=2"));
    fits(&repeated, ApiGatewayV2, r#"{"queryStringParameters": {"n": "1,2"}}"#);
    fits(
        &repeated,
        ApiGatewayV1,
        r#"{"queryStringParameters": {"n": "2"}, "multiValueQueryStringParameters": {"n": ["1", "2"]}}"#,
    );
    refused(
        &repeated,
        ApiGatewayV2,
        &raw("n=1&n=x"),
        "/rawQueryString",
        TypeConfusion,
        "query parameter `n` at /1: expected integer",
    );
    let split = list(ParameterForm::Split(','));
    fits(&split, ApiGatewayV2, &raw("n=1,2%2C3"));
    fits(&split, ApiGatewayV2, &raw("n="));
    refused(&split, ApiGatewayV2, &raw("n=1,,2"), "/rawQueryString", TypeConfusion, "at /1");
    fits(&list(ParameterForm::Split('|')), ApiGatewayV2, &raw("n=1|2"));
    let json = Parameter { form: ParameterForm::Json, ..of(Query, OBJECT) };
    fits(&json, ApiGatewayV2, &raw("n=%7B%22a%22:1%7D"));
    refused(&json, ApiGatewayV2, &raw("n=%7B%7D"), "/rawQueryString", Schema, "`a` is missing");
    refused(&json, ApiGatewayV2, &raw("n=%7B"), "/rawQueryString", Schema, "expected JSON");
    refused(
        &json,
        ApiGatewayV2,
        &raw("n=%7B%22a%22:1,%22a%22:2%7D"),
        "/rawQueryString",
        Schema,
        "parsers disagree",
    );
}

#[test]
fn paths_headers_and_cookies() {
    let path = of(Path, INTEGER);
    fits(&path, ApiGatewayV1, r#"{"pathParameters": {"n": "7"}, "path": "/orders/x"}"#);
    fits(&path, ApiGatewayV2, r#"{"rawPath": "/orders/7"}"#);
    fits(&path, ApiGatewayV2, r#"{"rawPath": "/dev/orders/%37/", "requestContext": {"stage": "dev"}}"#);
    // What leads somewhere else is the route's affair.
    fits(&path, ApiGatewayV2, r#"{"rawPath": "/other"}"#);
    refused(
        &path,
        ApiGatewayV1,
        r#"{"pathParameters": {"n": "7;"}}"#,
        "/pathParameters/n",
        TypeConfusion,
        "path parameter `n`",
    );
    refused(
        &path,
        ApiGatewayV2,
        r#"{"rawPath": "/orders/x"}"#,
        "/rawPath",
        TypeConfusion,
        "expected integer",
    );
    let header = of(Header, INTEGER);
    fits(&header, ApiGatewayV1, r#"{"headers": {"N": "7"}, "multiValueHeaders": {"N": ["7"]}}"#);
    refused(
        &header,
        ApiGatewayV1,
        r#"{"headers": {"N": "7"}, "multiValueHeaders": {"N": ["x", "7"]}}"#,
        "/multiValueHeaders/N/0",
        TypeConfusion,
        "header `n`: expected integer, found several",
    );
    refused(
        &header,
        ApiGatewayV2,
        r#"{"headers": {"n": "7,8"}}"#,
        "/headers/n",
        TypeConfusion,
        "found string",
    );
    let list = Parameter { form: ParameterForm::Split(','), ..of(Header, INTEGERS) };
    fits(&list, ApiGatewayV2, r#"{"headers": {"n": "7, 8"}}"#);
    let cookie = of(Cookie, INTEGER);
    fits(&cookie, ApiGatewayV2, r#"{"cookies": ["a=x", "n=7"]}"#);
    fits(&cookie, ApiGatewayV1, r#"{"headers": {"Cookie": "a=x; n=7"}}"#);
    refused(
        &cookie,
        ApiGatewayV2,
        r#"{"cookies": ["a=7", "n=x"]}"#,
        "/cookies/1",
        TypeConfusion,
        "cookie `n`",
    );
    refused(
        &cookie,
        ApiGatewayV2,
        r#"{"headers": {"cookie": "n=x"}}"#,
        "/headers/cookie",
        TypeConfusion,
        "cookie `n`",
    );
}

#[test]
fn headers_of_messages() {
    let one = Parameter { required: true, ..of(Message, INTEGER) };
    let value = |bytes: &str| format!(r#"{{"headers": [{{"m": [120]}}, {{"n": [{bytes}]}}]}}"#);
    fits(&one, Kafka, &value("49, 50"));
    refused(&one, Kafka, &value("49, -61"), "/headers/1/n", TypeConfusion, "message header `n`");
    fits(&one, Sqs, r#"{"messageAttributes": {"n": {"stringValue": "7", "dataType": "Number"}}}"#);
    fits(&one, Sqs, r#"{"messageAttributes": {"n": {"binaryValue": "Nw==", "dataType": "Binary"}}}"#);
    refused(
        &one,
        Sqs,
        r#"{"messageAttributes": {"n": {"stringValue": "x"}}}"#,
        "/messageAttributes/n/stringValue",
        TypeConfusion,
        "integer",
    );
    refused(&one, Sqs, r#"{"messageAttributes": {}}"#, "", Schema, "message header `n`: it is missing");
    fits(&one, Sns, r#"{"Sns": {"MessageAttributes": {"n": {"Type": "String", "Value": "7"}}}}"#);
    fits(&one, Sns, r#"{"Sns": {"MessageAttributes": {"n": {"Type": "Binary", "Value": "Nw=="}}}}"#);
    refused(
        &one,
        Sns,
        r#"{"Sns": {"MessageAttributes": {"n": {"Type": "String", "Value": "x"}}}}"#,
        "/Sns/MessageAttributes/n/Value",
        TypeConfusion,
        "integer",
    );
    fits(&one, Mq, r#"{"basicProperties": {"headers": {"n": 7}}}"#);
    fits(&one, Mq, r#"{"basicProperties": {"headers": {"n": {"bytes": [55]}}}}"#);
    refused(
        &one,
        Mq,
        r#"{"basicProperties": {"headers": {"n": true}}}"#,
        "/basicProperties/headers/n",
        TypeConfusion,
        "found boolean",
    );
    // Where there are no headers, none can be missing.
    fits(&one, Trigger::Kinesis, "{}");
}
