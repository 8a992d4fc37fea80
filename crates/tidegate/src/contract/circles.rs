//! Circles in which events go round, and what one event sets off.

use tidegate_graph::{EdgeKind, Graph};

/// Edges along which an event goes on by itself; who reads a store isn't started by it.
fn goes_on(kind: EdgeKind) -> bool {
    matches!(kind, EdgeKind::Triggers | EdgeKind::Publishes | EdgeKind::Writes | EdgeKind::Invokes)
}

/// Nodes by the circle that they belong to; each node is in one, most in one of their own.
#[derive(Debug, Default)]
pub(super) struct Circles {
    of: Vec<usize>,
    /// Members of each, such that whatever a circle leads to comes before it.
    members: Vec<Vec<usize>>,
}

/// What an event that arrives sets off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) runs: u64,
    pub(super) nano_usd: u64,
    /// Runs of functions of which it isn't known what they cost.
    pub(super) unknown: u64,
}

impl Load {
    fn add(&mut self, other: Self, times: u64) {
        self.runs = self.runs.saturating_add(other.runs.saturating_mul(times));
        self.nano_usd = self.nano_usd.saturating_add(other.nano_usd.saturating_mul(times));
        self.unknown = self.unknown.saturating_add(other.unknown.saturating_mul(times));
    }
}

impl Circles {
    /// Tarjan's algorithm, with a stack of its own so that a long chain can't exhaust the program's.
    pub(super) fn of(graph: &Graph) -> Self {
        const NEW: usize = usize::MAX;
        let count = graph.nodes().len();
        let next: Vec<Vec<usize>> = (0..count)
            .map(|node| graph.outgoing(node).filter(|e| goes_on(e.kind)).map(|e| e.to).collect())
            .collect();
        let mut out = Self { of: vec![NEW; count], members: Vec::new() };
        let (mut number, mut low) = (vec![NEW; count], vec![NEW; count]);
        let (mut open, mut calls, mut counter) = (Vec::new(), Vec::new(), 0);
        for root in 0..count {
            if number.get(root).is_none_or(|n| *n != NEW) {
                continue;
            }
            calls.push((root, 0));
            while let Some((node, at)) = calls.pop() {
                if at == 0 {
                    set(&mut number, node, counter);
                    set(&mut low, node, counter);
                    counter += 1;
                    open.push(node);
                }
                match next.get(node).and_then(|n| n.get(at)).copied() {
                    Some(to) => {
                        calls.push((node, at + 1));
                        if at_of(&number, to) == NEW {
                            calls.push((to, 0));
                        } else if at_of(&out.of, to) == NEW {
                            let least = at_of(&low, node).min(at_of(&number, to));
                            set(&mut low, node, least);
                        }
                    }
                    None => {
                        if at_of(&low, node) == at_of(&number, node) {
                            let from = open.iter().rposition(|n| *n == node).unwrap_or_default();
                            let members = open.split_off(from);
                            members.iter().for_each(|m| set(&mut out.of, *m, out.members.len()));
                            out.members.push(members);
                        }
                        if let Some((caller, _)) = calls.last() {
                            let least = at_of(&low, *caller).min(at_of(&low, node));
                            set(&mut low, *caller, least);
                        }
                    }
                }
            }
        }
        out
    }

    /// Whether what leaves `to` can come back to it over `from`.
    pub(super) fn closes(&self, from: usize, to: usize) -> bool {
        self.of.get(from).is_some_and(|circle| Some(circle) == self.of.get(to))
    }

    /// What an event that arrives at each node sets off. `own` says what the node itself does with one, and how many it
    /// sends to each of the places it sends to. In a circle an event goes round `hops` times.
    pub(super) fn loads(
        &self,
        graph: &Graph,
        hops: impl Fn(usize) -> u64,
        own: impl Fn(usize) -> (Load, u64),
    ) -> Vec<Load> {
        let mut loads = vec![Load::default(); self.of.len()];
        for (circle, members) in self.members.iter().enumerate() {
            let mut whole = Load::default();
            let mut round = false;
            for member in members {
                let (load, sends) = own(*member);
                whole.add(load, 1);
                for edge in graph.outgoing(*member).filter(|e| goes_on(e.kind)) {
                    if self.of.get(edge.to) == Some(&circle) {
                        round = true;
                    } else {
                        whole.add(loads.get(edge.to).copied().unwrap_or_default(), sends);
                    }
                }
            }
            if round {
                let times = members.iter().map(|m| hops(*m)).max().unwrap_or(1).max(1);
                let once = std::mem::take(&mut whole);
                whole.add(once, times);
            }
            for member in members {
                if let Some(load) = loads.get_mut(*member) {
                    *load = whole;
                }
            }
        }
        loads
    }
}

fn at_of(list: &[usize], index: usize) -> usize {
    list.get(index).copied().unwrap_or(usize::MAX)
}

fn set(list: &mut [usize], index: usize, value: usize) {
    if let Some(place) = list.get_mut(index) {
        *place = value;
    }
}
