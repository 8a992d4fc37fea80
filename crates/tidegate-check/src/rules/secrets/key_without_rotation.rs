//! A key that stays the same for ever.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A symmetric KMS key without `EnableKeyRotation: true`. Keys that KMS can't rotate by itself are left alone: asymmetric
    /// ones, those for message codes, and those whose material comes from outside or lies in a key store of one's own; so
    /// are keys that are switched off.
    ///
    /// ## Why it matters
    /// All that was ever encrypted hangs on one piece of key material. With rotation a piece that got out opens one year.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Key:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       KeyPolicy: {Statement: []}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Key:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       EnableKeyRotation: true
    ///       KeyPolicy: {Statement: []}
    ///   Signing:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       KeySpec: ECC_NIST_P256
    ///       KeyUsage: SIGN_VERIFY
    ///       KeyPolicy: {Statement: []}
    /// ```
    ///
    /// ## Limits
    /// Keys that are rotated by hand, with an alias that moves on, are reported too.
    KeyWithoutRotation {
        id: "key-without-rotation",
        title: "key that is never rotated",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SEC-005",
            "CKV_AWS_7",
            "trivy:AVD-AWS-0065",
            "kics:235ca980-eb71-48f4-9030-df0c371029eb",
            "kics:22fbfeac-7b5a-421a-8a27-7a2178bb910b",
        ],
        threats: ["T35"],
        profiles: [Regulated],
        why: "all that was ever encrypted hangs on one piece of key material",
    }
}

impl Rule for KeyWithoutRotation {
    const ON: &'static [&'static str] = &["AWS::KMS::Key"];

    fn check(key: &Resource, cx: &Context<'_>) {
        // Each with the value that is its default.
        const ROTATABLE: &[(&str, &str)] =
            &[("KeySpec", "SYMMETRIC_DEFAULT"), ("KeyUsage", "ENCRYPT_DECRYPT"), ("Origin", "AWS_KMS")];
        if key.declared_type == "aws_kms_external_key" || cx.get(key, &["CustomKeyStoreId"]).is_some() {
            return;
        }
        let mut unknown = None;
        for (property, default) in ROTATABLE {
            match cx.get(key, &[property]).map(|value| (value, value.as_str())) {
                Some((_, Some(value))) if value != *default => return,
                Some((value, None)) => unknown = unknown.or(Some((value, *property))),
                None | Some((_, Some(_))) => {}
            }
        }
        if cx.get(key, &["Enabled"]).and_then(tidegate_graph::Value::as_bool) == Some(false) {
            return;
        }
        match cx.get(key, &["EnableKeyRotation"]).map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(key, value, "`EnableKeyRotation`"),
            None | Some((_, Some(false))) => {}
        }
        if let Some((value, property)) = unknown {
            return cx.unknown(key, value, &format!("`{property}`"));
        }
        cx.finding(key, format!("`{}` is never rotated", key.logical_id))
            .within(&["EnableKeyRotation"])
            .help("set `EnableKeyRotation: true`")
            .fix(Fix::safe("rotate the key each year").set(&key.id, &["EnableKeyRotation"], true))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::KeyWithoutRotation;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Key", "AWS::KMS::Key", properties).findings::<KeyWithoutRotation>()
    }

    #[test]
    fn symmetric_keys() {
        let expected = ["Key: `Key` is never rotated"];
        assert_eq!(findings("{}"), expected);
        assert_eq!(findings(r#"{"EnableKeyRotation": false, "KeySpec": "SYMMETRIC_DEFAULT"}"#), expected);
        assert!(findings(r#"{"EnableKeyRotation": "true"}"#).is_empty());
    }

    #[test]
    fn what_cannot_be_rotated() {
        for properties in [
            r#"{"KeySpec": "RSA_2048"}"#,
            r#"{"KeyUsage": "GENERATE_VERIFY_MAC"}"#,
            r#"{"Origin": "EXTERNAL"}"#,
            r#"{"Enabled": false}"#,
        ] {
            assert!(findings(properties).is_empty(), "{properties}");
        }
    }
}
