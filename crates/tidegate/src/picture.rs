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

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes pictures of the samples to the folder that the environment names, to be looked at.
    #[test]
    #[ignore = "for eyes"]
    fn pictures_to_look_at() {
        let Some(folder) = std::env::var_os("TIDEGATE_PICTURES") else { return };
        let folder = std::path::PathBuf::from(folder);
        let system = samples::system();
        for (name, graph) in [
            ("orders", samples::orders()),
            ("many-40", samples::many(40, 20)),
            ("many-150", samples::many(150, 25)),
            ("many-300", samples::many(300, 25)),
            ("one-300", samples::many(300, 300)),
            ("many-1000", samples::many(1000, 25)),
            ("many-20000", samples::many(20_000, 25)),
        ] {
            let view = View { resources: false, width: 100, color: false };
            for (format, extension) in
                [(Format::Svg, "svg"), (Format::Mermaid, "mmd"), (Format::Dot, "dot"), (Format::Text, "txt")]
            {
                let start = std::time::Instant::now();
                let text = render(format, &system, &graph, &view);
                println!("{name}.{extension}: {} bytes in {:?}", text.len(), start.elapsed());
                std::fs::write(folder.join(format!("{name}.{extension}")), text).unwrap();
            }
        }
        let systems = std::env::var("TIDEGATE_SYSTEMS").unwrap_or_default();
        for path in systems.split(':').filter(|p| !p.is_empty()) {
            let path = std::path::Path::new(path);
            let system = tidegate_read::read(path, &tidegate_read::Options::default());
            let graph = tidegate_read::link(&system);
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let view = View { resources: false, width: 100, color: false };
            for (format, extension) in [(Format::Svg, "svg"), (Format::Mermaid, "mmd"), (Format::Text, "txt")]
            {
                let text = render(format, &system, &graph, &view);
                println!("{name}.{extension}: {} nodes, {} edges", graph.nodes().len(), graph.edges().len());
                std::fs::write(folder.join(format!("{name}.{extension}")), text).unwrap();
            }
        }
    }
}
