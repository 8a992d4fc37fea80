//! Protocol buffers: from `tidegate.toml` into the contract and before the function.

use super::events::{base64, message, record};
use super::project::Project;
use serde_json::{Value, json};

const SHOP: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Place:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: place
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Events:
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn } }
        Clicks: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST } }
";

const ORDER: &str = r#"syntax = "proto3";
package shop;
import "shop/money.proto";
message Other {}
message Order {
  string id = 1;
  repeated Line lines = 2;
  shop.Money total = 3;
  bytes raw = 4;
  message Line { string sku = 1; int32 quantity = 2; }
}
"#;

const MONEY: &str = r#"syntax = "proto3";
package shop;
message Money { string currency = 1; int64 cents = 2; }
"#;

const ASKED: &str = "[[contract.schemas]]\nedges = '*/Place:*'\nfile = 'proto/shop/order.proto#Order'\n";

fn shop(config: &str) -> Project {
    Project::with("template.yaml", SHOP)
        .file("tidegate.toml", config)
        .file("proto/shop/order.proto", ORDER)
        .file("proto/shop/money.proto", MONEY)
}

fn decide(project: &Project, events: &[Value]) -> Vec<Value> {
    let lines: Vec<Value> = (0..)
        .zip(events)
        .map(|(id, event): (u32, _)| json!({"id": id, "function": "place", "event": event}))
        .collect();
    project.decide_with(&lines, &["--explain"])
}

/// A field of bytes: its number, and up to 127 of them.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

/// `id: "a", lines: [{sku, quantity: 3}], total: {"EUR", 5}`
fn order(sku: &[u8]) -> Vec<u8> {
    let line = [field(1, sku), vec![0x10, 3]].concat();
    let total = [field(1, b"EUR"), vec![0x10, 5]].concat();
    [field(1, b"a"), field(2, &line), field(3, &total)].concat()
}

