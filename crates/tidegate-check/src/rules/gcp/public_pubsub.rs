//! A topic or subscription of Google Cloud that anyone may use.

use crate::Context;
use crate::gcp::open_to_everyone;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A role on a Pub/Sub topic or subscription that is given to `allUsers` or `allAuthenticatedUsers`, by an IAM member,
    /// binding or policy.
    ///
    /// ## Why it matters
    /// Anyone sends events that the consumers take for genuine, or reads (and acknowledges, and so removes) those of others.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_pubsub_topic_iam_member" "open" {
    ///   topic  = "orders"
    ///   role   = "roles/pubsub.publisher"
    ///   member = "allUsers"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_pubsub_topic_iam_member" "shop" {
    ///   topic  = "orders"
    ///   role   = "roles/pubsub.publisher"
    ///   member = "serviceAccount:shop@acme.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Limits
    /// Roles that are given on the project reach its topics too, and aren't looked at here.
    PublicPubsub {
        id: "public-pubsub",
        title: "topic or subscription open to anyone",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-005", "CKV_GCP_99"],
        threats: ["T17", "T02"],
        profiles: [Baseline],
        why: "anyone sends forged events or reads the messages",
    }
}

impl Rule for PublicPubsub {
    const ON: &'static [&'static str] = &[
        "google_pubsub_subscription_iam_binding",
        "google_pubsub_subscription_iam_member",
        "google_pubsub_subscription_iam_policy",
        "google_pubsub_topic_iam_binding",
        "google_pubsub_topic_iam_member",
        "google_pubsub_topic_iam_policy",
    ];

    fn check(grant: &Resource, cx: &Context<'_>) {
        for open in open_to_everyone(cx, grant) {
            let what = if grant.ty.contains("subscription") { "the subscription" } else { "the topic" };
            cx.finding(grant, format!("{} has `{}` on {what}", open.who(), open.role))
                .at_place(open.key, open.span)
                .help("name the service accounts that send or receive")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicPubsub;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> Vec<String> {
        Build::new().json("grant", ty, properties).findings::<PublicPubsub>()
    }

    #[test]
    fn topics_and_subscriptions() {
        assert_eq!(
            findings(
                "google_pubsub_topic_iam_member",
                r#"{"role": "roles/pubsub.publisher", "member": "allUsers"}"#
            ),
            ["grant: anyone has `roles/pubsub.publisher` on the topic"]
        );
        assert_eq!(
            findings(
                "google_pubsub_subscription_iam_binding",
                r#"{"role": "roles/pubsub.subscriber", "members": ["allAuthenticatedUsers"]}"#
            ),
            ["grant: anyone with a Google account has `roles/pubsub.subscriber` on the subscription"]
        );
    }

    #[test]
    fn somebody() {
        let members = r#"{"role": "roles/pubsub.subscriber", "members": ["group:orders@acme.example"]}"#;
        assert!(findings("google_pubsub_subscription_iam_binding", members).is_empty());
    }
}
