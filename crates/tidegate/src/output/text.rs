//! The text of `tidegate check`: for a person who is tired. The worst comes last, because that is where the eye is.

use super::excerpt::Excerpt;
use super::fixes::Fixes;
use super::{Base, Look, problems, summary, wrap};
use crate::suppress::Suppressions;
use annotate_snippets::{AnnotationKind, Group, Level, normalize_untrusted_str};
use std::collections::BTreeMap;
use tidegate_check::{Metadata, Profile};
use tidegate_graph::{Confidence, Finding, Graph, Problem, Severity, Str, System};

/// More findings than this are summed up, unless all are asked for.
pub(super) const SCREEN: usize = 60;

/// More problems than this are counted instead of shown.
const MAX_PROBLEMS: usize = 20;

/// More warnings than this are counted instead of shown.
const MAX_WARNINGS: usize = 5;

/// More related places than this are left out of a finding.
const MAX_RELATED: usize = 4;

/// What a report is made of.
#[derive(Clone, Copy)]
pub(crate) struct Report<'a> {
    pub(crate) system: &'a System,
    pub(crate) graph: &'a Graph,
    /// What is open, the worst last.
    pub(crate) findings: &'a [Finding],
    /// That, and what is accepted.
    pub(crate) all: &'a [Finding],
    pub(crate) suppressions: &'a Suppressions,
    /// What is wrong with suppressions.
    pub(crate) warnings: &'a [Problem],
    pub(crate) problems: &'a [&'a Problem],
    pub(crate) profiles: &'a [Profile],
    pub(crate) base: &'a Base,
    /// From the root of the repository.
    pub(crate) repository: &'a Base,
    pub(crate) hidden: Hidden,
    /// Every finding with its source, however many there are.
    pub(crate) full: bool,
    /// No hints at the end.
    pub(crate) quiet: bool,
}

/// How many findings are not shown, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hidden {
    /// The configuration excludes files.
    pub(crate) exclude: bool,
    /// It excludes the files in which they are, which others draw in.
    pub(crate) excluded: usize,
    /// They are in the baseline.
    pub(crate) known: usize,
    /// They were there before the change.
    pub(crate) unchanged: usize,
}

impl Report<'_> {
    /// Number of accepted findings.
    pub(crate) fn accepted(&self) -> usize {
        self.all.len() - self.findings.len()
    }
}

/// The whole report.
pub(crate) fn render(report: &Report<'_>, look: Look) -> String {
    let rules: BTreeMap<&str, &Metadata> = tidegate_check::rules().iter().map(|m| (m.id, *m)).collect();
    let mut out = String::new();
    let shown = if report.full { report.problems.len() } else { MAX_PROBLEMS };
    let (some, rest) = report.problems.split_at_checked(shown).unwrap_or((report.problems, &[]));
    out.push_str(&problems::render(report.system, some, report.base, look));
    if !rest.is_empty() {
        out.push_str(&format!(
            "... and {} (`--full` shows them)\n\n",
            super::count(rest.len(), "more problem", "more problems")
        ));
    }
    let shown = if report.full { report.warnings.len() } else { MAX_WARNINGS };
    let (some, rest) = report.warnings.split_at_checked(shown).unwrap_or((report.warnings, &[]));
    out.push_str(&problems::warnings(report.system, some, report.base, look));
    if !rest.is_empty() {
        let more = super::count(rest.len(), "more warning", "more warnings");
        out.push_str(&format!("... and {more} about suppressions (`--full` shows them)\n\n"));
    }
    if report.findings.len() > SCREEN && !report.full {
        out.push_str(&summary::table(report, look));
    } else {
        let fixes = Fixes::new(report.system);
        for finding in report.findings {
            out.push_str(&one(report, finding, rules.get(finding.rule).copied(), look));
            out.push_str(&fixes.diff(finding, look));
            out.push_str("\n\n");
        }
    }
    out.push_str(&summary::last_lines(report, look));
    out
}

/// The colour group of a severity.
fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::NOTE,
        Severity::Info => Level::HELP,
    }
    .with_name(severity.word())
}

