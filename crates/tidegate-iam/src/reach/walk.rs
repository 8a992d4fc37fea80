//! One search: from an identity along all steps.
//!
//! A step either leads somewhere or raises an identity. Who is raised counts once it is also reached, in whichever order
//! that comes about.

use super::edges::To;
use super::node::{Node, Raise};
use super::{Found, Hop, Reach, Target};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What a search found.
pub(super) struct Walk {
    start: usize,
    certain: bool,
    seen: Vec<Seen>,
    known: HashSet<Node>,
    by_who: HashMap<usize, Vec<usize>>,
    raises: HashMap<usize, Vec<(Raise, Step)>>,
    raised: HashSet<(usize, Raise)>,
    resources: BTreeMap<usize, Step>,
    all: Option<Step>,
}

struct Seen {
    node: Node,
    how: How,
    depth: usize,
}

#[derive(Clone, Copy)]
enum How {
    Start,
    By(Step),
    /// The identity as it was, and who raised it.
    Raised(usize, Step),
}

/// A step of somebody seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    from: usize,
    edge: usize,
}

impl Walk {
    pub(super) fn new(reach: &Reach<'_>, start: usize, certain: bool) -> Self {
        let mut walk = Self {
            start,
            certain,
            seen: Vec::new(),
            known: HashSet::new(),
            by_who: HashMap::new(),
            raises: HashMap::new(),
            raised: HashSet::new(),
            resources: BTreeMap::new(),
            all: None,
        };
        walk.push(Node::new(start), How::Start, 0, reach.options.max_hops);
        let mut next = 0;
        while let Some(seen) = walk.seen.get(next) {
            let (node, depth) = (seen.node, seen.depth);
            walk.visit(reach, next, node, depth);
            next += 1;
            // Who can do everything is the end of every search.
            if walk.all.is_some() {
                break;
            }
        }
        walk
    }

    fn visit(&mut self, reach: &Reach<'_>, from: usize, node: Node, depth: usize) {
        if depth >= reach.options.max_hops {
            return;
        }
        let limit = reach.options.max_hops;
        for (edge, step) in reach.steps(node).iter().enumerate() {
            if self.certain && !step.certain {
                continue;
            }
            let by = Step { from, edge };
            match step.to {
                To::All => self.all = Some(by),
                To::Resource(index) => _ = self.resources.entry(index).or_insert(by),
                To::Identity(who) => self.push(Node::new(who), How::By(by), depth + 1, limit),
                To::Raise(who, raise) => {
                    if self.raised.insert((who, raise)) {
                        self.raises.entry(who).or_default().push((raise, by));
                        for base in self.by_who.get(&who).cloned().unwrap_or_default() {
                            self.raise(base, raise, by, limit);
                        }
                    }
                }
            }
        }
    }

    fn raise(&mut self, base: usize, raise: Raise, by: Step, limit: usize) {
        let (Some(own), Some(other)) = (self.seen.get(base), self.seen.get(by.from)) else { return };
        if let Some(node) = own.node.raised(raise) {
            let depth = own.depth.max(other.depth) + 1;
            self.push(node, How::Raised(base, by), depth, limit);
        }
    }

    fn push(&mut self, node: Node, how: How, depth: usize, limit: usize) {
        if depth > limit || !self.known.insert(node) {
            return;
        }
        let at = self.seen.len();
        self.seen.push(Seen { node, how, depth });
        self.by_who.entry(node.who).or_default().push(at);
        for (raise, by) in self.raises.get(&node.who).cloned().unwrap_or_default() {
            self.raise(at, raise, by, limit);
        }
    }

    pub(super) fn has_all(&self) -> bool {
        self.all.is_some()
    }

    pub(super) fn targets(&self) -> BTreeSet<Target> {
        let mut out: BTreeSet<Target> = self.resources.keys().map(|index| Target::Resource(*index)).collect();
        out.extend(self.by_who.keys().filter(|who| **who != self.start).map(|who| Target::Identity(*who)));
        out.extend(self.all.map(|_| Target::Everything));
        out
    }

    /// Whatever was found, with the ways, in a fixed order.
    pub(super) fn found(&self, reach: &Reach<'_>) -> Vec<Found> {
        self.targets().into_iter().filter_map(|to| self.found_at(reach, to)).collect()
    }

    /// One target, or the way to everything instead.
    pub(super) fn found_at(&self, reach: &Reach<'_>, to: Target) -> Option<Found> {
        let mut steps = BTreeSet::new();
        let last = match to {
            Target::Everything => self.all,
            Target::Resource(index) => self.resources.get(&index).copied().or(self.all),
            Target::Identity(who) => {
                match self.by_who.get(&who).and_then(|all| all.first()).and_then(|at| self.seen.get(*at)) {
                    Some(Seen { how: How::By(step), .. }) => Some(*step),
                    _ => self.all,
                }
            }
        }?;
        self.collect(last, &mut steps);
        // Whoever takes a step was seen before those that it leads to.
        let hops: Vec<Hop> = steps
            .into_iter()
            .filter(|step| *step != last)
            .chain([last])
            .filter_map(|step| {
                let node = self.seen.get(step.from)?.node;
                reach.hop(node, reach.steps(node).get(step.edge)?)
            })
            .collect();
        let certain = hops.iter().all(|hop| hop.certain);
        (!hops.is_empty()).then_some(Found { to, via: hops, certain })
    }

    /// A step and all that it takes to get there.
    fn collect(&self, step: Step, out: &mut BTreeSet<Step>) {
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            if !out.insert(step) {
                continue;
            }
            let mut at = Some(step.from);
            while let Some(seen) = at.and_then(|at| self.seen.get(at)) {
                match seen.how {
                    How::Start => break,
                    How::By(step) => {
                        open.push(step);
                        break;
                    }
                    How::Raised(base, by) => {
                        open.push(by);
                        at = Some(base);
                    }
                }
            }
        }
    }
}
