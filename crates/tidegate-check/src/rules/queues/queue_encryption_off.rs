//! A queue whose encryption somebody switched off.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// An SQS queue with `SqsManagedSseEnabled: false` and no `KmsMasterKeyId`.
    ///
    /// ## Why it matters
    /// SQS encrypts every new queue with its own keys at no cost. A queue that has this switched off keeps its messages
    /// in the clear, and gains nothing by it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       SqsManagedSseEnabled: false
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       SqsManagedSseEnabled: true
    ///   Bills:
    ///     Type: AWS::SQS::Queue
    /// ```
    ///
    /// ## Limits
    /// A queue that says nothing is encrypted by default and is not reported, though other tools report it. Queues
    /// that were made before October 2022 and never changed may differ from their template.
    QueueEncryptionOff {
        id: "queue-encryption-off",
        title: "queue with encryption switched off",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SQS-001",
            "CKV_AWS_27",
            "trivy:AVD-AWS-0096",
            "kics:12726829-93ed-4d51-9cbe-13423f4299e1",
            "kics:6e8849c1-3aa7-40e3-9063-b85ee300f29f",
            "cdk-nag:AwsSolutions-SQS2",
        ],
        threats: ["T35"],
        profiles: [Baseline],
        why: "messages lie in the clear although encryption is free",
    }
}

impl Rule for QueueEncryptionOff {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        // Absent is the provider's default: encrypted with SQS's own keys.
        let Some(managed) = cx.get(queue, &["SqsManagedSseEnabled"]) else { return };
        let key = cx.get(queue, &["KmsMasterKeyId"]);
        match (managed.as_bool(), key) {
            (Some(true), _) => {}
            (_, Some(key)) if key.as_str() != Some("") => {}
            (None, _) => cx.unknown(queue, managed, "`SqsManagedSseEnabled`"),
            (Some(false), _) => cx
                .finding(queue, "the queue keeps its messages unencrypted")
                .at(&["SqsManagedSseEnabled"])
                .help("drop `SqsManagedSseEnabled: false`, or name a key in `KmsMasterKeyId`")
                .fix(Fix::safe("encrypt with the keys of SQS").set(
                    &queue.id,
                    &["SqsManagedSseEnabled"],
                    true,
                ))
                .report(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::QueueEncryptionOff;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Orders", "AWS::SQS::Queue", properties).findings::<QueueEncryptionOff>()
    }

    #[test]
    fn switched_off() {
        let expected = ["Orders: the queue keeps its messages unencrypted"];
        assert_eq!(findings(r#"{"SqsManagedSseEnabled": false}"#), expected);
        assert_eq!(findings(r#"{"SqsManagedSseEnabled": "false", "KmsMasterKeyId": ""}"#), expected);
    }

    #[test]
    fn default_managed_and_own_key() {
        assert!(findings("{}").is_empty());
        assert!(findings(r#"{"SqsManagedSseEnabled": true}"#).is_empty());
        assert!(findings(r#"{"SqsManagedSseEnabled": false, "KmsMasterKeyId": "alias/orders"}"#).is_empty());
    }
}
