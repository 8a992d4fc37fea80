//! An Event Grid topic of Azure that takes events from whoever has a key.

use crate::Context;
use crate::azure::{identity, keys_and_network};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An Event Grid topic or domain that opens with a shared key (high), that the internet reaches (medium), or that has
    /// no managed identity (low). The first two are the provider's default. Each is a finding of its own.
    ///
    /// ## Why it matters
    /// Whoever has the key sends events that the consumers take for genuine, and nobody sees who it was. Without an identity
    /// the topic delivers to places that are open.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_eventgrid_topic" "orders" {
    ///   name = "orders"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_eventgrid_topic" "orders" {
    ///   name                          = "orders"
    ///   local_auth_enabled            = false
    ///   public_network_access_enabled = false
    ///   identity {
    ///     type = "SystemAssigned"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Rules that let single addresses in aren't counted.
    WeakEventGridTopic {
        id: "weak-event-grid-topic",
        title: "Event Grid topic that opens with a key",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-AZ-004",
            "CKV_AZURE_191",
            "CKV_AZURE_192",
            "CKV_AZURE_193",
            "CKV_AZURE_106",
            "CKV_AZURE_194",
            "CKV_AZURE_195",
        ],
        threats: ["T15", "T17"],
        profiles: [Baseline],
        why: "who has the key sends forged events, and nobody sees who it was",
    }
}

impl Rule for WeakEventGridTopic {
    const ON: &'static [&'static str] = &["azurerm_eventgrid_domain", "azurerm_eventgrid_topic"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let what = if resource.ty.ends_with("domain") { "the domain" } else { "the topic" };
        keys_and_network(cx, resource, what, "local_auth_enabled");
        identity(cx, resource, what);
    }
}

#[cfg(test)]
mod tests {
    use super::WeakEventGridTopic;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> Vec<String> {
        Build::new().json("orders", ty, properties).findings::<WeakEventGridTopic>()
    }

    const CLOSED: &str = r#""local_auth_enabled": false, "public_network_access_enabled": false"#;

    #[test]
    fn each_weakness() {
        assert_eq!(findings("azurerm_eventgrid_topic", "{}").len(), 3);
        assert_eq!(
            findings("azurerm_eventgrid_domain", &format!("{{{CLOSED}}}")),
            ["orders: the domain has no managed identity"]
        );
    }

    #[test]
    fn closed() {
        let closed = format!(r#"{{{CLOSED}, "identity": [{{"type": "SystemAssigned"}}]}}"#);
        assert!(findings("azurerm_eventgrid_topic", &closed).is_empty());
    }
}
