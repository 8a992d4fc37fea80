//! Lists, sets and maps.

use super::{Arguments, Outcome, Trouble, distinct, identity, trouble};
use crate::terraform::eval::{branches, is_unknown, key_text, maybe, rest_of, same};
use std::collections::HashSet;
use tidegate_graph::{Cond, Data, Field, Map, Str, Value};

/// How many values a call makes of its arguments, for those that multiply.
pub(super) fn cost(name: &str, arguments: &Arguments<'_>) -> Option<usize> {
    let lengths = || arguments.values.iter().map(|v| v.as_list().map_or(1, <[Value]>::len));
    match name {
        "setproduct" => Some(lengths().fold(arguments.len(), usize::saturating_mul)),
        "matchkeys" => Some(lengths().skip(1).fold(1, usize::saturating_mul)),
        _ => None,
    }
}

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "length" => length(arguments),
        "concat" => concat(arguments),
        "flatten" => flatten(arguments),
        "merge" => merge(arguments),
        "lookup" => lookup(arguments),
        "element" => element(arguments),
        "index" => position(arguments),
        "contains" => contains(arguments),
        "keys" => arguments.map(0).map(|map| {
            let mut keys: Vec<(&Str, &Field)> = map.fields().collect();
            keys.sort_by_key(|(key, _)| *key);
            Data::List(keys.into_iter().map(|(key, field)| Value::text(key.clone(), field.key)).collect())
        }),
        "values" => arguments.map(0).map(|map| {
            let mut values: Vec<(&Str, &Value)> = map.iter().collect();
            values.sort_by_key(|(key, _)| *key);
            Data::List(values.into_iter().map(|(_, value)| value.clone()).collect())
        }),
        "zipmap" => zipmap(arguments),
        "coalesce" => coalesce(arguments),
        "coalescelist" => coalesce_list(arguments),
        "compact" => compact(arguments),
        "distinct" => items(arguments, 0).map(|items| Data::List(distinct(items))),
        "toset" => items(arguments, 0).map(|items| Data::List(sorted(distinct(items)))),
        "tolist" => items(arguments, 0).map(Data::List),
        "list" => Ok(Data::List(arguments.values.to_vec())),
        "tomap" | "sensitive" | "nonsensitive" | "ephemeralasnull" => {
            arguments.get(0).map(|v| v.data.clone())
        }
        "issensitive" => Ok(Data::Bool(false)),
        "map" => Ok(Data::Map(
            arguments
                .values
                .chunks_exact(2)
                .filter_map(|pair| Some((key_text(pair.first()?), field(pair.get(1)?))))
                .collect(),
        )),
        "tonumber" => arguments.get(0).and_then(|value| match &value.data {
            Data::Null | Data::Number(_) => Ok(value.data.clone()),
            Data::Text(text) if text.parse::<f64>().is_ok() => Ok(Data::Number(text.clone())),
            _ => Err(trouble(value)),
        }),
        "tobool" => arguments.get(0).and_then(|value| match &value.data {
            Data::Null => Ok(Data::Null),
            _ => value.as_bool().map(Data::Bool).ok_or_else(|| trouble(value)),
        }),
        "type" => arguments.get(0).and_then(|value| match &value.data {
            Data::Text(_) | Data::Template(_) | Data::Json(_) => Ok(Data::Text("string".into())),
            Data::Number(_) => Ok(Data::Text("number".into())),
            Data::Bool(_) => Ok(Data::Text("bool".into())),
            _ => Err(Trouble::Unknown),
        }),
        "one" => one(arguments),
        "reverse" => arguments.list(0).map(|items| Data::List(items.iter().rev().cloned().collect())),
        "sort" => arguments.list(0).and_then(|items| {
            items.iter().try_for_each(|item| super::text_of(item).map(|_| ()))?;
            Ok(Data::List(sorted(items.to_vec())))
        }),
        "slice" => slice(arguments),
        "chunklist" => chunk(arguments),
        "alltrue" => every(arguments, true),
        "anytrue" => every(arguments, false),
        "setunion" => union(arguments),
        "setintersection" => intersect(arguments, true),
        "setsubtract" => intersect(arguments, false),
        "setproduct" => product(arguments),
        "transpose" => transpose(arguments),
        "matchkeys" => match_keys(arguments),
        _ => return None,
    })
}

fn field(value: &Value) -> Field {
    Field { key: value.span, value: value.clone() }
}

/// A list's items; a map counts as the list of its values.
fn items(arguments: &Arguments<'_>, index: usize) -> Result<Vec<Value>, Trouble> {
    let value = arguments.get(index)?;
    match &value.data {
        Data::List(items) => Ok(items.clone()),
        Data::Map(map) => Ok(map.values().cloned().collect()),
        _ => Err(trouble(value)),
    }
}

fn sorted(mut items: Vec<Value>) -> Vec<Value> {
    // Only texts have an order; sets of anything else keep theirs.
    if items.iter().all(|item| item.as_text().is_some()) {
        items.sort_by_cached_key(|item| item.as_text().unwrap_or_default());
    }
    items
}

