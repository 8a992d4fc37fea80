//! A storage account that every network can reach.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A storage account that lets every network in: its `network_rules` say `default_action = "Allow"` or list
    /// `0.0.0.0/0`, or there are none and `public_network_access_enabled` is absent or true.
    ///
    /// ## Why it matters
    /// Whoever has found a key, in a log or a repository, reads and writes from anywhere. With rules he needs a way into
    /// the network first.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_storage_account" "orders" {
    ///   name = "orders"
    ///   network_rules {
    ///     default_action = "Allow"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_storage_account" "orders" {
    ///   name = "orders"
    ///   network_rules {
    ///     default_action = "Deny"
    ///     ip_rules       = ["203.0.113.7"]
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion: keys and logins still stand in the way. Rules of an account that isn't in the code are looked at by
    /// themselves.
    StorageOpenToEveryNetwork {
        id: "storage-open-to-every-network",
        title: "storage account that every network can reach",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-016", "kics:a5613650-32ec-4975-a305-31af783153ea", "kics:17f75827-0684-48f4-8747-61129c7e4198"],
        threats: ["T31", "T17"],
        profiles: [Regulated],
        why: "only a key or login stands between the internet and the data",
    }
}

impl Rule for StorageOpenToEveryNetwork {
    const ON: &'static [&'static str] = &["azurerm_storage_account", "azurerm_storage_account_network_rules"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        const ACCESS: &str = "public_network_access_enabled";
        let account = resource.ty == "azurerm_storage_account";
        let access = cx.get(resource, &[ACCESS]);
        if access.and_then(Value::as_bool) == Some(false) {
            return;
        }
        if !account {
            let action = cx.get(resource, &["default_action"]);
            let addresses = cx.items(resource, &["ip_rules"]);
            return rules(resource, action, &addresses, "", cx);
        }
        let blocks = cx.items(resource, &["network_rules"]);
        for block in &blocks {
            if block.is_unknown() {
                return cx.unknown(resource, block, "`network_rules`");
            }
            let addresses = cx.child(block, "ip_rules").map(|v| cx.world.items(v)).unwrap_or_default();
            rules(resource, cx.child(block, "default_action"), &addresses, "network_rules/", cx);
        }
        let elsewhere = ["storage_account_id", "storage_account_name"]
            .iter()
            .any(|path| !cx.referrers(resource, "azurerm_storage_account_network_rules", path).is_empty());
        if !blocks.is_empty() || elsewhere {
            return;
        }
        if let Some(access) = access.filter(|v| v.as_bool().is_none()) {
            return cx.unknown(resource, access, &format!("`{ACCESS}`"));
        }
        report(resource, ACCESS, access.map_or(resource.span, |v| v.span), PUBLIC, cx);
    }
}

fn rules(resource: &Resource, action: Option<&Value>, addresses: &[&Value], at: &str, cx: &Context<'_>) {
    if let Some(action) = action {
        match action.as_str() {
            // With addresses beside it, a peer takes `Allow` for a list of who may come; it lets everybody in.
            Some("Allow") if addresses.is_empty() || addresses.iter().any(|a| is_everywhere(a)) => {
                return report(resource, &format!("{at}default_action"), action.span, &[], cx);
            }
            Some("Allow") => {
                return report(resource, &format!("{at}default_action"), action.span, PUBLIC, cx);
            }
            Some(_) => {}
            None => return cx.unknown(resource, action, "`default_action`"),
        }
    }
    if let Some(any) = addresses.iter().find(|a| is_everywhere(a)) {
        report(resource, &format!("{at}ip_rules"), any.span, &[], cx);
    }
}

/// Says the same only where a rule lets everybody in expressly.
const PUBLIC: &[&str] = &["kics:17f75827-0684-48f4-8747-61129c7e4198"];

fn is_everywhere(address: &Value) -> bool {
    matches!(address.as_str(), Some("0.0.0.0/0" | "0.0.0.0"))
}

fn report(
    resource: &Resource,
    key: &str,
    place: tidegate_graph::Span,
    unlike: &[&'static str],
    cx: &Context<'_>,
) {
    cx.finding(resource, "every network can reach the storage account")
        .at_place(key, place)
        .unlike(unlike)
        .help("set `default_action = \"Deny\"` in `network_rules`, and name the networks")
        .report();
}

#[cfg(test)]
mod tests {
    use super::StorageOpenToEveryNetwork;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_storage_account", properties)
            .findings::<StorageOpenToEveryNetwork>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"network_rules": [{"default_action": "Allow"}]}"#), 1);
        assert_eq!(
            findings(r#"{"network_rules": [{"default_action": "Deny", "ip_rules": ["0.0.0.0/0"]}]}"#),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"public_network_access_enabled": false}"#), 0);
        assert_eq!(findings(r#"{"network_rules": [{"default_action": "Deny"}]}"#), 0);
    }
}
