//! A push subscription whose receiver cannot tell who sends.

use crate::Context;
use crate::blocks::{self, Found};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Piece, Resource};

declare_rule! {
    /// ## What it finds
    /// A Pub/Sub subscription that pushes without an `oidc_token`, or to an address that begins with `http://`. Each is a
    /// finding of its own.
    ///
    /// ## Why it matters
    /// Without a token the receiver has to be open to everyone, and can't tell a message of Pub/Sub from one that a
    /// stranger sent to the same address.
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
    ///   push_config {
    ///     push_endpoint = "https://orders.example.com/push"
    ///   }
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
    ///   push_config {
    ///     push_endpoint = "https://orders.example.com/push"
    ///     oidc_token {
    ///       service_account_email = "push@acme.iam.gserviceaccount.com"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// A secret within the address isn't seen, and is no good one: addresses end up in logs.
    UnsignedPush {
        id: "unsigned-push",
        title: "push without token or encryption",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-006"],
        threats: ["T19", "T35"],
        profiles: [Baseline],
        why: "anyone who knows the address sends forged messages",
    }
}

impl Rule for UnsignedPush {
    const ON: &'static [&'static str] = &["google_pubsub_subscription"];

    fn check(subscription: &Resource, cx: &Context<'_>) {
        let endpoint = match blocks::at(cx, subscription, &["push_config", "push_endpoint"]) {
            Found::Absent => return,
            Found::Unknown(value) => return cx.unknown(subscription, value, "`push_config`"),
            Found::Value(value) => value,
        };
        match endpoint.pieces().first() {
            Some(Piece::Text(text)) if text.to_ascii_lowercase().starts_with("http://") => cx
                .finding(subscription, "messages are pushed without TLS")
                .at_place("push_config/push_endpoint", endpoint.span)
                .help("push to an `https://` address")
                .report(),
            // Cloud Run and functions, whose address comes from elsewhere, have no other.
            _ => {}
        }
        match blocks::at(cx, subscription, &["push_config", "oidc_token"]) {
            Found::Absent => cx
                .finding(subscription, "the receiver can't tell who pushes: there is no token")
                .at_place("push_config/oidc_token", endpoint.span)
                .help("add `oidc_token` with a service account, and let that account alone call the receiver")
                .report(),
            Found::Unknown(value) => cx.unknown(subscription, value, "`push_config`"),
            Found::Value(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UnsignedPush;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "google_pubsub_subscription", properties).findings::<UnsignedPush>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"push_config": [{"push_endpoint": "http://a.example"}]}"#), 2);
        assert_eq!(findings(r#"{"push_config": {"push_endpoint": "https://a.example"}}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(
            findings(
                r#"{"push_config": [{"push_endpoint": "https://a.example", "oidc_token": [{"service_account_email": "a"}]}]}"#
            ),
            0
        );
    }
}
