//! A bucket of which nobody sees who reads it.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A bucket without `LoggingConfiguration`. Buckets that take logs themselves are left alone: those that others name as
    /// the place for their logs, and those that let S3 deliver logs.
    ///
    /// ## Why it matters
    /// When objects turn up elsewhere, nobody can say who took them, and which.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Logs:
    ///     Type: AWS::S3::Bucket
    ///   Orders:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       LoggingConfiguration: {DestinationBucketName: !Ref Logs}
    /// ```
    ///
    /// ## Limits
    /// Data events of a trail say the same, and better; a trail is seldom in the same template.
    BucketWithoutAccessLog {
        id: "bucket-without-access-log",
        title: "bucket without access log",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-007",
            "CKV_AWS_18",
            "trivy:AVD-AWS-0089",
            "kics:4552b71f-0a2a-4bc4-92dd-ed7ec1b4674c",
            "kics:f861041c-8c9f-4156-acfc-5e6e524f5884",
            "cdk-nag:AwsSolutions-S1",
        ],
        threats: ["T52", "T31"],
        profiles: [],
        why: "nobody can say who took which objects",
    }
}

/// What names a bucket as the place for logs.
const TAKE_LOGS: &[(&str, &str)] = &[
    ("AWS::CloudFront::Distribution", "DistributionConfig.Logging.Bucket"),
    ("AWS::CloudTrail::Trail", "S3BucketName"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerAttributes.Value"),
    ("AWS::S3::Bucket", "LoggingConfiguration.DestinationBucketName"),
];

impl Rule for BucketWithoutAccessLog {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        if cx.get(bucket, &["LoggingConfiguration"]).is_some() {
            return;
        }
        let takes_logs = cx.get(bucket, &["AccessControl"]).and_then(Value::as_str)
            == Some("LogDeliveryWrite")
            || TAKE_LOGS.iter().any(|(ty, path)| !cx.referrers(bucket, ty, path).is_empty());
        if takes_logs {
            return;
        }
        cx.finding(bucket, format!("nobody sees who uses `{}`", bucket.logical_id))
            .within(&["LoggingConfiguration"])
            .help("name a bucket for logs in `LoggingConfiguration`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BucketWithoutAccessLog;
    use crate::testing::Build;

    #[test]
    fn logs_and_their_place() {
        let build = Build::new()
            .json(
                "Orders",
                "AWS::S3::Bucket",
                r#"{"LoggingConfiguration": {"DestinationBucketName": {"Ref": "Logs"}}}"#,
            )
            .json("Logs", "AWS::S3::Bucket", "{}")
            .json("Old", "AWS::S3::Bucket", r#"{"AccessControl": "LogDeliveryWrite"}"#)
            .json("Bills", "AWS::S3::Bucket", "{}");
        assert_eq!(build.findings::<BucketWithoutAccessLog>(), ["Bills: nobody sees who uses `Bills`"]);
    }
}
