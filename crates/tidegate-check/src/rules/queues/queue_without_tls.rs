//! A queue that also takes unencrypted requests.

use crate::Context;
use crate::access::refuses_plaintext;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A queue with no policy that turns away whoever comes without TLS: a `Deny` for everyone with `aws:SecureTransport:
    /// false`.
    ///
    /// ## Why it matters
    /// The service also answers over plain HTTP. A client that is set up so, by mistake or by somebody in between, sends
    /// messages and reads them in the clear.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sqs_queue" "orders" {
    ///   name = "orders"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///   Policy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Deny
    ///             Principal: "*"
    ///             Action: sqs:*
    ///             Resource: "*"
    ///             Condition:
    ///               Bool: {aws:SecureTransport: false}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_sqs_queue" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_sqs_queue_policy" "orders" {
    ///   queue_url = aws_sqs_queue.orders.id
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect    = "Deny"
    ///       Principal = "*"
    ///       Action    = "sqs:SendMessage"
    ///       Resource  = "*"
    ///       Condition = { Bool = { "aws:SecureTransport" = "false" } }
    ///     }]
    ///   })
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion for those who must show it: every SDK of AWS uses TLS unless told otherwise. An `Allow` with
    /// `aws:SecureTransport: true` turns nobody away whom another grant lets in, and does not count.
    QueueWithoutTls {
        id: "queue-without-tls",
        title: "queue that takes unencrypted requests",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SQS-008", "cdk-nag:AwsSolutions-SQS4"],
        threats: ["T35"],
        profiles: [Regulated],
        why: "messages may cross the network in the clear",
    }
}

impl Rule for QueueWithoutTls {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        for policy in cx.referrers(queue, "AWS::SQS::QueuePolicy", "Queues") {
            let Some(document) = cx.get(policy, &["PolicyDocument"]) else { continue };
            if document.as_map().is_none() {
                return cx.unknown(queue, document, "the policy document");
            }
            let statements = cx.statements(policy, &["PolicyDocument"]);
            if statements.iter().any(|p| refuses_plaintext(cx.world, &p.statement, "sqs:SendMessage")) {
                return;
            }
        }
        cx.finding(queue, "the queue also takes requests without TLS")
            .at(&[])
            .help("deny `sqs:*` with the condition `Bool: {aws:SecureTransport: false}` in a policy of the queue")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::QueueWithoutTls;
    use crate::testing::Build;

    fn findings(statement: &str) -> usize {
        let policy =
            format!(r#"{{"Queues": [{{"Ref": "Orders"}}], "PolicyDocument": {{"Statement": {statement}}}}}"#);
        Build::new()
            .json("Orders", "AWS::SQS::Queue", "{}")
            .json("Policy", "AWS::SQS::QueuePolicy", &policy)
            .findings::<QueueWithoutTls>()
            .len()
    }

    #[test]
    fn denied_or_only_not_allowed() {
        let statement = |effect: &str, secure: &str| {
            format!(
                r#"{{"Effect": "{effect}", "Principal": "*", "Action": "*", "Condition": {{"Bool": {{"aws:SecureTransport": "{secure}"}}}}}}"#
            )
        };
        assert_eq!(findings(&statement("Deny", "false")), 0);
        assert_eq!(findings(&statement("Deny", "true")), 1);
        assert_eq!(findings(&statement("Allow", "true")), 1);
    }

    #[test]
    fn no_policy_at_all() {
        assert_eq!(Build::new().add("Orders", "AWS::SQS::Queue", &[]).findings::<QueueWithoutTls>().len(), 1);
    }
}
