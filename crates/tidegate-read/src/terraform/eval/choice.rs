//! Values that hang on a condition.

use super::{Evaluator, derived, limit};
use tidegate_graph::{Choice, Cond, Data, Piece, Span, Str, Value, Why};

/// Branches that one operation is spread over.
const MAX_BRANCHES: usize = 32;

impl Evaluator<'_> {
    /// Applies an operation to values, once for each way that their choices can fall.
    pub(in crate::terraform) fn spread(
        &mut self,
        values: Vec<Value>,
        span: Span,
        apply: &mut dyn FnMut(&mut Self, Vec<Value>) -> Value,
    ) -> Value {
        let mut left = MAX_BRANCHES;
        self.spread_within(values, span, &mut left, apply)
    }

    fn spread_within(
        &mut self,
        values: Vec<Value>,
        span: Span,
        left: &mut usize,
        apply: &mut dyn FnMut(&mut Self, Vec<Value>) -> Value,
    ) -> Value {
        let cond = values.iter().find_map(|value| match &value.data {
            Data::Choice(choice) => Some(choice.cond.clone()),
            _ => None,
        });
        let Some(cond) = cond else { return apply(self, values) };
        if *left == 0 {
            return limit(span);
        }
        *left -= 1;
        let before = self.failures;
        let side = |holds: bool| values.iter().map(|v| assume(v, &cond, holds)).collect::<Vec<_>>();
        let then = self.spread_within(side(true), span, left, apply);
        let otherwise = self.spread_within(side(false), span, left, apply);
        // One side that Terraform would refuse doesn't make the other fail.
        self.failures = before;
        choose(cond, then, otherwise, span)
    }
}

/// The value when a condition is known to hold or not to.
pub(in crate::terraform) fn assume(value: &Value, cond: &Cond, holds: bool) -> Value {
    match &value.data {
        Data::Choice(choice) if choice.cond == *cond => {
            let side = if holds { &choice.then } else { &choice.otherwise };
            side.as_ref().map_or_else(|| Value::new(Data::Null, value.span), |v| assume(v, cond, holds))
        }
        _ => value.clone(),
    }
}

/// One of two values.
pub(in crate::terraform) fn choose(cond: Cond, then: Value, otherwise: Value, span: Span) -> Value {
    match cond {
        Cond::Constant(true) => then,
        Cond::Constant(false) => otherwise,
        _ if then.data == otherwise.data => then,
        cond => Value::new(
            Data::Choice(Box::new(Choice { cond, then: Some(then), otherwise: Some(otherwise) })),
            span,
        ),
    }
}

/// A condition as a value.
pub(in crate::terraform) fn cond_value(cond: Cond, span: Span) -> Value {
    choose(cond, Value::bool(true, span), Value::bool(false, span), span)
}

/// A value as a condition. What is not known is free to be true or false.
pub(in crate::terraform) fn as_cond(value: &Value) -> Cond {
    if let Some(known) = value.as_bool() {
        return Cond::Constant(known);
    }
    match &value.data {
        Data::Choice(choice) => {
            let side = |v: &Option<Value>| v.as_ref().map_or(Cond::Constant(false), as_cond);
            let (then, otherwise) = (side(&choice.then), side(&choice.otherwise));
            Cond::any([
                Cond::all([choice.cond.clone(), then]),
                Cond::all([choice.cond.clone().negate(), otherwise]),
            ])
        }
        Data::Null => Cond::Constant(false),
        _ => Cond::Free(cond_name(value)),
    }
}

/// A short text for a value in the name of a condition: `var.env`, `"prod"`.
pub(in crate::terraform) fn cond_name(value: &Value) -> Str {
    const MAX_NAME: usize = 80;
    let text = match &value.data {
        Data::Text(text) => format!("\"{text}\""),
        Data::Unknown(symbol) => symbol.name.to_string(),
        Data::Template(pieces) => match pieces.as_slice() {
            [Piece::Symbol(symbol)] => symbol.name.to_string(),
            [Piece::Reference(reference)] => {
                let name = reference.target.split_once('/').map_or("", |(_, name)| name);
                if reference.attribute.is_empty() {
                    name.into()
                } else {
                    format!("{name}.{}", reference.attribute)
                }
            }
            _ => format!("\"{}\"", value.display()),
        },
        _ => value.display(),
    };
    if text.chars().count() <= MAX_NAME {
        return text.into();
    }
    text.chars().take(MAX_NAME).chain("...".chars()).collect::<String>().into()
}

/// The unknown outcome of an operation on a value.
pub(in crate::terraform) fn unknown_from(
    value: &Value,
    span: Span,
    name: impl FnOnce(&str) -> String,
) -> Value {
    match &value.data {
        Data::Unknown(symbol) => Value::new(Data::Unknown(derived(symbol, name)), span),
        _ => Value::unknown(name(&cond_name(value)), unknown_why(value), span),
    }
}

/// Why a value that isn't fully known isn't.
pub(in crate::terraform) fn unknown_why(value: &Value) -> Why {
    match &value.data {
        Data::Template(pieces) => pieces
            .iter()
            .find_map(|piece| match piece {
                Piece::Symbol(symbol) if symbol.why != Why::Pseudo => Some(symbol.why),
                _ => None,
            })
            .unwrap_or(Why::Attribute),
        Data::Unknown(symbol) => symbol.why,
        _ => Why::Function,
    }
}
