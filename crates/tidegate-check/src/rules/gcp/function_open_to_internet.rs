//! A function of Google Cloud that the internet can reach.

use crate::Context;
use crate::blocks::{self, Found};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A Cloud Function that is started by HTTP, or a Cloud Run service, whose ingress setting is absent or lets all
    /// traffic in.
    ///
    /// ## Why it matters
    /// Who may call is decided by a grant alone. One `allUsers` too many, and the world calls it. What is internal needs a
    /// way into the network first.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_cloudfunctions_function" "orders" {
    ///   name    = "orders"
    ///   runtime = "nodejs22"
    ///   trigger_http = true
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_cloudfunctions_function" "orders" {
    ///   name    = "orders"
    ///   runtime = "nodejs22"
    ///   trigger_http     = true
    ///   ingress_settings = "ALLOW_INTERNAL_ONLY"
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion: many functions are for the internet. Who may call is `public-service`. Functions that events start
    /// aren't looked at.
    FunctionOpenToInternet {
        id: "function-open-to-internet",
        title: "function that the internet can reach",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-002", "CKV_GCP_124"],
        threats: ["T13", "T40"],
        profiles: [Regulated],
        why: "only a grant stands between the internet and the code",
    }
}

impl Rule for FunctionOpenToInternet {
    const ON: &'static [&'static str] =
        &["google_cloud_run_v2_service", "google_cloudfunctions2_function", "google_cloudfunctions_function"];

    fn check(service: &Resource, cx: &Context<'_>) {
        let path: &[&str] = match service.ty.as_str() {
            "google_cloudfunctions_function" => {
                if cx.get(service, &["trigger_http"]).and_then(Value::as_bool) != Some(true) {
                    return;
                }
                &["ingress_settings"]
            }
            "google_cloudfunctions2_function" => {
                if blocks::has(cx, service, "event_trigger") {
                    return;
                }
                &["service_config", "ingress_settings"]
            }
            _ => &["ingress"],
        };
        match blocks::at(cx, service, path) {
            Found::Unknown(value) => return cx.unknown(service, value, "the ingress"),
            Found::Value(value) => match value.as_str() {
                Some("ALLOW_ALL" | "INGRESS_TRAFFIC_ALL") => {}
                Some(_) => return,
                None => return cx.unknown(service, value, "the ingress"),
            },
            Found::Absent => {}
        }
        cx.finding(service, "takes requests from the internet")
            .at(path)
            .help("let internal traffic and that of a load balancer in only")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::FunctionOpenToInternet;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> usize {
        Build::new().json("orders", ty, properties).findings::<FunctionOpenToInternet>().len()
    }

    #[test]
    fn open() {
        assert_eq!(findings("google_cloudfunctions_function", r#"{"trigger_http": true}"#), 1);
        let all = r#"{"service_config": [{"ingress_settings": "ALLOW_ALL"}]}"#;
        assert_eq!(findings("google_cloudfunctions2_function", all), 1);
        assert_eq!(findings("google_cloud_run_v2_service", "{}"), 1);
    }

    #[test]
    fn closed_or_by_events() {
        assert_eq!(findings("google_cloudfunctions_function", "{}"), 0);
        assert_eq!(findings("google_cloudfunctions2_function", r#"{"event_trigger": [{}]}"#), 0);
        let internal = r#"{"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}"#;
        assert_eq!(findings("google_cloud_run_v2_service", internal), 0);
    }
}
