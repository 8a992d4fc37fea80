//! An export of an account in which every function polls its queue and writes to those of two others.

use anyhow::Result;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Writes an export of that many functions.
pub(super) fn functions(folder: &Path, count: usize) -> Result<PathBuf> {
    let arn = |service: &str, rest: String| format!("arn:aws:{service}:eu-central-1:111122223333:{rest}");
    let queue = |n: usize| arn("sqs", format!("q{}", n % count));
    let allow = |actions: Value, on: Value| json!({ "Effect": "Allow", "Action": actions, "Resource": on });
    let (mut roles, mut resources) = (Vec::new(), Vec::new());
    for n in 0..count {
        let role = format!("arn:aws:iam::111122223333:role/r{n}");
        let function = arn("lambda", format!("function:f{n}"));
        let statements = [
            allow(json!(["logs:CreateLogStream", "logs:PutLogEvents"]), json!("*")),
            allow(json!(["sqs:ReceiveMessage", "sqs:DeleteMessage"]), json!(queue(n))),
            allow(json!("sqs:SendMessage"), json!([queue(n * 7 + 1), queue(n * 13 + 5)])),
        ];
        roles.push(json!({
            "RoleName": format!("r{n}"), "Arn": role,
            "AssumeRolePolicyDocument": { "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": { "Service": "lambda.amazonaws.com" } }] },
            "RolePolicyList": [{ "PolicyName": "own",
                "PolicyDocument": { "Version": "2012-10-17", "Statement": statements } }],
        }));
        let mapping = arn("lambda", format!("event-source-mapping:m{n}"));
        resources.push(json!({ "Type": "AWS::SQS::Queue", "Arn": queue(n) }));
        resources.push(
            json!({ "Type": "AWS::Lambda::Function", "Arn": function, "Properties": { "Role": role } }),
        );
        resources.push(json!({ "Type": "AWS::Lambda::EventSourceMapping", "Arn": mapping,
            "Properties": { "EventSourceArn": queue(n), "FunctionName": function } }));
    }
    std::fs::create_dir_all(folder)?;
    let path = folder.join("account.json");
    std::fs::write(&path, json!({ "RoleDetailList": roles, "Resources": resources }).to_string())?;
    Ok(path)
}
