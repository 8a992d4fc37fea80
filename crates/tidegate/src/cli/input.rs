//! What `check` and `graph` have in common: the path, what is fixed beforehand, and the reading.

use super::Global;
use crate::config::{Config, Glob};
use crate::failure::Failure;
use crate::output::{self, Base, Look, problems};
use crate::progress::Progress;
use crate::suggest::closest;
use anstyle::AnsiColor;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use tidegate_graph::{Graph, Problem, System};
use tidegate_read::Options;

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Folder or file to read
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Stage of Serverless Framework services [default: dev]
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// Value of a template parameter or Terraform variable; may be given again
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// Configuration to use instead of the nearest tidegate.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Places of rules that the command line names.
    #[arg(skip)]
    rules: OnceLock<Vec<PathBuf>>,
}

/// What an editor holds and has not saved, by path without links.
pub(super) type Unsaved = Arc<BTreeMap<PathBuf, Arc<str>>>;

/// What was read.
pub(super) struct Input {
    pub(super) system: System,
    pub(super) graph: Graph,
    pub(super) config: Config,
    /// From the working folder to the folder that was read.
    pub(super) base: Base,
    /// That folder in full.
    pub(super) folder: PathBuf,
    /// The path is one file, which is meant whatever is excluded.
    pub(super) named: bool,
}

impl Input {
    /// The configuration's file as seen from the folder that was read.
    pub(super) fn config_path(&self) -> PathBuf {
        let Config { folder, path, .. } = &self.config;
        let name = path.file_name().unwrap_or_default();
        // It lies in that folder or above it, unless another one was named.
        match self.folder.strip_prefix(folder) {
            Ok(below) => below.components().map(|_| "..").collect::<PathBuf>().join(name),
            Err(_) => folder.join(name),
        }
    }
}

impl Args {
    /// What was named on the command line.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds places of rules to those that the configuration names.
    pub(super) fn with_rules(&self, rules: &[PathBuf]) {
        let _ = self.rules.set(rules.to_vec());
    }

    /// The configuration.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        let rules = self.rules.get().map(Vec::as_slice).unwrap_or_default();
        Config::load(self.config.as_deref(), &self.path, rules)
    }

    /// Reads and links. Fails when there is nothing to read.
    pub(super) fn read(&self, global: Global) -> Result<Input, Failure> {
        self.read_from(&self.path, global)
    }

    /// The same from another place, where the tree of a revision was laid out; it is shown as if it were here.
    pub(super) fn read_from(&self, place: &Path, global: Global) -> Result<Input, Failure> {
        let input = self.read_with(place, global).map_err(|(problems, failure)| {
            output::tell(&problems);
            failure
        })?;
        if !global.quiet {
            for name in self.params.iter().map(|(name, _)| name).filter(|name| !mentions(&input.system, name))
            {
                output::tell(&unknown_parameter(&input.system, name, Look::stderr(global.color)));
            }
        }
        Ok(input)
    }

    /// The same, without a word about what can't be read.
    pub(super) fn read_quietly(&self, place: &Path, global: Global) -> Result<Input, Failure> {
        self.read_with(place, global).map_err(|(_, failure)| failure)
    }

    fn read_with(&self, place: &Path, global: Global) -> Result<Input, (String, Failure)> {
        let plain = |failure| (String::new(), failure);
        self.exists().map_err(plain)?;
        let config = self.config().map_err(plain)?;
        let mut parameters: BTreeMap<String, String> = config.parameters.clone();
        parameters.extend(self.params.iter().cloned());
        let shown =
            if self.path.is_dir() { &*self.path } else { self.path.parent().unwrap_or(Path::new("")) };
        let here = if shown.as_os_str().is_empty() { Path::new(".") } else { shown };
        let folder = here.canonicalize().unwrap_or_else(|_| here.to_path_buf());
        let base = Base::new(shown);
        let options = Options {
            stage: self.stage.clone().or_else(|| config.stage.clone()),
            parameters,
            ..options(&config, &folder)
        };

        let progress = Progress::start(global.quiet, "reading");
        let system = tidegate_read::read(place, &options);
        // A file that we know but can't parse has been read, and has a place where it is broken.
        if system.stacks.is_empty() && system.problems.iter().all(|p| p.span.is_none()) {
            drop(progress);
            let problems: Vec<&Problem> = system.problems.iter().collect();
            let shown = problems::render(&system, &problems, &base, Look::stderr(global.color));
            return Err((shown, self.nothing(&problems)));
        }
        progress.step("linking");
        let graph = tidegate_read::link(&system);
        Ok(Input { system, graph, config, base, folder, named: self.path.is_file() })
    }

    fn exists(&self) -> Result<(), Failure> {
        let shown = self.path.display();
        let Err(error) = std::fs::metadata(&self.path) else { return Ok(()) };
        if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
            return Err(Failure::Own(anyhow::Error::new(error).context(format!("could not open `{shown}`"))));
        }
        let help = match self.neighbour() {
            Some(name) => format!("did you mean `{}`?", name.display()),
            None => "name a folder or file, or leave it out to read the working folder".to_string(),
        };
        Err(Failure::usage(format!("there is no `{shown}`"), Some(help)))
    }

    /// What stands beside the missing path under a similar name.
    fn neighbour(&self) -> Option<PathBuf> {
        const MOST: usize = 1000;
        let name = self.path.file_name()?.to_str()?;
        let parent = self.path.parent()?;
        let folder = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let entries = std::fs::read_dir(folder).ok()?.take(MOST).flatten();
        let names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
        closest(name, names.iter().map(String::as_str)).map(|found| parent.join(found))
    }

    fn nothing(&self, problems: &[&Problem]) -> Failure {
        let shown = self.path.display();
        if self.path.is_file() {
            return Failure::Nothing {
                message: format!("`{shown}` is nothing that Tidegate reads"),
                looked_for: LOOKED_FOR.to_string(),
                help: "name the folder that holds one of them".to_string(),
            };
        }
        let has = |name: &str| self.path.join(name).is_file();
        let help = if !problems.is_empty() {
            "see the problems above".to_string()
        } else if has("Pulumi.yaml") {
            "Pulumi programs are not read; templates and Terraform are".to_string()
        } else {
            "name the folder that holds one of them".to_string()
        };
        Failure::Nothing {
            message: format!("nothing to read in `{shown}`"),
            looked_for: LOOKED_FOR.to_string(),
            help,
        }
    }
}

