//! A delivery stream that keeps records unencrypted until it delivers them.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A Firehose delivery stream that producers write to directly, without `DeliveryStreamEncryptionConfigurationInput`, or
    /// with one that asks for a type of key that there isn't, or for a key of one's own without a name.
    ///
    /// ## Why it matters
    /// Firehose encrypts nothing by itself. What waits, or can't be delivered for a day, lies there in the clear.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       S3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::orders
    ///         RoleARN: arn:aws:iam::123456789012:role/deliver
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_kinesis_firehose_delivery_stream" "orders" {
    ///   name        = "orders"
    ///   destination = "extended_s3"
    ///   extended_s3_configuration {
    ///     bucket_arn = "arn:aws:s3:::orders"
    ///     role_arn   = "arn:aws:iam::123456789012:role/deliver"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       DeliveryStreamEncryptionConfigurationInput: {KeyType: AWS_OWNED_CMK}
    ///       S3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::orders
    ///         RoleARN: arn:aws:iam::123456789012:role/deliver
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_kinesis_firehose_delivery_stream" "orders" {
    ///   name        = "orders"
    ///   destination = "extended_s3"
    ///   server_side_encryption {
    ///     enabled = true
    ///   }
    ///   extended_s3_configuration {
    ///     bucket_arn = "arn:aws:s3:::orders"
    ///     role_arn   = "arn:aws:iam::123456789012:role/deliver"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// One that reads from a Kinesis stream or from Kafka is as encrypted as its source, and not reported. Which key it is
    /// isn't weighed.
    UnencryptedDeliveryStream {
        id: "unencrypted-delivery-stream",
        title: "delivery stream without encryption",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-KIN-003", "CKV_AWS_240", "cdk-nag:AwsSolutions-KDF1", "kics:5c6dd5e7-1fe0-4cae-8f81-4c122717cef3"],
        threats: ["T35"],
        profiles: [Baseline],
        why: "records wait for their delivery without encryption",
    }
}

impl Rule for UnencryptedDeliveryStream {
    const ON: &'static [&'static str] = &["AWS::KinesisFirehose::DeliveryStream"];

    fn check(stream: &Resource, cx: &Context<'_>) {
        if let Some(kind) = cx.get(stream, &["DeliveryStreamType"]) {
            match kind.as_str() {
                Some("DirectPut") => {}
                Some(_) => return,
                None => return cx.unknown(stream, kind, "`DeliveryStreamType`"),
            }
        }
        let read =
            ["KinesisStreamSourceConfiguration", "MSKSourceConfiguration", "DatabaseSourceConfiguration"];
        if read.iter().any(|source| cx.get(stream, &[source]).is_some()) {
            return;
        }
        match cx.get(stream, &["DeliveryStreamEncryptionConfigurationInput"]) {
            Some(encryption) if encryption.is_unknown() => {
                cx.unknown(stream, encryption, "`DeliveryStreamEncryptionConfigurationInput`");
            }
            Some(encryption) => key(stream, encryption, cx),
            None => cx
                .finding(stream, "records wait for their delivery unencrypted")
                .within(&["DeliveryStreamEncryptionConfigurationInput"])
                .help("set `DeliveryStreamEncryptionConfigurationInput: {KeyType: AWS_OWNED_CMK}`, or name a key")
                .report(),
        }
    }
}

/// A type of key that there isn't, and a key of one's own that isn't named, encrypt nothing.
fn key(stream: &Resource, encryption: &Value, cx: &Context<'_>) {
    const TYPE: &[&str] = &["DeliveryStreamEncryptionConfigurationInput", "KeyType"];
    let Some(kind) = cx.child(encryption, "KeyType") else { return };
    let message = match kind.as_str() {
        None => return cx.unknown(stream, kind, "`KeyType`"),
        Some("AWS_OWNED_CMK") => return,
        Some("CUSTOMER_MANAGED_CMK") if cx.child(encryption, "KeyARN").is_some() => return,
        Some("CUSTOMER_MANAGED_CMK") => "a key of one's own is asked for, and not named",
        Some(_) => "there is no such type of key: nothing is encrypted with it",
    };
    cx.finding(stream, message)
        .at(TYPE)
        .help("set `KeyType: AWS_OWNED_CMK`, or `CUSTOMER_MANAGED_CMK` with a `KeyARN`")
        .report();
}

#[cfg(test)]
mod tests {
    use super::UnencryptedDeliveryStream;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::KinesisFirehose::DeliveryStream", properties)
            .findings::<UnencryptedDeliveryStream>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"DeliveryStreamType": "DirectPut"}"#), 1);
    }

    #[test]
    fn keys() {
        let with =
            |input: &str| findings(&format!(r#"{{"DeliveryStreamEncryptionConfigurationInput": {input}}}"#));
        assert_eq!(with(r#"{"KeyType": "AWS_OWN"}"#), 1);
        assert_eq!(with(r#"{"KeyType": "CUSTOMER_MANAGED_CMK"}"#), 1);
        assert_eq!(with(r#"{"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": "k"}"#), 0);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"DeliveryStreamType": "KinesisStreamAsSource"}"#), 0);
        assert_eq!(findings(r#"{"KinesisStreamSourceConfiguration": {}}"#), 0);
        assert_eq!(
            findings(r#"{"DeliveryStreamEncryptionConfigurationInput": {"KeyType": "AWS_OWNED_CMK"}}"#),
            0
        );
    }
}
