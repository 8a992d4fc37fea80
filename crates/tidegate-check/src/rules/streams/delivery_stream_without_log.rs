//! A delivery stream that fails silently.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A Firehose delivery stream with a destination whose `CloudWatchLoggingOptions` are absent or off.
    ///
    /// ## Why it matters
    /// A delivery that fails, for a permission or a format, leaves nothing but a number in a metric. Why it failed, and
    /// for which records, nobody can say.
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
    ///     cloudwatch_logging_options {
    ///       enabled = false
    ///     }
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
    ///       S3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::orders
    ///         RoleARN: arn:aws:iam::123456789012:role/deliver
    ///         CloudWatchLoggingOptions: {Enabled: true, LogGroupName: orders, LogStreamName: delivery}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_kinesis_firehose_delivery_stream" "orders" {
    ///   name        = "orders"
    ///   destination = "extended_s3"
    ///   extended_s3_configuration {
    ///     bucket_arn = "arn:aws:s3:::orders"
    ///     role_arn   = "arn:aws:iam::123456789012:role/deliver"
    ///     cloudwatch_logging_options {
    ///       enabled         = true
    ///       log_group_name  = "orders"
    ///       log_stream_name = "delivery"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// The backup bucket of a destination has a log of its own, which isn't asked for.
    DeliveryStreamWithoutLog {
        id: "delivery-stream-without-log",
        title: "delivery stream without log",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-KIN-004"],
        threats: ["T53", "T44"],
        profiles: [Regulated],
        why: "nobody learns that records were not delivered",
    }
}

impl Rule for DeliveryStreamWithoutLog {
    const ON: &'static [&'static str] = &["AWS::KinesisFirehose::DeliveryStream"];

    fn check(stream: &Resource, cx: &Context<'_>) {
        for (key, _) in stream.properties.iter().filter(|(key, _)| key.ends_with("DestinationConfiguration"))
        {
            let Some(destination) = cx.get(stream, &[key]) else { continue };
            let options = cx.child(destination, "CloudWatchLoggingOptions");
            if let Some(value) = [Some(destination), options].into_iter().flatten().find(|v| v.is_unknown()) {
                cx.unknown(stream, value, &format!("`{key}`"));
                continue;
            }
            match options.and_then(|o| cx.child(o, "Enabled")).map(|value| (value, value.as_bool())) {
                Some((_, Some(true))) => {}
                Some((value, None)) => cx.unknown(stream, value, "`CloudWatchLoggingOptions.Enabled`"),
                None | Some((_, Some(false))) => cx
                    .finding(stream, "nobody learns why records were not delivered")
                    .at(&[key, "CloudWatchLoggingOptions", "Enabled"])
                    .help("set `CloudWatchLoggingOptions` with a log group on the destination")
                    .report(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DeliveryStreamWithoutLog;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::KinesisFirehose::DeliveryStream", properties)
            .findings::<DeliveryStreamWithoutLog>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"S3DestinationConfiguration": {}}"#), 1);
        assert_eq!(
            findings(
                r#"{"HttpEndpointDestinationConfiguration": {"CloudWatchLoggingOptions": {"Enabled": "false"}}}"#
            ),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(
            findings(r#"{"S3DestinationConfiguration": {"CloudWatchLoggingOptions": {"Enabled": true}}}"#),
            0
        );
        assert_eq!(findings(r#"{}"#), 0);
    }
}
