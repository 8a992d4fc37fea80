//! A queue whose encryption nobody chose.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// An SQS queue that names no key and doesn't say `SqsManagedSseEnabled: true` either.
    ///
    /// ## Why it matters
    /// SQS encrypts such a queue with keys of its own since October 2022. One that was made before, and never changed,
    /// isn't encrypted, and the code doesn't tell which it is.
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
    ///     Properties:
    ///       SqsManagedSseEnabled: true
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_sqs_queue" "orders" {
    ///   kms_master_key_id = "alias/orders"
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion, and off by default: a new queue is encrypted. One that is switched off is `queue-encryption-off`.
    QueueEncryptionByDefault {
        id: "queue-encryption-by-default",
        title: "queue whose encryption nobody chose",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SQS-011",
            "CKV_AWS_27",
            "trivy:AVD-AWS-0096",
            "kics:12726829-93ed-4d51-9cbe-13423f4299e1",
            "kics:6e8849c1-3aa7-40e3-9063-b85ee300f29f",
        ],
        threats: ["T35"],
        profiles: [],
        why: "the code leaves it to the service how messages are encrypted",
    }
}

impl Rule for QueueEncryptionByDefault {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        const MANAGED: &[&str] = &["SqsManagedSseEnabled"];
        let key = cx.get(queue, &["KmsMasterKeyId"]).is_some_and(|key| key.as_str() != Some(""));
        if key || cx.get(queue, MANAGED).is_some() {
            return;
        }
        cx.finding(queue, "nobody says how the messages are encrypted")
            .within(MANAGED)
            .help("set `SqsManagedSseEnabled: true`, or name a key in `KmsMasterKeyId`")
            .fix(Fix::safe("encrypt with the keys of SQS").set(&queue.id, MANAGED, true))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::QueueEncryptionByDefault;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::SQS::Queue", properties).findings::<QueueEncryptionByDefault>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"KmsMasterKeyId": ""}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"SqsManagedSseEnabled": false}"#), 0);
        assert_eq!(findings(r#"{"KmsMasterKeyId": "k"}"#), 0);
        assert_eq!(findings(r#"{"SqsManagedSseEnabled": true}"#), 0);
    }
}
