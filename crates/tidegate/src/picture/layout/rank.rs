//! Which column an item stands in.
//!
//! A column is a lane and a depth. Going from left to right an item stands behind everything its events come from, in the
//! nearest column of its own lane; lanes that a flow comes back to are opened again: `edge, compute, bus, compute, data`.

use super::at;
use crate::picture::scene::{Glyph, Kinds, Lane, Scene};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use tidegate_graph::{EdgeKind, NodeKind};

/// The columns of a scene.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    /// Column of each item.
    pub(super) column: Vec<usize>,
    /// Lane of each column.
    pub(super) lanes: Vec<Lane>,
    /// True for the columns at the margins, whose items stand outside of every boundary.
    pub(super) margin: Vec<bool>,
    /// For dead-letter queues, the item that they stand under.
    pub(super) under: Vec<Option<usize>>,
}

/// Lane segments in the order of the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    #[default]
    Before,
    /// Numbered through: [`PERIOD`] lanes, then the same lanes again.
    Flow(usize),
    /// Stores that start nothing.
    Sinks,
    Identities,
    After,
}

const PERIOD: usize = 5;

/// Place of a lane within a period: what usually starts something stands left of what is started.
fn slot(lane: Lane) -> usize {
    match lane {
        Lane::Internet | Lane::Edge => 0,
        Lane::Data => 1,
        Lane::Bus | Lane::BusAndData => 2,
        Lane::Compute | Lane::Stack => 3,
        Lane::Identity | Lane::Outside => 4,
    }
}

type Key = (Segment, usize);

/// Finds the columns.
pub(super) fn rank(scene: &Scene) -> Ranks {
    let mut flow = Flow::new(scene);
    flow.zone();
    flow.break_cycles();
    let mut keys = flow.keys();
    flow.pull(&mut keys);
    let under = flow.dead_ends(&mut keys);
    let loose: Vec<bool> = (0..scene.items.len()).map(|i| at(&flow.degree, i) == 0).collect();
    spread(scene, &loose, &mut keys);

    let distinct: Vec<Key> = keys.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let place: BTreeMap<Key, usize> = distinct.iter().enumerate().map(|(i, k)| (*k, i)).collect();
    let raw: Vec<usize> = keys.iter().map(|k| place.get(k).copied().unwrap_or(0)).collect();
    let mut lanes = vec![Lane::Compute; distinct.len()];
    for (item, column) in scene.items.iter().zip(&raw) {
        set(&mut lanes, *column, item.lane);
    }
    let (merged, lanes) = merge(&flow.pairs, &raw, &lanes);
    let column: Vec<usize> = raw.iter().map(|c| at(&merged, *c)).collect();
    let mut margin = vec![false; lanes.len()];
    for ((segment, _), column) in distinct.iter().zip(&merged) {
        set(&mut margin, *column, matches!(segment, Segment::Before | Segment::After));
    }
    Ranks { column, lanes, margin, under }
}

/// Up to this many columns each lane has its own; a longer picture is worth a shared one.
const WIDE: usize = 7;

/// Joins neighbouring columns of stores and of what carries events where no link runs between them. Returns the new
/// column of each old one, and the lanes of the new ones.
fn merge(pairs: &[(usize, usize)], column: &[usize], lanes: &[Lane]) -> (Vec<usize>, Vec<Lane>) {
    let linked: HashSet<(usize, usize)> =
        pairs.iter().map(|(a, b)| (at(column, *a), at(column, *b))).collect();
    let joins = |lane: Lane| matches!(lane, Lane::Data | Lane::Bus | Lane::BusAndData);
    let mut merged = Vec::with_capacity(lanes.len());
    let mut out: Vec<Lane> = Vec::new();
    // First old column of the newest new one.
    let mut first = 0;
    for (index, lane) in lanes.iter().enumerate() {
        let apart = (first..index).any(|c| linked.contains(&(c, index)) || linked.contains(&(index, c)));
        match out.last_mut() {
            Some(last) if lanes.len() > WIDE && joins(*last) && joins(*lane) && *last != *lane && !apart => {
                *last = Lane::BusAndData;
            }
            _ => {
                out.push(*lane);
                first = index;
            }
        }
        merged.push(out.len() - 1);
    }
    (merged, out)
}

