//! Owner, editor and the like of a whole project.

use crate::Context;
use crate::gcp::bindings;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// One of the basic roles `owner` and `editor`, or a role that administers everything of a service or the access to the
    /// project itself (`roles/...admin` of IAM, the project or the organization), given to a service account on a project,
    /// folder or organization. The same for people is a finding of low severity.
    ///
    /// ## Why it matters
    /// Functions and services run as service accounts. Who breaks into one that is editor changes every other one, and
    /// reads all data of the project.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_project_iam_member" "worker" {
    ///   project = "acme"
    ///   role    = "roles/editor"
    ///   member  = "serviceAccount:worker@acme.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_project_iam_member" "worker" {
    ///   project = "acme"
    ///   role    = "roles/pubsub.publisher"
    ///   member  = "serviceAccount:worker@acme.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Limits
    /// A condition on the binding isn't looked at: most are on time. What custom roles hold isn't known.
    BasicRole {
        id: "basic-role",
        title: "service account with power over everything",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-012", "CKV_GCP_117", "kics:84d36481-fd63-48cb-838e-635c44806ec2"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "whoever breaks into one service has all of them",
    }
}

/// The peer that looks at service accounts alone.
const SERVICE_ACCOUNTS_ALONE: &[&str] = &["kics:84d36481-fd63-48cb-838e-635c44806ec2"];

const BASIC: &[&str] = &["roles/owner", "roles/editor"];

/// Roles with which one gives oneself every other role.
const ADMINISTERS: &[&str] = &[
    "roles/iam.securityAdmin",
    "roles/resourcemanager.folderAdmin",
    "roles/resourcemanager.folderIamAdmin",
    "roles/resourcemanager.organizationAdmin",
    "roles/resourcemanager.projectIamAdmin",
];

impl Rule for BasicRole {
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
            if !BASIC.iter().chain(ADMINISTERS).any(|role| role.eq_ignore_ascii_case(&binding.role)) {
                continue;
            }
            let Some(member) = &binding.member else { continue };
            let service = member.starts_with("serviceAccount:");
            let (severity, who) = match service {
                true => (Severity::High, "a service account"),
                false => (Severity::Low, "people"),
            };
            let (_, scope) = grant.ty.split_once('_').unwrap_or_default();
            let scope = scope.split('_').next().unwrap_or("project");
            let message =
                format!("`{}` gives {who} `{}` on the whole {scope}", grant.logical_id, binding.role);
            cx.finding(grant, message)
                .at_place(binding.key, binding.value.span)
                .severity(severity)
                .unlike(if service { &[] } else { SERVICE_ACCOUNTS_ALONE })
                .help("give roles on the resources that it uses, such as `roles/pubsub.publisher` on a topic")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BasicRole;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn severities(ty: &str, properties: &str) -> Vec<Severity> {
        let build = Build::new().json("grant", ty, properties);
        build.run::<BasicRole>().findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn services_and_people() {
        let members =
            r#"{"role": "roles/owner", "members": ["serviceAccount:a@b", "user:ana@acme.example"]}"#;
        assert_eq!(severities("google_project_iam_binding", members), [Severity::Low, Severity::High]);
        let viewer = r#"{"role": "roles/viewer", "member": "serviceAccount:a@b"}"#;
        assert!(severities("google_project_iam_member", viewer).is_empty());
        let policy = r#"{"policy_data": {"bindings": [{"role": "roles/resourcemanager.projectIamAdmin",
            "members": ["serviceAccount:a@b"]}]}}"#;
        assert_eq!(severities("google_project_iam_policy", policy), [Severity::High]);
    }
}
