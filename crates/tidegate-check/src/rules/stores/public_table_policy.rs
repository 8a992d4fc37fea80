//! A table policy that lets anyone in.

use crate::Context;
use crate::access::{named_actions, open_to_anyone};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of the policy of a DynamoDB table, of its stream, or of a replica of a global table that
    /// allows `Principal: "*"`, and no condition that leaves only callers somebody chose.
    ///
    /// ## Why it matters
    /// Anyone with an AWS account reads or changes the items.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       KeySchema: [{AttributeName: id, KeyType: HASH}]
    ///       AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    ///       ResourcePolicy:
    ///         PolicyDocument:
    ///           Statement:
    ///             - Effect: Allow
    ///               Principal: "*"
    ///               Action: dynamodb:GetItem
    ///               Resource: "*"
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
    ///       ResourcePolicy:
    ///         PolicyDocument:
    ///           Statement:
    ///             - Effect: Allow
    ///               Principal: {AWS: arn:aws:iam::123456789012:role/orders}
    ///               Action: dynamodb:GetItem
    ///               Resource: "*"
    /// ```
    ///
    /// ## Limits
    /// DynamoDB refuses some public policies at deployment when public access is blocked for the table; that is
    /// not weighed.
    PublicTablePolicy {
        id: "public-table-policy",
        title: "table open to anyone",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-DDB-005"],
        threats: ["T17", "T31"],
        profiles: [Baseline],
        why: "anyone reads or changes the items",
    }
}

impl Rule for PublicTablePolicy {
    const ON: &'static [&'static str] = &["AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"];

    fn check(table: &Resource, cx: &Context<'_>) {
        report(table, &["ResourcePolicy", "PolicyDocument"], "table", cx);
        report(
            table,
            &["StreamSpecification", "ResourcePolicy", "PolicyDocument"],
            "stream of the table",
            cx,
        );
        for n in 0..cx.items(table, &["Replicas"]).len() {
            report(table, &["Replicas", &n.to_string(), "ResourcePolicy", "PolicyDocument"], "replica", cx);
        }
    }
}

fn report(table: &Resource, path: &[&str], what: &str, cx: &Context<'_>) {
    for open in open_to_anyone(cx, table, path) {
        cx.finding(table, format!("anyone is allowed {} on the {what}", named_actions(&open.statement)))
            .at_statement(&open)
            .help("name the principals, or add a condition on `aws:PrincipalOrgID`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::PublicTablePolicy;
    use crate::testing::Build;

    #[test]
    fn table_and_stream() {
        let open = r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:*"}}}"#;
        let properties =
            format!(r#"{{"ResourcePolicy": {open}, "StreamSpecification": {{"ResourcePolicy": {open}}}}}"#);
        assert_eq!(
            Build::new().json("Orders", "AWS::DynamoDB::Table", &properties).findings::<PublicTablePolicy>(),
            [
                "Orders: anyone is allowed `dynamodb:*` on the stream of the table",
                "Orders: anyone is allowed `dynamodb:*` on the table"
            ]
        );
    }
}
