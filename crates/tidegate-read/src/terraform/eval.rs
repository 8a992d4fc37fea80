//! Evaluation by need: a value is computed when something asks for it, once, and within bounds.
//!
//! INVARIANT: whatever the input, the sum of the work is bounded by [`MAX_WORK`], the recursion by [`MAX_DEPTH`], a
//! value by [`MAX_SIZE`] and [`MAX_NESTING`], a string by [`MAX_TEXT`]. What lies beyond is unknown, not absent.

mod block;
mod choice;
mod condensed;
mod expand;
mod expression;
mod operator;
mod reference;
mod string;
mod traverse;

use super::ast::{Block, Expr};
use super::module::{self, Module};
use crate::Files;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tidegate_graph::{Cond, Data, FileId, Piece, Problem, Span, Str, Symbol, Value, Why};

pub(super) use choice::cond_name;
pub(super) use expand::branches;
pub(super) use expression::maybe;
pub(super) use operator::{number, same, unknown as is_unknown};
pub(super) use string::{key_text, string_pieces};
pub(super) use traverse::{fields, rest_of, unknown_of};

/// Steps of one root module; a large real one takes 200,000.
const MAX_WORK: usize = 2_500_000;
/// Expressions within each other, through locals and modules.
const MAX_DEPTH: usize = 400;
/// Values within one value.
const MAX_SIZE: usize = 200_000;
/// Levels of one value.
const MAX_NESTING: usize = 80;
/// Bytes of one string.
pub(super) const MAX_TEXT: usize = 1024 * 1024;
/// Calls of modules within each other.
const MAX_MODULE_DEPTH: usize = 16;
/// Instances of modules in all.
const MAX_MODULES: usize = 2_000;

/// Evaluates one root module.
pub(crate) struct Evaluator<'f> {
    pub(super) files: &'f Files,
    stack: Str,
    root: PathBuf,
    parameters: HashMap<Str, Value>,
    nodes: Vec<Node>,
    loaded: HashMap<PathBuf, Option<Rc<Module>>>,
    installed: HashMap<String, PathBuf>,
    memo: HashMap<(usize, Key), Slot>,
    expansions: HashMap<(usize, Str), Option<Rc<expand::Expansion>>>,
    /// Where the instance with an id comes from.
    instances: HashMap<Str, Source>,
    work: usize,
    depth: usize,
    /// Evaluations that Terraform would refuse; `try` and `can` look at it.
    pub(super) failures: usize,
    complained: HashSet<FileId>,
    /// Compiled regular expressions; `None` for those that can't be.
    pub(super) patterns: HashMap<Str, Option<regex_automata::meta::Regex>>,
    pub(super) problems: Vec<Problem>,
}

/// An instance of a module.
struct Node {
    module: Rc<Module>,
    /// `module.m["k"].`; empty for the root.
    prefix: Str,
    /// The path of calls without keys, `m.n`, as `modules.json` names it.
    path: String,
    caller: Option<Caller>,
    condition: Option<Cond>,
    depth: usize,
}

#[derive(Clone)]
struct Caller {
    block: Rc<Block>,
    scope: Scope,
}

/// Which instance of which block an id names.
#[derive(Clone)]
struct Source {
    node: usize,
    address: Str,
    item: usize,
}

/// What names mean at a place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(super) node: usize,
    pub(super) each: Option<Rc<(Value, Value)>>,
    pub(super) count: Option<Value>,
    /// Variables of `for` and `dynamic`, innermost last.
    pub(super) names: Vec<(Str, Rc<Value>)>,
    /// Within a template file only its own variables exist.
    pub(super) closed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Variable(Str),
    Local(Str),
    Output(Str),
    Data(Str, usize),
    Attribute(Str, usize, Str),
}

enum Slot {
    Running,
    Done { value: Rc<Value>, failed: bool },
}

impl<'f> Evaluator<'f> {
    pub(crate) fn new(files: &'f Files, stack: Str, module: Module) -> Self {
        let root = module.folder.clone();
        let installed = module::installed(files, &root);
        let node = Node {
            module: Rc::new(module),
            prefix: Str::default(),
            path: String::new(),
            caller: None,
            condition: None,
            depth: 0,
        };
        Self {
            files,
            stack,
            root,
            parameters: HashMap::new(),
            nodes: vec![node],
            loaded: HashMap::new(),
            installed,
            memo: HashMap::new(),
            expansions: HashMap::new(),
            instances: HashMap::new(),
            work: MAX_WORK,
            depth: 0,
            failures: 0,
            complained: HashSet::new(),
            patterns: HashMap::new(),
            problems: Vec::new(),
        }
    }

