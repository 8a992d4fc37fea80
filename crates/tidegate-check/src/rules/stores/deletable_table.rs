//! A table that one call deletes.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A DynamoDB table without `DeletionProtectionEnabled: true`; for a global table in any of its regions.
    ///
    /// ## Why it matters
    /// One call, or one change of a template that replaces the table, deletes it with all it holds. A deletion policy of the
    /// template keeps it when the stack goes, but not from calls.
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
    ///       DeletionProtectionEnabled: true
    /// ```
    ///
    /// ## Limits
    /// Tables whose content can be made again, such as caches and locks, are reported too.
    DeletableTable {
        id: "deletable-table",
        title: "table that one call deletes",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-DDB-003"],
        threats: ["T46"],
        profiles: [Regulated],
        why: "one call deletes the table with all it holds",
    }
}

const KEY: &str = "DeletionProtectionEnabled";

impl Rule for DeletableTable {
    const ON: &'static [&'static str] = &["AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"];

    fn check(table: &Resource, cx: &Context<'_>) {
        if table.ty == "AWS::DynamoDB::Table" {
            if is_off(table, cx.get(table, &[KEY]), cx) {
                cx.finding(table, format!("one call deletes `{}`", table.logical_id))
                    .within(&[KEY])
                    .help(HELP)
                    .fix(Fix::risky("protect the table").set(&table.id, &[KEY], true))
                    .report();
            }
            return;
        }
        // The old global table of Terraform only joins tables that are declared elsewhere.
        if table.declared_type.starts_with("aws_") {
            return;
        }
        for (n, replica) in cx.items(table, &["Replicas"]).into_iter().enumerate() {
            if is_off(table, cx.child(replica, KEY), cx) {
                let at = n.to_string();
                return cx
                    .finding(table, format!("one call deletes `{}` in one of its regions", table.logical_id))
                    .at(&["Replicas", at.as_str(), KEY])
                    .help(HELP)
                    .report();
            }
        }
    }
}

const HELP: &str = "set `DeletionProtectionEnabled: true`";

fn is_off(table: &Resource, value: Option<&Value>, cx: &Context<'_>) -> bool {
    let Some(value) = value else { return true };
    if value.as_bool().is_none() {
        cx.unknown(table, value, "`DeletionProtectionEnabled`");
    }
    value.as_bool() == Some(false)
}

#[cfg(test)]
mod tests {
    use super::DeletableTable;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> Vec<String> {
        Build::new().json("Orders", ty, properties).findings::<DeletableTable>()
    }

    #[test]
    fn tables() {
        assert_eq!(findings("AWS::DynamoDB::Table", "{}"), ["Orders: one call deletes `Orders`"]);
        assert!(findings("AWS::DynamoDB::Table", r#"{"DeletionProtectionEnabled": true}"#).is_empty());
    }

    #[test]
    fn regions() {
        let global = r#"{"Replicas": [{"Region": "eu-west-1", "DeletionProtectionEnabled": true}, {"Region": "eu-north-1"}]}"#;
        assert_eq!(
            findings("AWS::DynamoDB::GlobalTable", global),
            ["Orders: one call deletes `Orders` in one of its regions"]
        );
    }
}
