//! Where values of a condensed module are shown: at the argument of the call that they come from.
//!
//! Every span of such a module is the head of the call, so a value that is placed elsewhere was written by the user.

use super::{Caller, Evaluator, Scope};
use crate::terraform::ast::{Block, Expr, Kind, Step};
use tidegate_graph::{Data, Span, Str, Value};

/// Locals and expressions within each other that are followed.
const MAX_DEPTH: usize = 24;

impl Evaluator<'_> {
    /// The head of the call, in a condensed module.
    pub(super) fn condensed(&self, node: usize) -> Option<Span> {
        self.nodes.get(node)?.module.condensed
    }

    /// The place of a value that an expression of a module leads to: where it is asked for, in a condensed module where it
    /// was written.
    pub(super) fn place(&self, node: usize, written: Span, asked: Span) -> Span {
        if self.condensed(node).is_some() { written } else { asked }
    }

    /// The place of an attribute's value.
    pub(super) fn settle(&self, value: Value, expr: &Expr, scope: &Scope) -> Value {
        match self.condensed(scope.node) {
            None => value.at(expr.span),
            Some(head) if value.span == head => {
                let origin = self.origin(expr, scope, head, 0);
                value.at(origin.unwrap_or(head))
            }
            Some(_) => value,
        }
    }

    /// The place of an attribute's key: in a condensed module the value's.
    pub(super) fn key_place(&self, node: usize, key: Span, value: Span) -> Span {
        self.place(node, value, key)
    }

    /// The place of a block that stands for each item of a collection.
    pub(super) fn block_place(&self, each: &Expr, scope: &Scope, span: Span) -> Span {
        match self.condensed(scope.node) {
            Some(head) => self.origin(each, scope, head, 0).unwrap_or(head),
            None => span,
        }
    }

    /// The place of an instance: in a condensed module the item that it stands for, if it does.
    pub(super) fn instance_place(&self, node: usize, each: Option<&(Value, Value)>, span: Span) -> Span {
        let item = each.map(|(_, value)| value.span).filter(|item| *item != span);
        if self.condensed(node).is_some() { item.unwrap_or(span) } else { span }
    }

    /// The first argument of the call that an expression looks at.
    fn origin(&self, expr: &Expr, scope: &Scope, head: Span, depth: usize) -> Option<Span> {
        if depth > MAX_DEPTH {
            return None;
        }
        let of = |expr: &Expr| self.origin(expr, scope, head, depth + 1);
        match &expr.kind {
            Kind::Traverse(root, steps) => match &root.kind {
                Kind::Name(name) => self.origin_of_name(name, steps, scope, head, depth),
                _ => of(root),
            },
            Kind::Name(name) => self.origin_of_name(name, &[], scope, head, depth),
            Kind::List(items) => items.iter().find_map(of),
            Kind::Object(items) => items.iter().find_map(|(_, value)| of(value)),
            Kind::Conditional(parts) => parts.iter().find_map(of),
            Kind::Call(call) => call.arguments.iter().find_map(of),
            Kind::Not(inner) | Kind::Negate(inner) => of(inner),
            Kind::Binary(binary) => of(&binary.left).or_else(|| of(&binary.right)),
            Kind::For(for_) => of(&for_.collection),
            _ => None,
        }
    }

    fn origin_of_name(
        &self,
        name: &Str,
        steps: &[Step],
        scope: &Scope,
        head: Span,
        depth: usize,
    ) -> Option<Span> {
        let elsewhere = |value: &Value, steps: &[Step]| {
            let span = within(value, steps).span;
            (span != head).then_some(span)
        };
        if let Some((_, value)) = scope.names.iter().rev().find(|(known, _)| known == name) {
            return elsewhere(value, steps);
        }
        match (name.as_str(), steps) {
            ("var", [Step::Attribute(name), rest @ ..]) => {
                argument(self.nodes.get(scope.node)?.caller.as_ref()?, name, rest)
            }
            ("local", [Step::Attribute(name), ..]) => {
                let expr = self.nodes.get(scope.node)?.module.locals.get(name)?;
                self.origin(expr, scope, head, depth + 1)
            }
            ("each", [_, rest @ ..]) => elsewhere(&scope.each.as_ref()?.1, rest),
            _ => None,
        }
    }

    /// An argument that is written as a block, as Terraform took it before version 0.12.
    pub(super) fn block_argument(&mut self, caller: &Caller, name: &Str) -> Option<Value> {
        let blocks: Vec<_> = caller.block.body.blocks(name).cloned().collect();
        let span = blocks.first()?.span;
        let mut scope = caller.scope.clone();
        let items = blocks.iter().map(|b: &std::rc::Rc<Block>| self.body(&b.body, &mut scope, b.span, 1));
        let list = Value::list(items.collect(), span);
        Some(unwrapped(list))
    }
}

/// The value that steps lead to, as far as it is written.
fn within<'v>(value: &'v Value, steps: &[Step]) -> &'v Value {
    let next = |value: &'v Value, step: &Step| match step {
        Step::Attribute(key) | Step::Index(Expr { kind: Kind::Text(key), .. }) => value.get(key),
        _ => None,
    };
    let mut value = value;
    for step in steps {
        let Some(found) = next(value, step) else { break };
        value = found;
    }
    value
}

/// Where a call says an argument, or what lies within it.
fn argument(caller: &Caller, name: &str, steps: &[Step]) -> Option<Span> {
    let body = &caller.block.body;
    let Some(argument) = body.attribute(name) else {
        return body.blocks(name).next().map(|block| block.span);
    };
    let mut span = argument.key.to(argument.value.span);
    let mut expr: &Expr = &argument.value;
    for step in steps {
        let key = match step {
            Step::Attribute(key) => key,
            Step::Index(Expr { kind: Kind::Text(key), .. }) => key,
            _ => break,
        };
        let Kind::Object(items) = &expr.kind else { break };
        let named = |(name, _): &&(Expr, Expr)| matches!(&name.kind, Kind::Text(name) if name == key);
        let Some((name, value)) = items.iter().find(named) else { break };
        span = name.span.to(value.span);
        expr = value;
    }
    Some(span)
}

/// Blocks that there is one of, as the maps that arguments are.
fn unwrapped(value: Value) -> Value {
    let span = value.span;
    match value.data {
        Data::List(mut items) if items.len() == 1 && items.iter().all(|v| v.as_map().is_some()) => {
            items.pop().map_or_else(|| Value::list(Vec::new(), span), unwrapped)
        }
        Data::Map(map) => {
            let fields = map.into_fields().map(|(key, field)| (key, unwrapped(field.value)));
            Value::object(fields.collect::<Vec<_>>(), span)
        }
        data => Value::new(data, span),
    }
}
