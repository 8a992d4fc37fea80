//! A stream that keeps its records unencrypted.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A Kinesis data stream without `StreamEncryption`.
    ///
    /// ## Why it matters
    /// Kinesis encrypts no stream by itself. A stream keeps every record for a day at least, for a year at
    /// most.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Sales:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties:
    ///       ShardCount: 1
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Sales:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties:
    ///       ShardCount: 1
    ///       StreamEncryption: {EncryptionType: KMS, KeyId: alias/aws/kinesis}
    /// ```
    ///
    /// ## Limits
    /// Which key it is, and who may use it, is not weighed.
    UnencryptedStream {
        id: "unencrypted-stream",
        title: "stream without encryption",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-KIN-001", "CKV_AWS_43", "trivy:AVD-AWS-0064", "kics:7f65be75-90ab-4036-8c2a-410aef7bb650", "kics:862fe4bf-3eec-4767-a517-40f378886b88", "cdk-nag:AwsSolutions-KDS1"],
        threats: ["T35"],
        profiles: [Baseline],
        why: "every record lies in the stream without encryption",
    }
}

impl Rule for UnencryptedStream {
    const ON: &'static [&'static str] = &["AWS::Kinesis::Stream"];

    fn check(stream: &Resource, cx: &Context<'_>) {
        match cx.get(stream, &["StreamEncryption"]) {
            // Terraform writes `NONE`; a key alone switches nothing on there.
            Some(encryption) if encryption.as_map().is_some() => {
                match cx.child(encryption, "EncryptionType") {
                    Some(kind) if kind.as_str() == Some("KMS") => return,
                    Some(kind) if kind.as_str().is_none() => {
                        return cx.unknown(stream, kind, "`EncryptionType`");
                    }
                    _ => {}
                }
            }
            Some(encryption) => return cx.unknown(stream, encryption, "`StreamEncryption`"),
            None => {}
        }
        cx.finding(stream, "the stream keeps its records unencrypted")
            .at(&["StreamEncryption"])
            .help("set `StreamEncryption` with `EncryptionType: KMS`")
            .fix(
                Fix::risky("encrypt with the key of Kinesis")
                    .set(&stream.id, &["StreamEncryption", "EncryptionType"], "KMS")
                    .set(&stream.id, &["StreamEncryption", "KeyId"], "alias/aws/kinesis"),
            )
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnencryptedStream;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Sales", "AWS::Kinesis::Stream", properties).findings::<UnencryptedStream>()
    }

    #[test]
    fn bad() {
        assert_eq!(findings(r#"{}"#), ["Sales: the stream keeps its records unencrypted"]);
    }

    #[test]
    fn good() {
        assert!(
            findings(r#"{"StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/sales"}}"#).is_empty()
        );
    }
}
