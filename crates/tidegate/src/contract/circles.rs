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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tidegate_graph::{Edge, Exposure, Node, NodeKind};

    fn graph(nodes: usize, edges: &[(usize, usize, EdgeKind)]) -> Graph {
        let mut graph = Graph::new();
        for n in 0..nodes {
            graph.add_node(Node {
                id: n.to_string().into(),
                kind: NodeKind::Function,
                ty: "AWS::Lambda::Function".into(),
                service: "lambda".into(),
                name: n.to_string().into(),
                stack: "s".into(),
                exposure: Exposure::Internal,
                span: None,
            });
        }
        for (from, to, kind) in edges.iter().copied() {
            graph.add_edge(Edge { from, to, kind, evidence: String::new(), span: None });
        }
        graph
    }

    fn runs(graph: &Graph, hops: u64, sends: u64) -> Vec<u64> {
        let one = Load { runs: 1, ..Load::default() };
        Circles::of(graph).loads(graph, |_| hops, |_| (one, sends)).iter().map(|l| l.runs).collect()
    }

    #[test]
    fn what_fans_out_is_multiplied_and_what_comes_together_counts_twice() {
        let go = EdgeKind::Triggers;
        let diamond = graph(5, &[(0, 1, go), (0, 2, go), (1, 3, go), (2, 3, go), (3, 4, EdgeKind::Reads)]);
        assert_eq!(runs(&diamond, 16, 1), [5, 2, 2, 1, 1]);
        assert_eq!(runs(&diamond, 16, 10), [1 + 2 * 10 * 11, 11, 11, 1, 1]);
        let round = graph(3, &[(0, 1, go), (1, 0, go), (1, 2, go)]);
        assert_eq!(runs(&round, 16, 1), [16 * 3, 16 * 3, 1]);
        assert_eq!(runs(&graph(1, &[(0, 0, go)]), 16, 1), [16], "a function may start itself");
    }

    #[test]
    fn a_long_chain_is_no_deep_recursion_and_no_number_overflows() {
        let length = 200_000;
        let edges: Vec<_> = (1..length).map(|n| (n - 1, n, EdgeKind::Invokes)).collect();
        let chain = graph(length, &edges);
        assert_eq!(runs(&chain, 1, 1)[0], length as u64);
        assert_eq!(runs(&chain, 1, 3)[0], u64::MAX);
        assert!(!Circles::of(&chain).closes(0, 1));
    }

    proptest! {
        /// Against reachability by trying.
        #[test]
        fn a_circle_is_who_reaches_each_other(
            edges in proptest::collection::vec((0_usize..9, 0_usize..9, any::<bool>()), 0..24),
        ) {
            let kind = |counts| if counts { EdgeKind::Publishes } else { EdgeKind::Reads };
            let edges: Vec<_> = edges.into_iter().map(|(a, b, counts)| (a, b, kind(counts))).collect();
            let graph = graph(9, &edges);
            let circles = Circles::of(&graph);
            let mut reach = [[false; 9]; 9];
            (0..9).for_each(|n| reach[n][n] = true);
            for _ in 0..9 {
                for (a, b, kind) in &edges {
                    if goes_on(*kind) {
                        (0..9).for_each(|from| reach[from][*b] |= reach[from][*a]);
                    }
                }
            }
            for (a, row) in reach.iter().enumerate() {
                for (b, there) in row.iter().enumerate() {
                    prop_assert_eq!(circles.closes(a, b), *there && reach[b][a], "{} {}", a, b);
                }
            }
        }
    }
}