    /// Fixes variables of the root module.
    pub(super) fn bind_parameters(&mut self, parameters: HashMap<Str, Value>) {
        self.parameters = parameters;
    }

    /// Evaluates an expression.
    pub(super) fn eval(&mut self, expr: &Expr, scope: &mut Scope) -> Value {
        if self.work == 0 || self.depth >= MAX_DEPTH {
            return limit(expr.span);
        }
        self.work -= 1;
        self.depth += 1;
        let value = self.expression(expr, scope);
        self.depth -= 1;
        value
    }

    /// Computes a value once. A value that needs itself is unknown.
    fn memo(
        &mut self,
        node: usize,
        key: Key,
        span: Span,
        compute: impl FnOnce(&mut Self) -> Value,
    ) -> Rc<Value> {
        let id = (node, key);
        match self.memo.get(&id) {
            Some(Slot::Done { value, failed }) => {
                self.failures += usize::from(*failed);
                return value.clone();
            }
            Some(Slot::Running) => return Rc::new(Value::unknown(describe(&id.1), Why::Cycle, span)),
            None => {}
        }
        self.memo.insert(id.clone(), Slot::Running);
        let before = self.failures;
        let value = compute(self);
        let (size, nesting) = measure(&value);
        self.spend(size);
        let value = Rc::new(if size > MAX_SIZE || nesting > MAX_NESTING { limit(span) } else { value });
        self.memo.insert(id, Slot::Done { value: value.clone(), failed: self.failures > before });
        value
    }

    /// A copy of a shared value, at the place that asked for it.
    pub(super) fn copy(&mut self, value: &Value) -> Value {
        let (size, _) = measure(value);
        self.spend(size);
        if self.work == 0 { limit(value.span) } else { value.clone() }
    }

    /// Takes work off the budget.
    pub(super) fn spend(&mut self, work: usize) {
        self.work = self.work.saturating_sub(work);
    }

    /// True when nothing more may be done.
    pub(super) fn exhausted(&self) -> bool {
        self.work == 0
    }

    /// What Terraform would refuse: unknown, and noted for `try`.
    pub(super) fn fail(&mut self, name: impl Into<Str>, why: Why, span: Span) -> Value {
        self.failures += 1;
        Value::unknown(name, why, span)
    }

    /// A variable of a module: its argument, else its default.
    fn variable(&mut self, node: usize, name: &Str, span: Span) -> Rc<Value> {
        self.memo(node, Key::Variable(name.clone()), span, |this| {
            let (module, caller) = match this.nodes.get(node) {
                Some(found) => (found.module.clone(), found.caller.clone()),
                None => return limit(span),
            };
            let variable = module.variables.get(name);
            let given = match &caller {
                Some(caller) => match caller.block.body.attribute(name) {
                    Some(argument) => {
                        let mut scope = caller.scope.clone();
                        Some(this.eval(&argument.value, &mut scope))
                    }
                    None if module.condensed.is_some() => this.block_argument(caller, name),
                    None => None,
                },
                None => this.parameters.get(name).cloned(),
            };
            let default = variable.and_then(|v| v.default.clone());
            let mut scope = Scope { node, ..Scope::default() };
            let value = match (given, default) {
                (Some(value), _) => value,
                (None, Some(default)) => this.eval(&default, &mut scope),
                (None, None) => {
                    let why = if variable.is_some() { Why::Parameter } else { Why::Undeclared };
                    let prefix = this.nodes.get(node).map(|n| n.prefix.clone()).unwrap_or_default();
                    let name = format!("{prefix}var.{name}");
                    return if why == Why::Undeclared {
                        this.fail(name, why, span)
                    } else {
                        Value::unknown(name, why, span)
                    };
                }
            };
            match variable.and_then(|v| v.ty.clone()) {
                Some(ty) => this.convert(value, &ty, &mut scope),
                None => value,
            }
        })
    }

    fn local(&mut self, node: usize, name: &Str, span: Span) -> Rc<Value> {
        self.memo(node, Key::Local(name.clone()), span, |this| {
            match this.nodes.get(node).and_then(|n| n.module.locals.get(name).cloned()) {
                Some(expr) => this.eval(&expr, &mut Scope { node, ..Scope::default() }),
                None => this.fail(format!("local.{name}"), Why::Undeclared, span),
            }
        })
    }

