//! Who can become whom in Google Cloud and Azure, from the bindings and assignments of Terraform.
//!
//! Nodes are declared resources: service accounts, managed identities, what runs as them, and what they have a role on.
//! A service account of another project is a node by its address, a subscription that an assignment names by its id.

mod ways;

pub use ways::{CloudWays, cloud_cut};

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
    /// Id of the binding or assignment that allows it.
    pub by: Str,
    /// Where that stands.
    pub span: Span,
    /// False when it hangs on a condition.
    pub certain: bool,
    /// What is reached is no identity, but something that the identity has a role on.
    pub touches: bool,
}

/// What [`CloudStep::does`] says of what runs as an identity.
const RUNS: &str = "runs as the identity";

/// True for what runs code as an identity: functions, services, jobs and apps.
pub fn is_cloud_compute(ty: &str) -> bool {
    let google = ["google_cloudfunctions", "google_cloud_run", "google_app_engine"];
    google.iter().any(|start| ty.starts_with(start)) && !ty.contains("_iam_")
        || ty.starts_with("azurerm_") && ty.ends_with("_app")
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
/// Types of Azure that hold data, secrets or events.
const HOLDS: &[&str] = &[
    "azurerm_app_configuration",
    "azurerm_cosmosdb_account",
    "azurerm_eventgrid_topic",
    "azurerm_eventhub_namespace",
    "azurerm_key_vault",
    "azurerm_mssql_server",
    "azurerm_servicebus_namespace",
    "azurerm_storage_account",
];
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
    clouds.google_data();
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
    fn step(&mut self, from: &Str, to: &Str, does: &str, by: &Resource, certain: bool) {
        if from != to {
            let (from, to, does) = (from.clone(), to.clone(), does.to_string());
            let (by, span) = (by.id.clone(), by.span);
            self.out.push(CloudStep { from, to, does, by, span, certain, touches: false });
        }
    }

    fn touch(&mut self, from: &Str, to: &Str, role: &str, by: &Resource, certain: bool) {
        let (from, to, does) = (from.clone(), to.clone(), format!("has `{role}` on"));
        let (by, span) = (by.id.clone(), by.span);
        self.out.push(CloudStep { from, to, does, by, span, certain, touches: true });
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
                self.step(&resource.id, &identity, RUNS, resource, true);
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
            let (name, domain) = email.split_once('@')?;
            let project = domain.strip_suffix(".iam.gserviceaccount.com")?;
            let own = self.accounts.get(name).filter(|id| {
                let of = self.system.resource(id).and_then(project_of);
                of.is_none_or(|of| of == project)
            });
            // One that isn't declared here is of another project, or of this one by hand.
            own.cloned().or_else(|| Some(format!("serviceAccount:{email}").into()))
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
            let project = project_of(grant.binding);
            let elsewhere = |id: &Str| {
                let of = self.system.resource(id).and_then(project_of);
                project.as_ref().zip(of).is_some_and(|(binding, account)| *binding != account)
            };
            let all: Vec<&Str> = all.iter().filter(|id| !elsewhere(id)).collect();
            all.iter().for_each(|to| self.step(&grant.member, to, does, grant.binding, certain));
        }
        for grant in &own {
            let target = grant.binding.property("service_account_id").and_then(|value| self.identity(value));
            if let (Some(does), Some(to)) = (does(grant), target) {
                let certain = grant.binding.property("condition").is_none();
                self.step(&grant.member, &to, does, grant.binding, certain);
            }
        }
    }

    /// What accounts have a role on, by bindings of that resource's own.
    fn google_data(&mut self) {
        let system = self.system;
        for binding in system.resources() {
            let Some((of, _)) = binding.ty.split_once("_iam_").filter(|(of, _)| of.starts_with("google_"))
            else {
                continue;
            };
            if matches!(of, ACCOUNT | "google_project" | "google_folder" | "google_organization") {
                continue;
            }
            let Some(role) = binding.property("role").and_then(Value::as_text) else { continue };
            let targets: BTreeSet<Str> = (binding.properties.iter())
                .filter(|(key, _)| !matches!(key.as_str(), "member" | "members" | "role" | "project"))
                .flat_map(|(_, value)| self.referred(value))
                .filter(|r| r.ty == of)
                .map(|r| r.id.clone())
                .collect();
            let members = binding.property("members").map(Value::items).unwrap_or_default();
            let members = binding.property("member").into_iter().chain(members);
            let members: BTreeSet<Str> = members.filter_map(|member| self.identity(member)).collect();
            let certain = binding.property("condition").is_none();
            for (from, to) in members.iter().flat_map(|from| targets.iter().map(move |to| (from, to))) {
                self.touch(from, to, &role, binding, certain);
            }
        }
    }

    fn azure(&mut self) {
        let system = self.system;
        let is_app = |r: &Resource| is_app_type(&r.ty);
        // What holds data, by its resource group.
        let mut groups: HashMap<Str, Vec<Str>> = HashMap::new();
        for resource in system.resources().iter().filter(|r| HOLDS.contains(&r.ty.as_str())) {
            let group = resource.property("resource_group_name");
            for group in group.into_iter().flat_map(|group| self.referred(group)) {
                groups.entry(group.id.clone()).or_default().push(resource.id.clone());
            }
        }
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
            let certain = assignment.property("condition").is_none();
            // What is named by its id lies elsewhere, for all that this code says.
            if let Some((id, _)) = subscription_of(scope) {
                self.touch(&from, &format!("subscription:{id}").into(), &role, assignment, certain);
            }
            let everything = is_own_subscription(scope);
            for resource in system.resources().iter().filter(|r| everything && HOLDS.contains(&r.ty.as_str()))
            {
                self.touch(&from, &resource.id, &role, assignment, certain);
            }
            for id in &scopes {
                let ty = system.resource(id).map(|r| r.ty.as_str()).unwrap_or_default();
                if !is_app_type(ty)
                    && !matches!(ty, MANAGED | "azurerm_resource_group" | "azurerm_subscription")
                {
                    self.touch(&from, id, &role, assignment, certain);
                }
                for data in groups.get(id).into_iter().flatten() {
                    self.touch(&from, data, &role, assignment, certain);
                }
            }
            let (assigns, publishes) = (ASSIGN.contains(&role.as_str()), PUBLISH.contains(&role.as_str()));
            let mut targets = Vec::new();
            for resource in &all {
                if !(is_app(resource) && (assigns || publishes) || resource.ty == MANAGED && assigns) {
                    continue;
                }
                let group = resource.property("resource_group_name");
                let within =
                    group.into_iter().flat_map(|group| self.referred(group)).any(|g| scopes.contains(&g.id));
                if everything || scopes.contains(&resource.id) || within {
                    targets.push(resource.id.clone());
                }
            }
            let does = if assigns { "gives itself any role on it" } else { "deploys code to it" };
            targets.iter().for_each(|to| self.step(&from, to, does, assignment, certain));
        }
    }
}

