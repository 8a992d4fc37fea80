//! A key that leaves its policy to the default of KMS.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A KMS key without a `KeyPolicy`.
    ///
    /// ## Why it matters
    /// The default policy hands the key to IAM: whoever has `kms:*` on everything, by whatever policy of the account,
    /// decrypts with it. A policy of its own says who administers the key and who uses it, whatever else is granted.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   OrdersKey:
    ///     Type: AWS::KMS::Key
    ///     Properties: {EnableKeyRotation: true}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   OrdersKey:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       EnableKeyRotation: true
    ///       KeyPolicy:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:role/keeper"}
    ///             Action: ["kms:Describe*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]
    ///             Resource: "*"
    /// ```
    ///
    /// ## Limits
    /// A policy that only repeats the default counts as one.
    KeyWithoutPolicy {
        id: "key-without-policy",
        title: "key without a policy of its own",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SEC-007",
            "CKV2_AWS_64",
            "kics:da905474-7454-43c0-b8d2-5756ab951aba",
            "kics:7ebc9038-0bde-479a-acc4-6ed7b6758899",
        ],
        threats: ["T33"],
        profiles: [],
        why: "any administrator of the account decrypts with the key",
    }
}

impl Rule for KeyWithoutPolicy {
    /// In Terraform the policy may be a resource of its own.
    const ON: &'static [&'static str] = &["AWS::KMS::Key"];

    fn check(key: &Resource, cx: &Context<'_>) {
        if cx.get(key, &["KeyPolicy"]).is_some()
            || !cx.referrers(key, "aws_kms_key_policy", "key_id").is_empty()
        {
            return;
        }
        cx.finding(key, format!("`{}` has no policy of its own", key.logical_id))
            .at(&["KeyPolicy"])
            .help("name in `KeyPolicy` who administers the key and who uses it")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::KeyWithoutPolicy;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("Key", "AWS::KMS::Key", properties).findings::<KeyWithoutPolicy>().len()
    }

    #[test]
    fn default_and_own() {
        assert_eq!(findings("{}"), 1);
        assert_eq!(findings(r#"{"KeyPolicy": {"Statement": []}}"#), 0);
        assert_eq!(findings(r#"{"KeyPolicy": {"Ref": "Policy"}}"#), 0);
    }
}
