//! Puts a scene together: items first, then the links between them, then the Internet.

use super::{Glyph, Item, Kinds, Lane, Level, Link, Scene, is_outside, only_sends};
use crate::picture::words;
use std::collections::{BTreeMap, HashMap};
use tidegate_graph::{EdgeKind, Exposure, Graph, Node, NodeKind, Sources, Str};

pub(super) struct Builder<'g> {
    graph: &'g Graph,
    pub(super) scene: Scene,
    groups: HashMap<Str, usize>,
    links: HashMap<(usize, usize), usize>,
}

/// More links than this between whole stacks and the outside hide those between the stacks.
const MOST_OUTWARD: usize = 12;
/// Lines of evidence that a link keeps.
const MOST_LINES: usize = 12;

impl<'g> Builder<'g> {
    pub(super) fn new(graph: &'g Graph, level: Level) -> Self {
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

    pub(super) fn item(&mut self, sources: &Sources, members: &[usize]) {
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

    pub(super) fn links(&mut self, item_of: &[Option<usize>]) {
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
    pub(super) fn internet(&mut self) {
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
    pub(super) fn thin(&mut self) {
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

/// The first names, and a sign for the rest.
fn names(nodes: &[&Node]) -> String {
    const MOST: usize = 2;
    let shown: Vec<String> = nodes.iter().take(MOST).map(|n| words::short_name(&n.name)).collect();
    if nodes.len() > MOST { format!("{}, …", shown.join(", ")) } else { shown.join(", ") }
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
