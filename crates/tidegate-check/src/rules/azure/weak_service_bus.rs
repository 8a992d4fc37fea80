//! A Service Bus namespace of Azure that is easier to get into than it should be.

use crate::Context;
use crate::azure::{identity, keys_and_network, transport};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A Service Bus namespace that opens with a shared key (high), that the internet reaches (medium), that accepts TLS
    /// below 1.2 (medium), or that has no managed identity (low). The first two are the provider's default. Each is a
    /// finding of its own.
    ///
    /// ## Why it matters
    /// Whoever has the key sends to and reads from every queue of the namespace, and nobody sees who it was.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_servicebus_namespace" "orders" {
    ///   name = "orders"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_servicebus_namespace" "orders" {
    ///   name                          = "orders"
    ///   local_auth_enabled            = false
    ///   public_network_access_enabled = false
    ///   minimum_tls_version           = "1.2"
    ///   identity {
    ///     type = "SystemAssigned"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Network rules that let single addresses in aren't counted.
    WeakServiceBus {
        id: "weak-service-bus",
        title: "Service Bus namespace that opens with a key",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-006", "CKV_AZURE_202", "CKV_AZURE_203", "CKV_AZURE_204", "CKV_AZURE_205"],
        threats: ["T15", "T17", "T35"],
        profiles: [Baseline],
        why: "who has the key sends to and reads from every queue",
    }
}

impl Rule for WeakServiceBus {
    const ON: &'static [&'static str] = &["azurerm_servicebus_namespace"];

    fn check(namespace: &Resource, cx: &Context<'_>) {
        const WHAT: &str = "the namespace";
        keys_and_network(cx, namespace, WHAT, "local_auth_enabled");
        transport(cx, namespace, WHAT);
        identity(cx, namespace, WHAT);
    }
}

#[cfg(test)]
mod tests {
    use super::WeakServiceBus;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("orders", "azurerm_servicebus_namespace", properties).findings::<WeakServiceBus>()
    }

    const CLOSED: &str = r#""local_auth_enabled": false, "public_network_access_enabled": false,
        "identity": {"type": "SystemAssigned"}"#;

    #[test]
    fn each_weakness() {
        assert_eq!(findings("{}").len(), 3);
        assert_eq!(
            findings(&format!(r#"{{{CLOSED}, "minimum_tls_version": "1.1"}}"#)),
            ["orders: the namespace accepts old TLS"]
        );
    }

    #[test]
    fn closed() {
        assert!(findings(&format!("{{{CLOSED}}}")).is_empty());
        assert!(findings(&format!(r#"{{{CLOSED}, "minimum_tls_version": "1.2"}}"#)).is_empty());
    }
}
