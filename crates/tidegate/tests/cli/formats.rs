//! What programs read, against its schemas.

use super::project::{OPEN_URL, Project};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn validate(schema: &str, document: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(schema);
    // The published SARIF schema has one pattern with a bracket too many; no engine takes it.
    let text = std::fs::read_to_string(path).unwrap().replace("{2}]?$", "{2}$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{}\n{document:#}", errors.join("\n"));
}

/// One of everything: findings, a problem in a file, an unknown value, a name that needs escaping.
fn rich() -> Project {
    let unknown = "\
Parameters:
  Name: {Type: String}
Resources:
  Url:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref Name, AuthType: NONE}
";
    Project::with("in fra/größe.yaml", unknown)
        .file("in fra/template.yaml", OPEN_URL)
        .file("in fra/broken.yaml", "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n  - nonsense: [\n")
}

#[test]
fn check_keeps_to_its_schema() {
    let ran = rich().run(&["check", "in fra", "--profile", "all", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(10), ""));
    let document = ran.json();
    validate("../../docs/schemas/check.json", &document);
    assert!(!document["findings"].as_array().unwrap().is_empty());
    assert!(!document["problems"].as_array().unwrap().is_empty());
    assert_eq!(document["coverage"]["unknown"][0]["name"], "Name");
    let counted: u64 = document["summary"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(counted, document["findings"].as_array().unwrap().len() as u64);
    assert!(ran.stdout.starts_with("{\n  \"version\": 1,"), "the version comes first");
}

#[test]
fn graph_keeps_to_its_schema() {
    let project = rich();
    validate("../../docs/schemas/graph.json", &project.run(&["graph", "in fra", "--format", "json"]).json());
    let ran = project.run(&["graph", "in fra", "--format", "json", "--resources"]);
    validate("../../docs/schemas/graph.json", &ran.json());
    assert!(ran.stdout.starts_with("{\n  \"version\": 1,"), "the version comes first");
}

#[test]
fn the_list_of_rules_keeps_to_its_schema() {
    let document = Project::new().run(&["check", "--list-rules", "--format", "json"]).json();
    validate("../../docs/schemas/rules.json", &document);
    let rules = document["rules"].as_array().unwrap();
    assert!(rules.iter().all(|r| r["aliases"][0].as_str().is_some_and(|a| a.starts_with("TG-"))));
}

#[test]
fn the_page_of_a_rule_keeps_to_its_schema() {
    let document = Project::new().run(&["check", "--explain", "TG-FN-009", "--format", "json"]).json();
    validate("../../docs/schemas/rule.json", &document);
    assert_eq!(document["rule"]["rule"], "function-url-without-auth");
}

#[test]
fn schemas_refuse_what_is_wrong() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas/check.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut document = rich().run(&["check", "in fra", "--format", "json"]).json();
    assert!(jsonschema::is_valid(&schema, &document));
    document["findings"][0]["severity"] = json!("terrible");
    assert!(!jsonschema::is_valid(&schema, &document));
}

#[test]
fn sarif_keeps_to_its_schema() {
    let project = rich();
    let ran = project.run(&["check", "in fra", "--format", "sarif", "--rule", "function-url-without-auth"]);
    assert_eq!(ran.code, Some(10));
    let log = ran.json();
    validate("tests/schemas/sarif-2.1.0.json", &log);
    let run = &log["runs"][0];
    assert_eq!(run["results"][0]["level"], "error");
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "function-url-without-auth");
    assert_eq!(run["tool"]["driver"]["rules"][0]["properties"]["security-severity"], "8.0");
    let uris: Vec<_> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap())
        .collect();
    assert!(uris.contains(&"in%20fra/gr%C3%B6%C3%9Fe.yaml"), "{uris:?}");
    let notes = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(
        notes[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "in%20fra/broken.yaml"
    );
}

#[test]
fn sarif_names_files_from_the_root_of_the_repository() {
    let project = Project::with("a/b/template.yaml", OPEN_URL);
    let output = project
        .command()
        .current_dir(project.path("a"))
        .args(["check", "b", "--format", "sarif"])
        .output()
        .unwrap();
    let log = project.scrub(output).json();
    let uri = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a/b/template.yaml");
}

#[test]
fn sarif_without_findings_is_a_log_still() {
    let project = Project::with("template.yaml", "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n");
    let ran = project.run(&["check", "--format", "sarif", "--rule", "function-url-without-auth"]);
    assert_eq!(ran.code, Some(0));
    validate("tests/schemas/sarif-2.1.0.json", &ran.json());
}

#[test]
fn rules_have_no_sarif_form() {
    let ran = Project::new().run(&["check", "--list-rules", "--format", "sarif"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
}
