//! Reads what was named into one system: templates by their readers, policies and exports by us.

use super::documents::{self, Json};
use super::export;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Base;
use std::fs;
use std::path::{Path, PathBuf};
use tidegate_graph::{FileId, Graph, Problem, Source, System};
use tidegate_iam::lint::Kind;
use tidegate_read::Options;

/// What was read.
pub(super) struct Gathered {
    pub(super) system: System,
    pub(super) graph: Graph,
    pub(super) base: Base,
}

/// A policy or export is no larger.
const LARGEST: u64 = 64 << 20;
/// Folders are walked no deeper.
const DEEPEST: usize = 24;

pub(super) fn gather(paths: &[PathBuf], kind: Kind, config: &Config) -> Result<Gathered, Failure> {
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    let mut tree: Option<&Path> = None;
    for path in paths {
        if let Err(error) = fs::metadata(path) {
            let help = format!("{error}");
            return Err(Failure::usage(format!("could not open `{}`", path.display()), Some(help)));
        }
        match read_json(path) {
            Some(text) if path.is_file() && !is_template(path, &text) => files.push((path.clone(), text)),
            _ => {
                if let Some(other) = tree.replace(path)
                    && other != path
                {
                    let message =
                        format!("`{}` and `{}` can't be read in one run", other.display(), path.display());
                    let help = "name one folder or template, and any number of policies".to_string();
                    return Err(Failure::usage(message, Some(help)));
                }
            }
        }
    }
    let mut system = System::default();
    if let Some(tree) = tree {
        let options = Options {
            stage: config.stage.clone(),
            parameters: config.parameters.clone(),
            exclude: config.exclude.clone(),
            ..Options::default()
        };
        system = tidegate_read::read(tree, &options);
        if tree.is_dir() {
            let mut found = Vec::new();
            walk(tree, 0, &mut found);
            found.sort();
            files.extend(found.into_iter().filter_map(|path| {
                let name = path.strip_prefix(tree).unwrap_or(&path).to_path_buf();
                // What a template draws in is checked where it is used.
                let shown = name.to_string_lossy().replace('\\', "/");
                let read = system.sources.iter().any(|(_, source)| source.path() == shown.as_str());
                let text = (!read).then(|| read_json(&path)).flatten()?;
                is_policy(&text).then_some((name, text))
            }));
        }
    }
    let graph = if system.stacks.is_empty() { Graph::new() } else { tidegate_read::link(&system) };
    let base = match tree {
        Some(tree) if tree.is_dir() => Base::new(tree),
        Some(tree) => Base::new(tree.parent().unwrap_or(Path::new(""))),
        None => Base::new(Path::new("")),
    };
    for (path, text) in files {
        add(&mut system, &path, text, kind);
    }
    if system.stacks.is_empty() && system.problems.iter().all(|p| p.span.is_none()) {
        return Err(Failure::Nothing {
            message: format!("no policies in {}", shown(paths)),
            looked_for: "JSON files with `Statement`, account exports (`RoleDetailList`), templates"
                .to_string(),
            help: "name the file: `tidegate iam lint policy.json`".to_string(),
        });
    }
    Ok(Gathered { system, graph, base })
}

fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| format!("`{}`", p.display())).collect::<Vec<_>>().join(", ")
}

/// Adds one JSON file: an export as its identities and policies, anything else as one policy.
fn add(system: &mut System, path: &Path, text: String, kind: Kind) {
    let name = path.to_string_lossy().replace('\\', "/");
    let file = system.sources.add(Source::new(name.as_str(), text.as_str()));
    match tidegate_iam::json::parse(file, &text) {
        Ok(value) if export::is_export(&value) => {
            export::add(system, &name, &value);
            if system.stacks.last().is_none_or(|s| s.path != name) {
                system.problems.push(Problem::at(value.span, "the export holds no identities"));
            }
        }
        Ok(value) => documents::add(system, &name, Json::Value(value), kind),
        Err(broken) => documents::add(system, &name, Json::Broken(text, broken), kind),
    }
}

/// The text of a file that may be JSON: by its name, or by how it begins.
fn read_json(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok().filter(|m| m.is_file() && m.len() <= LARGEST)?;
    let named = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    let other = path.extension().is_some_and(|e| {
        ["yaml", "yml", "tf", "template", "toml"].iter().any(|ext| e.eq_ignore_ascii_case(ext))
    });
    if other || metadata.len() == 0 && !named {
        return None;
    }
    let text = fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())?;
    (named || text.trim_start().starts_with('{')).then_some(text)
}

/// True for JSON that another reader knows.
fn is_template(path: &Path, text: &str) -> bool {
    const KEYS: &[&str] = &[
        "AWSTemplateFormatVersion",
        "Resources",
        "Transform",
        "StartAt",
        "openapi",
        "swagger",
        "asyncapi",
        "planned_values",
        "resource",
        "artifacts",
    ];
    let tf = path.to_string_lossy().ends_with(".tf.json");
    match tidegate_iam::json::parse(FileId(0), text) {
        Ok(value) => value.as_map().is_some_and(|map| tf || KEYS.iter().any(|key| map.contains_key(key))),
        // A broken template is the other readers' matter; a broken policy has no such word at all.
        Err(_) => tf || text.contains("\"AWSTemplateFormatVersion\"") || text.contains("\"Resources\""),
    }
}

/// True for JSON in a folder that was not named by itself: only what clearly is a policy or an export.
fn is_policy(text: &str) -> bool {
    let Ok(value) = tidegate_iam::json::parse(FileId(0), text) else { return false };
    let has = |key: &str| value.as_map().is_some_and(|map| map.contains_key(key));
    export::is_export(&value) || has("Statement") && !has("Resources")
}

fn walk(folder: &Path, depth: usize, out: &mut Vec<PathBuf>) {
    const SKIPPED: &[&str] = &["node_modules", "target", "vendor", "cdk.out"];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        if name.starts_with('.') || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if kind.is_dir() && depth < DEEPEST {
            walk(&entry.path(), depth + 1, out);
        } else if kind.is_file() && name.to_ascii_lowercase().ends_with(".json") {
            out.push(entry.path());
        }
    }
}
