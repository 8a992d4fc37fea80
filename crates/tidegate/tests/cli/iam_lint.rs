//! `tidegate iam lint` and `tidegate iam data`.

use super::formats::validate;
use super::project::Project;
use serde_json::{Value, json};

const GOOD: &str = r#"{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}
}"#;

const BAD: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "sqs:SendMesage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"},
    {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
  ]
}"#;

fn rules(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|f| f["rule"].as_str().unwrap()).collect()
}

#[test]
fn a_sound_policy() {
    let ran = Project::with("send.json", GOOD).run(&["iam", "lint", "send.json", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let document = ran.json();
    validate("../../docs/schemas/iam-lint.json", &document);
    assert_eq!((&document["valid"], rules(&document).len()), (&json!(true), 0));
}

#[test]
fn places_are_lines_of_the_file() {
    let ran = Project::with("a/bad.json", BAD).run(&["iam", "lint", "a/bad.json", "--format", "json"]);
    assert_eq!(ran.code, Some(10), "{}", ran.stderr);
    let document = ran.json();
    validate("../../docs/schemas/iam-lint.json", &document);
    assert_eq!(document["valid"], json!(true));
    let unknown =
        document["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "unknown-action").unwrap();
    assert_eq!(unknown["location"]["file"], "a/bad.json");
    assert_eq!(unknown["location"]["line"], 4);
    assert_eq!(unknown["help"], "did you mean `sqs:SendMessage`?");
    assert!(rules(&document).contains(&"privilege-escalation"));
}

#[test]
fn what_aws_refuses() {
    for text in
        ["", "no json", "[]", "{}", r#"{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}"#]
    {
        let ran = Project::with("p.json", text).run(&["iam", "lint", "p.json", "--format", "json"]);
        assert_eq!(ran.code, Some(10), "{text}: {}", ran.stderr);
        let document = ran.json();
        assert_eq!(document["valid"], json!(false), "{text}");
        assert_eq!(rules(&document), ["invalid-policy"], "{text}");
    }
}

#[test]
fn kinds_of_policies() {
    let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}"#;
    let project = Project::with("trust.json", trust);
    let valid = |kind: &str| {
        let document = project.run(&["iam", "lint", "trust.json", "--kind", kind, "--format", "json"]).json();
        (document["valid"].as_bool().unwrap(), rules(&document).join(" "))
    };
    assert!(!valid("identity").0);
    assert_eq!(valid("trust"), (true, "role-for-anyone".into()));
    let bucket = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}}"#;
    let ran = Project::with("b.json", bucket)
        .run(&["iam", "lint", "b.json", "--kind", "resource", "--format", "json"]);
    assert_eq!(rules(&ran.json()), ["public-bucket-policy"]);
}

#[test]
fn a_folder_of_templates_policies_and_an_export() {
    let template = "\
Resources:
  Send:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: 2012-10-17
        Statement: {Effect: allow, Action: sqs:SendMessage, Resource: '*'}
";
    let export = r#"{
      "UserDetailList": [], "GroupDetailList": [],
      "RoleDetailList": [{"RoleName": "worker", "Arn": "arn:aws:iam::111122223333:role/worker",
        "AssumeRolePolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D",
        "RolePolicyList": [{"PolicyName": "work", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lambda:Invoke", "Resource": "*"}}}],
        "AttachedManagedPolicies": [{"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}],
      "Policies": [{"PolicyName": "wide", "Arn": "arn:aws:iam::111122223333:policy/wide",
        "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}]
    }"#;
    let project = Project::with("template.yaml", template)
        .file("policies/bad.json", BAD)
        .file("package.json", r#"{"name": "orders"}"#)
        .file("account.json", export);
    let document = project.run(&["iam", "lint", "--format", "json"]).json();
    validate("../../docs/schemas/iam-lint.json", &document);
    let mut found: Vec<String> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| format!("{} {}", f["location"]["file"].as_str().unwrap(), f["rule"].as_str().unwrap()))
        .collect();
    found.sort();
    found.dedup();
    for expect in [
        "account.json admin-policy",
        "account.json invalid-policy",
        "account.json managed-admin-policy",
        "account.json unknown-action",
        "policies/bad.json unknown-action",
        "template.yaml invalid-policy",
    ] {
        assert!(found.iter().any(|f| f == expect), "{expect}: {found:?}");
    }
    assert!(!found.iter().any(|f| f.starts_with("package.json")), "{found:?}");
}

#[test]
fn sarif_and_text() {
    let project = Project::with("bad.json", BAD);
    let log = project.run(&["iam", "lint", "bad.json", "--format", "sarif"]).json();
    assert_eq!(log["version"], "2.1.0");
    let text = project.run(&["iam", "lint", "bad.json", "--fail-on", "never"]);
    assert_eq!(text.code, Some(0));
    assert!(text.stdout.contains("unknown-action") && text.stdout.contains("bad.json:4:"), "{}", text.stdout);
}

#[test]
fn nothing_to_read_and_wrong_paths() {
    let ran = Project::with("notes.txt", "x").run(&["iam", "lint"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert_eq!(Project::new().run(&["iam", "lint", "gone.json"]).code, Some(2));
    assert_eq!(Project::with("a.json", GOOD).run(&["iam", "lint", "a.json", "--kind", "x"]).code, Some(2));
}

#[test]
fn another_catalogue() {
    let reference =
        r#"{"Name": "sqs", "Actions": [{"Name": "SendMesage"}], "ConditionKeys": [], "Resources": []}"#;
    let project = Project::with("reference/v1/sqs/sqs.json", reference)
        .file("reference/service-list.json", "[]")
        .file("p.json", &BAD.replace("arn:aws:sqs:eu-west-1:111122223333:orders", "*"));
    let made = project.run(&["iam", "data", "import", "reference", "--output", "own.bin"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert!(made.stderr.contains("wrote 1 service to `own.bin`"), "{}", made.stderr);
    let shown = project.run(&["iam", "data", "show", "--iam-data", "own.bin"]);
    assert!(shown.stdout.contains("imported"), "{}", shown.stdout);
    let document =
        project.run(&["iam", "lint", "p.json", "--iam-data", "own.bin", "--format", "json"]).json();
    assert!(!rules(&document).contains(&"unknown-action"));
    // The same for the other commands, and by configuration.
    for args in
        [&["iam", "decide", "--help", "--iam-data", "own.bin"][..], &["check", "--iam-data", "p.json", "."]]
    {
        let ran = project.run(args);
        assert_eq!(ran.code, Some(if args.contains(&"check") { 2 } else { 0 }), "{}", ran.stderr);
    }
    let own = project.file("tidegate.toml", "[iam]\ndata = 'own.bin'\n");
    let document = own.run(&["iam", "lint", "p.json", "--format", "json"]).json();
    assert!(!rules(&document).contains(&"unknown-action"));
    let own = own.file("tidegate.toml", "");
    let wrong = own.run(&["iam", "lint", "p.json", "--iam-data", "p.json"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    assert_eq!(own.run(&["iam", "data", "import", "gone"]).code, Some(3));
}
