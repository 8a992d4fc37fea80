//! A topic of Pub/Sub under a key of Google.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A Pub/Sub topic without `kms_key_name`.
    ///
    /// ## Why it matters
    /// Google encrypts every topic with keys of its own, which nobody of ours can take away.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_pubsub_topic" "orders" {
    ///   name = "orders"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_pubsub_topic" "orders" {
    ///   name         = "orders"
    ///   kms_key_name = "projects/acme/locations/europe/keyRings/orders/cryptoKeys/orders"
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion for those who must hold their keys.
    PubsubWithoutOwnKey {
        id: "pubsub-without-own-key",
        title: "Pub/Sub topic without a key of its own",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-007", "CKV_GCP_83"],
        threats: ["T35"],
        profiles: [Regulated],
        why: "nobody but Google decides who may read the messages",
    }
}

impl Rule for PubsubWithoutOwnKey {
    const ON: &'static [&'static str] = &["google_pubsub_topic"];

    fn check(topic: &Resource, cx: &Context<'_>) {
        // A key that isn't known is a key.
        if cx.get(topic, &["kms_key_name"]).is_some_and(|key| key.as_str() != Some("")) {
            return;
        }
        cx.finding(topic, "the topic has no key of its own")
            .at(&["kms_key_name"])
            .help("name a key in `kms_key_name`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::PubsubWithoutOwnKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "google_pubsub_topic", properties).findings::<PubsubWithoutOwnKey>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"kms_key_name": ""}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"kms_key_name": "k"}"#), 0);
    }
}
