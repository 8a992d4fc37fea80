//! A queue of Service Bus that drops what expires.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A queue or subscription of Service Bus with a `default_message_ttl`, whose `dead_lettering_on_message_expiration`
    /// is absent or false.
    ///
    /// ## Why it matters
    /// When consumers are down for longer than the messages live, the messages are deleted, and nobody can say which.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_servicebus_queue" "orders" {
    ///   name                = "orders"
    ///   namespace_id        = "orders"
    ///   default_message_ttl = "PT1H"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_servicebus_queue" "orders" {
    ///   name                                 = "orders"
    ///   namespace_id                         = "orders"
    ///   default_message_ttl                  = "PT1H"
    ///   dead_lettering_on_message_expiration = true
    /// }
    /// ```
    ///
    /// ## Limits
    /// Without a time to live messages don't expire, and nothing is reported; producers can set one themselves.
    /// `max_delivery_count` is 10 by default, so that what fails always ends in the dead-letter queue.
    ExpiredMessagesDropped {
        id: "expired-messages-dropped",
        title: "Service Bus queue that drops what expires",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-013"],
        threats: ["T44"],
        profiles: [Baseline],
        why: "messages that nobody took in time are gone without a trace",
    }
}

impl Rule for ExpiredMessagesDropped {
    const ON: &'static [&'static str] = &["azurerm_servicebus_queue", "azurerm_servicebus_subscription"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        const KEPT: &str = "dead_lettering_on_message_expiration";
        if cx.get(queue, &["default_message_ttl"]).is_none() {
            return;
        }
        match cx.get(queue, &[KEPT]).map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => {}
            Some((value, None)) => cx.unknown(queue, value, &format!("`{KEPT}`")),
            None | Some((_, Some(false))) => cx
                .finding(queue, "messages that nobody takes in time are dropped")
                .at(&[KEPT])
                .help("set `dead_lettering_on_message_expiration = true`")
                .fix(Fix::safe("keep what expires").set(&queue.id, &[KEPT], true))
                .report(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExpiredMessagesDropped;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_servicebus_queue", properties)
            .findings::<ExpiredMessagesDropped>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"default_message_ttl": "PT1H"}"#), 1);
        assert_eq!(
            findings(r#"{"default_message_ttl": "PT1H", "dead_lettering_on_message_expiration": false}"#),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(
            findings(r#"{"default_message_ttl": "PT1H", "dead_lettering_on_message_expiration": true}"#),
            0
        );
    }
}
