//! A topic under the key of AWS.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An SNS topic that is encrypted with `alias/aws/sns`, the key that AWS keeps for the account.
    ///
    /// ## Why it matters
    /// The policy of that key can't be changed: nobody can be locked out, no use can be stopped, and services such as S3
    /// or CloudWatch can't publish to the topic at all. A customer managed key has a policy of its own.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///     Properties:
    ///       KmsMasterKeyId: alias/aws/sns
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sns_topic" "orders" {
    ///   kms_master_key_id = "alias/aws/sns"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Key:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       KeyPolicy: {}
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///     Properties:
    ///       KmsMasterKeyId: !Ref Key
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_kms_key" "orders" {}
    ///
    /// resource "aws_sns_topic" "orders" {
    ///   kms_master_key_id = aws_kms_key.orders.arn
    /// }
    /// ```
    ///
    /// ## Limits
    /// A topic without any key is `unencrypted-topic`. What the policy of the other key says isn't weighed here.
    TopicWithAwsKey {
        id: "topic-with-aws-key",
        title: "topic under the key of AWS",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SNS-002", "trivy:AVD-AWS-0136", "kics:b1a72f66-2236-4f3b-87ba-0da1b366956f"],
        threats: ["T35"],
        profiles: [Regulated],
        why: "nobody but AWS decides who may read the messages",
    }
}

impl Rule for TopicWithAwsKey {
    const ON: &'static [&'static str] = &["AWS::SNS::Topic"];

    fn check(topic: &Resource, cx: &Context<'_>) {
        let Some(key) = cx.get(topic, &["KmsMasterKeyId"]) else { return };
        if key.is_unknown() {
            return cx.unknown(topic, key, "`KmsMasterKeyId`");
        }
        // As alias, or as its ARN in whatever region and account.
        if key.display().ends_with("alias/aws/sns") {
            cx.finding(topic, "the topic is under the key of AWS, whose policy can't be changed")
                .at(&["KmsMasterKeyId"])
                .help("name a customer managed key in `KmsMasterKeyId`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TopicWithAwsKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::SNS::Topic", properties).findings::<TopicWithAwsKey>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"KmsMasterKeyId": "alias/aws/sns"}"#), 1);
        assert_eq!(findings(r#"{"KmsMasterKeyId": "arn:aws:kms:eu-west-1:123456789012:alias/aws/sns"}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"KmsMasterKeyId": "alias/orders"}"#), 0);
        assert_eq!(findings(r#"{"KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}"#), 0);
    }
}
