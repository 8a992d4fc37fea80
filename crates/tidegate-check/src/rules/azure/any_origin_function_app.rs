//! A function app that every web page may call.

use super::weak_function_app_transport::FUNCTION_APPS;
use crate::Context;
use crate::blocks::{self, Found};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function app whose `cors` block lets every origin in: `allowed_origins = ["*"]`.
    ///
    /// ## Why it matters
    /// A page on any site can call the functions from the browser of whoever visits it, inside of your network too, and
    /// read the answers.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   site_config {
    ///     cors {
    ///       allowed_origins = ["*"]
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_linux_function_app" "orders" {
    ///   name = "orders"
    ///   site_config {
    ///     cors {
    ///       allowed_origins = ["https://shop.example.com"]
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Credentials aren't sent along to `*`; what the functions do without any decides how bad it is.
    AnyOriginFunctionApp {
        id: "any-origin-function-app",
        title: "function app that takes calls of every web page",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-AZ-003", "CKV_AZURE_62"],
        threats: ["T13"],
        profiles: [Baseline],
        why: "a page on any site calls the functions in the name of its visitor",
    }
}

impl Rule for AnyOriginFunctionApp {
    const ON: &'static [&'static str] = FUNCTION_APPS;

    fn check(app: &Resource, cx: &Context<'_>) {
        let origins = match blocks::at(cx, app, &["site_config", "cors", "allowed_origins"]) {
            Found::Absent => return,
            Found::Unknown(value) => return cx.unknown(app, value, "`cors`"),
            Found::Value(value) => value,
        };
        let items = cx.world.items(origins);
        if items.iter().any(|origin| origin.as_str() == Some("*")) {
            cx.finding(app, "every web page may call the function app")
                .at_place("site_config/cors/allowed_origins", origins.span)
                .help("name the origins of your own pages")
                .report();
        } else if let Some(unknown) = items.into_iter().find(|origin| origin.is_unknown()) {
            cx.unknown(app, unknown, "`allowed_origins`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AnyOriginFunctionApp;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_linux_function_app", properties)
            .findings::<AnyOriginFunctionApp>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(r#"{"site_config": [{"cors": [{"allowed_origins": ["https://a.example", "*"]}]}]}"#),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(
            findings(r#"{"site_config": [{"cors": [{"allowed_origins": ["https://a.example"]}]}]}"#),
            0
        );
    }
}
