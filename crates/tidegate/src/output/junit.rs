//! JUnit XML: one suite for each file, one case for each finding.

use super::escape::xml;
use super::text::Report;
use std::collections::BTreeMap;
use std::fmt::Write;
use tidegate_graph::{Finding, FindingState};

/// The whole report. A run without findings is one case that passed, because servers take an empty report for a mistake.
pub(crate) fn render(report: &Report<'_>) -> String {
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    for finding in report.all.iter().rev() {
        let at = report.system.sources.location(finding.span);
        let suite = suites.entry(report.repository.join(&at.file)).or_default();
        suite.cases += 1;
        let line = at.line.max(1);
        case(&mut suite.text, report, finding, &report.repository.join(&at.file), line);
        match finding.state {
            FindingState::Open => suite.failures += 1,
            _ => suite.skipped += 1,
        }
    }
    for problem in report.problems {
        let at = problem.span.map(|span| report.system.sources.location(span));
        let file = problem.path.clone().or_else(|| at.map(|at| at.file)).unwrap_or_default();
        let suite = suites.entry(report.repository.join(&file)).or_default();
        suite.cases += 1;
        suite.errors += 1;
        let _ = write!(
            suite.text,
            "    <testcase classname=\"problem\" name=\"{}\">\n      <error message=\"{0}\" type=\"problem\">{}</error>\n    </testcase>\n",
            xml(&problem.message),
            xml(problem.help.as_deref().unwrap_or_default()),
        );
    }
    if suites.is_empty() {
        let text = "    <testcase classname=\"tidegate\" name=\"no findings\"/>\n".to_string();
        suites.insert("tidegate".to_string(), Suite { text, cases: 1, ..Suite::default() });
    }
    let total = |count: fn(&Suite) -> usize| suites.values().map(count).sum::<usize>();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tidegate\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
        total(|s| s.cases),
        total(|s| s.failures),
        total(|s| s.errors),
    );
    for (name, suite) in &suites {
        let Suite { text, cases, failures, errors, skipped } = suite;
        let name = xml(name);
        let _ = write!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{cases}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n{text}  </testsuite>\n"
        );
    }
    out.push_str("</testsuites>\n");
    out
}

#[derive(Default)]
struct Suite {
    text: String,
    cases: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

fn case(out: &mut String, report: &Report<'_>, finding: &Finding, file: &str, line: u32) {
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\">",
        xml(finding.rule),
        xml(&format!("{}: {}", finding.resource, finding.message)),
    );
    if let Some(reason) = report.suppressions.reason(finding) {
        let _ = writeln!(out, "      <skipped>{}</skipped>", xml(&format!("accepted: {reason}")));
    } else {
        let mut text = format!("{file}:{line}\n{}: {}\n", finding.severity.word(), finding.title);
        let expiry = report.suppressions.expiry(finding).unwrap_or_default();
        for more in [&finding.help, &expiry] {
            if !more.is_empty() {
                text.push_str(more);
                text.push('\n');
            }
        }
        let (message, kind) = (xml(&finding.message), finding.severity.word());
        let _ =
            writeln!(out, "      <failure message=\"{message}\" type=\"{kind}\">{}</failure>", xml(&text));
    }
    out.push_str("    </testcase>\n");
}
