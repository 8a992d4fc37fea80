//! The event graph: who produces, carries, consumes and may touch what.

use crate::{Span, Str};
use std::collections::HashMap;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// Runs code on an event.
    Function,
    /// Takes requests.
    Api,
    /// Routes events by rules.
    Bus,
    /// A rule, schedule or pipe that passes events on.
    Rule,
    /// Holds messages until consumed.
    Queue,
    /// Fans messages out.
    Topic,
    /// An ordered log of records.
    Stream,
    /// Tables, buckets, databases, caches, search.
    Store,
    /// Secrets, parameters, keys.
    Secret,
    /// A role, user, group or service account.
    Identity,
    /// A schema of events or requests.
    Schema,
    /// A state machine.
    Workflow,
    /// Code or container image.
    Artifact,
    /// Logs and trails.
    Log,
    /// Something outside the code that was read.
    External,
}

impl NodeKind {
    /// All kinds.
    pub const ALL: [Self; 15] = [
        Self::Function,
        Self::Api,
        Self::Bus,
        Self::Rule,
        Self::Queue,
        Self::Topic,
        Self::Stream,
        Self::Store,
        Self::Secret,
        Self::Identity,
        Self::Schema,
        Self::Workflow,
        Self::Artifact,
        Self::Log,
        Self::External,
    ];

    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Api => "api",
            Self::Bus => "bus",
            Self::Rule => "rule",
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::Stream => "stream",
            Self::Store => "store",
            Self::Secret => "secret",
            Self::Identity => "identity",
            Self::Schema => "schema",
            Self::Workflow => "workflow",
            Self::Artifact => "artifact",
            Self::Log => "log",
            Self::External => "external",
        }
    }
}

/// What an edge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EdgeKind {
    /// An event of `from` starts `to`.
    Triggers,
    /// `from` sends events or messages to `to`.
    Publishes,
    /// `to` takes data out of `from`: store -> function.
    Reads,
    /// `from` puts data into `to`.
    Writes,
    /// `from` calls `to` and waits for the answer.
    Invokes,
    /// `from` may become the identity `to`.
    Assumes,
    /// Identity `from` is allowed actions on `to`.
    Grants,
    /// `from` (a resource policy's owner) lets `to` in.
    Trusts,
    /// `from` may hand the identity `to` to a service.
    Passes,
    /// `from` connects to something outside.
    Egress,
}

impl EdgeKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Triggers,
        Self::Publishes,
        Self::Reads,
        Self::Writes,
        Self::Invokes,
        Self::Assumes,
        Self::Grants,
        Self::Trusts,
        Self::Passes,
        Self::Egress,
    ];

    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Triggers => "triggers",
            Self::Publishes => "publishes",
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Invokes => "invokes",
            Self::Assumes => "assumes",
            Self::Grants => "grants",
            Self::Trusts => "trusts",
            Self::Passes => "passes",
            Self::Egress => "egress",
        }
    }

    /// True for edges along which events and data move; false for identity edges.
    pub fn is_data(self) -> bool {
        matches!(
            self,
            Self::Triggers | Self::Publishes | Self::Reads | Self::Writes | Self::Invokes | Self::Egress
        )
    }
}

/// Who can reach a node from outside, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// Only the system itself.
    #[default]
    Internal,
    /// Anyone in the account with permission.
    Account,
    /// Named other accounts.
    CrossAccount,
    /// Anyone who can log in.
    Authenticated,
    /// Anyone.
    Anonymous,
}

impl Exposure {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Account => "account",
            Self::CrossAccount => "cross-account",
            Self::Authenticated => "authenticated",
            Self::Anonymous => "anonymous",
        }
    }
}

