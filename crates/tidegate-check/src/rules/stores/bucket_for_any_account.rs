//! A bucket that anyone with an AWS account may read.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A bucket with the access control list `AuthenticatedRead`.
    ///
    /// ## Why it matters
    /// Anyone can have an AWS account, so anyone reads the objects.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       AccessControl: AuthenticatedRead
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       AccessControl: Private
    /// ```
    ///
    /// ## Limits
    /// A public access block that ignores lists makes it harmless, and isn't reported.
    BucketForAnyAccount {
        id: "bucket-for-any-account",
        title: "bucket readable with any AWS account",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-013",
            "kics:835d5497-a526-4aea-a23f-98a9afd1635f",
            "kics:57b9893d-33b1-4419-bcea-a717ea87e139",
        ],
        threats: ["T31"],
        profiles: [],
        why: "anyone can have an AWS account",
    }
}

impl Rule for BucketForAnyAccount {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        let ignored = ["PublicAccessBlockConfiguration", "IgnorePublicAcls"];
        let list = cx.get(bucket, &["AccessControl"]).and_then(Value::as_str);
        if list != Some("AuthenticatedRead")
            || cx.get(bucket, &ignored).and_then(Value::as_bool) == Some(true)
        {
            return;
        }
        cx.finding(bucket, "anyone with an AWS account may read the objects")
            .at(&["AccessControl"])
            .help("drop `AccessControl`, and name readers in a bucket policy")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BucketForAnyAccount;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::S3::Bucket", properties).findings::<BucketForAnyAccount>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"AccessControl": "AuthenticatedRead"}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"AccessControl": "PublicRead"}"#), 0);
        assert_eq!(
            findings(
                r#"{"AccessControl": "AuthenticatedRead", "PublicAccessBlockConfiguration": {"IgnorePublicAcls": true}}"#
            ),
            0
        );
    }
}
