//! A subscription whose undelivered messages vanish.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Span, Value};

declare_rule! {
    /// ## What it finds
    /// A subscription of a function, a queue, a Firehose stream (low) or a web address (medium) without `RedrivePolicy`.
    ///
    /// ## Why it matters
    /// SNS tries a web address for some six hours, and then drops the message. A function or queue it tries for 23 days,
    /// but drops the message at once when a policy says no or the target is gone.
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
    ///       Protocol: https
    ///       Endpoint: https://shop.example.com/orders
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sns_topic" "orders" {}
    ///
    /// resource "aws_sns_topic_subscription" "orders" {
    ///   topic_arn = aws_sns_topic.orders.arn
    ///   protocol = "sqs"
    ///   endpoint = "arn:aws:sqs:eu-west-1:123456789012:orders"
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
    ///       RedrivePolicy: {deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:123456789012:failed'}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_sns_topic" "orders" {}
    ///
    /// resource "aws_sns_topic_subscription" "orders" {
    ///   topic_arn = aws_sns_topic.orders.arn
    ///   protocol = "sqs"
    ///   endpoint = "arn:aws:sqs:eu-west-1:123456789012:orders"
    ///   redrive_policy = jsonencode({
    ///     deadLetterTargetArn = "arn:aws:sqs:eu-west-1:123456789012:failed"
    ///   })
    /// }
    /// ```
    ///
    /// ## Limits
    /// A dead-letter queue of the function or queue itself takes what fails there, not what never got there. Subscriptions
    /// within a topic can have none; they are reported, too.
    SubscriptionWithoutDeadLetters {
        id: "subscription-without-dead-letters",
        title: "subscription without dead-letter queue",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SNS-007", "cfn-lint-serverless:ES7000", "cdk-nag:Serverless-SNSRedrivePolicy"],
        threats: ["T44"],
        profiles: [],
        why: "messages that cannot be delivered are dropped",
    }
}

impl Rule for SubscriptionWithoutDeadLetters {
    const ON: &'static [&'static str] = &["AWS::SNS::Subscription", "AWS::SNS::Topic"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::SNS::Subscription" {
            if cx.get(resource, &["RedrivePolicy"]).is_none() {
                let protocol = cx.get(resource, &["Protocol"]);
                report(resource, protocol, "RedrivePolicy", resource.span, cx);
            }
            return;
        }
        for (n, subscription) in cx.items(resource, &["Subscription"]).into_iter().enumerate() {
            let protocol = cx.child(subscription, "Protocol");
            report(resource, protocol, &format!("Subscription/{n}"), subscription.span, cx);
        }
    }
}

fn report(resource: &Resource, protocol: Option<&Value>, key: &str, place: Span, cx: &Context<'_>) {
    let Some(protocol) = protocol else { return };
    let severity = match protocol.as_str() {
        Some("http" | "https") => Severity::Medium,
        Some("lambda" | "sqs" | "firehose") => Severity::Low,
        // Nobody can say when a mail or text message failed.
        Some(_) => return,
        None => return cx.unknown(resource, protocol, "`Protocol`"),
    };
    cx.finding(resource, "messages that can't be delivered to the subscriber are dropped")
        .at_place(key, place)
        .severity(severity)
        .help("set `RedrivePolicy` with a dead-letter queue on the subscription")
        .report();
}

#[cfg(test)]
mod tests {
    use super::SubscriptionWithoutDeadLetters;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn run(ty: &str, properties: &str) -> Vec<Severity> {
        let outcome = Build::new().json("It", ty, properties).run::<SubscriptionWithoutDeadLetters>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn by_protocol() {
        let subscription = "AWS::SNS::Subscription";
        assert_eq!(run(subscription, r#"{"Protocol": "https"}"#), [Severity::Medium]);
        assert_eq!(run(subscription, r#"{"Protocol": "lambda"}"#), [Severity::Low]);
        assert!(run(subscription, r#"{"Protocol": "email"}"#).is_empty());
        assert_eq!(run("AWS::SNS::Topic", r#"{"Subscription": [{"Protocol": "sqs"}]}"#), [Severity::Low]);
    }

    #[test]
    fn with_a_queue() {
        let with = r#"{"Protocol": "https", "RedrivePolicy": {"deadLetterTargetArn": "q"}}"#;
        assert!(run("AWS::SNS::Subscription", with).is_empty());
    }
}
