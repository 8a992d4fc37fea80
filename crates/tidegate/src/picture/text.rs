//! The graph for a terminal: who gets in, where events go from there, what is stored, what isn't known.

mod paint;

use super::View;
use super::words;
use paint::{Paint, Tone};
use std::collections::{BTreeMap, BTreeSet};
use tidegate_graph::{EdgeKind, Exposure, Graph, Node, NodeKind, System};

/// Lines of one flow, and of all flows together: a terminal isn't a file.
const MOST_LINES: usize = 40;
const MOST_FLOW_LINES: usize = 160;
/// Hops from an entry.
const MOST_HOPS: usize = 16;
/// Rows of a list.
const MOST_ROWS: usize = 24;

/// An overview.
pub(super) fn render(system: &System, graph: &Graph, view: &View) -> String {
    let mut page = Page { system, graph, paint: Paint::new(view), out: String::new() };
    page.summary();
    page.entries();
    page.flows();
    page.stores();
    page.problems();
    page.out
}

struct Page<'g> {
    system: &'g System,
    graph: &'g Graph,
    paint: Paint,
    out: String,
}

/// A line of a flow before it is written.
struct Step {
    node: usize,
    /// What leads here, from the reader's point of view.
    verb: &'static str,
    /// Which of the branches above go on below this line.
    rails: Vec<bool>,
}

