//! Conditions on events, within a budget.
//!
//! CEL as it is specified, with one addition: a field of a string is looked up in the JSON that the string holds, through
//! base64 where it is wrapped in it, so that `event.body.amount` works however a trigger carries a body.

mod value;

use crate::json::Item;
use crate::schema::Pattern;
use std::cell::RefCell;
use std::collections::HashMap;
use tidegate_graph::contract::{Condition, Expr, Fold, Op};
use value::Val;

/// Steps of one evaluation; a step is some ten nanoseconds of work.
const STEPS: usize = 200_000;
/// Expressions within each other; a contract is not written by whoever sends events, but it may be broken.
const DEPTH: usize = 200;

/// Why a condition has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It doesn't fit what it met: a field that isn't there, a number where a text was expected.
    Mismatch,
    /// Its work is too much.
    Budget,
}

type Result<T> = std::result::Result<T, Fault>;

/// Whether the condition holds for `event`.
///
/// # Errors
/// Why it doesn't, or can't be said to.
pub(crate) fn holds(condition: &Condition, event: Item<'_>) -> std::result::Result<(), &'static str> {
    let mut eval = Eval { event, locals: Vec::new(), left: STEPS, depth: 0 };
    match eval.truth(&condition.ir) {
        Ok(true) => Ok(()),
        Ok(false) => Err("the condition of the contract doesn't hold"),
        Err(Fault::Mismatch) => Err("the condition of the contract doesn't fit the event"),
        Err(Fault::Budget) => Err("the condition of the contract takes too much work on this event"),
    }
}

/// Patterns that are kept ready: contracts hold a few.
const PATTERNS: usize = 64;

thread_local! {
    static READY: RefCell<HashMap<String, Option<Pattern>>> = RefCell::default();
}

/// Whether `pattern` fits somewhere in `text`; `None` for what is no pattern. Time is linear in the text.
fn fits(pattern: &str, text: &str) -> Option<bool> {
    READY.with_borrow_mut(|ready| {
        if !ready.contains_key(pattern) {
            if ready.len() >= PATTERNS {
                ready.clear();
            }
            ready.insert(pattern.to_string(), Pattern::new(pattern));
        }
        ready.get(pattern)?.as_ref()?.fits(text.as_bytes())
    })
}

/// Whether the guard takes `pattern` in a condition: a regular expression as RE2 and Rust have it, within a bound.
pub fn is_pattern(pattern: &str) -> bool {
    Pattern::new(pattern).is_some()
}

struct Eval<'a> {
    event: Item<'a>,
    locals: Vec<Val<'a>>,
    left: usize,
    depth: usize,
}

impl<'a> Eval<'a> {
    fn spend(&mut self, steps: usize) -> Result<()> {
        self.left = self.left.checked_sub(steps).ok_or(Fault::Budget)?;
        Ok(())
    }

    fn truth(&mut self, expr: &Expr) -> Result<bool> {
        match self.value(expr)? {
            Val::Bool(flag) => Ok(flag),
            _ => Err(Fault::Mismatch),
        }
    }