#[test]
fn messages_are_decoded_and_compared() {
    let project = shop(ASKED);
    let good = order(b"A-1");
    let confused = [field(1, b"a"), field(2, &[0x08, 1])].concat();
    let cut = &good[..good.len() - 1];
    let framed = |prefix: &[u8]| record(&[&[0, 0, 0, 0, 7], prefix, &good].concat());
    let cases = [
        (message(&base64(&good)), ""),
        (record(&good), ""),
        (record(&[]), ""),
        // Fields that the file doesn't name.
        (record(&[good.clone(), field(9, b"new")].concat()), ""),
        // Confluent's framing names the message: the second of its file.
        (framed(&[2, 2]), ""),
        (framed(&[0]), "framed as another message of its file"),
        (framed(&[2, 4]), "framed as another message of its file"),
        // In JSON, with either name, and integers in strings.
        (message(r#"{"id": "a", "lines": [{"sku": "A-1", "quantity": 3}], "total": {"cents": "5"}}"#), ""),
        (message(&base64(&confused)), "/lines/0/sku: the wire type isn't that of the field"),
        (record(&confused), "/lines/0/sku: the wire type isn't that of the field"),
        (record(cut), "/total: ends before its schema does"),
        (record(&field(1, &[0xff])), "/id: expected string, found bytes that are no UTF-8"),
        (message(r#"{"id": {"$ne": null}}"#), "/id: expected string"),
        (message(r#"{"lines": [{"quantity": "many"}]}"#), "/lines/0/quantity: expected an integer"),
        (message(r#"{"admin": true}"#), "/admin: a field that the message doesn't have"),
        // No message in Base64, and as text it must not pass for one.
        (message("JABCDEFGHIJKLMNOPQRSTUVWXYZ="), "schema proto/shop/order.proto#Order"),
    ];
    let events: Vec<Value> = cases.iter().map(|(event, _)| event.clone()).collect();
    for (answer, (event, part)) in decide(&project, &events).iter().zip(&cases) {
        let text = answer.to_string();
        let expected = if part.is_empty() { "allow" } else { "deny" };
        assert!(answer["decision"] == expected && text.contains(part), "{part} in {text} for {event}");
    }
}

#[test]
fn another_type_is_told_as_a_class_of_its_own() {
    let confused = [field(1, b"a"), field(2, &[0x08, 1])].concat();
    let answers = decide(&shop(ASKED), &[message(&base64(&confused)), message(r#"{"id": {"$ne": null}}"#)]);
    let reason = &answers[0]["records"][0]["reasons"][0];
    assert_eq!(reason["class"], "type-confusion", "{reason}");
    assert_eq!(reason["pointer"], "/Records/0/body", "{reason}");
    assert_eq!(reason["decoded"], json!(["base64", "protobuf"]), "{reason}");
    let classes: Vec<_> = answers[1]["records"][0]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["class"].as_str().unwrap())
        .collect();
    assert_eq!(classes, ["type-confusion", "nosql"], "{}", answers[1]);
}

#[test]
fn what_fits_is_inspected_value_by_value() {
    let injected = order(b"1' UNION SELECT username,password FROM users-- -");
    let short = order(b"'or 1=1--");
    let inside = [field(1, b"a"), field(4, br#"{"q": "1' UNION SELECT a,b FROM users-- -"}"#)].concat();
    let unknown = [field(1, b"a"), field(9, b"1' UNION SELECT username,password FROM users-- -")].concat();
    let events =
        [record(&injected), record(&short), record(&inside), record(&unknown), record(&order(b"don't ring"))];
    let answers = decide(&shop(ASKED), &events);
    for (answer, within) in answers.iter().zip(["/lines/0/sku", "/lines/0/sku", "/raw/q", "/9"]) {
        let reason = &answer["records"][0]["reasons"][0];
        assert_eq!((&reason["class"], &reason["within"]), (&json!("sql"), &json!(within)), "{answer}");
        assert_eq!(reason["pointer"], "/Records/0/kinesis/data", "{answer}");
    }
    assert_eq!(answers[4]["decision"], "allow", "{}", answers[4]);
}

#[test]
fn a_closed_message_has_the_fields_of_its_file_alone() {
    let project = shop(&format!("{ASKED}closed = true\n"));
    let more = [order(b"A-1"), field(9, b"new")].concat();
    let answers = decide(&project, &[record(&order(b"A-1")), record(&more)]);
    assert_eq!(answers[0]["decision"], "allow", "{}", answers[0]);
    assert!(answers[1].to_string().contains("/9: a field that the message doesn't have"), "{}", answers[1]);
}

#[test]
fn the_contract_holds_what_was_compiled() {
    let project = shop(ASKED);
    let contract = project.run(&["contract"]).json();
    let edges = contract["functions"]["template/Place"]["edges"].as_array().unwrap();
    let schema = edges.iter().find_map(|e| e["schemas"].get(0)).unwrap();
    assert_eq!((&schema["kind"], &schema["ir"]["protobuf"]["path"]), (&json!("protobuf"), &json!([1])));
    let ours = include_str!("../../../../docs/schemas/contract.json");
    let ours = jsonschema::validator_for(&serde_json::from_str(ours).unwrap()).unwrap();
    assert_eq!(ours.iter_errors(&contract).map(|e| e.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
    let digest = schema["digest"].as_str().unwrap();
    let pinned = shop(&format!("{ASKED}digest = '{digest}'\n"));
    assert_eq!(pinned.run(&["contract"]).code, Some(0));
    // What it imports counts as well.
    let changed = pinned.file("proto/shop/money.proto", &MONEY.replace("cents", "amount")).run(&["contract"]);
    assert!(
        changed.code == Some(2) && changed.stderr.contains("isn't the schema that was pinned"),
        "{}",
        changed.all()
    );
}

#[test]
fn files_that_are_wrong_are_told_with_their_line() {
    for (order, money, part) in [
        (ORDER.replace("int32 quantity", "int31 quantity"), MONEY.to_string(), "is no schema: line 10: "),
        (ORDER.to_string(), MONEY.replace("int64", "int31"), "`shop/money.proto`: line 3: "),
        (ORDER.replace("shop/money", "shop/none"), MONEY.to_string(), "line 3: "),
        (ORDER.replace("shop/money", "../../../../etc/none"), MONEY.to_string(), "line 3: "),
        (
            ORDER.replace("message Order", "message Ordered"),
            MONEY.to_string(),
            "there is no message `Order` in it",
        ),
    ] {
        let ran = shop(ASKED)
            .file("proto/shop/order.proto", &order)
            .file("proto/shop/money.proto", &money)
            .run(&["contract"]);
        assert!(ran.code == Some(2) && ran.stderr.contains(part), "{part} in {}", ran.all());
    }
    let several = shop(&ASKED.replace("#Order", "")).run(&["contract"]);
    assert!(several.stderr.contains("it holds several messages"), "{}", several.all());
}

#[test]
fn versions_are_compared() {
    let base = "syntax = \"proto3\";\nimport \"parts/e.proto\";\nmessage M {\n  string a = 1;\n  int32 b = 2;\n  repeated E e = 3;\n  \
                map<string, int32> m = 4;\n  int32 c = 5;\n  int32 d = 6;\n}\n";
    let parts = "syntax = \"proto3\";\nenum E { NONE = 0; ONE = 1; TWO = 2; }\n";
    let project = Project::with("a/old.proto", base).file("a/parts/e.proto", parts);
    let mut seen = Vec::new();
    for (from, to, expected) in [
        ("string a = 1;", "bytes a = 1;", ""),
        ("int32 b = 2;", "int64 b = 2;", ""),
        (
            "int32 b = 2;",
            "",
            "/M/b: it is gone, and its number 2 isn't reserved (field-removed-without-reserved)",
        ),
        ("int32 b = 2;", "reserved 2;", ""),
        ("int32 b = 2;", "sint32 b = 2;", "/M/b: `sint32` doesn't read all of `int32` (field-type)"),
        ("int32 b = 2;", "int32 b = 9;", "/M/b: its number was 2, and is 9 (field-renumbered)"),
        ("int32 b = 2;", "int32 bb = 2;", "/M/bb: it was `b`, which JSON names it by (field-renamed)"),
        (
            "repeated E e",
            "E e",
            "/M/e: it was a single value, a list or a map, and is another of these (field-cardinality)",
        ),
        (
            "map<string, int32>",
            "map<string, string>",
            "/M/m: `string` doesn't read all of `int32` (field-type)",
        ),
        ("string a = 1;", "string a = 1; string z = 12;", ""),
        (
            "int32 c = 5;\n  int32 d = 6;",
            "oneof x { int32 c = 5; int32 d = 6; }",
            "/M/c: it could be there together with others that it excludes (oneof-joined)",
        ),
    ] {
        let new = base.replace(from, to);
        assert_ne!(new, base, "{from}");
        let ran = project_check(&project, &new, &["--mode", "backward"]);
        seen.push(ran.0);
        let line =
            if expected.is_empty() { "compatible".to_string() } else { format!("backward: {expected}") };
        assert!(ran.1.lines().next() == Some(&line), "{line} in {} for {to}", ran.1);
    }
    assert!(seen.iter().all(|code| matches!(code, Some(0 | 10))), "{seen:?}");
    let two = |text: &str| {
        text.replace("proto3", "proto2")
            .replace(" int32", " optional int32")
            .replace(" string", " optional string")
    };
    let required = two(
        "syntax = \"proto3\"; message N { string a = 1; reserved 7; enum F { X = 0; Y = 1; } optional F f = 3; }",
    );
    let project = Project::with("a/old.proto", &required);
    for (from, to, mode, expected) in [
        (
            "optional string a",
            "required string a",
            "backward",
            "/N/a: it could be left out, and is required (required-field-added)",
        ),
        ("optional string a = 1;", "optional string a = 1; optional string z = 7;", "backward", ""),
        ("Y = 1;", "", "backward", "/N.F/Y: a reader takes it for none at all (enum-value-removed)"),
        ("Y = 1;", "Y = 2;", "backward", "/N.F/Y: its number was 1, and is 2 (enum-value-renumbered)"),
        ("Y = 1;", "Y = 1; Z = 2;", "backward", "compatible"),
        (
            "Y = 1;",
            "Y = 1; Z = 2;",
            "forward",
            "/N.F/Z: a reader takes it for none at all (enum-value-removed)",
        ),
    ] {
        let mut new = required.replace(from, to);
        let mut expected = expected.to_string();
        if expected.is_empty() {
            new = new.replace("reserved 7;", "");
            expected = "/N/z: its number 7 was reserved (reserved-number-used)".into();
        }
        let ran = project_check(&project, &new, &["--mode", mode]);
        assert!(ran.1.contains(&expected), "{expected} in {} for {to}", ran.1);
    }
    let mixed = Project::with("a.proto", parts)
        .file("b.json", "{}")
        .run(&["contract", "schema", "check", "a.proto", "b.json"]);
    assert!(
        mixed.code == Some(2) && mixed.stderr.contains("one of the files is protobuf"),
        "{}",
        mixed.all()
    );
    let none = project.run(&["contract", "schema", "check", "none.proto", "a/old.proto"]);
    assert!(none.code == Some(2) && none.stderr.contains("there is no `none.proto`"), "{}", none.all());
}

fn project_check(project: &Project, new: &str, more: &[&str]) -> (Option<i32>, String) {
    std::fs::write(project.path("a/new.proto"), new).unwrap();
    let ran = project.run(&[&["contract", "schema", "check", "a/old.proto", "a/new.proto"], more].concat());
    (ran.code, format!("{}{}", ran.stdout, ran.stderr))
}
