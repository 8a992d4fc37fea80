//! Finds what there is to read below a folder, and says of each file what it is.
//!
//! A file is known by what it holds, not by its name. Files that a template draws in (nested stacks, API bodies, state
//! machine definitions, modules) are read by that template's reader and not a second time on their own.

use crate::{Files, LoadError, Options, yaml};
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use tidegate_graph::{Data, FileId, Map, Problem, Str, Value};

/// A thing that one reader reads on its own.
#[derive(Debug)]
pub(crate) enum Part {
    /// A CloudFormation or SAM template, and the parameter file beside it.
    CloudFormation { file: FileId, root: Value, parameters: Option<Value> },
    /// `cdk.out/manifest.json`.
    CdkAssembly { manifest: FileId, root: Value },
    /// A folder with `*.tf` files that no other folder uses as a module.
    TerraformFolder(PathBuf),
    /// `terraform show -json` of a plan or state.
    TerraformJson { file: FileId, root: Value },
    /// `serverless.yml`.
    Serverless { file: FileId, root: Value },
    /// An OpenAPI or Swagger document of its own.
    OpenApi { file: FileId, root: Value },
    /// An AsyncAPI document of its own.
    AsyncApi { file: FileId, root: Value },
    /// A state machine definition of its own.
    StateMachine { file: FileId, root: Value },
}

/// Parts in the order of their paths, and what couldn't be read.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) parts: Vec<Part>,
    pub(crate) problems: Vec<Problem>,
}

/// Folders that never hold infrastructure code of the project itself. Hidden folders are skipped too.
const SKIPPED: [&str; 6] =
    ["node_modules", "target", "venv", "__pycache__", "site-packages", "bower_components"];
/// Entries looked at in one run. A monorepo has some hundred thousand.
const MAX_ENTRIES: usize = 2_000_000;
const MAX_DEPTH: usize = 64;

pub(crate) fn find(root: &Path, files: &Files, options: &Options) -> Found {
    let mut tree = Tree::new(options);
    if root.is_dir() {
        tree.walk(&root.canonicalize().unwrap_or_else(|_| root.to_path_buf()), files, 0);
        tree.unsaved(files);
    } else {
        tree.documents.push(root.canonicalize().unwrap_or_else(|_| root.to_path_buf()));
    }
    let mut found = Found { parts: Vec::new(), problems: std::mem::take(&mut tree.problems) };
    if tree.documents.iter().any(|p| p.extension().is_some_and(|e| e == "tf")) {
        // A single `*.tf` file was named: it is read alone, as if it were the whole module.
        tree.terraform.append(&mut tree.documents);
    }

    let named = !root.is_dir();
    let opened: Vec<Opened> = tree.documents.par_iter().map(|path| open(files, path, named)).collect();
    let mut documents = Vec::new();
    for opened in opened {
        found.problems.extend(opened.problems);
        documents.extend(opened.document);
    }
    let used = used_paths(files, &documents, &tree.terraform_files);
    let parameters = parameter_files(files, &documents);
    for document in documents {
        let Document { file, root, kind } = document;
        let path = files.path(file).unwrap_or_default();
        let drawn_in = used.paths.contains(&path) || used.names.contains(&name_of(&path));
        match kind {
            Kind::CloudFormation if !used.paths.contains(&path) => {
                let beside = path.parent().map(Path::to_path_buf).unwrap_or_default();
                let parameters =
                    parameters.iter().find(|(folder, _)| *folder == beside).map(|(_, v)| v.clone());
                found.parts.push(Part::CloudFormation { file, root, parameters });
            }
            Kind::CdkManifest => found.parts.push(Part::CdkAssembly { manifest: file, root }),
            Kind::TerraformJson => found.parts.push(Part::TerraformJson { file, root }),
            Kind::Serverless => found.parts.push(Part::Serverless { file, root }),
            Kind::OpenApi if !drawn_in => found.parts.push(Part::OpenApi { file, root }),
            Kind::AsyncApi => found.parts.push(Part::AsyncApi { file, root }),
            Kind::StateMachine if !drawn_in => found.parts.push(Part::StateMachine { file, root }),
            _ => {}
        }
    }
    let modules = terraform_modules(files, &tree.terraform_files);
    let mut roots: Vec<PathBuf> = tree.terraform.iter().filter(|f| !modules.contains(*f)).cloned().collect();
    if roots.is_empty() {
        roots.extend(tree.terraform.first().cloned());
    }
    found.parts.extend(roots.into_iter().map(Part::TerraformFolder));
    found
}

#[derive(Debug)]
struct Tree<'a> {
    options: &'a Options,
    documents: Vec<PathBuf>,
    terraform: Vec<PathBuf>,
    terraform_seen: HashSet<PathBuf>,
    terraform_files: Vec<PathBuf>,
    problems: Vec<Problem>,
    entries: usize,
}

