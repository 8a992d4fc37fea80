//! A bucket policy that lets anyone in.

use crate::access::{named_actions, open_to_anyone};
use crate::rule::{Rule, declare_rule};
use crate::{Context, buckets};
use tidegate_graph::policy::Statement;
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A statement of a bucket policy that allows `Principal: "*"`, and no condition that leaves only callers
    /// somebody chose. A bucket that is a website and lets anyone read its objects, and nothing else, is
    /// medium: that is what websites are for. A bucket with `RestrictPublicBuckets: true` is left alone: S3
    /// ignores the statement.
    ///
    /// ## Why it matters
    /// Anyone reads, writes or deletes the objects, and an object that somebody writes starts whatever the
    /// bucket notifies.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///   Policy:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: !Ref Invoices
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: s3:GetObject
    ///             Resource: !Sub ${Invoices.Arn}/*
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///   Policy:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: !Ref Invoices
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Service: cloudfront.amazonaws.com}
    ///             Action: s3:GetObject
    ///             Resource: !Sub ${Invoices.Arn}/*
    ///             Condition:
    ///               StringEquals:
    ///                 aws:SourceArn: arn:aws:cloudfront::123456789012:distribution/E1ABCDEF
    /// ```
    ///
    /// ## Limits
    /// Whether an account-wide block of public access covers the bucket is not seen. `aws:Referer` and
    /// `aws:UserAgent` keep nobody out: callers choose them.
    PublicBucketPolicy {
        id: "public-bucket-policy",
        title: "bucket open to anyone",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-S3-003", "CKV_AWS_70", "kics:7772bb8c-c0f3-42d4-8e4e-f1b8939ad085", "kics:4ae8af91-5108-42cb-9471-3bdbe596eac9", "kics:f6397a20-4cf1-4540-a997-1d363c25ef58", "kics:acc78859-765e-4011-a229-a65ea57db252", "kics:7af43613-6bb9-4a0e-8c4d-1314b799425e", "kics:a4966c4f-9141-48b8-a564-ffe9959945bc", "kics:f97b7d23-568f-4bcc-9ac9-02df0d57fbba", "kics:faa8fddf-c0aa-4b2d-84ff-e993e233ebe9", "kics:1df37f4b-7197-45ce-83f8-9994d2fcf885", "kics:66c6f96f-2d9e-417e-a998-9058aeeecd44", "kics:456b00a3-1072-4149-9740-6b8bb60251b0", "kics:ffdf4b37-7703-4dfe-a682-9d2e99bc6c09", "kics:d24c0755-c028-44b1-b503-8e719c898832"],
        threats: ["T31", "T17", "T02"],
        profiles: [Baseline],
        why: "anyone reads, writes or deletes the objects",
    }
}

impl Rule for PublicBucketPolicy {
    const ON: &'static [&'static str] = &["AWS::S3::BucketPolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        if buckets::restricted(cx, policy) {
            return;
        }
        let bucket = buckets::bucket(cx, policy);
        let website = bucket.is_some_and(|b| cx.get(b, &["WebsiteConfiguration"]).is_some());
        let name = bucket.map_or_else(|| "the bucket".into(), |b| format!("`{}`", b.logical_id));
        for open in open_to_anyone(cx, policy, &["PolicyDocument"]) {
            let severity =
                if website && only_reads(&open.statement) { Severity::Medium } else { Severity::Critical };
            cx.finding(policy, format!("anyone is allowed {} on {name}", named_actions(&open.statement)))
                .at_place(open.key.clone(), buckets::place(cx, policy, &open))
                .severity(severity)
                .help(
                    "serve the objects through CloudFront with origin access control, or name the principals",
                )
                .report();
        }
    }
}

fn only_reads(statement: &Statement<'_>) -> bool {
    let reads = |action: &&Value| {
        action.as_str().is_some_and(|a| {
            ["s3:getobject", "s3:getobjectversion"].contains(&a.to_ascii_lowercase().as_str())
        })
    };
    !statement.actions.is_empty() && statement.actions.iter().all(reads)
}

#[cfg(test)]
mod tests {
    use super::PublicBucketPolicy;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn severities(bucket: &str, action: &str) -> Vec<Severity> {
        let policy = format!(
            r#"{{"Bucket": {{"Ref": "Web"}}, "PolicyDocument": {{"Statement": {{"Effect": "Allow", "Principal": "*", "Action": "{action}"}}}}}}"#
        );
        let build = Build::new().json("Web", "AWS::S3::Bucket", bucket);
        let outcome = build.json("Policy", "AWS::S3::BucketPolicy", &policy).run::<PublicBucketPolicy>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn a_website_is_to_be_read_and_not_to_be_written() {
        assert_eq!(severities("{}", "s3:GetObject"), [Severity::Critical]);
        let website = r#"{"WebsiteConfiguration": {"IndexDocument": "index.html"}}"#;
        assert_eq!(severities(website, "s3:GetObject"), [Severity::Medium]);
        assert_eq!(severities(website, "s3:PutObject"), [Severity::Critical]);
    }

    #[test]
    fn a_restricted_bucket_ignores_it() {
        let restricted = r#"{"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}}"#;
        assert!(severities(restricted, "s3:GetObject").is_empty());
    }
}
