//! The whole run: find, read each part on its own thread, join the parts to one system.

use crate::discover::{self, Part};
use crate::{Files, Glob, asyncapi, cloudformation, openapi, serverless, terraform, within};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tidegate_graph::{Data, Map, Piece, Problem, Resource, Stack, Str, System, Value, Variable};

/// What a caller may fix beforehand.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Stage of Serverless Framework services; `dev` when it isn't given.
    pub stage: Option<String>,
    /// Values of template parameters and root module variables, by name.
    pub parameters: BTreeMap<String, String>,
    /// Patterns of files and folders that are not looked for; what others draw in from there is read still.
    pub exclude: Vec<Glob>,
    /// Path of the folder that is read as the patterns of `exclude` see it; empty when they start there, too.
    pub exclude_from: String,
    /// Values of root module variables from the environment (`TF_VAR_name`), by name; files and `parameters` go before.
    pub terraform_environment: BTreeMap<String, String>,
    /// Texts that count instead of those on disk, by path without links: what an editor holds and has not saved.
    pub unsaved: Arc<BTreeMap<PathBuf, Arc<str>>>,
    /// Once it is set nobody waits for the result any more: reading ends early, and what was read is of no use.
    pub stop: Arc<AtomicBool>,
}

/// One stack as its reader saw it.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) stack: Stack,
    /// Resources; [`Resource::stack`] is set when the readings are joined.
    pub(crate) resources: Vec<Resource>,
    /// Declared resources that became properties of another one.
    pub(crate) merged: usize,
    pub(crate) variables: BTreeMap<Str, Variable>,
    pub(crate) problems: Vec<Problem>,
    /// What a template says about itself.
    pub(crate) metadata: Option<Value>,
    /// Values that other stacks may import, by the name of the [`tidegate_graph::Symbol`] that stands for them there:
    /// `import:NAME`, `output:STACK.NAME`.
    pub(crate) exports: Vec<(Str, Value)>,
}

/// Reads everything below `root` (a folder or one file).
pub fn read(root: &Path, options: &Options) -> System {
    let files = Files::over(root, options.unsaved.clone());
    let found = discover::find(root, &files, options);
    let read = |part| {
        let stopped = options.stop.load(Ordering::Relaxed);
        if stopped { Vec::new() } else { read_part(&files, part, options) }
    };
    let readings: Vec<Reading> = found.parts.into_par_iter().flat_map_iter(read).collect();
    join(&files, readings, found.problems)
}

pub(crate) fn read_part(files: &Files, part: Part, options: &Options) -> Vec<Reading> {
    match part {
        Part::CloudFormation { file, root, parameters } => {
            cloudformation::read(files, file, root, parameters, options)
        }
        Part::StateMachine { file, root } => cloudformation::read_state_machine(files, file, root),
        Part::CdkAssembly { manifest, root } => {
            cloudformation::read_assembly(files, manifest, &root, options)
        }
        Part::TerraformFolder(folder) => terraform::read_folder(files, &folder, options),
        Part::TerraformJson { file, root } => terraform::read_json(files, file, &root),
        Part::Serverless { file, root } => serverless::read(files, file, root, options),
        Part::OpenApi { file, root } => openapi::read(files, file, root),
        Part::AsyncApi { file, root } => asyncapi::read(files, file, root),
    }
}

pub(crate) fn join(files: &Files, mut readings: Vec<Reading>, problems: Vec<Problem>) -> System {
    let exports: HashMap<Str, Value> =
        readings.iter_mut().flat_map(|r| std::mem::take(&mut r.exports)).collect();
    let mut system = System::default();
    system.sources = files.sources();
    system.problems = problems;
    for reading in readings {
        let stack = system.stacks.len();
        system.stacks.push(reading.stack);
        system.merged += reading.merged;
        system.metadata.extend(reading.metadata.map(|metadata| (stack, metadata)));
        system.variables.extend(reading.variables);
        system.problems.extend(reading.problems);
        for mut resource in reading.resources {
            resource.stack = stack;
            if !exports.is_empty() {
                import(&mut resource.properties, &exports);
            }
            within::place(&system.sources, &mut resource);
            system.add(resource);
        }
    }
    system
}

/// Puts exported values in the place of the symbols that import them.
fn import(map: &mut Map, exports: &HashMap<Str, Value>) {
    for (_, value) in map.iter_mut() {
        import_value(value, exports, 0);
    }
}

fn import_value(value: &mut Value, exports: &HashMap<Str, Value>, depth: usize) {
    // Exports may import in turn; a circle ends here.
    const MAX_CHAIN: usize = 8;
    let span = value.span;
    match &mut value.data {
        Data::List(items) => items.iter_mut().for_each(|v| import_value(v, exports, depth)),
        Data::Map(map) => map.iter_mut().for_each(|(_, v)| import_value(v, exports, depth)),
        Data::Json(inner) => import_value(inner, exports, depth),
        Data::Choice(choice) => {
            choice.then.iter_mut().for_each(|v| import_value(v, exports, depth));
            choice.otherwise.iter_mut().for_each(|v| import_value(v, exports, depth));
        }
        Data::Unknown(symbol) => {
            if let Some(exported) = exports.get(&symbol.name).filter(|_| depth < MAX_CHAIN) {
                *value = exported.clone().at(span);
                import_value(value, exports, depth + 1);
            }
        }
        Data::Template(pieces) => {
            let known = |p: &Piece| matches!(p, Piece::Symbol(s) if exports.contains_key(&s.name));
            if depth < MAX_CHAIN && pieces.iter().any(known) {
                let replaced = pieces.iter().flat_map(|piece| match piece {
                    Piece::Symbol(symbol) => {
                        exports.get(&symbol.name).map_or_else(|| vec![piece.clone()], Value::pieces)
                    }
                    other => vec![other.clone()],
                });
                *value = Value::template(replaced.collect::<Vec<_>>(), span);
                import_value(value, exports, depth + 1);
            }
        }
        _ => {}
    }
}
