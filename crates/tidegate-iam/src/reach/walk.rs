//! One search: from an identity along all steps.
//!
//! A step either leads somewhere or raises an identity. Who is raised counts once it is also reached, in whichever order
//! that comes about.

use super::edges::To;
use super::node::{Node, Raise};
use super::{Found, Hop, Reach, Target};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What a search found.
pub(super) struct Walk {
    start: usize,
    certain: bool,
    seen: Vec<Seen>,
    /// Position of an identity as it is, by index.
    base: Vec<Option<usize>>,
    /// The same for identities that were raised.
    known: HashSet<Node>,
    higher: HashMap<usize, Vec<usize>>,
    raises: HashMap<usize, Vec<(Raise, Step)>>,
    raised: HashSet<(usize, Raise)>,
    resources: Vec<Option<Step>>,
    foreign: Vec<Option<Step>>,
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
            base: vec![None; reach.world.account.identities.len()],
            known: HashSet::new(),
            higher: HashMap::new(),
            raises: HashMap::new(),
            raised: HashSet::new(),
            resources: vec![None; if reach.options.data { reach.world.account.resources.len() } else { 0 }],
            foreign: vec![None; reach.foreign().len()],
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
        for (edge, (to, certain)) in reach.steps(node).links.iter().enumerate() {
            if self.certain && !certain {
                continue;
            }
            let by = Step { from, edge };
            match *to {
                To::All => self.all = Some(by),
                To::Resource(index) => {
                    if let Some(slot) = self.resources.get_mut(index) {
                        slot.get_or_insert(by);
                    }
                }
                To::Foreign(index) => {
                    if let Some(slot) = self.foreign.get_mut(index) {
                        slot.get_or_insert(by);
                    }
                }
                To::Identity(who) if self.base.get(who).is_some_and(Option::is_some) => {}
                To::Identity(who) => self.push(Node::new(who), How::By(by), depth + 1, limit),
                To::Raise(who, raise) => {
                    if self.raised.insert((who, raise)) {
                        self.raises.entry(who).or_default().push((raise, by));
                        for base in self.of(who) {
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
        let at = self.seen.len();
        if depth > limit {
            return;
        }
        if node == Node::new(node.who) {
            match self.base.get_mut(node.who) {
                Some(slot) if slot.is_none() => *slot = Some(at),
                _ => return,
            }
        } else {
            if !self.known.insert(node) {
                return;
            }
            self.higher.entry(node.who).or_default().push(at);
        }
        self.seen.push(Seen { node, how, depth });
        if self.raises.is_empty() {
            return;
        }
        for (raise, by) in self.raises.get(&node.who).cloned().unwrap_or_default() {
            self.raise(at, raise, by, limit);
        }
    }

    /// Where an identity was seen, as it is and raised.
    fn of(&self, who: usize) -> Vec<usize> {
        let base = self.base.get(who).copied().flatten();
        base.into_iter().chain(self.higher.get(&who).into_iter().flatten().copied()).collect()
    }

    pub(super) fn has_all(&self) -> bool {
        self.all.is_some()
    }

    pub(super) fn targets(&self) -> BTreeSet<Target> {
        let seen = self.base.iter().enumerate().filter(|(who, at)| at.is_some() && *who != self.start);
        let touched = self.resources.iter().enumerate().filter(|(_, step)| step.is_some());
        let all = self.all.map(|_| Target::Everything).into_iter();
        let identities = seen.map(|(who, _)| Target::Identity(who));
        let abroad = self.foreign.iter().enumerate().filter(|(_, step)| step.is_some());
        let abroad = abroad.map(|(index, _)| Target::Foreign(index));
        all.chain(identities).chain(touched.map(|(index, _)| Target::Resource(index))).chain(abroad).collect()
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
            Target::Resource(index) => self.resources.get(index).copied().flatten().or(self.all),
            // Everything in the account is nothing in another one.
            Target::Foreign(index) => self.foreign.get(index).copied().flatten(),
            Target::Identity(who) => {
                match self.base.get(who).copied().flatten().and_then(|at| self.seen.get(at)) {
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
                reach.hop(node, reach.steps(node).edges.get(step.edge)?)
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
