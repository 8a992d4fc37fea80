//! A bucket that doesn't say how it is encrypted.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Plain, Resource};

declare_rule! {
    /// ## What it finds
    /// A bucket without `BucketEncryption`. An opinion, for those who want it written down: S3 encrypts every new object with
    /// its own keys in any case.
    ///
    /// ## Why it matters
    /// An auditor who reads the template can't tell that the bucket is encrypted.
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
    ///   Orders:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketEncryption:
    ///         ServerSideEncryptionConfiguration:
    ///           - ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}
    /// ```
    ///
    /// ## Limits
    /// Objects from before January 2023 may lie unencrypted in buckets that never said it. Who holds the key is the matter
    /// of `bucket-without-own-key`.
    BucketEncryptedByDefaultAlone {
        id: "bucket-encrypted-by-default-alone",
        title: "bucket that doesn't say how it is encrypted",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-S3-040", "CKV_AWS_19", "kics:b2e8752c-3497-4255-98d2-e4ae5b46bbf5"],
        threats: ["T35"],
        profiles: [],
        why: "an auditor can't tell from the template that the bucket is encrypted",
    }
}

impl Rule for BucketEncryptedByDefaultAlone {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        if cx.get(bucket, &["BucketEncryption"]).is_some() {
            return;
        }
        let default = Plain::map([("SSEAlgorithm", Plain::Text("AES256".into()))]);
        let rule = Plain::map([("ServerSideEncryptionByDefault", default)]);
        let fix = Fix::safe("write the default out").set(
            &bucket.id,
            &["BucketEncryption", "ServerSideEncryptionConfiguration"],
            Plain::List(vec![rule]),
        );
        cx.finding(bucket, format!("`{}` leaves its encryption to the default", bucket.logical_id))
            .within(&["BucketEncryption"])
            .help("write `BucketEncryption` out")
            .fix(fix)
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BucketEncryptedByDefaultAlone;
    use crate::testing::Build;

    #[test]
    fn said_or_not() {
        let findings = |properties: &str| {
            let build = Build::new().json("Orders", "AWS::S3::Bucket", properties);
            build.findings::<BucketEncryptedByDefaultAlone>().len()
        };
        assert_eq!(findings("{}"), 1);
        assert_eq!(findings(r#"{"BucketEncryption": {}}"#), 0);
    }
}
