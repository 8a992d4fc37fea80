//! Numbers.

use super::{Arguments, Outcome, Trouble};
use crate::terraform::eval::number;
use tidegate_graph::{Data, Value};

/// Items of `range`; Terraform itself allows 1024.
const MAX_RANGE: usize = 1024;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "abs" => arguments.number(0).map(|n| number(n.abs())),
        "ceil" => arguments.number(0).map(|n| number(n.ceil())),
        "floor" => arguments.number(0).map(|n| number(n.floor())),
        "signum" => arguments.number(0).map(|n| number(if n == 0.0 { 0.0 } else { n.signum() })),
        "pow" => pair(arguments, f64::powf),
        "log" => pair(arguments, f64::log),
        "max" => fold(arguments, f64::max),
        "min" => fold(arguments, f64::min),
        "sum" => sum(arguments),
        "parseint" => parse(arguments),
        "range" => range(arguments),
        _ => return None,
    })
}

fn pair(arguments: &Arguments<'_>, apply: fn(f64, f64) -> f64) -> Outcome {
    let value = apply(arguments.number(0)?, arguments.number(1)?);
    if value.is_finite() { Ok(number(value)) } else { Err(Trouble::Refused) }
}

fn fold(arguments: &Arguments<'_>, apply: fn(f64, f64) -> f64) -> Outcome {
    let mut out = arguments.number(0)?;
    for index in 1..arguments.len() {
        out = apply(out, arguments.number(index)?);
    }
    Ok(number(out))
}

fn sum(arguments: &Arguments<'_>) -> Outcome {
    let mut out = 0.0;
    for item in arguments.list(0)? {
        out += item.as_f64().ok_or_else(|| super::trouble(item))?;
    }
    Ok(number(out))
}

fn parse(arguments: &Arguments<'_>) -> Outcome {
    let radix =
        u32::try_from(arguments.integer(1)?).ok().filter(|r| (2..=36).contains(r)).ok_or(Trouble::Refused)?;
    let value = i64::from_str_radix(&arguments.text(0)?, radix).map_err(|_| Trouble::Refused)?;
    Ok(Data::Number(value.to_string().into()))
}

fn range(arguments: &Arguments<'_>) -> Outcome {
    let (start, end, step) = match arguments.len() {
        1 => (0.0, arguments.number(0)?, None),
        2 => (arguments.number(0)?, arguments.number(1)?, None),
        _ => (arguments.number(0)?, arguments.number(1)?, Some(arguments.number(2)?)),
    };
    let step = step.unwrap_or(if end < start { -1.0 } else { 1.0 });
    if step == 0.0 || !step.is_finite() || (end - start) * step < 0.0 {
        return Err(Trouble::Refused);
    }
    let mut items = Vec::new();
    let mut at = start;
    while (step > 0.0 && at < end) || (step < 0.0 && at > end) {
        if items.len() >= MAX_RANGE {
            return Err(Trouble::Limit);
        }
        items.push(Value::new(number(at), arguments.span));
        at += step;
    }
    Ok(Data::List(items))
}
