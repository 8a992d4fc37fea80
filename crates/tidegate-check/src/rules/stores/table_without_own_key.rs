//! A table under a key that nobody in the account sees.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A DynamoDB table without `SSEEnabled: true`: it is encrypted with a key that AWS owns.
    ///
    /// ## Why it matters
    /// Such a key isn't in the account: its use is recorded nowhere, it has no policy, and it can't be switched off.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       BillingMode: PAY_PER_REQUEST
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
    ///       SSESpecification: {SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: alias/orders}
    /// ```
    ///
    /// ## Limits
    /// Every table is encrypted; this is about who holds the key. The key that AWS manages for the account (`SSEEnabled: true`
    /// without `KMSMasterKeyId`) is left alone, since its use is recorded; other tools ask for a key of one's own.
    TableWithoutOwnKey {
        id: "table-without-own-key",
        title: "table under a key that AWS owns",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-DDB-002",
            "CKV_AWS_119",
            "trivy:AVD-AWS-0025",
            "kics:c8dee387-a2e6-4a73-a942-183c975549ac",
            "kics:4bd21e68-38c1-4d58-acdc-6a14b203237f",
            "kics:ce089fd4-1406-47bd-8aad-c259772bb294",
        ],
        threats: ["T35"],
        profiles: [Regulated],
        why: "the key's use is recorded nowhere, and it can't be switched off",
    }
}

impl Rule for TableWithoutOwnKey {
    const ON: &'static [&'static str] = &["AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"];

    fn check(table: &Resource, cx: &Context<'_>) {
        const PATH: [&str; 2] = ["SSESpecification", "SSEEnabled"];
        if let Some(whole) = cx.get(table, &["SSESpecification"]).filter(|v| v.as_map().is_none()) {
            return cx.unknown(table, whole, "`SSESpecification`");
        }
        match cx.get(table, &PATH).map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(table, value, "`SSEEnabled`"),
            None | Some((_, Some(false))) => {}
        }
        cx.finding(table, format!("`{}` is encrypted with a key that AWS owns", table.logical_id))
            .within(&PATH)
            .help("set `SSESpecification: {SSEEnabled: true}`, better with a key of your own in `KMSMasterKeyId`")
            .fix(Fix::risky("encrypt with the account's key").set(&table.id, &PATH, true))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TableWithoutOwnKey;
    use crate::testing::Build;

    #[test]
    fn keys() {
        let findings = |properties: &str| {
            let build = Build::new().json("Orders", "AWS::DynamoDB::Table", properties);
            build.findings::<TableWithoutOwnKey>().len()
        };
        assert_eq!(findings("{}"), 1);
        assert_eq!(findings(r#"{"SSESpecification": {"SSEEnabled": "false"}}"#), 1);
        assert_eq!(findings(r#"{"SSESpecification": {"SSEEnabled": true}}"#), 0);
    }
}
