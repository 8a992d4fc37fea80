//! A secret under the provider's key.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A secret without `KmsKeyId`, or with the provider's key `aws/secretsmanager`.
    ///
    /// ## Why it matters
    /// The provider's key decrypts for every identity of the account that may read the secret. A key of one's own is a second
    /// permission: it has a policy, it can be switched off, and it can be shared with another account.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Password:
    ///     Type: AWS::SecretsManager::Secret
    ///     Properties:
    ///       KmsKeyId: alias/aws/secretsmanager
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Key:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       KeyPolicy: {Statement: []}
    ///   Password:
    ///     Type: AWS::SecretsManager::Secret
    ///     Properties:
    ///       KmsKeyId: !Ref Key
    /// ```
    ///
    /// ## Limits
    /// Secrets are always encrypted; this is about who holds the key. The key's policy isn't looked at.
    SecretWithoutOwnKey {
        id: "secret-without-own-key",
        title: "secret under the provider's key",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SEC-002",
            "CKV_AWS_149",
            "trivy:AVD-AWS-0098",
            "kics:a2f548f2-188c-4fff-b172-e9a6acb216bd",
            "kics:b0d3ef3f-845d-4b1b-83d6-63a5a380375f",
            "kics:c8ae9ba9-c2f7-4e5c-b32e-a4b7712d4d22",
        ],
        threats: ["T35"],
        profiles: [Regulated],
        why: "whoever may read the secret may decrypt it, and no key can be switched off",
    }
}

impl Rule for SecretWithoutOwnKey {
    const ON: &'static [&'static str] = &["AWS::SecretsManager::Secret"];

    fn check(secret: &Resource, cx: &Context<'_>) {
        let name = &secret.logical_id;
        let message = match cx.get(secret, &["KmsKeyId"]) {
            None => format!("`{name}` names no key of its own"),
            Some(key) if key.is_unknown() => return cx.unknown(secret, key, "`KmsKeyId`"),
            Some(key) => match key.as_text() {
                Some(text) if text.is_empty() => format!("`{name}` names no key of its own"),
                Some(text) if text.ends_with("alias/aws/secretsmanager") => {
                    format!("`{name}` is encrypted with the provider's key")
                }
                _ => return,
            },
        };
        cx.finding(secret, message)
            .within(&["KmsKeyId"])
            .help("name a key of your own in `KmsKeyId`, and let the readers use it")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::SecretWithoutOwnKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        let build = Build::new().json("Password", "AWS::SecretsManager::Secret", properties);
        build.findings::<SecretWithoutOwnKey>()
    }

    #[test]
    fn none_and_the_providers() {
        assert_eq!(findings("{}"), ["Password: `Password` names no key of its own"]);
        assert_eq!(
            findings(r#"{"KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:alias/aws/secretsmanager"}"#),
            ["Password: `Password` is encrypted with the provider's key"]
        );
    }

    #[test]
    fn an_own_key() {
        assert!(findings(r#"{"KmsKeyId": "alias/secrets"}"#).is_empty());
        assert!(findings(r#"{"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}"#).is_empty());
    }
}
