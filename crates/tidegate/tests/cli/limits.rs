//! Limits: from the code and the configuration into the contract, and what `guard decide` holds back.

use super::project::Project;
use serde_json::{Value, json};

/// An API whose function writes to a queue; its consumer goes on to two more. Thumbs go back to the bucket they came from.
const GALLERY: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: { DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 90 } }
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: jobs
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 4 }
  Dead: { Type: AWS::SQS::Queue }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Pictures: { Type: AWS::S3::Bucket, Properties: { BucketName: gallery-pictures } }
  Place:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: place
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Timeout: 10
      MemorySize: 1024
      ReservedConcurrentExecutions: 5
      Policies: [{ SQSSendMessagePolicy: { QueueName: !GetAtt Jobs.QueueName } }]
      Events:
        Http: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /jobs, Method: post } }
  Work:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: work
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Timeout: 1
      MemorySize: 1024
      Policies: [{ SNSPublishMessagePolicy: { TopicName: !GetAtt News.TopicName } }]
      Events:
        Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 7, ScalingConfig: { MaximumConcurrency: 3 } } }
  Tell:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Architectures: [arm64]
      Events: { News: { Type: SNS, Properties: { Topic: !Ref News } } }
  Log:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Timeout: 1
      MemorySize: 1024
      Events: { News: { Type: SNS, Properties: { Topic: !Ref News } } }
  Thumb:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: thumb
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Policies: [{ S3CrudPolicy: { BucketName: gallery-pictures } }]
      Events: { New: { Type: S3, Properties: { Bucket: !Ref Pictures, Events: 's3:ObjectCreated:*' } } }
";

const LIMITS: &str = "
[contract.limits]
bytes = '2 KB'
";

fn gallery(config: &str) -> Project {
    Project::with("template.yaml", GALLERY).file("tidegate.toml", config)
}

fn contract(project: &Project) -> Value {
    let ran = project.run(&["contract"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.all());
    ran.json()
}

fn edge<'a>(contract: &'a Value, function: &str) -> &'a Value {
    &contract["functions"][format!("template/{function}")]["edges"][0]["limits"]
}

fn request(time: u64, address: &str) -> Value {
    json!({"id": 1, "function": "place", "time": time, "event": {
        "version": "2.0", "routeKey": "POST /jobs", "rawPath": "/jobs", "rawQueryString": "", "headers": {},
        "requestContext": {"http": {"method": "POST", "path": "/jobs", "sourceIp": address}}, "isBase64Encoded": false}})
}

fn classes(answers: &[Value]) -> Vec<String> {
    let class = |a: &Value| a["records"][0]["reasons"][0]["class"].as_str().unwrap_or("-").to_string();
    answers.iter().map(class).collect()
}

