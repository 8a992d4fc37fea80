//! Joins resources to the event graph.
//!
//! Nodes come from the catalogue of types; edges from what resources say of each other. A value names a node by
//! reference, ARN, URL or physical name ([`resolve`]). Where a condition is free, the edges of both branches are drawn.

mod access;
mod azure;
mod catalogue;
mod containers;
mod exposure;
mod gcp;
mod grants;
mod identities;
mod messages;
mod permits;
mod resolve;
mod routes;
mod targets;
mod triggers;
pub(crate) mod walk;
mod workflows;

use resolve::{Resolver, Targets};
use std::collections::HashMap;
use tidegate_graph::{Edge, EdgeKind, Exposure, Graph, Node, NodeKind, Resource, Span, Str, System, Value};

/// Nodes and edges of a system.
pub fn link(system: &System) -> Graph {
    let mut linker =
        Linker { system, graph: Graph::new(), resolver: Resolver::default(), by_service: HashMap::new() };
    linker.nodes();
    linker.resolver = Resolver::new(system, &linker.graph);
    containers::own(&mut linker);
    for resource in system.resources() {
        triggers::link(&mut linker, resource);
        targets::link(&mut linker, resource);
        routes::link(&mut linker, resource);
        containers::link(&mut linker, resource);
        workflows::link(&mut linker, resource);
        messages::link(&mut linker, resource);
        if resource.ty.starts_with("google_") {
            gcp::link(&mut linker, resource);
        } else if resource.ty.starts_with("azurerm_") {
            azure::link(&mut linker, resource);
        }
    }
    let permits = permits::Permits::new(system);
    identities::link(&mut linker, &permits);
    grants::link(&mut linker, &permits);
    triggers::link_permissions(&mut linker);
    gcp::link_bindings(&mut linker);
    azure::link_assignments(&mut linker);
    exposure::expose(&mut linker);
    linker.graph
}

struct Linker<'s> {
    system: &'s System,
    graph: Graph,
    resolver: Resolver,
    /// Nodes with a resource, by stack and service.
    by_service: HashMap<(Str, Str), Vec<usize>>,
}

impl<'s> Linker<'s> {
    fn nodes(&mut self) {
        let parts = containers::parts(self.system);
        for resource in self.system.resources() {
            let Some(kind) = catalogue::kind_of(&resource.ty) else { continue };
            if parts.contains(&resource.id) || is_helper(resource) {
                continue;
            }
            let node = Node {
                id: resource.id.clone(),
                kind: kind.kind,
                ty: resource.ty.clone(),
                service: kind.service.into(),
                name: resolve::name_for_people(resource, &resource.properties),
                stack: self.system.stack_of(resource).map(|s| s.name.clone()).unwrap_or_default(),
                exposure: Exposure::Internal,
                span: Some(resource.span),
            };
            let key = (node.stack.clone(), node.service.clone());
            let index = self.graph.add_node(node);
            self.by_service.entry(key).or_default().push(index);
        }
    }

    /// Nodes of a service in the stack of a resource.
    fn of_service(&self, resource: &Resource, service: &str) -> &[usize] {
        let stack = self.system.stack_of(resource).map(|s| s.name.clone()).unwrap_or_default();
        self.by_service.get(&(stack, service.into())).map_or(&[], Vec::as_slice)
    }

    /// The node that a resource is or belongs to.
    fn node(&self, resource: &Resource) -> Option<usize> {
        self.resolver.node(&self.graph, &resource.id)
    }

    /// Everything that a value of a resource names; `service` is what the place speaks of, for bare names.
    fn targets(&self, resource: &Resource, value: &Value, service: Option<&str>) -> Targets {
        self.resolver.targets(&self.graph, resource.stack, value, service)
    }

    /// The nodes that a value names; what was not read becomes an external node.
    fn named(&mut self, resource: &Resource, value: &Value, service: Option<&str>) -> Vec<usize> {
        let targets = self.targets(resource, value, service);
        let mut nodes = targets.nodes;
        for (service, name) in targets.elsewhere {
            let node = self.only_in_system(&service, &name).unwrap_or_else(|| self.external(&service, &name));
            nodes.push(node);
        }
        nodes
    }

    /// For a name that comes in from outside its stack (a parameter, an import): the only node of that service that any
    /// stack declares.
    fn only_in_system(&self, service: &str, name: &str) -> Option<usize> {
        if !name.contains("${") {
            return None;
        }
        let nodes =
            self.by_service.iter().filter(|((_, own), _)| own == service).flat_map(|(_, nodes)| nodes);
        let mut nodes = nodes
            .filter(|n| !matches!(self.kind(**n), NodeKind::Rule | NodeKind::Artifact | NodeKind::Identity));
        match (nodes.next(), nodes.next()) {
            (Some(node), None) => Some(*node),
            _ => None,
        }
    }

    /// A node for something that has no resource: a service's API, a queue of another account, an HTTP host.
    fn external(&mut self, service: &str, name: &str) -> usize {
        let service = service.to_ascii_lowercase();
        let id = if name.is_empty() {
            format!("external/{service}")
        } else {
            format!("external/{service}/{name}")
        };
        self.graph.add_node(Node {
            id: id.into(),
            kind: NodeKind::External,
            ty: Str::default(),
            service: service.as_str().into(),
            name: if name.is_empty() { service.as_str().into() } else { name.into() },
            stack: Str::default(),
            exposure: Exposure::Internal,
            span: None,
        })
    }

    /// The default event bus of the account.
    fn default_bus(&mut self) -> usize {
        self.graph.add_node(Node {
            id: Str::new_static("external/events/default"),
            kind: NodeKind::Bus,
            ty: Str::new_static("AWS::Events::EventBus"),
            service: Str::new_static("events"),
            name: Str::new_static("default"),
            stack: Str::default(),
            exposure: Exposure::Account,
            span: None,
        })
    }

    fn edge(&mut self, from: usize, to: usize, kind: EdgeKind, evidence: impl Into<String>, span: Span) {
        if from != to || !matches!(kind, EdgeKind::Reads | EdgeKind::Triggers) {
            self.graph.add_edge(Edge { from, to, kind, evidence: evidence.into(), span: Some(span) });
        }
    }

    fn kind(&self, node: usize) -> NodeKind {
        self.graph.node(node).map_or(NodeKind::External, |n| n.kind)
    }

    fn service(&self, node: usize) -> &str {
        self.graph.node(node).map_or("", |n| n.service.as_str())
    }

    /// Sends an event to whatever a value names: code is triggered, everything else is published to.
    fn deliver(&mut self, from: usize, resource: &Resource, value: &Value, evidence: &str) {
        for to in self.named(resource, value, None) {
            let kind = delivery(self.kind(to));
            self.edge(from, to, kind, evidence, value.span);
        }
    }
}

/// Machinery of a framework (deployment buckets, clean-up functions) that its reader has marked: no part of the system.
fn is_helper(resource: &Resource) -> bool {
    resource.attributes.get("Tidegate").and_then(|t| t.get("helper")).and_then(Value::as_bool) == Some(true)
}

/// How an event arrives at a node of this kind.
fn delivery(kind: NodeKind) -> EdgeKind {
    match kind {
        NodeKind::Function | NodeKind::Workflow | NodeKind::Rule => EdgeKind::Triggers,
        NodeKind::Store | NodeKind::Log | NodeKind::Secret => EdgeKind::Writes,
        NodeKind::Api => EdgeKind::Invokes,
        NodeKind::External => EdgeKind::Egress,
        _ => EdgeKind::Publishes,
    }
}
