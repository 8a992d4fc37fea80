//! A bus on which another account may put any event.

use crate::Context;
use crate::access::{Account, Reach, account_of, reach_by_conditions};
use crate::context::Placed;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::policy::{self, Statement};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A statement of a bus policy that lets another account put events, and pins neither `events:source` nor
    /// `events:detail-type`. Low when the whole organization is let in.
    ///
    /// ## Why it matters
    /// The other account, or whoever has got into it, sends events in the name of any producer: of the billing, of another
    /// partner. The rules behind the bus can't tell.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    ///   Policy:
    ///     Type: AWS::Events::EventBusPolicy
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       StatementId: partner
    ///       Statement:
    ///         Effect: Allow
    ///         Principal: {AWS: "arn:aws:iam::123456789012:root"}
    ///         Action: events:PutEvents
    ///         Resource: !GetAtt Orders.Arn
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_bus_policy" "orders" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Sid       = "partner"
    ///       Effect    = "Allow"
    ///       Principal = { AWS = "123456789012" }
    ///       Action    = "events:PutEvents"
    ///       Resource  = aws_cloudwatch_event_bus.orders.arn
    ///     }]
    ///   })
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    ///   Policy:
    ///     Type: AWS::Events::EventBusPolicy
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       StatementId: partner
    ///       Statement:
    ///         Effect: Allow
    ///         Principal: {AWS: "arn:aws:iam::123456789012:root"}
    ///         Action: events:PutEvents
    ///         Resource: !GetAtt Orders.Arn
    ///         Condition:
    ///           StringEquals: {events:source: partner.shop}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_bus_policy" "orders" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Sid       = "partner"
    ///       Effect    = "Allow"
    ///       Principal = { AWS = "123456789012" }
    ///       Action    = "events:PutEvents"
    ///       Resource  = aws_cloudwatch_event_bus.orders.arn
    ///       Condition = { StringEquals = { "events:source" = "partner.shop" } }
    ///     }]
    ///   })
    /// }
    /// ```
    ///
    /// ## Limits
    /// Rules that ask for `account` in their pattern are safe all the same; they are not looked at here. Everyone at all
    /// is `public-bus-policy`. The older form, with `Principal` and no `Statement`, can't pin anything. The account's own
    /// number, written out, is told apart only when `Resource` has it, too.
    BusForAnySource {
        id: "bus-for-any-source",
        title: "another account may put any event on the bus",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-EVB-002"],
        threats: ["T15", "T17"],
        profiles: [Baseline],
        why: "a partner can send in the name of anybody",
    }
}

impl Rule for BusForAnySource {
    const ON: &'static [&'static str] = &["AWS::Events::EventBusPolicy"];

    fn check(bus_policy: &Resource, cx: &Context<'_>) {
        const PUT: &str = "events:PutEvents";
        let Some(statement) = cx.get(bus_policy, &["Statement"]) else { return older_form(bus_policy, cx) };
        if statement.is_unknown() {
            return cx.unknown(bus_policy, statement, "the statement");
        }
        for (n, value) in cx.world.items(statement).into_iter().enumerate() {
            let Some(statement) = policy::statement(cx.world, value) else { continue };
            if !statement.allows() || !statement.covers_action(PUT) || pins_events(cx, &statement) {
                continue;
            }
            let Some((who, severity)) = stranger(bus_policy, &statement, cx) else { continue };
            cx.finding(bus_policy, format!("{who} may put events of any source on the bus"))
                .at_statement(&Placed { key: format!("Statement/{n}"), statement })
                .severity(severity)
                .help(
                    "add a condition on `events:source`, and ask for `account` in the patterns of the rules",
                )
                .report();
        }
    }
}

/// True if a condition says which events may be put.
fn pins_events(cx: &Context<'_>, statement: &Statement<'_>) -> bool {
    statement.condition_keys(cx.world).iter().any(|(operator, key, _)| {
        let key = key.to_ascii_lowercase();
        let pins =
            ["events:source", "events:detail-type", "events:detail."].iter().any(|k| key.starts_with(k));
        pins && !operator.to_ascii_lowercase().contains("not")
    })
}

/// Who of another account is let in.
fn stranger(
    bus_policy: &Resource,
    statement: &Statement<'_>,
    cx: &Context<'_>,
) -> Option<(String, Severity)> {
    let mut unknown = None;
    for principal in statement.principals.iter().filter(|p| p.kind == "AWS") {
        match account_of(cx, statement, principal.value) {
            Some(Account::Written(account)) => return Some((format!("account {account}"), Severity::Medium)),
            Some(Account::Unknown) => unknown = Some(principal.value),
            _ => {}
        }
    }
    if let Some(value) = unknown {
        cx.unknown(bus_policy, value, "whose account is let in");
    }
    let anyone = statement.principals.iter().any(policy::Principal::is_anyone);
    let organization = statement
        .condition_keys(cx.world)
        .iter()
        .any(|(_, key, _)| key.to_ascii_lowercase().starts_with("aws:principalorg"));
    let narrow = reach_by_conditions(cx.world, statement) == Reach::Narrow;
    (anyone && organization && narrow)
        .then(|| ("every account of the organization".to_string(), Severity::Low))
}

fn older_form(bus_policy: &Resource, cx: &Context<'_>) {
    let Some(principal) = cx.get(bus_policy, &["Principal"]) else { return };
    let whole = cx.get(bus_policy, &["Condition"]).is_some();
    let (who, severity) = match principal.as_text().as_deref() {
        None if matches!(principal.pieces().as_slice(), [tidegate_graph::Piece::Symbol(s)] if s.why == tidegate_graph::Why::Pseudo) =>
        {
            return;
        }
        None => return cx.unknown(bus_policy, principal, "whose account is let in"),
        Some("*") if whole => ("every account of the organization".to_string(), Severity::Low),
        Some("*") => return,
        Some(account) => (format!("account {account}"), Severity::Medium),
    };
    cx.finding(bus_policy, format!("{who} may put events of any source on the bus"))
        .at(&["Principal"])
        .severity(severity)
        .help("write it as `Statement` with a condition on `events:source`")
        .report();
}

#[cfg(test)]
mod tests {
    use super::BusForAnySource;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Policy", "AWS::Events::EventBusPolicy", properties).findings::<BusForAnySource>()
    }

    fn statement(principal: &str, condition: &str) -> Vec<String> {
        findings(&format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "events:PutEvents", "Condition": {condition}}}}}"#
        ))
    }

    const OTHER: &str = r#"{"AWS": "arn:aws:iam::123456789012:root"}"#;
    const MESSAGE: &str = "Policy: account 123456789012 may put events of any source on the bus";

    #[test]
    fn unpinned() {
        assert_eq!(statement(OTHER, "{}"), [MESSAGE]);
        assert_eq!(statement(OTHER, r#"{"StringNotEquals": {"events:source": "billing"}}"#), [MESSAGE]);
        assert_eq!(
            statement(r#""*""#, r#"{"StringEquals": {"aws:PrincipalOrgID": "o-abcdef1234"}}"#).len(),
            1
        );
        assert_eq!(findings(r#"{"Principal": "123456789012", "Action": "events:PutEvents"}"#), [MESSAGE]);
    }

    #[test]
    fn pinned_or_public() {
        assert!(statement(OTHER, r#"{"StringLike": {"events:source": "partner.*"}}"#).is_empty());
        assert!(statement(r#""*""#, "{}").is_empty());
        assert!(statement(r#"{"Service": "sns.amazonaws.com"}"#, "{}").is_empty());
    }
}
