//! A topic that keeps its messages unencrypted.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// An SNS topic without `KmsMasterKeyId`.
    ///
    /// ## Why it matters
    /// SNS encrypts no topic by itself. Messages that wait for their subscribers lie there without a key of
    /// yours that somebody could take away.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///     Properties:
    ///       KmsMasterKeyId: alias/aws/sns
    /// ```
    ///
    /// ## Limits
    /// With the key of AWS (`alias/aws/sns`) buckets, alarms and rules cannot publish: those need a customer
    /// managed key whose policy lets the service in.
    UnencryptedTopic {
        id: "unencrypted-topic",
        title: "topic without encryption",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SNS-001", "CKV_AWS_26", "trivy:AVD-AWS-0095", "kics:9d13b150-a2ab-42a1-b6f4-142e41f81e52", "kics:28545147-2fc6-42d5-a1f9-cf226658e591"],
        threats: ["T35"],
        profiles: [Baseline],
        why: "messages wait for their subscribers without encryption",
    }
}

impl Rule for UnencryptedTopic {
    const ON: &'static [&'static str] = &["AWS::SNS::Topic"];

    fn check(topic: &Resource, cx: &Context<'_>) {
        // A key that isn't known is a key.
        if cx.get(topic, &["KmsMasterKeyId"]).is_none_or(|key| key.as_str() == Some("")) {
            cx.finding(topic, "the topic keeps its messages unencrypted")
                .at(&["KmsMasterKeyId"])
                .help("name a key in `KmsMasterKeyId`")
                .fix(Fix::risky("encrypt with the key of SNS").set(
                    &topic.id,
                    &["KmsMasterKeyId"],
                    "alias/aws/sns",
                ))
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UnencryptedTopic;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Orders", "AWS::SNS::Topic", properties).findings::<UnencryptedTopic>()
    }

    #[test]
    fn bad() {
        assert_eq!(findings(r#"{}"#), ["Orders: the topic keeps its messages unencrypted"]);
        assert_eq!(
            findings(r#"{"KmsMasterKeyId": ""}"#),
            ["Orders: the topic keeps its messages unencrypted"]
        );
    }

    #[test]
    fn good() {
        assert!(findings(r#"{"KmsMasterKeyId": "alias/orders"}"#).is_empty());
    }
}
