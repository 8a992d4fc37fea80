//! Evaluation in three values, within a budget.
//!
//! The crate's own interpreter knows neither a value that isn't known nor an end to its work, so only its syntax tree is
//! used here.

use super::functions;
use super::value::{Gap, Truth, Val, may_equal};
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use std::rc::Rc;
use tidegate_graph::{Str, World};

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// It doesn't fit what it met.
    Mismatch(String),
    /// Its work is too much.
    Budget,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::Mismatch(message.into())
    }
}

pub(super) type Result<T> = std::result::Result<T, Fault>;

/// One evaluation.
pub(super) struct Eval<'a, 'w> {
    pub(super) world: &'w World,
    /// Names of the expression and of the loops that it is in, the innermost last.
    pub(super) names: Vec<(Str, Val<'a>)>,
    /// What isn't known can't turn out to be null.
    pub(super) never_null: bool,
    /// Steps that are left.
    pub(super) left: &'w mut u64,
}

impl<'a> Eval<'a, '_> {
    /// Takes steps from the budget.
    pub(super) fn spend(&mut self, steps: usize) -> Result<()> {
        match self.left.checked_sub(steps as u64) {
            Some(left) => {
                *self.left = left;
                Ok(())
            }
            None => {
                *self.left = 0;
                Err(Fault::Budget)
            }
        }
    }

    /// True, false or unknown.
    pub(super) fn truth(&mut self, expr: &IdedExpr) -> Result<Truth> {
        match self.value(expr)? {
            Val::Bool(flag) => Ok(Truth::Is(flag)),
            other => match other.gap() {
                Some(gap) => Ok(Truth::Gap(gap)),
                None => Err(Fault::new(format!("expected true or false, found {}", other.kind()))),
            },
        }
    }