/// Items that are there only under a condition.
fn uncertain(items: &[Value]) -> bool {
    items.iter().any(|item| match &item.data {
        Data::Choice(choice) => choice.then.is_none() || choice.otherwise.is_none(),
        Data::Unknown(_) => true,
        _ => false,
    })
}

fn length(arguments: &Arguments<'_>) -> Outcome {
    let value = arguments.get(0)?;
    let length = match &value.data {
        Data::List(items) if uncertain(items) && items.iter().any(|i| matches!(i.data, Data::Choice(_))) => {
            return Err(Trouble::Unknown);
        }
        Data::List(items) => items.len(),
        Data::Map(map) if rest_of(map).is_some() => return Err(Trouble::Unknown),
        Data::Map(map) => map.len(),
        Data::Text(text) => text.chars().count(),
        _ => return Err(trouble(value)),
    };
    Ok(Data::Number(length.to_string().into()))
}

/// Lists one behind the other; an unknown one stays as an unknown item.
fn concat(arguments: &Arguments<'_>) -> Outcome {
    let mut out = Vec::new();
    for value in arguments.values {
        match &value.data {
            Data::List(items) => out.extend(items.iter().cloned()),
            Data::Null => return Err(Trouble::Refused),
            _ if is_unknown(value) => out.push(value.clone()),
            _ => return Err(Trouble::Refused),
        }
    }
    // Unknown alone is just that.
    if arguments.len() == 1 && out.first().is_some_and(|v| matches!(v.data, Data::Unknown(_))) {
        return Err(Trouble::Unknown);
    }
    Ok(Data::List(out))
}

fn flatten(arguments: &Arguments<'_>) -> Outcome {
    fn into(items: &[Value], cond: &Cond, out: &mut Vec<Value>) {
        for item in items {
            for (inner, branch) in branches(item) {
                let cond = Cond::all([cond.clone(), inner]);
                match &branch.data {
                    Data::List(items) => into(items, &cond, out),
                    _ => out.push(maybe(cond, branch.clone())),
                }
            }
        }
    }
    let mut out = Vec::new();
    into(arguments.list(0)?, &Cond::Constant(true), &mut out);
    Ok(Data::List(out))
}

fn merge(arguments: &Arguments<'_>) -> Outcome {
    let mut out = Map::new();
    for value in arguments.values {
        match &value.data {
            Data::Map(map) => {
                for (key, field) in map.fields() {
                    out.insert_field(key.clone(), field.clone());
                }
            }
            Data::Null => {}
            // What is known of the others counts all the same, and what is unknown stands beside it.
            Data::Unknown(symbol) if arguments.len() > 1 => {
                out.insert(format!("${{{}}}", symbol.name), value.clone());
            }
            _ => return Err(trouble(value)),
        }
    }
    Ok(Data::Map(out))
}

fn lookup(arguments: &Arguments<'_>) -> Outcome {
    let map = arguments.map(0)?;
    let key = arguments.text(1)?;
    match (map.get(&key), arguments.values.get(2)) {
        (Some(value), _) => Ok(value.data.clone()),
        (None, _) if rest_of(map).is_some() => Err(Trouble::Unknown),
        (None, Some(default)) => Ok(default.data.clone()),
        (None, None) => Err(Trouble::Refused),
    }
}

fn element(arguments: &Arguments<'_>) -> Outcome {
    let items = arguments.list(0)?;
    let index = arguments.integer(1)?;
    let length = i64::try_from(items.len()).unwrap_or(0);
    let index = if length == 0 { None } else { usize::try_from(index.rem_euclid(length)).ok() };
    index.and_then(|i| items.get(i)).map(|v| v.data.clone()).ok_or(Trouble::Refused)
}

fn position(arguments: &Arguments<'_>) -> Outcome {
    let wanted = arguments.get(1)?;
    let found = arguments.list(0)?.iter().position(|item| same(item, wanted));
    found.map(|i| Data::Number(i.to_string().into())).ok_or_else(|| trouble(wanted))
}

fn contains(arguments: &Arguments<'_>) -> Outcome {
    let items = arguments.list(0)?;
    let wanted = arguments.get(1)?;
    if items.iter().any(|item| same(item, wanted)) {
        return Ok(Data::Bool(true));
    }
    if is_unknown(wanted) && !items.is_empty() || items.iter().any(is_unknown) {
        return Err(Trouble::Unknown);
    }
    Ok(Data::Bool(false))
}

fn zipmap(arguments: &Arguments<'_>) -> Outcome {
    let (keys, values) = (arguments.list(0)?, arguments.list(1)?);
    if keys.len() != values.len() {
        return Err(Trouble::Refused);
    }
    Ok(Data::Map(keys.iter().zip(values).map(|(key, value)| (key_text(key), field(value))).collect()))
}

