//! The right to act as every service account of a project.

use crate::Context;
use crate::gcp::bindings;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A role with which one acts as a service account (`roles/iam.serviceAccountUser`, `serviceAccountTokenCreator`,
    /// `serviceAccountKeyAdmin`, `serviceAccountAdmin`, `workloadIdentityUser`), given on a project, folder or organization
    /// and not on one service account.
    ///
    /// ## Why it matters
    /// Who has it becomes any service account of the project, the mightiest among them.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_project_iam_member" "deployer" {
    ///   project = "acme"
    ///   role    = "roles/iam.serviceAccountTokenCreator"
    ///   member  = "serviceAccount:deployer@acme.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_service_account_iam_member" "deployer" {
    ///   service_account_id = "projects/acme/serviceAccounts/worker@acme.iam.gserviceaccount.com"
    ///   role               = "roles/iam.serviceAccountTokenCreator"
    ///   member             = "serviceAccount:deployer@acme.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Limits
    /// A project with one service account is no worse off; how many there are isn't counted.
    AnyServiceAccount {
        id: "any-service-account",
        title: "may act as every service account",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-013", "CKV_GCP_41",
            "CKV_GCP_49", "kics:617ef6ff-711e-4bd7-94ae-e965911b1b40", "kics:c68b4e6d-4e01-4ca1-b256-1e18e875785c"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "whoever has it becomes the mightiest service account of the project",
    }
}

const ROLES: &[&str] = &[
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityUser",
];

impl Rule for AnyServiceAccount {
    const ON: &'static [&'static str] = &[
        "google_folder_iam_binding",
        "google_folder_iam_member",
        "google_folder_iam_policy",
        "google_organization_iam_binding",
        "google_organization_iam_member",
        "google_organization_iam_policy",
        "google_project_iam_binding",
        "google_project_iam_member",
        "google_project_iam_policy",
    ];

    fn check(grant: &Resource, cx: &Context<'_>) {
        for binding in bindings(cx, grant) {
            if !ROLES.iter().any(|role| role.eq_ignore_ascii_case(&binding.role)) {
                continue;
            }
            let message = format!(
                "with `{}` on all of it `{}` lets act as every service account",
                binding.role, grant.logical_id
            );
            cx.finding(grant, message)
                .at_place(binding.key, binding.value.span)
                .help("give the role on the one service account: `google_service_account_iam_member`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AnyServiceAccount;
    use crate::testing::Build;

    #[test]
    fn only_roles_to_act_as_somebody() {
        let findings = |role: &str| {
            let properties = format!(r#"{{"role": "{role}", "members": ["group:ops@acme.example"]}}"#);
            Build::new()
                .json("grant", "google_folder_iam_binding", &properties)
                .findings::<AnyServiceAccount>()
        };
        assert_eq!(
            findings("roles/iam.serviceAccountUser"),
            [
                "grant: with `roles/iam.serviceAccountUser` on all of it `grant` lets act as every service account"
            ]
        );
        assert!(findings("roles/iam.serviceAccountViewer").is_empty());
    }
}
