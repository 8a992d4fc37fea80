//! A webhook of Event Grid whose receiver cannot tell who sends.

use crate::Context;
use crate::blocks::{self, Found};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Piece, Resource};

declare_rule! {
    /// ## What it finds
    /// A `webhook_endpoint` of an Event Grid subscription without `active_directory_app_id_or_uri`, or with an address
    /// that begins with `http://`. Each is a finding of its own.
    ///
    /// ## Why it matters
    /// Without a token the receiver can't tell an event of Event Grid from one that a stranger sent to the same address.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_eventgrid_event_subscription" "orders" {
    ///   name  = "orders"
    ///   scope = "orders"
    ///   webhook_endpoint {
    ///     url = "https://orders.example.com/events"
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_eventgrid_event_subscription" "orders" {
    ///   name  = "orders"
    ///   scope = "orders"
    ///   webhook_endpoint {
    ///     url = "https://orders.example.com/events"
    ///     active_directory_tenant_id     = "acme"
    ///     active_directory_app_id_or_uri = "api://orders"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// A secret in the address, or in a `delivery_property` header, is a weaker way to the same end, and not seen.
    UnsignedEventGridWebhook {
        id: "unsigned-event-grid-webhook",
        title: "Event Grid webhook without login or encryption",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-AZ-012"],
        threats: ["T19", "T35"],
        profiles: [Baseline],
        why: "anyone who knows the address sends forged events",
    }
}

impl Rule for UnsignedEventGridWebhook {
    const ON: &'static [&'static str] =
        &["azurerm_eventgrid_event_subscription", "azurerm_eventgrid_system_topic_event_subscription"];

    fn check(subscription: &Resource, cx: &Context<'_>) {
        let url = match blocks::at(cx, subscription, &["webhook_endpoint", "url"]) {
            Found::Absent => return,
            Found::Unknown(value) => return cx.unknown(subscription, value, "`webhook_endpoint`"),
            Found::Value(value) => value,
        };
        if let Some(Piece::Text(text)) = url.pieces().first()
            && text.to_ascii_lowercase().starts_with("http://")
        {
            cx.finding(subscription, "events are sent without TLS")
                .at_place("webhook_endpoint/url", url.span)
                .help("use an `https://` address")
                .report();
        }
        match blocks::at(cx, subscription, &["webhook_endpoint", "active_directory_app_id_or_uri"]) {
            Found::Absent => cx
                .finding(subscription, "the receiver can't tell who sends: there is no token")
                .at_place("webhook_endpoint/active_directory_app_id_or_uri", url.span)
                .help("set `active_directory_tenant_id` and `active_directory_app_id_or_uri`, and check the token")
                .report(),
            Found::Unknown(value) => cx.unknown(subscription, value, "`webhook_endpoint`"),
            Found::Value(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UnsignedEventGridWebhook;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "azurerm_eventgrid_event_subscription", properties)
            .findings::<UnsignedEventGridWebhook>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"webhook_endpoint": [{"url": "http://a.example"}]}"#), 2);
        assert_eq!(findings(r#"{"webhook_endpoint": {"url": "https://a.example"}}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(
            findings(
                r#"{"webhook_endpoint": [{"url": "https://a.example", "active_directory_app_id_or_uri": "a"}]}"#
            ),
            0
        );
    }
}
