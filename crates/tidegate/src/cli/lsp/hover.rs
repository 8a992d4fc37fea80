//! What is shown about a finding when somebody points at it.

use super::analysis::{Analysis, Mark};
use super::paths;
use super::protocol::{HoverParams, Range};
use crate::output::page::body;
use serde_json::{Value, json};
use tidegate_graph::Finding;

/// The findings at a place, each with the page of its rule; null where there are none.
pub(super) fn at(analysis: &Analysis, params: &HoverParams, markdown: bool) -> Value {
    // Who points at one line wants to read one page, or a few.
    const MOST: usize = 4;
    let Some(path) = paths::path(&params.text_document.uri) else { return Value::Null };
    let here = Range { start: params.position, end: params.position };
    let marks = analysis.marks.get(&path).map(Vec::as_slice).unwrap_or_default();
    let marks: Vec<&Mark> = marks.iter().filter(|mark| mark.range.touches(&here)).collect();
    let Some(first) = marks.first() else { return Value::Null };
    let parts: Vec<String> = marks
        .iter()
        .take(MOST)
        .filter_map(|mark| {
            let finding = analysis.projects.get(mark.project)?.open.get(mark.finding)?;
            Some(about(finding))
        })
        .collect();
    let more = match marks.len() {
        n if n > MOST => format!("\n\n---\n\nand {} more", n - MOST),
        _ => String::new(),
    };
    let value = format!("{}{more}", parts.join("\n\n---\n\n"));
    let kind = if markdown { "markdown" } else { "plaintext" };
    json!({"contents": {"kind": kind, "value": value}, "range": first.range})
}

fn about(finding: &Finding) -> String {
    let mut out = format!(
        "### {}\n\n`{}` · {} · confidence {}\n\n{}",
        finding.title,
        finding.rule,
        finding.severity.word(),
        finding.confidence.word(),
        finding.message
    );
    if !finding.help.is_empty() {
        out.push_str(&format!("\n\n**What to do:** {}", finding.help));
    }
    if let Some(rule) = tidegate_check::rules().iter().find(|rule| rule.id == finding.rule) {
        // The headings of a page are one level below those of the findings that it is shown with.
        let text = body(rule);
        let lines = text.lines().map(|line| match line.strip_prefix("## ") {
            Some(heading) => format!("#### {heading}"),
            None => line.to_string(),
        });
        out.push_str(&format!("\n\n{}", lines.collect::<Vec<_>>().join("\n")));
    }
    out
}
