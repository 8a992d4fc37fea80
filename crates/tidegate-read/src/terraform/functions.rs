//! The functions of the language.
//!
//! Most take known values alone. Those that only move values about ([`MOVES`]) take unknown ones and references too and
//! keep them; string functions keep holes where that can't change what a reader sees.

mod collection;
mod encoding;
mod filesystem;
mod format;
mod hash;
mod net;
mod numeric;
mod string;

use super::ast;
use super::eval::{Evaluator, MAX_TEXT, Scope, unknown_of};
use std::collections::HashSet;
use tidegate_graph::{Data, Map, Piece, Span, Str, Value, Why};

/// Functions that move values without looking into them: references stay references.
const MOVES: [&str; 33] = [
    "format",
    "formatlist",
    "join",
    "concat",
    "merge",
    "coalesce",
    "coalescelist",
    "compact",
    "flatten",
    "tolist",
    "toset",
    "tomap",
    "tostring",
    "jsonencode",
    "yamlencode",
    "element",
    "lookup",
    "values",
    "zipmap",
    "one",
    "list",
    "map",
    "distinct",
    "slice",
    "setunion",
    "setproduct",
    "sensitive",
    "nonsensitive",
    "chunklist",
    "reverse",
    "ephemeralasnull",
    "trimspace",
    "jsondecode",
];

/// Why a function has no value.
enum Trouble {
    /// Terraform would refuse the call.
    Refused,
    /// It hangs on something unknown, or can't be told from the code alone.
    Unknown,
    /// More than we compute.
    Limit,
}

type Outcome = Result<Data, Trouble>;

/// The arguments of a call.
struct Arguments<'v> {
    values: &'v [Value],
    span: Span,
}

impl Evaluator<'_> {
    pub(super) fn call(&mut self, call: &ast::Call, scope: &mut Scope, span: Span) -> Value {
        let name = call.name.strip_prefix("core::").unwrap_or(&call.name);
        match name {
            "try" => return self.try_each(&call.arguments, scope, span),
            "can" => {
                let before = self.failures;
                for argument in &call.arguments {
                    self.eval(argument, scope);
                }
                let failed = self.failures > before;
                self.failures = before;
                return Value::bool(!failed, span);
            }
            _ => {}
        }
        let mut values: Vec<Value> =
            call.arguments.iter().map(|argument| self.eval(argument, scope)).collect();
        if call.expand
            && let Some(last) = values.pop()
        {
            match last.data {
                Data::List(items) => values.extend(items),
                Data::Map(_) | Data::Null => {}
                _ => values.push(last),
            }
        }
        if !MOVES.contains(&name) {
            values = values.into_iter().map(|value| self.literal_within(value)).collect();
        }
        // The items of a joined list may hang on conditions one by one.
        if name == "join" && values.len() == 2 {
            return self.join(values, span);
        }
        self.spread(values, span, &mut |this, values| this.apply(name, values, span))
    }

    /// Calls a function with values.
    pub(super) fn apply_function(&mut self, name: &str, values: Vec<Value>, span: Span) -> Value {
        let values = values.into_iter().map(|value| self.literal(value)).collect();
        self.spread(values, span, &mut |this, values| this.apply(name, values, span))
    }

    fn apply(&mut self, name: &str, values: Vec<Value>, span: Span) -> Value {
        if self.exhausted() {
            return super::eval::limit(span);
        }
        let arguments = Arguments { values: &values, span };
        let outcome = match name {
            "templatefile" => return self.template_file(&values, span),
            "templatestring" => return self.template_string(&values, span),
            "file" | "filebase64" | "fileexists" | "fileset" => self.read(name, &arguments),
            "regex" | "regexall" | "replace" => {
                self.spend(100);
                self.pattern(name, &arguments)
            }
            _ => self.pure(name, &arguments),
        };
        match outcome {
            Ok(data) => {
                let value = Value::new(data, span);
                self.copy(&value)
            }
            Err(Trouble::Refused) if !values.iter().any(super::eval::is_unknown) => {
                self.fail(format!("{name}(..)"), Why::Function, span)
            }
            Err(Trouble::Limit) => super::eval::limit(span),
            Err(_) => unknown_of(name, &values, span),
        }
    }

    fn pure(&mut self, name: &str, arguments: &Arguments<'_>) -> Outcome {
        if let Some(size) = collection::cost(name, arguments) {
            if size > 50_000 {
                return Err(Trouble::Limit);
            }
            self.spend(size);
        }
        numeric::call(name, arguments)
            .or_else(|| string::call(name, arguments))
            .or_else(|| format::call(name, arguments))
            .or_else(|| collection::call(name, arguments))
            .or_else(|| encoding::call(name, arguments))
            .or_else(|| hash::call(name, arguments))
            .or_else(|| net::call(name, arguments))
            .or_else(|| filesystem::call(name, arguments))
            // uuid, timestamp, bcrypt, filemd5, provider functions ...
            .unwrap_or(Err(Trouble::Unknown))
    }

    fn try_each(&mut self, arguments: &[ast::Expr], scope: &mut Scope, span: Span) -> Value {
        let before = self.failures;
        let mut last = Value::new(Data::Null, span);
        for argument in arguments {
            self.failures = before;
            last = self.eval(argument, scope);
            if self.failures == before {
                return last;
            }
        }
        last
    }

    fn join(&mut self, mut values: Vec<Value>, span: Span) -> Value {
        let (Some(list), Some(separator)) = (values.pop(), values.pop()) else {
            return super::eval::limit(span);
        };
        self.spread(vec![list], span, &mut |this, mut lists| {
            let Some(Value { data: Data::List(items), .. }) = lists.first_mut() else {
                lists.insert(0, separator.clone());
                return this.apply("join", lists, span);
            };
            let mut values = vec![separator.clone()];
            values.append(items);
            this.spread(values, span, &mut |this, mut values| {
                let items = values.split_off(1);
                values.push(Value::list(items, span));
                this.apply("join", values, span)
            })
        })
    }

    /// Literal text for references, one level into lists and maps.
    fn literal_within(&mut self, value: Value) -> Value {
        let span = value.span;
        match value.data {
            Data::List(items) => Value::list(items.into_iter().map(|v| self.literal(v)).collect(), span),
            Data::Map(mut map) => {
                for (_, value) in map.iter_mut() {
                    let taken = std::mem::replace(value, Value::new(Data::Null, span));
                    *value = self.literal(taken);
                }
                Value::map(map, span)
            }
            data => self.literal(Value::new(data, span)),
        }
    }
}

