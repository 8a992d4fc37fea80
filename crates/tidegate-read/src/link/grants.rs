//! From permissions to data edges: what the identity of a piece of code may do with which resource.
//!
//! A grant on a resource that is named is an edge. A grant on everything of a service is an edge to what the code's
//! environment names, to the only resource of that service, or, where the service has no resource in the system, to the
//! service itself.

mod own;

use super::Linker;
use super::access::{self, Access, declared_as, is_plumbing};
use super::identities::Policies;
use super::permits::Permits;
use super::targets::environment;
use std::collections::{BTreeMap, HashMap, HashSet};
use tidegate_graph::{EdgeKind, NodeKind, Resource, Span, Str, World, policy};

/// Edges that one grant of a shared role may make, users times resources.
const MAX_SHARED: usize = 2_000;

/// Edges that one grant on a whole service may make.
const MAX_OPEN: usize = 200;

/// One permission, normalised.
struct Grant {
    service: Str,
    action: Str,
    /// Nodes that are named.
    nodes: Vec<usize>,
    elsewhere: Vec<(Str, Str)>,
    everything: bool,
    policy: Str,
    span: Span,
}

pub(super) fn link(linker: &mut Linker, permits: &Permits) {
    let policies = Policies::collect(linker);
    let system = linker.system;
    let by_id: HashMap<Str, &Resource> = system.resources().iter().map(|r| (r.id.clone(), r)).collect();
    let mut grants: BTreeMap<usize, Vec<Grant>> = BTreeMap::new();
    for index in 0..linker.graph.nodes().len() {
        let resource = linker.graph.node(index).and_then(|n| by_id.get(&n.id).copied());
        if let (NodeKind::Identity, Some(resource)) = (linker.kind(index), resource) {
            let found = of_identity(linker, &policies, resource, index);
            grants.insert(index, found);
        }
    }
    for resource in system.resources() {
        let Some(node) = linker.node(resource).filter(|n| linker.kind(*n) == NodeKind::Function) else {
            continue;
        };
        let roles: Vec<usize> =
            linker.graph.outgoing(node).filter(|e| e.kind == EdgeKind::Assumes).map(|e| e.to).collect();
        let mut environment = surroundings(linker, resource);
        let mut seen = HashSet::new();
        for role in roles.iter().filter(|r| seen.insert(**r)) {
            let users = linker.graph.incoming(*role).filter(|e| e.kind == EdgeKind::Assumes).count();
            environment.users = users;
            let who = Who { node, identity: id_of(linker, *role), permits };
            for grant in grants.get(role).map(Vec::as_slice).unwrap_or_default() {
                data_edges(linker, resource, &who, grant, &environment);
            }
        }
        let unknown_role = roles.is_empty() && resource.properties.contains_key("Role");
        environment_edges(linker, node, &environment, unknown_role);
    }
    service_roles(linker, permits, &grants);
    for (index, found) in &grants {
        if let Some(resource) = linker.graph.node(*index).and_then(|n| by_id.get(&n.id).copied()) {
            own::edges(linker, permits, resource, *index, found);
        }
    }
}

fn id_of(linker: &Linker, node: usize) -> Str {
    linker.graph.node(node).map(|n| n.id.clone()).unwrap_or_default()
}

/// Who acts, with whose permissions.
struct Who<'p> {
    node: usize,
    identity: Str,
    permits: &'p Permits,
}

/// Roles that a service without a resource of its own acts with: a function starts a transcription, the service writes
/// the result.
fn service_roles(linker: &mut Linker, permits: &Permits, grants: &BTreeMap<usize, Vec<Grant>>) {
    let system = linker.system;
    for resource in system.of_type("AWS::IAM::Role") {
        let Some(role) = linker.node(resource) else { continue };
        if linker.graph.incoming(role).any(|e| e.kind == EdgeKind::Assumes) {
            continue;
        }
        for service in super::identities::trusted_services(resource) {
            let Some(node) = linker.graph.index(&format!("external/{service}")) else { continue };
            linker.edge(node, role, EdgeKind::Assumes, "trust policy", resource.span);
            let nothing = Environment { nodes: HashSet::new(), spans: Vec::new(), users: 1 };
            let who = Who { node, identity: resource.id.clone(), permits };
            for grant in grants.get(&role).map(Vec::as_slice).unwrap_or_default() {
                data_edges(linker, resource, &who, grant, &nothing);
            }
        }
    }
}

fn of_identity(linker: &Linker, policies: &Policies, resource: &Resource, identity: usize) -> Vec<Grant> {
    let mut out = Vec::new();
    for attached in policies.of(identity) {
        // Both sides of a free condition count: a permission that one of them has is a permission.
        for (_, grants) in World::explore(&linker.system.variables, |world| {
            document_grants(linker, world, resource, attached)
        }) {
            out.extend(grants);
        }
    }
    for (name, span) in policies.managed(identity) {
        out.extend(managed_grants(name, *span));
    }
    out
}

