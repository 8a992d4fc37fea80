//! A table that strangers make as dear as they like.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, Fix, Node, Plain, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A table that is paid by request (`PAY_PER_REQUEST`), has no `OnDemandThroughput`, and is read or written by a function
    /// which requests from outside get to and which has no concurrency limit of its own.
    ///
    /// Tables behind internal functions, and behind functions that can only run so many at a time, are left alone.
    ///
    /// ## Why it matters
    /// Such a table takes any load and bills it. A flood of requests shows on the invoice twice, for functions and for the
    /// table.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Transform: AWS::Serverless-2016-10-31
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       BillingMode: PAY_PER_REQUEST
    ///       AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    ///       KeySchema: [{AttributeName: id, KeyType: HASH}]
    ///   Create:
    ///     Type: AWS::Serverless::Function
    ///     Properties:
    ///       Runtime: nodejs22.x
    ///       Handler: index.handler
    ///       InlineCode: "exports.handler = async () => {}"
    ///       Policies: [{DynamoDBWritePolicy: {TableName: !Ref Orders}}]
    ///       FunctionUrlConfig: {AuthType: NONE}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Transform: AWS::Serverless-2016-10-31
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       BillingMode: PAY_PER_REQUEST
    ///       OnDemandThroughput: {MaxReadRequestUnits: 500, MaxWriteRequestUnits: 100}
    ///       AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    ///       KeySchema: [{AttributeName: id, KeyType: HASH}]
    ///   Create:
    ///     Type: AWS::Serverless::Function
    ///     Properties:
    ///       Runtime: nodejs22.x
    ///       Handler: index.handler
    ///       InlineCode: "exports.handler = async () => {}"
    ///       Policies: [{DynamoDBWritePolicy: {TableName: !Ref Orders}}]
    ///       FunctionUrlConfig: {AuthType: NONE}
    /// ```
    ///
    /// ## Limits
    /// Throttling of the API before the function isn't counted. Provisioned tables that scale are bounded by their scaling,
    /// and left alone.
    UnboundedTable {
        id: "unbounded-table",
        title: "table that takes and bills any load",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-DDB-004", "guard:DYNAMODB_THROUGHPUT_LIMIT_CHECK"],
        threats: ["T40"],
        profiles: [DenialOfWallet],
        why: "a flood of requests is billed without end",
    }
}

impl Rule for UnboundedTable {
    const ON: &'static [&'static str] = &["AWS::DynamoDB::Table"];

    fn check(table: &Resource, cx: &Context<'_>) {
        let Some(mode) = cx.get(table, &["BillingMode"]) else { return };
        if cx.get(table, &["OnDemandThroughput"]).is_some()
            || mode.as_str().is_some_and(|m| m != "PAY_PER_REQUEST")
        {
            return;
        }
        let Some(way) = way_here(table, cx) else { return };
        if mode.as_str().is_none() {
            return cx.unknown(table, mode, "`BillingMode`");
        }
        let (first, last) = (way.first().map(|n| n.name.as_str()), way.last().map(|n| n.name.as_str()));
        let message = match (first, last) {
            (Some(first), Some(last)) if first != last => {
                format!("requests to `{first}` get to `{}` through `{last}` without bounds", table.logical_id)
            }
            (_, last) => {
                format!(
                    "requests to `{}` get to `{}` without bounds",
                    last.unwrap_or_default(),
                    table.logical_id
                )
            }
        };
        let bounds = Plain::map([
            ("MaxReadRequestUnits", Plain::Number(1_000)),
            ("MaxWriteRequestUnits", Plain::Number(1_000)),
        ]);
        cx.finding(table, message)
            .within(&["OnDemandThroughput"])
            .path(way.iter().map(|node| node.id.clone()).chain([table.id.clone()]))
            .help("set `OnDemandThroughput` to what the table needs at most")
            .fix(Fix::risky("at most 1,000 units").set(&table.id, &["OnDemandThroughput"], bounds))
            .report();
    }
}

/// The way of strangers' requests to a function that uses the table and may run without bounds.
fn way_here<'a>(table: &Resource, cx: &Context<'a>) -> Option<Vec<&'a Node>> {
    let uses = cx.incoming(table, EdgeKind::Writes).into_iter().chain(cx.outgoing(table, EdgeKind::Reads));
    uses.filter_map(|(_, node)| cx.system.resource(&node.id))
        .filter(|function| function.ty == "AWS::Lambda::Function" && is_unbounded(function, cx))
        .find_map(|function| cx.way_from_entry(function))
}

fn is_unbounded(function: &Resource, cx: &Context<'_>) -> bool {
    let limit = cx.get(function, &["ReservedConcurrentExecutions"]);
    limit.is_none_or(|limit: &Value| limit.as_i64().is_some_and(|limit| limit < 0))
}

#[cfg(test)]
mod tests {
    use super::UnboundedTable;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::{Triggers, Writes};
    use tidegate_graph::{Exposure, NodeKind};

    fn behind_api(table: &str, function: &str) -> Vec<String> {
        Build::new()
            .add("Api", "AWS::ApiGatewayV2::Api", &[])
            .json("Create", "AWS::Lambda::Function", function)
            .json("Orders", "AWS::DynamoDB::Table", table)
            .edge("Api", Triggers, "Create")
            .edge("Create", Writes, "Orders")
            .exposed("Api", NodeKind::Api, Exposure::Anonymous)
            .findings::<UnboundedTable>()
    }

    const ON_DEMAND: &str = r#"{"BillingMode": "PAY_PER_REQUEST"}"#;

    #[test]
    fn from_outside_without_bounds() {
        assert_eq!(
            behind_api(ON_DEMAND, "{}"),
            ["Orders: requests to `Api` get to `Orders` through `Create` without bounds"]
        );
    }

    #[test]
    fn bounded_somewhere_or_internal() {
        assert!(behind_api(ON_DEMAND, r#"{"ReservedConcurrentExecutions": 5}"#).is_empty());
        let bounded =
            r#"{"BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxReadRequestUnits": 5}}"#;
        assert!(behind_api(bounded, "{}").is_empty());
        assert!(behind_api("{}", "{}").is_empty());
        let internal = Build::new()
            .json("Orders", "AWS::DynamoDB::Table", ON_DEMAND)
            .json("Create", "AWS::Lambda::Function", "{}")
            .edge("Create", Writes, "Orders");
        assert!(internal.findings::<UnboundedTable>().is_empty());
    }
}
