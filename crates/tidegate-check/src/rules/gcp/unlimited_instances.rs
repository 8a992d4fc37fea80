//! A function of Google Cloud that may run as often as it likes.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A Cloud Function of the first generation that sets no `max_instances`, or sets it to 0.
    ///
    /// ## Why it matters
    /// A flood of events starts as many instances as the project's quota allows, and all of them are billed.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_cloudfunctions_function" "orders" {
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
    /// ## Limits
    /// Functions of the second generation and Cloud Run services have a limit by default, and aren't looked at.
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

impl Rule for UnlimitedInstances {
    const ON: &'static [&'static str] = &["google_cloudfunctions_function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        if let Some(value) = cx.get(function, &["max_instances"]) {
            match value.as_text().as_deref() {
                Some("0") => {}
                Some(_) => return,
                None => return cx.unknown(function, value, "`max_instances`"),
            }
        }
        cx.finding(function, "nothing bounds how many instances run at once")
            .at(&["max_instances"])
            .help("set `max_instances`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnlimitedInstances;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        let build = Build::new().json("orders", "google_cloudfunctions_function", properties);
        build.findings::<UnlimitedInstances>().len()
    }

    #[test]
    fn with_and_without_limit() {
        assert_eq!(findings("{}"), 1);
        assert_eq!(findings(r#"{"max_instances": 0}"#), 1);
        assert_eq!(findings(r#"{"max_instances": 10}"#), 0);
    }
}
