//! Terraform and OpenTofu.
//!
//! A folder is parsed, evaluated by need and lowered: [`parse`] → [`module`] → [`eval`] → [`instance`] → [`lower`].

mod ast;
mod data;
mod eval;
mod functions;
mod instance;
mod lower;
mod module;
mod parse;
mod plan;
mod registry;

pub(crate) use ast::{Attribute, Block, Body, Expr, Kind};
pub(crate) use lower::{Step, has_arn, written};
pub(crate) use parse::parse;

use crate::Files;
use crate::reading::{Options, Reading};
use eval::Evaluator;
use instance::Instance;
use std::collections::HashMap;
use std::path::Path;
use tidegate_graph::{Data, FileId, Problem, Span, Stack, Str, Value};

/// Room for the recursion of parser and evaluator, whose depth is bounded; a thread of the pool has too little.
const STACK: usize = 64 * 1024 * 1024;

/// Reads a root module.
pub(crate) fn read_folder(files: &Files, folder: &Path, options: &Options) -> Vec<Reading> {
    with_room(|| read_module(files, folder, options).into_iter().collect())
}

/// Reads `terraform show -json`, of a plan or a state.
pub(crate) fn read_json(files: &Files, file: FileId, root: &Value) -> Vec<Reading> {
    with_room(|| plan::read(files, file, root).into_iter().collect())
}

/// Runs on a thread with a stack that is large enough; right here if there can be none.
fn with_room<T: Send>(run: impl Fn() -> T + Send + Sync) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, &run);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(out)) => out,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => run(),
        }
    })
}

fn read_module(files: &Files, folder: &Path, options: &Options) -> Option<Reading> {
    let Evaluated { stack, instances, exports, mut problems } = evaluate(files, folder, options)?;
    let declared = instances.iter().filter(|i| !i.data).count();
    let resources = lower::lower(&stack, instances, &mut problems);
    // A notification or policy that is a resource of its own here is a property of its owner in the canonical shape.
    let merged = declared.saturating_sub(resources.len());
    let stack = Stack { name: stack, format: "terraform", path: files.shown(folder) };
    Some(Reading { stack, resources, merged, problems, exports, ..Reading::default() })
}

/// A root module before it is lowered.
#[derive(Debug)]
struct Evaluated {
    stack: Str,
    instances: Vec<Instance>,
    /// Outputs, by the names that other stacks may import them under.
    exports: Vec<(Str, Value)>,
    problems: Vec<Problem>,
}

fn evaluate(files: &Files, folder: &Path, options: &Options) -> Option<Evaluated> {
    let mut problems = Vec::new();
    let stack = stack_name(files, folder);
    let Some(module) = module::load(files, folder, &mut problems) else {
        let nothing = Evaluated { stack, instances: Vec::new(), exports: Vec::new(), problems };
        return Some(nothing).filter(|e| !e.problems.is_empty());
    };
    let given = module::variable_files(files, folder, &mut problems);
    let mut evaluator = Evaluator::new(files, stack.clone(), module);
    let mut parameters = HashMap::new();
    for (name, text) in &options.terraform_environment {
        parameters.insert(name.into(), parameter(text));
    }
    for attribute in given {
        let value = evaluator.eval(&attribute.value, &mut eval::Scope::default());
        parameters.insert(attribute.name, value);
    }
    for (name, text) in &options.parameters {
        parameters.insert(name.into(), parameter(text));
    }
    evaluator.bind_parameters(parameters);
    let instances = evaluator.instances();
    let outputs = evaluator.outputs().into_iter();
    let exports = outputs.map(|(name, value)| (format!("output:{stack}.{name}").into(), value)).collect();
    problems.append(&mut evaluator.problems);
    Some(Evaluated { stack, instances, exports, problems })
}

/// The folder relative to the root; `terraform` for the root itself.
fn stack_name(files: &Files, folder: &Path) -> Str {
    let shown = files.shown(if folder.is_file() { folder.parent().unwrap_or(folder) } else { folder });
    if shown.is_empty() { Str::new_static("terraform") } else { shown }
}

/// A value from the command line: an expression for lists and maps, else plain text.
fn parameter(text: &str) -> Value {
    let span = Span::default();
    if text.trim_start().starts_with(['[', '{']) {
        let (value, problems) = crate::yaml::parse_one(FileId(0), text);
        if let Some(value) = value.filter(|_| problems.is_empty()) {
            return unplaced(value);
        }
    }
    Value::text(text, span)
}

fn unplaced(value: Value) -> Value {
    let data = match value.data {
        Data::List(items) => Data::List(items.into_iter().map(unplaced).collect()),
        Data::Map(map) => {
            return Value::object(map.into_fields().map(|(k, f)| (k, unplaced(f.value))), Span::default());
        }
        data => data,
    };
    Value::new(data, Span::default())
}

#[cfg(test)]
mod tests;
