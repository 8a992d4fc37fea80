//! A bucket without a policy.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use std::collections::BTreeSet;
use tidegate_graph::Value;

declare_rule! {
    /// ## What it finds
    /// A bucket to which no bucket policy of the system belongs. An opinion: without one only the account's own
    /// identities get in.
    ///
    /// ## Why it matters
    /// Nothing demands TLS, and nothing holds back identities of the account that may use all buckets.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: orders
    ///   Policy:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: !Ref Orders
    ///       PolicyDocument: {Statement: []}
    /// ```
    ///
    /// ## Limits
    /// Policies that are declared elsewhere aren't seen.
    BucketWithoutPolicy {
        id: "bucket-without-policy",
        title: "bucket without policy",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-014",
            "kics:37fa8188-738b-42c8-bf82-6334ea567738",
        ],
        threats: ["T31"],
        profiles: [],
        why: "nothing holds back identities that may use all buckets",
    }
}

impl Rule for BucketWithoutPolicy {
    fn check_system(cx: &Context<'_>) {
        let mut named: BTreeSet<String> = BTreeSet::new();
        for policy in cx.of_type("AWS::S3::BucketPolicy") {
            let Some(bucket) = cx.get(policy, &["Bucket"]) else { continue };
            named.insert(bucket.display());
            named.extend(cx.target(policy, bucket, "AWS::S3::Bucket").map(|found| found.id.to_string()));
        }
        for bucket in cx.of_type("AWS::S3::Bucket") {
            let name = cx.get(bucket, &["BucketName"]).map(Value::display);
            // A logical id in the place of a name deploys to nothing, but says which bucket is meant.
            let meant = named.contains(bucket.id.as_str()) || named.contains(bucket.logical_id.as_str());
            if meant || name.is_some_and(|name| named.contains(&name)) {
                continue;
            }
            cx.finding(bucket, format!("`{}` has no bucket policy", bucket.logical_id))
                .help("add one that demands TLS and names who may use the bucket")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BucketWithoutPolicy;
    use crate::testing::Build;

    #[test]
    fn by_reference_and_by_name() {
        let bucket = || Build::new().json("Orders", "AWS::S3::Bucket", r#"{"BucketName": "orders"}"#);
        assert_eq!(bucket().findings::<BucketWithoutPolicy>(), ["Orders: `Orders` has no bucket policy"]);
        for name in [r#"{"Bucket": {"Ref": "Orders"}}"#, r#"{"Bucket": "orders"}"#, r#"{"Bucket": "Orders"}"#]
        {
            assert!(
                bucket()
                    .json("Policy", "AWS::S3::BucketPolicy", name)
                    .findings::<BucketWithoutPolicy>()
                    .is_empty()
            );
        }
        let other = bucket().json("Policy", "AWS::S3::BucketPolicy", r#"{"Bucket": "bills"}"#);
        assert_eq!(other.findings::<BucketWithoutPolicy>().len(), 1);
    }
}
