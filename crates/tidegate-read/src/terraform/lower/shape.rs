//! Evaluated attributes to CloudFormation's properties, by a table.

use super::table::{Field as Rule, How};
use crate::document::document;
use tidegate_graph::{Choice, Cond, Data, Field, Map, Span, Str, Value};

/// Deeper values stay as they are; no provider schema nests further.
const MAX_DEPTH: usize = 48;

/// A list longer than this isn't taken apart into entries of their own; no service accepts so many.
pub(super) const MAX_ENTRIES: usize = 1000;

/// Arguments of every resource that say nothing about it.
const META: &[&str] = &[
    "name_prefix",
    "count",
    "for_each",
    "provider",
    "lifecycle",
    "depends_on",
    "timeouts",
    "tags_all",
    "provisioner",
    "connection",
];

/// The properties that a resource's attributes become.
pub(super) fn properties(attributes: &Map, rules: &[Rule]) -> Map {
    let mut kept = attributes.clone();
    for key in META {
        kept.remove(key);
    }
    Shaper { rules }.block(kept, "", 0)
}

/// `dead_letter_config` becomes `DeadLetterConfig`; each part of a dotted path on its own, indexes left out.
pub(super) fn pascal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = true;
    let mut index = false;
    for c in name.chars() {
        match c {
            '[' => index = true,
            ']' => index = false,
            _ if index => {}
            '_' => upper = true,
            '.' => {
                out.push('.');
                upper = true;
            }
            _ if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            _ => out.push(c),
        }
    }
    out
}

/// Puts a value at a path: `A.B` nests, `A[].B` goes into the only map of the list `A`, `A[]` appends to the list `A`.
/// A value that is there already is merged with it.
pub(super) fn put(out: &mut Map, path: &str, field: Field) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(h, r)| (h, Some(r)));
    let (name, list) = head.strip_suffix("[]").map_or((head, false), |name| (name, true));
    let span = field.value.span;
    let value = match (rest, list) {
        (None, false) => {
            let slot = Map::from_iter([(Str::from(name), field)]);
            return merge(out, slot);
        }
        (None, true) => Value::list(vec![field.value], span),
        (Some(rest), nested_list) => {
            let existing = out.get_mut(name).and_then(|v| match &mut v.data {
                Data::List(items) if nested_list => items.last_mut().and_then(Value::as_map_mut),
                Data::Map(map) if !nested_list => Some(map),
                _ => None,
            });
            if let Some(map) = existing {
                return put(map, rest, field);
            }
            let key = field.key;
            let mut map = Map::new();
            put(&mut map, rest, field);
            let inner = Value::map(map, span);
            let value = if nested_list { Value::list(vec![inner], span) } else { inner };
            return merge(out, Map::from_iter([(Str::from(name), Field { key, value })]));
        }
    };
    merge(out, Map::from_iter([(Str::from(name), Field { key: field.key, value })]));
}

/// Lays `more` over `out`: lists are joined, maps merged, everything else replaced.
pub(super) fn merge(out: &mut Map, more: Map) {
    for (key, field) in more.into_fields() {
        let Some(existing) = out.get_mut(&key) else {
            out.insert_field(key, field);
            continue;
        };
        match (&mut existing.data, field.value.data) {
            (Data::List(items), Data::List(more)) => items.extend(more),
            (Data::Map(map), Data::Map(more)) => merge(map, more),
            (_, data) => {
                let before = std::mem::replace(existing, Value::new(Data::Null, existing.span));
                let value = match data {
                    // There only under a condition: without it, what stood there before stands.
                    Data::Choice(choice) if choice.otherwise.is_none() => {
                        Data::Choice(Box::new(Choice { otherwise: Some(before), ..*choice }))
                    }
                    data => data,
                };
                out.insert_field(key, Field { key: field.key, value: Value::new(value, field.value.span) });
            }
        }
    }
}

/// Values that are there only under a condition: items of lists each, so that they join others.
pub(super) fn under_condition(map: Map, cond: &Cond) -> Map {
    let choice = |then: Value| {
        let span = then.span;
        let choice = Choice { cond: cond.clone(), then: Some(then), otherwise: None };
        Value::new(Data::Choice(Box::new(choice)), span)
    };
    map.into_fields()
        .map(|(key, Field { key: key_span, value })| {
            let value = match value.data {
                Data::List(items) => Value::list(items.into_iter().map(choice).collect(), value.span),
                data => choice(Value::new(data, value.span)),
            };
            (key, Field { key: key_span, value })
        })
        .collect()
}

/// Puts everything but `apart` into one map.
pub(super) fn wrap(map: &mut Map, name: &str, apart: &[&str]) {
    let mut inner = std::mem::take(map);
    for key in apart {
        if let Some(field) = inner.field(key).cloned() {
            inner.remove(key);
            map.insert_field(*key, field);
        }
    }
    let span = inner.values().next().map(|v| v.span).unwrap_or_default();
    if !inner.is_empty() {
        map.insert(name, Value::map(inner, span));
    }
}

/// Renames the keys of documents in camel case, as the service itself takes them, to CloudFormation's; maps under the
/// keys in `own` have keys of the user's.
pub(super) fn capitalised(value: Value, own: &[&str]) -> Value {
    let span = value.span;
    let data = match value.data {
        Data::Json(inner) => return capitalised(*inner, own),
        Data::List(items) => Data::List(items.into_iter().map(|v| capitalised(v, own)).collect()),
        Data::Map(map) => Data::Map(
            map.into_fields()
                .map(|(key, field)| {
                    let value =
                        if own.contains(&key.as_str()) { field.value } else { capitalised(field.value, own) };
                    let mut letters = key.chars();
                    let first = letters.next().into_iter().flat_map(char::to_uppercase);
                    (first.chain(letters).collect::<String>().into(), Field { key: field.key, value })
                })
                .collect(),
        ),
        data => data,
    };
    Value::new(data, span)
}

