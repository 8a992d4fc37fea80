//! The graph for Graphviz: every node and edge, a cluster for each stack.

use super::words;
use std::collections::BTreeMap;
use std::fmt::Write;
use tidegate_graph::{EdgeKind, Exposure, Graph, Node, NodeKind};

/// The digraph.
pub(super) fn render(graph: &Graph) -> String {
    let mut out = String::from(
        "digraph tidegate {\n  rankdir=LR;\n  graph [fontname=\"Helvetica\", style=rounded, color=\"#aab6c9\"];\n  \
         node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n  edge [fontname=\"Helvetica\", fontsize=9];\n",
    );
    let mut stacks: BTreeMap<&str, Vec<(usize, &Node)>> = BTreeMap::new();
    for (index, node) in graph.nodes().iter().enumerate() {
        stacks.entry(node.stack.as_str()).or_default().push((index, node));
    }
    for (cluster, (stack, nodes)) in stacks.iter().enumerate() {
        let indent = if stack.is_empty() { "  " } else { "    " };
        if !stack.is_empty() {
            let _ = writeln!(out, "  subgraph cluster_{cluster} {{\n    label={};", quoted(stack));
        }
        for (index, node) in nodes {
            let label = format!("{}\n{}", words::short_name(&node.name), node.kind.word());
            let open = match node.exposure {
                Exposure::Anonymous => ", color=\"#c81e3a\", penwidth=2, xlabel=\"anonymous\"".to_owned(),
                exposure if exposure > Exposure::Account => format!(", xlabel=\"{}\"", exposure.word()),
                _ => String::new(),
            };
            let _ = writeln!(
                out,
                "{indent}n{index} [label={}, shape={}, tooltip={}{open}];",
                quoted(&label),
                shape(node.kind),
                quoted(&format!("{} {}", node.id, node.ty))
            );
        }
        if !stack.is_empty() {
            out.push_str("  }\n");
        }
    }
    for edge in graph.edges() {
        let _ = writeln!(
            out,
            "  n{} -> n{} [label=\"{}\", style={}, tooltip={}];",
            edge.from,
            edge.to,
            words::verb(edge.kind),
            style(edge.kind),
            quoted(&edge.evidence)
        );
    }
    out.push_str("}\n");
    out
}

fn shape(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Store | NodeKind::Log => "cylinder",
        NodeKind::Api => "hexagon",
        NodeKind::Queue | NodeKind::Stream => "cds",
        NodeKind::Bus | NodeKind::Topic => "ellipse",
        NodeKind::Rule => "diamond",
        NodeKind::Workflow => "component",
        NodeKind::Artifact => "box3d",
        NodeKind::Schema => "note",
        NodeKind::Secret => "octagon",
        NodeKind::Identity => "house",
        NodeKind::External => "tab",
        NodeKind::Function => "box",
    }
}

fn style(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Triggers => "bold",
        EdgeKind::Publishes | EdgeKind::Invokes | EdgeKind::Writes => "solid",
        EdgeKind::Reads | EdgeKind::Egress => "dashed",
        EdgeKind::Assumes | EdgeKind::Grants | EdgeKind::Trusts | EdgeKind::Passes => "dotted",
    }
}

/// A DOT string: backslashes and quotes escaped, line breaks as `\n`.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use crate::picture::samples::{self, Sample};
    use tidegate_graph::{Exposure, NodeKind};

    #[test]
    fn an_order_system() {
        insta::assert_snapshot!(super::render(&samples::orders()));
    }

    #[test]
    fn quotes_and_backslashes_do_not_end_a_label() {
        let graph =
            Sample::default().stack("s\"").exposed(NodeKind::Api, "t\\", "n\"\\", Exposure::Anonymous).graph;
        let dot = super::render(&graph);
        assert!(dot.contains(r#"label="s\"""#) && dot.contains(r#"n\"\\"#), "{dot}");
    }
}
