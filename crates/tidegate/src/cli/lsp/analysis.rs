//! One look at everything that an editor has open: what is found, and where that shows.

use super::paths;
use super::protocol::{CodeDescription, Diagnostic, Level, Location, Range, Related};
use super::text::{Encoding, Text};
use crate::cli::check::{self, Sight};
use crate::cli::input::{self, Input, Unsaved};
use crate::config::{Complaints, Config};
use crate::date::Date;
use crate::failure::Failure;
use crate::output::Look;
use crate::suppress::Suppressions;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tidegate_check::{Profile, Selection};
use tidegate_graph::{Finding, Problem, Severity, Span};

/// What stays the same from one look to the next.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) profiles: Vec<Profile>,
    pub(super) config: Option<PathBuf>,
    pub(super) today: Date,
    pub(super) encoding: Encoding,
    pub(super) related: bool,
    pub(super) code_description: bool,
}

/// A folder, or a file that lies in none of the editor's folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Root {
    /// As the editor names it.
    pub(super) shown: PathBuf,
    /// Without links.
    pub(super) real: PathBuf,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) roots: Vec<Root>,
    pub(super) unsaved: Unsaved,
    /// The editor's own addresses of what it has open.
    pub(super) uris: BTreeMap<PathBuf, String>,
    pub(super) settings: Settings,
    /// Set when nobody waits for the result any more.
    pub(super) stop: Arc<AtomicBool>,
}

/// What was seen.
#[derive(Default)]
pub(super) struct Analysis {
    pub(super) projects: Vec<Project>,
    pub(super) diagnostics: BTreeMap<PathBuf, Vec<Diagnostic>>,
    /// Where findings show, by file.
    pub(super) marks: BTreeMap<PathBuf, Vec<Mark>>,
}

pub(super) struct Project {
    pub(super) input: Input,
    pub(super) open: Vec<Finding>,
}

/// A finding where it shows.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) range: Range,
    /// Its place among the projects, and among the findings there.
    pub(super) project: usize,
    pub(super) finding: usize,
    pub(super) diagnostic: Diagnostic,
}

/// Configurations that could be read, by root: what counts while somebody types in the file.
#[derive(Default)]
pub(super) struct Configs(HashMap<PathBuf, Config>);

impl Configs {
    /// The configuration of a root, and what is wrong with it now.
    pub(super) fn load(&mut self, scene: &Scene, root: &Root) -> (Config, Option<Failure>) {
        let unsaved = |path: &Path| scene.unsaved.get(&paths::real(path)).map(ToString::to_string);
        match Config::load_over(scene.settings.config.as_deref(), &root.real, &[], &unsaved) {
            Ok(config) => {
                self.0.insert(root.real.clone(), config.clone());
                (config, None)
            }
            Err(failure) => (self.0.get(&root.real).cloned().unwrap_or_default(), Some(failure)),
        }
    }
}

/// Which rules an editor runs.
pub(super) fn selection(settings: &Settings, config: &Config) -> Selection {
    let profiles = if settings.profiles.is_empty() { &config.profiles } else { &settings.profiles };
    Selection {
        profiles: profiles.clone(),
        without: config.off.clone(),
        only: config.only.clone(),
        guardrails: config.guardrails.clone(),
    }
}

/// Looks at every root; `None` when nobody waits any more.
pub(super) fn look(scene: &Scene, configs: &mut Configs) -> Option<Analysis> {
    let stopped = || scene.stop.load(Ordering::Relaxed);
    let mut out = Analysis::default();
    // An open file without findings has none, which is something to be said.
    for path in scene.uris.keys() {
        out.diagnostics.entry(path.clone()).or_default();
    }
    let mut texts = HashMap::new();
    for root in &scene.roots {
        let (config, failure) = configs.load(scene, root);
        let selection = selection(&scene.settings, &config);
        let input = input::open(&root.real, config, scene.unsaved.clone(), scene.stop.clone());
        if stopped() {
            return None;
        }
        let judged = check::judge(&input, &selection, scene.settings.today);
        if stopped() {
            return None;
        }
        let project = Project { input, open: judged.open };
        let mut teller = Teller { scene, root, project: &project, texts: &mut texts, out: &mut out };
        for problem in &judged.problems {
            teller.problem(problem, Level::Error);
        }
        for warning in &judged.warnings {
            teller.problem(warning, Level::Warning);
        }
        teller.tell(&judged.suppressions, failure.as_ref());
        out.projects.push(project);
        texts.clear();
    }
    Some(out)
}

