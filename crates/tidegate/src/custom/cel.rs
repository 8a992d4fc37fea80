//! Conditions of people's own rules: expressions in CEL over the values of a resource.
//!
//! An expression has one of three results: true, false, or unknown when it hangs on a value that isn't known before
//! deployment. Its work and its memory are counted, so that none can run away.

mod eval;
mod functions;
mod syntax;
mod value;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, operators};
use cel::parser::Parser;
use eval::{Eval, Fault};
use std::ops::Range;
use std::rc::Rc;
use tidegate_graph::{Map, Resource, Span, Str, Value, World};
use value::{Truth, Val};

/// Bytes of one expression.
const MAX_LENGTH: usize = 8_000;
/// Expressions within each other.
const MAX_DEPTH: usize = 150;
/// Steps of one evaluation: about a fifth of a second, and at most some 150 MB.
const MAX_STEPS: u64 = 3_000_000;

/// Names that every expression knows.
pub(super) const NAMES: [&str; 5] = ["value", "resource", "properties", "attributes", "tags"];

/// An expression that can be evaluated.
#[derive(Debug)]
pub(super) struct Program {
    expr: IdedExpr,
    uses_value: bool,
}

/// Why a text is no expression: what is wrong, and where in bytes of the text.
#[derive(Debug, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) at: Range<usize>,
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    True,
    False,
    /// It hangs on something that isn't known: what, and where it is written.
    Unknown(String, Span),
    /// It doesn't fit what it met.
    Fault(String),
    /// It works too long, or holds too much.
    TooMuch,
}

/// What an expression looks at.
pub(super) struct Subject<'a> {
    pub(super) resource: &'a Resource,
    /// What stands at the rule's path; `None` when nothing does.
    pub(super) value: Option<&'a Value>,
    /// Words about the resource that its properties don't hold.
    pub(super) facts: Vec<(&'static str, Str)>,
    /// Its tags, or the value that keeps them from being known.
    pub(super) tags: Result<&'a Map, &'a Value>,
    /// False for a language in which a value without a default may be null.
    pub(super) never_null: bool,
}

impl Program {
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let (expr, place) = parse(text)?;
        let mut check = Check { place: &place, names: NAMES.map(str::to_string).to_vec(), uses_value: false };
        check.expr(&expr, 0)?;
        let uses_value = check.uses_value;
        Ok(Self { expr, uses_value })
    }

    /// True if it asks what stands at the rule's path.
    pub(super) fn uses_value(&self) -> bool {
        self.uses_value
    }

    /// Evaluates; `left` are the steps that the whole rule may still take.
    pub(super) fn verdict(&self, subject: &Subject<'_>, world: &World, left: &mut u64) -> Verdict {
        let most = (*left).min(MAX_STEPS);
        let mut steps = most;
        let never_null = subject.never_null;
        let mut eval = Eval { world, names: names(subject, world), never_null, left: &mut steps };
        let truth = eval.truth(&self.expr);
        *left -= most - steps;
        match truth {
            Ok(Truth::Is(true)) => Verdict::True,
            Ok(Truth::Is(false)) => Verdict::False,
            Ok(Truth::Gap(gap)) => Verdict::Unknown(gap.words(), gap.span),
            Err(Fault::Mismatch(message)) => Verdict::Fault(message),
            Err(Fault::Budget) => Verdict::TooMuch,
        }
    }
}

/// Parses an expression; the function tells where in the text a part of it stands.
pub(crate) fn parse(text: &str) -> Result<(IdedExpr, impl Fn(u64) -> Range<usize>), Wrong> {
    let all = 0..text.len();
    if text.len() > MAX_LENGTH {
        let message = format!("the condition is longer than {MAX_LENGTH} bytes");
        return Err(Wrong { message, at: all });
    }
    let parsed = Parser::new().max_recursion_depth(48).parse_with_source_info(text);
    let (expr, info) = parsed.map_err(|errors| {
        let first = errors.errors.first();
        let said = first.map_or("UNKNOWN", |e| e.msg.as_str());
        syntax::wrong(text, said, first.map_or(0, |e| offset(text, e.pos)))
    })?;
    let place = move |id: u64| {
        let (start, stop) = info.offset_for(id).unwrap_or((0, 0));
        bytes(text, start as usize)..bytes(text, stop as usize + 1)
    };
    Ok((expr, place))
}

