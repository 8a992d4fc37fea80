//! The event plane: what can be written, and what then acts.

use super::*;

fn function(env: Env) -> Env {
    env.has("AWS::Lambda::Function", &arn("lambda", "function:back"), json!({ "Role": iam("role/strong") }))
}

fn poller(actions: &str) -> Env {
    let mut env = function(Env::new("lambda.amazonaws.com"));
    env.strong = vec![allow(json!(actions), json!("*"))];
    env
}

#[test]
fn a_queue_is_a_way_in_when_its_mapping_works() {
    let build =
        |polls: &str, enabled: bool, queue: &str| {
            poller(polls)
            .has("AWS::SQS::Queue", &arn("sqs", "work"), json!({}))
            .has("AWS::Lambda::EventSourceMapping", &arn("lambda", "event-source-mapping:m"),
                json!({ "EventSourceArn": arn("sqs", "work"), "FunctionName": "back", "Enabled": enabled }))
            .may(&["sqs:SendMessage"], &arn("sqs", queue))
        };
    assert_eq!(build("sqs:*", true, "work").way("strong"), Some(vec!["event"]));
    assert!(!build("sqs:*", true, "side").reaches());
    assert!(!build("sqs:*", false, "work").reaches(), "the mapping is off");
    assert!(!build("logs:*", true, "work").reaches(), "the function may not poll");
    assert!(!build("sqs:*", true, "work").says(deny("sqs:SendMessage")).reaches());
}

#[test]
fn a_queue_may_let_in_by_its_own_policy() {
    let env = poller("sqs:*")
        .has("AWS::SQS::Queue", &arn("sqs", "work"), json!({ "Policy": { "Statement": [{ "Effect": "Allow",
            "Principal": { "AWS": iam("role/me") }, "Action": "sqs:SendMessage", "Resource": "*" }] } }))
        .has("AWS::Lambda::EventSourceMapping", &arn("lambda", "event-source-mapping:m"),
            json!({ "EventSourceArn": arn("sqs", "work"), "FunctionName": arn("lambda", "function:back:live") }));
    assert_eq!(env.way("strong"), Some(vec!["event"]));
}

#[test]
fn filters_of_a_bucket_count() {
    let build = |rules: Value, object: &str| {
        function(Env::new("lambda.amazonaws.com"))
            .has(
                "AWS::S3::Bucket",
                "arn:aws:s3:::work",
                json!({ "NotificationConfiguration": { "LambdaConfigurations": [
                { "Event": "s3:ObjectCreated:*", "Function": arn("lambda", "function:back"),
                  "Filter": { "S3Key": { "Rules": rules } } }] } }),
            )
            .may(&["s3:PutObject"], &format!("arn:aws:s3:::work/{object}"))
    };
    let prefix = json!([{ "Name": "prefix", "Value": "in/" }]);
    assert!(build(prefix.clone(), "*").reaches());
    assert!(build(prefix.clone(), "in/*").reaches());
    assert!(build(prefix.clone(), "in/me/*").reaches());
    assert!(!build(prefix.clone(), "tmp/*").reaches());
    assert!(!build(prefix, "in").reaches());
    let suffix = json!([{ "Name": "suffix", "Value": ".jpg" }]);
    assert!(build(suffix.clone(), "*.jpg").reaches());
    assert!(!build(suffix, "*.png").reaches());
}

#[test]
fn a_rule_fires_for_what_can_be_put() {
    let build = |pattern: Value, bus: &str, state: &str, condition: Value| {
        function(Env::new("lambda.amazonaws.com"))
            .has("AWS::Events::EventBus", &arn("events", "event-bus/work"), json!({}))
            .has(
                "AWS::Events::Rule",
                &arn("events", "rule/r"),
                json!({ "EventBusName": "work", "State": state,
                "EventPattern": pattern, "Targets": [{ "Arn": arn("lambda", "function:back") }] }),
            )
            .says(json!({ "Effect": "Allow", "Action": "events:PutEvents",
                "Resource": arn("events", bus), "Condition": condition }))
    };
    let orders = json!({ "source": ["orders"] });
    let only = |source: &str| json!({ "StringEquals": { "events:source": source } });
    assert!(build(orders.clone(), "event-bus/work", "ENABLED", json!({})).reaches());
    assert!(build(orders.clone(), "event-bus/work", "ENABLED", only("orders")).reaches());
    assert!(!build(orders.clone(), "event-bus/work", "ENABLED", only("billing")).reaches());
    assert!(!build(orders.clone(), "event-bus/side", "ENABLED", json!({})).reaches());
    assert!(!build(orders, "event-bus/work", "DISABLED", json!({})).reaches());
    assert!(
        !build(json!({ "source": ["aws.ec2"] }), "event-bus/work", "ENABLED", json!({})).reaches(),
        "only AWS puts those"
    );
}

