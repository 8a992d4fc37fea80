//! What is drawn of a graph.
//!
//! Parallel edges become one link with a set of kinds for each direction. Identities that only carry grants are counted,
//! not drawn: every function has one, and the picture is about events. Above [`MOST_ITEMS`] nodes a group is drawn in
//! the place of its members: one per stack and kind while those are few, else one per stack, else one per folder.

use super::words;
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

struct Builder<'g> {
    graph: &'g Graph,
    scene: Scene,
    groups: HashMap<Str, usize>,
    links: HashMap<(usize, usize), usize>,
}

/// More links than this between whole stacks and the outside hide those between the stacks.
const MOST_OUTWARD: usize = 24;
/// Lines of evidence that a link keeps.
const MOST_LINES: usize = 12;

impl<'g> Builder<'g> {
    fn new(graph: &'g Graph, level: Level) -> Self {
        let mut kinds = BTreeMap::new();
        for node in graph.nodes() {
            *kinds.entry(node.kind).or_insert(0) += 1;
        }
        let scene = Scene {
            level,
            items: Vec::new(),
            links: Vec::new(),
            groups: Vec::new(),
            hidden_identities: graph.nodes().len(),
            nodes: graph.nodes().len(),
            edges: graph.edges().len(),
            kinds,
            anonymous: graph.nodes().iter().filter(|n| n.exposure == Exposure::Anonymous).count(),
            hidden_links: 0,
        };
        Self { graph, scene, groups: HashMap::new(), links: HashMap::new() }
    }

    fn item(&mut self, sources: &Sources, members: &[usize]) {
        let nodes: Vec<&Node> = members.iter().filter_map(|i| self.graph.node(*i)).collect();
        let (Some(first), Some(index)) = (nodes.first().copied(), members.first().copied()) else { return };
        self.scene.hidden_identities -= nodes.len();
        let exposure = nodes.iter().map(|n| n.exposure).max().unwrap_or_default();
        let lane = match first.kind {
            _ if matches!(self.scene.level, Level::Stacks | Level::Folders) && !is_outside(first) => {
                Lane::Stack
            }
            NodeKind::Api => Lane::Edge,
            NodeKind::Function | NodeKind::Workflow => Lane::Compute,
            NodeKind::Bus | NodeKind::Rule | NodeKind::Queue | NodeKind::Topic | NodeKind::Stream => {
                Lane::Bus
            }
            NodeKind::Store | NodeKind::Secret | NodeKind::Log | NodeKind::Artifact | NodeKind::Schema => {
                Lane::Data
            }
            NodeKind::Identity => Lane::Identity,
            NodeKind::External if only_sends(self.graph, index) => Lane::Internet,
            NodeKind::External => Lane::Outside,
        };
        let group = (lane != Lane::Stack && !first.stack.is_empty()).then(|| {
            *self.groups.entry(first.stack.clone()).or_insert_with(|| {
                self.scene.groups.push(first.stack.clone());
                self.scene.groups.len() - 1
            })
        });
        let one = nodes.len() == 1 && self.scene.level == Level::Nodes;
        let (name, detail, glyph) = match self.scene.level {
            _ if one => {
                let detail = words::short_type(&first.ty, &first.service, first.kind);
                (words::short_name(&first.name), detail, Glyph::Kind(first.kind))
            }
            Level::Nodes | Level::Kinds => {
                let name = words::count(nodes.len(), first.kind.word());
                (name, names(&nodes), Glyph::Kind(first.kind))
            }
            _ if is_outside(first) => {
                (words::count(nodes.len(), "external"), names(&nodes), Glyph::Kind(first.kind))
            }
            Level::Stacks => (words::stack_name(&first.stack).to_owned(), contents(&nodes, 2), Glyph::Stack),
            Level::Folders => {
                let stacks = nodes.iter().map(|n| &n.stack).collect::<std::collections::BTreeSet<_>>();
                let name = first.stack.split('/').next().unwrap_or_default();
                let name = if stacks.len() == 1 {
                    first.stack.to_string()
                } else {
                    format!("{name}… ({} stacks)", stacks.len())
                };
                (name, contents(&nodes, 2), Glyph::Stack)
            }
        };
        let tip =
            if one { node_tip(sources, first) } else { format!("{name}\n{}", contents(&nodes, usize::MAX)) };
        let id = if one { first.id.clone() } else { format!("{}/{}", first.stack, first.kind.word()).into() };
        self.scene.items.push(Item {
            id,
            name,
            detail,
            tip,
            glyph,
            lane,
            group,
            exposure,
            count: nodes.len(),
        });
    }

    fn links(&mut self, item_of: &[Option<usize>]) {
        let item = |node: usize| item_of.get(node).copied().flatten();
        // Grants tell nothing as lines unless identities are all there is.
        let only_identities = self.scene.items.iter().all(|i| i.lane == Lane::Identity);
        for edge in self.graph.edges() {
            if edge.kind == EdgeKind::Grants && !only_identities {
                continue;
            }
            let (Some(from), Some(to)) = (item(edge.from), item(edge.to)) else { continue };
            if from == to && self.scene.level != Level::Nodes {
                continue;
            }
            let link = self.link(from, to);
            if from <= to {
                link.forward.insert(edge.kind);
            } else {
                link.backward.insert(edge.kind);
            }
            link.count += 1;
            if link.count <= MOST_LINES {
                if !link.tip.is_empty() {
                    link.tip.push('\n');
                }
                link.tip.push_str(edge.kind.word());
                if !edge.evidence.is_empty() {
                    link.tip.push_str(": ");
                    link.tip.push_str(&edge.evidence);
                }
            }
        }
    }

