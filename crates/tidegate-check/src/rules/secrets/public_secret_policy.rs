//! The policy of a secret or key that lets anyone in.

use crate::Context;
use crate::access::{named_actions, open_to_anyone};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of the policy of a secret or a KMS key that allows `Principal: "*"`, and no condition that
    /// leaves only callers somebody chose. `kms:CallerAccount` is such a condition, `kms:ViaService` alone is
    /// not.
    ///
    /// ## Why it matters
    /// Anyone with an AWS account reads the secret, or decrypts what the key protects.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Policy:
    ///     Type: AWS::SecretsManager::ResourcePolicy
    ///     Properties:
    ///       SecretId: arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders
    ///       ResourcePolicy:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: secretsmanager:GetSecretValue
    ///             Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Policy:
    ///     Type: AWS::SecretsManager::ResourcePolicy
    ///     Properties:
    ///       SecretId: arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders
    ///       ResourcePolicy:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: arn:aws:iam::123456789012:role/orders}
    ///             Action: secretsmanager:GetSecretValue
    ///             Resource: "*"
    /// ```
    ///
    /// ## Limits
    /// Grants that are made after deployment are not seen.
    PublicSecretPolicy {
        id: "public-secret-policy",
        title: "secret or key open to anyone",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SEC-003", "CKV_AWS_33", "kics:fa00ce45-386d-4718-8392-fb485e1f3c5b", "kics:f6049677-ec4a-43af-8779-5190b6d03cba", "kics:da905474-7454-43c0-b8d2-5756ab951aba", "kics:7ebc9038-0bde-479a-acc4-6ed7b6758899"],
        threats: ["T17", "T33"],
        profiles: [Baseline],
        why: "anyone reads the secret or decrypts with the key",
    }
}

impl Rule for PublicSecretPolicy {
    const ON: &'static [&'static str] =
        &["AWS::KMS::Key", "AWS::KMS::ReplicaKey", "AWS::SecretsManager::ResourcePolicy"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let (path, what) = match resource.ty.as_str() {
            "AWS::SecretsManager::ResourcePolicy" => ("ResourcePolicy", "secret"),
            _ => ("KeyPolicy", "key"),
        };
        for open in open_to_anyone(cx, resource, &[path]) {
            cx.finding(
                resource,
                format!("anyone is allowed {} on the {what}", named_actions(&open.statement)),
            )
            .at_statement(&open)
            .help("name the principals; for a key that a service uses, add `kms:CallerAccount`")
            .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicSecretPolicy;
    use crate::testing::Build;

    fn key(condition: &str) -> Vec<String> {
        let statement = format!(
            r#"{{"Effect": "Allow", "Principal": {{"AWS": "*"}}, "Action": "kms:Decrypt", "Condition": {condition}}}"#
        );
        let properties = format!(r#"{{"KeyPolicy": {{"Statement": [{statement}]}}}}"#);
        Build::new().json("Key", "AWS::KMS::Key", &properties).findings::<PublicSecretPolicy>()
    }

    #[test]
    fn a_service_alone_keeps_nobody_out() {
        assert_eq!(
            key(r#"{"StringEquals": {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"}}"#),
            ["Key: anyone is allowed `kms:Decrypt` on the key"]
        );
        assert!(key(r#"{"StringEquals": {"kms:CallerAccount": "123456789012"}}"#).is_empty());
    }
}
