//! A function or service of Google Cloud that runs as an account that may too much.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A Cloud Function or Cloud Run service that names no service account or the default one, and a basic role (owner,
    /// editor) or one that lets an account act as others, given on the whole project.
    ///
    /// ## Why it matters
    /// The default account is shared by all that runs in the project, and often has the editor role: who breaks into one
    /// function changes all of them. An account that may act as every other one is as strong as the strongest.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_cloud_run_v2_service" "orders" {
    ///   name     = "orders"
    ///   location = "europe-west1"
    ///   template {
    ///     containers {
    ///       image = "eu.gcr.io/acme/orders"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_cloud_run_v2_service" "orders" {
    ///   name     = "orders"
    ///   location = "europe-west1"
    ///   template {
    ///     service_account = "orders@acme.iam.gserviceaccount.com"
    ///     containers {
    ///       image = "eu.gcr.io/acme/orders"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Whether the default account still has the editor role is not to be seen here. Custom roles aren't looked into.
    DefaultServiceAccount {
        id: "default-service-account",
        title: "shared or too strong service account",
        severity: High,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-GCP-004", "CKV_GCP_41", "CKV_GCP_46", "CKV_GCP_49", "CKV_GCP_117"],
        threats: ["T22", "T23"],
        profiles: [Baseline],
        why: "who breaks into one function has the whole project",
    }
}

/// What runs code, and where it names its account.
const ACCOUNTS: &[(&str, &[&str])] = &[
    ("google_cloud_run_service", &["template", "spec", "service_account_name"]),
    ("google_cloud_run_v2_service", &["template", "service_account"]),
    ("google_cloudfunctions2_function", &["service_config", "service_account_email"]),
    ("google_cloudfunctions_function", &["service_account_email"]),
];

/// Roles that are too strong on a whole project.
const STRONG: &[&str] = &[
    "roles/editor",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityUser",
    "roles/owner",
];

impl Rule for DefaultServiceAccount {
    const ON: &'static [&'static str] = &[
        "google_cloud_run_service",
        "google_cloud_run_v2_service",
        "google_cloudfunctions2_function",
        "google_cloudfunctions_function",
        "google_project_iam_binding",
        "google_project_iam_member",
    ];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let Some((_, path)) = ACCOUNTS.iter().find(|(ty, _)| resource.ty == *ty) else {
            return of_grant(resource, cx);
        };
        let Some((first, rest)) = path.split_first() else { return };
        // Blocks are lists of one.
        let mut values = cx.items(resource, &[first]);
        for key in rest {
            if let Some(unknown) = values.iter().find(|v| v.is_unknown()) {
                return cx.unknown(resource, unknown, "where the service account stands");
            }
            values = values
                .iter()
                .filter_map(|value| cx.child(value, key))
                .flat_map(|v| cx.world.items(v))
                .collect();
        }
        let default = |account: &Value| {
            account.as_str().is_some_and(|email| {
                email.is_empty()
                    || email.ends_with("-compute@developer.gserviceaccount.com")
                    || email.ends_with("@appspot.gserviceaccount.com")
            })
        };
        let account = values.first();
        if account.is_some_and(|account| !default(account)) {
            return;
        }
        let place = account.map_or(resource.span, |account| account.span);
        cx.finding(resource, "the code runs as the default service account of the project")
            .at_place(path.join("/"), place)
            .help("name a service account of its own, with the roles it needs")
            .report();
    }
}

fn of_grant(grant: &Resource, cx: &Context<'_>) {
    let Some(role) = cx.get(grant, &["role"]) else { return };
    let Some(name) = role.as_str() else { return cx.unknown(grant, role, "`role`") };
    // People may administer a project; this is about what runs in it.
    let people = |member: &&Value| {
        member.pieces().first().is_some_and(|piece| {
            let text = piece.display();
            ["user:", "group:", "domain:"].iter().any(|kind| text.starts_with(kind))
        })
    };
    let members: Vec<&Value> = ["member", "members"].iter().flat_map(|key| cx.items(grant, &[key])).collect();
    if STRONG.contains(&name) && members.iter().any(|member| !people(member)) {
        cx.finding(grant, format!("an account has `{name}` on the whole project"))
            .at(&["role"])
            .help("give the roles it needs, on the single resources")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::DefaultServiceAccount;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> usize {
        Build::new().json("orders", ty, properties).findings::<DefaultServiceAccount>().len()
    }

    #[test]
    fn default_accounts() {
        assert_eq!(findings("google_cloudfunctions_function", "{}"), 1);
        assert_eq!(findings("google_cloudfunctions2_function", r#"{"service_config": [{}]}"#), 1);
        let compute = r#"{"template": {"service_account": "1-compute@developer.gserviceaccount.com"}}"#;
        assert_eq!(findings("google_cloud_run_v2_service", compute), 1);
    }

    #[test]
    fn own_accounts() {
        let own = r#"{"service_config": [{"service_account_email": "o@acme.iam.gserviceaccount.com"}]}"#;
        assert_eq!(findings("google_cloudfunctions2_function", own), 0);
        let own = r#"{"template": [{"spec": [{"service_account_name": "o@acme.iam.gserviceaccount.com"}]}]}"#;
        assert_eq!(findings("google_cloud_run_service", own), 0);
    }

    #[test]
    fn roles_on_the_project() {
        let grant = |role: &str, member: &str| {
            let properties = format!(r#"{{"role": "{role}", "member": "{member}"}}"#);
            findings("google_project_iam_member", &properties)
        };
        let account = "serviceAccount:o@acme.iam.gserviceaccount.com";
        assert_eq!(grant("roles/editor", account), 1);
        assert_eq!(grant("roles/iam.serviceAccountTokenCreator", account), 1);
        assert_eq!(grant("roles/pubsub.publisher", account), 0);
        assert_eq!(grant("roles/owner", "group:admins@acme.example"), 0);
    }
}