fn document_grants(
    linker: &Linker,
    world: &World,
    resource: &Resource,
    attached: &super::identities::Attached,
) -> Vec<Grant> {
    let mut out = Vec::new();
    for statement in policy::statements(world, &attached.document) {
        if !statement.allows() || statement.actions.is_empty() {
            continue;
        }
        let mut nodes = Vec::new();
        let mut elsewhere = Vec::new();
        let mut everything: Vec<Str> = Vec::new();
        for value in &statement.resources {
            let found = linker.targets(resource, value, None);
            if found == super::Targets::default() {
                // A parameter, or something from elsewhere: it is there, whatever it is called.
                elsewhere.push((Str::default(), super::resolve::spelled(value).into()));
            }
            nodes.extend(found.nodes);
            elsewhere.extend(found.elsewhere);
            everything.extend(found.everything);
        }
        for action in &statement.actions {
            let Some(text) = action.as_text() else { continue };
            let (service, name) = text.split_once(':').unwrap_or((text.as_str(), "*"));
            let service: Str = service.to_ascii_lowercase().into();
            out.push(Grant {
                action: name.to_ascii_lowercase().into(),
                nodes: nodes.clone(),
                elsewhere: elsewhere.clone(),
                everything: everything.iter().any(|s| s == "*" || *s == service || service == "*"),
                service,
                policy: attached.name.clone(),
                span: action.span,
            });
        }
    }
    out
}

/// What an AWS managed policy lets do with data, as far as its name says.
fn managed_grants(name: &str, span: Span) -> Vec<Grant> {
    let grant = |(service, action): (&'static str, &'static str)| Grant {
        service: service.into(),
        action: action.into(),
        nodes: Vec::new(),
        elsewhere: Vec::new(),
        everything: true,
        policy: name.into(),
        span,
    };
    access::of_managed_policy(name).map(grant).into_iter().collect()
}

/// Nodes that the environment of a piece of code names.
struct Environment {
    nodes: HashSet<usize>,
    spans: Vec<(usize, Span)>,
    /// How many share the role whose grants are looked at.
    users: usize,
}

fn surroundings(linker: &Linker, resource: &Resource) -> Environment {
    let spans: Vec<(usize, Span)> = environment(resource)
        .into_iter()
        .flat_map(|value| {
            linker.targets(resource, value, None).nodes.into_iter().map(move |n| (n, value.span))
        })
        .collect();
    Environment { nodes: spans.iter().map(|(n, _)| *n).collect(), spans, users: 1 }
}

fn data_edges(
    linker: &mut Linker,
    resource: &Resource,
    who: &Who<'_>,
    grant: &Grant,
    environment: &Environment,
) {
    let node = who.node;
    if grant.service == "*" {
        // Everything: the environment says what of it is used.
        for (to, span) in &environment.spans {
            let all = Access { reads: true, writes: true };
            edges_for(linker, who, *to, all, grant, *span);
        }
        return;
    }
    let access = access::of_action(&grant.service, &grant.action);
    if access == Access::default() {
        return;
    }
    let of_service = |linker: &Linker, n: usize| {
        let own = linker.service(n);
        let kind = linker.kind(n);
        let same = own == grant.service
            || matches!(
                (grant.service.as_str(), own),
                ("rds-data" | "rds-db", "rds")
                    | ("kafka-cluster", "kafka")
                    | ("execute-api", "apigateway")
                    | ("aoss", "es")
                    | ("es", "aoss")
            )
            || matches!((grant.service.as_str(), own), ("s3express", "s3"));
        same && !matches!(kind, NodeKind::Rule | NodeKind::Identity | NodeKind::Artifact)
    };
    let mut found: Vec<usize> =
        grant.nodes.iter().copied().filter(|n| *n != node && of_service(linker, *n)).collect();
    // A named resource is the whole answer; only what stays open is looked for elsewhere.
    if found.is_empty() && !is_plumbing(&grant.service) {
        if grant.everything {
            found = open_grant(linker, resource, node, grant, environment, &of_service);
        } else {
            for (_, name) in
                grant.elsewhere.iter().filter(|(service, _)| service_of_grant(service, &grant.service))
            {
                found.push(match grant.service.as_str() {
                    "events" if name == "default" => linker.default_bus(),
                    "bedrock" | "ses" | "rekognition" | "comprehend" | "transcribe" | "polly"
                    | "textract" | "translate" | "sagemaker" => linker.external(&grant.service, ""),
                    service => {
                        let declared = match service {
                            "rds-db" | "rds-data" => "rds",
                            other => other,
                        };
                        linker
                            .only_in_system(declared, name)
                            .unwrap_or_else(|| linker.external(declared, name))
                    }
                });
            }
        }
    }
    if environment.users > 1 {
        // A role that many share says little of each: who takes messages is told by the mapping, and where the role opens
        // everything to everyone only the environment tells them apart.
        let polled = matches!(grant.service.as_str(), "sqs" | "kinesis") && access.reads && !access.writes;
        let crowded = environment.users.saturating_mul(found.len()) > MAX_SHARED;
        if polled || crowded {
            found.retain(|n| environment.nodes.contains(n) || !crowded && triggered_by(linker, node, *n));
        }
    }
    for to in found {
        edges_for(linker, who, to, access, grant, grant.span);
    }
}

