//! `tidegate check`: read, check, print what was found.

mod baseline;
mod change;

use super::iam::data::Catalogue;
use super::input::{self, Input};
use super::{Global, fix, rules};
use crate::config::{Config, FailOn};
use crate::custom::{self, Ran};
use crate::date::Date;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::text::{Hidden, Report};
use crate::output::{self, Base, Look, github, gitlab, html, json, junit, markdown, sarif, text};
use crate::progress::Progress;
use crate::suppress::{self, Suppressions, Terms};
use baseline::Known;
use change::{After, Change};
use std::path::{Path, PathBuf};
use tidegate_check::{Outcome, Profile, Selection};
use tidegate_graph::{Finding, FindingState, Problem, Severity, Span, System};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: input::Args,
    #[command(flatten)]
    data: Catalogue,
    /// Sets of rules to run [default: baseline]
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = profile())]
    profile: Vec<String>,
    /// Runs this rule alone (id or alias); may be given again
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    rule: Vec<String>,
    /// Leaves this rule out (id or alias); may be given again
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    without: Vec<String>,
    /// Folder or file with rules of your own, beside those that tidegate.toml names; may be given again
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Writes the result to a file, whole or not at all
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Ends with exit code 10 from this severity on [default: high]
    #[arg(long, value_name = "SEVERITY", value_parser = severity())]
    fail_on: Option<String>,
    /// Counts only what is not in this file; --write-baseline makes it
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Writes what is open now to a file, for --baseline, and ends with exit code 0
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// Shows only what a change adds: BASE..HEAD, BASE...HEAD, or BASE for the work tree as it is
    #[arg(long, value_name = "BASE..HEAD")]
    diff: Option<String>,
    /// The day on which suppressions are judged
    #[arg(long, hide = true, value_name = "DAY")]
    today: Option<Date>,
    /// Shows each finding with its source, however many there are; lists suppressions that are of no use
    #[arg(long)]
    full: bool,
    /// Edits the files: applies what leaves everything working, or with `=unsafe` every fix
    #[arg(long, value_name = "WHICH", value_enum, num_args = 0..=1, require_equals = true, conflicts_with_all = ["diff", "write_baseline"], default_missing_value = "safe")]
    fix: Option<fix::Which>,
    /// Explains a rule (id or alias) and ends
    #[arg(long, value_name = "RULE", conflicts_with = "list_rules")]
    explain: Option<String>,
    /// Lists the rules and ends
    #[arg(long)]
    list_rules: bool,
    /// Runs the tests beside rules of your own and ends; exit code 10 when one fails or there is none
    #[arg(long, value_name = "DIR", conflicts_with_all = ["list_rules", "explain"])]
    test_rules: Option<PathBuf>,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs; docs/schemas/check.json describes it
    Json,
    /// For code scanning services: SARIF 2.1.0
    Sarif,
    /// For test reports of CI servers: JUnit XML
    Junit,
    /// Annotations of GitHub workflows
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// For a comment on a pull request
    Markdown,
    /// One page that needs nothing else
    Html,
}