/// A value in words, for messages.
pub(super) fn shown(value: Option<&Value>, world: &World) -> String {
    value.and_then(|v| Val::of(v, world)).unwrap_or(Val::Null).display()
}

fn names<'a>(subject: &Subject<'a>, world: &World) -> Vec<(Str, Val<'a>)> {
    let text = |text: &Str| Val::Text(text.clone());
    let resource = subject.resource;
    let (properties, attributes) = (Val::Object(&resource.properties), Val::Object(&resource.attributes));
    let tags = match subject.tags {
        Ok(map) => Val::Object(map),
        Err(value) => Val::of(value, world).and_then(|v| v.gap()).map_or(Val::Null, Val::Unknown),
    };
    let value = subject.value.and_then(|v| Val::of(v, world)).unwrap_or(Val::Null);
    let mut entries: Vec<(Str, Val<'a>)> = vec![
        ("id".into(), text(&resource.id)),
        ("name".into(), text(&resource.logical_id)),
        ("type".into(), text(&resource.ty)),
        ("declared_type".into(), text(&resource.declared_type)),
        ("properties".into(), properties.clone()),
        ("attributes".into(), attributes.clone()),
        ("tags".into(), tags.clone()),
    ];
    entries.extend(subject.facts.iter().map(|(name, fact)| (Str::new_static(name), text(fact))));
    vec![
        ("value".into(), value),
        ("resource".into(), Val::Map(Rc::new(entries))),
        ("properties".into(), properties),
        ("attributes".into(), attributes),
        ("tags".into(), tags),
    ]
}

/// Finds names and functions that nothing stands behind, before anything is evaluated.
struct Check<'c> {
    place: &'c dyn Fn(u64) -> Range<usize>,
    names: Vec<String>,
    uses_value: bool,
}

impl Check<'_> {
    fn expr(&mut self, expr: &IdedExpr, depth: usize) -> Result<(), Wrong> {
        let wrong = |message: String| Err(Wrong { message, at: (self.place)(expr.id) });
        if depth > MAX_DEPTH {
            return wrong("the condition is nested too deeply".to_string());
        }
        match &expr.expr {
            Expr::Unspecified | Expr::Struct(_) => wrong("there are no types of that kind here".to_string()),
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => {
                self.uses_value |= name == "value";
                if self.names.contains(name) {
                    return Ok(());
                }
                let close = crate::suggest::closest(name, self.names.iter().map(String::as_str));
                let close = close.map(|c| format!(", did you mean `{c}`?")).unwrap_or_default();
                wrong(format!("there is no name `{name}`{close}"))
            }
            Expr::Select(select) => self.expr(&select.operand, depth + 1),
            Expr::List(list) => list.elements.iter().try_for_each(|e| self.expr(e, depth + 1)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.expr(&entry.key, depth + 1)?;
                    self.expr(&entry.value, depth + 1)
                }
                EntryExpr::StructField(field) => self.expr(&field.value, depth + 1),
            }),
            Expr::Call(call) => {
                let name = call.func_name.as_str();
                if !OPERATORS.contains(&name) && !functions::NAMES.contains(&name) {
                    let close = crate::suggest::closest(name, functions::NAMES.iter().copied());
                    let close = close.map(|c| format!(", did you mean `{c}`?")).unwrap_or_default();
                    return wrong(format!("there is no function `{name}`{close}"));
                }
                call.target.iter().try_for_each(|t| self.expr(t, depth + 1))?;
                call.args.iter().try_for_each(|a| self.expr(a, depth + 1))
            }
            Expr::Comprehension(each) => {
                self.expr(&each.iter_range, depth + 1)?;
                self.expr(&each.accu_init, depth + 1)?;
                let outer = self.names.len();
                self.names.push(each.accu_var.clone());
                self.names.push(each.iter_var.clone());
                self.names.extend(each.iter_var2.clone());
                self.expr(&each.loop_cond, depth + 1)?;
                self.expr(&each.loop_step, depth + 1)?;
                self.expr(&each.result, depth + 1)?;
                self.names.truncate(outer);
                Ok(())
            }
        }
    }
}

const OPERATORS: [&str; 19] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::NOT_STRICTLY_FALSE,
    operators::IN,
];

/// The byte at which a character stands.
fn bytes(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// The byte of a line and column, both from 1.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line).unwrap_or(1).max(1);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    (start + bytes(rest, usize::try_from(column).unwrap_or(1).max(1) - 1)).min(text.len())
}

#[cfg(test)]
mod tests;