#[test]
fn what_the_code_declares_is_in_the_contract_and_fits_its_schema() {
    let project = gallery(LIMITS);
    let document = contract(&project);
    let text = include_str!("../../../../docs/schemas/contract.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap();
    let wrong: Vec<String> = schema.iter_errors(&document).map(|e| e.to_string()).collect();
    assert_eq!(wrong, Vec::<String>::new());
    let work = edge(&document, "Work");
    assert_eq!(work, &json!({"concurrency": 3, "records": 7, "bytes": 2048, "attempts": 4}));
    assert_eq!(edge(&document, "Place")["rate"], json!({"events": 50, "seconds": 1, "burst": 90}));
    let thumb = edge(&document, "Thumb");
    assert_eq!((&thumb["loop"], &thumb["hops"]), (&json!(true), &json!(16)));
    assert_eq!(edge(&document, "Log").get("loop"), None);
    let tell = &document["functions"]["template/Tell"]["limits"];
    assert_eq!(tell, &json!({"concurrency": null, "timeout_seconds": 3, "memory_mb": 128, "arm": true}));
    let summary = project.run(&["contract", "--format", "text"]).stdout;
    let looped = "loop: what it sends can come back; at most 16 hops, which its events don't tell";
    assert!(
        summary.contains(looped) && summary.contains("at most 3 at a time, 7 records, 2048 bytes"),
        "{summary}"
    );
}

#[test]
fn the_budget_of_a_chain_counts_everything_that_an_entry_sets_off() {
    let config = "[[contract.limits]]\nedges = '*/Place'\nchain-budget = '0.05 USD/h'\n\
                  [[contract.limits]]\nedges = '*/Work'\nfan-out = 10\n";
    let project = gallery(config);
    let chain = edge(&contract(&project), "Place")["chain"].clone();
    assert_eq!(chain["runs"], 1 + 10 * 2, "one for each message, ten news, two readers each");
    // 1 GB-second on x86 and a request for `Work` and each `Log`; `Tell` has 128 MB for 3 s on ARM.
    let (gb, tell) = (16_667 + 200, (13_333_400_u64 * 3 / 8).div_ceil(1000) + 200);
    assert_eq!(chain["nano_usd"], 11 * gb + 10 * tell);
    assert_eq!(edge(&contract(&project), "Work").get("chain"), None, "no entry");
    let summary = project.run(&["contract", "--format", "text"]).stdout;
    assert!(
        summary.contains("chain: at most 0.05 USD/h; an event sets off 21 further runs, up to 0.000"),
        "{summary}"
    );
    // An event costs 0.166868 + 0.2375 millicents: about 124 of them fit into 5 cents.
    let lines: Vec<Value> = (0..200).map(|n| request(1_800_000_000_000 + n * 1000, "192.0.2.1")).collect();
    let answers = project.decide(&lines);
    let passed = answers.iter().filter(|a| a["decision"] == "allow").count();
    assert!((115..=130).contains(&passed), "{passed}");
    let last = answers.last().unwrap();
    assert_eq!(classes(std::slice::from_ref(last)), ["budget"]);
    assert_eq!(
        (&last["answer"]["statusCode"], last["answer"]["headers"]["retry-after"].is_string()),
        (&json!(429), true)
    );
}

#[test]
fn each_caller_has_a_rate_by_the_time_of_the_line() {
    let config = "[[contract.limits]]\nedges = '*/Place'\ncaller = '2/s burst 2'\n";
    let project = gallery(config);
    let start = 1_800_000_000_000;
    let lines = [(0, "a"), (0, "a"), (0, "a"), (0, "b"), (499, "a"), (500, "a"), (1000, "a")];
    let lines: Vec<Value> = lines.iter().map(|(time, who)| request(start + time, who)).collect();
    let answers = project.decide(&lines);
    assert_eq!(classes(&answers), ["-", "-", "rate", "-", "rate", "-", "-"]);
    assert_eq!(answers[2]["answer"]["headers"]["retry-after"], "1");
}

#[test]
fn a_bill_sets_the_estimate_right() {
    // A run of 10 s at 1 GB costs 0.000167 USD; the budget has place for three.
    let config = "[[contract.limits]]\nedges = '*/Place'\nbudget = '0.0006 USD/h'\n";
    let project = gallery(config);
    let line = |n: u64, billed: Option<u64>| {
        let mut line = request(1_800_000_000_000 + 50 * n, "192.0.2.1");
        line["billed_ms"] = billed.into();
        line
    };
    let charged = project.decide(&(0..10).map(|n| line(n, None)).collect::<Vec<_>>());
    assert_eq!(charged.iter().filter(|a| a["decision"] == "allow").count(), 3);
    let settled = project.decide(&(0..200).map(|n| line(n, Some(100))).collect::<Vec<_>>());
    assert_eq!(settled.iter().filter(|a| a["decision"] == "allow").count(), 200);
    let expected = gallery(&format!("{config}expected = '100 ms'\n"));
    let charged = expected.decide(&(0..500).map(|n| line(n, None)).collect::<Vec<_>>());
    assert_eq!(charged.iter().filter(|a| a["decision"] == "allow").count(), 321);
}

#[test]
fn batches_hops_and_lengths_are_bounded() {
    let project = gallery("[[contract.limits]]\nedges = '*/Work'\nhops = 3\nbytes = '4 KB'\n");
    let batch = |records: usize, hops: u64, body: &str| {
        let record = json!({"messageId": "1", "body": body, "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:jobs",
            "messageAttributes": {"tracestate": {"stringValue": format!("tidegate=hops:{hops}"), "dataType": "String"}}});
        json!({"id": 1, "function": "work", "event": {"Records": vec![record; records]}})
    };
    let answers = project.decide(&[
        batch(7, 3, "x"),
        batch(8, 0, "x"),
        batch(1, 4, "x"),
        batch(1, 0, &"x".repeat(5000)),
    ]);
    assert_eq!(classes(&answers), ["-", "fan-out", "hops", "size"]);
    assert_eq!(answers[1]["records"].as_array().unwrap().len(), 8);
}

#[test]
fn in_monitor_mode_limits_are_reported_only() {
    let project = gallery("[contract]\nmode = 'monitor'\n[contract.limits]\nrate = '1/h burst 1'\n");
    let lines: Vec<Value> = (0..2).map(|n| request(1_800_000_000_000 + n, "192.0.2.1")).collect();
    let answers = project.decide(&lines);
    assert_eq!((&answers[1]["decision"], &answers[1]["would"]), (&json!("allow"), &json!("deny")));
}

#[test]
fn changes_of_limits_are_changes() {
    let project = gallery(LIMITS);
    assert_eq!(project.run(&["contract", "--out", "old.json"]).code, Some(0));
    let project = project.file("tidegate.toml", "[contract.limits]\nbytes = '3 KB'\n");
    let ran = project.run(&["contract", "--diff", "old.json", "--format", "text"]);
    let line = "~ functions / template/Work / edges / ";
    assert!(
        ran.stdout.contains(line) && ran.stdout.contains("limits / bytes: 2048 -> 3072"),
        "{}",
        ran.stdout
    );
}