/// Turns what was found in a project into diagnostics.
struct Teller<'a> {
    scene: &'a Scene,
    root: &'a Root,
    project: &'a Project,
    texts: &'a mut HashMap<u32, Option<(PathBuf, Text)>>,
    out: &'a mut Analysis,
}

impl Teller<'_> {
    fn tell(&mut self, suppressions: &Suppressions, failure: Option<&Failure>) {
        let project = self.project;
        let sight = Sight { input: &project.input };
        for problem in project.input.system.problems.iter().filter(|p| !sight.hides_problem(p)) {
            self.problem(problem, Level::Error);
        }
        for warning in suppressions.warnings(false, &project.input.config_path()) {
            self.problem(&warning, Level::Warning);
        }
        for (at, finding) in project.open.iter().enumerate() {
            self.finding(at, finding, suppressions);
        }
        match failure {
            Some(Failure::Config(complaints)) => self.complaints(complaints),
            Some(other) => {
                let look = Look::plain();
                let path = self
                    .scene
                    .settings
                    .config
                    .clone()
                    .unwrap_or_else(|| self.root.real.join(crate::config::FILE));
                let message = other.render(look).trim_start_matches("error: ").trim_end().to_string();
                self.add(paths::real(&path), plain(Range::default(), Level::Error, message));
            }
            None => {}
        }
    }

    fn finding(&mut self, at: usize, finding: &Finding, suppressions: &Suppressions) {
        let encoding = self.scene.settings.encoding;
        let Some((path, text)) = self.text(finding.span) else { return };
        let (start, end) = (finding.span.start as usize, finding.span.end as usize);
        let range = text.first_line(start, end, encoding);
        let settings = &self.scene.settings;
        let page = if settings.code_description { super::pages::href(finding.rule) } else { None };
        let related = if settings.related { self.related(finding) } else { Vec::new() };
        let diagnostic = Diagnostic {
            range,
            severity: level(finding.severity),
            code: Some(finding.rule.to_string()),
            code_description: page.map(|href| CodeDescription { href }),
            source: "tidegate",
            message: words(finding, suppressions),
            related_information: related,
        };
        let project = self.out.projects.len();
        let mark = Mark { range, project, finding: at, diagnostic: diagnostic.clone() };
        self.out.marks.entry(path.clone()).or_default().push(mark);
        self.add(path, diagnostic);
    }

    /// What else there is to see: the finding's own places, then the way along which it hurts.
    fn related(&mut self, finding: &Finding) -> Vec<Related> {
        // A way through a whole system is long; nobody reads more of it in an editor.
        const MOST: usize = 20;
        let graph = &self.project.input.graph;
        let mut places: Vec<(Span, String)> =
            finding.related.iter().map(|r| (r.span, r.label.clone())).collect();
        for (step, id) in finding.path.iter().enumerate() {
            let node = graph.index(id).and_then(|at| graph.node(at));
            if let Some((node, span)) = node.and_then(|node| Some((node, node.span?))) {
                places.push((span, format!("step {}: {} `{}`", step + 1, node.kind.word(), node.name)));
            }
        }
        let encoding = self.scene.settings.encoding;
        let mut out = Vec::new();
        for (span, message) in places.into_iter().take(MOST) {
            let Some((path, text)) = self.text(span) else { continue };
            let range = text.first_line(span.start as usize, span.end as usize, encoding);
            out.push(Related { location: Location { uri: uri(self.scene, &path), range }, message });
        }
        out
    }

    fn problem(&mut self, problem: &Problem, severity: Level) {
        let encoding = self.scene.settings.encoding;
        let message = match &problem.help {
            Some(help) => format!("{}\nhelp: {help}", problem.message),
            None => problem.message.clone(),
        };
        if let Some(span) = problem.span {
            let Some((path, text)) = self.text(span) else { return };
            let range = text.first_line(span.start as usize, span.end as usize, encoding);
            return self.add(path, plain(range, severity, message));
        }
        let Some(shown) = &problem.path else { return };
        // One in the configuration ends with its line.
        let (name, line) = match shown.rsplit_once(':') {
            Some((name, line)) => (name, line.parse::<u32>().ok()),
            None => (shown.as_str(), None),
        };
        let (name, line) = if line.is_some() { (name, line) } else { (shown.as_str(), None) };
        let path = paths::real(&self.absolute(name));
        // A folder has no place in an editor.
        if path.is_dir() {
            return;
        }
        let line = line.unwrap_or(1).saturating_sub(1);
        let start = super::protocol::Position { line, character: 0 };
        self.add(path, plain(Range { start, end: start }, severity, message));
    }

    fn complaints(&mut self, complaints: &Complaints) {
        let path = paths::real(Path::new(&complaints.path));
        let text = Text::new(complaints.text.as_str());
        for complaint in &complaints.all {
            let (start, end) = (complaint.span.start, complaint.span.end);
            let range = text.first_line(
                start.min(text.text().len()),
                end.min(text.text().len()),
                self.scene.settings.encoding,
            );
            self.add(path.clone(), plain(range, Level::Error, complaint.words()));
        }
    }

    fn add(&mut self, path: PathBuf, diagnostic: Diagnostic) {
        let of_file = self.out.diagnostics.entry(path).or_default();
        // Two stacks that share a file may have the same to say of it.
        if !of_file.contains(&diagnostic) && of_file.len() < MOST {
            of_file.push(diagnostic);
        }
    }

    /// The path and text of the file that a span lies in.
    fn text(&mut self, span: Span) -> Option<(PathBuf, Text)> {
        let project = self.project;
        let known = self.texts.entry(span.file.0).or_insert_with(|| {
            let source = project.input.system.sources.source(span.file)?;
            let path = paths::real(&absolute(&project.input.folder, source.path()));
            Some((path, Text::new(source.text().clone())))
        });
        known.clone()
    }

    fn absolute(&self, shown: &str) -> PathBuf {
        absolute(&self.project.input.folder, shown)
    }
}

