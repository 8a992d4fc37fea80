//! A bucket that leaves its block of public access to the default of S3.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A bucket without a `PublicAccessBlockConfiguration`.
    ///
    /// ## Why it matters
    /// S3 blocks public access to buckets that were made since April 2023. An older bucket that is taken over into the
    /// template, and one whose block somebody removed by hand, have none, and nothing in the code says so or brings
    /// it back.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///     Properties: {BucketName: invoices}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: invoices
    ///       PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
    /// ```
    ///
    /// ## Limits
    /// A block of the whole account is not looked for. A configuration that leaves settings out is reported by
    /// `public-access-unblocked`.
    PublicAccessUnstated {
        id: "public-access-unstated",
        title: "bucket that leaves the block of public access to the default",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-017",
            "kics:48f100d9-f499-4c6d-b2b8-deafe47ffb26",
            "kics:860ba89b-b8de-4e72-af54-d6aee4138a69",
            "kics:6c8d51af-218d-4bfb-94a9-94eabaa0703a",
            "kics:350cd468-0e2c-44ef-9d22-cfb73a62523c",
        ],
        threats: ["T31"],
        profiles: [],
        why: "an older bucket has no block, and the code doesn't bring one",
    }
}

const BLOCK: &str = "PublicAccessBlockConfiguration";

impl Rule for PublicAccessUnstated {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        if cx.get(bucket, &[BLOCK]).is_some() {
            return;
        }
        let settings = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
        let fix = settings.iter().fold(Fix::risky("block public access"), |fix, setting| {
            fix.set(&bucket.id, &[BLOCK, setting], true)
        });
        cx.finding(bucket, format!("`{}` says nothing about public access", bucket.logical_id))
            .at(&[BLOCK])
            .help("set all four settings of `PublicAccessBlockConfiguration`")
            .fix(fix)
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::PublicAccessUnstated;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("Invoices", "AWS::S3::Bucket", properties).findings::<PublicAccessUnstated>().len()
    }

    #[test]
    fn nothing_said() {
        assert_eq!(findings("{}"), 1);
        assert_eq!(findings(r#"{"PublicAccessBlockConfiguration": null}"#), 1);
    }

    #[test]
    fn anything_said_is_another_rules() {
        assert_eq!(findings(r#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": false}}"#), 0);
    }
}
