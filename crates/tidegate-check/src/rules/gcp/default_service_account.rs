//! A function or service of Google Cloud that runs as an account that may too much.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Piece, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A Cloud Function or Cloud Run service that names no service account or the default one (medium); a basic role (owner,
    /// editor) or one that lets an account act as others, given to an account on the whole project (high); and any other role
    /// on the project that the default account is given (low).
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
    /// Whether the default account still has the editor role is not to be seen here: organizations may switch that off. People
    /// and groups may administer a project, and Google's own agents need what they are given (`service-…@gcp-sa-pubsub…` the
    /// right to make tokens, for one): neither is reported, though other tools do. Custom roles aren't looked into.
    DefaultServiceAccount {
        id: "default-service-account",
        title: "shared or too strong service account",
        severity: High,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-GCP-004", "CKV_GCP_41", "CKV_GCP_46", "CKV_GCP_49", "CKV_GCP_117", "kics:617ef6ff-711e-4bd7-94ae-e965911b1b40", "kics:84d36481-fd63-48cb-838e-635c44806ec2", "kics:c68b4e6d-4e01-4ca1-b256-1e18e875785c"],
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
        let account = values.first();
        match account {
            Some(account) if is_default(account) || account.as_str() == Some("") => {}
            // Somebody else's choice, and it may be the default one.
            Some(account) if account.is_unknown() && account.references().is_empty() => {
                return cx.unknown(resource, account, "the service account");
            }
            Some(_) => return,
            None => {}
        }
        let place = account.map_or(resource.span, |account| account.span);
        cx.finding(resource, "the code runs as the default service account of the project")
            .at_place(path.join("/"), place)
            .severity(Severity::Medium)
            .help("name a service account of its own, with the roles it needs")
            .report();
    }
}

fn of_grant(grant: &Resource, cx: &Context<'_>) {
    let Some(role) = cx.get(grant, &["role"]) else { return };
    let Some(name) = role.as_str() else { return cx.unknown(grant, role, "`role`") };
    let members: Vec<&Value> = ["member", "members"].iter().flat_map(|key| cx.items(grant, &[key])).collect();
    let strong = STRONG.contains(&name);
    if strong && members.iter().any(|member| is_account(member)) {
        cx.finding(grant, format!("an account has `{name}` on the whole project"))
            .at(&["role"])
            .help("give the roles it needs, on the single resources")
            .report();
    } else if members.iter().any(|member| is_default(member)) {
        cx.finding(grant, format!("the default service account has `{name}` on the whole project"))
            .at(&["role"])
            .severity(Severity::Low)
            .help("give the role to a service account of its own, on the single resources")
            .report();
    } else if let Some(unknown) = members.iter().find(|member| strong && is_anybody(member)) {
        cx.unknown(grant, unknown, "who has the role");
    }
}

/// True for the accounts that a project has from the start, written out or looked up.
fn is_default(account: &Value) -> bool {
    const LOOKED_UP: &[&str] =
        &["google_compute_default_service_account", "google_app_engine_default_service_account"];
    let text = account.display();
    text.ends_with("-compute@developer.gserviceaccount.com")
        || text.ends_with("@appspot.gserviceaccount.com")
        || account.pieces().iter().any(|piece| match piece {
            Piece::Symbol(symbol) => LOOKED_UP.iter().any(|ty| symbol.name.contains(ty)),
            _ => false,
        })
}

/// True for a member that nothing is known of.
fn is_anybody(member: &Value) -> bool {
    matches!(member.pieces().first(), Some(Piece::Symbol(_)))
}

/// True for what runs in the project, or elsewhere. People may administer it, and Google's agents do what the services are
/// there for.
fn is_account(member: &Value) -> bool {
    if is_anybody(member) {
        return is_default(member);
    }
    let text = member.display();
    let people = ["user:", "group:", "domain:", "deleted:"].iter().any(|kind| text.starts_with(kind));
    let host = text.rsplit('@').next().unwrap_or_default();
    let agent = host == "cloudservices.gserviceaccount.com"
        || host.starts_with("gcp-sa-")
        || matches!(
            host,
            "gcf-admin-robot.iam.gserviceaccount.com"
                | "serverless-robot-prod.iam.gserviceaccount.com"
                | "container-engine-robot.iam.gserviceaccount.com"
                | "compute-system.iam.gserviceaccount.com"
        );
    !people && !agent
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
        let agent = "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com";
        assert_eq!(grant("roles/iam.serviceAccountTokenCreator", agent), 0);
        let default = "serviceAccount:1-compute@developer.gserviceaccount.com";
        assert_eq!(grant("roles/pubsub.publisher", default), 1);
        assert_eq!(grant("roles/owner", "group:admins@acme.example"), 0);
    }
}
