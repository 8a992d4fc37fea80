//! The end of the text report: counts, and for a large system a table of one screen.

use super::text::Report;
use super::{Look, count};
use annotate_snippets::normalize_untrusted_str;
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use tidegate_graph::{Finding, Severity};

/// Rows that fit a screen together with what stands around them.
const MAX_ROWS: usize = 24;

/// Places that are named for a rule.
const PLACES: usize = 2;

/// Findings by rule, the worst last.
pub(super) fn table(report: &Report<'_>, look: Look) -> String {
    let mut groups: BTreeMap<(Severity, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in report.findings {
        groups.entry((finding.severity, finding.rule)).or_default().push(finding);
    }
    let left_out = groups.len().saturating_sub(MAX_ROWS);
    let mut out = String::new();
    if left_out > 0 {
        let hidden = groups.values().take(left_out).map(Vec::len).sum();
        let rules = count(left_out, "rule", "rules");
        out.push_str(&format!(
            "... {} of {rules} that matter less than those below\n",
            count(hidden, "finding", "findings")
        ));
    }
    let rows: Vec<_> = groups.iter().skip(left_out).collect();
    let wide = rows.iter().map(|((_, rule), _)| rule.len()).max().unwrap_or(0).max("rule".len());
    let below = match report.base.join("").trim_end_matches('/') {
        "" => String::new(),
        folder => format!(" below {}", normalize_untrusted_str(folder)),
    };
    let head = format!("{:<9} {:>5}  {:<wide$}  first places{below}", "severity", "count", "rule");
    out.push_str(&look.paint(&head, Style::new().bold()));
    out.push('\n');
    for ((severity, rule), findings) in rows {
        let word = look.paint(&format!("{:<9}", severity.word()), style(*severity));
        let room = look.width.saturating_sub(wide + 19);
        out.push_str(&format!(
            "{word} {:>5}  {rule:<wide$}  {}\n",
            findings.len(),
            places(report, findings, room)
        ));
    }
    out.push('\n');
    out
}

/// The first places of a rule's findings, as many as the line has room for; the first is always there.
fn places(report: &Report<'_>, findings: &[&Finding], room: usize) -> String {
    const MORE: &str = " ...";
    let room = room.saturating_sub(MORE.len());
    let mut out = String::new();
    let mut named = 0;
    for finding in findings.iter().take(PLACES) {
        let at = report.system.sources.location(finding.span);
        // A file can have any name, one that moves the cursor too.
        let place = normalize_untrusted_str(&format!("{}:{}", at.file, at.line));
        if named == 0 {
            out = tail(&place, room);
        } else if out.chars().count() + 2 + place.chars().count() <= room {
            out.push_str(", ");
            out.push_str(&place);
        } else {
            break;
        }
        named += 1;
    }
    if findings.len() > named {
        out.push_str(MORE);
    }
    out
}

/// The end of a path that is too long for its column: that is where it differs from others.
fn tail(place: &str, room: usize) -> String {
    const LEAST: usize = 20;
    const CUT: &str = "...";
    let (length, room) = (place.chars().count(), room.max(LEAST));
    if length <= room {
        return place.to_string();
    }
    let rest: String = place.chars().skip(length - room + CUT.len()).collect();
    format!("{CUT}{rest}")
}

/// What was read, what is not known of it, and how many findings there are; the worst count stands last.
pub(super) fn last_lines(report: &Report<'_>, look: Look) -> String {
    let system = report.system;
    let mut out = String::new();
    let profiles: Vec<&str> = report.profiles.iter().map(|p| p.word()).collect();
    let resources = count(system.declared(), "resource", "resources");
    let files = count(system.sources.len(), "file", "files");
    if !report.quiet {
        out.push_str(&format!("checked {resources} in {files} (profile {})\n", profiles.join(", ")));
        if report.hidden.exclude {
            out.push_str("what `exclude` of tidegate.toml fits was not looked for\n");
        }
        for (hidden, why) in [
            (report.hidden.excluded, "in files that are excluded, but drawn in by others, not shown"),
            (report.hidden.known, "in the baseline not shown"),
            (report.hidden.unchanged, "that the change does not add not shown"),
            (report.accepted(), "accepted, not counted; `--format json` has the reasons"),
        ] {
            if hidden > 0 {
                out.push_str(&format!("{} {why}\n", count(hidden, "finding", "findings")));
            }
        }
        let unknown = system.unknown_values().len();
        if unknown > 0 {
            let (values, are) = (count(unknown, "value", "values"), if unknown == 1 { "is" } else { "are" });
            out.push_str(&format!(
                "{values} {are} not known before deployment: not counted as safe, listed by `--format json`\n"
            ));
        }
    }
    if !report.problems.is_empty() {
        let problems = count(report.problems.len(), "problem", "problems");
        let text = format!("{problems}: what could not be read was not checked");
        out.push_str(&look.paint(&text, AnsiColor::Yellow.on_default().bold()));
        out.push('\n');
    }
    if !report.quiet && !report.findings.is_empty() {
        out.push_str(&hint(report));
    }
    out.push_str(&counts(report, look));
    out.push('\n');
    out
}

/// What was read and what is not shown, without hints and colours.
pub(super) fn numbers(report: &Report<'_>) -> Vec<String> {
    let all = last_lines(&Report { quiet: false, ..*report }, Look { color: false, width: 110 });
    all.lines().filter(|line| !line.starts_with('`')).map(str::to_string).collect()
}

fn hint(report: &Report<'_>) -> String {
    let rule = report.findings.last().map_or("RULE", |f| f.rule);
    if report.full || report.findings.len() <= super::text::SCREEN {
        format!("`tidegate check --explain {rule}` says more about a rule\n")
    } else {
        format!("`--full` shows each finding with its source, `--rule {rule}` those of one rule alone\n")
    }
}

/// `7 findings: 4 low, 2 high, 1 critical`.
fn counts(report: &Report<'_>, look: Look) -> String {
    let findings = report.findings;
    if findings.is_empty() && !report.problems.is_empty() {
        return "no findings in what was read".to_string();
    }
    if findings.is_empty() {
        let new = report.hidden.known + report.hidden.unchanged > 0;
        let text = if new { "no new findings" } else { "no findings" };
        return look.paint(text, AnsiColor::Green.on_default().bold());
    }
    let parts: Vec<String> = Severity::ALL
        .iter()
        .map(|s| (s, findings.iter().filter(|f| f.severity == *s).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(s, n)| look.paint(&format!("{n} {}", s.word()), style(*s)))
        .collect();
    format!("{}: {}", count(findings.len(), "finding", "findings"), parts.join(", "))
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => AnsiColor::BrightRed.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default().bold(),
        Severity::Low => AnsiColor::BrightGreen.on_default(),
        Severity::Info => AnsiColor::BrightCyan.on_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_places_keep_their_end() {
        assert_eq!(tail("a/b.yaml:1", 30), "a/b.yaml:1");
        assert_eq!(tail("a/very/long/way/to/the/template.yaml:12", 24), ".../the/template.yaml:12");
        assert_eq!(tail("größe/größe/größe/größe/a.yaml:3", 20).chars().count(), 20);
    }
}
