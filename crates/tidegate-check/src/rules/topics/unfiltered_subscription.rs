//! A subscription that takes everything from a topic of many kinds of messages.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A subscription of a function or queue without `FilterPolicy`, to a topic of which another function or queue
    /// filters.
    ///
    /// ## Why it matters
    /// Where one subscriber filters, the topic carries several kinds of messages. One that takes all of them is started,
    /// and paid, for messages that it was not made for, and may take one kind for another.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///   Billing:
    ///     Type: AWS::SNS::Subscription
    ///     Properties:
    ///       TopicArn: !Ref Orders
    ///       Protocol: sqs
    ///       Endpoint: arn:aws:sqs:eu-west-1:123456789012:billing
    ///       FilterPolicy: {type: [placed]}
    ///   Stock:
    ///     Type: AWS::SNS::Subscription
    ///     Properties:
    ///       TopicArn: !Ref Orders
    ///       Protocol: sqs
    ///       Endpoint: arn:aws:sqs:eu-west-1:123456789012:stock
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sns_topic" "orders" {}
    ///
    /// resource "aws_sns_topic_subscription" "billing" {
    ///   topic_arn     = aws_sns_topic.orders.arn
    ///   protocol      = "sqs"
    ///   endpoint      = "arn:aws:sqs:eu-west-1:123456789012:billing"
    ///   filter_policy = jsonencode({ type = ["placed"] })
    /// }
    ///
    /// resource "aws_sns_topic_subscription" "stock" {
    ///   topic_arn = aws_sns_topic.orders.arn
    ///   protocol  = "sqs"
    ///   endpoint  = "arn:aws:sqs:eu-west-1:123456789012:stock"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///   Billing:
    ///     Type: AWS::SNS::Subscription
    ///     Properties:
    ///       TopicArn: !Ref Orders
    ///       Protocol: sqs
    ///       Endpoint: arn:aws:sqs:eu-west-1:123456789012:billing
    ///       FilterPolicy: {type: [placed]}
    ///   Stock:
    ///     Type: AWS::SNS::Subscription
    ///     Properties:
    ///       TopicArn: !Ref Orders
    ///       Protocol: sqs
    ///       Endpoint: arn:aws:sqs:eu-west-1:123456789012:stock
    ///       FilterPolicy: {type: [placed]}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_sns_topic" "orders" {}
    ///
    /// resource "aws_sns_topic_subscription" "billing" {
    ///   topic_arn     = aws_sns_topic.orders.arn
    ///   protocol      = "sqs"
    ///   endpoint      = "arn:aws:sqs:eu-west-1:123456789012:billing"
    ///   filter_policy = jsonencode({ type = ["placed"] })
    /// }
    ///
    /// resource "aws_sns_topic_subscription" "stock" {
    ///   topic_arn = aws_sns_topic.orders.arn
    ///   protocol  = "sqs"
    ///   endpoint  = "arn:aws:sqs:eu-west-1:123456789012:stock"
    ///   filter_policy = jsonencode({ type = ["returned"] })
    /// }
    /// ```
    ///
    /// ## Limits
    /// The one that takes everything may be meant to: an archive, an audit. So it is an opinion, and off by default. A
    /// topic on which nobody filters isn't reported, however many subscribers it has.
    UnfilteredSubscription {
        id: "unfiltered-subscription",
        title: "subscription without filter on a mixed topic",
        severity: Info,
        confidence: Low,
        since: "0.1.0",
        aliases: ["TG-SNS-009"],
        threats: ["T09", "T42"],
        profiles: [],
        why: "a consumer gets messages that were not made for it",
    }
}

impl Rule for UnfilteredSubscription {
    const ON: &'static [&'static str] = &["AWS::SNS::Topic"];

    fn check(topic: &Resource, cx: &Context<'_>) {
        let code = |s: &&Resource| {
            let protocol = cx.get(s, &["Protocol"]).and_then(tidegate_graph::Value::as_str);
            matches!(protocol, Some("lambda" | "sqs"))
        };
        let subscriptions = cx.referrers(topic, "AWS::SNS::Subscription", "TopicArn");
        let (filtered, all): (Vec<&Resource>, Vec<&Resource>) =
            subscriptions.into_iter().filter(code).partition(|s| cx.get(s, &["FilterPolicy"]).is_some());
        let Some(other) = filtered.first() else { return };
        for subscription in all {
            cx.finding(subscription, "takes every kind of message of the topic, while others filter")
                .at(&["FilterPolicy"])
                .related(Some(other.key_span("FilterPolicy")), "another subscriber filters")
                .help("set a `FilterPolicy` for the messages that the consumer is made for")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UnfilteredSubscription;
    use crate::testing::Build;

    fn findings(first: &str, second: &str) -> Vec<String> {
        let subscription =
            |rest: &str| format!(r#"{{"TopicArn": {{"Ref": "Orders"}}, "Protocol": "sqs"{rest}}}"#);
        Build::new()
            .add("Orders", "AWS::SNS::Topic", &[])
            .json("Billing", "AWS::SNS::Subscription", &subscription(first))
            .json("Stock", "AWS::SNS::Subscription", &subscription(second))
            .findings::<UnfilteredSubscription>()
    }

    #[test]
    fn one_filters() {
        const FILTER: &str = r#", "FilterPolicy": {"type": ["placed"]}"#;
        assert_eq!(
            findings(FILTER, ""),
            ["Stock: takes every kind of message of the topic, while others filter"]
        );
        assert!(findings(FILTER, FILTER).is_empty());
        assert!(findings("", "").is_empty());
    }
}
