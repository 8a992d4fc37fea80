//! A rule that waits for events of AWS where none come.

use crate::Context;
use crate::pattern;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, NodeKind, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A rule on a bus of its own that waits for events of AWS alone (`source: aws.…`), where no rule of the system passes
    /// events on to that bus.
    ///
    /// ## Why it matters
    /// Services of AWS send to the default bus only, and nobody else may send with such a source. The rule never fires: an
    /// alarm that never rings.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    ///   Uploaded:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       EventPattern: {source: [aws.s3]}
    ///       Targets: [{Id: worker, Arn: "arn:aws:lambda:eu-west-1:123456789012:function:worker"}]
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_rule" "uploaded" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   event_pattern  = jsonencode({ source = ["aws.s3"] })
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
    ///   Uploaded:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventBusName: default
    ///       EventPattern: {source: [aws.s3]}
    ///       Targets: [{Id: worker, Arn: "arn:aws:lambda:eu-west-1:123456789012:function:worker"}]
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_rule" "uploaded" {
    ///   event_bus_name = "default"
    ///   event_pattern  = jsonencode({ source = ["aws.s3"] })
    /// }
    /// ```
    ///
    /// ## Limits
    /// Events may be passed on from another stack or account, which isn't seen. Partner buses and `aws.partner` sources
    /// are left out.
    AwsEventOnOwnBus {
        id: "aws-event-on-own-bus",
        title: "rule that waits for events of AWS on a bus of its own",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-EVB-012"],
        threats: ["T54"],
        profiles: [],
        why: "the rule never fires, and what it guards is unguarded",
    }
}

impl Rule for AwsEventOnOwnBus {
    const ON: &'static [&'static str] = &["AWS::Events::EventBus"];

    fn check(bus: &Resource, cx: &Context<'_>) {
        if cx.get(bus, &["EventSourceName"]).is_some() {
            return;
        }
        // A rule or another account may pass on what came to the default bus.
        let passed_on = [EdgeKind::Triggers, EdgeKind::Publishes, EdgeKind::Writes]
            .into_iter()
            .any(|kind| cx.incoming(bus, kind).iter().any(|(_, node)| node.kind == NodeKind::Rule));
        if passed_on || !cx.referrers(bus, "AWS::Events::EventBusPolicy", "EventBusName").is_empty() {
            return;
        }
        for rule in cx.referrers(bus, "AWS::Events::Rule", "EventBusName") {
            let Some(pattern) = pattern::of(cx, rule) else { continue };
            let sources = cx.child(pattern, "source").map(|v| cx.world.items(v)).unwrap_or_default();
            let of_aws = |v: &&Value| {
                v.as_str().is_some_and(|s| s.starts_with("aws.") && !s.starts_with("aws.partner"))
            };
            if sources.is_empty() || !sources.iter().all(of_aws) {
                continue;
            }
            cx.finding(rule, "waits for events of AWS, which come to the default bus only")
                .at(&["EventBusName"])
                .related(Some(bus.span), "the bus")
                .help("put the rule on the default bus, or pass the events on to this one")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AwsEventOnOwnBus;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::Triggers;
    use tidegate_graph::{Exposure, NodeKind};

    fn build(source: &str) -> Build {
        let rule =
            format!(r#"{{"EventBusName": {{"Ref": "Orders"}}, "EventPattern": {{"source": ["{source}"]}}}}"#);
        Build::new().add("Orders", "AWS::Events::EventBus", &[]).json("Rule", "AWS::Events::Rule", &rule)
    }

    #[test]
    fn never_there() {
        assert_eq!(
            build("aws.s3").findings::<AwsEventOnOwnBus>(),
            ["Rule: waits for events of AWS, which come to the default bus only"]
        );
    }

    #[test]
    fn own_events_or_passed_on() {
        assert!(build("shop").findings::<AwsEventOnOwnBus>().is_empty());
        let passed = build("aws.s3")
            .add("All", "AWS::Events::Rule", &[])
            .edge("All", Triggers, "Orders")
            .exposed("All", NodeKind::Rule, Exposure::Internal);
        assert!(passed.findings::<AwsEventOnOwnBus>().is_empty());
    }
}