/// Folders of rules: what lies there are no templates, though it may look like some.
fn rules_of(config: &Config) -> Vec<Glob> {
    let full = config.choices.load.iter().filter_map(|place| place.canonicalize().ok());
    full.map(|place| Glob::new(&config.seen(&place).to_string_lossy().replace('\\', "/"))).collect()
}

/// Reads a folder or a file as an editor sees it. It can't fail: an editor stays open over what holds nothing for us.
pub(super) fn open(place: &Path, config: Config, unsaved: Unsaved, stop: Arc<AtomicBool>) -> Input {
    let named = !place.is_dir();
    let folder = place.parent().filter(|_| named).unwrap_or(place);
    let options = Options { unsaved, stop, ..options(&config, folder) };
    let system = tidegate_read::read(place, &options);
    let graph = tidegate_read::link(&system);
    Input { system, graph, config, base: Base::default(), folder: folder.to_path_buf(), named }
}

/// What the configuration and the environment say about reading.
fn options(config: &Config, folder: &Path) -> Options {
    Options {
        stage: config.stage.clone(),
        parameters: config.parameters.clone(),
        terraform_environment: terraform_environment(),
        exclude: config.exclude.iter().cloned().chain(rules_of(config)).collect(),
        exclude_from: config.seen(folder).to_string_lossy().replace('\\', "/"),
        ..Options::default()
    }
}

/// What a folder may hold for us.
const LOOKED_FOR: &str = "\
CloudFormation and SAM templates (a YAML or JSON file with `Resources`), cdk.out/,
            Terraform (*.tf, plans as JSON), serverless.yml, OpenAPI and AsyncAPI documents";

/// True if the name stands in some file as a word of its own: where it doesn't, nothing can be declared under it.
fn mentions(system: &System, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    system.sources.iter().any(|(_, source)| {
        let text = source.text();
        text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
            !before.is_some_and(part) && !after.is_some_and(part)
        })
    })
}

fn unknown_parameter(system: &System, name: &str, look: Look) -> String {
    let warning = look.paint("warning:", AnsiColor::Yellow.on_default().bold());
    let known = system.variables.values().map(|v| v.name.as_str());
    let close = closest(name, known).map(|close| format!(", did you mean `{close}`?")).unwrap_or_default();
    format!("{warning} nothing that was read has a parameter `{name}`{close}\n")
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err("expected NAME=VALUE, such as `Env=prod`".to_string()),
    }
}
/// `TF_VAR_name` variables, as Terraform itself takes them. Text that is no UTF-8 can be no value.
fn terraform_environment() -> std::collections::BTreeMap<String, String> {
    let named = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.to_str()?.strip_prefix("TF_VAR_")?.to_string();
        Some((name, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(named).collect()
}
