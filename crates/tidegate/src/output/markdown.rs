//! Markdown for a comment on a pull request: a table, and what stands behind each row to unfold.

use super::escape::{markdown, xml};
use super::excerpt::Excerpt;
use super::text::Report;
use super::{count, summary};
use std::fmt::Write;
use tidegate_graph::Finding;

/// GitHub takes 65,536 characters; something else may stand around ours.
const MOST: usize = 60_000;

/// Kept free for the note of what was cut, and for the end.
const RESERVE: usize = 1_000;

/// The whole comment, never longer than [`MOST`] characters.
pub(crate) fn render(report: &Report<'_>) -> String {
    let mut out = Bounded { text: String::new(), left: MOST - RESERVE };
    let head = match report.findings.len() {
        0 if report.problems.is_empty() => "### Tidegate: no findings\n\n".to_string(),
        0 => "### Tidegate: no findings in what was read\n\n".to_string(),
        n => format!("### Tidegate: {}\n\n", count(n, "finding", "findings")),
    };
    out.push(&head);
    let mut cut = 0;
    if !report.findings.is_empty() {
        out.push("| Severity | Rule | Finding | Place |\n| --- | --- | --- | --- |\n");
        // Half of the room is for the table, so that what matters most has its details, too.
        let all = out.left;
        for finding in report.findings.iter().rev() {
            if out.left < all / 2 || !out.push(&row(report, finding)) {
                cut += 1;
                out.left = out.left.min(all / 2);
            }
        }
        out.push("\n");
    }
    let mut folded = 0;
    for finding in report.findings.iter().rev() {
        if folded > 0 || !out.push(&details(report, finding)) {
            folded += 1;
        }
    }
    let mut problems = 0;
    for problem in report.problems.iter().copied().chain(report.warnings) {
        let at = problem.span.map(|span| report.system.sources.location(span));
        let file = problem.path.clone().or_else(|| at.as_ref().map(|at| at.file.clone())).unwrap_or_default();
        let line = at.map(|at| format!(":{}", at.line)).unwrap_or_default();
        let place = markdown(&format!("{}{line}", report.repository.join(&file)));
        if problems > 0
            || !out.push(&format!(
                "- not read or doubtful, <code>{place}</code>: {}\n",
                markdown(&problem.message)
            ))
        {
            problems += 1;
        }
    }
    out.left += RESERVE;
    for (n, what) in [(cut, "in the table"), (folded, "with details")] {
        if n > 0 {
            let findings = count(n, "finding", "findings");
            out.push(&format!(
                "\n**Cut:** {findings} more would not fit {what}; `tidegate check` shows all.\n"
            ));
        }
    }
    if problems > 0 {
        out.push(&format!(
            "\n**Cut:** {}.\n",
            count(problems, "more problem or warning", "more problems and warnings")
        ));
    }
    let last: Vec<String> = summary::numbers(report).iter().map(|line| markdown(line)).collect();
    out.push(&format!("\n<sub>{}</sub>\n", last.join("<br>")));
    out.text
}

struct Bounded {
    text: String,
    left: usize,
}

impl Bounded {
    /// Adds a part if it fits as a whole.
    fn push(&mut self, part: &str) -> bool {
        let length = part.chars().count();
        let fits = length <= self.left;
        if fits {
            self.text.push_str(part);
            self.left -= length;
        }
        fits
    }
}

fn row(report: &Report<'_>, finding: &Finding) -> String {
    let at = report.system.sources.location(finding.span);
    format!(
        "| {} | <code>{}</code> | {} | <code>{}</code> |\n",
        finding.severity.word(),
        finding.rule,
        short(&finding.message),
        markdown(&format!("{}:{}", report.repository.join(&at.file), at.line)),
    )
}

/// A message that is not longer than a row may be.
fn short(message: &str) -> String {
    const LONG: usize = 300;
    if message.chars().count() <= LONG {
        return markdown(message);
    }
    let cut: String = message.chars().take(LONG).collect();
    format!("{}...", markdown(&cut))
}

fn details(report: &Report<'_>, finding: &Finding) -> String {
    let mut out = format!(
        "<details><summary><b>{}</b> {}: <code>{}</code></summary>\n\n",
        finding.severity.word(),
        markdown(finding.title),
        markdown(&finding.resource),
    );
    let _ = writeln!(out, "{}\n", short(&finding.message));
    if let Some(line) = Excerpt::new(&report.system.sources, finding.span, report.repository) {
        let _ = writeln!(out, "<pre>{}</pre>\n", xml(line.text().trim()).replace('@', "&#64;&#8203;"));
    }
    let rule = tidegate_check::rules().iter().find(|m| m.id == finding.rule);
    let expiry = report.suppressions.expiry(finding).unwrap_or_default();
    for (name, text) in [
        ("Why", rule.map_or("", |r| r.why)),
        ("What to do", finding.help.as_str()),
        ("Note", expiry.as_str()),
    ] {
        if !text.is_empty() {
            let _ = writeln!(out, "**{name}:** {}\n", markdown(text));
        }
    }
    out.push_str("</details>\n\n");
    out
}
