//! Names and what lies behind them: variables, locals, resources, data sources, modules.

use super::choice::{choose, cond_name, unknown_from, unknown_why};
use super::expand::{Expansion, Shape};
use super::string::key_text;
use super::{Evaluator, Key, Scope, Source, derived, limit};
use crate::terraform::ast::{Expr, Kind, Step};
use crate::terraform::data;
use std::rc::Rc;
use tidegate_graph::{Choice, Data, Map, Piece, Reference, Span, Str, Symbol, Value, Why};

impl Evaluator<'_> {
    pub(super) fn traverse(&mut self, root: &Expr, steps: &[Step], scope: &mut Scope, span: Span) -> Value {
        let Kind::Name(name) = &root.kind else {
            let base = self.eval(root, scope);
            return self.walk(base, steps, scope, span);
        };
        if let Some((_, value)) = scope.names.iter().rev().find(|(known, _)| known == name) {
            let value = value.clone();
            return self.walk_shared(&value, steps, scope, span);
        }
        let node = scope.node;
        match (name.as_str(), steps) {
            _ if scope.closed => self.fail(name.clone(), Why::Undeclared, span),
            ("var", [Step::Attribute(name), rest @ ..]) => {
                let value = self.variable(node, name, span);
                self.walk_shared(&value, rest, scope, span)
            }
            ("local", [Step::Attribute(name), rest @ ..]) => {
                let value = self.local(node, name, span);
                self.walk_shared(&value, rest, scope, span)
            }
            ("each", [Step::Attribute(name), rest @ ..]) => {
                let value = match (&scope.each, name.as_str()) {
                    (Some(each), "key") => each.0.clone(),
                    (Some(each), "value") => each.1.clone(),
                    _ => return self.fail(format!("each.{name}"), Why::Undeclared, span),
                };
                let span = self.place(node, value.span, span);
                self.walk(value.at(span), rest, scope, span)
            }
            ("count", [Step::Attribute(name)]) if name == "index" => match &scope.count {
                Some(index) => index.clone().at(span),
                None => self.fail("count.index", Why::Undeclared, span),
            },
            ("path", [Step::Attribute(name)]) => match name.as_str() {
                "module" => Value::text(self.module_folder(node), span),
                _ => Value::text(".", span),
            },
            ("terraform" | "tofu", [Step::Attribute(name)]) if name == "workspace" => {
                Value::text("default", span)
            }
            ("self", _) => Value::unknown("self", Why::Attribute, span),
            ("ephemeral", _) => Value::unknown("ephemeral", Why::Lookup, span),
            ("module", [Step::Attribute(name), rest @ ..]) => {
                self.module_value(node, name, rest, scope, span)
            }
            ("data", [Step::Attribute(ty), Step::Attribute(name), rest @ ..]) => {
                self.block_value(node, &format!("data.{ty}.{name}").into(), rest, scope, span)
            }
            ("resource", [Step::Attribute(ty), Step::Attribute(name), rest @ ..]) => {
                self.block_value(node, &format!("{ty}.{name}").into(), rest, scope, span)
            }
            (ty, [Step::Attribute(name), rest @ ..]) => {
                self.block_value(node, &format!("{ty}.{name}").into(), rest, scope, span)
            }
            (name, _) => self.fail(name, Why::Undeclared, span),
        }
    }

    /// A resource or data source, or what lies within.
    fn block_value(
        &mut self,
        node: usize,
        address: &Str,
        steps: &[Step],
        scope: &mut Scope,
        span: Span,
    ) -> Value {
        let Some(expansion) = self.expand_block(node, address) else {
            let known = self.nodes.get(node).is_some_and(|n| n.module.blocks.contains_key(address));
            return if known {
                Value::unknown(address.clone(), Why::Cycle, span)
            } else {
                self.fail(address.clone(), Why::Undeclared, span)
            };
        };
        let (chosen, rest) = self.choose_item(&expansion, steps, scope);
        match chosen {
            Chosen::Item(item) => {
                let value = self.item_value(node, address, &expansion, item, span);
                self.walk_shared(&value, rest, scope, span)
            }
            Chosen::None => self.fail(format!("{address}[..]"), Why::Undeclared, span),
            Chosen::All => {
                let all = self.collection(&expansion, span, |this, item| {
                    let value = this.item_value(node, address, &expansion, item, span);
                    (*value).clone()
                });
                self.walk(all, rest, scope, span)
            }
        }
    }

    /// A pure data source's value; for anything else a reference to the instance.
    fn item_value(
        &mut self,
        node: usize,
        address: &Str,
        expansion: &Expansion,
        item: usize,
        span: Span,
    ) -> Rc<Value> {
        let Some(found) = expansion.items.get(item) else { return Rc::new(limit(span)) };
        let target = self.id(node, address, &found.suffix);
        if let Some(rest) = address.strip_prefix("data.")
            && data::is_pure(rest.split('.').next().unwrap_or_default())
        {
            return self.memo(node, Key::Data(address.clone(), item), span, |this| {
                let source = Source { node, address: address.clone(), item };
                this.data_value(&source, span)
            });
        }
        self.instances.entry(target.clone()).or_insert_with(|| Source {
            node,
            address: address.clone(),
            item,
        });
        Rc::new(Value::reference(Reference::plain(target), span))
    }

    fn module_value(
        &mut self,
        node: usize,
        name: &Str,
        steps: &[Step],
        scope: &mut Scope,
        span: Span,
    ) -> Value {
        let Some(expansion) = self.expand_call(node, name) else {
            let known = self.nodes.get(node).is_some_and(|n| n.module.calls.contains_key(name));
            return if known {
                Value::unknown(format!("module.{name}"), Why::Cycle, span)
            } else {
                self.fail(format!("module.{name}"), Why::Undeclared, span)
            };
        };
        let (chosen, rest) = self.choose_item(&expansion, steps, scope);
        match (chosen, rest) {
            (Chosen::Item(item), [Step::Attribute(output), rest @ ..]) => {
                let value = self.module_output(node, name, &expansion, item, output, span);
                self.walk_shared(&value, rest, scope, span)
            }
            (Chosen::Item(item), rest) => {
                let value = self.module_outputs(node, name, &expansion, item, span);
                self.walk(value, rest, scope, span)
            }
            (Chosen::None, _) => self.fail(format!("module.{name}[..]"), Why::Undeclared, span),
            (Chosen::All, rest) => {
                let all = self.collection(&expansion, span, |this, item| {
                    this.module_outputs(node, name, &expansion, item, span)
                });
                self.walk(all, rest, scope, span)
            }
        }
    }

    fn module_output(
        &mut self,
        node: usize,
        name: &Str,
        expansion: &Expansion,
        item: usize,
        output: &Str,
        span: Span,
    ) -> Rc<Value> {
        let Some(item) = expansion.items.get(item) else { return Rc::new(limit(span)) };
        match item.child {
            Some(child) => self.output(child, output, span),
            None => {
                let prefix = self.nodes.get(node).map(|n| n.prefix.clone()).unwrap_or_default();
                let name = format!("{prefix}module.{name}{}.{output}", item.suffix);
                Rc::new(Value::unknown(name, Why::Import, span))
            }
        }
    }

    fn module_outputs(
        &mut self,
        node: usize,
        name: &Str,
        expansion: &Expansion,
        item: usize,
        span: Span,
    ) -> Value {
        let child = expansion.items.get(item).and_then(|item| item.child);
        let Some(module) = child.and_then(|child| self.nodes.get(child)).map(|n| n.module.clone()) else {
            return Value::unknown(format!("module.{name}"), Why::Import, span);
        };
        let names: Vec<Str> = module.outputs.keys().cloned().collect();
        let outputs = names.into_iter().map(|output| {
            let value = self.module_output(node, name, expansion, item, &output, span);
            let value = self.copy(&value);
            (output, value)
        });
        Value::object(outputs.collect::<Vec<_>>(), span)
    }

    /// Which instance the next steps pick, and the steps behind it.
    fn choose_item<'s>(
        &mut self,
        expansion: &Expansion,
        steps: &'s [Step],
        scope: &mut Scope,
    ) -> (Chosen, &'s [Step]) {
        match (expansion.shape, steps) {
            (Shape::Single, _) => (Chosen::Item(0), steps),
            (_, [Step::Index(index), rest @ ..]) => {
                if !expansion.known {
                    return (Chosen::Item(0), rest);
                }
                let index = self.eval(index, scope);
                let key = key_text(&self.literal(index));
                self.spend(expansion.items.len() / 16);
                let found = expansion.items.iter().position(|item| item.key == key);
                (found.map_or(Chosen::None, Chosen::Item), rest)
            }
            // Forgotten indices were allowed once, and mean the only instance.
            (_, [Step::Attribute(_), ..]) if expansion.items.len() == 1 => (Chosen::Item(0), steps),
            _ => (Chosen::All, steps),
        }
    }

    fn collection(
        &mut self,
        expansion: &Expansion,
        span: Span,
        mut value: impl FnMut(&mut Self, usize) -> Value,
    ) -> Value {
        if !expansion.known {
            let value = value(self, 0);
            let _ = value;
            return Value::unknown(expansion.reason.clone(), expansion.why, span);
        }
        let items: Vec<(Str, Value)> = expansion
            .items
            .iter()
            .enumerate()
            .map(|(i, item)| {
                let value = value(self, i);
                let value = match &item.condition {
                    Some(cond) => super::expression::maybe(cond.clone(), value),
                    None => value,
                };
                (item.key.clone(), value)
            })
            .collect();
        self.spend(items.len());
        match expansion.shape {
            Shape::Map => Value::object(items, span),
            _ => Value::list(items.into_iter().map(|(_, value)| value).collect(), span),
        }
    }

    /// Takes steps through a shared value and copies only what they lead to.
    fn walk_shared(&mut self, value: &Value, steps: &[Step], scope: &mut Scope, span: Span) -> Value {
        let mut current = value;
        let mut steps = steps;
        while let [step, rest @ ..] = steps {
            let next = match (step, &current.data) {
                (Step::Attribute(name), Data::Map(map)) => map.get(name),
                (Step::Index(Expr { kind: Kind::Text(name), .. }), Data::Map(map)) => map.get(name),
                (Step::Index(Expr { kind: Kind::Number(n), .. }), Data::List(items)) => {
                    n.parse::<usize>().ok().and_then(|n| items.get(n))
                }
                _ => None,
            };
            let Some(next) = next else { break };
            current = next;
            steps = rest;
        }
        let span = self.place(scope.node, current.span, span);
        let copy = self.copy(current).at(span);
        self.walk(copy, steps, scope, span)
    }

    fn walk(&mut self, value: Value, steps: &[Step], scope: &mut Scope, span: Span) -> Value {
        let mut value = value;
        let mut steps = steps;
        let resource = value.as_reference().filter(|r| r.attribute.is_empty()).map(|r| r.target.clone());
        let mut path = Vec::new();
        while let [step, rest @ ..] = steps {
            if self.exhausted() {
                return limit(span);
            }
            self.spend(1);
            match step {
                Step::Attribute(name) => {
                    path.push(name.clone());
                    let before = self.failures;
                    value = self.step(value, name, span);
                    // Within a block of a resource the provider adds attributes: `identity[0].principal_id`.
                    let missing = matches!(&value.data, Data::Unknown(s) if s.why == Why::Undeclared);
                    if let Some(resource) = resource.as_ref().filter(|_| missing && path.len() > 1) {
                        self.failures = before;
                        let attribute = Reference::attribute(resource.clone(), path.join("."));
                        value = Value::reference(attribute, span);
                    }
                }
                Step::Index(index) => {
                    let index = self.eval(index, scope);
                    let index = self.literal(index);
                    value = self.spread(vec![index], span, &mut |this, mut indices| {
                        let index = indices.pop().unwrap_or_default_null(span);
                        let base = this.copy(&value);
                        this.index(base, &index, span)
                    });
                }
                Step::Splat => return self.splat(value, rest, &[], scope, span),
                Step::AttributeSplat => {
                    let attributes = rest.iter().take_while(|s| matches!(s, Step::Attribute(_))).count();
                    let (mapped, behind) = rest.split_at_checked(attributes).unwrap_or((rest, &[]));
                    return self.splat(value, mapped, behind, scope, span);
                }
            }
            steps = rest;
        }
        value
    }

    fn splat(
        &mut self,
        value: Value,
        mapped: &[Step],
        behind: &[Step],
        scope: &mut Scope,
        span: Span,
    ) -> Value {
        let value = self.literal(value);
        let out = self.spread(vec![value], span, &mut |this, mut values| {
            let value = values.pop().unwrap_or_default_null(span);
            let items = match value.data {
                Data::Null => return Value::list(Vec::new(), span),
                Data::List(items) => items,
                Data::Unknown(_) => {
                    let path: String = mapped
                        .iter()
                        .filter_map(|s| {
                            if let Step::Attribute(name) = s { Some(format!(".{name}")) } else { None }
                        })
                        .collect();
                    return unknown_from(&value, span, |name| format!("{name}[*]{path}"));
                }
                _ => vec![value],
            };
            let items = items.into_iter().map(|item| match item.data {
                // An item that is there under a condition stays so.
                Data::Choice(choice) => {
                    let mut side = |v: Option<Value>| v.map(|v| this.walk(v, mapped, scope, span));
                    let then = side(choice.then);
                    let otherwise = side(choice.otherwise);
                    Value::new(Data::Choice(Box::new(Choice { cond: choice.cond, then, otherwise })), span)
                }
                _ => this.walk(item, mapped, scope, span),
            });
            Value::list(items.collect(), span)
        });
        self.walk(out, behind, scope, span)
    }

    /// What an index leads to.
    pub(in crate::terraform) fn index(&mut self, value: Value, index: &Value, span: Span) -> Value {
        match &index.data {
            Data::Unknown(_) | Data::Template(_) if matches!(value.data, Data::List(_) | Data::Map(_)) => {
                // An instance or element that can't be told: all the same when there is just one.
                match value.data {
                    Data::List(mut items) if items.len() == 1 => items.remove(0),
                    _ => unknown_from(index, span, |name| format!("[{name}]")),
                }
            }
            _ => self.step(value, &key_text(index), span),
        }
    }

    pub(super) fn step(&mut self, value: Value, key: &Str, span: Span) -> Value {
        match value.data {
            Data::Map(mut map) => match map.get_mut(key) {
                Some(found) => std::mem::replace(found, Value::new(Data::Null, span)).at(span),
                None => match rest_of(&map) {
                    // It may be among what is unknown.
                    Some(rest) => unknown_from(rest, span, |name| format!("{name}.{key}")),
                    None => self.fail(format!("[{key}]"), Why::Undeclared, span),
                },
            },
            Data::List(mut items) => {
                let number = key.parse::<usize>().ok().or_else(|| {
                    Value::text(key.clone(), span).as_i64().and_then(|n| usize::try_from(n).ok())
                });
                match number {
                    Some(index) if index < items.len() => items.swap_remove(index).at(span),
                    None if items.len() == 1 => {
                        let only = items.remove(0);
                        self.step(only, key, span)
                    }
                    _ => self.fail(format!("[{key}]"), Why::Undeclared, span),
                }
            }
            Data::Choice(choice) => {
                let before = self.failures;
                let mut side = |v: Option<Value>| match v {
                    Some(v) if !matches!(v.data, Data::Null) => self.step(v, key, span),
                    _ => Value::new(Data::Null, span),
                };
                let (then, otherwise) = (side(choice.then), side(choice.otherwise));
                self.failures = before;
                choose(choice.cond, then, otherwise, span)
            }
            Data::Unknown(symbol) => {
                Value::new(Data::Unknown(derived(&symbol, |name| format!("{name}.{key}"))), span)
            }
            Data::Template(pieces) => match pieces.as_slice() {
                [Piece::Reference(reference)] => self.attribute(reference, key, span),
                [Piece::Symbol(symbol)] => {
                    Value::new(Data::Unknown(derived(symbol, |name| format!("{name}.{key}"))), span)
                }
                _ => self.fail(format!("[{key}]"), Why::Function, span),
            },
            _ => self.fail(format!("[{key}]"), Why::Function, span),
        }
    }

    pub(super) fn id(&self, node: usize, address: &str, suffix: &str) -> Str {
        let prefix = self.nodes.get(node).map(|n| n.prefix.as_str()).unwrap_or_default();
        format!("{}/{prefix}{address}{suffix}", self.stack).into()
    }
}