impl Arguments<'_> {
    fn get(&self, index: usize) -> Result<&Value, Trouble> {
        self.values.get(index).ok_or(Trouble::Refused)
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    /// A known string, number or boolean as text.
    fn text(&self, index: usize) -> Result<Str, Trouble> {
        text_of(self.get(index)?)
    }

    fn number(&self, index: usize) -> Result<f64, Trouble> {
        let value = self.get(index)?;
        value.as_f64().ok_or_else(|| trouble(value))
    }

    fn integer(&self, index: usize) -> Result<i64, Trouble> {
        let value = self.get(index)?;
        value.as_i64().ok_or_else(|| trouble(value))
    }

    fn list(&self, index: usize) -> Result<&[Value], Trouble> {
        let value = self.get(index)?;
        value.as_list().ok_or_else(|| trouble(value))
    }

    fn map(&self, index: usize) -> Result<&Map, Trouble> {
        let value = self.get(index)?;
        match &value.data {
            Data::Map(map) => Ok(map),
            _ => Err(trouble(value)),
        }
    }

    /// The pieces of a string.
    fn pieces(&self, index: usize) -> Result<Vec<Piece>, Trouble> {
        pieces_of(self.get(index)?)
    }
}

fn text_of(value: &Value) -> Result<Str, Trouble> {
    if let Data::Json(_) = value.data {
        let pieces = pieces_of(value)?;
        return match Value::template(pieces, value.span).data {
            Data::Text(text) => Ok(text),
            _ => Err(Trouble::Unknown),
        };
    }
    value.as_text().ok_or_else(|| trouble(value))
}

fn pieces_of(value: &Value) -> Result<Vec<Piece>, Trouble> {
    super::eval::string_pieces(value).ok_or(Trouble::Refused)
}

fn trouble(value: &Value) -> Trouble {
    if super::eval::is_unknown(value) { Trouble::Unknown } else { Trouble::Refused }
}

fn text(text: impl Into<Str>) -> Outcome {
    Ok(Data::Text(text.into()))
}

/// A string of pieces, within bounds.
fn string_of(pieces: Vec<Piece>, span: Span) -> Outcome {
    let length: usize = pieces.iter().map(|p| if let Piece::Text(text) = p { text.len() } else { 1 }).sum();
    if length > MAX_TEXT { Err(Trouble::Limit) } else { Ok(Value::template(pieces, span).data) }
}

/// The items without those that stood there before.
pub(super) fn distinct(items: Vec<Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    items.into_iter().filter(|item| seen.insert(identity(item))).collect()
}

/// A text that is the same for equal values and no others.
fn identity(value: &Value) -> String {
    match &value.data {
        Data::List(items) => format!("[{}]", items.iter().map(identity).collect::<Vec<_>>().join(",")),
        Data::Map(map) => {
            let mut fields: Vec<String> = map.iter().map(|(k, v)| format!("{k:?}:{}", identity(v))).collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Data::Json(inner) => format!("json {}", identity(inner)),
        Data::Choice(choice) => {
            let side = |v: &Option<Value>| v.as_ref().map_or("absent".into(), identity);
            format!("{:?} ? {} : {}", choice.cond, side(&choice.then), side(&choice.otherwise))
        }
        _ => match value.as_text() {
            Some(text) => format!("{text:?}"),
            None => format!("{:?}", value.data),
        },
    }
}

#[cfg(test)]
mod tests;
