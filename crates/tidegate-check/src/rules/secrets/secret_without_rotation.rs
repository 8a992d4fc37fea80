//! A secret that stays the same for ever.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A secret without a rotation schedule. Medium where it is attached to a database, since AWS has the function that rotates
    /// it ready; low for the rest.
    ///
    /// ## Why it matters
    /// Whoever saw it once, in a log, a backup or a former job, can use it for ever.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Password:
    ///     Type: AWS::SecretsManager::Secret
    ///     Properties:
    ///       GenerateSecretString: {PasswordLength: 32}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Password:
    ///     Type: AWS::SecretsManager::Secret
    ///     Properties:
    ///       GenerateSecretString: {PasswordLength: 32}
    ///   Rotation:
    ///     Type: AWS::SecretsManager::RotationSchedule
    ///     Properties:
    ///       SecretId: !Ref Password
    ///       RotationLambdaARN: arn:aws:lambda:eu-west-1:123456789012:function:rotate
    ///       RotationRules: {ScheduleExpression: rate(30 days)}
    /// ```
    ///
    /// ## Limits
    /// Keys of third parties often can't be rotated by a function. Schedules that are declared elsewhere aren't seen, and
    /// how often a schedule rotates isn't asked.
    SecretWithoutRotation {
        id: "secret-without-rotation",
        title: "secret that is never rotated",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SEC-001", "CKV2_AWS_57", "cdk-nag:AwsSolutions-SMG4"],
        threats: ["T32", "T33"],
        profiles: [Regulated],
        why: "whoever saw it once can use it for ever",
    }
}

impl Rule for SecretWithoutRotation {
    const ON: &'static [&'static str] = &["AWS::SecretsManager::Secret"];

    fn check(secret: &Resource, cx: &Context<'_>) {
        let has = |ty: &str| !cx.referrers(secret, ty, "SecretId").is_empty();
        // What older Terraform providers kept within the secret.
        if has("AWS::SecretsManager::RotationSchedule") || cx.get(secret, &["RotationLambdaArn"]).is_some() {
            return;
        }
        let easy = has("AWS::SecretsManager::SecretTargetAttachment");
        cx.finding(secret, format!("`{}` is never rotated", secret.logical_id))
            .severity(if easy { Severity::Medium } else { Severity::Low })
            .help("add a `AWS::SecretsManager::RotationSchedule`, or do without a lasting secret")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::SecretWithoutRotation;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn severities(secret: &str, more: &str) -> Vec<Severity> {
        let build = Build::new().json("Password", "AWS::SecretsManager::Secret", secret);
        let build = build.json("More", more, r#"{"SecretId": {"Ref": "Password"}}"#);
        build.run::<SecretWithoutRotation>().findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn never_rotated() {
        assert_eq!(severities("{}", "AWS::SecretsManager::ResourcePolicy"), [Severity::Low]);
        assert_eq!(severities("{}", "AWS::SecretsManager::SecretTargetAttachment"), [Severity::Medium]);
    }

    #[test]
    fn rotated() {
        assert!(severities("{}", "AWS::SecretsManager::RotationSchedule").is_empty());
    }
}
