//! A table that cannot be set back.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A DynamoDB table without point-in-time recovery.
    ///
    /// ## Why it matters
    /// A function with a bug or a stranger in it deletes or overwrites items, and nothing brings them back.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       KeySchema: [{AttributeName: id, KeyType: HASH}]
    ///       AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       KeySchema: [{AttributeName: id, KeyType: HASH}]
    ///       AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    ///       PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
    /// ```
    ///
    /// ## Limits
    /// Backups by AWS Backup are not seen.
    TableWithoutRecovery {
        id: "table-without-recovery",
        title: "table without point-in-time recovery",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-DDB-001", "CKV_AWS_28", "CKV_AWS_165", "trivy:AVD-AWS-0024", "kics:0f04217d-488f-4e7a-bec8-f16159686cd6", "kics:741f1291-47ac-4a85-a07b-3d32a9d6bd3e", "cdk-nag:AwsSolutions-DDB3"],
        threats: ["T46"],
        profiles: [Baseline],
        why: "items that are overwritten or deleted are gone",
    }
}

const ENABLED: [&str; 2] = ["PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"];

impl Rule for TableWithoutRecovery {
    const ON: &'static [&'static str] = &["AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"];

    fn check(table: &Resource, cx: &Context<'_>) {
        if table.ty == "AWS::DynamoDB::Table" {
            return look(table, cx.get(table, &ENABLED), &ENABLED, cx);
        }
        // One replica that can be set back is enough: it is the same data.
        let replicas = cx.items(table, &["Replicas"]);
        let found: Vec<&Value> = replicas
            .into_iter()
            .filter_map(|replica| ENABLED.iter().try_fold(replica, |value, key| cx.child(value, key)))
            .collect();
        let best = found.iter().find(|v| v.as_bool() != Some(false)).or(found.first());
        look(table, best.copied(), &["Replicas"], cx);
    }
}

fn look(table: &Resource, enabled: Option<&Value>, at: &[&str], cx: &Context<'_>) {
    match enabled.map(|v| (v, v.as_bool())) {
        Some((_, Some(true))) => {}
        Some((value, None)) => cx.unknown(table, value, "`PointInTimeRecoveryEnabled`"),
        _ => cx
            .finding(table, "the table has no point-in-time recovery")
            .at(at)
            .help("set `PointInTimeRecoverySpecification` with `PointInTimeRecoveryEnabled: true`")
            .fix((at == ENABLED).then(|| Fix::safe("keep a history of 35 days").set(&table.id, at, true)))
            .report(),
    }
}

#[cfg(test)]
mod tests {
    use super::TableWithoutRecovery;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Orders", "AWS::DynamoDB::Table", properties).findings::<TableWithoutRecovery>()
    }

    #[test]
    fn bad() {
        assert_eq!(findings(r#"{}"#), ["Orders: the table has no point-in-time recovery"]);
    }

    #[test]
    fn good() {
        assert!(
            findings(r#"{"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": "true"}}"#)
                .is_empty()
        );
    }
}
