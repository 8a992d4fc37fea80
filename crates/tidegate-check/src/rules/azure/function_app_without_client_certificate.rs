//! A function app that asks callers for no certificate.

use super::weak_function_app_transport::FUNCTION_APPS;
use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A function app whose `client_certificate_mode`, or `client_cert_mode` of the older type, is not `Required`, or
    /// whose client certificates are off.
    ///
    /// ## Why it matters
    /// With certificates only callers that you gave one get as far as the code. Keys and tokens can be passed on by
    /// whoever sees them.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   client_certificate_mode = "Optional"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   client_certificate_enabled = true
    ///   client_certificate_mode    = "Required"
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion, and off by default: few functions are called by machines alone that can have certificates.
    FunctionAppWithoutClientCertificate {
        id: "function-app-without-client-certificate",
        title: "function app without client certificates",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-015", "kics:9bb3c639-5edf-458c-8ee5-30c17c7d671d"],
        threats: ["T13"],
        profiles: [],
        why: "any caller gets as far as the code",
    }
}

impl Rule for FunctionAppWithoutClientCertificate {
    const ON: &'static [&'static str] = FUNCTION_APPS;

    fn check(app: &Resource, cx: &Context<'_>) {
        let older = matches!(app.ty.as_str(), "azurerm_function_app" | "azurerm_function_app_slot");
        let mode = if older { "client_cert_mode" } else { "client_certificate_mode" };
        let off = cx.get(app, &["client_certificate_enabled"]).and_then(Value::as_bool) == Some(false);
        match cx.get(app, &[mode]).map(|value| (value, value.as_str())) {
            Some((value, None)) => return cx.unknown(app, value, &format!("`{mode}`")),
            Some((_, Some("Required"))) if !off => return,
            _ => {}
        }
        cx.finding(app, "the function app asks callers for no certificate")
            .at(&[mode])
            .help(format!("set `{mode} = \"Required\"`"))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::FunctionAppWithoutClientCertificate;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_linux_function_app", properties)
            .findings::<FunctionAppWithoutClientCertificate>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"client_certificate_mode": "Optional"}"#), 1);
        assert_eq!(
            findings(r#"{"client_certificate_enabled": false, "client_certificate_mode": "Required"}"#),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"client_certificate_mode": "Required"}"#), 0);
    }
}