    pub(super) fn value(&mut self, expr: &IdedExpr) -> Result<Val<'a>> {
        self.spend(1)?;
        match &expr.expr {
            Expr::Literal(literal) => Ok(constant(literal)),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => {
                let operand = self.value(&select.operand)?;
                let found = self.field(&operand, &select.field)?;
                match (select.test, found) {
                    (_, Some(unknown @ Val::Unknown(_))) if matches!(operand, Val::Unknown(_)) => Ok(unknown),
                    (true, found) => Ok(Val::Bool(found.is_some())),
                    (false, Some(found)) => Ok(found),
                    (false, None) => Err(Fault::new(format!("there is no `{}`", select.field))),
                }
            }
            Expr::List(list) => {
                let items = list.elements.iter().map(|e| self.value(e)).collect::<Result<Vec<_>>>()?;
                Ok(Val::List(Rc::new(items)))
            }
            Expr::Map(map) => {
                let mut entries = Vec::new();
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    let Val::Text(key) = self.value(&entry.key)? else {
                        return Err(Fault::new("keys of maps are strings"));
                    };
                    let value = self.value(&entry.value)?;
                    entries.push((key, value));
                }
                Ok(Val::Map(Rc::new(entries)))
            }
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(each) => self.comprehension(each),
            Expr::Struct(_) | Expr::Unspecified => Err(Fault::new("there are no types of that kind here")),
        }
    }

    fn name(&self, name: &str) -> Result<Val<'a>> {
        let found = self.names.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).ok_or_else(|| Fault::new(format!("there is no name `{name}`")))
    }

    /// A key of a map; `None` when it isn't there.
    fn field(&mut self, of: &Val<'a>, key: &str) -> Result<Option<Val<'a>>> {
        match of {
            Val::Object(map) => Ok(map.get(key).and_then(|value| Val::of(value, self.world))),
            Val::Map(entries) => {
                self.spend(entries.len() / 8)?;
                Ok(entries.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone()))
            }
            Val::Unknown(gap) => Ok(Some(Val::Unknown(gap.clone()))),
            Val::Partial(..) => Ok(of.gap().map(Val::Unknown)),
            Val::Null => Err(Fault::new(format!("there is no `{key}` in nothing"))),
            other => Err(Fault::new(format!("there is no `{key}` in {}", other.kind()))),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Result<Val<'a>> {
        let args: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        match (call.func_name.as_str(), args.as_slice()) {
            (operators::LOGICAL_AND, [a, b]) => self.join(a, b, false),
            (operators::LOGICAL_OR, [a, b]) => self.join(a, b, true),
            (operators::LOGICAL_NOT, [a]) => Ok(match self.truth(a)? {
                Truth::Is(flag) => Val::Bool(!flag),
                Truth::Gap(gap) => Val::Unknown(gap),
            }),
            (operators::CONDITIONAL, [condition, then, otherwise]) => match self.truth(condition)? {
                Truth::Is(true) => self.value(then),
                Truth::Is(false) => self.value(otherwise),
                Truth::Gap(gap) => Ok(Val::Unknown(gap)),
            },
            (operators::NOT_STRICTLY_FALSE, [a]) => {
                let value = self.value(a);
                match value {
                    Err(Fault::Budget) => Err(Fault::Budget),
                    other => Ok(Val::Bool(!matches!(other, Ok(Val::Bool(false))))),
                }
            }
            (operators::EQUALS, [a, b]) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                Ok(said(self.equal(&a, &b, 0)?))
            }
            (operators::NOT_EQUALS, [a, b]) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                Ok(match self.equal(&a, &b, 0)? {
                    Truth::Is(same) => Val::Bool(!same),
                    Truth::Gap(gap) => Val::Unknown(gap),
                })
            }
            (operators::IN, [a, b]) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                self.is_in(&a, &b)
            }
            (operators::INDEX, [of, key]) => {
                let (of, key) = (self.value(of)?, self.value(key)?);
                self.index(&of, &key)
            }
            (name, args) => {
                let values = args.iter().map(|arg| self.value(arg)).collect::<Result<Vec<_>>>()?;
                functions::call(self, name, &values)
            }
        }
    }

    /// `&&` (`wins` is false) and `||` (`wins` is true): the side that decides wins over one that isn't known, and
    /// that over one with a fault.
    fn join(&mut self, a: &IdedExpr, b: &IdedExpr, wins: bool) -> Result<Val<'a>> {
        let first = self.truth(a);
        if first == Ok(Truth::Is(wins)) || first == Err(Fault::Budget) {
            return first.map(said);
        }
        let second = self.truth(b);
        match (first, second) {
            (_, Err(Fault::Budget)) => Err(Fault::Budget),
            (_, Ok(Truth::Is(flag))) if flag == wins => Ok(Val::Bool(wins)),
            (Ok(Truth::Gap(gap)), _) | (_, Ok(Truth::Gap(gap))) => Ok(Val::Unknown(gap)),
            (Err(fault), _) | (_, Err(fault)) => Err(fault),
            (Ok(Truth::Is(_)), Ok(Truth::Is(_))) => Ok(Val::Bool(!wins)),
        }
    }

    fn comprehension(&mut self, each: &ComprehensionExpr) -> Result<Val<'a>> {
        let range = self.value(&each.iter_range)?;
        if let Some(gap) = range.gap() {
            return Ok(Val::Unknown(gap));
        }
        let outer = self.names.len();
        let start = self.value(&each.accu_init)?;
        self.names.push((each.accu_var.as_str().into(), start));
        let result = self.rounds(each, &range, outer);
        self.names.truncate(outer);
        result
    }

    fn rounds(&mut self, each: &ComprehensionExpr, range: &Val<'a>, outer: usize) -> Result<Val<'a>> {
        for (key, item) in self.pairs(range)? {
            self.spend(1)?;
            if self.truth(&each.loop_cond)? == Truth::Is(false) {
                break;
            }
            let first = if each.iter_var2.is_some() || item.is_none() { key.clone() } else { item.clone() };
            self.names.push((each.iter_var.as_str().into(), first.unwrap_or(Val::Null)));
            if let (Some(second), Some(item)) = (&each.iter_var2, item) {
                self.names.push((second.as_str().into(), item));
            }
            let next = self.value(&each.loop_step);
            self.names.truncate(outer + 1);
            if let Some((_, accumulated)) = self.names.get_mut(outer) {
                *accumulated = next?;
            }
        }
        self.value(&each.result)
    }

    /// What a loop goes through: keys, and for lists the items.
    fn pairs(&mut self, range: &Val<'a>) -> Result<Vec<(Option<Val<'a>>, Option<Val<'a>>)>> {
        let keys = |keys: Vec<Str>| keys.into_iter().map(|k| (Some(Val::Text(k)), None)).collect();
        match range {
            Val::Map(entries) => Ok(keys(entries.iter().map(|(k, _)| k.clone()).collect())),
            Val::Object(map) => {
                let present = map.iter().filter(|(_, v)| self.world.resolve(v).is_some());
                Ok(keys(present.map(|(k, _)| k.clone()).collect()))
            }
            _ => {
                let items = self.items(range)?;
                let number = |n: usize| Val::Int(i64::try_from(n).unwrap_or(i64::MAX));
                Ok(items.into_iter().enumerate().map(|(n, item)| (Some(number(n)), Some(item))).collect())
            }
        }
    }

    /// The items of a list.
    pub(super) fn items(&mut self, list: &Val<'a>) -> Result<Vec<Val<'a>>> {
        match list {
            Val::List(items) => {
                self.spend(items.len())?;
                Ok(items.to_vec())
            }
            Val::Items(items) => {
                self.spend(items.len())?;
                Ok(items.iter().filter_map(|item| Val::of(item, self.world)).collect())
            }
            other => Err(Fault::new(format!("expected a list, found {}", other.kind()))),
        }
    }

    fn index(&mut self, of: &Val<'a>, key: &Val<'a>) -> Result<Val<'a>> {
        if let Some(gap) = of.gap().or_else(|| key.gap()) {
            return Ok(Val::Unknown(gap));
        }
        match key {
            Val::Text(key) => self.field(of, key)?.ok_or_else(|| Fault::new(format!("there is no `{key}`"))),
            Val::Int(n) => {
                let items = self.items(of)?;
                let found = usize::try_from(*n).ok().and_then(|n| items.into_iter().nth(n));
                found.ok_or_else(|| Fault::new(format!("the list has no item {n}")))
            }
            other => Err(Fault::new(format!("{} is no key", other.kind()))),
        }
    }

    fn is_in(&mut self, item: &Val<'a>, list: &Val<'a>) -> Result<Val<'a>> {
        if let Some(gap) = list.gap() {
            return Ok(Val::Unknown(gap));
        }
        if matches!(list, Val::Map(_) | Val::Object(_)) {
            return match (item, item.gap()) {
                (_, Some(gap)) => Ok(Val::Unknown(gap)),
                (Val::Text(key), _) => Ok(Val::Bool(self.field(list, key)?.is_some())),
                _ => Ok(Val::Bool(false)),
            };
        }
        let mut open = None;
        for known in self.items(list)? {
            match self.equal(item, &known, 0)? {
                Truth::Is(true) => return Ok(Val::Bool(true)),
                Truth::Is(false) => {}
                Truth::Gap(gap) => open = open.or(Some(gap)),
            }
        }
        Ok(open.map_or(Val::Bool(false), Val::Unknown))
    }

    pub(super) fn equal(&mut self, a: &Val<'a>, b: &Val<'a>, depth: usize) -> Result<Truth> {
        self.spend(1)?;
        if depth > MAX_DEPTH {
            return Err(Fault::Budget);
        }
        Ok(Truth::Is(match (a, b) {
            (Val::Unknown(x), Val::Unknown(y)) if x.name == y.name => true,
            (Val::Unknown(gap), Val::Null) | (Val::Null, Val::Unknown(gap))
                if self.never_null || !gap.nullable =>
            {
                false
            }
            (Val::Unknown(gap), _) | (_, Val::Unknown(gap)) => return Ok(Truth::Gap(gap.clone())),
            (Val::Partial(x, _), Val::Partial(y, _)) if x == y => true,
            (Val::Partial(pieces, _), Val::Text(text)) | (Val::Text(text), Val::Partial(pieces, _))
                if !may_equal(pieces, text) =>
            {
                false
            }
            (Val::Partial(..), other) | (other, Val::Partial(..)) if !is_scalar(other) => false,
            (Val::Partial(..), _) => return Ok(a.gap().map_or(Truth::Is(false), Truth::Gap)),
            (_, Val::Partial(..)) => return Ok(b.gap().map_or(Truth::Is(false), Truth::Gap)),
            (Val::Null, Val::Null) => true,
            (Val::Bool(x), Val::Bool(y)) => x == y,
            (Val::Text(x), Val::Text(y)) => {
                self.spend(x.len().min(y.len()) / 64)?;
                x == y
            }
            // Templates write booleans and numbers as strings, too, and their parameters always do.
            (Val::Bool(flag), Val::Text(text)) | (Val::Text(text), Val::Bool(flag)) => {
                text.eq_ignore_ascii_case(if *flag { "true" } else { "false" })
            }
            (Val::Map(_) | Val::Object(_), Val::Map(_) | Val::Object(_)) => {
                return self.same_map(a, b, depth);
            }
            (Val::List(_) | Val::Items(_), Val::List(_) | Val::Items(_)) => {
                return self.same_list(a, b, depth);
            }
            _ => match (a.as_number(), b.as_number()) {
                (Some(x), Some(y)) => x == y,
                _ => false,
            },
        }))
    }

    fn same_list(&mut self, a: &Val<'a>, b: &Val<'a>, depth: usize) -> Result<Truth> {
        let (a, b) = (self.items(a)?, self.items(b)?);
        if a.len() != b.len() {
            return Ok(Truth::Is(false));
        }
        let mut open = None;
        for (x, y) in a.iter().zip(&b) {
            match self.equal(x, y, depth + 1)? {
                Truth::Is(true) => {}
                Truth::Is(false) => return Ok(Truth::Is(false)),
                Truth::Gap(gap) => open = open.or(Some(gap)),
            }
        }
        Ok(open.map_or(Truth::Is(true), Truth::Gap))
    }

    fn same_map(&mut self, a: &Val<'a>, b: &Val<'a>, depth: usize) -> Result<Truth> {
        let (keys, others) = (self.pairs(a)?, self.pairs(b)?);
        if keys.len() != others.len() {
            return Ok(Truth::Is(false));
        }
        let mut open = None;
        for (key, _) in keys {
            let Some(Val::Text(key)) = key else { continue };
            let (Some(x), Some(y)) = (self.field(a, &key)?, self.field(b, &key)?) else {
                return Ok(Truth::Is(false));
            };
            match self.equal(&x, &y, depth + 1)? {
                Truth::Is(true) => {}
                Truth::Is(false) => return Ok(Truth::Is(false)),
                Truth::Gap(gap) => open = open.or(Some(gap)),
            }
        }
        Ok(open.map_or(Truth::Is(true), Truth::Gap))
    }
}

/// Values within each other that are compared; the readers stop at 128.
const MAX_DEPTH: usize = 160;

fn is_scalar(value: &Val<'_>) -> bool {
    !matches!(value, Val::Null | Val::List(_) | Val::Items(_) | Val::Map(_) | Val::Object(_))
}

pub(super) fn said<'a>(truth: Truth) -> Val<'a> {
    match truth {
        Truth::Is(flag) => Val::Bool(flag),
        Truth::Gap(gap) => Val::Unknown(gap),
    }
}

/// The first gap among values.
pub(super) fn first_gap(values: &[Val<'_>]) -> Option<Gap> {
    values.iter().find_map(Val::gap)
}

fn constant<'a>(literal: &LiteralValue) -> Val<'a> {
    match literal {
        LiteralValue::Boolean(flag) => Val::Bool(*flag.inner()),
        LiteralValue::Int(n) => Val::Int(*n.inner()),
        LiteralValue::UInt(n) => Val::Uint(*n.inner()),
        LiteralValue::Double(n) => Val::Double(*n.inner()),
        LiteralValue::String(text) => Val::Text(text.inner().into()),
        LiteralValue::Null => Val::Null,
        // No configuration holds bytes.
        LiteralValue::Bytes(_) => Val::Null,
    }
}
