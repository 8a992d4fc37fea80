//! A function app that the internet can reach.

use super::weak_function_app_transport::FUNCTION_APPS;
use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A function app whose `public_network_access_enabled` is absent or true.
    ///
    /// ## Why it matters
    /// Anyone can try keys and holes of the code. What is private needs a way into the network first.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   https_only = true
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   public_network_access_enabled = false
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion: many apps are for the internet. `ip_restriction` blocks, which may let only some in, aren't weighed;
    /// the older `azurerm_function_app` can't be closed so.
    PublicFunctionApp {
        id: "public-function-app",
        title: "function app that the internet can reach",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-010", "CKV_AZURE_221"],
        threats: ["T13", "T40"],
        profiles: [Regulated],
        why: "only a key or login stands between the internet and the code",
    }
}

impl Rule for PublicFunctionApp {
    const ON: &'static [&'static str] = FUNCTION_APPS;

    fn check(app: &Resource, cx: &Context<'_>) {
        const ACCESS: &str = "public_network_access_enabled";
        if matches!(app.ty.as_str(), "azurerm_function_app" | "azurerm_function_app_slot") {
            return;
        }
        match cx.get(app, &[ACCESS]).map(|value| (value, value.as_bool())) {
            Some((_, Some(false))) => {}
            Some((value, None)) => cx.unknown(app, value, &format!("`{ACCESS}`")),
            None | Some((_, Some(true))) => cx
                .finding(app, "the function app can be reached from the internet")
                .at(&[ACCESS])
                .help("set `public_network_access_enabled = false`, and a private endpoint")
                .fix(Fix::risky("shut the internet out").set(&app.id, &[ACCESS], false))
                .report(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicFunctionApp;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_linux_function_app", properties)
            .findings::<PublicFunctionApp>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"public_network_access_enabled": true}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"public_network_access_enabled": false}"#), 0);
    }
}
