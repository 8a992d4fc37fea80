//! The examples, through the real binary: what is found in them, what is drawn of them, and that the hardened ones are
//! clean.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

#[test]
fn findings_of_orders() {
    insta::assert_snapshot!(findings(&check("orders", "all")));
}

#[test]
fn findings_of_orders_terraform() {
    insta::assert_snapshot!(findings(&check("orders-terraform", "all")));
}

#[test]
fn graph_of_orders() {
    insta::assert_snapshot!(edges(&run(&["graph", "orders", "--format", "json"])));
}

#[test]
fn graph_of_orders_terraform() {
    insta::assert_snapshot!(edges(&run(&["graph", "orders-terraform", "--format", "json"])));
}

#[test]
fn the_hardened_ones_are_clean() {
    for name in ["orders-hardened", "orders-terraform-hardened"] {
        let found = findings(&check(name, "baseline,denial-of-wallet"));
        assert!(!found.contains('['), "{name}:\n{found}");
        // Opinions are left: tags, a cache, own keys. None of them is a weakness.
        let found = findings(&check(name, "all"));
        assert!(
            found.lines().all(|l| l.starts_with("info[") || l.starts_with("low[") || !l.contains('[')),
            "{name}:\n{found}"
        );
    }
}

#[test]
fn every_value_of_the_examples_is_known() {
    for name in ["orders", "orders-hardened", "orders-terraform", "orders-terraform-hardened"] {
        let found = check(name, "all");
        assert_eq!(found["problems"], Value::Array(Vec::new()), "{name}");
        assert_eq!(found["coverage"]["unknown_values"], 0, "{name}: {}", found["coverage"]["unknown"]);
    }
}

fn check(name: &str, profile: &str) -> Value {
    run(&["check", name, "--profile", profile, "--format", "json"])
}

fn run(arguments: &[&str]) -> Value {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let output = Command::new(env!("CARGO_BIN_EXE_tidegate")).args(arguments).current_dir(examples).output();
    let output = output.expect("the binary runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{arguments:?}: {error}: {}", String::from_utf8_lossy(&output.stderr));
    })
}

/// One line for each finding, in the order of the report.
fn findings(report: &Value) -> String {
    let mut text = String::new();
    for finding in list(report, "findings") {
        let word = |key: &str| finding[key].as_str().unwrap_or("?");
        let (file, line) =
            (finding["location"]["file"].as_str().unwrap_or("?"), &finding["location"]["line"]);
        let _ = writeln!(text, "{}[{}] {file}:{line}: {}", word("severity"), word("rule"), word("message"));
    }
    text + &report["summary"].to_string()
}

/// One line for each edge, sorted, so that the order of linking says nothing.
fn edges(graph: &Value) -> String {
    let word = |edge: &Value, key: &str| edge[key].as_str().unwrap_or("?").to_owned();
    let line = |edge: &Value| format!("{} {} {}", word(edge, "from"), word(edge, "kind"), word(edge, "to"));
    let mut lines: Vec<String> = list(graph, "edges").iter().map(line).collect();
    lines.sort();
    lines.join("\n")
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}
