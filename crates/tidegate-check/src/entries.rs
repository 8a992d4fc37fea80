//! How strangers' requests travel: from the entries of the system along the edges that start code.

use std::collections::VecDeque;
use tidegate_graph::{EdgeKind, Exposure, Graph, NodeKind};

/// The way from an entry to each node that its requests start, as far as there is one.
#[derive(Debug)]
pub(crate) struct Entries {
    /// The node before; an entry is before itself.
    before: Vec<Option<usize>>,
}

impl Entries {
    pub(crate) fn new(graph: &Graph) -> Self {
        let mut before: Vec<Option<usize>> = vec![None; graph.nodes().len()];
        let mut todo = VecDeque::new();
        for (n, node) in graph.nodes().iter().enumerate() {
            // What strangers may read is no entry; what they may send to is.
            let takes_events = matches!(
                node.kind,
                NodeKind::Api
                    | NodeKind::Function
                    | NodeKind::Bus
                    | NodeKind::Queue
                    | NodeKind::Topic
                    | NodeKind::Workflow
            );
            if takes_events && node.exposure >= Exposure::Authenticated {
                todo.extend(before.get_mut(n).map(|at| {
                    *at = Some(n);
                    n
                }));
            }
        }
        while let Some(from) = todo.pop_front() {
            // The shards of a stream bound how many functions run at once.
            if graph.node(from).is_some_and(|n| matches!(n.kind, NodeKind::Stream | NodeKind::Store)) {
                continue;
            }
            for edge in graph.outgoing(from) {
                let starts =
                    matches!(edge.kind, EdgeKind::Triggers | EdgeKind::Publishes | EdgeKind::Invokes);
                if let Some(at @ None) = before.get_mut(edge.to).filter(|_| starts) {
                    *at = Some(from);
                    todo.push_back(edge.to);
                }
            }
        }
        Self { before }
    }

    /// Nodes from an entry to this one, both included; `None` when no stranger's request gets there.
    pub(crate) fn way_to(&self, node: usize) -> Option<Vec<usize>> {
        let mut way = vec![node];
        let mut at = node;
        loop {
            let before = self.before.get(at).copied().flatten()?;
            if before == at {
                way.reverse();
                return Some(way);
            }
            way.push(before);
            at = before;
        }
    }
}
