//! The graph for a terminal.

use super::View;
use tidegate_graph::{Graph, System};

/// An overview.
pub(super) fn render(system: &System, graph: &Graph, view: &View) -> String {
    let _ = (system, graph, view);
    String::new()
}
