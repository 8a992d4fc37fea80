//! A topic that also takes unencrypted requests.

use crate::Context;
use crate::access::refuses_plaintext;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A topic with no policy that turns away whoever comes without TLS: a `Deny` for everyone with `aws:SecureTransport:
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
    ///     Type: AWS::SNS::Topic
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sns_topic" "orders" {
    ///   name = "orders"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///   Policy:
    ///     Type: AWS::SNS::TopicPolicy
    ///     Properties:
    ///       Topics: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Deny
    ///             Principal: "*"
    ///             Action: sns:Publish
    ///             Resource: "*"
    ///             Condition:
    ///               Bool: {aws:SecureTransport: false}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_sns_topic" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_sns_topic_policy" "orders" {
    ///   arn = aws_sns_topic.orders.arn
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect    = "Deny"
    ///       Principal = "*"
    ///       Action    = "sns:Publish"
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
    TopicWithoutTls {
        id: "topic-without-tls",
        title: "topic that takes unencrypted requests",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SNS-008", "cdk-nag:AwsSolutions-SNS3"],
        threats: ["T35"],
        profiles: [Regulated],
        why: "messages may cross the network in the clear",
    }
}

impl Rule for TopicWithoutTls {
    const ON: &'static [&'static str] = &["AWS::SNS::Topic"];

    fn check(topic: &Resource, cx: &Context<'_>) {
        for policy in cx.referrers(topic, "AWS::SNS::TopicPolicy", "Topics") {
            let Some(document) = cx.get(policy, &["PolicyDocument"]) else { continue };
            if document.as_map().is_none() {
                return cx.unknown(topic, document, "the policy document");
            }
            let statements = cx.statements(policy, &["PolicyDocument"]);
            if statements.iter().any(|p| refuses_plaintext(cx.world, &p.statement, "sns:Publish")) {
                return;
            }
        }
        cx.finding(topic, "the topic also takes requests without TLS")
            .at(&[])
            .help("deny `sns:Publish` with the condition `Bool: {aws:SecureTransport: false}` in a policy of the topic")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TopicWithoutTls;
    use crate::testing::Build;

    fn findings(statement: &str) -> usize {
        let policy =
            format!(r#"{{"Topics": [{{"Ref": "Orders"}}], "PolicyDocument": {{"Statement": {statement}}}}}"#);
        Build::new()
            .json("Orders", "AWS::SNS::Topic", "{}")
            .json("Policy", "AWS::SNS::TopicPolicy", &policy)
            .findings::<TopicWithoutTls>()
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
        assert_eq!(Build::new().add("Orders", "AWS::SNS::Topic", &[]).findings::<TopicWithoutTls>().len(), 1);
    }
}
