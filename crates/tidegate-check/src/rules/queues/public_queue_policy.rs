//! A queue policy that lets anyone in.

use crate::Context;
use crate::access::{named_actions, open_to_anyone};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A statement of a queue policy that allows `Principal: "*"` (or `{"AWS": "*"}`, or everyone but a few with
    /// `NotPrincipal`), and no condition that leaves only callers somebody chose.
    ///
    /// Conditions that do are positive ones (`StringEquals`, `ArnLike`, `IpAddress` ...) on `aws:PrincipalOrgID`,
    /// `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceVpce` and their kin with values that pick something out.
    /// `...IfExists` and `ForAllValues:` don't, nor does a condition on TLS alone. A `Deny` of everyone outside, which
    /// covers the same actions, counts as well.
    ///
    /// ## Why it matters
    /// Anyone with an AWS account, or without one, sends events that the consumers take for genuine, reads messages, or
    /// empties the queue.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
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
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
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
    ///             Condition:
    ///               StringEquals:
    ///                 aws:PrincipalOrgID: o-abcdef1234
    /// ```
    ///
    /// ## Limits
    /// Policies that are set after deployment aren't seen. Organization-wide resource control policies may still keep
    /// strangers out.
    PublicQueuePolicy {
        id: "public-queue-policy",
        title: "queue open to anyone",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SQS-003",
            "CKV_AWS_168",
            "CKV_AWS_387",
            "kics:730675f9-52ed-49b6-8ead-0acb5dd7df7f",
            "kics:abb06e5f-ef9a-4a99-98c6-376d396bfcdf",
        ],
        threats: ["T17", "T02"],
        profiles: [Baseline],
        why: "anyone sends forged events or reads the messages",
    }
}

impl Rule for PublicQueuePolicy {
    const ON: &'static [&'static str] = &["AWS::SQS::QueuePolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for open in open_to_anyone(cx, policy, &["PolicyDocument"]) {
            let actions = named_actions(&open.statement);
            cx.finding(policy, format!("anyone is allowed {actions} on {}", queues(policy, cx)))
                .at_statement(&open)
                .help("name the principals, or add a condition on `aws:PrincipalOrgID`, `aws:SourceArn` or `aws:SourceAccount`")
                .report();
        }
    }
}

fn queues(policy: &Resource, cx: &Context<'_>) -> String {
    let name =
        |value: &&Value| cx.target(policy, value, "AWS::SQS::Queue").map(|q| format!("`{}`", q.logical_id));
    let names: Vec<String> = cx.items(policy, &["Queues"]).iter().filter_map(name).collect();
    if names.is_empty() { "the queue".into() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::PublicQueuePolicy;
    use crate::testing::Build;

    fn policy(statements: &str) -> Build {
        let properties = format!(
            r#"{{"Queues": [{{"Ref": "Orders"}}], "PolicyDocument": {{"Statement": {statements}}}}}"#
        );
        Build::new().add("Orders", "AWS::SQS::Queue", &[]).json(
            "Policy",
            "AWS::SQS::QueuePolicy",
            &properties,
        )
    }

    #[test]
    fn anyone_may_send() {
        let build = policy(r#"{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}"#);
        assert_eq!(
            build.findings::<PublicQueuePolicy>(),
            ["Policy: anyone is allowed `sqs:SendMessage` on `Orders`"]
        );
    }

    #[test]
    fn each_statement_is_a_finding_of_its_own() {
        let open = r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sqs:*"}"#;
        let outcome = policy(&format!("[{open}, {open}]")).run::<PublicQueuePolicy>();
        let mut prints: Vec<_> = outcome.findings.iter().map(|f| &f.fingerprint).collect();
        prints.dedup();
        assert_eq!(prints.len(), 2);
    }

    #[test]
    fn a_topic_may_send() {
        let condition = r#"{"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:orders"}}"#;
        let statement = format!(
            r#"{{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Condition": {condition}}}"#
        );
        assert!(policy(&statement).findings::<PublicQueuePolicy>().is_empty());
    }

    #[test]
    fn a_document_that_is_a_parameter_is_unknown() {
        use tidegate_graph::{Span, Value, Why};
        let document = Value::unknown("Policy", Why::Parameter, Span::default());
        let build = Build::new().add("Policy", "AWS::SQS::QueuePolicy", &[("PolicyDocument", document)]);
        assert_eq!(build.run::<PublicQueuePolicy>().unknown.len(), 1);
    }
}
