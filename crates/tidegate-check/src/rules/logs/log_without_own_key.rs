//! A log group under the provider's key.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A log group without `KmsKeyId`.
    ///
    /// ## Why it matters
    /// Logs hold what events held. CloudWatch encrypts them in any case, but with its own key: who may read the log group
    /// reads it all, and no key can be switched off.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Log:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties:
    ///       RetentionInDays: 30
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Key:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       KeyPolicy: {Statement: []}
    ///   Log:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties:
    ///       RetentionInDays: 30
    ///       KmsKeyId: !GetAtt Key.Arn
    /// ```
    ///
    /// ## Limits
    /// Log groups that Lambda makes by itself aren't in the template, and not reported.
    LogWithoutOwnKey {
        id: "log-without-own-key",
        title: "log group under the provider's key",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-LOG-002",
            "CKV_AWS_158",
            "trivy:AVD-AWS-0017",
            "kics:0afbcfe9-d341-4b92-a64c-7e6de0543879",
            "guard:CLOUDWATCH_LOG_GROUP_ENCRYPTED",
        ],
        threats: ["T34", "T35"],
        profiles: [Regulated],
        why: "whoever may read the log group reads what events held, and no key can be switched off",
    }
}

impl Rule for LogWithoutOwnKey {
    const ON: &'static [&'static str] = &["AWS::Logs::LogGroup"];

    fn check(group: &Resource, cx: &Context<'_>) {
        match cx.get(group, &["KmsKeyId"]) {
            Some(key) if key.is_unknown() => return cx.unknown(group, key, "`KmsKeyId`"),
            Some(key) if key.as_str() != Some("") => return,
            _ => {}
        }
        cx.finding(group, format!("`{}` names no key of its own", group.logical_id))
            .within(&["KmsKeyId"])
            .help(
                "name a key in `KmsKeyId`, and let the service of CloudWatch Logs use it in the key's policy",
            )
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::LogWithoutOwnKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Log", "AWS::Logs::LogGroup", properties).findings::<LogWithoutOwnKey>()
    }

    #[test]
    fn none_and_an_own_key() {
        let expected = ["Log: `Log` names no key of its own"];
        assert_eq!(findings("{}"), expected);
        assert_eq!(findings(r#"{"KmsKeyId": ""}"#), expected);
        assert!(findings(r#"{"KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1"}"#).is_empty());
    }
}
