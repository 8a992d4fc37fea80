//! One page that needs nothing else: no script, nothing from elsewhere, light and dark by the reader's choice.

use super::escape::{html, xml};
use super::excerpt::Excerpt;
use super::text::Report;
use super::{count, summary};
use crate::picture::{self, Format, View};
use std::collections::BTreeMap;
use std::fmt::Write;
use tidegate_check::Metadata;
use tidegate_graph::{Finding, FindingState, Problem, Severity};

/// Findings that have a row each; a page of more helps nobody, and JSON has them all.
const MOST: usize = 5_000;

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>Tidegate report</title>
"#;

// Class names begin with `tg-`: the picture brings a style sheet of its own.
const CSS: &str = r"
:root{--tg-back:#fbfcfe;--tg-card:#fff;--tg-ink:#182135;--tg-soft:#515d75;--tg-line:#cfd7e4;--tg-code:#eef1f7;--tg-link:#1f4fa8;
--tg-critical:#8f1030;--tg-high:#b3261e;--tg-medium:#7a4b00;--tg-low:#1f5f3a;--tg-info:#1f4fa8;--tg-badge:#fff}
@media (prefers-color-scheme:dark){:root{--tg-back:#0e131b;--tg-card:#161e2b;--tg-ink:#e7ecf4;--tg-soft:#a9b6ca;--tg-line:#334156;--tg-code:#202b3c;--tg-link:#9cc1ff;
--tg-critical:#ff9db0;--tg-high:#ffa79f;--tg-medium:#f0c36d;--tg-low:#8fd6ab;--tg-info:#9cc1ff;--tg-badge:#0e131b}}
*{box-sizing:border-box}
body{margin:0;background:var(--tg-back);color:var(--tg-ink);font:15px/1.5 system-ui,'Helvetica Neue',Arial,'Liberation Sans',sans-serif}
main{max-width:1200px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:26px;margin:0 0 4px;letter-spacing:-.3px}h2{font-size:19px;margin:36px 0 10px}
.tg-soft{color:var(--tg-soft);margin:2px 0}
.tg-counts{display:flex;flex-wrap:wrap;gap:8px;list-style:none;margin:18px 0 0;padding:0}
.tg-counts li{background:var(--tg-card);border:1px solid var(--tg-line);border-radius:8px;padding:8px 14px;min-width:92px}
.tg-counts b{display:block;font-size:22px;line-height:1.2}
.tg-wide{overflow-x:auto;border:1px solid var(--tg-line);border-radius:8px;background:var(--tg-card)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:10px 12px;border-bottom:1px solid var(--tg-line)}
tbody tr:last-child td{border-bottom:0}
th{font-size:12.5px;color:var(--tg-soft);font-weight:600}
td:first-child{width:24%}td:last-child{width:27%}
code,pre{font-family:ui-monospace,'SF Mono',Menlo,'DejaVu Sans Mono',monospace;font-size:.88em;background:var(--tg-code);border-radius:4px}
code{padding:1px 4px;overflow-wrap:anywhere}pre{padding:8px 10px;margin:8px 0;white-space:pre-wrap;overflow-wrap:anywhere}
summary{cursor:pointer}details p{margin:8px 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 14px;margin:8px 0}dt{color:var(--tg-soft)}dd{margin:0;overflow-wrap:anywhere}
.tg-tag{display:inline-block;border-radius:5px;padding:1px 8px;color:var(--tg-badge);font-weight:600;font-size:12.5px;vertical-align:3px}
.tg-critical{background:var(--tg-critical)}.tg-high{background:var(--tg-high)}.tg-medium{background:var(--tg-medium)}
.tg-low{background:var(--tg-low)}.tg-info{background:var(--tg-info)}
.tg-picture{overflow:auto;border:1px solid var(--tg-line);border-radius:8px;max-height:80vh}
.tg-picture svg{display:block;margin:0 auto;max-width:100%;min-width:1500px;height:auto}
@media (max-width:700px){main{padding:16px 12px 40px}table,tbody,tr{display:block}thead{display:none}tr{padding:8px 12px;border-bottom:1px solid var(--tg-line)}
tbody tr:last-child{border-bottom:0}tbody td:nth-child(n){display:block;width:auto;padding:2px 0;border:0}dl{display:block}dd{margin:0 0 8px}}
a{color:var(--tg-link)}:focus-visible{outline:3px solid var(--tg-link);outline-offset:2px}
";

/// The whole page.
pub(crate) fn render(report: &Report<'_>) -> String {
    let rules: BTreeMap<&str, &Metadata> = tidegate_check::rules().iter().map(|m| (m.id, *m)).collect();
    let mut out = String::from(HEAD);
    let _ = write!(out, "<style>{CSS}</style>\n</head>\n<body>\n<main>\n<h1>Tidegate report</h1>\n");
    for line in summary::numbers(report) {
        let _ = writeln!(out, "<p class=\"tg-soft\">{}</p>", html(&line));
    }
    counts(&mut out, report);
    if report.findings.is_empty() {
        out.push_str("<h2>Findings</h2>\n<p>Nothing is open.</p>\n");
    }
    for severity in Severity::ALL.into_iter().rev() {
        let of: Vec<&Finding> = report.findings.iter().filter(|f| f.severity == severity).collect();
        let title = format!(
            "<span class=\"tg-tag tg-{0}\">{0}</span> {1}",
            severity.word(),
            count(of.len(), "finding", "findings")
        );
        section(&mut out, report, &rules, &title, severity.word(), &of);
    }
    let accepted: Vec<&Finding> = report.all.iter().filter(|f| f.state != FindingState::Open).rev().collect();
    let title = format!("Accepted: {}", count(accepted.len(), "finding", "findings"));
    section(&mut out, report, &rules, &title, "accepted", &accepted);
    let doubts: Vec<&Problem> = report.problems.iter().copied().chain(report.warnings).collect();
    problems(&mut out, report, &doubts);
    if !report.graph.nodes().is_empty() {
        let view = View { resources: false, width: 110, color: false };
        let svg = picture::render(Format::Svg, report.system, report.graph, &view);
        let _ = write!(
            out,
            "<h2 id=\"tg-graph\">Event graph</h2>\n<div class=\"tg-picture\" role=\"region\" aria-labelledby=\"tg-graph\" tabindex=\"0\">\n{svg}</div>\n"
        );
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn counts(out: &mut String, report: &Report<'_>) {
    out.push_str("<ul class=\"tg-counts\" aria-label=\"Findings by severity\">\n");
    for severity in Severity::ALL.into_iter().rev() {
        let n = report.findings.iter().filter(|f| f.severity == severity).count();
        let _ = writeln!(out, "<li><b>{n}</b> {}</li>", severity.word());
    }
    if report.accepted() > 0 {
        let _ = writeln!(out, "<li><b>{}</b> accepted</li>", report.accepted());
    }
    out.push_str("</ul>\n");
}

fn section(
    out: &mut String,
    report: &Report<'_>,
    rules: &BTreeMap<&str, &Metadata>,
    title: &str,
    id: &str,
    findings: &[&Finding],
) {
    if findings.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<h2 id=\"tg-{id}\">{title}</h2>\n<div class=\"tg-wide\" role=\"region\" aria-labelledby=\"tg-{id}\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">Rule</th><th scope=\"col\">Finding</th><th scope=\"col\">Place</th></tr></thead>\n<tbody>\n"
    );
    for finding in findings.iter().take(MOST) {
        row(out, report, finding, rules.get(finding.rule).copied());
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    let more = findings.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(out, "<p>{} in the JSON output.</p>", count(more, "more finding", "more findings"));
    }
}

fn row(out: &mut String, report: &Report<'_>, finding: &Finding, rule: Option<&Metadata>) {
    let at = report.system.sources.location(finding.span);
    let place = format!("{}:{}", report.base.join(&at.file), at.line);
    let _ = writeln!(
        out,
        "<tr><td><code>{}</code></td><td><details><summary>{}</summary>",
        finding.rule,
        html(&finding.message)
    );
    if let Some(line) = Excerpt::new(&report.system.sources, finding.span, report.base) {
        let _ = writeln!(out, "<pre>{}</pre>", xml(line.text().trim()));
    }
    out.push_str("<dl>");
    let path: Vec<&str> = finding.path.iter().map(|id| id.rsplit('/').next().unwrap_or(id)).collect();
    for (name, text) in [
        ("Resource", finding.resource.to_string()),
        ("Title", finding.title.to_string()),
        ("Why", rule.map(|r| r.why.to_string()).unwrap_or_default()),
        ("Path", path.join(" → ")),
        ("What to do", finding.help.clone()),
        ("Accepted", report.suppressions.reason(finding).unwrap_or_default()),
        ("Note", report.suppressions.expiry(finding).unwrap_or_default()),
        ("Also known as", rule.map(|r| r.aliases.join(", ")).unwrap_or_default()),
        ("Fingerprint", finding.fingerprint.clone()),
    ] {
        if !text.is_empty() {
            let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", html(&text));
        }
    }
    let _ = writeln!(out, "</dl></details></td><td><code>{}</code></td></tr>", breakable(&place));
}

/// A place that breaks at its slashes and before its line number rather than within a word.
fn breakable(place: &str) -> String {
    xml(place).replace('/', "/<wbr>").replace(':', "<wbr>:")
}

fn problems(out: &mut String, report: &Report<'_>, problems: &[&Problem]) {
    if problems.is_empty() {
        return;
    }
    out.push_str("<h2>Not read, or doubtful</h2>\n<ul>\n");
    for problem in problems.iter().take(MOST) {
        let at = problem.span.map(|span| report.system.sources.location(span));
        let place = match (&problem.path, at) {
            (Some(path), _) => report.base.join(path),
            (None, Some(at)) => format!("{}:{}", report.base.join(&at.file), at.line),
            (None, None) => String::new(),
        };
        let help = problem.help.as_ref().map(|h| format!("; {}", html(h))).unwrap_or_default();
        let _ = writeln!(out, "<li><code>{}</code> {}{help}</li>", breakable(&place), html(&problem.message));
    }
    out.push_str("</ul>\n");
}
