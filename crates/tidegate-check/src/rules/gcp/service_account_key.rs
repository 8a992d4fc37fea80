//! A key of a service account that never ends.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A key that is made for a service account.
    ///
    /// ## Why it matters
    /// A key is a password without an end that works from everywhere. Terraform keeps it in its state, readable by all who
    /// read that.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_service_account_key" "worker" {
    ///   service_account_id = "worker@acme.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_service_account_iam_member" "pipeline" {
    ///   service_account_id = "projects/acme/serviceAccounts/worker@acme.iam.gserviceaccount.com"
    ///   role               = "roles/iam.workloadIdentityUser"
    ///   member             = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/main"
    /// }
    /// ```
    ///
    /// ## Limits
    /// A key that holds only a public part (`public_key_data`) isn't reported: its private part never leaves its owner.
    ServiceAccountKey {
        id: "service-account-key",
        title: "lasting key of a service account",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-014"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "a key works from everywhere, and for good",
    }
}

impl Rule for ServiceAccountKey {
    const ON: &'static [&'static str] = &["google_service_account_key"];

    fn check(key: &Resource, cx: &Context<'_>) {
        if cx.get(key, &["public_key_data"]).is_some() {
            return;
        }
        cx.finding(key, format!("`{}` is a lasting key, and the state holds it", key.logical_id))
            .at(&["service_account_id"])
            .help("let callers take short tokens: workload identity federation, or impersonation")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::ServiceAccountKey;
    use crate::testing::Build;

    #[test]
    fn own_public_keys_are_fine() {
        let findings = |properties: &str| {
            Build::new().json("key", "google_service_account_key", properties).findings::<ServiceAccountKey>()
        };
        assert_eq!(findings("{}"), ["key: `key` is a lasting key, and the state holds it"]);
        assert!(findings(r#"{"public_key_data": "LS0tLS1CRUdJTg=="}"#).is_empty());
    }
}
