//! What runs on Google Cloud as often as it likes.

use crate::Context;
use crate::blocks::{self, Found};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A Cloud Function of the first generation that sets no `max_instances`, or sets it to 0 (medium). A function of the
    /// second generation or a Cloud Run service that sets no limit of its own, and so has the default of 100 (low).
    ///
    /// ## Why it matters
    /// A flood of events starts as many instances as the limit or the project's quota allows, and all of them are billed.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_cloudfunctions_function" "orders" {
    ///   name = "orders"
    /// }
    /// ```
    ///
    /// ```hcl,finding
    /// resource "google_cloud_run_v2_service" "orders" {
    ///   name = "orders"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_cloudfunctions_function" "orders" {
    ///   name          = "orders"
    ///   max_instances = 10
    /// }
    /// ```
    ///
    /// ```hcl,clean
    /// resource "google_cloudfunctions2_function" "orders" {
    ///   name = "orders"
    ///   service_config {
    ///     max_instance_count = 10
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Whether the limit is a good one isn't weighed. How much one instance does at once (`concurrency`) isn't counted.
    UnlimitedInstances {
        id: "unlimited-instances",
        title: "function without a limit of instances",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-003"],
        threats: ["T40"],
        profiles: [DenialOfWallet],
        why: "a flood of events is billed in full",
    }
}

/// Where each type has its limit; the first is the one to set.
const LIMITS: &[(&str, &[&[&str]])] = &[
    (
        "google_cloud_run_service",
        &[&["template", "metadata", "annotations", "autoscaling.knative.dev/maxScale"]],
    ),
    (
        "google_cloud_run_v2_service",
        &[&["template", "scaling", "max_instance_count"], &["scaling", "max_instance_count"]],
    ),
    ("google_cloudfunctions2_function", &[&["service_config", "max_instance_count"]]),
    ("google_cloudfunctions_function", &[&["max_instances"]]),
];

impl Rule for UnlimitedInstances {
    const ON: &'static [&'static str] = &[
        "google_cloud_run_service",
        "google_cloud_run_v2_service",
        "google_cloudfunctions2_function",
        "google_cloudfunctions_function",
    ];

    fn check(function: &Resource, cx: &Context<'_>) {
        let paths = LIMITS.iter().find(|(ty, _)| function.ty == *ty).map_or(&[][..], |(_, paths)| paths);
        let Some(first) = paths.first() else { return };
        for path in paths {
            match blocks::at(cx, function, path) {
                Found::Absent => {}
                Found::Unknown(value) => return cx.unknown(function, value, "the limit of instances"),
                Found::Value(value) => match value.as_text().as_deref() {
                    Some("0") => {}
                    Some(_) => return,
                    None => return cx.unknown(function, value, "the limit of instances"),
                },
            }
        }
        let (message, severity) = if function.ty == "google_cloudfunctions_function" {
            ("nothing bounds how many instances run at once", Severity::Medium)
        } else {
            ("nothing but the default of 100 bounds how many instances run at once", Severity::Low)
        };
        let name = first.last().copied().unwrap_or_default();
        cx.finding(function, message).at(first).severity(severity).help(format!("set `{name}`")).report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnlimitedInstances;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn run(ty: &str, properties: &str) -> Vec<Severity> {
        let outcome = Build::new().json("orders", ty, properties).run::<UnlimitedInstances>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn first_generation() {
        let function = "google_cloudfunctions_function";
        assert_eq!(run(function, "{}"), [Severity::Medium]);
        assert_eq!(run(function, r#"{"max_instances": 0}"#), [Severity::Medium]);
        assert!(run(function, r#"{"max_instances": 10}"#).is_empty());
    }

    #[test]
    fn others_have_a_default() {
        assert_eq!(run("google_cloudfunctions2_function", r#"{"service_config": [{}]}"#), [Severity::Low]);
        assert!(
            run("google_cloudfunctions2_function", r#"{"service_config": [{"max_instance_count": 5}]}"#)
                .is_empty()
        );
        let run_v2 = "google_cloud_run_v2_service";
        assert_eq!(run(run_v2, "{}"), [Severity::Low]);
        assert!(run(run_v2, r#"{"template": [{"scaling": [{"max_instance_count": 5}]}]}"#).is_empty());
        assert!(run(run_v2, r#"{"scaling": [{"max_instance_count": 5}]}"#).is_empty());
        let annotated =
            r#"{"template": [{"metadata": [{"annotations": {"autoscaling.knative.dev/maxScale": "5"}}]}]}"#;
        assert!(run("google_cloud_run_service", annotated).is_empty());
        assert_eq!(run("google_cloud_run_service", "{}"), [Severity::Low]);
    }
}