/// The document that a string holds, as a JSON encoding; the value itself when it is none.
pub(super) fn encoded(value: Value) -> Value {
    match &value.data {
        Data::Text(_) | Data::Template(_) => match document(&value) {
            Some(inner) => Value::new(Data::Json(Box::new(inner)), value.span),
            None => value,
        },
        _ => value,
    }
}

struct Shaper<'a> {
    rules: &'a [Rule],
}

impl Shaper<'_> {
    fn block(&self, map: Map, prefix: &str, depth: usize) -> Map {
        let mut out = Map::new();
        for (key, field) in map.into_fields() {
            let path = if prefix.is_empty() { key.to_string() } else { format!("{prefix}.{key}") };
            let (to, how) = match self.rule(&path) {
                Some(rule) if rule.to.is_empty() => (pascal(&key), rule.how),
                Some(rule) => (rule.to.to_string(), rule.how),
                None if path == "tags" => ("Tags".to_string(), How::Pairs),
                None => (pascal(&key), How::Auto),
            };
            if let Some(value) = self.value(field.value, &path, how, depth) {
                put(&mut out, &to, Field { key: field.key, value });
            }
        }
        out
    }

    /// The rule for a path; one for the full path wins over one for its end at any depth.
    fn rule(&self, path: &str) -> Option<&Rule> {
        let exact = self.rules.iter().find(|r| r.from == path);
        exact.or_else(|| {
            self.rules.iter().find(|r| r.from.strip_prefix("*.").is_some_and(|end| ends(path, end)))
        })
    }

    fn value(&self, value: Value, path: &str, how: How, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return Some(value);
        }
        let span = value.span;
        match (how, value.data) {
            (How::Drop, _) | (_, Data::Null) => None,
            (_, Data::Choice(choice)) => {
                let Choice { cond, then, otherwise } = *choice;
                let then = then.and_then(|v| self.value(v, path, how, depth + 1));
                let otherwise = otherwise.and_then(|v| self.value(v, path, how, depth + 1));
                let some = then.is_some() || otherwise.is_some();
                some.then(|| Value::new(Data::Choice(Box::new(Choice { cond, then, otherwise })), span))
            }
            (How::Keep, data) => Some(Value::new(data, span)),
            (How::Document, data) => Some(encoded(Value::new(data, span))),
            (How::One, Data::List(items)) => {
                items.into_iter().next().and_then(|v| self.value(v, path, How::Object, depth + 1))
            }
            (How::Many, Data::List(items)) if items.is_empty() => None,
            (How::Many, Data::List(items)) => Some(self.items(items, path, depth, span)),
            (How::Many, Data::Map(map)) => {
                let item = Value::map(self.block(map, path, depth + 1), span);
                Some(Value::list(vec![item], span))
            }
            (How::One | How::Object, Data::Map(map)) => {
                Some(Value::map(self.block(map, path, depth + 1), span))
            }
            (How::Object, Data::List(items)) => Some(self.items(items, path, depth, span)),
            (How::Auto, Data::List(items)) => match <[Value; 1]>::try_from(items) {
                Ok([Value { data: Data::Map(map), span }]) => {
                    Some(Value::map(self.block(map, path, depth + 1), span))
                }
                Ok([single]) if is_block(&single) => self.value(single, path, How::Object, depth + 1),
                Ok([single]) => Some(Value::list(vec![single], span)),
                Err(items) => Some(self.items(items, path, depth, span)),
            },
            // Before version 0.12 tags were a block.
            (How::Pairs, Data::List(items)) if items.iter().all(|v| v.as_map().is_some()) => {
                let maps = items.into_iter().filter_map(|v| v.as_map().cloned());
                Some(Value::list(maps.flat_map(pairs).collect(), span))
            }
            (How::Pairs, Data::Map(map)) => Some(Value::list(pairs(map), span)),
            (How::Listed, data @ Data::List(_)) => Some(Value::new(data, span)),
            (How::Listed, data) => Some(Value::list(vec![Value::new(data, span)], span)),
            (How::Unless(absent), data) => {
                let value = Value::new(data, span);
                (value.as_text().as_deref() != Some(absent)).then_some(value)
            }
            (How::Words(words), data) => {
                let value = Value::new(data, span);
                let word = value.as_text().and_then(|t| words.iter().find(|(from, _)| *from == t));
                Some(match word {
                    Some((_, to)) => Value::text(*to, span),
                    None => value,
                })
            }
            (_, data) => Some(Value::new(data, span)),
        }
    }

    fn items(&self, items: Vec<Value>, path: &str, depth: usize, span: Span) -> Value {
        let item = |v: Value| match v.data {
            Data::Map(_) | Data::Choice(_) => self.value(v, path, How::Object, depth + 1),
            data => Some(Value::new(data, v.span)),
        };
        Value::list(items.into_iter().filter_map(item).collect(), span)
    }
}

/// True if a path ends with these names.
fn ends(path: &str, names: &str) -> bool {
    path.strip_suffix(names).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// True for a block that is there only under a condition.
fn is_block(value: &Value) -> bool {
    matches!(&value.data, Data::Choice(_)) && value.branches().iter().any(|v| matches!(v.data, Data::Map(_)))
}

fn pairs(map: Map) -> Vec<Value> {
    map.into_fields()
        .map(|(key, field)| {
            let span = field.key.to(field.value.span);
            Value::object([("Key", Value::text(key, field.key)), ("Value", field.value)], span)
        })
        .collect()
}
