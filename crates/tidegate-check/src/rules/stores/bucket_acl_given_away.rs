//! A bucket whose access control list others may change.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A grant of `WRITE_ACP` in the access control list of a bucket, and one of `FULL_CONTROL` to a group. CloudFormation knows
    /// ready-made lists only; it is Terraform that spells out grants.
    ///
    /// ## Why it matters
    /// Who may write the list grants himself, or everyone, all that a list can grant.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "aws_s3_bucket" "invoices" {
    ///   bucket = "invoices"
    /// }
    ///
    /// resource "aws_s3_bucket_acl" "invoices" {
    ///   bucket = aws_s3_bucket.invoices.id
    ///   access_control_policy {
    ///     grant {
    ///       grantee {
    ///         type = "Group"
    ///         uri  = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    ///       }
    ///       permission = "WRITE_ACP"
    ///     }
    ///     owner {
    ///       id = "0123456789abcdef"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "aws_s3_bucket" "invoices" {
    ///   bucket = "invoices"
    /// }
    ///
    /// resource "aws_s3_bucket_ownership_controls" "invoices" {
    ///   bucket = aws_s3_bucket.invoices.id
    ///   rule {
    ///     object_ownership = "BucketOwnerEnforced"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Whether the grantee is the owner of the bucket is not known: `FULL_CONTROL` of one user is not reported.
    BucketAclGivenAway {
        id: "bucket-acl-given-away",
        title: "bucket whose access control list others may change",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-018",
            "kics:64a222aa-7793-4e40-915f-4b302c76e4d4",
        ],
        threats: ["T31"],
        profiles: [Baseline],
        why: "who writes the list grants everything in it",
    }
}

impl Rule for BucketAclGivenAway {
    /// In Terraform also the list of a bucket that is declared elsewhere.
    const ON: &'static [&'static str] = &["AWS::S3::Bucket", "aws_s3_bucket_acl"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        for (n, grant) in cx.items(bucket, &["AccessControlPolicy", "Grants"]).into_iter().enumerate() {
            let group = cx.child(grant, "Grantee").and_then(|grantee| cx.child(grantee, "Uri")).is_some();
            let Some(permission) = cx.child(grant, "Permission").and_then(Value::as_str) else { continue };
            if permission == "WRITE_ACP" || permission == "FULL_CONTROL" && group {
                cx.finding(bucket, format!("`{permission}` lets others change the access control list"))
                    .at(&["AccessControlPolicy", "Grants", &n.to_string(), "Permission"])
                    .help("drop the grant, and share through a bucket policy that names who reads")
                    .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BucketAclGivenAway;
    use crate::testing::Build;

    fn findings(grantee: &str, permission: &str) -> usize {
        let properties = format!(
            r#"{{"AccessControlPolicy": {{"Grants": [{{"Grantee": {grantee}, "Permission": "{permission}"}}]}}}}"#
        );
        Build::new().json("b", "AWS::S3::Bucket", &properties).findings::<BucketAclGivenAway>().len()
    }

    #[test]
    fn the_list_itself() {
        assert_eq!(findings(r#"{"Id": "user"}"#, "WRITE_ACP"), 1);
        assert_eq!(findings(r#"{"Uri": "group"}"#, "FULL_CONTROL"), 1);
    }

    #[test]
    fn objects_alone_and_the_owner() {
        assert_eq!(findings(r#"{"Uri": "group"}"#, "READ_ACP"), 0);
        assert_eq!(findings(r#"{"Id": "user"}"#, "FULL_CONTROL"), 0);
    }
}
