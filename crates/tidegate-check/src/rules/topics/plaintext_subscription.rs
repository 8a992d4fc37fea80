//! A subscription that delivers in the clear.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A subscription with `Protocol: http`, of its own or within a topic.
    ///
    /// ## Why it matters
    /// Messages cross the internet in the clear. The receiver can't trust their signature either: its certificate is
    /// fetched by an address that stands in the message.
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
    ///       Protocol: http
    ///       Endpoint: http://shop.example.com/orders
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sns_topic" "orders" {}
    ///
    /// resource "aws_sns_topic_subscription" "orders" {
    ///   topic_arn = aws_sns_topic.orders.arn
    ///   protocol = "http"
    ///   endpoint = "http://shop.example.com/orders"
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
    ///       Protocol: https
    ///       Endpoint: https://shop.example.com/orders
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_sns_topic" "orders" {}
    ///
    /// resource "aws_sns_topic_subscription" "orders" {
    ///   topic_arn = aws_sns_topic.orders.arn
    ///   protocol = "https"
    ///   endpoint = "https://shop.example.com/orders"
    /// }
    /// ```
    ///
    /// ## Limits
    /// Mail and text messages cross the network in the clear, too, and are `topic-by-mail`.
    PlaintextSubscription {
        id: "plaintext-subscription",
        title: "subscription that delivers in the clear",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SNS-006"],
        threats: ["T35", "T19"],
        profiles: [Baseline],
        why: "messages cross the internet where others read and change them",
    }
}

impl Rule for PlaintextSubscription {
    const ON: &'static [&'static str] = &["AWS::SNS::Subscription", "AWS::SNS::Topic"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::SNS::Subscription" {
            return protocol(resource, cx.get(resource, &["Protocol"]), "Protocol", cx);
        }
        for (n, subscription) in cx.items(resource, &["Subscription"]).into_iter().enumerate() {
            let key = format!("Subscription/{n}/Protocol");
            protocol(resource, cx.child(subscription, "Protocol"), &key, cx);
        }
    }
}

fn protocol(resource: &Resource, value: Option<&Value>, key: &str, cx: &Context<'_>) {
    let Some(value) = value else { return };
    match value.as_str() {
        Some("http") => cx
            .finding(resource, "messages are delivered without TLS")
            .at_place(key, value.span)
            .help("use `https`, for the protocol and in the endpoint")
            .report(),
        Some(_) => {}
        None => cx.unknown(resource, value, "`Protocol`"),
    }
}

#[cfg(test)]
mod tests {
    use super::PlaintextSubscription;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> usize {
        Build::new().json("It", ty, properties).findings::<PlaintextSubscription>().len()
    }

    #[test]
    fn both_places() {
        assert_eq!(findings("AWS::SNS::Subscription", r#"{"Protocol": "http"}"#), 1);
        let two = r#"{"Subscription": [{"Protocol": "https"}, {"Protocol": "http"}]}"#;
        assert_eq!(findings("AWS::SNS::Topic", two), 1);
    }

    #[test]
    fn others() {
        assert_eq!(findings("AWS::SNS::Subscription", r#"{"Protocol": "sqs"}"#), 0);
        assert_eq!(findings("AWS::SNS::Topic", "{}"), 0);
    }
}
