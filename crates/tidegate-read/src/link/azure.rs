//! Azure: Event Grid, Service Bus, Event Hubs, function apps, and what role assignments let them do.

use super::walk::{all, flat};
use super::{Linker, delivery};
use crate::clouds::subscription_of;
use std::collections::HashMap;
use tidegate_graph::{EdgeKind, NodeKind, Resource, Value};

pub(super) fn link(linker: &mut Linker, resource: &Resource) {
    match resource.ty.as_str() {
        "azurerm_eventgrid_event_subscription" | "azurerm_eventgrid_system_topic_event_subscription" => {
            event_subscription(linker, resource);
        }
        "azurerm_eventgrid_system_topic" => {
            into(
                linker,
                resource,
                &["source_arm_resource_id", "source_resource_id"],
                EdgeKind::Publishes,
                "system topic",
            );
        }
        "azurerm_servicebus_subscription" => {
            into(linker, resource, &["topic_id"], EdgeKind::Publishes, "subscription");
            out(linker, resource, &["forward_to", "forward_dead_lettered_messages_to"], "forwarding");
        }
        "azurerm_servicebus_queue" => {
            out(linker, resource, &["forward_to", "forward_dead_lettered_messages_to"], "forwarding");
        }
        "azurerm_eventhub" => {
            out(linker, resource, &["capture_description.destination.storage_account_id"], "capture");
        }
        ty if ty.ends_with("function_app")
            || ty.ends_with("flex_consumption")
            || ty.starts_with("azurerm_logic_app") =>
        {
            app(linker, resource);
        }
        _ => {}
    }
}

/// Events from what the paths name into the resource.
fn into(linker: &mut Linker, resource: &Resource, paths: &[&str], kind: EdgeKind, evidence: &str) {
    let Some(to) = linker.node(resource) else { return };
    for value in paths.iter().flat_map(|path| all(&resource.properties, path)) {
        for from in linker.targets(resource, value, None).nodes {
            linker.edge(from, to, kind, evidence, value.span);
        }
    }
}

/// Events from the resource to what the paths name.
fn out(linker: &mut Linker, resource: &Resource, paths: &[&str], evidence: &str) {
    let Some(from) = linker.node(resource) else { return };
    for value in paths.iter().flat_map(|path| all(&resource.properties, path)) {
        for to in linker.targets(resource, value, None).nodes {
            let kind = delivery(linker.kind(to));
            linker.edge(from, to, kind, evidence, value.span);
        }
    }
}

fn event_subscription(linker: &mut Linker, resource: &Resource) {
    into(linker, resource, &["scope", "system_topic"], EdgeKind::Triggers, "event subscription");
    const ENDPOINTS: [&str; 9] = [
        "azure_function_endpoint.function_id",
        "eventhub_endpoint_id",
        "hybrid_connection_endpoint_id",
        "service_bus_queue_endpoint_id",
        "service_bus_topic_endpoint_id",
        "storage_queue_endpoint.queue_name",
        "storage_queue_endpoint.storage_account_id",
        "storage_blob_dead_letter_destination.storage_account_id",
        "webhook_endpoint.url",
    ];
    out(linker, resource, &ENDPOINTS, "event subscription");
    let Some(from) = linker.node(resource) else { return };
    for value in all(&resource.properties, "webhook_endpoint.url") {
        if linker.targets(resource, value, None).nodes.is_empty() {
            let to = linker.external("https", &super::triggers::host(&value.display()));
            linker.edge(from, to, EdgeKind::Egress, "webhook", value.span);
        }
    }
}

/// App settings name what a function is bound to; they don't say which way, so stores go both ways.
fn app(linker: &mut Linker, resource: &Resource) {
    let Some(app) = linker.node(resource) else { return };
    for settings in all(&resource.properties, "app_settings") {
        for value in settings.as_map().into_iter().flat_map(tidegate_graph::Map::values).flat_map(flat) {
            for other in linker.targets(resource, value, None).nodes {
                match linker.kind(other) {
                    NodeKind::Secret => linker.edge(other, app, EdgeKind::Reads, "app setting", value.span),
                    NodeKind::Store => {
                        linker.edge(other, app, EdgeKind::Reads, "app setting", value.span);
                        linker.edge(app, other, EdgeKind::Writes, "app setting", value.span);
                    }
                    NodeKind::Log | NodeKind::Identity | NodeKind::Artifact => {}
                    kind => linker.edge(app, other, delivery(kind), "app setting", value.span),
                }
            }
        }
    }
    for path in ["identity.identity_ids", "key_vault_reference_identity_id"] {
        for value in all(&resource.properties, path) {
            for identity in linker.targets(resource, value, None).nodes {
                linker.edge(app, identity, EdgeKind::Assumes, "managed identity", value.span);
            }
        }
    }
}

/// Role assignments: edges for the app whose identity is assigned.
pub(super) fn link_assignments(linker: &mut Linker) {
    let system = linker.system;
    let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
    for edge in linker.graph.edges().iter().filter(|e| e.kind == EdgeKind::Assumes) {
        users.entry(edge.to).or_default().push(edge.from);
    }
    for assignment in system.of_type("azurerm_role_assignment") {
        let role = all(&assignment.properties, "role_definition_name")
            .first()
            .map(|v| v.display())
            .unwrap_or_default();
        let scopes: Vec<(usize, &Value)> = all(&assignment.properties, "scope")
            .into_iter()
            .flat_map(|v| linker.targets(assignment, v, None).nodes.into_iter().map(move |n| (n, v)))
            .collect();
        // What an assignment names by the id of its subscription is not of this code.
        let abroad: Vec<_> = all(&assignment.properties, "scope")
            .into_iter()
            .filter_map(|v| subscription_of(v).map(|(id, _)| (id, v.span)))
            .collect();
        for principal in all(&assignment.properties, "principal_id") {
            for holder in linker.targets(assignment, principal, None).nodes {
                // A system-assigned identity is the app itself; a user-assigned one has users.
                let code = match linker.kind(holder) {
                    NodeKind::Identity => users.get(&holder).cloned().unwrap_or_default(),
                    _ => vec![holder],
                };
                for (scope, span) in scopes.iter().map(|(n, v)| (*n, v.span)) {
                    if linker.kind(holder) == NodeKind::Identity {
                        linker.edge(holder, scope, EdgeKind::Grants, role.clone(), span);
                    }
                    for app in code.iter().copied().filter(|n| *n != scope) {
                        assigned(linker, app, scope, &role, span);
                    }
                }
                for (id, span) in &abroad {
                    let subscription = linker.external("azure", &format!("subscription {id}"));
                    linker.edge(holder, subscription, EdgeKind::Grants, role.clone(), *span);
                }
            }
        }
    }
}

fn assigned(linker: &mut Linker, app: usize, scope: usize, role: &str, span: tidegate_graph::Span) {
    let name = role.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    let both = has(&["contributor", "owner"]);
    if both || has(&["receiver", "reader", "secrets user", "processor"]) {
        linker.edge(scope, app, EdgeKind::Reads, role, span);
    }
    if both || has(&["sender", "publisher"]) {
        let kind = delivery(linker.kind(scope));
        linker.edge(app, scope, kind, role, span);
    }
}