/// The unknown rest of a map that was merged with something unknown.
pub(in crate::terraform) fn rest_of(map: &Map) -> Option<&Value> {
    map.iter()
        .find(|(key, value)| key.starts_with("${") && matches!(value.data, Data::Unknown(_)))
        .map(|(_, v)| v)
}

enum Chosen {
    Item(usize),
    None,
    All,
}

trait OrNull {
    fn unwrap_or_default_null(self, span: Span) -> Value;
}

impl OrNull for Option<Value> {
    fn unwrap_or_default_null(self, span: Span) -> Value {
        self.unwrap_or_else(|| Value::new(Data::Null, span))
    }
}

/// The symbol of an unknown outcome that hangs on values.
pub(in crate::terraform) fn unknown_of(name: &str, values: &[Value], span: Span) -> Value {
    let mut found: Option<(Str, Why)> = None;
    for value in values {
        value.walk(&mut |v| {
            if found.is_none() && super::operator::unknown(v) {
                found = Some((cond_name(v), unknown_why(v)));
            }
        });
    }
    match found {
        Some((inner, why)) => {
            let symbol = derived(&Symbol::new(inner, why), |inner| format!("{name}({inner})"));
            Value::new(Data::Unknown(symbol), span)
        }
        None => Value::unknown(format!("{name}(..)"), Why::Function, span),
    }
}

/// A map of one field, for data sources.
pub(in crate::terraform) fn fields<const N: usize>(entries: [(&'static str, Value); N], span: Span) -> Value {
    let mut map = Map::new();
    for (key, value) in entries {
        map.insert(key, value);
    }
    Value::map(map, span)
}
