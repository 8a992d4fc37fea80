//! Blocks to attribute maps, and all instances of a module.

use super::expand::branches;
use super::expression::maybe;
use super::{Evaluator, Key, Scope, Source, limit};
use crate::terraform::ast::{Block, Body, Kind};
use crate::terraform::data;
use crate::terraform::instance::Instance;
use std::rc::Rc;
use tidegate_graph::{Choice, Cond, Data, Field, Map, Span, Str, Value};

/// Arguments that say something to Terraform and nothing about the resource.
const META: [&str; 5] = ["count", "for_each", "provider", "depends_on", "providers"];
const META_BLOCKS: [&str; 3] = ["lifecycle", "provisioner", "connection"];
/// Blocks within each other.
const MAX_BLOCKS: usize = 32;

impl Evaluator<'_> {
    /// Every resource and impure data source, of all modules.
    pub(crate) fn instances(&mut self) -> Vec<Instance> {
        let mut out = Vec::new();
        let mut todo = vec![0];
        while let Some(node) = todo.pop() {
            let Some(module) = self.nodes.get(node).map(|n| n.module.clone()) else { continue };
            for address in &module.order {
                self.block_instances(node, address, &mut out);
            }
            // Children are visited in the order of their names.
            let mut children = Vec::new();
            for name in module.calls.keys() {
                if let Some(expansion) = self.expand_call(node, name) {
                    children.extend(expansion.items.iter().filter_map(|item| item.child));
                }
            }
            todo.extend(children.into_iter().rev());
        }
        out
    }

    fn block_instances(&mut self, node: usize, address: &Str, out: &mut Vec<Instance>) {
        let Some((block, prefix, condition)) = self.nodes.get(node).and_then(|n| {
            Some((n.module.blocks.get(address)?.clone(), n.prefix.clone(), n.condition.clone()))
        }) else {
            return;
        };
        let (Some(ty), Some(name)) = (block.labels.first(), block.labels.get(1)) else { return };
        let is_data = block.kind == "data";
        if is_data && data::is_pure(ty) {
            return;
        }
        let Some(expansion) = self.expand_block(node, address) else { return };
        for (index, item) in expansion.items.iter().enumerate() {
            let id = self.id(node, address, &item.suffix);
            let source = Source { node, address: address.clone(), item: index };
            self.instances.entry(id.clone()).or_insert_with(|| source.clone());
            let attributes = self.attributes(&source, &block);
            let conds = [&condition, &item.condition].into_iter().flatten().cloned();
            out.push(Instance {
                id,
                address: format!("{prefix}{address}{}", item.suffix).into(),
                ty: ty.clone(),
                name: name.clone(),
                attributes,
                condition: Some(Cond::all(conds)).filter(|c| *c != Cond::Constant(true)),
                span: self.instance_place(node, item.each.as_deref(), block.header),
                data: is_data,
            });
        }
    }

    /// The scope of an instance's own expressions.
    fn scope_of(&mut self, source: &Source) -> Scope {
        let expansion = self.expand_block(source.node, &source.address);
        let item = expansion.as_ref().and_then(|e| e.items.get(source.item));
        Scope {
            node: source.node,
            each: item.and_then(|i| i.each.clone()),
            count: item.and_then(|i| i.count.clone()),
            ..Scope::default()
        }
    }

    /// All attributes of an instance.
    fn attributes(&mut self, source: &Source, block: &Block) -> Map {
        let mut scope = self.scope_of(source);
        let mut map = Map::new();
        for attribute in &block.body.attributes {
            if META.contains(&attribute.name.as_str()) {
                continue;
            }
            let key = Key::Attribute(source.address.clone(), source.item, attribute.name.clone());
            let value = self
                .memo(source.node, key, attribute.value.span, |this| this.eval(&attribute.value, &mut scope));
            let value = self.copy(&value);
            let value = self.settle(value, &attribute.value, &scope);
            if let Some(value) = present(value) {
                let key = self.key_place(source.node, attribute.key, value.span);
                map.insert_field(attribute.name.clone(), Field { key, value });
            }
        }
        self.blocks(&block.body, &mut scope, &mut map, 0);
        map
    }

    /// What an instance's configuration says of an attribute or block.
    pub(super) fn configured_attribute(&mut self, source: &Source, name: &Str) -> Option<Rc<Value>> {
        let block = self.nodes.get(source.node)?.module.blocks.get(&source.address)?.clone();
        let key = Key::Attribute(source.address.clone(), source.item, name.clone());
        if let Some(attribute) = block.body.attribute(name) {
            if META.contains(&name.as_str()) {
                return None;
            }
            let mut scope = self.scope_of(source);
            return Some(self.memo(source.node, key, attribute.value.span, |this| {
                this.eval(&attribute.value, &mut scope)
            }));
        }
        let written =
            |b: &Rc<Block>| b.kind == *name || b.kind == "dynamic" && b.labels.first() == Some(name);
        let span = block.body.blocks.iter().find(|b| written(b))?.header;
        let mut scope = self.scope_of(source);
        Some(self.memo(source.node, key, span, |this| {
            let mut map = Map::new();
            this.blocks(&block.body, &mut scope, &mut map, 0);
            map.remove(name).unwrap_or_else(|| Value::list(Vec::new(), span))
        }))
    }

    /// The value of a pure data source.
    pub(super) fn data_value(&mut self, source: &Source, span: Span) -> Value {
        let Some(block) =
            self.nodes.get(source.node).and_then(|n| n.module.blocks.get(&source.address).cloned())
        else {
            return limit(span);
        };
        let attributes = self.attributes(source, &block);
        let ty = block.labels.first().cloned().unwrap_or_default();
        data::evaluate(self, &ty, attributes, block.header)
    }

    /// The blocks of a body, by kind, as lists of maps.
    fn blocks(&mut self, body: &Body, scope: &mut Scope, map: &mut Map, depth: usize) {
        if depth > MAX_BLOCKS {
            return;
        }
        for block in &body.blocks {
            if self.exhausted() {
                return;
            }
            if depth == 0 && META_BLOCKS.contains(&block.kind.as_str()) {
                continue;
            }
            if block.kind != "dynamic" || block.labels.is_empty() {
                let value = self.body(&block.body, scope, block.span, depth + 1);
                push(map, &block.kind, block.header, value);
            } else if let Some(kind) = block.labels.first() {
                self.dynamic(block, kind, scope, map, depth);
            }
        }
    }

    pub(super) fn body(&mut self, body: &Body, scope: &mut Scope, span: Span, depth: usize) -> Value {
        let mut map = Map::new();
        for attribute in &body.attributes {
            let value = self.eval(&attribute.value, scope);
            let value = self.settle(value, &attribute.value, scope);
            if let Some(value) = present(value) {
                let key = self.key_place(scope.node, attribute.key, value.span);
                map.insert_field(attribute.name.clone(), Field { key, value });
            }
        }
        self.blocks(body, scope, &mut map, depth);
        Value::map(map, span)
    }

    fn dynamic(&mut self, block: &Block, kind: &Str, scope: &mut Scope, map: &mut Map, depth: usize) {
        let Some(content) = block.body.blocks("content").next().cloned() else { return };
        let Some(each) = block.body.attribute("for_each") else { return };
        let iterator = match block.body.attribute("iterator").map(|a| &a.value.kind) {
            Some(Kind::Name(name) | Kind::Text(name)) => name.clone(),
            _ => kind.clone(),
        };
        let collection = self.eval(&each.value, scope);
        let collection = self.literal(collection);
        let header = self.block_place(&each.value, scope, block.header);
        let whole = self.block_place(&each.value, scope, block.span);
        for (cond, collection) in branches(&collection) {
            let entries = match self.entries(collection) {
                Some(entries) => entries.into_iter().map(|(k, v)| (cond.clone(), k, v)).collect(),
                None if matches!(collection.data, Data::Null) => Vec::new(),
                None => {
                    let reason = super::cond_name(collection);
                    let symbol = |name: &str| {
                        Value::unknown(
                            format!("{iterator}.{name} of {reason}"),
                            super::choice::unknown_why(collection),
                            each.value.span,
                        )
                    };
                    let free = Cond::Free(format!("{reason} is not empty").into());
                    vec![(Cond::all([cond, free]), symbol("key"), symbol("value"))]
                }
            };
            for (cond, key, value) in entries {
                if self.exhausted() {
                    return;
                }
                // An item of the collection may itself be there under a condition.
                for (inner, value) in branches(&value) {
                    let pair = Value::object([("key", key.clone()), ("value", value.clone())], whole);
                    scope.names.push((iterator.clone(), Rc::new(pair)));
                    let body = self.body(&content.body, scope, whole, depth + 1);
                    scope.names.pop();
                    push(map, kind, header, maybe(Cond::all([cond.clone(), inner]), body));
                }
            }
        }
    }
}

fn push(map: &mut Map, kind: &Str, key: Span, value: Value) {
    let span = value.span;
    match map.get_mut(kind) {
        Some(Value { data: Data::List(items), .. }) => items.push(value),
        // A key that is written both as an attribute and as a block keeps its attribute.
        Some(_) => {}
        None => {
            map.insert_field(kind.clone(), Field { key, value: Value::list(vec![value], span) });
        }
    }
}

/// A value as it counts in a resource: null is absent, on each side of a choice too.
fn present(value: Value) -> Option<Value> {
    let span = value.span;
    match value.data {
        Data::Null => None,
        Data::Choice(choice) => {
            let (then, otherwise) = (choice.then.and_then(present), choice.otherwise.and_then(present));
            if then.is_none() && otherwise.is_none() {
                return None;
            }
            Some(Value::new(Data::Choice(Box::new(Choice { cond: choice.cond, then, otherwise })), span))
        }
        data => Some(Value::new(data, span)),
    }
}
