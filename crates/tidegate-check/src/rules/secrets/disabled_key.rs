//! A key that opens nothing.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A KMS key with `Enabled: false`. Low: it is safe, but what it encrypted can't be read.
    ///
    /// ## Why it matters
    /// Events, objects and variables encrypted with it are lost to their readers while it is off.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       KeyPolicy: {Statement: []}
    ///       Enabled: false
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       KeyPolicy: {Statement: []}
    /// ```
    ///
    /// ## Limits
    /// A key that is off on purpose, before it is deleted, is reported too.
    DisabledKey {
        id: "disabled-key",
        title: "key that is switched off",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SEC-006",
            "kics:2844c749-bd78-4cd1-90e8-b179df827602",
            "kics:7350fa23-dcf7-4938-916d-6a60b0c73b50",
        ],
        threats: ["T46"],
        profiles: [],
        why: "what it encrypted can't be read",
    }
}

impl Rule for DisabledKey {
    const ON: &'static [&'static str] = &["AWS::KMS::Key"];

    fn check(key: &Resource, cx: &Context<'_>) {
        match cx.get(key, &["Enabled"]).map(|value| (value, value.as_bool())) {
            None | Some((_, Some(true))) => {}
            Some((value, None)) => cx.unknown(key, value, "`Enabled`"),
            Some((_, Some(false))) => cx
                .finding(key, "the key is switched off")
                .at(&["Enabled"])
                .help("switch it on, or drop it with what it encrypted")
                .report(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DisabledKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::KMS::Key", properties).findings::<DisabledKey>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"Enabled": false}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"Enabled": true}"#), 0);
    }
}
