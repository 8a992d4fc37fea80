//! Who can become whom in Google Cloud and Azure, from the bindings and assignments of Terraform.
//!
//! Nodes are declared resources: service accounts, managed identities, and what runs as them.

use std::collections::{BTreeSet, HashMap};
use tidegate_graph::{Piece, Resource, Span, Str, System, Value};

/// One step from an identity, or what runs as it, to another one.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudStep {
    /// Id of the resource that takes it.
    pub from: Str,
    /// Id of the identity that it becomes.
    pub to: Str,
    /// What it comes to.
    pub does: String,
    /// The binding or assignment that allows it.
    pub span: Span,
    /// False when it hangs on a condition.
    pub certain: bool,
}

/// Roles that let somebody become a service account: role, what it comes to.
const BECOME: &[(&str, &str)] = &[
    ("roles/iam.serviceAccountAdmin", "lets itself into the policy of the service account"),
    ("roles/iam.serviceAccountKeyAdmin", "creates a key of the service account"),
    ("roles/iam.serviceAccountTokenCreator", "mints tokens of the service account"),
    ("roles/iam.workloadIdentityUser", "impersonates the service account"),
    ("roles/owner", "owns the service account"),
];

/// Roles that deploy code, which then runs as any service account that one may act as.
const DEPLOY: &[&str] = &[
    "roles/appengine.appAdmin",
    "roles/cloudbuild.builds.editor",
    "roles/cloudfunctions.admin",
    "roles/cloudfunctions.developer",
    "roles/compute.admin",
    "roles/compute.instanceAdmin",
    "roles/compute.instanceAdmin.v1",
    "roles/editor",
    "roles/run.admin",
    "roles/run.developer",
];

/// Azure roles that give themselves any other, and those that deploy code.
const ASSIGN: &[&str] = &["Owner", "User Access Administrator", "Role Based Access Control Administrator"];
const PUBLISH: &[&str] = &["Contributor", "Website Contributor"];

/// All steps that a system declares.
pub fn cloud_steps(system: &System) -> Vec<CloudStep> {
    let mut clouds = Clouds { system, accounts: HashMap::new(), out: Vec::new() };
    for account in system.of_type(ACCOUNT) {
        if let Some(name) = account.property("account_id").and_then(Value::as_text) {
            clouds.accounts.insert(name, account.id.clone());
        }
    }
    clouds.runs();
    clouds.google();
    clouds.azure();
    clouds.out
}

const ACCOUNT: &str = "google_service_account";
const MANAGED: &str = "azurerm_user_assigned_identity";

struct Clouds<'a> {
    system: &'a System,
    /// Service accounts by the name before the `@`.
    accounts: HashMap<Str, Str>,
    out: Vec<CloudStep>,
}

/// A role that a service account has been given.
struct Grant<'a> {
    role: Str,
    member: Str,
    binding: &'a Resource,
}

