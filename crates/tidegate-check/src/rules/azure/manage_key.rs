//! A shared key that may do everything.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// An authorization rule of Service Bus or Event Hubs with `manage = true`.
    ///
    /// ## Why it matters
    /// Whoever has its key sends, listens, deletes queues and makes further keys. Keys don't say who used them, and are
    /// passed around.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_servicebus_namespace_authorization_rule" "orders" {
    ///   name         = "orders"
    ///   namespace_id = "orders"
    ///   listen       = true
    ///   send         = true
    ///   manage       = true
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_servicebus_queue_authorization_rule" "orders" {
    ///   name     = "orders"
    ///   queue_id = "orders"
    ///   send     = true
    /// }
    /// ```
    ///
    /// ## Limits
    /// Identities with roles are better than any key; `weak-service-bus` and `weak-event-hub` say so.
    ManageKey {
        id: "manage-key",
        title: "shared key that may do everything",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-007"],
        threats: ["T17", "T22"],
        profiles: [Baseline],
        why: "one key reads, forges and deletes, and makes further keys",
    }
}

impl Rule for ManageKey {
    const ON: &'static [&'static str] = &[
        "azurerm_eventhub_authorization_rule",
        "azurerm_eventhub_namespace_authorization_rule",
        "azurerm_servicebus_namespace_authorization_rule",
        "azurerm_servicebus_queue_authorization_rule",
        "azurerm_servicebus_topic_authorization_rule",
    ];

    fn check(rule: &Resource, cx: &Context<'_>) {
        let Some(manage) = cx.get(rule, &["manage"]) else { return };
        match manage.as_bool() {
            Some(false) => {}
            None => cx.unknown(rule, manage, "`manage`"),
            Some(true) => cx
                .finding(rule, "the key may send, listen, delete, and make further keys")
                .at(&["manage"])
                .help("give `send` or `listen` alone, or use an identity with a role")
                .fix(Fix::risky("take the right to manage away").set(&rule.id, &["manage"], false))
                .report(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ManageKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_eventhub_authorization_rule", properties)
            .findings::<ManageKey>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"manage": true}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"manage": false}"#), 0);
    }
}
