//! `tidegate iam lint`: what is wrong with policies, wherever they are written.

mod documents;
mod export;
mod gather;

use crate::cli::Global;
use crate::config::{Config, FailOn};
use crate::date::Date;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::text::{Hidden, Report};
use crate::output::{self, Look, github, gitlab, html, json, junit, markdown, sarif, text};
use crate::progress::Progress;
use crate::suppress::{self, Terms};
use gather::Gathered;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tidegate_check::{Profile, Selection};
use tidegate_graph::{Finding, FindingState, Problem};
use tidegate_iam::lint::Kind;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Policies as JSON, exports of an account, templates, folders of them
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// What a JSON file that is one policy is for
    #[arg(long, value_name = "KIND", value_parser = kind(), default_value = "identity")]
    kind: String,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: crate::cli::check::Format,
    /// Writes the result to a file, whole or not at all
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Ends with exit code 10 from this severity on [default: high]
    #[arg(long, value_name = "SEVERITY", value_parser = FailOn::WORDS)]
    fail_on: Option<String>,
    /// Shows each finding with its source, however many there are
    #[arg(long)]
    full: bool,
    /// Configuration to use instead of the nearest tidegate.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, global: Global, today: Date) -> Result<Exit, Failure> {
    let first = args.paths.first().map_or(Path::new("."), PathBuf::as_path);
    let config = Config::load(args.config.as_deref(), first, &[])?;
    let kind = Kind::ALL.into_iter().find(|k| k.word() == args.kind).unwrap_or_default();
    let progress = Progress::start(global.quiet, "reading");
    let gathered = gather::gather(&args.paths, kind, &config)?;
    progress.step("checking");
    let selection = Selection {
        profiles: Vec::new(),
        without: config.off.clone(),
        only: tidegate_check::POLICY_RULES.iter().map(ToString::to_string).collect(),
        guardrails: config.guardrails.clone(),
    };
    let Gathered { system, graph, base } = &gathered;
    let mut findings = tidegate_check::check(system, graph, &selection);
    drop(progress);
    let valid = !findings.iter().any(|f| tidegate_check::REFUSED_POLICY_RULES.contains(&f.rule));
    let path = |file: &str| file.to_string();
    let terms = Terms { today, selection: &selection, config: &config.allow, path: &path };
    let suppressions = suppress::apply(system, &mut findings, &terms);
    let (open, mut all): (Vec<Finding>, Vec<Finding>) =
        findings.into_iter().partition(|f| f.state == FindingState::Open);
    all.extend(open.iter().cloned());
    all.sort_by_key(|f| f.severity);
    let problems: Vec<&Problem> = system.problems.iter().collect();
    let report = Report {
        system,
        graph,
        findings: &open,
        all: &all,
        suppressions: &suppressions,
        warnings: &[],
        problems: &problems,
        profiles: &[Profile::Baseline],
        base,
        repository: base,
        hidden: Hidden::default(),
        full: args.full,
        quiet: global.quiet,
    };
    let result = args.render(&report, valid, global);
    output::deliver(&result, args.output.as_deref())?;
    let least = args.fail_on.as_deref().and_then(FailOn::parse).or(config.fail_on);
    let bad = match least.unwrap_or(FailOn::Severity(tidegate_graph::Severity::High)) {
        FailOn::Severity(least) => open.iter().any(|f| f.severity >= least),
        FailOn::Never => false,
    };
    Ok(if bad { Exit::Findings } else { Exit::Clean })
}

impl Args {
    fn render(&self, report: &Report<'_>, valid: bool, global: Global) -> String {
        use crate::cli::check::Format;
        let look = if self.output.is_some() { Look::file(global.color) } else { Look::stdout(global.color) };
        match self.format {
            Format::Text => text::render(report, look),
            Format::Json => json::pretty(&document(report, valid)),
            Format::Sarif => json::pretty(&sarif::log(report)),
            Format::Junit => junit::render(report),
            Format::Github => github::render(report),
            Format::Gitlab => json::pretty(&gitlab::report(report)),
            Format::Markdown => markdown::render(report),
            Format::Html => html::render(report),
        }
    }
}

/// The document of `check`, with the answer in front, and the day of the facts.
fn document(report: &Report<'_>, valid: bool) -> Value {
    let mut out = serde_json::Map::new();
    let Value::Object(parts) = json::check(report) else { return Value::Null };
    for (key, value) in parts {
        let first = key == "version";
        // What only `check` has stays there.
        if !matches!(key.as_str(), "suppressions" | "warnings") {
            out.insert(key, value);
        }
        if first {
            out.insert("valid".into(), valid.into());
        }
    }
    out.insert("catalogue".into(), tidegate_iam::Catalogue::current().date().into());
    Value::Object(out)
}

fn kind() -> clap::builder::PossibleValuesParser {
    Kind::ALL.map(Kind::word).into()
}
