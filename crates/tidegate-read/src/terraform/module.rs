//! A folder of files as one module.

mod json;

use super::ast::{Attribute, Block, Body, Expr};
use super::parse;
use crate::{Files, LoadError};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tidegate_graph::{Problem, Span, Str};

/// What a folder declares.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) folder: PathBuf,
    pub(crate) variables: HashMap<Str, Variable>,
    pub(crate) locals: HashMap<Str, Rc<Expr>>,
    /// Resources by `type.name` and data sources by `data.type.name`.
    pub(crate) blocks: HashMap<Str, Rc<Block>>,
    /// The keys of `blocks` in the order of the source.
    pub(crate) order: Vec<Str>,
    pub(crate) calls: BTreeMap<Str, Rc<Block>>,
    pub(crate) outputs: BTreeMap<Str, Rc<Expr>>,
    /// Head of the call, for modules that stand for one of the registry: there is no source of their own to show.
    pub(crate) condensed: Option<Span>,
}

/// An input of a module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    pub(crate) default: Option<Rc<Expr>>,
    pub(crate) ty: Option<Rc<Expr>>,
}

/// Reads a folder, or the one file of it that was named. `None` when it holds no file of Terraform's.
pub(crate) fn load(files: &Files, folder: &Path, problems: &mut Vec<Problem>) -> Option<Module> {
    let (folder, names) = match folder.parent().filter(|_| folder.is_file()) {
        Some(parent) => (parent, folder.file_name()?.to_str().map(String::from).into_iter().collect()),
        None => (folder, files.names(folder)),
    };
    let (mut body, mut overrides) = (Body::default(), Body::default());
    let mut found = false;
    for name in &names {
        let Some((stem, json)) = source_name(name) else { continue };
        // OpenTofu reads `x.tofu` instead of an `x.tf` beside it.
        if name.ends_with(".tf") && names.binary_search(&format!("{stem}.tofu")).is_ok() {
            continue;
        }
        let Some(read) = read_file(files, &folder.join(name), json, problems) else { continue };
        found = true;
        let into = if stem == "override" || stem.ends_with("_override") { &mut overrides } else { &mut body };
        into.attributes.extend(read.attributes);
        into.blocks.extend(read.blocks);
    }
    for block in overrides.blocks {
        override_block(&mut body, block);
    }
    found.then(|| Module { folder: folder.to_path_buf(), ..collect(body) })
}

/// Values for the variables of a root module: `terraform.tfvars`, then `*.auto.tfvars` by name.
pub(crate) fn variable_files(files: &Files, folder: &Path, problems: &mut Vec<Problem>) -> Vec<Attribute> {
    let names = files.names(folder);
    let fixed = ["terraform.tfvars", "terraform.tfvars.json"].map(String::from);
    let auto = names.iter().filter(|n| n.ends_with(".auto.tfvars") || n.ends_with(".auto.tfvars.json"));
    let mut out = Vec::new();
    for name in fixed.iter().filter(|n| names.contains(n)).chain(auto) {
        if let Some(body) = read_file(files, &folder.join(name), name.ends_with(".json"), problems) {
            out.extend(body.attributes);
        }
    }
    out
}

/// Folders of modules that `terraform init` has fetched, by the path of the call (`a.b`), from the root module's folder.
pub(crate) fn installed(files: &Files, folder: &Path) -> HashMap<String, PathBuf> {
    let path = folder.join(".terraform/modules/modules.json");
    let Ok(file) = files.load(&path) else { return HashMap::new() };
    let (value, _) = crate::yaml::parse_one(file, &files.text(file));
    let Some(value) = value else { return HashMap::new() };
    let entries = value.get("Modules").map(tidegate_graph::Value::items).unwrap_or_default();
    let text =
        |entry: &tidegate_graph::Value, key: &str| entry.get(key).and_then(|v| v.as_str().map(String::from));
    entries
        .iter()
        .filter_map(|entry| Some((text(entry, "Key")?, folder.join(text(entry, "Dir")?))))
        .filter(|(key, _)| !key.is_empty())
        .collect()
}

/// The stem of a source file's name, and whether it is JSON.
fn source_name(name: &str) -> Option<(&str, bool)> {
    let endings = [(".tf", false), (".tofu", false), (".tf.json", true), (".tofu.json", true)];
    endings.iter().find_map(|(ending, json)| Some((name.strip_suffix(ending)?, *json)))
}

fn read_file(files: &Files, path: &Path, json: bool, problems: &mut Vec<Problem>) -> Option<Body> {
    let file = match files.load(path) {
        Ok(file) => file,
        // A module that lies outside of the project is one that was not read; that is no fault of the input.
        Err(LoadError::Missing | LoadError::Outside) => return None,
        Err(error) => {
            problems.push(Problem::file(files.shown(path), error.to_string()));
            return None;
        }
    };
    let text = files.text(file);
    let (body, found) = if json { json::read(file, &text, path) } else { parse::parse(file, &text) };
    problems.extend(found);
    Some(body)
}

/// Lays a block of an override file over the one it names.
fn override_block(body: &mut Body, block: Rc<Block>) {
    let same = |b: &Rc<Block>| b.kind == block.kind && b.labels == block.labels && b.kind != "locals";
    let Some(target) = body.blocks.iter_mut().find(|b| same(b)) else {
        body.blocks.push(block);
        return;
    };
    let mut merged = (**target).clone();
    for attribute in &block.body.attributes {
        merged.body.attributes.retain(|a| a.name != attribute.name);
        merged.body.attributes.push(attribute.clone());
    }
    merged.body.blocks.retain(|old| !block.body.blocks.iter().any(|new| new.kind == old.kind));
    merged.body.blocks.extend(block.body.blocks.iter().cloned());
    *target = Rc::new(merged);
}

pub(super) fn collect(body: Body) -> Module {
    let mut module = Module::default();
    for block in body.blocks {
        let mut labels = block.labels.iter();
        let (first, second) = (labels.next().cloned(), labels.next().cloned());
        match (block.kind.as_str(), first, second) {
            ("variable", Some(name), _) => {
                let value = |name: &str| block.body.attribute(name).map(|a| a.value.clone());
                module.variables.insert(name, Variable { default: value("default"), ty: value("type") });
            }
            ("locals", ..) => {
                module.locals.extend(block.body.attributes.iter().map(|a| (a.name.clone(), a.value.clone())));
            }
            ("module", Some(name), _) => {
                module.calls.entry(name).or_insert(block);
            }
            ("output", Some(name), _) => {
                if let Some(value) = block.body.attribute("value") {
                    module.outputs.insert(name, value.value.clone());
                }
            }
            (kind @ ("resource" | "data"), Some(ty), Some(name)) => {
                let prefix = if kind == "data" { "data." } else { "" };
                let mut address = Str::from(format!("{prefix}{ty}.{name}"));
                let mut n = 1;
                // Terraform refuses a second block of that name; it is kept, since nothing that is written may be lost.
                while module.blocks.contains_key(&address) {
                    n += 1;
                    address = format!("{prefix}{ty}.{name}~{n}").into();
                }
                module.order.push(address.clone());
                module.blocks.insert(address, block);
            }
            _ => {}
        }
    }
    module
}
