//! `count` and `for_each`: which instances a block has.

use super::choice::{as_cond, cond_name, unknown_why};
use super::string::key_text;
use super::{Caller, Evaluator, MAX_MODULE_DEPTH, MAX_MODULES, Node, Scope};
use crate::terraform::ast::{Block, Kind};
use crate::terraform::{module, registry};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use tidegate_graph::{Cond, Data, Span, Str, Value, Why};

/// Instances of one block. Nobody writes more; those beyond are left out.
const MAX_INSTANCES: usize = 1_000;

/// Steps that reading a condensed module takes.
const CONDENSED_WORK: usize = 500;

/// The instances of a resource, data source or module call.
#[derive(Debug)]
pub(super) struct Expansion {
    pub(super) shape: Shape,
    /// False when the number or keys of the instances are unknown: one stands for all of them.
    pub(super) known: bool,
    /// What is unknown, if so.
    pub(super) reason: Str,
    /// And why.
    pub(super) why: Why,
    pub(super) items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Single,
    List,
    Map,
}

#[derive(Debug)]
pub(super) struct Item {
    /// Index or key as text; empty for single ones.
    pub(super) key: Str,
    /// `[0]`, `["k"]` or empty.
    pub(super) suffix: Str,
    pub(super) each: Option<Rc<(Value, Value)>>,
    pub(super) count: Option<Value>,
    pub(super) condition: Option<Cond>,
    /// The module instance, for calls of modules that can be read.
    pub(super) child: Option<usize>,
}

impl Evaluator<'_> {
    /// Instances of a resource or data source; `None` if there is no such block, or its expansion needs itself.
    pub(super) fn expand_block(&mut self, node: usize, address: &Str) -> Option<Rc<Expansion>> {
        let block = self.nodes.get(node)?.module.blocks.get(address)?.clone();
        self.expansion(node, address, |this| this.expand(node, &block))
    }

    /// Instances of a module call, each with its module if that can be read.
    pub(super) fn expand_call(&mut self, node: usize, name: &Str) -> Option<Rc<Expansion>> {
        let block = self.nodes.get(node)?.module.calls.get(name)?.clone();
        self.expansion(node, &format!("module.{name}").into(), |this| {
            let mut expansion = this.expand(node, &block);
            let module = this.called(node, name, &block);
            for item in &mut expansion.items {
                item.child =
                    module.clone().and_then(|module| this.instantiate(node, name, &block, module, item));
            }
            expansion
        })
    }

    fn expansion(
        &mut self,
        node: usize,
        address: &Str,
        expand: impl FnOnce(&mut Self) -> Expansion,
    ) -> Option<Rc<Expansion>> {
        let id = (node, address.clone());
        if let Some(known) = self.expansions.get(&id) {
            return known.clone();
        }
        // While it runs, it is a circle.
        self.expansions.insert(id.clone(), None);
        let expansion = Rc::new(expand(self));
        self.spend(4 * expansion.items.len());
        self.expansions.insert(id, Some(expansion.clone()));
        Some(expansion)
    }

    fn expand(&mut self, node: usize, block: &Block) -> Expansion {
        let mut scope = Scope { node, ..Scope::default() };
        if let Some(count) = block.body.attribute("count") {
            let value = self.eval(&count.value, &mut scope);
            let value = self.literal(value);
            return count_items(&value);
        }
        if let Some(each) = block.body.attribute("for_each") {
            let value = self.eval(&each.value, &mut scope);
            let value = self.literal(value);
            return self.each_items(&value, each.value.span);
        }
        let item = item(Str::default(), Str::default());
        Expansion {
            shape: Shape::Single,
            known: true,
            reason: Str::default(),
            why: Why::Parameter,
            items: vec![item],
        }
    }

    fn each_items(&mut self, value: &Value, span: Span) -> Expansion {
        let mut items = Items::default();
        let mut unknown = None;
        for (cond, branch) in branches(value) {
            match &branch.data {
                Data::Map(map) => {
                    for (key, field) in map.fields() {
                        let key_value = Value::text(key.clone(), field.key);
                        items.add(key, &cond, || (key_value, field.value.clone()));
                    }
                }
                Data::List(list) => {
                    for value in list {
                        for (inner, value) in branches(value) {
                            let value = self.literal(value.clone());
                            if matches!(value.data, Data::Null) {
                                continue;
                            }
                            let cond = Cond::all([cond.clone(), inner]);
                            items.add(&key_text(&value), &cond, || (value.clone(), value.clone()));
                        }
                    }
                }
                Data::Null => {}
                _ => unknown = Some((cond_name(branch), unknown_why(branch))),
            }
        }
        if let Some((reason, why)) = unknown {
            let symbol = |name: &str| Value::unknown(format!("each.{name} of {reason}"), why, span);
            let mut item = item("*".into(), "[\"*\"]".into());
            item.each = Some(Rc::new((symbol("key"), symbol("value"))));
            item.condition = Some(Cond::Free(format!("{reason} is not empty").into()));
            return Expansion { shape: Shape::Map, known: false, reason, why, items: vec![item] };
        }
        let items = items.list;
        Expansion { shape: Shape::Map, known: true, reason: Str::default(), why: Why::Parameter, items }
    }

    /// The module of a call: its files, or what is known of a well-known one.
    fn called(&mut self, node: usize, name: &str, block: &Block) -> Option<Rc<module::Module>> {
        if let Some(folder) = self.module_source(node, name, block) {
            return self.load_module(&clean(&folder));
        }
        let folder = self.nodes.get(node)?.module.folder.clone();
        let module = registry::module(block, folder)?;
        self.spend(CONDENSED_WORK);
        Some(Rc::new(module))
    }

    /// Where the module of a call lies; `None` for modules that were not fetched.
    fn module_source(&mut self, node: usize, name: &str, block: &Block) -> Option<PathBuf> {
        let caller = self.nodes.get(node)?;
        let path = if caller.path.is_empty() { name.to_string() } else { format!("{}.{name}", caller.path) };
        if let Some(folder) = self.installed.get(&path) {
            return Some(folder.clone());
        }
        let base = caller.module.folder.clone();
        let source = block.body.attribute("source")?;
        let Kind::Text(source) = &source.value.kind else { return None };
        let local = source.starts_with("./") || source.starts_with("../") || source == "." || source == "..";
        local.then(|| base.join(source.as_str()))
    }

    fn instantiate(
        &mut self,
        node: usize,
        name: &str,
        block: &Rc<Block>,
        module: Rc<module::Module>,
        item: &Item,
    ) -> Option<usize> {
        let parent = self.nodes.get(node)?;
        if parent.depth >= MAX_MODULE_DEPTH || self.nodes.len() >= MAX_MODULES {
            return None;
        }
        let scope = Scope { node, each: item.each.clone(), count: item.count.clone(), ..Scope::default() };
        let path = if parent.path.is_empty() { name.to_string() } else { format!("{}.{name}", parent.path) };
        let conds = [&parent.condition, &item.condition].into_iter().flatten().cloned();
        let condition = Some(Cond::all(conds)).filter(|c| *c != Cond::Constant(true));
        let child = Node {
            module,
            prefix: format!("{}module.{name}{}.", parent.prefix, item.suffix).into(),
            path,
            caller: Some(Caller { block: block.clone(), scope }),
            condition,
            depth: parent.depth + 1,
        };
        self.nodes.push(child);
        Some(self.nodes.len() - 1)
    }

    fn load_module(&mut self, folder: &PathBuf) -> Option<Rc<module::Module>> {
        if let Some(known) = self.loaded.get(folder) {
            return known.clone();
        }
        let mut problems = Vec::new();
        let module = module::load(self.files, folder, &mut problems).map(Rc::new);
        self.problems.extend(problems);
        self.loaded.insert(folder.clone(), module.clone());
        module
    }
}

