//! Expressions, one kind at a time.

use super::choice::{choose, unknown_from};
use super::string::key_text;
use super::{Evaluator, Scope, limit};
use crate::terraform::ast::{Expr, For, Kind};
use std::rc::Rc;
use tidegate_graph::{Choice, Cond, Data, Field, Map, Span, Str, Value, Why};

impl Evaluator<'_> {
    pub(super) fn expression(&mut self, expr: &Expr, scope: &mut Scope) -> Value {
        let span = expr.span;
        match &expr.kind {
            Kind::Null => Value::new(Data::Null, span),
            Kind::Bool(value) => Value::bool(*value, span),
            Kind::Number(text) => Value::new(Data::Number(text.clone()), span),
            Kind::Text(text) => Value::text(text.clone(), span),
            Kind::Template(parts) => self.template(parts, scope, span),
            Kind::List(items) => {
                let items = items.iter().map(|item| self.eval(item, scope)).collect();
                Value::list(items, span)
            }
            Kind::Object(items) => {
                let mut map = Map::new();
                for (key, value) in items {
                    let name = self.eval(key, scope);
                    let name = key_text(&self.literal(name));
                    let value = self.eval(value, scope);
                    map.insert_field(name, Field { key: key.span, value });
                }
                Value::map(map, span)
            }
            Kind::Name(_) => self.traverse(expr, &[], scope, span),
            Kind::Traverse(root, steps) => self.traverse(root, steps, scope, span),
            Kind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                match self.condition(condition, scope) {
                    Cond::Constant(true) => self.eval(then, scope),
                    Cond::Constant(false) => self.eval(otherwise, scope),
                    cond => {
                        let before = self.failures;
                        let then = self.eval(then, scope);
                        let otherwise = self.eval(otherwise, scope);
                        self.failures = before;
                        choose(cond, then, otherwise, span)
                    }
                }
            }
            Kind::Call(call) => self.call(call, scope, span),
            Kind::Not(inner) => super::choice::cond_value(self.condition(inner, scope).negate(), span),
            Kind::Negate(inner) => self.negative(inner, scope, span),
            Kind::Binary(binary) => self.binary(binary, scope, span),
            Kind::For(for_) => {
                let collection = self.eval(&for_.collection, scope);
                let collection = self.literal(collection);
                self.spread(vec![collection], span, &mut |this, mut values| match values.pop() {
                    Some(collection) => this.for_expression(for_, &collection, scope, span),
                    None => limit(span),
                })
            }
        }
    }

    fn for_expression(&mut self, for_: &For, collection: &Value, scope: &mut Scope, span: Span) -> Value {
        let Some(entries) = self.entries(collection) else {
            if matches!(collection.data, Data::Null) {
                return self.fail("for null", Why::Function, span);
            }
            return unknown_from(collection, span, str::to_string);
        };
        let mut list = Vec::new();
        let mut map = Map::new();
        for (key, value) in entries {
            if self.exhausted() {
                return limit(span);
            }
            self.bind(scope, for_.key_name.as_ref(), &for_.value_name, key, value);
            let kept = match &for_.condition {
                Some(condition) => self.condition(condition, scope),
                None => Cond::Constant(true),
            };
            if kept != Cond::Constant(false) {
                let key = for_.key.as_ref().map(|key| self.eval(key, scope));
                let key = key.map(|key| key_text(&self.literal(key)));
                let value = self.eval(&for_.value, scope);
                let value = maybe(kept, value);
                match key {
                    None => list.push(value),
                    Some(key) if for_.group => match map.get_mut(&key) {
                        Some(Value { data: Data::List(items), .. }) => items.push(value),
                        _ => {
                            map.insert(key, Value::list(vec![value], span));
                        }
                    },
                    Some(key) => {
                        map.insert(key, value);
                    }
                }
            }
            self.unbind(scope, for_.key_name.as_ref());
        }
        if for_.key.is_some() { Value::map(map, span) } else { Value::list(list, span) }
    }

    /// Keys and values of a collection; `None` when it isn't a known one.
    pub(in crate::terraform) fn entries(&mut self, collection: &Value) -> Option<Vec<(Value, Value)>> {
        let span = collection.span;
        match &collection.data {
            Data::List(items) => {
                self.spend(items.len());
                Some(items.iter().enumerate().map(|(i, v)| (Value::number(i, span), v.clone())).collect())
            }
            Data::Map(map) => {
                self.spend(map.len());
                let mut entries: Vec<_> =
                    map.fields().map(|(k, f)| (Value::text(k.clone(), f.key), f.value.clone())).collect();
                // Terraform visits the keys of a map in their order.
                entries.sort_by(|(a, _), (b, _)| a.as_str().cmp(&b.as_str()));
                Some(entries)
            }
            _ => None,
        }
    }

    pub(in crate::terraform) fn bind(
        &mut self,
        scope: &mut Scope,
        key_name: Option<&Str>,
        value_name: &Str,
        key: Value,
        value: Value,
    ) {
        if let Some(name) = key_name {
            scope.names.push((name.clone(), Rc::new(key)));
        }
        scope.names.push((value_name.clone(), Rc::new(value)));
    }

    pub(in crate::terraform) fn unbind(&mut self, scope: &mut Scope, key_name: Option<&Str>) {
        scope.names.pop();
        if key_name.is_some() {
            scope.names.pop();
        }
    }

    /// A value as the type of a variable has it: defaults of optional attributes filled in, sets without doubles.
    pub(super) fn convert(&mut self, value: Value, ty: &Expr, scope: &mut Scope) -> Value {
        let Kind::Call(call) = &ty.kind else {
            return match (&ty.kind, &value.data) {
                (Kind::Name(name), Data::Number(_) | Data::Bool(_)) if name == "string" => {
                    Value::text(value.as_text().unwrap_or_default(), value.span)
                }
                (Kind::Name(name), Data::Text(text)) if name == "bool" => match text.as_str() {
                    "true" | "1" => Value::bool(true, value.span),
                    "false" | "0" => Value::bool(false, value.span),
                    _ => value,
                },
                (Kind::Name(name), Data::Text(text)) if name == "number" && text.parse::<f64>().is_ok() => {
                    Value::new(Data::Number(text.clone()), value.span)
                }
                _ => value,
            };
        };
        if self.exhausted() {
            return limit(value.span);
        }
        self.spend(1);
        let span = value.span;
        match (call.name.as_str(), call.arguments.as_slice(), value.data) {
            ("optional", [inner, ..], data) => self.convert(Value::new(data, span), inner, scope),
            ("list" | "set" | "map", [inner], Data::List(items)) => {
                let mut items: Vec<Value> =
                    items.into_iter().map(|v| self.convert(v, inner, scope)).collect();
                if call.name == "set" {
                    items = crate::terraform::functions::distinct(items);
                }
                Value::list(items, span)
            }
            ("map", [inner], Data::Map(mut map)) => {
                for (_, value) in map.iter_mut() {
                    let taken = std::mem::replace(value, Value::new(Data::Null, span));
                    *value = self.convert(taken, inner, scope);
                }
                Value::map(map, span)
            }
            ("object", [Expr { kind: Kind::Object(fields), .. }], Data::Map(mut map)) => {
                for (key, field) in fields {
                    let Kind::Text(name) = &key.kind else { continue };
                    let taken = map.get_mut(name).map(|v| std::mem::replace(v, Value::new(Data::Null, span)));
                    let converted = match taken.filter(|v| !matches!(v.data, Data::Null)) {
                        Some(value) => self.convert(value, field, scope),
                        None => match &field.kind {
                            Kind::Call(optional) if optional.name == "optional" => {
                                match optional.arguments.as_slice() {
                                    [ty, default] => {
                                        let default = self.eval(default, scope);
                                        self.convert(default, ty, scope)
                                    }
                                    _ => Value::new(Data::Null, span),
                                }
                            }
                            _ => Value::new(Data::Null, span),
                        },
                    };
                    match map.get_mut(name) {
                        Some(slot) => *slot = converted,
                        None => {
                            map.insert(name.clone(), converted);
                        }
                    }
                }
                Value::map(map, span)
            }
            ("tuple", [Expr { kind: Kind::List(types), .. }], Data::List(items)) => {
                let mut types = types.iter();
                let items = items.into_iter().map(|value| match types.next() {
                    Some(ty) => self.convert(value, ty, scope),
                    None => value,
                });
                Value::list(items.collect(), span)
            }
            (.., data) => Value::new(data, span),
        }
    }
}

/// A value that is there under a condition.
pub(in crate::terraform) fn maybe(cond: Cond, value: Value) -> Value {
    if cond == Cond::Constant(true) {
        return value;
    }
    let span = value.span;
    Value::new(Data::Choice(Box::new(Choice { cond, then: Some(value), otherwise: None })), span)
}
