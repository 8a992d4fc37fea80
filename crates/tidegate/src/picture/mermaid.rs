//! The picture as a Mermaid flowchart, for Markdown: the same scene as the SVG, a subgraph for each stack.

use super::scene::{Glyph, Item, Kinds, Lane, Scene};
use super::words;
use std::fmt::Write;
use tidegate_graph::{EdgeKind, Exposure, NodeKind};

/// The flowchart.
pub(super) fn render(scene: &Scene) -> String {
    let mut out = String::from("flowchart LR\n");
    for (index, item) in scene.items.iter().enumerate().filter(|(_, i)| i.group.is_none()) {
        node(&mut out, "  ", index, item);
    }
    for (group, name) in scene.groups.iter().enumerate() {
        let _ = writeln!(out, "  subgraph s{group}[\"{}\"]", label(name));
        for (index, item) in scene.items.iter().enumerate().filter(|(_, i)| i.group == Some(group)) {
            node(&mut out, "    ", index, item);
        }
        out.push_str("  end\n");
    }
    for link in &scene.links {
        match link.entry {
            Some(Exposure::Anonymous) => edge(&mut out, link.a, link.b, "==>", "anyone", link.forward),
            Some(_) => edge(&mut out, link.a, link.b, "-.->", "after log-in", link.forward),
            None => {
                for (from, to, kinds) in [(link.a, link.b, link.forward), (link.b, link.a, link.backward)] {
                    if let Some(arrow) = arrow(kinds) {
                        let say = kinds.iter().map(words::verb).collect::<Vec<_>>().join(", ");
                        let _ = writeln!(out, "  n{from} {arrow}|{say}| n{to}");
                    }
                }
            }
        }
    }
    classes(&mut out, scene);
    out
}

/// A link of the Internet, away from it.
fn edge(out: &mut String, a: usize, b: usize, arrow: &str, words: &str, forward: Kinds) {
    let (from, to) = if forward.contains(EdgeKind::Triggers) { (a, b) } else { (b, a) };
    let _ = writeln!(out, "  n{from} {arrow}|{words}| n{to}");
}

fn arrow(kinds: Kinds) -> Option<&'static str> {
    match kinds {
        kinds if kinds.is_empty() => None,
        kinds
            if [EdgeKind::Triggers, EdgeKind::Publishes, EdgeKind::Invokes]
                .iter()
                .any(|k| kinds.contains(*k)) =>
        {
            Some("-->")
        }
        _ => Some("-.->"),
    }
}

fn node(out: &mut String, indent: &str, index: usize, item: &Item) {
    let (open, close) = match item.glyph {
        Glyph::Internet => ("((", "))"),
        Glyph::Stack => ("[[", "]]"),
        Glyph::Kind(kind) => match kind {
            NodeKind::Function => ("(", ")"),
            NodeKind::Workflow => ("[[", "]]"),
            NodeKind::Api => ("{{", "}}"),
            NodeKind::Store | NodeKind::Log | NodeKind::Secret => ("[(", ")]"),
            NodeKind::Queue | NodeKind::Topic | NodeKind::Stream | NodeKind::Bus => ("([", "])"),
            NodeKind::Rule => ("{", "}"),
            NodeKind::External => (">", "]"),
            _ => ("[", "]"),
        },
    };
    let _ =
        writeln!(out, "{indent}n{index}{open}\"{}<br/>{}\"{close}", label(&item.name), label(&item.detail));
}

/// Colours that read on light and on dark; only for lanes that occur.
fn classes(out: &mut String, scene: &Scene) {
    let lanes = [
        (Lane::Internet, "internet", "#c81e3a"),
        (Lane::Edge, "edge", "#6d3fd4"),
        (Lane::Compute, "compute", "#c95a0a"),
        (Lane::Bus, "bus", "#b3256f"),
        (Lane::Data, "data", "#1f5fc0"),
        (Lane::Identity, "who", "#0f766e"),
    ];
    for (lane, class, color) in lanes {
        let members: Vec<String> = scene
            .items
            .iter()
            .enumerate()
            .filter(|(_, i)| i.lane == lane)
            .map(|(i, _)| format!("n{i}"))
            .collect();
        if !members.is_empty() {
            let _ = writeln!(
                out,
                "  classDef {class} stroke:{color},stroke-width:2px;\n  class {} {class};",
                members.join(",")
            );
        }
    }
}

/// Text within quotes: Mermaid's own entity codes for everything that could end them or start markup.
fn label(text: &str) -> String {
    let text = words::clip(text, 120);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric()
                || matches!(
                    c,
                    ' ' | '-' | '_' | '.' | ',' | '/' | ':' | '…' | '(' | ')' | '$' | '+' | '*' | '='
                ) =>
            {
                out.push(c);
            }
            '\n' | '\t' => out.push(' '),
            c if c.is_control() => {}
            c => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::picture::samples::{self, Sample};
    use crate::picture::scene::Scene;
    use tidegate_graph::{Exposure, NodeKind, Sources};

    #[test]
    fn an_order_system() {
        insta::assert_snapshot!(super::render(&Scene::new(&Sources::default(), &samples::orders())));
    }

    #[test]
    fn hostile_names_stay_labels() {
        let name = "a\"]; click n0 href \"javascript:x\"\n%% <b>#quot;";
        let graph =
            Sample::default().stack(name).exposed(NodeKind::Api, name, name, Exposure::Anonymous).graph;
        let text = super::render(&Scene::new(&Sources::default(), &graph));
        let inner: String = text.lines().filter(|l| l.contains("click")).collect();
        assert!(!text.lines().any(|l| l.trim_start().starts_with("click")), "{text}");
        assert!(!inner.contains("<b>") && !inner.contains("%%"), "{text}");
        for line in text.lines().filter(|l| l.contains('"')) {
            assert_eq!(line.matches('"').count(), 2, "{line}");
        }
    }
}
