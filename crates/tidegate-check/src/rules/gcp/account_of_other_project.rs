//! A service account of one project that has a role in another one.

use crate::Context;
use crate::gcp::bindings;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A role on a project, or on a service account of it, that is given to a service account of another project. The
    /// severity is medium where the role lets it become the service accounts there or change who may, and low otherwise.
    ///
    /// ## Why it matters
    /// Whoever breaks into the other project, or administers it, is in this one as well: two projects have become one.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_project_iam_member" "deploy" {
    ///   project = "shop-live"
    ///   role    = "roles/iam.serviceAccountTokenCreator"
    ///   member  = "serviceAccount:builder@shop-test.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_project_iam_member" "deploy" {
    ///   project = "shop-live"
    ///   role    = "roles/iam.serviceAccountTokenCreator"
    ///   member  = "serviceAccount:builder@shop-live.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Limits
    /// Nothing is said where one of the two projects isn't known. What may be reached over such a step shows
    /// `tidegate iam reach`.
    AccountOfOtherProject {
        id: "account-of-other-project",
        title: "service account of another project",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-GCP-016"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "whoever breaks into one project is in both",
    }
}

/// Parts of roles that lead on to service accounts or to who has access.
const STRONG: &[&str] = &["roles/owner", "roles/editor", "roles/iam.", "roles/resourcemanager."];

impl Rule for AccountOfOtherProject {
    const ON: &'static [&'static str] = &[
        "google_project_iam_binding",
        "google_project_iam_member",
        "google_project_iam_policy",
        "google_service_account_iam_binding",
        "google_service_account_iam_member",
        "google_service_account_iam_policy",
    ];

    fn check(grant: &Resource, cx: &Context<'_>) {
        let Some(project) = project_of_grant(cx, grant) else { return };
        for binding in bindings(cx, grant) {
            let Some(other) = project_of_member(cx, binding.value) else { continue };
            if other == project {
                continue;
            }
            let strong = STRONG.iter().any(|start| binding.role.starts_with(start));
            let message = format!(
                "a service account of project `{other}` has `{}` in project `{project}`",
                binding.role
            );
            cx.finding(grant, message)
                .at_place(format!("{}/{other}", binding.key), binding.value.span)
                .severity(if strong { Severity::Medium } else { Severity::Low })
                .help("use a service account of the project itself, or one that is made for this alone")
                .report();
        }
    }
}

fn project_of_grant(cx: &Context<'_>, grant: &Resource) -> Option<String> {
    if let Some(value) = cx.get(grant, &["project"]) {
        let text = value.as_text()?;
        return Some(text.strip_prefix("projects/").unwrap_or(&text).to_string());
    }
    project_of_account(cx, cx.get(grant, &["service_account_id"])?)
}

/// The project of `serviceAccount:name@project.iam.gserviceaccount.com`, or of the account that is referred to.
fn project_of_member(cx: &Context<'_>, member: &Value) -> Option<String> {
    // What Google runs itself belongs to no project of anybody's.
    let text = member.as_text();
    if text.as_deref().is_some_and(|t| !t.starts_with("serviceAccount:") || t.contains("@gcp-sa-")) {
        return None;
    }
    project_of_account(cx, member)
}

fn project_of_account(cx: &Context<'_>, value: &Value) -> Option<String> {
    if let Some(text) = value.as_text() {
        let (_, domain) = text.split_once('@')?;
        let project = domain.strip_suffix(".iam.gserviceaccount.com")?;
        return Some(project.to_string());
    }
    let references = value.references();
    let account = references.iter().find_map(|(reference, _)| {
        cx.system.resource(&reference.target).filter(|r| r.ty == "google_service_account")
    })?;
    cx.get(account, &["project"])?.as_text().map(|project| project.to_string())
}

#[cfg(test)]
mod tests {
    use super::AccountOfOtherProject;
    use crate::testing::Build;

    fn findings(member: &str) -> Vec<String> {
        let grant = format!(r#"{{"project": "live", "role": "roles/viewer", "member": "{member}"}}"#);
        Build::new().json("grant", "google_project_iam_member", &grant).findings::<AccountOfOtherProject>()
    }

    #[test]
    fn only_accounts_that_are_known_to_be_of_another_project() {
        assert_eq!(
            findings("serviceAccount:x@test.iam.gserviceaccount.com"),
            ["grant: a service account of project `test` has `roles/viewer` in project `live`"]
        );
        for fine in [
            "serviceAccount:x@live.iam.gserviceaccount.com",
            "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com",
            "serviceAccount:123-compute@developer.gserviceaccount.com",
            "user:a@acme.example",
        ] {
            assert!(findings(fine).is_empty(), "{fine}");
        }
    }
}
