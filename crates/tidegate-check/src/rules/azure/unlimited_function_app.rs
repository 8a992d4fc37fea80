//! A function app that runs as often as it likes.

use super::weak_function_app_transport::FUNCTION_APPS;
use crate::Context;
use crate::blocks::{self, Found};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function app whose `app_scale_limit`, or `maximum_instance_count` on the flexible plan, is absent or 0.
    ///
    /// ## Why it matters
    /// A flood of events starts as many instances as the plan allows, 100 to 1000 by kind and region, and all of them are
    /// billed.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   site_config {}
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   site_config {
    ///     app_scale_limit = 10
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// On a dedicated plan the number of machines is the limit, and this one means nothing; which plan it is may be in
    /// another module. So it is low, and unsure.
    UnlimitedFunctionApp {
        id: "unlimited-function-app",
        title: "function app without a limit of instances",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-AZ-011"],
        threats: ["T40"],
        profiles: [DenialOfWallet],
        why: "a flood of events is billed in full",
    }
}

impl Rule for UnlimitedFunctionApp {
    const ON: &'static [&'static str] = FUNCTION_APPS;

    fn check(app: &Resource, cx: &Context<'_>) {
        let path: &[&str] = match app.ty.as_str() {
            "azurerm_function_app_flex_consumption" => &["maximum_instance_count"],
            _ => &["site_config", "app_scale_limit"],
        };
        match blocks::at(cx, app, path) {
            Found::Absent => {}
            Found::Unknown(value) => return cx.unknown(app, value, "the limit of instances"),
            Found::Value(value) => match value.as_i64() {
                Some(0) => {}
                Some(_) => return,
                None => return cx.unknown(app, value, "the limit of instances"),
            },
        }
        let name = path.last().copied().unwrap_or_default();
        cx.finding(app, "nothing but the plan bounds how many instances run at once")
            .at(path)
            .help(format!("set `{name}`"))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnlimitedFunctionApp;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_linux_function_app", properties)
            .findings::<UnlimitedFunctionApp>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"site_config": [{"app_scale_limit": 0}]}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"site_config": [{"app_scale_limit": 5}]}"#), 0);
    }
}
