//! A bucket that any principal may write to.

use crate::rule::{Rule, declare_rule};
use crate::{Context, buckets};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of a bucket policy that allows every principal (`*`) to write or delete objects, where something else keeps
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
    ///             Action: "s3:PutObject"
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
    ///             Action: "s3:PutObject"
    ///             Resource: arn:aws:s3:::orders/*
    /// ```
    ///
    /// ## Limits
    /// What nothing keeps strangers out of is `public-bucket-policy`, and not reported again here.
    BucketWrittenByEveryPrincipal {
        id: "bucket-written-by-every-principal",
        title: "bucket policy that lets every principal write",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-012",
            "kics:456b00a3-1072-4149-9740-6b8bb60251b0",
            "kics:ffdf4b37-7703-4dfe-a682-9d2e99bc6c09",
            "kics:d24c0755-c028-44b1-b503-8e719c898832",
            "kics:f6397a20-4cf1-4540-a997-1d363c25ef58",
        ],
        threats: ["T31"],
        profiles: [],
        why: "one lost condition opens the bucket to the world",
    }
}

impl Rule for BucketWrittenByEveryPrincipal {
    const ON: &'static [&'static str] = &["AWS::S3::BucketPolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for found in buckets::for_everyone(cx, policy) {
            if found.open || !found.writes {
                continue;
            }
            cx.finding(policy, "every principal is allowed to write, within conditions")
                .at_place(found.placed.key.clone(), buckets::place(cx, policy, &found.placed))
                .help("name the principals")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BucketWrittenByEveryPrincipal;
    use crate::testing::Build;

    fn findings(statement: &str) -> usize {
        let policy = format!(r#"{{"PolicyDocument": {{"Statement": {statement}}}}}"#);
        Build::new()
            .json("Policy", "AWS::S3::BucketPolicy", &policy)
            .findings::<BucketWrittenByEveryPrincipal>()
            .len()
    }

    #[test]
    fn every_principal() {
        assert_eq!(
            findings(
                r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}"#
            ),
            1
        );
        assert_eq!(
            findings(
                r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["s3:*"], "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}"#
            ),
            1
        );
    }

    #[test]
    fn what_is_open_is_reported_elsewhere() {
        assert_eq!(findings(r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject"}"#), 0);
    }

    #[test]
    fn others() {
        assert_eq!(findings(r#"{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"}"#), 0);
        assert_eq!(findings(r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}"#), 0);
        assert_eq!(
            findings(
                r#"{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "s3:PutObject"}"#
            ),
            0
        );
    }
}