pub(super) fn run(args: &Args, global: Global, today: Date) -> Result<Exit, Failure> {
    let to = args.output.as_deref();
    let look = if to.is_some() { Look::file(global.color) } else { Look::stdout(global.color) };
    args.data.install()?;
    args.input.with_rules(&args.rules);
    if let Some(folder) = &args.test_rules {
        let (result, exit) = custom::test(folder)?;
        output::deliver(&result, to)?;
        return Ok(exit);
    }
    // They are rules like every other as soon as they are read.
    args.input.config()?;
    if let Some(name) = &args.explain {
        output::deliver(&rules::explain(name, args.format)?, to)?;
        return Ok(Exit::Clean);
    }
    if args.list_rules {
        output::deliver(&rules::list(args.format, look)?, to)?;
        return Ok(Exit::Clean);
    }
    for name in args.rule.iter().chain(&args.without) {
        rules::known(name)?;
    }
    let known = args.baseline.as_deref().map(Known::read).transpose()?;
    let today = args.today.unwrap_or(today);
    let change = args.diff.as_deref().map(|range| Change::open(range, args.input.path())).transpose()?;
    let place = match &change {
        Some(Change { after: After::Tree(place), .. }) => place.as_path(),
        _ => args.input.path(),
    };
    let mut input = args.input.read_from(place, global)?;
    if let Some(which) = args.fix {
        let open = |input: &Input| {
            let mut open = args.judge(input, global, today).open;
            if let Some(known) = known.clone() {
                known.take_from(&mut open);
            }
            open
        };
        let (fixed, done) = fix::apply(input, which, open, || args.input.read_from(place, global))?;
        if !global.quiet {
            output::tell(&done.render());
        }
        input = fixed;
    }
    let mut judged = args.judge(&input, global, today);
    let exclude = !input.config.exclude.is_empty();
    let mut hidden = Hidden { exclude, excluded: judged.excluded, ..Hidden::default() };
    if let Some(change) = &change {
        let before = args.before(change, global, today)?;
        hidden.unchanged = before.take_from(&mut judged.open);
    }
    if let Some(path) = &args.write_baseline {
        baseline::write(&judged.open, path)?;
        if !global.quiet {
            let findings = output::count(judged.open.len(), "finding", "findings");
            output::tell(&format!("wrote {findings} to `{}`\n", path.display()));
        }
    }
    if let Some(known) = known {
        hidden.known = known.take_from(&mut judged.open);
    }

    let sight = Sight { input: &input };
    let problems: Vec<&Problem> =
        input.system.problems.iter().chain(&judged.problems).filter(|p| !sight.hides_problem(p)).collect();
    // Code scanning services name files from the root of the repository.
    let repository = repository(&input.folder).unwrap_or_else(|| input.base.clone());
    let mut warnings = judged.suppressions.warnings(args.full, &input.config_path());
    warnings.extend(std::mem::take(&mut judged.warnings));
    let selection = args.selection(&input.config);
    let profiles = if selection.profiles.is_empty() { &[Profile::Baseline][..] } else { &selection.profiles };
    let all = judged.all();
    let report = Report {
        system: &input.system,
        graph: &input.graph,
        findings: &judged.open,
        all: &all,
        suppressions: &judged.suppressions,
        warnings: &warnings,
        problems: &problems,
        profiles,
        base: &input.base,
        repository: &repository,
        hidden,
        full: args.full,
        quiet: global.quiet,
    };
    let result = match args.format {
        Format::Text => text::render(&report, look),
        Format::Json => json::pretty(&json::check(&report)),
        Format::Sarif => json::pretty(&sarif::log(&report)),
        Format::Junit => junit::render(&report),
        Format::Github => github::render(&report),
        Format::Gitlab => json::pretty(&gitlab::report(&report)),
        Format::Markdown => markdown::render(&report),
        Format::Html => html::render(&report),
    };
    output::deliver(&result, to)?;
    // Whoever writes a baseline has decided to look at what comes after it.
    if args.write_baseline.is_some() {
        return Ok(Exit::Clean);
    }
    Ok(args.exit(&input.config, &judged.open))
}

/// What the rules found, and what of it is accepted.
pub(super) struct Judged {
    pub(super) open: Vec<Finding>,
    accepted: Vec<Finding>,
    pub(super) suppressions: Suppressions,
    /// Findings that `exclude` keeps out of sight.
    excluded: usize,
    /// Rules of people's own that could not do their work, and what they could not decide.
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl Judged {
    /// Open and accepted ones, the worst last.
    fn all(&self) -> Vec<Finding> {
        let mut all: Vec<Finding> = self.accepted.iter().chain(&self.open).cloned().collect();
        all.sort_by_key(|f| f.severity);
        all
    }
}

/// Asks the rules, and looks up what people accept.
pub(super) fn judge(input: &Input, selection: &Selection, today: Date) -> Judged {
    let findings = tidegate_check::check(&input.system, &input.graph, selection);
    let sight = Sight { input };
    let path = |file: &str| sight.seen_by_config(file);
    let seen =
        custom::Seen { system: &input.system, graph: &input.graph, folder: &input.folder, path: &path };
    let Ran { mut outcome, problems, mut warnings } = input.config.custom.run(seen, selection);
    let own = Outcome { findings, unknown: Vec::new() };
    tidegate_check::merge(&input.system, &mut outcome, own);
    let mut findings = outcome.findings;
    warnings.retain(|w| !sight.hides_problem(w));
    let found = findings.len();
    findings.retain(|f| !sight.hides(f.span));
    let excluded = found - findings.len();
    let terms = Terms { today, selection, config: &input.config.allow, path: &path };
    let suppressions = suppress::apply(&input.system, &mut findings, &terms);
    let (open, accepted) = findings.into_iter().partition(|f| f.state == FindingState::Open);
    Judged { open, accepted, suppressions, excluded, problems, warnings }
}

impl Args {
    fn judge(&self, input: &Input, global: Global, today: Date) -> Judged {
        let selection = self.selection(&input.config);
        let _progress = Progress::start(global.quiet, "checking");
        judge(input, &selection, today)
    }