/// The Azure subscription that a scope names by its id, in lower case, and whether the scope is all of it.
pub fn subscription_of(scope: &Value) -> Option<(String, bool)> {
    let pieces = scope.pieces();
    let Some(Piece::Text(text)) = pieces.first() else { return None };
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("/subscriptions/")?;
    let (id, end) = match rest.split_once('/') {
        Some((id, rest)) => (id, rest.is_empty()),
        // What follows may belong to it.
        None => (rest, true),
    };
    let alone = pieces.len() == 1;
    let known = !id.is_empty() && (alone || rest.contains('/'));
    known.then(|| (id.to_string(), end && alone))
}

/// True for a scope that is all of the subscription that the code is deployed to.
fn is_own_subscription(scope: &Value) -> bool {
    matches!(scope.pieces().as_slice(), [Piece::Text(start), Piece::Symbol(symbol)]
        if start.eq_ignore_ascii_case("/subscriptions/") && symbol.name == "Azure::Subscription")
}

fn is_app_type(ty: &str) -> bool {
    ty.starts_with("azurerm_") && ty.ends_with("_app")
}

/// The project that a resource names by itself.
fn project_of(resource: &Resource) -> Option<Str> {
    let project = resource.property("project").and_then(Value::as_text)?;
    Some(project.strip_prefix("projects/").map_or(project.clone(), Str::from))
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

    #[test]
    fn a_role_on_a_subscription_covers_what_lies_in_it() {
        let text = |scope: &str, role: &str| {
            format!(
                r#"
data "azurerm_subscription" "here" {{}}
data "azurerm_subscription" "there" {{ subscription_id = "B-1" }}
resource "azurerm_resource_group" "own" {{ name = "own" }}
resource "azurerm_user_assigned_identity" "weak" {{ name = "weak" }}
resource "azurerm_key_vault" "keys" {{
  name = "keys"
  resource_group_name = azurerm_resource_group.own.name
}}
resource "azurerm_linux_function_app" "app" {{
  name = "app"
  resource_group_name = azurerm_resource_group.own.name
}}
resource "azurerm_role_assignment" "it" {{
  scope = {scope}
  role_definition_name = "{role}"
  principal_id = azurerm_user_assigned_identity.weak.principal_id
}}"#
            )
        };
        let here = steps("here", &text("data.azurerm_subscription.here.id", "Contributor"));
        assert_eq!(here, [pair("weak", "keys"), pair("weak", "app")]);
        let reads = steps("reads", &text("data.azurerm_subscription.here.id", "Key Vault Reader"));
        assert_eq!(reads, [pair("weak", "keys")]);
        let there = steps("there", &text("data.azurerm_subscription.there.id", "Contributor"));
        assert_eq!(there, [pair("weak", "subscription:b-1")], "nothing of it is declared here");
        let group = steps("group", &text("\"/subscriptions/B-1/resourceGroups/x\"", "Owner"));
        assert_eq!(group, [pair("weak", "subscription:b-1")]);
    }

    #[test]
    fn projects_are_kept_apart() {
        let text = |account: &str, member: &str| {
            format!(
                r#"
resource "google_service_account" "weak" {{
  account_id = "weak"
  project    = "a"
}}
resource "google_service_account" "strong" {{
  account_id = "strong"
  project    = "{account}"
}}
resource "google_project_iam_member" "it" {{
  project = "b"
  role    = "roles/owner"
  member  = "{member}"
}}"#
            )
        };
        let weak = "serviceAccount:weak@a.iam.gserviceaccount.com";
        assert!(steps("crossing", &text("b", weak)).contains(&pair("weak", "strong")));
        assert!(steps("apart", &text("a", weak)).is_empty(), "who owns b owns nothing of a");
        // The same name in another project is somebody else.
        let other = steps("other", &text("b", "serviceAccount:weak@c.iam.gserviceaccount.com"));
        assert!(!other.contains(&pair("weak", "strong")), "{other:?}");
        assert!(other.iter().any(|(_, to)| to == "strong"), "{other:?}");
    }

    #[test]
    fn a_role_on_a_resource_touches_it() {
        let text = format!(
            r#"{ACCOUNTS}
resource "google_secret_manager_secret" "key" {{ secret_id = "key" }}
resource "google_secret_manager_secret_iam_member" "it" {{
  secret_id = google_secret_manager_secret.key.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.weak.member
}}"#
        );
        assert!(steps("touch", &text).contains(&pair("weak", "key")));
    }
}