impl Page<'_> {
    fn summary(&mut self) {
        let mut kinds: BTreeMap<NodeKind, usize> = BTreeMap::new();
        for node in self.graph.nodes() {
            *kinds.entry(node.kind).or_default() += 1;
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(kind, n)| (std::cmp::Reverse(*n), *kind));
        let stacks: BTreeSet<&str> =
            self.graph.nodes().iter().map(|n| n.stack.as_str()).filter(|s| !s.is_empty()).collect();
        let title = match (stacks.len(), stacks.first()) {
            (1, Some(name)) => (*name).to_owned(),
            (n, _) => words::count(n, "stack"),
        };
        let nodes = words::count(self.graph.nodes().len(), "node");
        let edges = words::count(self.graph.edges().len(), "edge");
        self.line(&[(Tone::Strong, title.as_str()), (Tone::Soft, &format!("  {nodes}, {edges}"))]);
        let counts: Vec<String> = kinds.iter().map(|(kind, n)| words::count(*n, kind.word())).collect();
        for line in self.paint.wrap(&counts.join(" · ")) {
            self.line(&[(Tone::Soft, &line)]);
        }
    }

    /// Nodes that can be reached from outside of the account, the most exposed first.
    fn entries(&mut self) {
        let mut open: Vec<&Node> =
            self.graph.nodes().iter().filter(|n| n.exposure > Exposure::Account).collect();
        open.sort_by_key(|n| std::cmp::Reverse(n.exposure));
        self.heading("Entries");
        if open.is_empty() {
            self.line(&[(Tone::Soft, "  nothing that was read can be reached from outside of the account")]);
        }
        let name_width = open
            .iter()
            .take(MOST_ROWS)
            .map(|n| words::short_name(&n.name).chars().count())
            .max()
            .unwrap_or(0)
            .min(40);
        for node in open.iter().take(MOST_ROWS) {
            let tone = if node.exposure == Exposure::Anonymous { Tone::Alarm } else { Tone::Warn };
            let mark = if node.exposure == Exposure::Anonymous { "!" } else { "·" };
            let exposure = format!("  {mark} {:<15}", node.exposure.word());
            let name =
                format!("{:<name_width$}  ", words::clip(&words::short_name(&node.name), name_width.max(1)));
            let place = self.place(node);
            self.line(&[
                (tone, &exposure),
                (Tone::Strong, &name),
                (Tone::Plain, &format!("{:<9}", node.kind.word())),
                (Tone::Soft, &place),
            ]);
        }
        self.more(open.len(), MOST_ROWS, "entries");
    }

    fn place(&self, node: &Node) -> String {
        let location = node.span.map(|s| self.system.sources.location(s)).unwrap_or_default();
        if location.file.is_empty() { String::new() } else { format!("{}:{}", location.file, location.line) }
    }

    /// Trees of where events go, from every node at which they come in.
    fn flows(&mut self) {
        let mut roots: Vec<usize> = (0..self.graph.nodes().len()).filter(|i| self.is_root(*i)).collect();
        let exposure = |i: &usize| self.graph.node(*i).map_or(Exposure::Internal, |n| n.exposure);
        roots.sort_by_key(|i| std::cmp::Reverse(exposure(i)));
        let mut told = vec![false; self.graph.nodes().len()];
        let mut written = 0;
        let mut left_out = 0;
        let mut trees: Vec<Vec<Step>> = Vec::new();
        for root in roots.iter().copied().chain(0..self.graph.nodes().len()) {
            // The second part of the list finds flows that go in circles and have no beginning.
            let starts = self
                .steps(root)
                .iter()
                .any(|(_, verb)| matches!(*verb, "triggers" | "publishes" | "invokes"));
            if told.get(root).copied().unwrap_or(true) || !(starts || self.is_root(root)) {
                continue;
            }
            if written >= MOST_FLOW_LINES {
                left_out += usize::from(self.is_root(root));
                continue;
            }
            let tree = self.tree(root, &mut told);
            written += tree.len().min(MOST_LINES + 1);
            trees.push(tree);
        }
        if trees.is_empty() {
            return;
        }
        self.heading("Flows");
        for tree in &trees {
            for step in tree.iter().take(MOST_LINES) {
                self.step(step);
            }
            self.more(tree.len(), MOST_LINES, "steps");
        }
        if left_out > 0 {
            self.line(&[(
                Tone::Soft,
                &format!("  … {left_out} more flows: `--format json` or `--format svg` has all of them"),
            )]);
        }
    }

    /// True where events come in: nothing else of the system starts it, and it starts something.
    fn is_root(&self, index: usize) -> bool {
        let Some(node) = self.graph.node(index) else { return false };
        let starts = |k: EdgeKind| matches!(k, EdgeKind::Triggers | EdgeKind::Publishes | EdgeKind::Invokes);
        let comes = self.graph.incoming(index).any(|e| starts(e.kind) && e.from != index)
            || (node.kind == NodeKind::Store
                && self.graph.incoming(index).any(|e| e.kind == EdgeKind::Writes));
        let goes = self.graph.outgoing(index).any(|e| e.kind.is_data() && e.kind != EdgeKind::Reads)
            || self.graph.incoming(index).any(|e| e.kind == EdgeKind::Reads);
        goes && node.kind != NodeKind::Identity
            && (!comes || (node.kind == NodeKind::Api && node.exposure > Exposure::Account))
    }

    /// What a node does next, and what it takes from where.
    fn steps(&self, index: usize) -> Vec<(usize, &'static str)> {
        let mut out: Vec<(usize, &'static str)> = Vec::new();
        let outgoing = self.graph.outgoing(index).filter(|e| e.kind.is_data() && e.kind != EdgeKind::Reads);
        out.extend(outgoing.map(|e| (e.to, e.kind.word())));
        out.extend(
            self.graph.incoming(index).filter(|e| e.kind == EdgeKind::Reads).map(|e| (e.from, "reads")),
        );
        // One line for a pair: what is read and written is both.
        let mut lines: Vec<(usize, &'static str)> = Vec::new();
        let mut at: BTreeMap<usize, usize> = BTreeMap::new();
        for (node, verb) in out {
            match at.get(&node).and_then(|i| lines.get_mut(*i)) {
                Some(line) => {
                    line.1 = match (line.1, verb) {
                        ("writes", "reads") | ("reads", "writes") => "reads and writes",
                        (first, _) => first,
                    }
                }
                None => {
                    at.insert(node, lines.len());
                    lines.push((node, verb));
                }
            }
        }
        // Data at rest first: it is one line each, and what follows is a flow of its own.
        lines.sort_by_key(|(_, verb)| !matches!(*verb, "reads" | "writes" | "reads and writes" | "egress"));
        lines
    }

    fn tree(&self, root: usize, told: &mut [bool]) -> Vec<Step> {
        let mut out = Vec::new();
        let mut todo = vec![Step { node: root, verb: "", rails: Vec::new() }];
        while let Some(step) = todo.pop() {
            let again = told.get(step.node).copied().unwrap_or(false);
            let reads = step.verb == "reads";
            if !again && !reads && step.rails.len() < MOST_HOPS {
                if let Some(flag) = told.get_mut(step.node) {
                    *flag = true;
                }
                let next = self.steps(step.node);
                let last = next.len().saturating_sub(1);
                for (place, (node, verb)) in next.into_iter().enumerate().rev() {
                    let mut rails = step.rails.clone();
                    rails.push(place != last);
                    todo.push(Step { node, verb, rails });
                }
            }
            out.push(step);
            if out.len() > MOST_LINES * 25 {
                break;
            }
        }
        out
    }

    fn step(&mut self, step: &Step) {
        let Some(node) = self.graph.node(step.node) else { return };
        let mut lead = String::from("  ");
        if let Some((last, above)) = step.rails.split_last() {
            for goes_on in above {
                lead.push_str(if *goes_on { "│  " } else { "   " });
            }
            lead.push_str(if *last { "├─ " } else { "└─ " });
        }
        let verb = if step.verb.is_empty() { String::new() } else { format!("{} ", step.verb) };
        let kind = format!("  {}", node.kind.word());
        let open = match node.exposure {
            Exposure::Anonymous => "  open to anyone".to_owned(),
            exposure if exposure > Exposure::Account => format!("  {}", exposure.word()),
            _ => String::new(),
        };
        let tone = if node.exposure == Exposure::Anonymous { Tone::Alarm } else { Tone::Warn };
        self.line(&[
            (Tone::Soft, &lead),
            (Tone::Soft, &verb),
            (Tone::Strong, &node.name),
            (Tone::Soft, &kind),
            (tone, &open),
        ]);
    }

    /// Who writes and who reads each store.
    fn stores(&mut self) {
        let name = |i: usize| self.graph.node(i).map(|n| words::short_name(&n.name)).unwrap_or_default();
        let list = |names: BTreeSet<String>| {
            let shown: Vec<String> = names.iter().take(4).cloned().collect();
            let more = names.len().saturating_sub(4);
            if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
        };
        let stores = self
            .graph
            .nodes()
            .iter()
            .enumerate()
            .filter(|(_, n)| matches!(n.kind, NodeKind::Store | NodeKind::Secret));
        let mut rows: Vec<(String, String)> = Vec::new();
        for (index, node) in stores {
            let writers: BTreeSet<String> = self
                .graph
                .incoming(index)
                .filter(|e| e.kind == EdgeKind::Writes)
                .map(|e| name(e.from))
                .collect();
            let readers: BTreeSet<String> =
                self.graph.outgoing(index).filter(|e| e.kind.is_data()).map(|e| name(e.to)).collect();
            let uses: [(&str, BTreeSet<String>); 3] = [
                ("read and written by", readers.intersection(&writers).cloned().collect()),
                ("written by", writers.difference(&readers).cloned().collect()),
                ("read by", readers.difference(&writers).cloned().collect()),
            ];
            let told = uses.into_iter().filter(|(_, who)| !who.is_empty());
            let mut parts: Vec<String> = told.map(|(verb, who)| format!("{verb} {}", list(who))).collect();
            if parts.is_empty() {
                parts.push("nothing that was read uses it".to_owned());
            }
            rows.push((format!("{} {}", words::short_name(&node.name), node.kind.word()), parts.join("; ")));
        }
        if rows.is_empty() {
            return;
        }
        self.heading("Stores");
        let width = rows.iter().take(MOST_ROWS).map(|(n, _)| n.chars().count()).max().unwrap_or(0).min(36);
        for (name, use_of_it) in rows.iter().take(MOST_ROWS) {
            self.line(&[
                (Tone::Plain, &format!("  {:<width$}  ", words::clip(name, width))),
                (Tone::Soft, use_of_it),
            ]);
        }
        self.more(rows.len(), MOST_ROWS, "stores");
    }

    /// What isn't known ends the page, so that it is seen.
    fn problems(&mut self) {
        let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
        for (symbol, _) in self.system.unknown_values() {
            *unknown.entry(format!("{}, {}", symbol.name, symbol.why.phrase())).or_default() += 1;
        }
        if !unknown.is_empty() {
            let total = unknown.values().sum();
            self.heading("Unknown");
            self.line(&[(
                Tone::Warn,
                &format!(
                    "  {} not known before deployment: edges may be missing",
                    words::count(total, "value")
                ),
            )]);
            let mut rows: Vec<_> = unknown.into_iter().collect();
            rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            for (name, times) in rows.iter().take(8) {
                let times = if *times > 1 { format!(" ({times} times)") } else { String::new() };
                self.line(&[(Tone::Soft, &format!("  {name}{times}"))]);
            }
            self.more(rows.len(), 8, "unknown names");
        }
        if self.system.problems.is_empty() {
            return;
        }
        self.heading("Problems");
        for problem in self.system.problems.iter().take(MOST_ROWS) {
            let place = match problem.span.map(|s| self.system.sources.location(s)) {
                Some(location) => format!("{}:{}:{}", location.file, location.line, location.column),
                None => problem.path.as_deref().unwrap_or_default().to_owned(),
            };
            self.line(&[(Tone::Strong, &format!("  {place}  ")), (Tone::Warn, &problem.message)]);
        }
        self.more(self.system.problems.len(), MOST_ROWS, "problems");
    }

    fn more(&mut self, all: usize, shown: usize, what: &str) {
        if all > shown {
            self.line(&[(Tone::Soft, &format!("  … {} more {what}", all - shown))]);
        }
    }

    fn heading(&mut self, text: &str) {
        self.out.push('\n');
        self.line(&[(Tone::Heading, text)]);
    }

    fn line(&mut self, parts: &[(Tone, &str)]) {
        self.paint.line(&mut self.out, parts);
    }
}

#[cfg(test)]
mod tests {
    use crate::picture::{View, samples};
    use tidegate_graph::{EdgeKind, Exposure, Graph, NodeKind, System};

    fn show(graph: &Graph, width: usize) -> String {
        super::render(&System::default(), graph, &View { resources: false, width, color: false })
    }

    #[test]
    fn an_order_system_reads_from_its_entry_on() {
        insta::assert_snapshot!(show(&samples::orders(), 90));
    }

    #[test]
    fn circles_end() {
        let graph = samples::Sample::default()
            .stack("s")
            .node(NodeKind::Function, "AWS::Lambda::Function", "Loop")
            .node(NodeKind::Queue, "AWS::SQS::Queue", "Again")
            .edge("Loop", EdgeKind::Publishes, "Again")
            .edge("Again", EdgeKind::Triggers, "Loop")
            .graph;
        let text = show(&graph, 80);
        assert_eq!(text.matches("publishes Again").count(), 1, "{text}");
        assert_eq!(text.matches("triggers Loop").count(), 1, "{text}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_names_bring_no_codes() {
        let name = format!("\u{1b}[31m\u{202e}{}", "long".repeat(60));
        let graph = samples::Sample::default()
            .stack("s")
            .exposed(NodeKind::Api, "AWS::X::Y", &name, Exposure::Anonymous)
            .graph;
        let text = show(&graph, 60);
        assert!(text.lines().all(|l| l.chars().count() <= 60), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }

    #[test]
    fn problems_are_told() {
        let text = super::render(
            &samples::system(),
            &Graph::new(),
            &View { resources: false, width: 80, color: true },
        );
        assert!(text.contains("broken.yaml") && text.contains("not well-formed"), "{text}");
    }

    #[test]
    fn a_large_graph_stays_on_a_page() {
        assert!(show(&samples::many(5_000, 25), 100).lines().count() < 320);
    }
}
