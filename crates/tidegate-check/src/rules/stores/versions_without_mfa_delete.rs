//! Versions that a stolen key can delete.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A bucket in Terraform whose versioning is set without `mfa_delete`, or is switched off. An opinion: the setting
    /// can be made by the root account only.
    ///
    /// ## Why it matters
    /// Whoever has a key with the rights deletes every version for good.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "aws_s3_bucket" "orders" {
    ///   bucket = "orders"
    /// }
    ///
    /// resource "aws_s3_bucket_versioning" "orders" {
    ///   bucket = aws_s3_bucket.orders.id
    ///   versioning_configuration {
    ///     status = "Enabled"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "aws_s3_bucket" "orders" {
    ///   bucket = "orders"
    /// }
    ///
    /// resource "aws_s3_bucket_versioning" "orders" {
    ///   bucket = aws_s3_bucket.orders.id
    ///   mfa    = "arn:aws:iam::123456789012:mfa/root 123456"
    ///   versioning_configuration {
    ///     status     = "Enabled"
    ///     mfa_delete = "Enabled"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// CloudFormation can't say it, so its buckets are left alone; so are buckets without versioning.
    VersionsWithoutMfaDelete {
        id: "versions-without-mfa-delete",
        title: "versions deletable without second factor",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-015",
            "kics:c5b31ab9-0f26-4a49-b8aa-4cc064392f4d",
        ],
        threats: ["T46"],
        profiles: [],
        why: "a stolen key deletes every version for good",
    }
}

impl Rule for VersionsWithoutMfaDelete {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket", "aws_s3_bucket_versioning"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        let Some(versioning) = cx.get(bucket, &["VersioningConfiguration"]) else { return };
        if !bucket.declared_type.starts_with("aws_") {
            return;
        }
        let on = |key: &str| {
            cx.child(versioning, key)
                .is_some_and(|v| v.as_bool() == Some(true) || v.as_str() == Some("Enabled"))
        };
        if let Some(value) = cx.child(versioning, "MfaDelete").filter(|value| value.is_unknown()) {
            return cx.unknown(bucket, value, "`mfa_delete`");
        }
        if on("MfaDelete") && on("Status") {
            return;
        }
        cx.finding(bucket, "versions can be deleted without a second factor")
            .at(&["VersioningConfiguration", "MfaDelete"])
            .help("enable `mfa_delete` with the root account")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::VersionsWithoutMfaDelete;
    use crate::testing::Build;

    #[test]
    fn cloudformation_is_left_alone() {
        let versioning = r#"{"VersioningConfiguration": {"Status": "Enabled"}}"#;
        assert!(
            Build::new()
                .json("Orders", "AWS::S3::Bucket", versioning)
                .findings::<VersionsWithoutMfaDelete>()
                .is_empty()
        );
    }
}
