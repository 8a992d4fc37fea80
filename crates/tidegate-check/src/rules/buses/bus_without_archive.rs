//! A bus whose events nobody keeps.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An event bus of its own without an archive.
    ///
    /// ## Why it matters
    /// EventBridge forgets an event once it is delivered. Without an archive nobody can say after an incident which events
    /// there were, and nothing can be sent again after a mistake.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
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
    ///   Archive:
    ///     Type: AWS::Events::Archive
    ///     Properties:
    ///       SourceArn: !GetAtt Orders.Arn
    ///       RetentionDays: 30
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_archive" "orders" {
    ///   name             = "orders"
    ///   event_source_arn = aws_cloudwatch_event_bus.orders.arn
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion, and off by default: an archive costs money, and keeps what may be personal. A rule that takes
    /// everything into a log group is as good, and not seen as such.
    BusWithoutArchive {
        id: "bus-without-archive",
        title: "bus without archive",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-EVB-013"],
        threats: ["T52", "T53"],
        profiles: [],
        why: "after an incident nobody can say which events there were",
    }
}

impl Rule for BusWithoutArchive {
    const ON: &'static [&'static str] = &["AWS::Events::EventBus"];

    fn check(bus: &Resource, cx: &Context<'_>) {
        if cx.named_by(bus, "AWS::Events::Archive") {
            return;
        }
        cx.finding(bus, "nobody keeps the events of the bus")
            .at(&[])
            .help("add an `AWS::Events::Archive` with a `RetentionDays` that fits what the events hold")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BusWithoutArchive;
    use crate::testing::Build;

    #[test]
    fn with_and_without() {
        let bus = || Build::new().json("Orders", "AWS::Events::EventBus", r#"{"Name": "orders"}"#);
        assert_eq!(bus().findings::<BusWithoutArchive>(), ["Orders: nobody keeps the events of the bus"]);
        let by_reference = r#"{"SourceArn": {"Fn::GetAtt": ["Orders", "Arn"]}}"#;
        assert!(
            bus().json("A", "AWS::Events::Archive", by_reference).findings::<BusWithoutArchive>().is_empty()
        );
        let by_arn = r#"{"SourceArn": "arn:aws:events:eu-west-1:123456789012:event-bus/orders"}"#;
        assert!(bus().json("A", "AWS::Events::Archive", by_arn).findings::<BusWithoutArchive>().is_empty());
    }
}
