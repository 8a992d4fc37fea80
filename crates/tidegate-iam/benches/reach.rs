//! Blast radius of each of 1,000 functions, data included; `cargo bench -p tidegate-iam --bench reach`. The goal is 1 s.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::hint::black_box;
use tidegate_iam::Account;
use tidegate_iam::policy::from_json;
use tidegate_iam::reach::{Options, Reach};

const FUNCTIONS: usize = 1_000;

fn all_pairs(c: &mut Criterion) {
    for (name, wide) in
        [("1,000 functions, all pairs", false), ("the same, some of them with wide roles", true)]
    {
        let account = Account::from_export(&from_json(&export(wide)), &|_| None);
        let run = || {
            let reach = Reach::new(&account, Options { data: true, ..Options::default() });
            (0..account.identities.len()).map(|who| reach.targets(who).len()).sum::<usize>()
        };
        let mut group = c.benchmark_group("reach");
        group.sample_size(10).bench_function(name, |b| b.iter(|| black_box(run())));
        group.finish();
    }
}

/// Every function polls its own queue and writes to two others; some can change another one's code, some may pass roles.
fn export(wide: bool) -> Value {
    let arn = |service: &str, rest: String| format!("arn:aws:{service}:eu-central-1:111122223333:{rest}");
    let (mut roles, mut resources) = (Vec::new(), Vec::new());
    for i in 0..FUNCTIONS {
        let queue = |i: usize| arn("sqs", format!("q{}", i % FUNCTIONS));
        let function = |i: usize| arn("lambda", format!("function:f{}", i % FUNCTIONS));
        let allow = |actions: Value, resource: Value| json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
        let mut statements = vec![
            allow(json!(["logs:CreateLogStream", "logs:PutLogEvents"]), json!("*")),
            allow(
                json!(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
                json!(queue(i)),
            ),
            allow(json!("sqs:SendMessage"), json!([queue(i * 7 + 1), queue(i * 13 + 5)])),
            allow(
                json!(["dynamodb:GetItem", "dynamodb:PutItem"]),
                json!(arn("dynamodb", format!("table/t{}", i / 4))),
            ),
            allow(json!("s3:GetObject"), json!(format!("arn:aws:s3:::b{}/*", i / 10))),
        ];
        if wide && i % 50 == 0 {
            statements.push(allow(json!("lambda:UpdateFunctionCode"), json!(function(i + 3))));
        }
        if wide && i % 100 == 1 {
            statements.push(allow(json!("sqs:*"), json!("*")));
        }
        if wide && i % 200 == 7 {
            statements.push(allow(json!(["iam:PassRole", "lambda:*"]), json!("*")));
        }
        let role = format!("arn:aws:iam::111122223333:role/r{i}");
        roles.push(json!({
            "RoleName": format!("r{i}"), "Arn": role,
            "AssumeRolePolicyDocument": { "Statement": [
                { "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" } ] },
            "RolePolicyList": [{ "PolicyName": "own", "PolicyDocument": { "Version": "2012-10-17", "Statement": statements } }],
        }));
        resources.push(json!({ "Type": "AWS::SQS::Queue", "Arn": queue(i) }));
        resources.push(
            json!({ "Type": "AWS::Lambda::Function", "Arn": function(i), "Properties": { "Role": role } }),
        );
        resources.push(json!({ "Type": "AWS::Lambda::EventSourceMapping",
            "Arn": arn("lambda", format!("event-source-mapping:m{i}")),
            "Properties": { "EventSourceArn": queue(i), "FunctionName": function(i) } }));
        if i % 4 == 0 {
            resources.push(json!({ "Type": "AWS::DynamoDB::Table", "Arn": arn("dynamodb", format!("table/t{}", i / 4)) }));
        }
        if i % 10 == 0 {
            resources.push(json!({ "Type": "AWS::S3::Bucket", "Arn": format!("arn:aws:s3:::b{}", i / 10) }));
        }
    }
    json!({ "RoleDetailList": roles, "Resources": resources })
}

criterion_group!(benches, all_pairs);
criterion_main!(benches);
