//! Schemas from events that were recorded, and what they change for those that come.

use super::events::message;
use super::project::Project;
use super::schemas::SHOP;
use serde_json::{Value, json};

const CONFIG: &str = "[contract]\nmode = 'block'\n[[contract.schemas]]\nedges = '*/Place:sqs'\nfile = 'order.json'\nformats = true\n";

fn line(id: usize, body: &Value) -> Value {
    json!({"id": id, "function": "place", "event": message(&body.to_string())})
}

fn order(n: usize) -> Value {
    json!({"sku": format!("A-{n}"), "note": format!("number {n}, please"), "on": format!("2026-01-{:02}", n % 28 + 1), "qty": n})
}

fn lines(all: &[Value]) -> String {
    all.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_was_seen_is_enforced_and_moves_the_bar() {
    let mut seen: Vec<Value> = (0..20).map(|n| line(n, &order(n))).collect();
    // Nothing is learned from an attack.
    seen.push(line(20, &json!({"sku": "1' OR '1'='1", "evil": true})));
    let project = Project::with("template.yaml", SHOP)
        .file("events.jsonl", &lines(&seen))
        .file("tidegate.toml", CONFIG);
    let ran = project.run(&["contract", "schema", "learn", "events.jsonl", "--out", "order.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert_eq!(ran.stderr, "note: 1 event left out, which the guard denies\n");
    let schema: Value = serde_json::from_str(&project.read("order.json").unwrap()).unwrap();
    assert_eq!(
        schema,
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": "learned from 20 payloads",
            "type": "object", "required": ["note", "on", "qty", "sku"],
            "properties": {
                "note": {"type": "string"}, "on": {"type": "string", "format": "date"},
                "qty": {"type": "integer"}, "sku": {"type": "string", "x-tidegate-text": "word"},
            },
        })
    );
    let ours = serde_json::from_str(include_str!("../../../../docs/schemas/contract.json")).unwrap();
    let contract = project.run(&["contract"]);
    assert!(contract.stdout.contains(r#""is": "word""#) || contract.stdout.contains(r#""is":"word""#));
    jsonschema::validator_for(&ours).unwrap().validate(&contract.json()).unwrap();
    let with = |key: &str, value: Value| {
        let mut order = order(7);
        order[key] = value;
        line(1, &order)
    };
    let address = json!("http://intranet/a.png");
    for (line, decision) in [
        (line(1, &order(99)), "allow"),
        (with("qty", json!("7")), "deny"),
        (with("on", json!("soon")), "deny"),
        (with("more", json!(1)), "allow"),
        (with("sku", json!("two words")), "allow"),
        (with("note", address.clone()), "allow"),
        (with("sku", address), "deny"),
        (line(1, &json!({"sku": "A-1"})), "deny"),
    ] {
        assert_eq!(project.decide(std::slice::from_ref(&line))[0]["decision"], decision, "{line}");
    }
}

#[test]
fn closed_schemas_name_all_keys() {
    let seen: Vec<Value> = (0..3).map(|n| line(n, &json!({"n": n}))).collect();
    let project = Project::new().file("events.jsonl", &lines(&seen));
    let ran = project.run(&["contract", "schema", "learn", "--least", "3", "--closed", "events.jsonl"]);
    let schema: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    let few = project.run(&["contract", "schema", "learn", "events.jsonl"]);
    assert_eq!(few.stderr, "warning: 3 of the 20 payloads that make a rule: the schema says types alone\n");
}

#[test]
fn what_cannot_be_learned_from_is_told() {
    let order = line(1, &order(1));
    let mut other = order.clone();
    other["function"] = "bill".into();
    let project = Project::new()
        .file("broken.jsonl", &format!("{order}\nno JSON\n{{\"id\": 1}}\n\n{{\"event\": 7}}\n"))
        .file("several.jsonl", &lines(&[order, other]))
        .file("none.jsonl", "");
    let learn = |args: &[&str]| project.run(&[&["contract", "schema", "learn"][..], args].concat());
    let broken = learn(&["broken.jsonl", "--least", "1"]);
    assert_eq!(broken.code, Some(0), "{}", broken.all());
    for place in [
        "broken.jsonl:2: ",
        "broken.jsonl:3: the line has no \"event\"",
        "broken.jsonl:5: the \"event\" is no object",
    ] {
        assert!(broken.stderr.contains(place), "{}", broken.stderr);
    }
    let several = learn(&["several.jsonl"]);
    assert_eq!(several.code, Some(2), "{}", several.all());
    assert!(several.stderr.contains("several functions: bill, place"), "{}", several.stderr);
    assert_eq!(learn(&["several.jsonl", "--function", "bill", "--least", "1"]).code, Some(0));
    assert_eq!(learn(&["none.jsonl"]).code, Some(3));
    assert_eq!(learn(&["missing.jsonl"]).code, Some(2));
    assert_eq!(learn(&["several.jsonl", "--trigger", "pigeon"]).code, Some(2));
    assert_eq!(learn(&["several.jsonl", "--trigger", "sns"]).code, Some(3));
}
