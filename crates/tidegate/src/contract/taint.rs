//! How far from an entry that a stranger reaches.

use std::collections::VecDeque;
use tidegate_graph::{Exposure, Graph};

/// Hops of every node from the nearest entry along data edges.
#[derive(Debug, Default)]
pub(super) struct Taint(Vec<Option<u32>>);

impl Taint {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut hops: Vec<Option<u32>> = vec![None; graph.nodes().len()];
        let mut queue = VecDeque::new();
        for (index, (node, hop)) in graph.nodes().iter().zip(&mut hops).enumerate() {
            if node.exposure >= Exposure::Authenticated {
                *hop = Some(0);
                queue.push_back(index);
            }
        }
        while let Some(at) = queue.pop_front() {
            let next = hops.get(at).copied().flatten().unwrap_or_default().saturating_add(1);
            for edge in graph.outgoing(at).filter(|e| e.kind.is_data()) {
                if let Some(hop @ None) = hops.get_mut(edge.to) {
                    *hop = Some(next);
                    queue.push_back(edge.to);
                }
            }
        }
        Self(hops)
    }

    /// Hops to a node itself, if it can be reached.
    pub(super) fn of_node(&self, node: usize) -> Option<u32> {
        self.0.get(node).copied().flatten()
    }
}
