//! What expressions can call: CEL's standard functions as far as they make sense for configuration, and ours.

use super::eval::{Eval, Fault, Result, first_gap};
use super::value::Val;
use cel::common::ast::operators;
use regex_automata::meta::Regex;
use std::cmp::Ordering;
use std::rc::Rc;
use tidegate_graph::{Piece, Str};

/// Every function by name, for the check at load time. Operators aside.
pub(super) const NAMES: [&str; 20] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "int",
    "uint",
    "double",
    "bool",
    "unknown",
    "known",
    "lowerAscii",
    "upperAscii",
    "trim",
    "split",
    "replace",
    "join",
    "dyn",
    "has",
];

/// Bytes that one regular expression may take up; patterns are people's own.
const MAX_REGEX: usize = 1 << 20;
/// Bytes of one string, and items of one list.
const MAX_SIZE: usize = 1 << 20;

pub(super) fn call<'a>(eval: &mut Eval<'a, '_>, name: &str, args: &[Val<'a>]) -> Result<Val<'a>> {
    match (name, args) {
        ("unknown", [value]) => return Ok(Val::Bool(is_unknown(value))),
        ("known", [value]) => return Ok(Val::Bool(!is_unknown(value))),
        ("dyn", [value]) => return Ok(value.clone()),
        ("startsWith" | "endsWith" | "contains", [Val::Partial(pieces, _), Val::Text(part)]) => {
            if let Some(answer) = by_pieces(name, pieces, part) {
                return Ok(Val::Bool(answer));
            }
        }
        _ => {}
    }
    if let Some(gap) = first_gap(args) {
        return Ok(Val::Unknown(gap));
    }
    for text in args.iter().filter_map(text) {
        eval.spend(text.len() / 64)?;
    }
    match (name, args) {
        (operators::ADD, [a, b]) => add(eval, a, b),
        (operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO, [a, b]) => {
            arithmetic(name, a, b)
        }
        (operators::NEGATE, [Val::Int(n)]) => n.checked_neg().map(Val::Int).ok_or_else(overflow),
        (operators::NEGATE, [Val::Double(n)]) => Ok(Val::Double(-n)),
        (operators::LESS, [a, b]) => Ok(Val::Bool(compare(a, b)? == Ordering::Less)),
        (operators::LESS_EQUALS, [a, b]) => Ok(Val::Bool(compare(a, b)? != Ordering::Greater)),
        (operators::GREATER, [a, b]) => Ok(Val::Bool(compare(a, b)? == Ordering::Greater)),
        (operators::GREATER_EQUALS, [a, b]) => Ok(Val::Bool(compare(a, b)? != Ordering::Less)),
        ("size", [value]) => size(value),
        ("contains", [Val::Text(a), Val::Text(b)]) => Ok(Val::Bool(a.contains(b.as_str()))),
        ("startsWith", [Val::Text(a), Val::Text(b)]) => Ok(Val::Bool(a.starts_with(b.as_str()))),
        ("endsWith", [Val::Text(a), Val::Text(b)]) => Ok(Val::Bool(a.ends_with(b.as_str()))),
        ("matches", [Val::Text(a), Val::Text(pattern)]) => {
            eval.spend(64 + pattern.len() + a.len() / 4)?;
            let options = Regex::config().nfa_size_limit(Some(MAX_REGEX)).hybrid_cache_capacity(MAX_REGEX);
            let regex = Regex::builder().configure(options).build(pattern);
            let regex = regex
                .map_err(|_| Fault::new(format!("`{pattern}` is no regular expression that can be used")))?;
            Ok(Val::Bool(regex.is_match(a.as_str())))
        }
        ("lowerAscii", [Val::Text(a)]) => Ok(Val::Text(a.to_ascii_lowercase().into())),
        ("upperAscii", [Val::Text(a)]) => Ok(Val::Text(a.to_ascii_uppercase().into())),
        ("trim", [Val::Text(a)]) => Ok(Val::Text(a.trim().into())),
        ("split", [Val::Text(a), Val::Text(by)]) => {
            let parts: Vec<Val<'_>> = a.split(by.as_str()).map(|part| Val::Text(part.into())).collect();
            eval.spend(parts.len())?;
            Ok(Val::List(Rc::new(parts)))
        }
        ("replace", [Val::Text(a), Val::Text(old), Val::Text(new)]) => {
            let most = a.len().saturating_add((a.len() + 1).saturating_mul(new.len()));
            eval.spend(most / 64)?;
            sized(a.replace(old.as_str(), new))
        }
        ("join", [list, Val::Text(between)]) => {
            let mut out = String::new();
            for (n, item) in eval.items(list)?.iter().enumerate() {
                if n > 0 {
                    out.push_str(between);
                }
                let Val::Text(part) = item else {
                    return Err(Fault::new(format!("`join` takes strings, found {}", item.kind())));
                };
                eval.spend(part.len() / 64 + 1)?;
                out.push_str(part);
                if out.len() > MAX_SIZE {
                    return Err(Fault::Budget);
                }
            }
            Ok(Val::Text(out.into()))
        }
        ("string", [Val::Bool(_) | Val::Int(_) | Val::Uint(_) | Val::Double(_) | Val::Text(_)]) => {
            Ok(Val::Text(args.first().map(Val::display).unwrap_or_default().into()))
        }
        ("bool", [Val::Bool(flag)]) => Ok(Val::Bool(*flag)),
        ("bool", [Val::Text(text)]) => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Val::Bool(true)),
            "false" => Ok(Val::Bool(false)),
            _ => Err(Fault::new(format!("`{text}` is neither true nor false"))),
        },
        ("int" | "uint" | "double", [value]) => convert(name, value),
        (name, args) => {
            let kinds: Vec<&str> = args.iter().map(Val::kind).collect();
            Err(Fault::new(format!("`{}` can't be used on {}", shown(name), kinds.join(" and "))))
        }
    }
}