impl<'a> Tree<'a> {
    fn new(options: &'a Options) -> Self {
        Self {
            options,
            documents: Vec::new(),
            terraform: Vec::new(),
            terraform_seen: HashSet::new(),
            terraform_files: Vec::new(),
            problems: Vec::new(),
            entries: 0,
        }
    }

    fn excludes(&self, path: &Path, files: &Files) -> bool {
        let Options { exclude, exclude_from, .. } = self.options;
        !exclude.is_empty() && {
            let path = format!("{exclude_from}/{}", files.shown(path));
            exclude.iter().any(|glob| glob.fits(&path))
        }
    }

    fn walk(&mut self, folder: &Path, files: &Files, depth: usize) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                let problem =
                    Problem::file(files.shown(folder), format!("the folder can't be read: {error}"));
                self.problems.push(problem.help("give yourself read permission, or name a folder below it"));
                return;
            }
        };
        let mut entries: Vec<_> = entries.flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        let has = |name: &str| entries.iter().any(|e| e.file_name() == *name);
        if has("cdk.json") && !has("cdk.out") {
            let problem =
                Problem::file(files.shown(&folder.join("cdk.json")), "CDK source can't be read as it is");
            self.problems.push(
                problem.help("run `cdk synth`, then check the folder again: `cdk.out` is what is read"),
            );
        }
        if let Some(script) = ["serverless.ts", "serverless.js"].iter().find(|name| has(name)) {
            let problem = Problem::file(
                files.shown(&folder.join(script)),
                "a service written as a program can't be read",
            );
            self.problems.push(problem.help(
                "run `serverless package`, then check `.serverless/cloudformation-template-update-stack.json`",
            ));
        }
        let assembly = folder.join("manifest.json");
        if folder.file_name().is_some_and(|n| n == "cdk.out") && assembly.is_file() {
            self.documents.push(assembly);
            return;
        }
        for entry in entries {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return;
            }
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            // Links to folders are not followed: they may lead in circles. Links to files are.
            let Ok(kind) = entry.file_type() else { continue };
            if self.excludes(&path, files) {
                continue;
            }
            if kind.is_dir() {
                if depth < MAX_DEPTH && !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                    self.walk(&path, files, depth + 1);
                }
            } else if kind.is_file() || kind.is_symlink() && path.is_file() {
                self.file(path, &name, folder);
            }
        }
    }

    /// Files that an editor holds and that are not on disk yet.
    fn unsaved(&mut self, files: &Files) {
        for path in self.options.unsaved.keys() {
            let Ok(below) = path.strip_prefix(files.root()) else { continue };
            let passed_over = below.components().any(|part| {
                let name = part.as_os_str().to_string_lossy();
                name.starts_with('.') || SKIPPED.contains(&&*name)
            });
            let (Some(name), Some(folder)) = (path.file_name().and_then(|n| n.to_str()), path.parent())
            else {
                continue;
            };
            if !passed_over && !path.exists() && !self.excludes(path, files) {
                self.file(path.clone(), name, folder);
            }
        }
    }

    fn file(&mut self, path: PathBuf, name: &str, folder: &Path) {
        if name.ends_with(".tf") || name.ends_with(".tf.json") || name.ends_with(".tofu") {
            if self.terraform_seen.insert(folder.to_path_buf()) {
                self.terraform.push(folder.to_path_buf());
            }
            self.terraform_files.push(path);
        } else if [".yaml", ".yml", ".json", ".template"].iter().any(|e| name.ends_with(e)) {
            self.documents.push(path);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    CloudFormation,
    CdkManifest,
    TerraformJson,
    Serverless,
    OpenApi,
    AsyncApi,
    StateMachine,
    Parameters,
}

#[derive(Debug)]
struct Document {
    file: FileId,
    root: Value,
    kind: Kind,
}

#[derive(Default)]
struct Opened {
    document: Option<Document>,
    problems: Vec<Problem>,
}

/// Reads a file if it looks like one of ours, and says what it is. `named`: the user named this very file.
fn open(files: &Files, path: &Path, named: bool) -> Opened {
    let shown = files.shown(path);
    let only = |problem: Problem| Opened { document: None, problems: vec![problem] };
    let file = match files.load_if(path, |text| named || looks_like_ours(text)) {
        Ok(Some(file)) => file,
        Ok(None) => return Opened::default(),
        Err(error @ (LoadError::TooLarge { .. } | LoadError::NotText)) => {
            if !named && !surely_ours(&files.head(path)) {
                return Opened::default();
            }
            let help = match error {
                LoadError::NotText => "save it as UTF-8",
                _ => "split it, or leave it out with `exclude` in tidegate.toml",
            };
            return only(Problem::file(shown, error.to_string()).help(help));
        }
        Err(LoadError::Outside) if !named => return Opened::default(),
        Err(error) => return only(Problem::file(shown, format!("the file can't be read: {error}"))),
    };
    let text = files.text(file);
    let parsed = yaml::parse(file, &text);
    let name = name_of(path);
    let mut documents = parsed.documents.into_iter();
    let mut document = documents.by_ref().find_map(|root| {
        let kind = kind_of(&root, &name)?;
        Some(Document { file, root, kind })
    });
    if let Some(Document { root, kind: Kind::CloudFormation, .. }) = &mut document {
        documents.for_each(|more| add_resources(root, more, &name));
    }
    if document.is_none() && !named && !surely_ours(&text) {
        return Opened::default();
    }
    let mut problems = parsed.problems;
    if document.is_none() && problems.is_empty() && named {
        problems.push(Problem::file(shown, "no format that is known").help(
            "known are CloudFormation, SAM, CDK assemblies, Terraform, Serverless Framework, OpenAPI, AsyncAPI and state machines",
        ));
    }
    Opened { document, problems }
}

/// Takes over what a further template of the same file declares: nothing deploys it, but nothing that is written may be lost.
fn add_resources(template: &mut Value, mut more: Value, name: &str) {
    if kind_of(&more, name) != Some(Kind::CloudFormation) {
        return;
    }
    let Some(resources) = more.as_map_mut().and_then(|map| map.remove("Resources")) else { return };
    let (Data::Map(resources), Some(template)) = (resources.data, template.as_map_mut()) else { return };
    let Some(known) = template.get_mut("Resources").and_then(Value::as_map_mut) else { return };
    for (id, field) in resources.into_fields() {
        if !known.contains_key(&id) {
            known.insert_field(id, field);
        }
    }
}

/// A cheap look before anything is parsed: most JSON and YAML of a repository is something else.
fn looks_like_ours(text: &str) -> bool {
    const MARKS: [&str; 13] = [
        "Resources",
        "AWSTemplateFormatVersion",
        "openapi",
        "swagger",
        "asyncapi",
        "StartAt",
        "provider",
        "functions",
        "planned_values",
        "terraform_version",
        "ParameterKey",
        "cloud-assembly",
        "aws:cloudformation:stack",
    ];
    MARKS.iter().any(|mark| text.contains(mark))
}

/// Enough to complain when such a file is broken.
fn surely_ours(text: &str) -> bool {
    text.contains("AWSTemplateFormatVersion")
        || text.contains("AWS::Serverless")
        || text.contains("Type: AWS::")
        || text.contains("\"AWS::")
        || text.contains("AWS::Serverless-2016-10-31")
}

fn kind_of(root: &Value, name: &str) -> Option<Kind> {
    let Some(map) = root.as_map() else {
        let first = root.as_list()?.first()?;
        return (first.get("ParameterKey").is_some()).then_some(Kind::Parameters);
    };
    let has = |key: &str| map.contains_key(key);
    let typed = |resources: &Map| {
        resources
            .iter()
            .any(|(key, r)| r.get("Type").is_some_and(|t| t.as_str().is_some()) || key.starts_with("Fn::"))
    };
    let template = map.get("Resources").and_then(Value::as_map).is_some_and(typed)
        || has("AWSTemplateFormatVersion")
        || has("Resources") && (has("Transform") || has("Outputs"));
    match () {
        () if has("asyncapi") => Some(Kind::AsyncApi),
        () if has("openapi") || has("swagger") => Some(Kind::OpenApi),
        () if template => Some(Kind::CloudFormation),
        () if has("service") && (has("provider") || has("functions")) && name.starts_with("serverless") => {
            Some(Kind::Serverless)
        }
        // Under another name only what can hardly be anything else.
        () if has("service")
            && map.get("provider").is_some_and(|p| {
                p.get("name").is_some_and(|name| has("functions") || name.as_str() == Some("aws"))
            }) =>
        {
            Some(Kind::Serverless)
        }
        () if has("planned_values") || has("values") && has("terraform_version") => Some(Kind::TerraformJson),
        () if has("artifacts") && has("version") && name == "manifest.json" => Some(Kind::CdkManifest),
        () if has("StartAt") && map.get("States").is_some_and(|s| s.as_map().is_some()) => {
            Some(Kind::StateMachine)
        }
        () if has("Parameters")
            && map
                .get("Parameters")
                .and_then(Value::as_map)
                .is_some_and(|p| p.values().all(|v| v.as_map().is_none())) =>
        {
            Some(Kind::Parameters)
        }
        () => None,
    }
}

/// What other files draw in: full paths where they are known, bare names where they are only mentioned.
#[derive(Default)]
struct Used {
    paths: HashSet<PathBuf>,
    names: HashSet<Str>,
}

fn used_paths(files: &Files, documents: &[Document], terraform: &[PathBuf]) -> Used {
    let mut used = Used::default();
    let bodies: Vec<Str> = documents
        .iter()
        .filter(|d| matches!(d.kind, Kind::OpenApi | Kind::StateMachine))
        .filter_map(|d| files.path(d.file))
        .map(|p| name_of(&p))
        .collect();
    for document in documents.iter().filter(|d| matches!(d.kind, Kind::CloudFormation | Kind::Serverless)) {
        for resource in
            document.root.get("Resources").and_then(Value::as_map).into_iter().flat_map(Map::values)
        {
            let Some(properties) = resource.get("Properties") else { continue };
            let nested = ["TemplateURL", "Location"].iter().filter_map(|key| properties.get(key)?.as_str());
            used.paths.extend(nested.filter(|u| !u.contains("://")).map(|u| files.beside(document.file, u)));
        }
        let text = files.text(document.file);
        if document.kind == Kind::Serverless {
            // `${file(./resources.yml)}`: merged into the service.
            let paths = text.split("file(").skip(1).filter_map(|rest| rest.split_once(')'));
            let paths = paths.map(|(path, _)| path.trim().trim_matches(['\'', '"']));
            used.paths.extend(paths.map(|path| files.beside(document.file, path)));
        }
        used.names.extend(bodies.iter().filter(|name| text.contains(name.as_str())).cloned());
    }
    if !bodies.is_empty() {
        for text in terraform.iter().filter_map(|p| files.load(p).ok()).map(|id| files.text(id)) {
            used.names.extend(bodies.iter().filter(|name| text.contains(name.as_str())).cloned());
        }
    }
    used
}

/// Parameter files by folder; a folder with several says nothing about which one counts, so none does.
fn parameter_files(files: &Files, documents: &[Document]) -> Vec<(PathBuf, Value)> {
    let mut out: Vec<(PathBuf, Value)> = Vec::new();
    let mut seen = HashSet::new();
    for document in documents.iter().filter(|d| d.kind == Kind::Parameters) {
        let Some(folder) = files.path(document.file).and_then(|p| p.parent().map(Path::to_path_buf)) else {
            continue;
        };
        if seen.insert(folder.clone()) {
            out.push((folder, document.root.clone()));
        } else {
            out.retain(|(known, _)| *known != folder);
        }
    }
    out
}

/// Folders that another folder names as the source of a module.
fn terraform_modules(files: &Files, paths: &[PathBuf]) -> HashSet<PathBuf> {
    let mut out = HashSet::new();
    for path in paths {
        let Ok(id) = files.load(path) else { continue };
        for line in files.text(id).lines() {
            let Some(rest) = line.trim_start().trim_start_matches('"').strip_prefix("source") else {
                continue;
            };
            let value = rest.split('"').find(|part| part.starts_with("./") || part.starts_with("../"));
            out.extend(
                value
                    .map(|value| files.beside(id, value))
                    .filter(|target| Some(target.as_path()) != path.parent()),
            );
        }
    }
    out
}

fn name_of(path: &Path) -> Str {
    path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str, name: &str) -> Option<Kind> {
        let (root, _) = yaml::parse_one(FileId(0), text);
        kind_of(&root.unwrap(), name)
    }

    #[test]
    fn files_are_known_by_what_they_hold() {
        assert_eq!(kind("Resources: {A: {Type: AWS::SQS::Queue}}", "x.yaml"), Some(Kind::CloudFormation));
        assert_eq!(kind("Resources: {'Fn::ForEach::L': []}", "x.yaml"), Some(Kind::CloudFormation));
        assert_eq!(kind("AWSTemplateFormatVersion: x\nResources:", "x.yaml"), Some(Kind::CloudFormation));
        assert_eq!(kind("openapi: 3.0.1", "x.yaml"), Some(Kind::OpenApi));
        assert_eq!(kind("service: a\nprovider: {name: aws}", "serverless.yml"), Some(Kind::Serverless));
        assert_eq!(kind("service: a\nprovider: {name: aws}", "api.yml"), Some(Kind::Serverless));
        assert_eq!(kind("service: a\nprovider: {name: other}", "x.yml"), None);
        assert_eq!(kind("[{ParameterKey: a, ParameterValue: b}]", "dev.json"), Some(Kind::Parameters));
        assert_eq!(kind("apiVersion: v1\nkind: Pod", "pod.yaml"), None);
        assert_eq!(
            kind("{StartAt: A, States: {A: {Type: Pass, End: true}}}", "m.json"),
            Some(Kind::StateMachine)
        );
    }
}