fn item(key: Str, suffix: Str) -> Item {
    Item { key, suffix, each: None, count: None, condition: None, child: None }
}

fn count_items(value: &Value) -> Expansion {
    let span = value.span;
    let mut items: Vec<Item> = Vec::new();
    for (cond, branch) in branches(value) {
        let number = match &branch.data {
            Data::Bool(true) => Some(1),
            Data::Bool(false) | Data::Null => Some(0),
            _ => branch.as_i64(),
        };
        let Some(number) = number else {
            let reason = cond_name(branch);
            let mut item = item("0".into(), "[0]".into());
            item.count = Some(Value::number(0, span));
            let free = Cond::Free(format!("{reason} is not 0").into());
            item.condition = Some(Cond::any([free, Cond::all([cond.negate(), as_cond(value)])]))
                .filter(|c| *c != Cond::Constant(true));
            return Expansion {
                shape: Shape::List,
                known: false,
                reason,
                why: unknown_why(branch),
                items: vec![item],
            };
        };
        for index in 0..usize::try_from(number).unwrap_or(0).min(MAX_INSTANCES) {
            match items.get_mut(index) {
                Some(item) => item.condition = either(item.condition.take(), &cond),
                None => {
                    let mut item = item(index.to_string().into(), format!("[{index}]").into());
                    item.count = Some(Value::number(index, span));
                    item.condition = Some(cond.clone()).filter(|c| *c != Cond::Constant(true));
                    items.push(item);
                }
            }
        }
    }
    Expansion { shape: Shape::List, known: true, reason: Str::default(), why: Why::Parameter, items }
}

/// Items by key, in the order they were added.
#[derive(Default)]
struct Items {
    list: Vec<Item>,
    index: HashMap<Str, usize>,
}

impl Items {
    fn add(&mut self, key: &Str, cond: &Cond, each: impl FnOnce() -> (Value, Value)) {
        if let Some(known) = self.index.get(key).and_then(|index| self.list.get_mut(*index)) {
            known.condition = either(known.condition.take(), cond);
            return;
        }
        if self.list.len() >= MAX_INSTANCES {
            return;
        }
        self.index.insert(key.clone(), self.list.len());
        let mut item = item(key.clone(), format!("[\"{key}\"]").into());
        item.each = Some(Rc::new(each()));
        item.condition = Some(cond.clone()).filter(|c| *c != Cond::Constant(true));
        self.list.push(item);
    }
}

/// There under one condition or another; `None` is always.
fn either(known: Option<Cond>, cond: &Cond) -> Option<Cond> {
    known.map(|known| Cond::any([known, cond.clone()])).filter(|c| *c != Cond::Constant(true))
}

/// What a value can be, and when.
pub(in crate::terraform) fn branches(value: &Value) -> Vec<(Cond, &Value)> {
    let mut out = Vec::new();
    let mut todo = vec![(Cond::Constant(true), value)];
    while let Some((cond, value)) = todo.pop() {
        match &value.data {
            Data::Choice(choice) if out.len() + todo.len() < 32 => {
                let otherwise = Cond::all([cond.clone(), choice.cond.clone().negate()]);
                todo.extend(choice.otherwise.as_ref().map(|v| (otherwise, v)));
                todo.extend(choice.then.as_ref().map(|v| (Cond::all([cond, choice.cond.clone()]), v)));
            }
            _ => out.push((cond, value)),
        }
    }
    out
}

/// A path without `.` and `..`.
fn clean(path: &std::path::Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