/// A node of the event graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Unique: [`crate::Resource::id`], or `external/<service>` for what has no resource.
    pub id: Str,
    /// What it is.
    pub kind: NodeKind,
    /// CloudFormation type for AWS whatever the source format, Terraform type for GCP and Azure.
    pub ty: Str,
    /// IAM prefix of the service for AWS (`lambda`, `sqs`), product name for others.
    pub service: Str,
    /// The name people know it by.
    pub name: Str,
    /// Name of its stack; empty for externals.
    pub stack: Str,
    /// Who can reach it.
    pub exposure: Exposure,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// A directed edge. Data edges run in the direction in which the event moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Index of the node where it starts.
    pub from: usize,
    /// Index of the node where it ends.
    pub to: usize,
    /// What it says.
    pub kind: EdgeKind,
    /// Why we believe it, for people: `event source mapping`, `dynamodb:PutItem in policy OrdersPolicy`.
    pub evidence: String,
    /// Where that is written.
    pub span: Option<Span>,
}

/// Nodes and edges, indexed by id and by end.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    by_id: HashMap<Str, usize>,
    outgoing: Vec<Vec<usize>>,
    incoming: Vec<Vec<usize>>,
    seen: HashMap<(usize, usize, EdgeKind), usize>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node, or returns the one with that id.
    pub fn add_node(&mut self, node: Node) -> usize {
        if let Some(index) = self.by_id.get(&node.id) {
            return *index;
        }
        let index = self.nodes.len();
        self.by_id.insert(node.id.clone(), index);
        self.nodes.push(node);
        self.outgoing.push(Vec::new());
        self.incoming.push(Vec::new());
        index
    }

    /// Adds an edge unless one of that kind already joins the two; the first evidence stays. Ends must exist.
    pub fn add_edge(&mut self, edge: Edge) {
        let (from, to, count) = (edge.from, edge.to, self.nodes.len());
        if from >= count || to >= count {
            return;
        }
        let index = self.edges.len();
        if *self.seen.entry((from, to, edge.kind)).or_insert(index) != index {
            return;
        }
        if let Some(list) = self.outgoing.get_mut(from) {
            list.push(index);
        }
        if let Some(list) = self.incoming.get_mut(to) {
            list.push(index);
        }
        self.edges.push(edge);
    }

    /// All nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All edges.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// A node by index.
    pub fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// A node by index, to change it.
    pub fn node_mut(&mut self, index: usize) -> Option<&mut Node> {
        self.nodes.get_mut(index)
    }

    /// Index of the node with this id.
    pub fn index(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Edges that start at a node.
    pub fn outgoing(&self, node: usize) -> impl Iterator<Item = &Edge> {
        self.outgoing.get(node).into_iter().flatten().filter_map(|e| self.edges.get(*e))
    }

    /// Edges that end at a node.
    pub fn incoming(&self, node: usize) -> impl Iterator<Item = &Edge> {
        self.incoming.get(node).into_iter().flatten().filter_map(|e| self.edges.get(*e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str) -> Node {
        Node {
            id: id.into(),
            kind: NodeKind::Queue,
            ty: "AWS::SQS::Queue".into(),
            service: "sqs".into(),
            name: id.into(),
            stack: "s".into(),
            exposure: Exposure::Internal,
            span: None,
        }
    }

    #[test]
    fn edges_are_unique_per_kind_and_need_both_ends() {
        let mut graph = Graph::new();
        let (a, b) = (graph.add_node(node("a")), graph.add_node(node("b")));
        assert_eq!(graph.add_node(node("a")), a);
        let edge =
            |to, kind, evidence: &str| Edge { from: a, to, kind, evidence: evidence.into(), span: None };
        graph.add_edge(edge(b, EdgeKind::Writes, "first"));
        graph.add_edge(edge(b, EdgeKind::Writes, "second"));
        graph.add_edge(edge(b, EdgeKind::Reads, "third"));
        graph.add_edge(edge(7, EdgeKind::Reads, "nowhere"));
        assert_eq!(graph.edges().len(), 2);
        assert_eq!(graph.outgoing(a).next().map(|e| e.evidence.as_str()), Some("first"));
        assert_eq!(graph.incoming(b).count(), 2);
    }
}