fn triggered_by(linker: &Linker, node: usize, source: usize) -> bool {
    linker.graph.incoming(node).any(|e| e.from == source && e.kind == EdgeKind::Triggers)
}

/// A grant of the managed policies for event source mappings.
fn polls(grant: &Grant) -> bool {
    grant.policy.starts_with("AWSLambda") && grant.policy.ends_with("ExecutionRole")
}

fn service_of_grant(arn: &str, action: &str) -> bool {
    arn.is_empty()
        || arn == action
        || matches!((action, arn), ("rds-data", "rds") | ("kafka-cluster", "kafka"))
}

fn open_grant(
    linker: &mut Linker,
    resource: &Resource,
    node: usize,
    grant: &Grant,
    environment: &Environment,
    of_service: &dyn Fn(&Linker, usize) -> bool,
) -> Vec<usize> {
    let services = ["rds", "dsql", "kafka", "apigateway", "es", "aoss", "s3"];
    let candidates: Vec<usize> = std::iter::once(grant.service.as_str())
        .chain(services.into_iter().filter(|s| *s != grant.service))
        .flat_map(|service| linker.of_service(resource, service))
        .copied()
        .filter(|n| *n != node && of_service(linker, *n))
        .collect();
    // A polling role is for the mapping that uses it, which is drawn already.
    if polls(grant) && candidates.iter().any(|source| triggered_by(linker, node, *source)) {
        return Vec::new();
    }
    let named: Vec<usize> = candidates.iter().copied().filter(|n| environment.nodes.contains(n)).collect();
    match (named.is_empty(), candidates.as_slice()) {
        (false, _) => named,
        (true, [only]) => vec![*only],
        (true, []) if grant.service == "events" => vec![linker.default_bus()],
        (true, []) if polls(grant) => Vec::new(),
        (true, []) => vec![linker.external(declared_as(&grant.service), "")],
        (true, _) if polls(grant) => Vec::new(),
        // Several, and nothing says which: each may be meant.
        (true, several) => several.to_vec(),
    }
}

fn edges_for(linker: &mut Linker, who: &Who<'_>, to: usize, access: Access, grant: &Grant, span: Span) {
    let node = who.node;
    // What nobody declared has no direction of its own: taking from a queue that starts the code sends nothing to it.
    if linker.kind(to) == NodeKind::External && !access.writes && triggered_by(linker, node, to) {
        return;
    }
    let written = format!("{}:{} in {}", grant.service, grant.action, grant.policy);
    let kind = linker.kind(to);
    let stored = matches!(
        kind,
        NodeKind::Store | NodeKind::Secret | NodeKind::Queue | NodeKind::Stream | NodeKind::Log
    );
    let id = linker.graph.node(to).filter(|n| n.span.is_some()).map(|n| n.id.clone());
    let service = match grant.service.as_str() {
        "*" => linker.service(to).to_owned(),
        service => service.to_owned(),
    };
    let ask = |wants: &dyn Fn(Access) -> bool| {
        let wants = |action: &str| wants(access::of_action(&service, action));
        who.permits.ask(&who.identity, (&service, &grant.action), id.as_deref(), &wants).evidence(&written)
    };
    if access.reads
        && stored
        && let Some(evidence) = ask(&|a| a.reads)
    {
        linker.edge(to, node, EdgeKind::Reads, evidence, span);
    }
    if (access.writes || !stored)
        && let Some(evidence) = ask(&|a| if stored { a.writes } else { a.reads || a.writes })
    {
        let kind = match kind {
            NodeKind::Function | NodeKind::Workflow | NodeKind::Api | NodeKind::External => EdgeKind::Invokes,
            kind => super::delivery(kind),
        };
        linker.edge(node, to, kind, evidence, span);
    }
}

/// What the environment names and no permission explains: stores that are reached over the network, and everything where
/// the role was not read.
fn environment_edges(linker: &mut Linker, node: usize, environment: &Environment, unknown_role: bool) {
    for (to, span) in &environment.spans {
        if *to == node {
            continue;
        }
        let over_network = matches!(
            linker.service(*to),
            "rds"
                | "elasticache"
                | "memorydb"
                | "es"
                | "aoss"
                | "mq"
                | "kafka"
                | "redshift"
                | "neptune-db"
                | "elasticloadbalancing"
                | "dax"
                | "dsql"
        ) || linker.kind(*to) == NodeKind::Api;
        let joined = linker.graph.outgoing(node).any(|e| e.to == *to && e.kind.is_data())
            || linker.graph.incoming(node).any(|e| e.from == *to && e.kind.is_data());
        if joined || !(over_network || unknown_role) {
            continue;
        }
        let kind = match linker.kind(*to) {
            NodeKind::Store => EdgeKind::Writes,
            NodeKind::Api | NodeKind::Function | NodeKind::Workflow => EdgeKind::Invokes,
            NodeKind::Identity | NodeKind::Artifact | NodeKind::Log | NodeKind::Rule | NodeKind::Secret => {
                continue;
            }
            kind => super::delivery(kind),
        };
        linker.edge(node, *to, kind, "named in the environment", *span);
    }
}