impl Clouds<'_> {
    fn step(&mut self, from: &Str, to: &Str, does: &str, span: Span, certain: bool) {
        if from != to {
            let (from, to) = (from.clone(), to.clone());
            self.out.push(CloudStep { from, to, does: does.to_string(), span, certain });
        }
    }

    /// Whatever names an identity as its own runs as it.
    fn runs(&mut self) {
        let system = self.system;
        for resource in system.resources() {
            let ty = resource.ty.as_str();
            let runs = ty.starts_with("google_")
                && !ty.contains("_iam_")
                && !ty.starts_with("google_service_account")
                || ty.starts_with("azurerm_") && ty.ends_with("_app");
            if !runs {
                continue;
            }
            let mut found = BTreeSet::new();
            for (key, value) in resource.properties.iter() {
                self.named(key, value, 0, &mut found);
            }
            for identity in found {
                self.step(&resource.id, &identity, "runs as the identity", resource.span, true);
            }
        }
    }

    fn named(&self, key: &str, value: &Value, depth: usize, out: &mut BTreeSet<Str>) {
        if depth > 12 {
            return;
        }
        if let Some(map) = value.as_map() {
            map.iter().for_each(|(k, v)| self.named(k, v, depth + 1, out));
        } else if let Some(items) = value.as_list() {
            items.iter().for_each(|v| self.named(key, v, depth + 1, out));
        } else if key.starts_with("service_account") || key == "identity_ids" {
            out.extend(self.identity(value));
        }
    }

    /// The declared identity that a value names.
    fn identity(&self, value: &Value) -> Option<Str> {
        let referred = self.referred(value).find(|r| matches!(r.ty.as_str(), ACCOUNT | MANAGED));
        referred.map(|r| r.id.clone()).or_else(|| {
            let text = value.as_text()?;
            let email = text.rsplit(':').next()?.rsplit('/').next()?;
            self.accounts.get(email.split_once('@')?.0).cloned()
        })
    }

    fn referred<'v>(&'v self, value: &'v Value) -> impl Iterator<Item = &'v Resource> {
        let target = |piece: Piece| match piece {
            Piece::Reference(reference) => self.system.resource(&reference.target),
            _ => None,
        };
        value.pieces().into_iter().filter_map(target)
    }

    fn google(&mut self) {
        let system = self.system;
        let (mut project, mut own) = (Vec::new(), Vec::new());
        for binding in system.resources() {
            let list = match binding.ty.as_str() {
                "google_project_iam_member" | "google_project_iam_binding" => &mut project,
                "google_service_account_iam_member" | "google_service_account_iam_binding" => &mut own,
                _ => continue,
            };
            let Some(role) = binding.property("role").and_then(Value::as_text) else { continue };
            let members = binding.property("members").map(Value::items).unwrap_or_default();
            for member in binding.property("member").into_iter().chain(members) {
                if let Some(member) = self.identity(member) {
                    list.push(Grant { role: role.clone(), member, binding });
                }
            }
        }
        let deploys: BTreeSet<Str> =
            project.iter().filter(|g| DEPLOY.contains(&g.role.as_str())).map(|g| g.member.clone()).collect();
        let all: Vec<Str> = system.of_type(ACCOUNT).map(|account| account.id.clone()).collect();
        let does = |grant: &Grant<'_>| {
            let becomes = BECOME.iter().find(|(role, _)| *role == grant.role.as_str()).map(|(_, does)| *does);
            let acts = grant.role == "roles/editor"
                || grant.role == "roles/iam.serviceAccountUser" && deploys.contains(&grant.member);
            becomes.or_else(|| acts.then_some("deploys code that runs as the service account"))
        };
        for grant in &project {
            let Some(does) = does(grant) else { continue };
            let certain = grant.binding.property("condition").is_none();
            all.iter().for_each(|to| self.step(&grant.member, to, does, grant.binding.span, certain));
        }
        for grant in &own {
            let target = grant.binding.property("service_account_id").and_then(|value| self.identity(value));
            if let (Some(does), Some(to)) = (does(grant), target) {
                let certain = grant.binding.property("condition").is_none();
                self.step(&grant.member, &to, does, grant.binding.span, certain);
            }
        }
    }

    fn azure(&mut self) {
        let system = self.system;
        let is_app = |r: &Resource| r.ty.starts_with("azurerm_") && r.ty.ends_with("_app");
        let all: Vec<&Resource> =
            system.resources().iter().filter(|r| is_app(r) || r.ty == MANAGED).collect();
        for assignment in system.of_type("azurerm_role_assignment") {
            let (Some(role), Some(principal), Some(scope)) = (
                assignment.property("role_definition_name").and_then(Value::as_text),
                assignment.property("principal_id"),
                assignment.property("scope"),
            ) else {
                continue;
            };
            let Some(from) = self.referred(principal).next().map(|r| r.id.clone()) else { continue };
            let scopes: BTreeSet<Str> = self.referred(scope).map(|r| r.id.clone()).collect();
            let (assigns, publishes) = (ASSIGN.contains(&role.as_str()), PUBLISH.contains(&role.as_str()));
            let mut targets = Vec::new();
            for resource in &all {
                if !(is_app(resource) && (assigns || publishes) || resource.ty == MANAGED && assigns) {
                    continue;
                }
                let group = resource.property("resource_group_name");
                let within =
                    group.into_iter().flat_map(|group| self.referred(group)).any(|g| scopes.contains(&g.id));
                if scopes.contains(&resource.id) || within {
                    targets.push(resource.id.clone());
                }
            }
            let does = if assigns { "gives itself any role on it" } else { "deploys code to it" };
            let certain = assignment.property("condition").is_none();
            targets.iter().for_each(|to| self.step(&from, to, does, assignment.span, certain));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, read};

    fn steps(name: &str, text: &str) -> Vec<(String, String)> {
        let folder = std::env::temp_dir().join(format!("tidegate-clouds-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("main.tf"), text).unwrap();
        let system = read(&folder, &Options::default());
        let _ = std::fs::remove_dir_all(&folder);
        let last = |id: &str| id.rsplit('.').next().unwrap().to_string();
        cloud_steps(&system).iter().filter(|s| s.certain).map(|s| (last(&s.from), last(&s.to))).collect()
    }

    fn pair(from: &str, to: &str) -> (String, String) {
        (from.to_string(), to.to_string())
    }

    const ACCOUNTS: &str = r#"
resource "google_service_account" "weak" { account_id = "weak" }
resource "google_service_account" "strong" { account_id = "strong" }
resource "google_cloudfunctions2_function" "front" {
  name = "front"
  service_config { service_account_email = google_service_account.weak.email }
}
"#;

    fn google(role: &str, more: &str) -> Vec<(String, String)> {
        let binding = format!(
            r#"{ACCOUNTS}
resource "google_service_account_iam_member" "it" {{
  service_account_id = google_service_account.strong.name
  role = "{role}"
  member = "serviceAccount:${{google_service_account.weak.email}}"
  {more}
}}"#
        );
        steps(&format!("{}{}", role.len(), more.len()), &binding)
    }

    #[test]
    fn impersonation_and_keys_are_steps() {
        let both = [pair("front", "weak"), pair("weak", "strong")];
        assert_eq!(google("roles/iam.serviceAccountTokenCreator", ""), both);
        assert_eq!(google("roles/iam.serviceAccountKeyAdmin", ""), both);
        assert_eq!(google("roles/iam.serviceAccountViewer", ""), both[..1]);
        assert_eq!(google("roles/iam.serviceAccountUser", ""), both[..1], "it deploys nothing");
        let condition = r#"condition { 
    title = "t"
    expression = "false"
  }"#;
        assert_eq!(google("roles/iam.serviceAccountTokenCreator", condition), both[..1]);
    }

    #[test]
    fn who_deploys_acts_as_whom_it_may() {
        let text = format!(
            r#"{ACCOUNTS}
resource "google_project_iam_member" "deploy" {{
  project = "p"
  role = "roles/run.admin"
  member = "serviceAccount:weak@p.iam.gserviceaccount.com"
}}
resource "google_service_account_iam_binding" "act" {{
  service_account_id = google_service_account.strong.id
  role = "roles/iam.serviceAccountUser"
  members = ["serviceAccount:${{google_service_account.weak.email}}"]
}}"#
        );
        assert!(steps("deploy", &text).contains(&pair("weak", "strong")));
        let viewer = text.replace("roles/run.admin", "roles/run.viewer");
        assert!(!steps("viewer", &viewer).contains(&pair("weak", "strong")));
    }

    #[test]
    fn assignments_of_azure_reach_what_lies_in_their_scope() {
        let text = |role: &str, scope: &str| {
            format!(
                r#"
resource "azurerm_resource_group" "own" {{ name = "own" }}
resource "azurerm_resource_group" "other" {{ name = "other" }}
resource "azurerm_user_assigned_identity" "weak" {{
  name = "weak"
  resource_group_name = azurerm_resource_group.other.name
}}
resource "azurerm_user_assigned_identity" "strong" {{
  name = "strong"
  resource_group_name = azurerm_resource_group.other.name
}}
resource "azurerm_linux_function_app" "app" {{
  name = "app"
  resource_group_name = azurerm_resource_group.own.name
  identity {{
    type = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.strong.id]
  }}
}}
resource "azurerm_role_assignment" "it" {{
  scope = azurerm_resource_group.{scope}.id
  role_definition_name = "{role}"
  principal_id = azurerm_user_assigned_identity.weak.principal_id
}}"#
            )
        };
        let found = steps("contributor", &text("Contributor", "own"));
        assert!(found.contains(&pair("weak", "app")) && found.contains(&pair("app", "strong")), "{found:?}");
        assert!(!steps("reader", &text("Reader", "own")).contains(&pair("weak", "app")));
        assert!(!steps("elsewhere", &text("Contributor", "other")).contains(&pair("weak", "app")));
        assert!(steps("owner", &text("Owner", "other")).contains(&pair("weak", "strong")));
    }
}
