//! What kind of value an expression has, as far as that is evident before any event comes.

use tidegate_graph::contract::{Expr, Fold, Op};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The event says it.
    Open,
    Truth,
    /// Anything else, in a word for people.
    Never(&'static str),
}

const NUMBER: Kind = Kind::Never("a number");
const TEXT: Kind = Kind::Never("a string");
const LIST: Kind = Kind::Never("a list");

/// The kind of an expression; `locals` are those of the loops around it.
pub(super) fn of(expr: &Expr, locals: &mut Vec<Kind>) -> Kind {
    match expr {
        Expr::Null => Kind::Never("null"),
        Expr::Bool(_) | Expr::Has(..) => Kind::Truth,
        Expr::Int(_) | Expr::Uint(_) | Expr::Double(_) => NUMBER,
        Expr::Text(_) => TEXT,
        Expr::List(_) => LIST,
        Expr::Map(_) => Kind::Never("a map"),
        // Whoever invokes a function itself may send `true`.
        Expr::Event | Expr::Field(..) => Kind::Open,
        Expr::Local(at) => locals.get(*at).copied().unwrap_or(Kind::Open),
        Expr::Call(op, arguments) => of_call(*op, arguments, locals),
        Expr::Fold(fold) => of_loop(fold, locals),
    }
}

fn of_call(op: Op, arguments: &[Expr], locals: &mut Vec<Kind>) -> Kind {
    match op {
        Op::Choose => {
            let mut ends = arguments.iter().skip(1).map(|end| of(end, locals));
            match (ends.next(), ends.next()) {
                (Some(Kind::Never(one)), Some(Kind::Never(_))) => Kind::Never(one),
                (Some(Kind::Truth), Some(Kind::Truth)) => Kind::Truth,
                _ => Kind::Open,
            }
        }
        Op::Add => {
            let known =
                arguments.iter().map(|part| of(part, locals)).find(|kind| matches!(kind, Kind::Never(_)));
            known.unwrap_or(Kind::Never("a sum"))
        }
        Op::Index => Kind::Open,
        Op::Subtract
        | Op::Multiply
        | Op::Divide
        | Op::Remainder
        | Op::Negate
        | Op::Size
        | Op::ToInt
        | Op::ToDouble => NUMBER,
        Op::ToText => TEXT,
        Op::And
        | Op::Or
        | Op::Not
        | Op::NotFalse
        | Op::Equal
        | Op::NotEqual
        | Op::Less
        | Op::LessEqual
        | Op::Greater
        | Op::GreaterEqual
        | Op::In
        | Op::Contains
        | Op::StartsWith
        | Op::EndsWith
        | Op::Matches => Kind::Truth,
    }
}

/// What a loop gathers is of the kind that it begins with, where each round keeps it.
fn of_loop(fold: &Fold, locals: &mut Vec<Kind>) -> Kind {
    let outer = locals.len();
    let start = of(&fold.start, locals);
    locals.extend([start, Kind::Open]);
    let next = of(&fold.step, locals);
    locals.truncate(outer);
    let gathered = if next == start { start } else { Kind::Open };
    locals.push(gathered);
    let result = of(&fold.result, locals);
    locals.truncate(outer);
    result
}