struct Flow<'s> {
    scene: &'s Scene,
    /// Links as directed pairs, left to right.
    pairs: Vec<(usize, usize)>,
    /// `Flow(0)` for the middle.
    zone: Vec<Segment>,
    degree: Vec<usize>,
}

impl<'s> Flow<'s> {
    fn new(scene: &'s Scene) -> Self {
        let lane = |i: usize| scene.items.get(i).map_or(Lane::Compute, |i| i.lane);
        let mut degree = vec![0; scene.items.len()];
        let mut pairs = Vec::new();
        for link in &scene.links {
            for end in [link.a, link.b] {
                if let Some(d) = degree.get_mut(end) {
                    *d += 1;
                }
            }
            if link.a == link.b {
                continue;
            }
            let right = strength(link.forward, lane(link.a)).max(pull(link.backward, lane(link.b)));
            let left = strength(link.backward, lane(link.b)).max(pull(link.forward, lane(link.a)));
            // Of two that invoke each other the workflow comes first: it says what happens.
            let is_workflow =
                |i: usize| scene.items.get(i).is_some_and(|i| i.glyph == Glyph::Kind(NodeKind::Workflow));
            let turn = left > right || (left == right && is_workflow(link.b) && !is_workflow(link.a));
            pairs.push(if turn { (link.b, link.a) } else { (link.a, link.b) });
        }
        Self { scene, pairs, zone: vec![Segment::Flow(0); scene.items.len()], degree }
    }

    /// Items whose place is fixed, and pairs turned so that they respect it.
    fn zone(&mut self) {
        let lane = |i: usize| self.scene.items.get(i).map_or(Lane::Compute, |i| i.lane);
        let mut inner = vec![false; self.zone.len()];
        let mut source = vec![false; self.zone.len()];
        let mark = |list: &mut Vec<bool>, i: usize| {
            if let Some(m) = list.get_mut(i) {
                *m = true;
            }
        };
        for (from, to) in &self.pairs {
            if lane(*from) == Lane::Outside && lane(*to) == Lane::Outside {
                mark(&mut inner, *from);
                mark(&mut inner, *to);
            }
            if !matches!(lane(*to), Lane::Identity | Lane::Outside) {
                mark(&mut source, *from);
            }
        }
        for (index, item) in self.scene.items.iter().enumerate() {
            let zone = match item.lane {
                Lane::Internet => Segment::Before,
                Lane::Data if !at(&source, index) => Segment::Sinks,
                Lane::Identity => Segment::Identities,
                Lane::Outside if !at(&inner, index) && item.group.is_none() => Segment::After,
                _ => Segment::Flow(0),
            };
            if let Some(slot) = self.zone.get_mut(index) {
                *slot = zone;
            }
        }
        for pair in &mut self.pairs {
            if at(&self.zone, pair.0) > at(&self.zone, pair.1) {
                *pair = (pair.1, pair.0);
            }
        }
    }

    fn outgoing(&self) -> Vec<Vec<(usize, usize)>> {
        let mut out = vec![Vec::new(); self.zone.len()];
        for (index, (from, to)) in self.pairs.iter().enumerate() {
            if let Some(list) = out.get_mut(*from) {
                list.push((*to, index));
            }
        }
        out
    }

    fn indegrees(&self) -> Vec<usize> {
        let mut out = vec![0; self.zone.len()];
        for (_, to) in &self.pairs {
            if let Some(n) = out.get_mut(*to) {
                *n += 1;
            }
        }
        out
    }

