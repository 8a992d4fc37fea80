//! Findings that people accept: with a reason, and until a day.
//!
//! They say so beside the code (a comment, the `Metadata` of a resource) or in `tidegate.toml`. What they wrote for the
//! tools that they come from counts, too, as far as our rules have those tools' ids among their aliases.
//! Pure: today is a value, and nothing is read from disk.

pub(crate) mod accept;
mod comment;
mod directive;
mod metadata;
mod names;
mod scope;

use crate::config::Glob;
use crate::date::Date;
use names::Names;
use scope::Shelf;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use tidegate_check::Selection;
use tidegate_graph::{FileId, Finding, FindingState, Problem, Span, Str, System};

/// Who understands the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tool {
    Tidegate,
    Checkov,
    Trivy,
    CfnNag,
    CdkNag,
    CfnLint,
    Kics,
}

impl Tool {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tidegate => "tidegate",
            Self::Checkov => "checkov",
            Self::Trivy => "trivy",
            Self::CfnNag => "cfn_nag",
            Self::CdkNag => "cdk_nag",
            Self::CfnLint => "cfn-lint",
            Self::Kics => "kics",
        }
    }

    /// True if its words have a place for a reason.
    fn asks_why(self) -> bool {
        !matches!(self, Self::Trivy | Self::Kics | Self::CfnLint)
    }
}

/// What is left alone.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    /// Lines of a file (from 0), and if it is a block the resources that are declared on the first one.
    Lines { file: FileId, first: usize, last: usize, block: bool },
    /// A resource, and those that were made from it.
    Resource { stack: usize, logical_id: Str },
    /// The resources of a stack, or those of them that a pattern fits.
    Stack { stack: usize, resource: Option<Glob> },
    /// A whole file.
    File(FileId),
    /// What both patterns fit.
    Patterns { resource: Option<Glob>, path: Option<Glob> },
    /// Nothing: it stands above nothing.
    Nothing,
}

/// One wish to leave findings alone.
#[derive(Clone, Debug)]
pub(crate) struct Allow {
    pub(crate) tool: Tool,
    /// Rules as they were written; empty for all that the tool has.
    pub(crate) names: Vec<String>,
    pub(crate) reason: Option<String>,
    pub(crate) until: Option<Date>,
    /// Where it stands in a file that was read.
    pub(crate) span: Option<Span>,
    /// Where it stands in `tidegate.toml`.
    pub(crate) line: Option<usize>,
    pub(crate) scope: Scope,
    /// The ids of our rules that it means.
    pub(crate) rules: Vec<&'static str>,
    /// Why it doesn't count.
    pub(crate) broken: Option<String>,
}

/// How one wish ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It suppresses findings.
    Active,
    /// Its day is over.
    Expired,
    /// There is nothing to suppress.
    Unused,
    /// It can't be understood.
    Broken,
    /// None of its rules ran, so nothing can be said.
    Idle,
}

impl Standing {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Unused => "unused",
            Self::Broken => "broken",
            Self::Idle => "idle",
        }
    }
}

/// Everything that was wished, and what became of it.
#[derive(Debug, Default)]
pub(crate) struct Suppressions {
    allows: Vec<Allow>,
    /// Findings that each one fits.
    fits: Vec<usize>,
    ran: HashSet<&'static str>,
    today: Option<Date>,
    by_finding: HashMap<(String, Span), usize>,
}

/// What decides besides the system.
pub(crate) struct Terms<'a> {
    pub(crate) today: Date,
    pub(crate) selection: &'a Selection,
    /// `[[allow]]` of the configuration.
    pub(crate) config: &'a [Allow],
    /// The path that the configuration's patterns fit, for a file that was read.
    pub(crate) path: &'a dyn Fn(&str) -> String,
}

/// Finds every wish, and accepts the findings that it fits.
pub(crate) fn apply(system: &System, findings: &mut [Finding], terms: &Terms<'_>) -> Suppressions {
    let mut allows = scope::comments(system);
    allows.extend(metadata::allows(system));
    allows.extend(terms.config.iter().cloned());
    if allows.is_empty() {
        return Suppressions::default();
    }
    let mut names = Names::new();
    // Looking for what was meant takes time, and nobody reads a thousand guesses.
    let mut guesses = 50;
    for allow in &mut allows {
        understand(allow, &mut names, &mut guesses);
    }
    let shelf = Shelf::new(system, &allows, terms.path);
    let mut out = Suppressions {
        fits: vec![0; allows.len()],
        ran: tidegate_check::rules().iter().filter(|r| terms.selection.holds(r)).map(|r| r.id).collect(),
        today: Some(terms.today),
        ..Suppressions::default()
    };
    for finding in findings {
        let mut best: Option<(bool, usize)> = None;
        for at in shelf.fitting(finding) {
            let Some(allow) = allows.get(at) else { continue };
            if let Some(fits) = out.fits.get_mut(at) {
                *fits += 1;
            }
            let over = allow.is_over(terms.today);
            // One that still counts wins over one whose day is over; among those the first.
            if best.is_none_or(|(worse, _)| worse && !over) {
                best = Some((over, at));
            }
        }
        let Some((over, at)) = best else { continue };
        if !over {
            finding.state = FindingState::Accepted;
        }
        out.by_finding.insert((finding.fingerprint.clone(), finding.span), at);
    }
    out.allows = allows;
    out
}

