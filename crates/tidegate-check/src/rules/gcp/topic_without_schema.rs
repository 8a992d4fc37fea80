//! A topic of Pub/Sub that takes anything, beside others that do not.

use crate::Context;
use crate::blocks;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A Pub/Sub topic without `schema_settings`, in a system that declares schemas for others.
    ///
    /// ## Why it matters
    /// Where there are schemas, consumers come to rely on them. A topic without one takes whatever a producer sends, a
    /// forged or broken message among it.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_pubsub_schema" "order" {
    ///   name       = "order"
    ///   type       = "AVRO"
    ///   definition = "{}"
    /// }
    ///
    /// resource "google_pubsub_topic" "orders" {
    ///   name = "orders"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_pubsub_schema" "order" {
    ///   name       = "order"
    ///   type       = "AVRO"
    ///   definition = "{}"
    /// }
    ///
    /// resource "google_pubsub_topic" "orders" {
    ///   name = "orders"
    ///   schema_settings {
    ///     schema = google_pubsub_schema.order.id
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion, and off by default. Where nothing has a schema, nothing is reported; neither are topics for what
    /// failed, which take what they get.
    TopicWithoutSchema {
        id: "topic-without-schema",
        title: "Pub/Sub topic without schema",
        severity: Info,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-GCP-011"],
        threats: ["T09", "T10"],
        profiles: [],
        why: "nobody can say which fields a message may have",
    }
}

impl Rule for TopicWithoutSchema {
    const ON: &'static [&'static str] = &["google_pubsub_topic"];

    fn check(topic: &Resource, cx: &Context<'_>) {
        let none = cx.of_type("google_pubsub_schema").next().is_none();
        if none || blocks::has(cx, topic, "schema_settings") || cx.takes_failed(topic) {
            return;
        }
        cx.finding(topic, "the topic takes whatever it is sent, while others have schemas")
            .at(&["schema_settings"])
            .help("name a schema in `schema_settings`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TopicWithoutSchema;
    use crate::testing::Build;

    #[test]
    fn beside_schemas_only() {
        let topic = |properties: &str| Build::new().json("orders", "google_pubsub_topic", properties);
        let schema = |build: Build| build.add("order", "google_pubsub_schema", &[]);
        assert_eq!(schema(topic("{}")).findings::<TopicWithoutSchema>().len(), 1);
        assert!(schema(topic(r#"{"schema_settings": [{}]}"#)).findings::<TopicWithoutSchema>().is_empty());
        assert!(topic("{}").findings::<TopicWithoutSchema>().is_empty());
    }
}
