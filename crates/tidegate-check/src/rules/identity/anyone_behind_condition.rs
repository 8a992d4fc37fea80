//! A policy that lets anyone in, but for a condition.

use super::super::functions::public_function_permission::is_narrowed;
use crate::Context;
use crate::access::{Reach, reach};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::policy::Principal;
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A statement of a queue's or bucket's policy that allows anyone, and leaves it to a condition to keep strangers
    /// out; a permission of a function for anyone that only its source narrows.
    ///
    /// ## Why it matters
    /// The condition is all there is. Who spells its key wrong, takes it out while looking for a fault, or widens its network
    /// opens the resource to everyone, and until then whoever meets it needs no identity at all: an address range lets in
    /// all that is behind it. A principal that is named holds by itself.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   OrdersPolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: sqs:SendMessage
    ///             Resource: !GetAtt Orders.Arn
    ///             Condition: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   OrdersPolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: !GetAtt Sender.Arn}
    ///             Action: sqs:SendMessage
    ///             Resource: !GetAtt Orders.Arn
    ///             Condition: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///   Sender:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
    /// ```
    ///
    /// ## Limits
    /// A condition on the organisation is the usual way to share with all of its accounts, and is reported all the same.
    /// What no condition keeps strangers from is reported by `public-queue-policy`, `public-bucket-policy` and
    /// `public-function-permission`.
    AnyoneBehindCondition {
        id: "anyone-behind-condition",
        title: "anyone allowed, but for a condition",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-030",
            "kics:7772bb8c-c0f3-42d4-8e4e-f1b8939ad085",
            "kics:7af43613-6bb9-4a0e-8c4d-1314b799425e",
            "kics:abb06e5f-ef9a-4a99-98c6-376d396bfcdf",
            "kics:1d6e16f1-5d8a-4379-bfb3-2dadd38ed5a7",
            "kics:e08ed7eb-f3ef-494d-9d22-2e3db756a347",
        ],
        threats: ["T17"],
        profiles: [],
        why: "one condition stands between strangers and the resource",
    }
}

/// Aliases that mean functions, buckets and queues alone.
const FUNCTIONS: &[&str] =
    &["kics:1d6e16f1-5d8a-4379-bfb3-2dadd38ed5a7", "kics:e08ed7eb-f3ef-494d-9d22-2e3db756a347"];
const BUCKETS: &[&str] =
    &["kics:7772bb8c-c0f3-42d4-8e4e-f1b8939ad085", "kics:7af43613-6bb9-4a0e-8c4d-1314b799425e"];
const QUEUES: &[&str] = &["kics:abb06e5f-ef9a-4a99-98c6-376d396bfcdf"];

impl Rule for AnyoneBehindCondition {
    const ON: &'static [&'static str] =
        &["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::Lambda::Permission"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        let unlike = match policy.ty.as_str() {
            "AWS::SQS::QueuePolicy" => [BUCKETS, FUNCTIONS],
            "AWS::S3::BucketPolicy" => [QUEUES, FUNCTIONS],
            _ => return permission(policy, cx),
        };
        for placed in cx.statements(policy, &["PolicyDocument"]) {
            let statement = &placed.statement;
            let anyone = statement.allows() && statement.principals.iter().any(Principal::is_anyone);
            if !anyone || reach(cx.world, statement) == Reach::Anyone {
                continue;
            }
            cx.finding(policy, "anyone is allowed who meets a condition")
                .at_statement(&placed)
                .unlike(&unlike.concat())
                .help("name the principals, and keep the condition")
                .report();
        }
    }
}

fn permission(permission: &Resource, cx: &Context<'_>) {
    let anyone = cx.get(permission, &["Principal"]).and_then(Value::as_str) == Some("*");
    if !anyone || !is_narrowed(permission, cx) {
        return;
    }
    cx.finding(permission, "anyone may invoke the function who comes from the source")
        .at(&["Principal"])
        .unlike(&[BUCKETS, QUEUES].concat())
        .help("name the service in `Principal`, and keep the source")
        .report();
}

#[cfg(test)]
mod tests {
    use super::AnyoneBehindCondition;
    use crate::testing::Build;

    fn findings(principal: &str, condition: &str) -> usize {
        let properties = format!(
            r#"{{"PolicyDocument": {{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "sqs:*", "Condition": {condition}}}}}}}"#
        );
        Build::new()
            .json("Policy", "AWS::SQS::QueuePolicy", &properties)
            .findings::<AnyoneBehindCondition>()
            .len()
    }

    const NETWORK: &str = r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#;

    #[test]
    fn held_back_by_the_condition_alone() {
        assert_eq!(findings(r#""*""#, NETWORK), 1);
        assert_eq!(findings(r#"{"AWS": ["*"]}"#, NETWORK), 1);
    }

    #[test]
    fn permissions() {
        let found = |principal: &str, source: &str| {
            let properties = format!(r#"{{"FunctionName": "f", "Principal": "{principal}"{source}}}"#);
            let build = Build::new().json("Permission", "AWS::Lambda::Permission", &properties);
            build.findings::<AnyoneBehindCondition>().len()
        };
        let source = r#", "SourceAccount": "111122223333""#;
        assert_eq!(found("*", source), 1);
        assert_eq!(found("s3.amazonaws.com", source), 0);
        // Wide open: another rule's.
        assert_eq!(found("*", ""), 0);
    }

    #[test]
    fn named_or_wide_open() {
        assert_eq!(findings(r#"{"AWS": "arn:aws:iam::111122223333:root"}"#, NETWORK), 0);
        assert_eq!(findings(r#""*""#, "{}"), 0);
    }
}
