//! `tidegate iam`: decisions, listings and proofs.

use super::formats::validate;
use super::project::Project;
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

const ROLE: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Send",
      "Effect": "Allow",
      "Action": "sqs:Send*",
      "Resource": "arn:aws:sqs:*:111122223333:orders",
      "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    }
  ]
}
"#;

const QUEUE: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
     "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
  ]
}
"#;

const TEMPLATE: &str = r"
Resources:
  Orders: {Type: AWS::SQS::Queue}
  News: {Type: AWS::SNS::Topic, Properties: {TopicName: news}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Orders]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {Service: sns.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Orders.Arn
            Condition: {ArnEquals: {aws:SourceArn: !Ref News}}
  Sender:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: send
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Orders.Arn}
";

fn project() -> Project {
    Project::with("role.json", ROLE).file("queue.json", QUEUE).file("app/template.yaml", TEMPLATE)
}

const ASK: [&str; 12] = [
    "iam",
    "decide",
    "--principal",
    "arn:aws:iam::111122223333:role/orders",
    "--action",
    "sqs:SendMessage",
    "--resource",
    "arn:aws:sqs:eu-central-1:111122223333:orders",
    "--policy",
    "role.json",
    "--resource-policy",
    "queue.json",
];

#[test]
fn a_decision_names_its_statements() {
    let project = project();
    let ask = |more: &[&str]| project.run(&[&ASK[..], more].concat()).all();
    insta::assert_snapshot!("decide_allowed", ask(&["--context", "aws:SourceIp=10.1.1.1", "--complete"]));
    insta::assert_snapshot!("decide_implicitly", ask(&["--complete"]));
    insta::assert_snapshot!("decide_explicitly", ask(&["--context", "aws:SecureTransport=false"]));
    insta::assert_snapshot!("decide_unknown", ask(&[]));
}

#[test]
fn a_missing_policy_is_a_wrong_command_line() {
    let ran = Project::new().run(&ASK);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("there is no `role.json`"), "{}", ran.stderr);
}

#[test]
fn lines_of_json_are_answered_one_by_one() {
    let request = r#""request": {"principal": "arn:aws:iam::111122223333:role/r", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "context": {"aws:SourceIp": null}}"#;
    let allow = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    let maybe = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}}"#;
    let feed = format!(
        "{{\"id\": \"a\", {request}, \"policies\": {{\"identity\": [{allow}]}}}}\n\nnonsense\n\
         {{\"id\": 3, {request}, \"policies\": {{\"identity\": [{maybe}], \"boundary\": [{allow}]}}}}\n\
         {{\"id\": 4, {request}, \"policies\": {{\"identity\": [{allow}, 7], \"boundary\": [null]}}}}\n"
    );
    let project = Project::new();
    let mut child = project
        .command()
        .args(["iam", "decide"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(feed.as_bytes()).unwrap();
    let ran = project.scrub(child.wait_with_output().unwrap());
    let answers: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let decisions: Vec<&str> = answers.iter().filter_map(|a| a["decision"].as_str()).collect();
    assert_eq!(decisions, ["allowed", "unknown", "implicitly_denied"]);
    assert_eq!(ran.code, Some(2), "a line that is no JSON");
    assert_eq!(answers[0]["id"], "a");
    assert_eq!(answers[0]["statements"][0]["type"], "identity");
    assert!(answers[1]["error"].as_str().unwrap().contains("JSON"));
    assert_eq!(answers[2]["allowed_if"][0]["any"][0]["conditions"][0]["key"], "aws:SourceIp");
    assert_eq!(answers[3]["by"], "boundary");
    assert!(answers[3]["problems"][0].as_str().unwrap().starts_with("identity[1]"));
}

#[test]
fn who_can_and_what_can_read_templates() {
    let project = project();
    insta::assert_snapshot!(
        "who_can",
        project.run(&["iam", "who-can", "sqs:SendMessage", "Orders", "app"]).all()
    );
    insta::assert_snapshot!("what_can", project.run(&["iam", "what-can", "Sender", "app"]).all());
    for args in [&["who-can", "sqs:SendMessage", "Orders"][..], &["what-can", "Sender"]] {
        let ran = project.run(&[&["iam"], args, &["app", "--format", "json"]].concat());
        validate("../../docs/schemas/iam-listing.json", &ran.json());
    }
    let ran = project.run(&["iam", "what-can", "Sendr", "app"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("did you mean `Sender`?"), "{}", ran.stderr);
}

#[test]
fn an_export_is_read_as_well() {
    let export = r#"{
        "RoleDetailList": [{"RoleName": "fn", "Arn": "arn:aws:iam::111122223333:role/fn",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
            "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}],
        "Resources": [{"Type": "AWS::SQS::Queue", "Arn": "arn:aws:sqs:eu-central-1:111122223333:orders", "Properties": {}}]
    }"#;
    let project = Project::with("export.json", export);
    let ran =
        project.run(&["iam", "who-can", "sqs:SendMessage", "orders", "export.json", "--format", "json"]);
    let document = ran.json();
    validate("../../docs/schemas/iam-listing.json", &document);
    assert_eq!(document["principals"][0]["principal"], "arn:aws:iam::111122223333:role/fn");
    assert_eq!(document["principals"][0]["location"]["line"], 2);
}

#[test]
fn shrink_proves_or_refutes() {
    let narrower = ROLE.replace("sqs:Send*", "sqs:SendMessage");
    let project = project().file("narrower.json", &narrower);
    let ran = project.run(&["iam", "shrink", "--check", "role.json", "narrower.json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.starts_with("proven"), "{}", ran.stdout);
    insta::assert_snapshot!(
        "shrink_witness",
        project.run(&["iam", "shrink", "--check", "narrower.json", "role.json"]).all()
    );
    for (old, new) in [("role.json", "narrower.json"), ("narrower.json", "role.json")] {
        let ran = project.run(&["iam", "shrink", "--check", old, new, "--format", "json"]);
        validate("../../docs/schemas/iam-shrink.json", &ran.json());
    }
}

#[test]
fn surplus_says_why() {
    let template = r#"
Resources:
  Orders: {Type: AWS::DynamoDB::Table}
  Jobs: {Type: AWS::SQS::Queue}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: 'dynamodb:PutItem', Resource: '*'}
              - {Effect: Allow, Action: 'textract:DetectDocumentText', Resource: '*'}
  Taker:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Environment: {Variables: {TABLE: !Ref Orders}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Taker, EventSourceArn: !GetAtt Jobs.Arn}
"#;
    let project = Project::with("template.yaml", template);
    let ran = project.run(&["iam", "surplus", ".", "--function", "Taker", "--format", "json"]);
    let document = ran.json();
    validate("../../docs/schemas/iam-surplus.json", &document);
    let role = &document["roles"][0];
    let said: Vec<(&str, &str)> = role["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["verdict"].as_str().unwrap(), p["action"].as_str().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            ("surplus", "dynamodb:PutItem"),
            ("kept", "dynamodb:PutItem"),
            ("unknown", "textract:DetectDocumentText")
        ]
    );
    let needs = role["needs"].as_array().unwrap();
    assert!(needs.iter().any(|n| n["action"] == "sqs:ReceiveMessage" && n["resource"] == "Jobs"));
    insta::assert_snapshot!("surplus", project.run(&["iam", "surplus"]).all());
    assert_eq!(project.run(&["iam", "surplus", ".", "--function", "Takr"]).code, Some(2));
}