    /// Turns the pairs that close a circle, as a walk from the sources meets them.
    fn break_cycles(&mut self) {
        let outgoing = self.outgoing();
        let indegree = self.indegrees();
        let mut roots: Vec<usize> = (0..self.zone.len()).collect();
        roots.sort_by_key(|i| {
            let lane = self.scene.items.get(*i).map_or(Lane::Compute, |i| i.lane);
            (at(&self.zone, *i), at(&indegree, *i) != 0, slot(lane), *i)
        });
        // 0 not met, 1 on the way, 2 done.
        let mut state = vec![0_u8; self.zone.len()];
        let mut turn = Vec::new();
        for root in roots {
            let mut stack = vec![(root, 0_usize)];
            if at(&state, root) != 0 {
                continue;
            }
            set(&mut state, root, 1);
            while let Some((node, next)) = stack.pop() {
                let Some((to, pair)) = outgoing.get(node).and_then(|list| list.get(next)).copied() else {
                    set(&mut state, node, 2);
                    continue;
                };
                stack.push((node, next + 1));
                match at(&state, to) {
                    0 => {
                        set(&mut state, to, 1);
                        stack.push((to, 0));
                    }
                    1 => turn.push(pair),
                    _ => {}
                }
            }
        }
        for index in turn {
            if let Some(pair) = self.pairs.get_mut(index) {
                *pair = (pair.1, pair.0);
            }
        }
    }

    /// Longest paths, in columns of the own lane.
    fn keys(&self) -> Vec<Key> {
        let outgoing = self.outgoing();
        let mut waiting = self.indegrees();
        let mut keys: Vec<Key> = vec![Key::default(); self.zone.len()];
        let mut least: Vec<Option<Key>> = vec![None; self.zone.len()];
        let mut ready: VecDeque<usize> = (0..self.zone.len()).filter(|i| at(&waiting, *i) == 0).collect();
        while let Some(node) = ready.pop_front() {
            let before = least.get(node).copied().flatten();
            let lane = self.scene.items.get(node).map_or(Lane::Compute, |i| i.lane);
            let segment = match at(&self.zone, node) {
                Segment::Flow(_) => {
                    let from = match before {
                        Some((Segment::Flow(n), _)) => n,
                        _ => 0,
                    };
                    Segment::Flow(from + (slot(lane) + PERIOD - from % PERIOD) % PERIOD)
                }
                fixed => fixed,
            };
            let sub = match before {
                Some((s, sub)) if s == segment && !matches!(segment, Segment::Before | Segment::After) => {
                    sub + 1
                }
                _ => 0,
            };
            set(&mut keys, node, (segment, sub));
            for (to, _) in outgoing.get(node).into_iter().flatten() {
                if let Some(slot) = least.get_mut(*to) {
                    *slot = (*slot).max(Some((segment, sub)));
                }
                if let Some(n) = waiting.get_mut(*to) {
                    *n -= 1;
                    if *n == 0 {
                        ready.push_back(*to);
                    }
                }
            }
        }
        keys
    }

    /// Puts queues that nothing takes from, and only one other item of their lane fills, under that item: dead-letter
    /// queues aren't worth a column.
    fn dead_ends(&self, keys: &mut [Key]) -> Vec<Option<usize>> {
        let mut under = vec![None; self.zone.len()];
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        let outgoing = self.outgoing();
        for (from, to) in &self.pairs {
            let (Some(host), Some(item)) = (self.scene.items.get(*from), self.scene.items.get(*to)) else {
                continue;
            };
            let is_end = item.glyph == Glyph::Kind(NodeKind::Queue) && at(&self.degree, *to) == 1;
            let has_other_way =
                host.glyph == Glyph::Kind(NodeKind::Queue) || outgoing.get(*from).map_or(0, Vec::len) > 1;
            if !is_end || !has_other_way || host.lane != item.lane || host.group != item.group {
                continue;
            }
            let turn = taken.entry(*from).or_default();
            if *turn < MOST_UNDER
                && let Some(key) = keys.get(*from).copied()
            {
                *turn += 1;
                set(keys, *to, key);
                set(&mut under, *to, Some(*from));
            }
        }
        under
    }

