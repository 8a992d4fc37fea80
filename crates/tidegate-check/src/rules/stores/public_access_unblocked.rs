//! A bucket that does without the block of public access.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A bucket whose `PublicAccessBlockConfiguration` leaves a part of public access open: a setting is
    /// `false`, or missing beside others, which S3 takes for `false`. A bucket without the configuration has
    /// all four by default, and is not reported. Where the bucket has access control lists off, which is the
    /// default, the two settings on lists change nothing, and are low.
    ///
    /// ## Why it matters
    /// The block is what makes a careless bucket policy harmless. Without it one wrong statement opens the
    /// bucket to everyone.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: false, IgnorePublicAcls: true, RestrictPublicBuckets: false}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
    /// ```
    ///
    /// ## Limits
    /// An account-wide block is not seen. Buckets made before April 2023 may lack the default.
    PublicAccessUnblocked {
        id: "public-access-unblocked",
        title: "bucket with public access not blocked",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-S3-001", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6", "trivy:AVD-AWS-0086", "trivy:AVD-AWS-0087", "trivy:AVD-AWS-0091", "trivy:AVD-AWS-0093", "kics:48f100d9-f499-4c6d-b2b8-deafe47ffb26", "kics:860ba89b-b8de-4e72-af54-d6aee4138a69", "kics:6c8d51af-218d-4bfb-94a9-94eabaa0703a", "kics:350cd468-0e2c-44ef-9d22-cfb73a62523c", "kics:d0cc8694-fcad-43ff-ac86-32331d7e867f", "kics:1a4bc881-9f69-4d44-8c9a-d37d08f54c50", "kics:4fa66806-0dd9-4f8d-9480-3174d39c7c91", "kics:1ec253ab-c220-4d63-b2de-5b40e0af9293"],
        threats: ["T31"],
        profiles: [Baseline],
        why: "one wrong statement of a policy opens the bucket to everyone",
    }
}

const POLICIES: [&str; 2] = ["BlockPublicPolicy", "RestrictPublicBuckets"];
const LISTS: [&str; 2] = ["BlockPublicAcls", "IgnorePublicAcls"];

impl Rule for PublicAccessUnblocked {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        let Some(block) = cx.get(bucket, &["PublicAccessBlockConfiguration"]) else { return };
        if block.as_map().is_none() {
            return cx.unknown(bucket, block, "`PublicAccessBlockConfiguration`");
        }
        let mut off = Vec::new();
        for key in POLICIES.into_iter().chain(LISTS) {
            match cx.child(block, key).map(|value| (value, value.as_bool())) {
                Some((_, Some(true))) => {}
                Some((value, None)) => cx.unknown(bucket, value, &format!("`{key}`")),
                Some((_, Some(false))) | None => off.push(key),
            }
        }
        if off.is_empty() {
            return;
        }
        let severity = match off.iter().any(|key| POLICIES.contains(key)) {
            true => Severity::High,
            false if has_lists(bucket, cx) => Severity::Medium,
            false => Severity::Low,
        };
        let names: Vec<String> = off.iter().map(|key| format!("`{key}`")).collect();
        cx.finding(bucket, format!("public access isn't blocked: {} off", names.join(", ")))
            .at(&["PublicAccessBlockConfiguration"])
            .severity(severity)
            .help("set all four to true, or leave `PublicAccessBlockConfiguration` out")
            .fix(blocked(bucket, &off))
            .report();
    }
}

/// All that is off, on.
fn blocked(bucket: &Resource, off: &[&str]) -> Fix {
    off.iter().fold(Fix::risky("block public access"), |fix, key| {
        fix.set(&bucket.id, &["PublicAccessBlockConfiguration", key], true)
    })
}

/// True if the bucket was given access control lists; by default they are off.
fn has_lists(bucket: &Resource, cx: &Context<'_>) -> bool {
    cx.items(bucket, &["OwnershipControls", "Rules"]).iter().any(|rule| {
        cx.child(rule, "ObjectOwnership").is_some_and(|o| o.as_str() != Some("BucketOwnerEnforced"))
    })
}

#[cfg(test)]
mod tests {
    use super::PublicAccessUnblocked;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Invoices", "AWS::S3::Bucket", properties).findings::<PublicAccessUnblocked>()
    }

    #[test]
    fn what_is_missing_is_off() {
        assert_eq!(
            findings(
                r#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": "true", "BlockPublicPolicy": false}}"#
            ),
            ["Invoices: public access isn't blocked: `BlockPublicPolicy`, `RestrictPublicBuckets` off"]
        );
    }

    #[test]
    fn the_default_is_on() {
        assert!(findings("{}").is_empty());
    }
}
