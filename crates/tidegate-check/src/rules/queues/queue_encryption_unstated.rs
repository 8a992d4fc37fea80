//! A queue that leaves its encryption to the default of SQS.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A queue that names no key and doesn't say `SqsManagedSseEnabled` either.
    ///
    /// ## Why it matters
    /// SQS encrypts queues that were made since October 2022. An older queue of the same template keeps its messages
    /// in the clear until somebody says otherwise, and the code doesn't show which of the two it is.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties: {QueueName: orders}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties: {QueueName: orders, SqsManagedSseEnabled: true}
    /// ```
    ///
    /// ## Limits
    /// It says nothing of how old the queue is. A queue whose encryption is switched off is reported by
    /// `queue-encryption-off`.
    QueueEncryptionUnstated {
        id: "queue-encryption-unstated",
        title: "queue that leaves its encryption to the default",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SQS-010",
            "kics:12726829-93ed-4d51-9cbe-13423f4299e1",
            "kics:6e8849c1-3aa7-40e3-9063-b85ee300f29f",
        ],
        threats: ["T35"],
        profiles: [],
        why: "an older queue keeps its messages in the clear",
    }
}

impl Rule for QueueEncryptionUnstated {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        let key = cx.get(queue, &["KmsMasterKeyId"]).filter(|key| key.as_str() != Some(""));
        if key.is_some() || cx.get(queue, &["SqsManagedSseEnabled"]).is_some() {
            return;
        }
        cx.finding(queue, format!("`{}` says nothing about encryption", queue.logical_id))
            .at(&["KmsMasterKeyId"])
            .help("set `SqsManagedSseEnabled: true`, or name a key in `KmsMasterKeyId`")
            .fix(Fix::safe("encrypt with the keys of SQS").set(&queue.id, &["SqsManagedSseEnabled"], true))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::QueueEncryptionUnstated;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("Orders", "AWS::SQS::Queue", properties).findings::<QueueEncryptionUnstated>().len()
    }

    #[test]
    fn nothing_said() {
        assert_eq!(findings("{}"), 1);
        assert_eq!(findings(r#"{"KmsMasterKeyId": ""}"#), 1);
    }

    #[test]
    fn said_either_way() {
        assert_eq!(findings(r#"{"SqsManagedSseEnabled": false}"#), 0);
        assert_eq!(findings(r#"{"KmsMasterKeyId": {"Ref": "Key"}}"#), 0);
    }
}