    fn value(&mut self, expr: &Expr) -> Result<Val<'a>> {
        self.spend(1)?;
        if self.depth >= DEPTH {
            return Err(Fault::Budget);
        }
        self.depth += 1;
        let value = self.expr(expr);
        self.depth -= 1;
        value
    }

    fn expr(&mut self, expr: &Expr) -> Result<Val<'a>> {
        Ok(match expr {
            Expr::Null => Val::Null,
            Expr::Bool(flag) => Val::Bool(*flag),
            Expr::Int(n) => Val::Int(*n),
            Expr::Uint(n) => Val::Uint(*n),
            Expr::Double(text) => Val::Double(text.parse().map_err(|_| Fault::Mismatch)?),
            Expr::Text(text) => Val::text(text),
            Expr::List(items) => {
                Val::list(items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>>>()?)
            }
            Expr::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| Ok((self.value(key)?, self.value(value)?)));
                Val::map(entries.collect::<Result<Vec<_>>>()?)
            }
            Expr::Event => Val::of(self.event),
            Expr::Local(at) => self.locals.get(*at).cloned().ok_or(Fault::Mismatch)?,
            Expr::Field(of, name) => {
                let of = self.value(of)?;
                self.field(&of, name)?.ok_or(Fault::Mismatch)?
            }
            Expr::Has(of, name) => {
                let of = self.value(of)?;
                Val::Bool(self.field(&of, name)?.is_some())
            }
            Expr::Call(op, arguments) => self.call(*op, arguments)?,
            Expr::Fold(fold) => self.fold(fold)?,
        })
    }

    fn field(&mut self, of: &Val<'a>, name: &str) -> Result<Option<Val<'a>>> {
        self.spend(of.width() / 8)?;
        let inner = of.within();
        let of = inner.as_ref().unwrap_or(of);
        if of.is_map() { Ok(of.field(name)) } else { Err(Fault::Mismatch) }
    }

    fn call(&mut self, op: Op, arguments: &[Expr]) -> Result<Val<'a>> {
        match (op, arguments) {
            (Op::And, [a, b]) => return self.join(a, b, false),
            (Op::Or, [a, b]) => return self.join(a, b, true),
            (Op::Choose, [condition, yes, no]) => {
                return if self.truth(condition)? { self.value(yes) } else { self.value(no) };
            }
            (Op::NotFalse, [a]) => {
                let value = self.value(a);
                return match value {
                    Err(Fault::Budget) => Err(Fault::Budget),
                    other => Ok(Val::Bool(!matches!(other, Ok(Val::Bool(false))))),
                };
            }
            _ => {}
        }
        let values = arguments.iter().map(|a| self.value(a)).collect::<Result<Vec<_>>>()?;
        let work: usize = values.iter().map(Val::width).sum();
        self.spend(work / 16)?;
        let one = |result: Option<Val<'a>>| result.ok_or(Fault::Mismatch);
        match (op, values.as_slice()) {
            (Op::Not, [Val::Bool(flag)]) => Ok(Val::Bool(!flag)),
            (Op::Equal, [a, b]) => Ok(Val::Bool(self.equal(a, b, 0)?)),
            (Op::NotEqual, [a, b]) => Ok(Val::Bool(!self.equal(a, b, 0)?)),
            (Op::Less, [a, b]) => one(a.order(b).map(|o| Val::Bool(o.is_lt()))),
            (Op::LessEqual, [a, b]) => one(a.order(b).map(|o| Val::Bool(o.is_le()))),
            (Op::Greater, [a, b]) => one(a.order(b).map(|o| Val::Bool(o.is_gt()))),
            (Op::GreaterEqual, [a, b]) => one(a.order(b).map(|o| Val::Bool(o.is_ge()))),
            (Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder, [a, b]) => {
                one(value::arithmetic(op, a, b))
            }
            (Op::Negate, [Val::Int(n)]) => one(n.checked_neg().map(Val::Int)),
            (Op::Negate, [Val::Double(n)]) => Ok(Val::Double(-n)),
            (Op::In, [item, list]) => {
                if list.is_map() {
                    return Ok(Val::Bool(item.as_text().is_some_and(|key| list.field(key).is_some())));
                }
                for known in list.items().ok_or(Fault::Mismatch)? {
                    if self.equal(item, &known, 0)? {
                        return Ok(Val::Bool(true));
                    }
                }
                Ok(Val::Bool(false))
            }
            (Op::Index, [of, key]) => match key.as_text() {
                Some(name) => self.field(of, name)?.ok_or(Fault::Mismatch),
                None => {
                    let inner = of.within();
                    one(inner.as_ref().unwrap_or(of).nth(key))
                }
            },
            (Op::Size, [of]) => one(of.size()),
            (Op::Contains | Op::StartsWith | Op::EndsWith, [a, b]) => {
                let (Some(a), Some(b)) = (a.as_text(), b.as_text()) else { return Err(Fault::Mismatch) };
                Ok(Val::Bool(match op {
                    Op::Contains => memchr::memmem::find(a.as_bytes(), b.as_bytes()).is_some(),
                    Op::StartsWith => a.starts_with(b),
                    _ => a.ends_with(b),
                }))
            }
            (Op::Matches, [a, b]) => {
                let (Some(a), Some(b)) = (a.as_text(), b.as_text()) else { return Err(Fault::Mismatch) };
                one(fits(b, a).map(Val::Bool))
            }
            (Op::ToInt | Op::ToDouble | Op::ToText, [a]) => one(value::convert(op, a)),
            _ => Err(Fault::Mismatch),
        }
    }

    /// `&&` (`wins` is false) and `||` (`wins` is true): the side that decides wins over one with a fault.
    fn join(&mut self, a: &Expr, b: &Expr, wins: bool) -> Result<Val<'a>> {
        let first = self.truth(a);
        if first == Ok(wins) || first == Err(Fault::Budget) {
            return first.map(Val::Bool);
        }
        match (first, self.truth(b)) {
            (_, Err(Fault::Budget)) => Err(Fault::Budget),
            (_, Ok(flag)) if flag == wins => Ok(Val::Bool(wins)),
            (Err(fault), _) | (_, Err(fault)) => Err(fault),
            _ => Ok(Val::Bool(!wins)),
        }
    }

    fn fold(&mut self, fold: &Fold) -> Result<Val<'a>> {
        let over = self.value(&fold.over)?;
        self.spend(over.width() / 8)?;
        let inner = over.within();
        let over = inner.unwrap_or(over);
        let items = if over.is_map() { over.keys() } else { over.items() }.ok_or(Fault::Mismatch)?;
        let outer = self.locals.len();
        let start = self.value(&fold.start)?;
        self.locals.push(start);
        let result = self.rounds(fold, items, outer);
        self.locals.truncate(outer);
        result
    }

    fn rounds(&mut self, fold: &Fold, items: Vec<Val<'a>>, outer: usize) -> Result<Val<'a>> {
        for item in items {
            self.spend(1)?;
            if self.value(&fold.going)? == Val::Bool(false) {
                break;
            }
            self.locals.push(item);
            let next = self.value(&fold.step);
            self.locals.truncate(outer + 1);
            let next = next?;
            // What a loop gathers is copied from round to round.
            self.spend(next.width() / 16)?;
            if let Some(accumulator) = self.locals.get_mut(outer) {
                *accumulator = next;
            }
        }
        self.value(&fold.result)
    }

    fn equal(&mut self, a: &Val<'a>, b: &Val<'a>, depth: usize) -> Result<bool> {
        self.spend(1 + a.width().min(b.width()) / 16)?;
        if depth > DEPTH {
            return Err(Fault::Budget);
        }
        if let (Some(x), Some(y)) = (a.items(), b.items()) {
            if x.len() != y.len() {
                return Ok(false);
            }
            for (x, y) in x.iter().zip(&y) {
                if !self.equal(x, y, depth + 1)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        if a.is_map() && b.is_map() {
            let (Some(keys), Some(others)) = (a.keys(), b.keys()) else { return Ok(false) };
            if keys.len() != others.len() {
                return Ok(false);
            }
            for key in keys.iter().filter_map(Val::as_text) {
                self.spend(b.width() / 8)?;
                let (Some(x), Some(y)) = (a.field(key), b.field(key)) else { return Ok(false) };
                if !self.equal(&x, &y, depth + 1)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        Ok(a.same(b))
    }
}

#[cfg(test)]
mod tests;