/// An operator as it is written.
fn shown(name: &str) -> &str {
    name.trim_matches('_')
}

/// True for what isn't known before deployment. References to what is declared, and the account and region, are known
/// well enough.
fn is_unknown(value: &Val<'_>) -> bool {
    match value {
        Val::Unknown(_) => true,
        Val::Partial(pieces, _) => {
            pieces.iter().any(|p| matches!(p, Piece::Symbol(s) if s.why != tidegate_graph::Why::Pseudo))
        }
        _ => false,
    }
}

/// What a string known in part says for certain.
fn by_pieces(name: &str, pieces: &[Piece], part: &Str) -> Option<bool> {
    let text = |piece: Option<&Piece>| match piece {
        Some(Piece::Text(text)) => Some(text.clone()),
        _ => None,
    };
    match name {
        "startsWith" => {
            let first = text(pieces.first())?;
            let known = first.starts_with(part.as_str());
            (known || !part.starts_with(first.as_str())).then_some(known)
        }
        "endsWith" => {
            let last = text(pieces.last())?;
            let known = last.ends_with(part.as_str());
            (known || !part.ends_with(last.as_str())).then_some(known)
        }
        _ => {
            let holds = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(part.as_str()));
            pieces.iter().any(holds).then_some(true)
        }
    }
}

fn text<'v>(value: &'v Val<'_>) -> Option<&'v str> {
    match value {
        Val::Text(text) => Some(text),
        _ => None,
    }
}

fn add<'a>(eval: &mut Eval<'a, '_>, a: &Val<'a>, b: &Val<'a>) -> Result<Val<'a>> {
    match (a, b) {
        (Val::Text(x), Val::Text(y)) => sized(format!("{x}{y}")),
        (Val::List(_) | Val::Items(_), Val::List(_) | Val::Items(_)) => {
            let mut items = eval.items(a)?;
            items.extend(eval.items(b)?);
            if items.len() > MAX_SIZE {
                return Err(Fault::Budget);
            }
            Ok(Val::List(Rc::new(items)))
        }
        _ => arithmetic(operators::ADD, a, b),
    }
}

fn sized<'a>(text: String) -> Result<Val<'a>> {
    if text.len() > MAX_SIZE { Err(Fault::Budget) } else { Ok(Val::Text(text.into())) }
}

fn arithmetic<'a>(name: &str, a: &Val<'a>, b: &Val<'a>) -> Result<Val<'a>> {
    if let (Some(x), Some(y)) = (whole(a), whole(b)) {
        if y == 0 && matches!(name, operators::DIVIDE | operators::MODULO) {
            return Err(Fault::new("division by zero"));
        }
        let out = match name {
            operators::ADD => x.checked_add(y),
            operators::SUBSTRACT => x.checked_sub(y),
            operators::MULTIPLY => x.checked_mul(y),
            operators::DIVIDE => x.checked_div(y),
            _ => x.checked_rem(y),
        };
        return out.map(Val::Int).ok_or_else(overflow);
    }
    match (name, a.as_number(), b.as_number()) {
        (operators::ADD, Some(x), Some(y)) => Ok(Val::Double(x + y)),
        (operators::SUBSTRACT, Some(x), Some(y)) => Ok(Val::Double(x - y)),
        (operators::MULTIPLY, Some(x), Some(y)) => Ok(Val::Double(x * y)),
        (operators::DIVIDE, Some(x), Some(y)) => Ok(Val::Double(x / y)),
        _ => Err(Fault::new(format!("`{}` can't be used on {} and {}", shown(name), a.kind(), b.kind()))),
    }
}

fn whole(value: &Val<'_>) -> Option<i64> {
    match value {
        Val::Int(n) => Some(*n),
        Val::Uint(n) => i64::try_from(*n).ok(),
        Val::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn overflow() -> Fault {
    Fault::new("a number is too large")
}

fn compare(a: &Val<'_>, b: &Val<'_>) -> Result<Ordering> {
    let found = match (a, b) {
        (Val::Text(x), Val::Text(y)) => Some(x.cmp(y)),
        (Val::Bool(x), Val::Bool(y)) => Some(x.cmp(y)),
        (Val::Int(x), Val::Int(y)) => Some(x.cmp(y)),
        _ => a.as_number().zip(b.as_number()).and_then(|(x, y)| x.partial_cmp(&y)),
    };
    found.ok_or_else(|| Fault::new(format!("{} can't be compared with {}", a.kind(), b.kind())))
}

fn size<'a>(value: &Val<'a>) -> Result<Val<'a>> {
    let n = match value {
        Val::Text(text) => text.chars().count(),
        Val::List(items) => items.len(),
        Val::Items(items) => items.len(),
        Val::Map(entries) => entries.len(),
        Val::Object(map) => map.len(),
        other => return Err(Fault::new(format!("{} has no size", other.kind()))),
    };
    Ok(Val::Int(i64::try_from(n).unwrap_or(i64::MAX)))
}

fn convert<'a>(name: &str, value: &Val<'a>) -> Result<Val<'a>> {
    let wrong = || Fault::new(format!("`{}` is no number", value.display()));
    if name != "double"
        && let Some(n) = whole(value)
    {
        return Ok(Val::Int(n));
    }
    let number = value.as_number().ok_or_else(wrong)?;
    if name == "double" {
        return Ok(Val::Double(number));
    }
    let fits = number.is_finite() && number.abs() < 9.0e18;
    if fits { Ok(Val::Int(number.trunc() as i64)) } else { Err(overflow()) }
}
