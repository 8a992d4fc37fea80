//! What is drawn of a graph.
//!
//! Parallel edges become one link with a set of kinds for each direction. Identities that only carry grants are counted,
//! not drawn: every function has one, and the picture is about events. Above [`MOST_ITEMS`] nodes a group is drawn in
//! the place of its members: one per stack and kind while those are few, else one per stack, else one per folder.

mod builder;

use builder::Builder;
use std::collections::{BTreeMap, HashMap};
use tidegate_graph::{EdgeKind, Exposure, Graph, Node, NodeKind, Sources, Str};

/// More than this many items are no picture any more.
pub(super) const MOST_ITEMS: usize = 150;
/// Groups by stack and kind say more than groups by stack, as long as they are this few.
const MOST_KIND_GROUPS: usize = 72;

/// What an item shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Glyph {
    /// Everybody.
    Internet,
    /// A node, or several of that kind.
    Kind(NodeKind),
    /// A whole stack, or several.
    Stack,
}

/// The part of the picture an item belongs to, in the order of an event's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Lane {
    /// Everybody, and what is outside and sends.
    Internet,
    /// Takes requests.
    Edge,
    /// Holds data.
    Data,
    /// Carries events.
    Bus,
    /// A column that the two share; no item's own.
    #[serde(rename = "bus-and-data")]
    BusAndData,
    /// Runs.
    Compute,
    /// Whole stacks.
    Stack,
    /// Who may.
    Identity,
    /// What is outside and receives.
    Outside,
}

impl Lane {
    /// Its caption.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Internet => "Internet",
            Self::Edge => "Edge",
            Self::Data => "Data",
            Self::Bus => "Bus and queue",
            Self::BusAndData => "Bus, queue, data",
            Self::Compute => "Compute",
            Self::Stack => "Stacks",
            Self::Identity => "Identity",
            Self::Outside => "Outside",
        }
    }
}

/// A set of edge kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(u16);

impl Kinds {
    pub(super) fn insert(&mut self, kind: EdgeKind) {
        self.0 |= Self::bit(kind);
    }

    pub(super) fn contains(self, kind: EdgeKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = EdgeKind> {
        EdgeKind::ALL.into_iter().filter(move |k| self.contains(*k))
    }

    fn bit(kind: EdgeKind) -> u16 {
        1 << EdgeKind::ALL.iter().position(|k| *k == kind).unwrap_or(0)
    }
}

/// Something with a place in the picture.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: Str,
    pub(super) name: String,
    /// Second line: the type, or what is in a group.
    pub(super) detail: String,
    /// Everything that doesn't fit.
    pub(super) tip: String,
    pub(super) glyph: Glyph,
    pub(super) lane: Lane,
    /// Index into [`Scene::groups`].
    pub(super) group: Option<usize>,
    pub(super) exposure: Exposure,
    /// Nodes it stands for.
    pub(super) count: usize,
}

/// One or more edges between two items, `a` before `b` in [`Scene::items`] order.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) a: usize,
    pub(super) b: usize,
    /// Kinds of the edges from `a` to `b`.
    pub(super) forward: Kinds,
    /// Kinds of the edges from `b` to `a`.
    pub(super) backward: Kinds,
    /// How an outsider gets in, for links of the Internet.
    pub(super) entry: Option<Exposure>,
    /// Edges it stands for.
    pub(super) count: usize,
    /// Evidence, a line each.
    pub(super) tip: String,
}

/// How much is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Every node.
    Nodes,
    /// One item for the nodes of a kind in a stack.
    Kinds,
    /// One item for a stack.
    Stacks,
    /// One item for stacks in the same folder.
    Folders,
}

/// The items and links of a picture.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) level: Level,
    pub(super) items: Vec<Item>,
    pub(super) links: Vec<Link>,
    /// Names of the boundaries.
    pub(super) groups: Vec<Str>,
    /// Identities that only carry grants.
    pub(super) hidden_identities: usize,
    /// Nodes and edges of the graph, drawn or not.
    pub(super) nodes: usize,
    pub(super) edges: usize,
    /// Nodes by kind.
    pub(super) kinds: BTreeMap<NodeKind, usize>,
    /// Nodes that anyone can reach.
    pub(super) anonymous: usize,
    /// Links of groups to the outside that are left out because they would hide everything else.
    pub(super) hidden_links: usize,
}