fn coalesce(arguments: &Arguments<'_>) -> Outcome {
    for value in arguments.values {
        match &value.data {
            Data::Null => {}
            Data::Text(text) if text.is_empty() => {}
            // It may be null or empty, so that a later one would count.
            Data::Unknown(_) if arguments.len() > 1 => return Err(Trouble::Unknown),
            data => return Ok(data.clone()),
        }
    }
    Err(Trouble::Refused)
}

fn coalesce_list(arguments: &Arguments<'_>) -> Outcome {
    for value in arguments.values {
        match &value.data {
            Data::List(items) if items.is_empty() => {}
            Data::Null => {}
            Data::List(_) => return Ok(value.data.clone()),
            _ => return Err(trouble(value)),
        }
    }
    Err(Trouble::Refused)
}

fn compact(arguments: &Arguments<'_>) -> Outcome {
    let mut out = Vec::new();
    for item in arguments.list(0)? {
        for (cond, branch) in branches(item) {
            let empty = matches!(&branch.data, Data::Null) || branch.as_str().is_some_and(str::is_empty);
            if !empty {
                out.push(maybe(cond, branch.clone()));
            }
        }
    }
    Ok(Data::List(out))
}

fn one(arguments: &Arguments<'_>) -> Outcome {
    match arguments.get(0)?.items() {
        [] => Ok(Data::Null),
        [Value { data: Data::Unknown(_), .. }] => Err(Trouble::Unknown),
        [only] => Ok(only.data.clone()),
        _ => Err(Trouble::Refused),
    }
}

fn slice(arguments: &Arguments<'_>) -> Outcome {
    let range =
        |i: usize| arguments.integer(i).and_then(|n| usize::try_from(n).map_err(|_| Trouble::Refused));
    let (start, end) = (range(1)?, range(2)?);
    arguments.list(0)?.get(start..end).map(|items| Data::List(items.to_vec())).ok_or(Trouble::Refused)
}

fn chunk(arguments: &Arguments<'_>) -> Outcome {
    let size = usize::try_from(arguments.integer(1)?).ok().filter(|n| *n > 0).ok_or(Trouble::Refused)?;
    let span = arguments.span;
    Ok(Data::List(arguments.list(0)?.chunks(size).map(|chunk| Value::list(chunk.to_vec(), span)).collect()))
}

fn every(arguments: &Arguments<'_>, all: bool) -> Outcome {
    let mut unknown = false;
    for item in arguments.list(0)? {
        match item.as_bool() {
            Some(value) if value != all => return Ok(Data::Bool(!all)),
            Some(_) => {}
            None if is_unknown(item) => unknown = true,
            None => return Err(Trouble::Refused),
        }
    }
    if unknown { Err(Trouble::Unknown) } else { Ok(Data::Bool(all)) }
}

fn union(arguments: &Arguments<'_>) -> Outcome {
    let mut out = Vec::new();
    for index in 0..arguments.len() {
        out.extend(items(arguments, index)?);
    }
    Ok(Data::List(sorted(distinct(out))))
}

fn intersect(arguments: &Arguments<'_>, keep: bool) -> Outcome {
    let mut out = items(arguments, 0)?;
    for index in 1..arguments.len() {
        let other = items(arguments, index)?;
        if other.iter().chain(&out).any(is_unknown) {
            return Err(Trouble::Unknown);
        }
        let other: HashSet<String> = other.iter().map(identity).collect();
        out.retain(|item| other.contains(&identity(item)) == keep);
    }
    Ok(Data::List(sorted(distinct(out))))
}

fn product(arguments: &Arguments<'_>) -> Outcome {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for index in 0..arguments.len() {
        let items = items(arguments, index)?;
        rows = rows
            .into_iter()
            .flat_map(|row| {
                items
                    .iter()
                    .map(move |item| row.iter().cloned().chain([item.clone()]).collect())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    let span = arguments.span;
    Ok(Data::List(rows.into_iter().map(|row| Value::list(row, span)).collect()))
}

fn transpose(arguments: &Arguments<'_>) -> Outcome {
    let mut out = Map::new();
    for (key, values) in arguments.map(0)?.iter() {
        for value in values.as_list().ok_or_else(|| trouble(values))? {
            let name = super::text_of(value)?;
            let item = Value::text(key.clone(), arguments.span);
            match out.get_mut(&name) {
                Some(Value { data: Data::List(items), .. }) => items.push(item),
                _ => {
                    out.insert(name, Value::list(vec![item], arguments.span));
                }
            }
        }
    }
    out.sort();
    Ok(Data::Map(out))
}

fn match_keys(arguments: &Arguments<'_>) -> Outcome {
    let wanted = arguments.list(2)?;
    let pairs = arguments.list(0)?.iter().zip(arguments.list(1)?);
    Ok(Data::List(
        pairs
            .filter(|(_, key)| wanted.iter().any(|w| same(w, key)))
            .map(|(value, _)| value.clone())
            .collect(),
    ))
}
