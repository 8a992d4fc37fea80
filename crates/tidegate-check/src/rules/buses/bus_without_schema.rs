//! A bus of which nobody wrote down what goes over it.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An event bus of its own that rules read from, where neither a discoverer watches it nor the system declares a
    /// schema.
    ///
    /// ## Why it matters
    /// Producers change what they send, and consumers take what they get. Without a schema nobody notices a field that is
    /// new, missing or forged.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    ///   Placed:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       EventPattern: {source: [shop]}
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_rule" "placed" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   event_pattern  = jsonencode({ source = ["shop"] })
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
    ///   Placed:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       EventPattern: {source: [shop]}
    ///   Discoverer:
    ///     Type: AWS::EventSchemas::Discoverer
    ///     Properties:
    ///       SourceArn: !GetAtt Orders.Arn
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_schemas_discoverer" "orders" {
    ///   source_arn = aws_cloudwatch_event_bus.orders.arn
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion, and off by default. Schemas that are kept as files beside the code aren't seen; any schema in the
    /// system counts for all of its buses.
    BusWithoutSchema {
        id: "bus-without-schema",
        title: "bus without schemas",
        severity: Info,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-EVB-011"],
        threats: ["T09", "T10"],
        profiles: [],
        why: "nobody can say which fields an event may have",
    }
}

impl Rule for BusWithoutSchema {
    const ON: &'static [&'static str] = &["AWS::Events::EventBus"];

    fn check(bus: &Resource, cx: &Context<'_>) {
        let rules = cx.referrers(bus, "AWS::Events::Rule", "EventBusName");
        let Some(rule) = rules.first() else { return };
        let described = cx.named_by(bus, "AWS::EventSchemas::Discoverer")
            || cx.of_type("AWS::EventSchemas::Schema").next().is_some();
        if described {
            return;
        }
        cx.finding(bus, "nobody wrote down what the events of the bus hold")
            .at(&[])
            .related(Some(rule.span), "reads from it")
            .help("declare an `AWS::EventSchemas::Schema` for each detail type, or let a discoverer watch the bus")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BusWithoutSchema;
    use crate::testing::Build;

    fn bus() -> Build {
        Build::new().add("Orders", "AWS::Events::EventBus", &[])
    }

    #[test]
    fn read_but_not_described() {
        let rule = r#"{"EventBusName": {"Ref": "Orders"}}"#;
        let read = || bus().json("Rule", "AWS::Events::Rule", rule);
        assert_eq!(read().findings::<BusWithoutSchema>().len(), 1);
        assert!(
            read().add("Schema", "AWS::EventSchemas::Schema", &[]).findings::<BusWithoutSchema>().is_empty()
        );
        assert!(bus().findings::<BusWithoutSchema>().is_empty());
    }
}