    /// What is open on the old side of a change; nothing where there was nothing to read.
    fn before(&self, change: &Change, global: Global, today: Date) -> Result<Known, Failure> {
        let Some(place) = &change.before else { return Ok(Known::default()) };
        // Nobody wants to hear twice what can't be read.
        match self.input.read_quietly(place, global) {
            Ok(input) => Ok(Known::of(&self.judge(&input, global, today).open)),
            Err(Failure::Nothing { .. }) => Ok(Known::default()),
            Err(failure) => Err(failure),
        }
    }

    /// The command line, and the configuration where it says nothing.
    fn selection(&self, config: &Config) -> Selection {
        let named = |words: &[String]| -> Vec<Profile> {
            words.iter().filter_map(|w| Profile::ALL.into_iter().find(|p| p.word() == w)).collect()
        };
        let profiles = if self.profile.is_empty() { config.profiles.clone() } else { named(&self.profile) };
        let only = if self.rule.is_empty() { config.only.clone() } else { self.rule.clone() };
        // A rule that is asked for by name runs, whatever the file says.
        let off = config.off.iter().filter(|name| !self.rule.contains(name));
        let without = off.chain(&self.without).cloned().collect();
        Selection { profiles, without, only, guardrails: config.guardrails.clone() }
    }

    fn exit(&self, config: &Config, findings: &[Finding]) -> Exit {
        let word = self.fail_on.as_deref().and_then(FailOn::parse);
        let bad = match word.or(config.fail_on).unwrap_or(FailOn::Severity(Severity::High)) {
            FailOn::Severity(least) => findings.iter().any(|f| f.severity >= least),
            FailOn::Never => false,
        };
        if bad { Exit::Findings } else { Exit::Clean }
    }
}

/// What the configuration's `exclude` keeps out of sight.
pub(super) struct Sight<'a> {
    pub(super) input: &'a Input,
}

impl Sight<'_> {
    fn hides(&self, span: Span) -> bool {
        let system: &System = &self.input.system;
        !self.input.config.exclude.is_empty()
            && system.sources.source(span.file).is_some_and(|source| self.hides_file(source.path()))
    }

    pub(super) fn hides_problem(&self, problem: &Problem) -> bool {
        let file = problem.path.as_ref();
        problem.span.is_some_and(|span| self.hides(span)) || file.is_some_and(|file| self.hides_file(file))
    }

    fn hides_file(&self, file: &str) -> bool {
        let exclude = &self.input.config.exclude;
        !exclude.is_empty() && !self.input.named && {
            let path = self.seen_by_config(file);
            exclude.iter().any(|glob| glob.fits(&path))
        }
    }

    /// The path of a file as patterns of the configuration see it.
    pub(super) fn seen_by_config(&self, file: &str) -> String {
        let path = self.input.folder.join(file);
        self.input.config.seen(&path).to_string_lossy().replace('\\', "/")
    }
}

/// From the root of the git work tree to a folder: how code scanning services name files.
fn repository(folder: &Path) -> Option<Base> {
    let root = folder.ancestors().find(|f| f.join(".git").exists())?;
    Some(Base::new(folder.strip_prefix(root).ok()?))
}

pub(super) fn profile() -> clap::builder::PossibleValuesParser {
    Profile::ALL.map(Profile::word).into()
}

fn severity() -> clap::builder::PossibleValuesParser {
    FailOn::WORDS.into()
}