impl Scene {
    /// The scene of a graph, coarse enough to be looked at.
    pub(super) fn new(sources: &Sources, graph: &Graph) -> Self {
        let shown = shown(graph);
        let stacks = distinct(graph, &shown, |n| n.stack.clone());
        if shown.iter().filter(|s| **s).count() <= MOST_ITEMS {
            return Self::build(sources, graph, &shown, Level::Nodes, |_, node| node.id.clone());
        }
        if distinct(graph, &shown, |n| kind_key(n).into()) <= MOST_KIND_GROUPS {
            return Self::build(sources, graph, &shown, Level::Kinds, |_, node| kind_key(node).into());
        }
        if stacks <= MOST_ITEMS {
            return Self::build(sources, graph, &shown, Level::Stacks, |_, node| node.stack.clone());
        }
        let depth = (1..8).rev().find(|d| distinct(graph, &shown, |n| folder(&n.stack, *d)) <= MOST_ITEMS);
        let by_letter = |node: &Node| -> Str {
            node.stack.chars().next().map_or(Str::default(), |c| {
                if c.is_ascii_alphanumeric() { format!("{c}…").into() } else { "…".into() }
            })
        };
        Self::build(sources, graph, &shown, Level::Folders, |_, node| match depth {
            Some(depth) => folder(&node.stack, depth),
            None => by_letter(node),
        })
    }

    /// The scene with every node, however many.
    #[cfg(test)]
    pub(super) fn whole(sources: &Sources, graph: &Graph) -> Self {
        Self::build(sources, graph, &shown(graph), Level::Nodes, |_, node| node.id.clone())
    }

    fn build(
        sources: &Sources,
        graph: &Graph,
        shown: &[bool],
        level: Level,
        key: impl Fn(usize, &Node) -> Str,
    ) -> Self {
        let mut builder = Builder::new(graph, level);
        // The nodes of each item, items in the order of their first node.
        let mut by_key: HashMap<(Str, bool), usize> = HashMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut item_of: Vec<Option<usize>> = vec![None; graph.nodes().len()];
        for (index, node) in graph.nodes().iter().enumerate() {
            if !shown.get(index).copied().unwrap_or(false) {
                continue;
            }
            let sends = is_outside(node) && only_sends(graph, index);
            let item =
                *by_key.entry((key(index, node), sends && level != Level::Nodes)).or_insert(members.len());
            if item == members.len() {
                members.push(Vec::new());
            }
            if let Some(list) = members.get_mut(item) {
                list.push(index);
            }
            if let Some(slot) = item_of.get_mut(index) {
                *slot = Some(item);
            }
        }
        for list in &members {
            builder.item(sources, list);
        }
        builder.links(&item_of);
        builder.internet();
        builder.thin();
        builder.scene
    }
}

/// Which nodes are drawn: all but the identities that only carry grants, unless there is nothing else.
fn shown(graph: &Graph) -> Vec<bool> {
    let drawn: Vec<bool> = graph
        .nodes()
        .iter()
        .enumerate()
        .map(|(index, node)| node.kind != NodeKind::Identity || stands_out(graph, index))
        .collect();
    if drawn.iter().any(|d| *d) { drawn } else { vec![true; graph.nodes().len()] }
}

/// True for an identity that somebody other than a workload of the system may become, or that hands on another one.
fn stands_out(graph: &Graph, index: usize) -> bool {
    let is_identity =
        |i: usize| graph.node(i).is_some_and(|n| matches!(n.kind, NodeKind::Identity | NodeKind::External));
    graph.node(index).is_some_and(|n| n.exposure > Exposure::Account)
        || graph.incoming(index).any(|e| match e.kind {
            EdgeKind::Assumes | EdgeKind::Trusts => is_identity(e.from),
            EdgeKind::Passes => true,
            _ => false,
        })
        || graph.outgoing(index).any(|e| match e.kind {
            EdgeKind::Assumes | EdgeKind::Trusts => is_identity(e.to),
            EdgeKind::Passes => true,
            kind => kind.is_data(),
        })
}

fn is_outside(node: &Node) -> bool {
    node.kind == NodeKind::External && node.stack.is_empty()
}

fn only_sends(graph: &Graph, index: usize) -> bool {
    let sends = |k: EdgeKind| {
        matches!(k, EdgeKind::Triggers | EdgeKind::Publishes | EdgeKind::Invokes | EdgeKind::Writes)
    };
    graph.outgoing(index).any(|e| sends(e.kind)) && !graph.incoming(index).any(|e| e.kind.is_data())
}

fn kind_key(node: &Node) -> String {
    format!("{}\n{}", node.stack, node.kind.word())
}

fn folder(stack: &str, depth: usize) -> Str {
    stack.split('/').take(depth).collect::<Vec<_>>().join("/").into()
}

fn distinct(graph: &Graph, shown: &[bool], key: impl Fn(&Node) -> Str) -> usize {
    let keys = graph.nodes().iter().zip(shown).filter(|(_, shown)| **shown).map(|(n, _)| key(n));
    keys.collect::<std::collections::HashSet<_>>().len()
}
