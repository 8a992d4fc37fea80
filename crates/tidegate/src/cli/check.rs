//! `tidegate check`: read, check, print what was found.

use super::input::{self, Input};
use super::{Global, rules};
use crate::config::{Config, FailOn};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::text::Report;
use crate::output::{self, Base, Look, json, sarif, text};
use crate::progress::Progress;
use std::path::{Path, PathBuf};
use tidegate_check::{Profile, Selection};
use tidegate_graph::{Finding, Problem, Severity, Span, System};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: input::Args,
    /// Sets of rules to run [default: baseline]
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = profile())]
    profile: Vec<String>,
    /// Runs this rule alone (id or alias); may be given again
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    rule: Vec<String>,
    /// Leaves this rule out (id or alias); may be given again
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    without: Vec<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Writes the result to a file, whole or not at all
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Ends with exit code 10 from this severity on [default: high]
    #[arg(long, value_name = "SEVERITY", value_parser = severity())]
    fail_on: Option<String>,
    /// Shows each finding with its source, however many there are
    #[arg(long)]
    full: bool,
    /// Explains a rule (id or alias) and ends
    #[arg(long, value_name = "RULE", conflicts_with = "list_rules")]
    explain: Option<String>,
    /// Lists the rules and ends
    #[arg(long)]
    list_rules: bool,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs; docs/schemas/check.json describes it
    Json,
    /// For code scanning services: SARIF 2.1.0
    Sarif,
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    let to = args.output.as_deref();
    let look = if to.is_some() { Look::file(global.color) } else { Look::stdout(global.color) };
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
    let input = args.input.read(global)?;
    let selection = args.selection(&input.config);
    let progress = Progress::start(global.quiet, "checking");
    let mut findings = tidegate_check::check(&input.system, &input.graph, &selection);
    drop(progress);

    let sight = Sight { input: &input };
    let all = findings.len();
    findings.retain(|f| !sight.hides(f.span));
    let problems: Vec<&Problem> = input.system.problems.iter().filter(|p| !sight.hides_problem(p)).collect();
    let result = match args.format {
        Format::Text => {
            let profiles =
                if selection.profiles.is_empty() { &[Profile::Baseline][..] } else { &selection.profiles };
            let report = Report {
                system: &input.system,
                findings: &findings,
                problems: &problems,
                profiles,
                base: &input.base,
                excluded: all - findings.len(),
                full: args.full,
                quiet: global.quiet,
            };
            text::render(&report, look)
        }
        Format::Json => json::pretty(&json::check(&input.system, &findings, &problems)),
        Format::Sarif => {
            let base = repository(&input.folder).unwrap_or_else(|| input.base.clone());
            let run =
                sarif::Run { system: &input.system, findings: &findings, problems: &problems, base: &base };
            json::pretty(&sarif::log(&run))
        }
    };
    output::deliver(&result, to)?;
    Ok(args.exit(&input.config, &findings))
}

impl Args {
    /// The command line, and the configuration where it says nothing.
    fn selection(&self, config: &Config) -> Selection {
        let named = |words: &[String]| -> Vec<Profile> {
            words.iter().filter_map(|w| Profile::ALL.into_iter().find(|p| p.word() == w)).collect()
        };
        let profiles = if self.profile.is_empty() { config.profiles.clone() } else { named(&self.profile) };
        let only = if self.rule.is_empty() { config.only.clone() } else { self.rule.clone() };
        // A rule that is asked for by name runs, whatever the file says.
        let off = config.off.iter().filter(|name| !self.rule.contains(name));
        Selection { profiles, without: off.chain(&self.without).cloned().collect(), only }
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
struct Sight<'a> {
    input: &'a Input,
}

impl Sight<'_> {
    fn hides(&self, span: Span) -> bool {
        let system: &System = &self.input.system;
        !self.input.config.exclude.is_empty()
            && system.sources.source(span.file).is_some_and(|source| self.hides_file(source.path()))
    }

    fn hides_problem(&self, problem: &Problem) -> bool {
        let file = problem.path.as_ref();
        problem.span.is_some_and(|span| self.hides(span)) || file.is_some_and(|file| self.hides_file(file))
    }

    fn hides_file(&self, file: &str) -> bool {
        let Config { exclude, folder, .. } = &self.input.config;
        if exclude.is_empty() {
            return false;
        }
        let path = self.input.folder.join(file);
        let path = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        exclude.iter().any(|glob| glob.fits(&path))
    }
}

/// From the root of the git work tree to a folder: how code scanning services name files.
fn repository(folder: &Path) -> Option<Base> {
    let root = folder.ancestors().find(|f| f.join(".git").exists())?;
    Some(Base::new(folder.strip_prefix(root).ok()?))
}

fn profile() -> clap::builder::PossibleValuesParser {
    Profile::ALL.map(Profile::word).into()
}

fn severity() -> clap::builder::PossibleValuesParser {
    FailOn::WORDS.into()
}