fn one(report: &Report<'_>, finding: &Finding, rule: Option<&Metadata>, look: Look) -> String {
    let sources = &report.system.sources;
    let primary = Excerpt::new(sources, finding.span, report.base);
    let related: Vec<(Excerpt, String)> = finding
        .related
        .iter()
        .filter(|r| r.span != finding.span)
        .take(MAX_RELATED)
        .filter_map(|r| {
            Some((Excerpt::new(sources, r.span, report.base)?, normalize_untrusted_str(&r.label)))
        })
        .collect();
    // A short sentence fits behind the underline; a long one would leave the screen.
    let fits = finding.message.chars().count() + primary.as_ref().map_or(0, Excerpt::end)
        < look.width.saturating_sub(10);
    let label = finding.message.as_str();

    let mut group = Group::with_title(level(finding.severity).primary_title(finding.title).id(finding.rule));
    if let Some(excerpt) = &primary {
        let label = fits.then_some(label);
        group = group.element(excerpt.snippet(AnnotationKind::Primary, label));
    }
    for (excerpt, label) in &related {
        group = group.element(excerpt.snippet(AnnotationKind::Context, Some(label.as_str())));
    }
    let resource = report.system.resource(&finding.resource).map(|r| r.logical_id.as_str());
    // A loop or a transform makes many resources of one line.
    if let Some(resource) =
        resource.filter(|id| !finding.message.contains(id) && !primary.as_ref().is_some_and(|e| e.says(id)))
    {
        group = group.element(Level::NOTE.with_name("resource").message(normalize_untrusted_str(resource)));
    }
    for (name, text) in notes(report, finding, rule, primary.is_some() && fits) {
        let room = look.width.saturating_sub(name.len() + 12);
        let text = wrap(&normalize_untrusted_str(&text), room);
        let level = if name == "help" { Level::HELP } else { Level::NOTE };
        group = group.element(level.with_name(name).message(text));
    }
    let text = look.renderer().render(&[group]);
    primary.iter().chain(related.iter().map(|(e, _)| e)).fold(text, |text, excerpt| excerpt.correct(text))
}

/// What stands below the source: name and text.
fn notes(
    report: &Report<'_>,
    finding: &Finding,
    rule: Option<&Metadata>,
    said: bool,
) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    if !said {
        out.push(("what", finding.message.clone()));
    }
    if let Some(rule) = rule.filter(|r| !r.why.is_empty()) {
        out.push(("why", rule.why.to_string()));
    }
    if !finding.path.is_empty() {
        out.push(("path", way(report.system, &finding.path)));
    }
    if !finding.fails_when.is_empty() {
        out.push(("note", fails_when(&finding.fails_when)));
    }
    if let Some(expiry) = report.suppressions.expiry(finding) {
        out.push(("note", expiry));
    }
    if finding.confidence == Confidence::Low {
        out.push(("note", "the code alone does not prove it (confidence: low)".to_string()));
    }
    let more = finding.related.len().saturating_sub(MAX_RELATED);
    if more > 0 {
        out.push(("note", format!("{} in the JSON output", super::count(more, "more place", "more places"))));
    }
    if !finding.help.is_empty() {
        out.push(("help", finding.help.clone()));
    }
    out
}

/// The worlds in which a finding holds, the first few of them in words.
fn fails_when(worlds: &[String]) -> String {
    const MOST: usize = 4;
    let some: Vec<&str> = worlds.iter().take(MOST).map(String::as_str).collect();
    let more = worlds.len().saturating_sub(MOST);
    let rest = if more > 0 {
        format!(", and {}", super::count(more, "more case", "more cases"))
    } else {
        String::new()
    };
    format!("fails when {}{rest}", some.join(", or when "))
}

/// The nodes of a path by the names that people gave them.
fn way(system: &System, path: &[Str]) -> String {
    let name = |id: &Str| system.resource(id).map_or(id.clone(), |r| r.logical_id.clone());
    path.iter().map(name).collect::<Vec<_>>().join(" -> ")
}