    fn link(&mut self, from: usize, to: usize) -> &mut Link {
        let (a, b) = (from.min(to), from.max(to));
        let next = self.scene.links.len();
        let index = *self.links.entry((a, b)).or_insert(next);
        if index == next {
            let link = Link {
                a,
                b,
                forward: Kinds::default(),
                backward: Kinds::default(),
                entry: None,
                count: 0,
                tip: String::new(),
            };
            self.scene.links.push(link);
        }
        // INVARIANT: the map only holds indices of links that were pushed.
        let last = self.scene.links.len() - 1;
        #[expect(
            clippy::indexing_slicing,
            reason = "at least one link was pushed, and `min` keeps to the last"
        )]
        &mut self.scene.links[index.min(last)]
    }

    /// Adds the Internet, with a link to everything that strangers reach.
    fn internet(&mut self) {
        let open: Vec<(usize, Exposure)> = self
            .scene
            .items
            .iter()
            .enumerate()
            .filter(|(_, i)| i.exposure >= Exposure::Authenticated && i.lane != Lane::Internet)
            .map(|(index, i)| (index, i.exposure))
            .collect();
        if open.is_empty() {
            return;
        }
        let known = |i: &Item| i.lane == Lane::Internet && i.name.eq_ignore_ascii_case("internet");
        let internet = match self.scene.items.iter().position(known) {
            Some(index) => index,
            None => {
                self.scene.items.push(Item {
                    id: "internet".into(),
                    name: "Internet".into(),
                    detail: "anyone".into(),
                    tip: "Everybody who can reach a public address".into(),
                    glyph: Glyph::Internet,
                    lane: Lane::Internet,
                    group: None,
                    exposure: Exposure::Internal,
                    count: 0,
                });
                self.scene.items.len() - 1
            }
        };
        if let Some(item) = self.scene.items.get_mut(internet) {
            item.glyph = Glyph::Internet;
        }
        for (target, exposure) in open {
            let link = self.link(internet, target);
            link.entry = Some(exposure);
            let tip = match exposure {
                Exposure::Anonymous => "open to anyone",
                _ => "open to anyone who can log in",
            };
            link.tip = if link.tip.is_empty() { tip.into() } else { format!("{tip}\n{}", link.tip) };
            if internet <= target {
                link.forward.insert(EdgeKind::Triggers);
            } else {
                link.backward.insert(EdgeKind::Triggers);
            }
        }
    }
}

impl Builder<'_> {
    /// Leaves out what whole stacks share with everybody: the Internet and other people's services. Badges and captions
    /// still tell of them.
    fn thin(&mut self) {
        if !matches!(self.scene.level, Level::Stacks | Level::Folders) {
            return;
        }
        let stacks: Vec<bool> = self.scene.items.iter().map(|i| i.lane == Lane::Stack).collect();
        let is_stack = |i: usize| stacks.get(i).copied().unwrap_or(false);
        let outward = self.scene.links.iter().filter(|l| !is_stack(l.a) || !is_stack(l.b)).count();
        if outward <= MOST_OUTWARD {
            return;
        }
        self.scene.hidden_links = outward;
        let mut next = 0;
        let renumbered: Vec<usize> = stacks
            .iter()
            .map(|is_stack| {
                next += usize::from(*is_stack);
                next.saturating_sub(1)
            })
            .collect();
        let number = |i: usize| renumbered.get(i).copied().unwrap_or(0);
        self.scene.links.retain(|l| is_stack(l.a) && is_stack(l.b));
        for link in &mut self.scene.links {
            (link.a, link.b) = (number(link.a), number(link.b));
        }
        self.scene.items.retain(|i| i.lane == Lane::Stack);
    }
}

/// Everything that is known of a node, a line each.
fn node_tip(sources: &Sources, node: &Node) -> String {
    let mut out = format!("{}\n{} {}", node.name, node.kind.word(), node.ty);
    if node.exposure != Exposure::Internal {
        out.push_str(&format!("\nexposure: {}", node.exposure.word()));
    }
    if let Some(span) = node.span {
        let location = sources.location(span);
        if !location.file.is_empty() {
            out.push_str(&format!("\n{}:{}", location.file, location.line));
        }
    }
    out
}

fn names(nodes: &[&Node]) -> String {
    nodes.iter().take(6).map(|n| words::short_name(&n.name)).collect::<Vec<_>>().join(", ")
}

/// `12 functions, 3 queues`, most first, and a sign for the rest.
fn contents(nodes: &[&Node], most: usize) -> String {
    let mut kinds: BTreeMap<NodeKind, usize> = BTreeMap::new();
    for node in nodes {
        *kinds.entry(node.kind).or_default() += 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(kind, n)| (std::cmp::Reverse(*n), *kind));
    let shown: Vec<String> = kinds.iter().take(most).map(|(kind, n)| words::count(*n, kind.word())).collect();
    if kinds.len() > most { format!("{}, …", shown.join(", ")) } else { shown.join(", ") }
}
