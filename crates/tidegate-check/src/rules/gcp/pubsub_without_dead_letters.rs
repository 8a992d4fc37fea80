//! A subscription of Pub/Sub that tries a bad message again and again.

use crate::Context;
use crate::blocks;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A Pub/Sub subscription without `dead_letter_policy` (medium), or without `retry_policy` (low). Each is a finding of
    /// its own.
    ///
    /// ## Why it matters
    /// A message on which the consumer fails is delivered again, at once, for seven days, and then dropped. Every round is
    /// paid for; the `retry_policy` makes the rounds slower, the dead-letter topic ends them.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_pubsub_topic" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "google_pubsub_subscription" "orders" {
    ///   name  = "orders"
    ///   topic = google_pubsub_topic.orders.id
    ///   ack_deadline_seconds = 20
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_pubsub_topic" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "google_pubsub_subscription" "orders" {
    ///   name  = "orders"
    ///   topic = google_pubsub_topic.orders.id
    ///   dead_letter_policy {
    ///     dead_letter_topic     = "projects/acme/topics/failed"
    ///     max_delivery_attempts = 5
    ///   }
    ///   retry_policy {
    ///     minimum_backoff = "10s"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// The subscription of a dead-letter topic needs no further one. Consumers that acknowledge whatever happens lose
    /// messages all the same.
    PubsubWithoutDeadLetters {
        id: "pubsub-without-dead-letters",
        title: "Pub/Sub subscription without dead-letter topic",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-010"],
        threats: ["T44"],
        profiles: [Baseline],
        why: "a message that fails comes back at once, until it is lost",
    }
}

impl Rule for PubsubWithoutDeadLetters {
    const ON: &'static [&'static str] = &["google_pubsub_subscription"];

    fn check(subscription: &Resource, cx: &Context<'_>) {
        let topic = cx.get(subscription, &["topic"]);
        let topic = topic.and_then(|topic| cx.target(subscription, topic, "google_pubsub_topic"));
        let of_failed = topic.is_some_and(|topic| cx.takes_failed(topic));
        if !of_failed && !blocks::has(cx, subscription, "dead_letter_policy") {
            cx.finding(subscription, "messages on which the consumer fails come back until they expire")
                .at(&["dead_letter_policy"])
                .help("add `dead_letter_policy` with a topic and `max_delivery_attempts`")
                .report();
        }
        if !blocks::has(cx, subscription, "retry_policy") {
            cx.finding(subscription, "messages on which the consumer fails come back at once")
                .at(&["retry_policy"])
                .severity(Severity::Low)
                .help("add `retry_policy` with a `minimum_backoff`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PubsubWithoutDeadLetters;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "google_pubsub_subscription", properties)
            .findings::<PubsubWithoutDeadLetters>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 2);
        assert_eq!(findings(r#"{"dead_letter_policy": [{}]}"#), 1);
        assert_eq!(findings(r#"{"retry_policy": [{}]}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"dead_letter_policy": [{}], "retry_policy": [{}]}"#), 0);
    }
}
