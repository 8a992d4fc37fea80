//! `tidegate guard decide`: JSON lines in, JSON lines out.

use super::project::Project;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

/// The answers to these lines, in their order.
fn answers(args: &[&str], lines: &[String]) -> Vec<Value> {
    let project = Project::new();
    let mut child = project
        .command()
        .args(["guard", "decide"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for line in lines {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn queue(bodies: &[&str]) -> Value {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(i, body)| {
            json!({"messageId": i.to_string(), "receiptHandle": "A", "body": body, "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:orders", "awsRegion": "eu-west-1"})
        })
        .collect();
    json!({"Records": records})
}

fn line(id: impl Into<Value>, event: &Value) -> String {
    json!({"id": id.into(), "event": event}).to_string()
}

const ATTACK: &str = "' UNION SELECT password FROM users--";

#[test]
fn allow_deny_and_partial() {
    let got = answers(
        &[],
        &[
            line("a", &queue(&["O'Brien's order"])),
            line(7, &queue(&[ATTACK])),
            line("c", &queue(&["fine", ATTACK, "fine, too"])),
        ],
    );
    let of = |i: usize, key: &str| got[i][key].clone();
    assert_eq!((of(0, "id"), of(0, "decision"), of(0, "records")), (json!("a"), json!("allow"), json!([])));
    assert_eq!((of(1, "id"), of(1, "decision"), of(1, "trigger")), (json!(7), json!("deny"), json!("sqs")));
    assert_eq!(of(2, "decision"), "partial");
    let record = &got[2]["records"][0];
    assert_eq!((&record["index"], &record["decision"]), (&json!(1), &json!("deny")));
    let reason = &record["reasons"][0];
    assert_eq!((&reason["class"], &reason["pointer"]), (&json!("sql"), &json!("/Records/1/body")));
    assert!(!reason.to_string().contains("password"), "the text itself is no part of an answer: {reason}");
}

#[test]
fn what_is_never_blocked_says_what_it_would_be() {
    let event = json!({"RequestType": "Create", "ResponseURL": "https://s3.example/a", "StackId": "arn:aws:cloudformation:x",
        "ResourceProperties": {"Name": ATTACK}});
    let got = answers(&[], &[line(1, &event)]);
    assert_eq!(got[0]["trigger"], "custom-resource", "{got:?}");
    assert_eq!((&got[0]["decision"], &got[0]["would"]), (&json!("allow"), &json!("deny")), "{got:?}");
    let record = &got[0]["records"][0];
    assert_eq!((&record["decision"], &record["would"]), (&json!("allow"), &json!("deny")), "{got:?}");
    assert_eq!((&record["reasons"][0]["class"], &got[0]["answer"]), (&json!("sql"), &Value::Null), "{got:?}");
}

#[test]
fn a_line_of_any_form_gets_the_same_decision() {
    let event = queue(&[ATTACK]);
    let forms = [
        json!({"id": "x", "event": event}).to_string(),
        json!({"event": event, "id": "x"}).to_string(),
        json!({"id": "x", "trigger": null, "event": event}).to_string(),
        json!({"id": "x", "trigger": "sqs", "event": event}).to_string(),
        json!({"id": "x", "event": event, "trigger": "sqs", "billed_ms": 1}).to_string(),
        format!("  {{ \"id\" : \"x\" , \"event\" : {event} }}  "),
        format!("{{\"id\":\"\\u0078\",\"event\":{event}}}"),
    ];
    for answer in answers(&[], &forms) {
        assert_eq!((&answer["id"], &answer["decision"]), (&json!("x"), &json!("deny")), "{answer}");
        assert_eq!(answer["records"][0]["reasons"][0]["class"], "sql", "{answer}");
    }
}

#[test]
fn what_cannot_be_decided_on_is_denied() {
    let lines = ["nonsense", "{\"id\": 1}", "{\"id\": 2, \"trigger\": \"carrier-pigeon\", \"event\": {}}"];
    let got = answers(&[], &lines.map(str::to_owned));
    let problems: Vec<&str> = got.iter().map(|a| a["problem"].as_str().unwrap()).collect();
    assert!(got.iter().all(|a| a["decision"] == "deny"), "{got:?}");
    assert!(problems[0].starts_with("line 1: the line is not JSON"), "{problems:?}");
    assert!(problems[1].contains("no \"event\""), "{problems:?}");
    assert!(problems[2].contains("unknown trigger; known are"), "{problems:?}");
}

#[test]
fn a_line_has_one_event_and_one_answer() {
    let long = format!("{{\"id\":1,\"event\":\"{}\"}}", "x".repeat(65 << 20));
    let lines = [
        "\u{feff}{\"id\":0,\"event\":{}}".to_string(),
        long,
        "{\"id\":2,\"event\":{\"a\":1},\"event\":{\"a\":2}}".to_string(),
        "{\"id\":{\"a\":1},\"event\":{}}".to_string(),
        "{\"id\":4,\"event\":{}}".to_string(),
    ];
    let got = answers(&[], &lines);
    let words: Vec<&str> = got.iter().map(|a| a["decision"].as_str().unwrap()).collect();
    assert_eq!(words, ["allow", "deny", "deny", "deny", "allow"], "{got:?}");
    let problems = [&got[1], &got[2], &got[3]].map(|a| a["problem"].as_str().unwrap());
    let fields = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let whole: Vec<String> = fields(&got[0]);
    assert!(got.iter().all(|answer| whole.iter().all(|field| answer.get(field).is_some())), "{got:?}");
    assert!(problems[0].contains("line 2: the line is longer than 64 MiB"), "{problems:?}");
    assert!(problems[1].contains("twice") && problems[2].contains("neither a string"), "{problems:?}");
}

#[test]
fn what_a_line_does_not_mean_is_a_problem() {
    let cases = [
        (
            r#"{"id":1,"event":{},"evnt":{}}"#,
            1,
            "there is no field \"evnt\"; known are id, function, trigger, time, billed_ms, event",
        ),
        (r#"{"evnt":{},"id":1,"event":{}}"#, 1, "there is no field \"evnt\""),
        (r#"{"id":1,"event":{},"\u0069d":2}"#, 0, "the line has \"id\" twice"),
        (r#"{"id":1,"trigger":null,"trigger":"sqs","event":{}}"#, 1, "the line has \"trigger\" twice"),
        (r#"{"id":1,"event":{},"time":"2026-01-31"}"#, 1, "whole numbers of milliseconds"),
        (r#"{"id":1,"event":{},"time":-1}"#, 1, "whole numbers of milliseconds"),
        (r#"{"id":1,"event":{},"billed_ms":1.5}"#, 1, "whole numbers of milliseconds"),
        (r#"{"id":1,"function":"f","event":{}}"#, 1, "without --contract"),
        (r#"{"id":007,"event":{}}"#, 0, "not JSON"),
    ];
    for (answer, (line, id, why)) in answers(&[], &cases.map(|(line, ..)| line.to_string())).iter().zip(cases)
    {
        let id = if id == 0 { Value::Null } else { json!(id) };
        assert_eq!((&answer["id"], &answer["decision"]), (&id, &json!("deny")), "{line}: {answer}");
        assert!(answer["problem"].as_str().is_some_and(|problem| problem.contains(why)), "{line}: {answer}");
    }
    let empty = answers(
        &[],
        &[r#"{"id":1,"function":null,"trigger":null,"time":null,"billed_ms":null,"event":null}"#.to_string()],
    );
    assert_eq!(empty[0]["decision"], "allow", "{empty:?}");
}

#[test]
fn explained_through_what_was_wrapped_around() {
    let inner = json!({"order": {"note": ATTACK}}).to_string();
    let got = answers(&["--explain"], &[line(1, &queue(&[&json!({"Message": inner}).to_string()]))]);
    let reason = &got[0]["records"][0]["reasons"][0];
    assert_eq!(reason["decoded"], json!(["json", "json"]), "{reason}");
    assert_eq!(reason["within"], "/order/note", "{reason}");
    assert!(reason["offset"].is_number() && reason["detail"].is_string(), "{reason}");
}

#[test]
fn each_line_is_answered_before_the_next_is_sent() {
    let project = Project::new();
    let mut child = project
        .command()
        .args(["guard", "decide"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for id in 0..3 {
        writeln!(input, "{}", line(id, &queue(&["fine"]))).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["id"], id);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn text_without_end_is_inspected_to_its_end_or_denied() {
    let long = "the order that we've sent on monday; ".repeat(150_000);
    let hostile = "' or 1 ".repeat(200_000);
    let got = answers(
        &[],
        &[
            line(1, &queue(&[&long])),
            line(2, &queue(&[&format!("{long}{ATTACK}")])),
            line(3, &queue(&[&hostile])),
        ],
    );
    let decisions: Vec<&str> = got.iter().map(|a| a["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions, ["allow", "deny", "deny"]);
    assert_eq!(got[2]["records"][0]["reasons"][0]["class"], "size");
}
