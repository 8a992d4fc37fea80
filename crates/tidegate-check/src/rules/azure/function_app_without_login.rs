//! A function app of Azure that knows neither its callers nor itself.

use super::weak_function_app_transport::FUNCTION_APPS;
use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A function app whose authentication is absent or off (high), and one without a managed identity (medium). Each is a
    /// finding of its own.
    ///
    /// ## Why it matters
    /// Without authentication only the keys of single functions stand between the internet and the code, and an anonymous
    /// function has none. Without an identity the app needs secrets to reach anything.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   identity {
    ///     type = "SystemAssigned"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   auth_settings_v2 {
    ///     auth_enabled = true
    ///   }
    ///   identity {
    ///     type = "SystemAssigned"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Apps that no request starts (queues or timers alone do) need no authentication; the code isn't read, so the
    /// confidence is medium.
    FunctionAppWithoutLogin {
        id: "function-app-without-login",
        title: "function app without authentication or identity",
        severity: High,
        confidence: Medium,
        since: "0.1.0",
        aliases: [
            "TG-AZ-002",
            "CKV_AZURE_56",
            "kics:e65a0733-94a0-4826-82f4-df529f4c593f",
            "kics:c87749b3-ff10-41f5-9df2-c421e8151759",
        ],
        threats: ["T13", "T32"],
        profiles: [Baseline],
        why: "anyone may call the functions, or the app lives on secrets",
    }
}

/// Aliases that mean the login alone, and the identity alone.
const LOGIN: &[&str] = &["CKV_AZURE_56", "trivy:AVD-AZU-0002", "kics:e65a0733-94a0-4826-82f4-df529f4c593f"];
const IDENTITY: &[&str] = &["trivy:AVD-AZU-0003", "kics:c87749b3-ff10-41f5-9df2-c421e8151759"];

impl Rule for FunctionAppWithoutLogin {
    const ON: &'static [&'static str] = FUNCTION_APPS;

    fn check(app: &Resource, cx: &Context<'_>) {
        login(app, cx);
        if cx.items(app, &["identity"]).is_empty() {
            cx.finding(app, "the function app has no managed identity")
                .at(&["identity"])
                .severity(Severity::Medium)
                .unlike(LOGIN)
                .help("add `identity { type = \"SystemAssigned\" }`")
                .report();
        }
    }
}

fn login(app: &Resource, cx: &Context<'_>) {
    for (block, key) in [("auth_settings", "enabled"), ("auth_settings_v2", "auth_enabled")] {
        for settings in cx.items(app, &[block]) {
            if settings.is_unknown() {
                return cx.unknown(app, settings, &format!("`{block}`"));
            }
            match cx.child(settings, key).map(|value| (value, value.as_bool())) {
                Some((_, Some(true))) => return,
                Some((value, None)) => return cx.unknown(app, value, &format!("`{block}.{key}`")),
                None | Some((_, Some(false))) => {}
            }
        }
    }
    let older = cx.get(app, &["auth_settings"]).is_some();
    cx.finding(app, "the function app asks nobody who he is")
        .at(&[if older { "auth_settings" } else { "auth_settings_v2" }])
        .unlike(IDENTITY)
        .help("switch authentication on in `auth_settings_v2`")
        .report();
}

#[cfg(test)]
mod tests {
    use super::FunctionAppWithoutLogin;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new()
            .json("orders", "azurerm_linux_function_app", properties)
            .findings::<FunctionAppWithoutLogin>()
    }

    #[test]
    fn neither() {
        assert_eq!(findings("{}").len(), 2);
        assert_eq!(
            findings(r#"{"auth_settings": [{"enabled": false}], "identity": [{"type": "SystemAssigned"}]}"#),
            ["orders: the function app asks nobody who he is"]
        );
        assert_eq!(
            findings(r#"{"auth_settings_v2": {"auth_enabled": true}}"#),
            ["orders: the function app has no managed identity"]
        );
    }

    #[test]
    fn both() {
        let both = r#"{"auth_settings_v2": [{"auth_enabled": true}], "identity": {"type": "UserAssigned"}}"#;
        assert!(findings(both).is_empty());
    }
}
