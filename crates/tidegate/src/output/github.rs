//! Commands that a GitHub workflow turns into annotations; the worst first, because only the first ten of a level are
//! shown.

use super::text::Report;
use super::{Base, Look, summary};
use std::fmt::Write;
use tidegate_graph::{Problem, Severity};

/// One line for each finding, problem and warning, and the summary, which is no command.
pub(crate) fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    for finding in report.findings.iter().rev() {
        let at = report.system.sources.location(finding.span);
        let level = match finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "notice",
        };
        let place = place(report.repository, &at.file, Some((at.line, at.column, at.end_line)));
        let title = property(&format!("{} ({}, {})", finding.title, finding.rule, finding.severity.word()));
        let mut text = finding.message.clone();
        let expiry = report.suppressions.expiry(finding).unwrap_or_default();
        for more in [&finding.help, &expiry] {
            if !more.is_empty() {
                text.push('\n');
                text.push_str(more);
            }
        }
        let _ = writeln!(out, "::{level} {place},title={title}::{}", data(&text));
    }
    for problem in report.problems.iter().copied().chain(report.warnings) {
        let _ = writeln!(out, "{}", notice(report, problem));
    }
    // The runner reads every line; ours must not be taken for commands, and stop at nothing.
    let look = Look { color: false, width: 110 };
    for line in summary::last_lines(report, look).lines() {
        let _ = writeln!(out, "{}", line.trim_start_matches(':'));
    }
    out
}

fn notice(report: &Report<'_>, problem: &Problem) -> String {
    let at = problem.span.map(|span| report.system.sources.location(span));
    let place = match (&problem.path, &at) {
        // A place in the configuration carries its line.
        (Some(path), _) => {
            match path.rsplit_once(':').and_then(|(file, n)| Some((file, n.parse::<u32>().ok()?))) {
                Some((file, line)) => format!("{},line={line}", place(report.repository, file, None)),
                None => place(report.repository, path, None),
            }
        }
        (None, Some(at)) => place(report.repository, &at.file, Some((at.line, at.column, at.end_line))),
        (None, None) => String::new(),
    };
    let help = problem.help.as_ref().map(|h| format!("\n{h}")).unwrap_or_default();
    format!("::warning {place},title=Tidegate::{}", data(&format!("{}{help}", problem.message)))
}

fn place(base: &Base, file: &str, at: Option<(u32, u32, u32)>) -> String {
    let file = property(&base.join(file));
    match at {
        Some((line, column, end)) if end > line => {
            format!("file={file},line={line},endLine={end},col={column}")
        }
        Some((line, column, _)) => format!("file={file},line={line},col={column}"),
        None => format!("file={file}"),
    }
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_values() {
        assert_eq!(property("a,b:c%\n::error::x"), "a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax");
        assert_eq!(data("100 %\r\n::stop"), "100 %25%0D%0A::stop");
    }
}
