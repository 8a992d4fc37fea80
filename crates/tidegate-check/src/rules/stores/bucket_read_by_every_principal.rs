//! A bucket that any principal may read.

use crate::rule::{Rule, declare_rule};
use crate::{Context, buckets};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of a bucket policy that allows every principal (`*`) to read objects or listings, and not to write, where something else keeps
    /// strangers out: a condition, a `Deny`, or a block of public access on the bucket. An opinion.
    ///
    /// ## Why it matters
    /// A condition is one edit away from being lost, and then the bucket is open to the world.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: orders
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: "s3:GetObject"
    ///             Resource: arn:aws:s3:::orders/*
    ///             Condition: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: orders
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: "arn:aws:iam::123456789012:role/orders"}
    ///             Action: "s3:GetObject"
    ///             Resource: arn:aws:s3:::orders/*
    /// ```
    ///
    /// ## Limits
    /// What nothing keeps strangers out of is `public-bucket-policy`, and not reported again here; what may also be written is
    /// `bucket-written-by-every-principal`.
    BucketReadByEveryPrincipal {
        id: "bucket-read-by-every-principal",
        title: "bucket policy that lets every principal read",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-011",
            "kics:f97b7d23-568f-4bcc-9ac9-02df0d57fbba",
            "kics:faa8fddf-c0aa-4b2d-84ff-e993e233ebe9",
            "kics:1df37f4b-7197-45ce-83f8-9994d2fcf885",
            "kics:66c6f96f-2d9e-417e-a998-9058aeeecd44",
        ],
        threats: ["T31"],
        profiles: [],
        why: "one lost condition opens the bucket to the world",
    }
}

impl Rule for BucketReadByEveryPrincipal {
    const ON: &'static [&'static str] = &["AWS::S3::BucketPolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for found in buckets::for_everyone(cx, policy) {
            if found.open || !found.reads || found.writes {
                continue;
            }
            cx.finding(policy, "every principal is allowed to read, within conditions")
                .at_place(found.placed.key.clone(), buckets::place(cx, policy, &found.placed))
                .help("name the principals")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BucketReadByEveryPrincipal;
    use crate::testing::Build;

    fn findings(statement: &str) -> usize {
        let policy = format!(r#"{{"PolicyDocument": {{"Statement": {statement}}}}}"#);
        Build::new()
            .json("Policy", "AWS::S3::BucketPolicy", &policy)
            .findings::<BucketReadByEveryPrincipal>()
            .len()
    }

    #[test]
    fn every_principal() {
        assert_eq!(
            findings(
                r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}"#
            ),
            1
        );
        assert_eq!(
            findings(
                r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["s3:*"], "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}"#
            ),
            0
        );
    }

    #[test]
    fn what_is_open_is_reported_elsewhere() {
        assert_eq!(findings(r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}"#), 0);
    }

    #[test]
    fn others() {
        assert_eq!(findings(r#"{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}"#), 0);
        assert_eq!(findings(r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject"}"#), 0);
        assert_eq!(
            findings(
                r#"{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "s3:GetObject"}"#
            ),
            0
        );
    }
}