    /// Moves sources next to what they start.
    fn pull(&self, keys: &mut [Key]) {
        let mut last_sub: BTreeMap<Segment, usize> = BTreeMap::new();
        for (segment, sub) in keys.iter() {
            let last = last_sub.entry(*segment).or_default();
            *last = (*last).max(*sub);
        }
        let outgoing = self.outgoing();
        let indegree = self.indegrees();
        for (node, item) in self.scene.items.iter().enumerate() {
            // What takes requests stays at the left, where a reader looks for it.
            if at(&indegree, node) != 0
                || item.lane == Lane::Edge
                || !matches!(at(&self.zone, node), Segment::Flow(_))
            {
                continue;
            }
            let targets = outgoing.get(node).into_iter().flatten();
            let Some((Segment::Flow(n), sub)) = targets.filter_map(|(to, _)| keys.get(*to).copied()).min()
            else {
                continue;
            };
            let Some(mut segment) = n.checked_sub((n + PERIOD - slot(item.lane)) % PERIOD) else { continue };
            let mut key = (Segment::Flow(n), sub.saturating_sub(1));
            if segment == n && sub == 0 {
                let Some(before) = n.checked_sub(PERIOD) else { continue };
                segment = before;
            }
            if segment != n {
                key = (Segment::Flow(segment), last_sub.get(&Segment::Flow(segment)).copied().unwrap_or(0));
            }
            if keys.get(node).is_some_and(|k| *k < key) {
                set(keys, node, key);
            }
        }
    }
}

/// Dead ends that stand under one item.
const MOST_UNDER: usize = 2;

/// How strongly edges of these kinds want to run to the right.
fn strength(kinds: Kinds, from: Lane) -> u8 {
    let one = |kind| match kind {
        EdgeKind::Triggers => 9,
        EdgeKind::Publishes => 8,
        EdgeKind::Invokes => 7,
        EdgeKind::Writes => 6,
        EdgeKind::Reads if from == Lane::Bus => 6,
        EdgeKind::Egress => 5,
        EdgeKind::Reads => 0,
        EdgeKind::Assumes => 4,
        EdgeKind::Passes => 3,
        EdgeKind::Trusts => 2,
        EdgeKind::Grants => 2,
    };
    kinds.iter().map(one).max().unwrap_or(0)
}

/// How strongly they want to run to the left: who reads a store stands before it.
fn pull(kinds: Kinds, from: Lane) -> u8 {
    if kinds.contains(EdgeKind::Reads) && from != Lane::Bus { 4 } else { 0 }
}

/// Distributes the items without links over the columns of their lane, and over new ones when they are many.
fn spread(scene: &Scene, loose: &[bool], keys: &mut [Key]) {
    let mut lanes: BTreeMap<Lane, Vec<usize>> = BTreeMap::new();
    for (index, item) in scene.items.iter().enumerate().filter(|(i, _)| at(loose, *i)) {
        lanes.entry(item.lane).or_default().push(index);
    }
    // Boxes by group and column.
    let mut load: BTreeMap<(Option<usize>, Key), usize> = BTreeMap::new();
    for ((index, item), key) in scene.items.iter().enumerate().zip(keys.iter()) {
        if !at(loose, index) {
            *load.entry((item.group, *key)).or_default() += 1;
        }
    }
    for (lane, items) in lanes {
        if matches!(lane, Lane::Internet | Lane::Outside) {
            continue;
        }
        let mut per_group: BTreeMap<Option<usize>, usize> = BTreeMap::new();
        for item in items.iter().filter_map(|i| scene.items.get(*i)) {
            *per_group.entry(item.group).or_default() += 1;
        }
        let most = per_group.values().copied().max().unwrap_or(0);
        let wanted = ((most as f64 / 2.5).sqrt().ceil() as usize).clamp(1, 6);
        let taken = scene.items.iter().enumerate().filter(|(i, item)| item.lane == lane && !at(loose, *i));
        let mut columns: BTreeSet<Key> = taken.filter_map(|(i, _)| keys.get(i).copied()).collect();
        let home = items.first().and_then(|i| keys.get(*i)).copied().unwrap_or_default();
        let (segment, mut sub) = columns.last().map_or((home.0, 0), |(segment, sub)| (*segment, sub + 1));
        while columns.len() < wanted {
            columns.insert((segment, sub));
            sub += 1;
        }
        for index in items {
            let group = scene.items.get(index).and_then(|i| i.group);
            let emptiest = columns.iter().min_by_key(|key| load.get(&(group, **key)).copied().unwrap_or(0));
            if let Some(key) = emptiest {
                set(keys, index, *key);
                *load.entry((group, *key)).or_default() += 1;
            }
        }
    }
}

fn set<T>(list: &mut [T], index: usize, value: T) {
    if let Some(slot) = list.get_mut(index) {
        *slot = value;
    }
}