#[test]
fn carriers_pass_on_to_carriers() {
    let build =
        |topic: &str| {
            poller("sqs:*")
            .has("AWS::SNS::Topic", &arn("sns", "news"), json!({}))
            .has("AWS::SQS::Queue", &arn("sqs", "work"), json!({}))
            .has("AWS::SNS::Subscription", &format!("{}:1", arn("sns", "news")),
                json!({ "TopicArn": arn("sns", "news"), "Protocol": "sqs", "Endpoint": arn("sqs", "work") }))
            .has("AWS::Lambda::EventSourceMapping", &arn("lambda", "event-source-mapping:m"),
                json!({ "EventSourceArn": arn("sqs", "work"), "FunctionName": "back" }))
            .may(&["sns:Publish"], &arn("sns", topic))
        };
    assert_eq!(build("news").way("strong"), Some(vec!["event"]));
    let found = build("news").found();
    assert_eq!(found[0].via[0].wires.len(), 2);
    assert!(!build("other").reaches());
}

#[test]
fn streams_and_tables_too() {
    let build = |source: &str, action: &str, on: &str| {
        poller("*")
            .has(
                "AWS::Lambda::EventSourceMapping",
                &arn("lambda", "event-source-mapping:m"),
                json!({ "EventSourceArn": source, "FunctionName": "back" }),
            )
            .may(&[action], on)
    };
    let table = arn("dynamodb", "table/orders");
    let stream = format!("{table}/stream/2026-01-01T00:00:00.000");
    assert!(build(&stream, "dynamodb:PutItem", &table).reaches());
    assert!(!build(&stream, "dynamodb:GetItem", &table).reaches());
    let records = arn("kinesis", "stream/clicks");
    assert!(build(&records, "kinesis:PutRecords", &records).reaches());
    assert!(!build(&records, "kinesis:GetRecords", &records).reaches());
}

#[test]
fn code_in_a_bucket_or_registry_is_a_way_in() {
    let job = |key: &str| {
        Env::new("glue.amazonaws.com")
            .has(
                "AWS::Glue::Job",
                &arn("glue", "job/nightly"),
                json!({ "Role": iam("role/strong"),
                "Command": { "ScriptLocation": "s3://code/jobs/nightly.py" } }),
            )
            .may(&["s3:PutObject"], &format!("arn:aws:s3:::code/{key}"))
    };
    assert!(job("jobs/*").reaches());
    assert!(!job("docs/*").reaches());
    let image = |uri: &str| {
        Env::new("lambda.amazonaws.com")
            .has(
                "AWS::Lambda::Function",
                &arn("lambda", "function:f"),
                json!({ "Role": iam("role/strong"),
                "Code": { "ImageUri": format!("111122223333.dkr.ecr.eu-central-1.amazonaws.com/{uri}") } }),
            )
            .may(&["ecr:PutImage"], &arn("ecr", "repository/app"))
    };
    assert!(image("app:latest").reaches());
    assert!(!image("app@sha256:0011").reaches(), "a digest can't be written again");
    assert!(!image("other:latest").reaches());
}

#[test]
fn a_mapping_of_ones_own_needs_a_role_that_can_poll() {
    let build = |polls: &str| poller(polls).may(&["lambda:CreateEventSourceMapping"], "*");
    assert_eq!(build("sqs:ReceiveMessage").way("strong"), Some(vec!["lambda-mapping"]));
    assert!(!build("dynamodb:GetItem").reaches());
}

#[test]
fn a_function_may_start_by_its_alias() {
    let account = |mapping: &str| {
        let mut account = poller("sqs:*").may(&["sqs:SendMessage"], &arn("sqs", "work")).account();
        let wire = |ty: &str, id: &str, properties: Value| crate::account::Resource {
            arn: Str::default(),
            ty: ty.into(),
            name: id.into(),
            policy: None,
            properties: from_json(&properties).as_map().cloned().unwrap(),
            roles: Vec::new(),
            id: Some(format!("t/{id}").into()),
            span: Span::default(),
        };
        account.wiring.push(wire("AWS::Lambda::Alias", "Live", json!({ "FunctionName": "back" })));
        let properties =
            json!({ "EventSourceArn": arn("sqs", "work"), "FunctionName": crate::hole::text(mapping) });
        account.wiring.push(wire("AWS::Lambda::EventSourceMapping", "Mapping", properties));
        Reach::new(&account, Options::default()).targets(0)
    };
    assert_eq!(account("t/Live."), BTreeSet::from([Target::Identity(1)]));
    assert!(account("t/Other.").is_empty());
}
