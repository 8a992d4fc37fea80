//! Operators.

use super::choice::{as_cond, cond_name, cond_value, unknown_why};
use super::{Evaluator, Scope};
use crate::terraform::ast::{Binary, Expr, Operator};
use tidegate_graph::{Cond, Data, Span, Value, Why};

impl Evaluator<'_> {
    pub(super) fn binary(&mut self, binary: &Binary, scope: &mut Scope, span: Span) -> Value {
        let operator = binary.operator;
        if matches!(operator, Operator::And | Operator::Or) {
            let left = self.condition(&binary.left, scope);
            let right = self.condition(&binary.right, scope);
            let both = [left, right];
            return cond_value(
                if operator == Operator::And { Cond::all(both) } else { Cond::any(both) },
                span,
            );
        }
        let left = self.eval(&binary.left, scope);
        let right = self.eval(&binary.right, scope);
        let values = vec![self.literal(left), self.literal(right)];
        self.spread(values, span, &mut |this, values| {
            let [left, right] = values.as_slice() else { return super::limit(span) };
            match operator {
                Operator::Equal => cond_value(equal(left, right), span),
                Operator::NotEqual => cond_value(equal(left, right).negate(), span),
                _ => this.arithmetic(operator, left, right, span),
            }
        })
    }

    pub(super) fn negative(&mut self, expr: &Expr, scope: &mut Scope, span: Span) -> Value {
        let value = self.eval(expr, scope);
        let value = self.literal(value);
        self.spread(vec![value], span, &mut |this, values| {
            let [value] = values.as_slice() else { return super::limit(span) };
            this.arithmetic(Operator::Subtract, &Value::number(0, span), value, span)
        })
    }

    /// An expression as a condition.
    pub(in crate::terraform) fn condition(&mut self, expr: &Expr, scope: &mut Scope) -> Cond {
        let value = self.eval(expr, scope);
        as_cond(&self.literal(value))
    }

    fn arithmetic(&mut self, operator: Operator, left: &Value, right: &Value, span: Span) -> Value {
        if let (Some(a), Some(b)) = (left.as_i64(), right.as_i64())
            && let Some(data) = whole(operator, a, b)
        {
            return Value::new(data, span);
        }
        let (Some(a), Some(b)) = (left.as_f64(), right.as_f64()) else {
            let name = format!("{} {} {}", cond_name(left), operator.sign(), cond_name(right));
            let why = if unknown(left) { unknown_why(left) } else { unknown_why(right) };
            if !unknown(left) && !unknown(right) {
                self.failures += 1;
            }
            return Value::unknown(name, if why == Why::Pseudo { Why::Function } else { why }, span);
        };
        let data = match operator {
            Operator::Less => Data::Bool(a < b),
            Operator::LessEqual => Data::Bool(a <= b),
            Operator::Greater => Data::Bool(a > b),
            Operator::GreaterEqual => Data::Bool(a >= b),
            Operator::Add => number(a + b),
            Operator::Subtract => number(a - b),
            Operator::Multiply => number(a * b),
            Operator::Divide if b != 0.0 => number(a / b),
            Operator::Modulo if b != 0.0 => number(a % b),
            _ => return self.fail(format!("{a} {} {b}", operator.sign()), Why::Function, span),
        };
        Value::new(data, span)
    }
}

fn whole(operator: Operator, a: i64, b: i64) -> Option<Data> {
    let number = |n: Option<i64>| n.map(|n| Data::Number(n.to_string().into()));
    match operator {
        Operator::Less => Some(Data::Bool(a < b)),
        Operator::LessEqual => Some(Data::Bool(a <= b)),
        Operator::Greater => Some(Data::Bool(a > b)),
        Operator::GreaterEqual => Some(Data::Bool(a >= b)),
        Operator::Add => number(a.checked_add(b)),
        Operator::Subtract => number(a.checked_sub(b)),
        Operator::Multiply => number(a.checked_mul(b)),
        Operator::Modulo => number(a.checked_rem(b)),
        _ => None,
    }
}

/// A number as Terraform would write it.
pub(in crate::terraform) fn number(n: f64) -> Data {
    let text = if n.fract() == 0.0 && n.abs() < 1e18 { format!("{}", n as i64) } else { format!("{n}") };
    Data::Number(text.into())
}

/// True for a value that is not fully known.
pub(in crate::terraform) fn unknown(value: &Value) -> bool {
    matches!(value.data, Data::Unknown(_) | Data::Template(_) | Data::Choice(_))
}

/// When two values are equal.
fn equal(left: &Value, right: &Value) -> Cond {
    if let (Some(a), Some(b)) = (left.as_f64(), right.as_f64())
        && (matches!(left.data, Data::Number(_)) || matches!(right.data, Data::Number(_)))
    {
        return Cond::Constant(a == b);
    }
    let null = |v: &Value| matches!(v.data, Data::Null);
    if null(left) && null(right) {
        return Cond::Constant(true);
    }
    let deep = |v: &Value| {
        let mut found = false;
        v.walk(&mut |inner| found |= unknown(inner));
        found
    };
    match (deep(left), deep(right)) {
        (false, false) => Cond::Constant(same(left, right)),
        _ if same(left, right) => Cond::Constant(true),
        // A string with a hole is no null, and never empty if a piece of it is known.
        (true, false)
            if matches!(left.data, Data::Template(_) | Data::List(_) | Data::Map(_)) && null(right) =>
        {
            Cond::Constant(false)
        }
        (false, true)
            if matches!(right.data, Data::Template(_) | Data::List(_) | Data::Map(_)) && null(left) =>
        {
            Cond::Constant(false)
        }
        _ if null(right) => Cond::Free(format!("{} == null", cond_name(left)).into()),
        _ => Cond::Free(format!("{} == {}", cond_name(left), cond_name(right)).into()),
    }
}

/// Equality of values whatever their places.
pub(in crate::terraform) fn same(left: &Value, right: &Value) -> bool {
    match (&left.data, &right.data) {
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        (Data::Json(a), Data::Json(b)) => same(a, b),
        (Data::List(_) | Data::Map(_), _) | (_, Data::List(_) | Data::Map(_)) => false,
        (Data::Null, Data::Null) => true,
        (Data::Null, _) | (_, Data::Null) => false,
        _ => match (left.as_text(), right.as_text()) {
            (Some(a), Some(b)) => a == b,
            _ => left.data == right.data,
        },
    }
}
