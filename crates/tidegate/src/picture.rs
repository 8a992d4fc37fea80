//! The event graph as something to look at: one scene, many formats.
//!
//! [`scene`] decides what is worth drawing, [`layout`] where it stands; the formats only write it down.

mod dot;
mod json;
mod layout;
mod mermaid;
#[cfg(test)]
mod samples;
mod scene;
mod svg;
mod text;
mod words;

use scene::Scene;
use tidegate_graph::{Graph, System};

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// An overview for a terminal.
    Text,
    /// Everything, for other tools.
    Json,
    /// The picture.
    Svg,
    /// A flowchart for Markdown.
    Mermaid,
    /// For Graphviz.
    Dot,
}

/// How to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// JSON: every resource after expansion too.
    pub(crate) resources: bool,
    /// Text: columns of the terminal.
    pub(crate) width: usize,
    /// Text: ANSI colours.
    pub(crate) color: bool,
}

/// The graph of a system in a format.
pub(crate) fn render(format: Format, system: &System, graph: &Graph, view: &View) -> String {
    match format {
        Format::Text => text::render(system, graph, view),
        Format::Json => json::render(system, graph, view),
        Format::Svg => svg::render(system, &Scene::new(&system.sources, graph)),
        Format::Mermaid => mermaid::render(&Scene::new(&system.sources, graph)),
        Format::Dot => dot::render(graph),
    }
}
