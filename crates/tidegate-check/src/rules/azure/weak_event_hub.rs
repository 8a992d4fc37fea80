//! An Event Hubs namespace of Azure that is easier to get into than it should be.

use crate::Context;
use crate::azure::{keys_and_network, transport};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An Event Hubs namespace that opens with a shared key (high), that the internet reaches (medium), or that accepts
    /// TLS below 1.2 (medium). The first two are the provider's default. Each is a finding of its own.
    ///
    /// ## Why it matters
    /// Whoever has the key sends to and reads from every hub of the namespace, and nobody sees who it was.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_eventhub_namespace" "orders" {
    ///   name = "orders"
    ///   sku  = "Standard"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_eventhub_namespace" "orders" {
    ///   name                          = "orders"
    ///   sku                           = "Standard"
    ///   local_authentication_enabled  = false
    ///   public_network_access_enabled = false
    ///   minimum_tls_version           = "1.2"
    /// }
    /// ```
    ///
    /// ## Limits
    /// Network rules that let single addresses in aren't counted.
    WeakEventHub {
        id: "weak-event-hub",
        title: "Event Hubs namespace that opens with a key",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-008", "CKV_AZURE_223"],
        threats: ["T15", "T17", "T35"],
        profiles: [Baseline],
        why: "who has the key sends to and reads from every hub",
    }
}

impl Rule for WeakEventHub {
    const ON: &'static [&'static str] = &["azurerm_eventhub_namespace"];

    fn check(namespace: &Resource, cx: &Context<'_>) {
        const WHAT: &str = "the namespace";
        keys_and_network(cx, namespace, WHAT, "local_authentication_enabled");
        transport(cx, namespace, WHAT);
    }
}

#[cfg(test)]
mod tests {
    use super::WeakEventHub;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "azurerm_eventhub_namespace", properties).findings::<WeakEventHub>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 2);
        assert_eq!(findings(r#"{"minimum_tls_version": "1.0"}"#), 3);
        assert_eq!(findings(r#"{"local_authentication_enabled": false}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(
            findings(
                r#"{"local_authentication_enabled": false, "public_network_access_enabled": false, "minimum_tls_version": "1.2"}"#
            ),
            0
        );
    }
}