fn understand(allow: &mut Allow, names: &mut Names, guesses: &mut usize) {
    if allow.broken.is_some() {
        return;
    }
    if allow.names.is_empty() {
        allow.rules = names.all_of(allow.tool);
        return;
    }
    for name in &allow.names {
        let rules = names.rules(allow.tool, name);
        if rules.is_empty() && allow.tool == Tool::Tidegate {
            let close =
                Some(name).filter(|_| *guesses > 0).and_then(|name| crate::config::closest_rule(name));
            *guesses = guesses.saturating_sub(1);
            let close = close.map(|c| format!(", did you mean `{c}`?"));
            allow.broken = Some(format!("there is no rule `{name}`{}", close.unwrap_or_default()));
        }
        allow.rules.extend(rules);
    }
    allow.rules.sort_unstable();
    allow.rules.dedup();
}

impl Allow {
    /// True once its day is over; the day itself still counts.
    fn is_over(&self, today: Date) -> bool {
        self.until.is_some_and(|until| today > until)
    }
}

impl Suppressions {
    /// What a finding is accepted by, or what it was accepted by until its day was over.
    pub(crate) fn of(&self, finding: &Finding) -> Option<&Allow> {
        // Without any there is nothing to look up.
        if self.by_finding.is_empty() {
            return None;
        }
        self.by_finding.get(&(finding.fingerprint.clone(), finding.span)).and_then(|at| self.allows.get(*at))
    }

    /// Why the finding is accepted, in words.
    pub(crate) fn reason(&self, finding: &Finding) -> Option<String> {
        let allow = self.of(finding).filter(|_| finding.state == FindingState::Accepted)?;
        Some(match (&allow.reason, allow.until) {
            (Some(reason), Some(day)) => format!("{reason} (until {day})"),
            (Some(reason), None) => reason.clone(),
            (None, Some(day)) => format!("no reason given (until {day})"),
            (None, None) => "no reason given".to_string(),
        })
    }

    /// That the finding was accepted once, in words.
    pub(crate) fn expiry(&self, finding: &Finding) -> Option<String> {
        let allow = self.of(finding).filter(|_| finding.state == FindingState::Open)?;
        let reason = allow.reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
        Some(format!("it was accepted until {}, which is over{reason}", allow.until?))
    }

    /// Every wish, with how it ended and how many findings it fits.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Allow, Standing, usize)> {
        self.allows.iter().zip(&self.fits).map(|(allow, fits)| (allow, self.standing(allow, *fits), *fits))
    }

    fn standing(&self, allow: &Allow, fits: usize) -> Standing {
        match () {
            () if allow.broken.is_some() => Standing::Broken,
            () if fits > 0 && self.today.is_some_and(|today| allow.is_over(today)) => Standing::Expired,
            () if fits > 0 => Standing::Active,
            () if allow.rules.iter().any(|rule| self.ran.contains(rule)) => Standing::Unused,
            () => Standing::Idle,
        }
    }

    /// What people should know: what can't count, what is over, what has no reason; with `full` what is of no use, too.
    pub(crate) fn warnings(&self, full: bool, config: &Path) -> Vec<Problem> {
        let mut out = Vec::new();
        for (allow, standing, fits) in self.all() {
            let what = match allow.names.as_slice() {
                [] => "the suppression".to_string(),
                names => format!("the suppression of `{}`", names.join(", ")),
            };
            let (message, help) = match standing {
                Standing::Broken => {
                    let why = allow.broken.as_deref().unwrap_or_default();
                    (
                        format!("{what} does not count: {why}"),
                        "write `tidegate: allow RULE until=2027-01-31 reason=\"...\"`",
                    )
                }
                Standing::Expired => {
                    let day = allow.until.map(|d| d.to_string()).unwrap_or_default();
                    let open = crate::output::count(fits, "finding is", "findings are");
                    (
                        format!("{what} ended on {day}: {open} open again"),
                        "mend it, or decide anew and move the day",
                    )
                }
                Standing::Unused if full => (format!("{what} suppresses nothing"), "take it out"),
                Standing::Active | Standing::Unused if self.lacks_reason(allow, fits) => {
                    (format!("{what} gives no reason"), "say why it is accepted: the next reader can't know")
                }
                _ => continue,
            };
            let problem = match (allow.span, allow.line) {
                (Some(span), _) => Problem::at(span, message),
                (None, line) => {
                    let line = line.map(|n| format!(":{n}")).unwrap_or_default();
                    Problem::file(format!("{}{line}", config.display()), message)
                }
            };
            out.push(problem.help(help));
        }
        out
    }

    /// Our own words always ask for a reason, those of others when they count.
    fn lacks_reason(&self, allow: &Allow, fits: usize) -> bool {
        allow.reason.is_none() && allow.tool.asks_why() && (allow.tool == Tool::Tidegate || fits > 0)
    }
}
