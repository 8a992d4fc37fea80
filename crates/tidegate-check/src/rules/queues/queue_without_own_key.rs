//! A queue under a key of AWS.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An SQS queue without `KmsMasterKeyId`, or with `alias/aws/sqs`, the key that AWS keeps for the account.
    ///
    /// ## Why it matters
    /// The keys of SQS and of AWS encrypt as well as any, but have no policy of yours: whoever may receive may read, and
    /// no use shows in a trail that you own.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       KmsMasterKeyId: alias/aws/sqs
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
    ///     Properties:
    ///       KmsMasterKeyId: alias/orders
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_sqs_queue" "orders" {
    ///   kms_master_key_id = "alias/orders"
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion for those who must hold their keys; a key costs money for each use. Nothing is wrong with a queue under
    /// the keys of SQS.
    QueueWithoutOwnKey {
        id: "queue-without-own-key",
        title: "queue without a key of its own",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SQS-002", "CKV2_AWS_73", "trivy:AVD-AWS-0135"],
        threats: ["T35"],
        profiles: [Regulated],
        why: "nobody but AWS decides who may read the messages",
    }
}

impl Rule for QueueWithoutOwnKey {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        match cx.get(queue, &["KmsMasterKeyId"]) {
            Some(key) if key.is_unknown() => return cx.unknown(queue, key, "`KmsMasterKeyId`"),
            Some(key) if key.as_str() != Some("") && !key.display().ends_with("alias/aws/sqs") => return,
            _ => {}
        }
        cx.finding(queue, "the queue has no key of its own")
            .within(&["KmsMasterKeyId"])
            .help("name a customer managed key in `KmsMasterKeyId`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::QueueWithoutOwnKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::SQS::Queue", properties).findings::<QueueWithoutOwnKey>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"KmsMasterKeyId": ""}"#), 1);
        assert_eq!(findings(r#"{"KmsMasterKeyId": "arn:aws:kms:eu-west-1:123456789012:alias/aws/sqs"}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"KmsMasterKeyId": "alias/orders"}"#), 0);
        assert_eq!(findings(r#"{"KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}"#), 0);
    }
}