/// Diagnostics of one file that are shown; editors slow down with more, and nobody reads them.
const MOST: usize = 2000;

/// The path of a file that was read; those outside of the folder are named in full.
pub(super) fn absolute(folder: &Path, shown: &str) -> PathBuf {
    match shown.strip_prefix("//") {
        Some(rest) => PathBuf::from(format!("/{rest}")),
        None => folder.join(shown),
    }
}

/// The address of a file as the editor knows it.
pub(super) fn uri(scene: &Scene, path: &Path) -> String {
    if let Some(known) = scene.uris.get(path) {
        return known.clone();
    }
    let below = |root: &Root| {
        Some(root.shown.join(path.strip_prefix(&root.real).ok().filter(|rest| !rest.as_os_str().is_empty())?))
    };
    paths::uri(scene.roots.iter().find_map(below).as_deref().unwrap_or(path))
}

fn plain(range: Range, severity: Level, message: String) -> Diagnostic {
    Diagnostic {
        range,
        severity,
        code: None,
        code_description: None,
        source: "tidegate",
        message,
        related_information: Vec::new(),
    }
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Critical | Severity::High => Level::Error,
        Severity::Medium => Level::Warning,
        Severity::Low => Level::Information,
        Severity::Info => Level::Hint,
    }
}

fn words(finding: &Finding, suppressions: &Suppressions) -> String {
    let mut out = finding.message.clone();
    if !finding.fails_when.is_empty() {
        out.push_str(&format!(" (when {})", finding.fails_when.join(" or ")));
    }
    if let Some(expiry) = suppressions.expiry(finding) {
        out.push_str(&format!("\n{expiry}"));
    }
    if !finding.help.is_empty() {
        out.push_str(&format!("\nhelp: {}", finding.help));
    }
    out
}
