//! A table whose billing mode doesn't exist.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A DynamoDB table with a `BillingMode` that is neither `PROVISIONED` nor `PAY_PER_REQUEST`.
    ///
    /// ## Why it matters
    /// It can't be deployed, or falls back to a mode that nobody chose.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       BillingMode: ON_DEMAND
    ///       AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    ///       KeySchema: [{AttributeName: id, KeyType: HASH}]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       BillingMode: PAY_PER_REQUEST
    ///       AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    ///       KeySchema: [{AttributeName: id, KeyType: HASH}]
    /// ```
    ///
    /// ## Limits
    /// What a mode costs is another rule's matter: see `unbounded-table`.
    UnknownBillingMode {
        id: "unknown-billing-mode",
        title: "table whose billing mode doesn't exist",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-DDB-040", "kics:c333e906-8d8b-4275-b999-78b6318f8dc6"],
        threats: ["T40"],
        profiles: [],
        why: "it can't be deployed, or is billed in a way that nobody chose",
    }
}

impl Rule for UnknownBillingMode {
    const ON: &'static [&'static str] = &["AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"];

    fn check(table: &Resource, cx: &Context<'_>) {
        let Some(mode) = cx.get(table, &["BillingMode"]) else { return };
        let Some(word) = mode.as_text() else { return cx.unknown(table, mode, "`BillingMode`") };
        if ["PROVISIONED", "PAY_PER_REQUEST"].iter().any(|known| known.eq_ignore_ascii_case(&word)) {
            return;
        }
        cx.finding(table, format!("there is no billing mode `{word}`"))
            .at(&["BillingMode"])
            .help("set `BillingMode` to `PAY_PER_REQUEST` or `PROVISIONED`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnknownBillingMode;
    use crate::testing::Build;

    #[test]
    fn modes() {
        let findings = |properties: &str| {
            let build = Build::new().json("Orders", "AWS::DynamoDB::Table", properties);
            build.findings::<UnknownBillingMode>()
        };
        assert_eq!(findings(r#"{"BillingMode": "FREE"}"#), ["Orders: there is no billing mode `FREE`"]);
        assert!(findings(r#"{"BillingMode": "PROVISIONED"}"#).is_empty());
        assert!(findings("{}").is_empty());
    }
}
