//! A function app that speaks HTTP/1.1 alone.

use super::weak_function_app_transport::FUNCTION_APPS;
use crate::Context;
use crate::blocks::{self, Found};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function app whose `http2_enabled` is absent or false.
    ///
    /// ## Why it matters
    /// Over HTTP/1.1 a caller sends one request at a time per connection: many small ones take longer, and keep more
    /// connections open.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   site_config {
    ///     http2_enabled = false
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   site_config {
    ///     http2_enabled = true
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion, and off by default: nothing is less safe without it.
    FunctionAppWithoutHttp2 {
        id: "function-app-without-http2",
        title: "function app without HTTP/2",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-014", "kics:ace823d1-4432-4dee-945b-cdf11a5a6bd0"],
        threats: ["T40"],
        profiles: [],
        why: "many small requests each wait for the one before",
    }
}

impl Rule for FunctionAppWithoutHttp2 {
    const ON: &'static [&'static str] = FUNCTION_APPS;

    fn check(app: &Resource, cx: &Context<'_>) {
        const PATH: &[&str] = &["site_config", "http2_enabled"];
        match blocks::at(cx, app, PATH) {
            Found::Unknown(value) => return cx.unknown(app, value, "`http2_enabled`"),
            Found::Value(value) => match value.as_bool() {
                Some(true) => return,
                Some(false) => {}
                None => return cx.unknown(app, value, "`http2_enabled`"),
            },
            Found::Absent => {}
        }
        cx.finding(app, "the function app speaks HTTP/1.1 alone")
            .at(PATH)
            .help("set `http2_enabled = true` in `site_config`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::FunctionAppWithoutHttp2;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_linux_function_app", properties)
            .findings::<FunctionAppWithoutHttp2>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"site_config": [{"http2_enabled": false}]}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"site_config": [{"http2_enabled": true}]}"#), 0);
    }
}
