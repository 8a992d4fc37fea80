//! A bucket whose access control list lets anyone in.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A bucket with `AccessControl: PublicRead`, `PublicReadWrite` or `AuthenticatedRead` (which is everyone
    /// with any AWS account), unless `IgnorePublicAcls` is true.
    ///
    /// ## Why it matters
    /// Anyone lists and reads the objects, or writes some that start whatever the bucket notifies.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       AccessControl: PublicRead
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       AccessControl: Private
    /// ```
    ///
    /// ## Limits
    /// Lists of single objects are not seen. New buckets refuse lists unless they are switched on.
    PublicBucketAcl {
        id: "public-bucket-acl",
        title: "bucket with public access control list",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-S3-002", "CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_375", "trivy:AVD-AWS-0092", "kics:07dda8de-d90d-469e-9b37-1aca53526ced", "kics:219f4c95-aa50-44e0-97de-cf71f4641170", "kics:38c5ee0d-7f22-4260-ab72-5073048df100", "kics:57b9893d-33b1-4419-bcea-a717ea87e139"],
        threats: ["T31", "T02"],
        profiles: [Baseline],
        why: "anyone reads the objects, or writes them",
    }
}

/// Aliases that mean access without an account, and without one to write.
const ANYONE: &[&str] =
    &["CKV_AWS_20", "kics:219f4c95-aa50-44e0-97de-cf71f4641170", "kics:38c5ee0d-7f22-4260-ab72-5073048df100"];
const WRITES: &[&str] = &["CKV_AWS_57", "kics:07dda8de-d90d-469e-9b37-1aca53526ced"];
/// An alias that means anyone with an account.
const ACCOUNTS: &[&str] = &["kics:57b9893d-33b1-4419-bcea-a717ea87e139"];

impl Rule for PublicBucketAcl {
    /// In Terraform also the list of a bucket that is declared elsewhere.
    const ON: &'static [&'static str] = &["AWS::S3::Bucket", "aws_s3_bucket_acl"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        let Some(list) = cx.get(bucket, &["AccessControl"]) else { return };
        let ignored = ["PublicAccessBlockConfiguration", "IgnorePublicAcls"];
        if cx.get(bucket, &ignored).and_then(Value::as_bool) == Some(true) {
            return;
        }
        let (message, unlike) = match list.as_str() {
            Some("PublicRead") => ("anyone may read the objects", [WRITES, ACCOUNTS]),
            Some("PublicReadWrite") => ("anyone may read and write the objects", [ACCOUNTS, &[]]),
            Some("AuthenticatedRead") => {
                ("anyone with an AWS account may read the objects", [ANYONE, WRITES])
            }
            Some(_) => return,
            None => return cx.unknown(bucket, list, "`AccessControl`"),
        };
        cx.finding(bucket, message)
            .at(&["AccessControl"])
            .unlike(&unlike.concat())
            .help("drop `AccessControl`, and share objects through a bucket policy that names who reads them")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::PublicBucketAcl;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Invoices", "AWS::S3::Bucket", properties).findings::<PublicBucketAcl>()
    }

    #[test]
    fn bad() {
        assert_eq!(findings(r#"{"AccessControl": "PublicRead"}"#), ["Invoices: anyone may read the objects"]);
    }

    #[test]
    fn each_list_has_its_own_aliases() {
        let aliases = |list: &str| {
            let build =
                Build::new().json("b", "AWS::S3::Bucket", &format!(r#"{{"AccessControl": "{list}"}}"#));
            build.run::<PublicBucketAcl>().findings[0].aliases.clone()
        };
        assert!(!aliases("PublicRead").contains(&"CKV_AWS_57"));
        assert!(aliases("PublicReadWrite").contains(&"CKV_AWS_57"));
        assert!(!aliases("AuthenticatedRead").contains(&"CKV_AWS_20"));
    }

    #[test]
    fn good() {
        assert!(findings(r#"{"AccessControl": "LogDeliveryWrite"}"#).is_empty());
        assert!(findings(r#"{}"#).is_empty());
        assert!(findings(r#"{"AccessControl": "PublicRead", "PublicAccessBlockConfiguration": {"IgnorePublicAcls": true}}"#).is_empty());
    }
}
