//! Google Cloud: functions and services, Pub/Sub, Eventarc, schedules, and what IAM bindings let them do.

use super::walk::{all, flat};
use super::{Linker, delivery};
use std::collections::HashMap;
use tidegate_graph::{EdgeKind, Exposure, NodeKind, Resource, Value};

pub(super) fn link(linker: &mut Linker, resource: &Resource) {
    match resource.ty.as_str() {
        "google_cloudfunctions_function" | "google_cloudfunctions2_function" => function(linker, resource),
        "google_pubsub_subscription" => subscription(linker, resource),
        "google_eventarc_trigger" => eventarc(linker, resource),
        "google_storage_notification" => notification(linker, resource),
        "google_cloud_scheduler_job" => {
            deliver(
                linker,
                resource,
                &["pubsub_target.topic_name", "http_target.uri", "app_engine_http_target"],
                "schedule target",
            );
        }
        "google_cloud_tasks_queue" => {
            deliver(linker, resource, &["http_target.uri_override.host"], "task target");
        }
        _ => {}
    }
    if let Some(node) = linker.node(resource) {
        identity(linker, resource, node);
        secrets(linker, resource, node);
    }
}

fn deliver(linker: &mut Linker, resource: &Resource, paths: &[&str], evidence: &str) {
    let Some(from) = linker.node(resource) else { return };
    for value in paths.iter().flat_map(|path| all(&resource.properties, path)) {
        for to in linker.targets(resource, value, None).nodes {
            let kind = delivery(linker.kind(to));
            linker.edge(from, to, kind, evidence, value.span);
        }
    }
}

fn function(linker: &mut Linker, resource: &Resource) {
    let Some(function) = linker.node(resource) else { return };
    let paths = ["event_trigger.resource", "event_trigger.pubsub_topic", "event_trigger.event_filters.value"];
    for value in paths.iter().flat_map(|path| all(&resource.properties, path)) {
        for from in linker.targets(resource, value, None).nodes {
            linker.edge(from, function, EdgeKind::Triggers, "event trigger", value.span);
        }
    }
}

fn subscription(linker: &mut Linker, resource: &Resource) {
    let Some(subscription) = linker.node(resource) else { return };
    for value in all(&resource.properties, "topic") {
        for topic in linker.targets(resource, value, Some("pubsub")).nodes {
            linker.edge(topic, subscription, EdgeKind::Publishes, "subscription", value.span);
        }
    }
    let paths = [
        "push_config.push_endpoint",
        "dead_letter_policy.dead_letter_topic",
        "bigquery_config.table",
        "cloud_storage_config.bucket",
    ];
    deliver(linker, resource, &paths, "subscription");
}

fn eventarc(linker: &mut Linker, resource: &Resource) {
    let Some(trigger) = linker.node(resource) else { return };
    for value in ["matching_criteria.value", "transport.pubsub.topic"]
        .iter()
        .flat_map(|p| all(&resource.properties, p))
    {
        for from in linker.targets(resource, value, None).nodes {
            linker.edge(from, trigger, EdgeKind::Triggers, "event criteria", value.span);
        }
    }
    let paths = [
        "destination.cloud_run_service.service",
        "destination.cloud_function",
        "destination.workflow",
        "destination.http_endpoint.uri",
    ];
    deliver(linker, resource, &paths, "trigger destination");
}

fn notification(linker: &mut Linker, resource: &Resource) {
    for bucket in all(&resource.properties, "bucket") {
        for from in linker.targets(resource, bucket, Some("storage")).nodes {
            for value in all(&resource.properties, "topic") {
                for to in linker.targets(resource, value, Some("pubsub")).nodes {
                    linker.edge(from, to, EdgeKind::Publishes, "bucket notification", value.span);
                }
            }
        }
    }
}

/// The service account that a resource runs as.
fn identity(linker: &mut Linker, resource: &Resource, node: usize) {
    const PATHS: [&str; 5] = [
        "service_account_email",
        "service_account",
        "service_config.service_account_email",
        "template.service_account",
        "template.spec.service_account_name",
    ];
    for value in PATHS.iter().flat_map(|path| all(&resource.properties, path)) {
        for account in linker.targets(resource, value, Some("iam")).nodes {
            if linker.kind(account) == NodeKind::Identity {
                linker.edge(node, account, EdgeKind::Assumes, "service account", value.span);
            }
        }
    }
}

