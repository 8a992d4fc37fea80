//! How much code reaches with its permissions, for all of a system at once.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_graph::{Str, System};
use tidegate_iam::reach::{Options, Reach, Target, is_compute};
use tidegate_iam::{Account, Catalogue, Policy};
use tidegate_read::{CloudWays, is_cloud_compute};

/// The blast radius of one resource.
#[derive(Debug)]
pub(crate) struct Radius {
    /// How many identities and resources.
    pub(crate) size: usize,
    /// The heaviest of them, for people.
    pub(crate) heaviest: Vec<String>,
}

/// How many of the reached things are named.
const NAMED: usize = 5;

/// By the id of what runs the code.
pub(crate) fn all(system: &System) -> HashMap<Str, Radius> {
    let library = |arn: &str| -> Option<Arc<Policy>> {
        let policy = Catalogue::current().managed_policy(arn)?;
        Policy::from_json(policy.name, policy.document).ok().map(Arc::new)
    };
    let account = tidegate_read::account(system, &library);
    let reach = Reach::new(&account, Options { data: true, ..Options::default() });
    let mut out = HashMap::new();
    for (at, resource) in account.resources.iter().enumerate().filter(|(_, r)| is_compute(&r.ty)) {
        let Some(id) = &resource.id else { continue };
        let targets = reach.radius(at);
        let mut heaviest: Vec<_> = targets.iter().map(|to| named(&account, *to)).collect();
        heaviest.sort_by(|a, b| (Reverse(a.0), &a.1).cmp(&(Reverse(b.0), &b.1)));
        let heaviest = heaviest.into_iter().map(|(_, name)| name).take(NAMED).collect();
        out.insert(id.clone(), Radius { size: reach.size(&targets), heaviest });
    }
    clouds(system, &mut out);
    out
}

/// The same for Google Cloud and Azure.
fn clouds(system: &System, out: &mut HashMap<Str, Radius>) {
    let steps = tidegate_read::cloud_steps(system);
    if steps.is_empty() {
        return;
    }
    let ways = CloudWays::new(&steps, true);
    for resource in system.resources().iter().filter(|r| is_cloud_compute(&r.ty)) {
        let targets = ways.radius(&resource.id);
        let mut heaviest: Vec<_> = targets.iter().map(|id| named_abroad(system, id)).collect();
        heaviest.sort_by(|a, b| (Reverse(a.0), &a.1).cmp(&(Reverse(b.0), &b.1)));
        let heaviest = heaviest.into_iter().map(|(_, name)| name).take(NAMED).collect();
        out.insert(resource.id.clone(), Radius { size: targets.len(), heaviest });
    }
}

/// How heavy something of Google Cloud or Azure is, and how people call it.
fn named_abroad(system: &System, id: &str) -> (u8, String) {
    let Some(resource) = system.resource(id) else {
        // An account of another project, or another subscription.
        let (word, name) = id.split_once(':').unwrap_or(("identity", id));
        let word = if word == "serviceAccount" { "service account" } else { word };
        return (9, format!("{word} `{name}`"));
    };
    let weight = match resource.ty.as_str() {
        "google_service_account" | "azurerm_user_assigned_identity" => 8,
        ty if ["secret", "kms", "key_vault"].iter().any(|part| ty.contains(part)) => 6,
        ty if ["storage", "sql", "cosmosdb", "bigquery"].iter().any(|part| ty.contains(part)) => 5,
        ty if is_cloud_compute(ty) => 4,
        _ => 1,
    };
    // Names of Terraform begin with the type.
    (weight, format!("`{}`", resource.logical_id))
}

/// How heavy something is, and how people call it.
fn named(account: &Account, to: Target) -> (u8, String) {
    match to {
        Target::Everything => (9, "everything".into()),
        Target::Identity(at) => {
            let identity = account.identities.get(at);
            let word =
                if identity.is_some_and(tidegate_iam::account::Identity::is_role) { "role" } else { "user" };
            (8, format!("{word} `{}`", identity.map(|i| i.name.as_str()).unwrap_or_default()))
        }
        // Never certain, so never counted.
        Target::Foreign(_) => (0, String::new()),
        Target::Resource(at) => {
            let Some(resource) = account.resources.get(at) else { return (0, String::new()) };
            let weight = match resource.ty.as_str() {
                "AWS::SecretsManager::Secret" | "AWS::KMS::Key" | "AWS::SSM::Parameter" => 6,
                "AWS::S3::Bucket" | "AWS::DynamoDB::Table" | "AWS::RDS::DBInstance" => 5,
                ty if is_compute(ty) => 4,
                _ => 1,
            };
            let word = resource.ty.rsplit("::").next().unwrap_or_default().to_ascii_lowercase();
            (weight, format!("{word} `{}`", resource.name))
        }
    }
}
