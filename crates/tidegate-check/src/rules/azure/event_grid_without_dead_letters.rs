//! A subscription of Event Grid whose undelivered events vanish.

use crate::Context;
use crate::blocks;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A subscription of Event Grid without `storage_blob_dead_letter_destination`.
    ///
    /// ## Why it matters
    /// What Event Grid can't deliver for a day, or in 30 tries, because the receiver is down or says no, is dropped.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_eventgrid_event_subscription" "orders" {
    ///   name  = "orders"
    ///   scope = "orders"
    ///   service_bus_queue_endpoint_id = "orders"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_eventgrid_event_subscription" "orders" {
    ///   name  = "orders"
    ///   scope = "orders"
    ///   service_bus_queue_endpoint_id = "orders"
    ///   storage_blob_dead_letter_destination {
    ///     storage_account_id          = "failed"
    ///     storage_blob_container_name = "failed"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Tries are bounded by default, so an absent `retry_policy` isn't reported.
    EventGridWithoutDeadLetters {
        id: "event-grid-without-dead-letters",
        title: "Event Grid subscription without dead-letter destination",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-005"],
        threats: ["T44"],
        profiles: [Baseline],
        why: "events that cannot be delivered are dropped",
    }
}

impl Rule for EventGridWithoutDeadLetters {
    const ON: &'static [&'static str] =
        &["azurerm_eventgrid_event_subscription", "azurerm_eventgrid_system_topic_event_subscription"];

    fn check(subscription: &Resource, cx: &Context<'_>) {
        if blocks::has(cx, subscription, "storage_blob_dead_letter_destination") {
            return;
        }
        cx.finding(subscription, "events that can't be delivered are dropped")
            .at(&["storage_blob_dead_letter_destination"])
            .help("add `storage_blob_dead_letter_destination` with a storage container")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::EventGridWithoutDeadLetters;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_eventgrid_event_subscription", properties)
            .findings::<EventGridWithoutDeadLetters>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"retry_policy": [{}]}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"storage_blob_dead_letter_destination": [{}]}"#), 0);
    }
}
