//! A bucket that may invoke a function, whoever owns it.

use super::service_permission_without_source::{function, service};
use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Piece, Plain, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A Lambda permission for `s3.amazonaws.com` with a `SourceArn` and no `SourceAccount`.
    ///
    /// ## Why it matters
    /// The ARN of a bucket names no account. When the bucket is deleted, anyone may make one of the same name in their own
    /// account, and its events start the function.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   FromUploads:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: resize
    ///       Action: lambda:InvokeFunction
    ///       Principal: s3.amazonaws.com
    ///       SourceArn: arn:aws:s3:::our-uploads
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   FromUploads:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: resize
    ///       Action: lambda:InvokeFunction
    ///       Principal: s3.amazonaws.com
    ///       SourceArn: arn:aws:s3:::our-uploads
    ///       SourceAccount: !Ref AWS::AccountId
    /// ```
    ///
    /// ## Limits
    /// Where the bucket is declared beside the permission the finding is medium: both go away together, unless somebody
    /// deletes the bucket by hand. A permission without any source is told by `service-permission-without-source`.
    BucketPermissionWithoutAccount {
        id: "bucket-permission-without-account",
        title: "bucket that may invoke a function, whoever owns it",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-013"],
        threats: ["T16", "T20"],
        profiles: [Baseline],
        why: "whoever takes over the bucket's name starts the function",
    }
}

impl Rule for BucketPermissionWithoutAccount {
    const ON: &'static [&'static str] = &["AWS::Lambda::Permission"];

    fn check(permission: &Resource, cx: &Context<'_>) {
        let principal = cx.get(permission, &["Principal"]).and_then(service);
        let Some(arn) = cx.get(permission, &["SourceArn"]).filter(|_| principal.as_deref() == Some("s3"))
        else {
            return;
        };
        let account = ["SourceAccount", "PrincipalOrgID"]
            .iter()
            .any(|key| cx.get(permission, &[key]).is_some_and(|v| v.as_str() != Some("")));
        if account {
            return;
        }
        // Without any literal text the other rule speaks.
        if arn.as_str() == Some("*") {
            return;
        }
        let own = arn.pieces().iter().any(|p| matches!(p, Piece::Reference(_)))
            || cx.target(permission, arn, "AWS::S3::Bucket").is_some();
        let severity = if own { Severity::Medium } else { Severity::High };
        let message = format!(
            "the bucket may invoke {} even after it belongs to another account",
            function(permission, cx)
        );
        cx.finding(permission, message)
            .at(&["SourceArn"])
            .severity(severity)
            .help("add `SourceAccount: !Ref AWS::AccountId`")
            .fix(Fix::risky("let your own account alone in").set(
                &permission.id,
                &["SourceAccount"],
                Plain::Account,
            ))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BucketPermissionWithoutAccount;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn run(properties: &str) -> Vec<Severity> {
        let build = Build::new().add("Uploads", "AWS::S3::Bucket", &[]);
        let build = build.json("P", "AWS::Lambda::Permission", properties);
        let outcome = build.run::<BucketPermissionWithoutAccount>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn the_arn_alone() {
        let foreign = r#"{"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::our-uploads"}"#;
        assert_eq!(run(foreign), [Severity::High]);
        let own = r#"{"Principal": "s3.amazonaws.com", "SourceArn": {"Fn::GetAtt": ["Uploads", "Arn"]}}"#;
        assert_eq!(run(own), [Severity::Medium]);
    }

    #[test]
    fn with_account_or_another_service() {
        for properties in [
            r#"{"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::our-uploads", "SourceAccount": "123456789012"}"#,
            r#"{"Principal": "s3.amazonaws.com"}"#,
            r#"{"Principal": "sns.amazonaws.com", "SourceArn": "arn:aws:sns:eu-west-1:123456789012:orders"}"#,
        ] {
            assert!(run(properties).is_empty(), "{properties}");
        }
    }
}
