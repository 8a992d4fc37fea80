//! A function app of Azure that takes weak or unencrypted connections.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A function app that accepts plain HTTP (`https_only` absent or false), TLS below 1.2, plain FTP
    /// (`ftps_state = "AllAllowed"`), or remote debugging. Each is a finding of its own.
    ///
    /// ## Why it matters
    /// Events, tokens and function keys travel where others can read and change them. FTP and remote debugging are ways to
    /// change the code itself.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name       = "orders"
    ///   https_only = false
    ///   site_config {}
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name       = "orders"
    ///   https_only = true
    ///   site_config {
    ///     minimum_tls_version = "1.2"
    ///     ftps_state          = "Disabled"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Absent values other than `https_only` are taken for the provider's defaults, which are good.
    WeakFunctionAppTransport {
        id: "weak-function-app-transport",
        title: "function app that takes weak connections",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-001", "CKV_AZURE_70", "CKV_AZURE_145", "CKV_AZURE_72", "trivy:AVD-AZU-0004", "kics:45fc717a-bd86-415c-bdd8-677901be1aa6", "kics:9dab0179-433d-4dff-af8f-0091025691df"],
        threats: ["T35", "T49"],
        profiles: [Baseline],
        why: "events and keys travel where others can read and change them",
    }
}

/// Types of function apps.
pub(super) const FUNCTION_APPS: &[&str] = &[
    "azurerm_function_app",
    "azurerm_function_app_flex_consumption",
    "azurerm_function_app_slot",
    "azurerm_linux_function_app",
    "azurerm_linux_function_app_slot",
    "azurerm_windows_function_app",
    "azurerm_windows_function_app_slot",
];

impl Rule for WeakFunctionAppTransport {
    const ON: &'static [&'static str] = FUNCTION_APPS;

    fn check(app: &Resource, cx: &Context<'_>) {
        let https = cx.get(app, &["https_only"]);
        match https.map(|value| (value, value.as_bool())) {
            None | Some((_, Some(false))) => cx
                .finding(app, "the function app accepts unencrypted requests")
                .at(&["https_only"])
                .help("set `https_only = true`")
                .fix(Fix::risky("take encrypted requests alone").set(&app.id, &["https_only"], true))
                .report(),
            Some((_, Some(true))) => {}
            Some((value, None)) => cx.unknown(app, value, "`https_only`"),
        }
        let sites = cx.items(app, &["site_config"]);
        for site in sites {
            // The older resource has its own names.
            for key in ["minimum_tls_version", "min_tls_version", "scm_minimum_tls_version"] {
                setting(
                    app,
                    site,
                    key,
                    |v| v.as_text().map(|t| t == "1.0" || t == "1.1"),
                    "accepts old TLS",
                    "1.2",
                    cx,
                );
            }
            let ftp = |v: &Value| v.as_str().map(|state| state.eq_ignore_ascii_case("AllAllowed"));
            setting(app, site, "ftps_state", ftp, "accepts its code over plain FTP", "Disabled", cx);
            setting(app, site, "remote_debugging_enabled", Value::as_bool, "lets debuggers in", "false", cx);
        }
    }
}

fn setting(
    app: &Resource,
    site: &Value,
    key: &str,
    is_bad: impl Fn(&Value) -> Option<bool>,
    what: &str,
    instead: &str,
    cx: &Context<'_>,
) {
    let Some(value) = cx.child(site, key) else { return };
    match is_bad(value) {
        Some(false) => {}
        Some(true) => cx
            .finding(app, format!("the function app {what}"))
            .at_place(format!("site_config/{key}"), value.span)
            .help(format!("set `{key}` to `{instead}`"))
            .report(),
        None => cx.unknown(app, value, &format!("`{key}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::WeakFunctionAppTransport;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new()
            .json("orders", "azurerm_linux_function_app", properties)
            .findings::<WeakFunctionAppTransport>()
    }

    #[test]
    fn each_weakness() {
        assert_eq!(findings("{}"), ["orders: the function app accepts unencrypted requests"]);
        let site =
            r#"{"minimum_tls_version": 1.1, "ftps_state": "AllAllowed", "remote_debugging_enabled": true}"#;
        assert_eq!(
            findings(&format!(r#"{{"https_only": true, "site_config": [{site}]}}"#)),
            [
                "orders: the function app accepts its code over plain FTP",
                "orders: the function app accepts old TLS",
                "orders: the function app lets debuggers in"
            ]
        );
    }

    #[test]
    fn good_ones() {
        let site = r#"{"minimum_tls_version": "1.2", "ftps_state": "FtpsOnly"}"#;
        assert!(findings(&format!(r#"{{"https_only": true, "site_config": {site}}}"#)).is_empty());
        assert!(findings(r#"{"https_only": true}"#).is_empty());
    }
}