    fn output(&mut self, node: usize, name: &Str, span: Span) -> Rc<Value> {
        self.memo(node, Key::Output(name.clone()), span, |this| {
            match this.nodes.get(node).and_then(|n| n.module.outputs.get(name).cloned()) {
                Some(expr) => this.eval(&expr, &mut Scope { node, ..Scope::default() }),
                // The module has more outputs than the condensed one.
                None if this.condensed(node).is_some() => {
                    let prefix = this.nodes.get(node).map(|n| n.prefix.clone()).unwrap_or_default();
                    Value::unknown(format!("{prefix}{name}"), Why::Import, span)
                }
                None => this.fail(format!("output.{name}"), Why::Undeclared, span),
            }
        })
    }

    /// The outputs of the root module, by name.
    pub(crate) fn outputs(&mut self) -> Vec<(Str, Value)> {
        let Some(module) = self.nodes.first().map(|n| n.module.clone()) else { return Vec::new() };
        let names = module.outputs.iter().map(|(name, expr)| (name.clone(), expr.span));
        names
            .map(|(name, span)| {
                let value = self.output(0, &name, span);
                (name, (*value).clone())
            })
            .collect()
    }

    /// The folder that a path in a module's expression is relative to.
    ///
    /// `path.module` of the root is `.`, of others the way from there, so that all paths start at the root.
    pub(super) fn file_path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn module_folder(&self, node: usize) -> Str {
        let Some(folder) = self.nodes.get(node).map(|n| n.module.folder.as_path()) else { return ".".into() };
        relative(folder, &self.root)
    }

    /// A problem with a file, unless one was told already.
    pub(super) fn complain(&mut self, file: FileId, problem: Problem) {
        if self.complained.insert(file) {
            self.problems.push(problem);
        }
    }
}

/// The way from one folder to another.
fn relative(folder: &Path, from: &Path) -> Str {
    let mut ups = 0;
    let mut base = Some(from);
    while let Some(ancestor) = base {
        if let Ok(rest) = folder.strip_prefix(ancestor) {
            let down = rest.components().map(|c| c.as_os_str().to_string_lossy().into_owned());
            let parts: Vec<String> = std::iter::repeat_n("..".to_string(), ups).chain(down).collect();
            return if parts.is_empty() { ".".into() } else { parts.join("/").into() };
        }
        ups += 1;
        base = ancestor.parent();
    }
    folder.to_string_lossy().as_ref().into()
}

/// Beyond what is evaluated.
pub(super) fn limit(span: Span) -> Value {
    Value::unknown("a value beyond the limits", Why::Limit, span)
}

fn describe(key: &Key) -> String {
    match key {
        Key::Variable(name) => format!("var.{name}"),
        Key::Local(name) => format!("local.{name}"),
        Key::Output(name) => format!("output.{name}"),
        Key::Data(address, _) => address.to_string(),
        Key::Attribute(address, _, name) => format!("{address}.{name}"),
    }
}

/// Number of values within a value (long texts count for more), and its levels. Stops where the limits are passed.
fn measure(value: &Value) -> (usize, usize) {
    let (mut size, mut nesting) = (0usize, 0);
    let mut todo = vec![(value, 1usize)];
    while let Some((value, level)) = todo.pop() {
        nesting = nesting.max(level);
        size += 1;
        if size > MAX_SIZE || nesting > MAX_NESTING {
            break;
        }
        match &value.data {
            Data::Text(text) => size += text.len() / 64,
            Data::Template(pieces) => {
                size += pieces.len() + pieces.iter().map(piece_length).sum::<usize>() / 64;
            }
            Data::List(items) => todo.extend(items.iter().map(|v| (v, level + 1))),
            Data::Map(map) => todo.extend(map.values().map(|v| (v, level + 1))),
            Data::Json(inner) => todo.push((inner, level + 1)),
            Data::Choice(choice) => {
                todo.extend([&choice.then, &choice.otherwise].into_iter().flatten().map(|v| (v, level + 1)));
            }
            _ => {}
        }
    }
    (size, nesting)
}

fn piece_length(piece: &Piece) -> usize {
    match piece {
        Piece::Text(text) => text.len(),
        _ => 1,
    }
}

/// A symbol for something that hangs on another unknown value; names stay short however long the chain.
pub(super) fn derived(symbol: &Symbol, name: impl FnOnce(&str) -> String) -> Symbol {
    const MAX_NAME: usize = 120;
    let why = match symbol.why {
        // What is made of a pseudo parameter by more than concatenation isn't one.
        Why::Pseudo => Why::Attribute,
        why => why,
    };
    if symbol.name.len() > MAX_NAME {
        return Symbol { name: symbol.name.clone(), why };
    }
    Symbol::new(name(&symbol.name), why)
}

#[cfg(test)]
mod tests;
