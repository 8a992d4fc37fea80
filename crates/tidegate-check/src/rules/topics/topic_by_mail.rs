//! A topic of events that are sent by mail.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, NodeKind, Resource};

declare_rule! {
    /// ## What it finds
    /// A subscription with `Protocol: email` or `email-json` to a topic that a function, workflow or bus of the system
    /// publishes to.
    ///
    /// ## Why it matters
    /// Whole events, with whatever they say of customers, lie in mailboxes that nobody cleans, and anyone on the way can
    /// read them. Whoever gets the mail can end the subscription with one click.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///   Subscription:
    ///     Type: AWS::SNS::Subscription
    ///     Properties:
    ///       TopicArn: !Ref Orders
    ///       Protocol: email
    ///       Endpoint: shop@example.com
    ///   Placed:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: {source: [shop]}
    ///       Targets: [{Id: topic, Arn: !Ref Orders}]
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sns_topic" "orders" {}
    ///
    /// resource "aws_sns_topic_subscription" "orders" {
    ///   topic_arn = aws_sns_topic.orders.arn
    ///   protocol  = "email"
    ///   endpoint  = "shop@example.com"
    /// }
    ///
    /// resource "aws_cloudwatch_event_rule" "placed" {
    ///   event_pattern = jsonencode({ source = ["shop"] })
    /// }
    ///
    /// resource "aws_cloudwatch_event_target" "topic" {
    ///   rule = aws_cloudwatch_event_rule.placed.name
    ///   arn  = aws_sns_topic.orders.arn
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///   Subscription:
    ///     Type: AWS::SNS::Subscription
    ///     Properties:
    ///       TopicArn: !Ref Orders
    ///       Protocol: email
    ///       Endpoint: shop@example.com
    /// ```
    ///
    /// ## Limits
    /// What the events hold isn't known; a short notice is fine. Topics of alarms alone aren't reported.
    TopicByMail {
        id: "topic-by-mail",
        title: "events that are sent by mail",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-SNS-010"],
        threats: ["T34"],
        profiles: [],
        why: "whole events lie in mailboxes for years",
    }
}

impl Rule for TopicByMail {
    const ON: &'static [&'static str] = &["AWS::SNS::Topic"];

    fn check(topic: &Resource, cx: &Context<'_>) {
        let alone = cx.referrers(topic, "AWS::SNS::Subscription", "TopicArn");
        let alone = alone.into_iter().filter_map(|s| cx.get(s, &["Protocol"]).map(|value| (s, value)));
        let within = cx.items(topic, &["Subscription"]);
        let within = within.into_iter().filter_map(|s| cx.child(s, "Protocol").map(|value| (topic, value)));
        let mut mails =
            alone.chain(within).filter(|(_, p)| matches!(p.as_str(), Some("email" | "email-json")));
        let Some((subscription, protocol)) = mails.next() else { return };
        let kinds = [EdgeKind::Publishes, EdgeKind::Triggers, EdgeKind::Writes];
        let sends = |kind: NodeKind| {
            matches!(kind, NodeKind::Function | NodeKind::Workflow | NodeKind::Rule | NodeKind::Bus)
        };
        let producers = kinds.into_iter().flat_map(|kind| cx.incoming(topic, kind));
        let Some((_, producer)) = producers.into_iter().find(|(_, node)| sends(node.kind)) else { return };
        cx.finding(subscription, format!("what `{}` publishes is sent by mail", producer.name))
            .at_place("Protocol", protocol.span)
            .path([producer.id.clone(), topic.id.clone()])
            .help("send a short notice by mail, and events to a queue or function")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TopicByMail;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::Publishes;
    use tidegate_graph::{Exposure, NodeKind};

    fn mailed() -> Build {
        let subscription = r#"{"TopicArn": {"Ref": "Orders"}, "Protocol": "email"}"#;
        Build::new()
            .add("Orders", "AWS::SNS::Topic", &[])
            .json("Mail", "AWS::SNS::Subscription", subscription)
            .add("Shop", "AWS::Lambda::Function", &[])
    }

    #[test]
    fn events_of_a_function() {
        let build = mailed().edge("Shop", Publishes, "Orders").exposed(
            "Shop",
            NodeKind::Function,
            Exposure::Internal,
        );
        assert_eq!(build.findings::<TopicByMail>(), ["Mail: what `Shop` publishes is sent by mail"]);
    }

    #[test]
    fn alarms_alone() {
        assert!(mailed().findings::<TopicByMail>().is_empty());
    }
}