fn secrets(linker: &mut Linker, resource: &Resource, node: usize) {
    const PATHS: [&str; 4] = [
        "secret_environment_variables.secret",
        "service_config.secret_environment_variables.secret",
        "template.containers.env.value_source.secret_key_ref.secret",
        "template.spec.containers.env.value_from.secret_key_ref.name",
    ];
    for value in PATHS.iter().flat_map(|path| all(&resource.properties, path)) {
        for secret in linker.targets(resource, value, Some("secretmanager")).nodes {
            linker.edge(secret, node, EdgeKind::Reads, "secret in the environment", value.span);
        }
    }
}

/// IAM bindings on resources: edges for the code that runs as the bound account, exposure for everyone.
pub(super) fn link_bindings(linker: &mut Linker) {
    let system = linker.system;
    let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
    for edge in linker.graph.edges().iter().filter(|e| e.kind == EdgeKind::Assumes) {
        users.entry(edge.to).or_default().push(edge.from);
    }
    for binding in system.resources().iter().filter(|r| r.ty.starts_with("google_") && is_binding(&r.ty)) {
        let role = all(&binding.properties, "role").first().map(|v| v.display()).unwrap_or_default();
        let subjects = subjects(linker, binding);
        let members: Vec<&Value> = all(&binding.properties, "member")
            .into_iter()
            .chain(all(&binding.properties, "members"))
            .collect();
        for member in members {
            let anyone = match member.as_str() {
                Some("allUsers") => Some(Exposure::Anonymous),
                Some("allAuthenticatedUsers") => Some(Exposure::Authenticated),
                _ => None,
            };
            for subject in &subjects {
                match anyone {
                    Some(exposure) => super::exposure::raise_node(linker, *subject, exposure),
                    None => bound(linker, binding, member, &role, *subject, &users),
                }
            }
        }
    }
}

fn is_binding(ty: &str) -> bool {
    ["_iam_member", "_iam_binding"].iter().any(|end| ty.ends_with(end))
}

/// The resource that a binding is on: any attribute but role and members names it.
fn subjects(linker: &Linker, binding: &Resource) -> Vec<usize> {
    let attributes = binding.properties.iter().filter(|(name, _)| {
        !matches!(name.as_str(), "role" | "member" | "members" | "project" | "location" | "region")
    });
    attributes
        .flat_map(|(_, value)| flat(value))
        .flat_map(|v| linker.targets(binding, v, None).nodes)
        .collect()
}

fn bound(
    linker: &mut Linker,
    binding: &Resource,
    member: &Value,
    role: &str,
    subject: usize,
    users: &HashMap<usize, Vec<usize>>,
) {
    let accounts = linker.targets(binding, member, Some("iam")).nodes;
    if accounts.is_empty()
        && let Some(email) = member.as_str().and_then(|text| text.strip_prefix("serviceAccount:"))
    {
        // Of another project, or made by hand: who it is stands in the binding alone.
        let account = linker.external("iam", email);
        linker.edge(account, subject, EdgeKind::Grants, role, member.span);
        if linker.kind(subject) == NodeKind::Identity {
            linker.edge(subject, account, EdgeKind::Trusts, role, member.span);
        }
    }
    for account in accounts {
        if linker.kind(account) != NodeKind::Identity {
            continue;
        }
        linker.edge(account, subject, EdgeKind::Grants, role, member.span);
        for code in users.get(&account).into_iter().flatten().filter(|n| **n != subject) {
            let (reads, writes) = direction(role);
            if reads {
                linker.edge(subject, *code, EdgeKind::Reads, role, member.span);
            }
            if writes {
                let kind = match linker.kind(subject) {
                    NodeKind::Function | NodeKind::Workflow => EdgeKind::Invokes,
                    kind => delivery(kind),
                };
                linker.edge(*code, subject, kind, role, member.span);
            }
        }
    }
}

/// Which way data moves under a predefined role.
fn direction(role: &str) -> (bool, bool) {
    let name = role.rsplit(['.', '/']).next().unwrap_or(role).to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    match () {
        () if has(&["publisher", "creator", "invoker", "enqueuer", "writer", "versionadder"]) => {
            (false, true)
        }
        () if has(&["subscriber", "viewer", "reader", "accessor"]) => (true, false),
        () if has(&["admin", "user", "editor", "owner"]) => (true, true),
        () => (false, false),
    }
}
