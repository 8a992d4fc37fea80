//! `aws_iam_policy_document` and its like: blocks to one policy value.

use super::super::eval::{cond_name, fields, maybe};
use crate::document;
use tidegate_graph::{Choice, Data, Field, Map, Piece, Span, Str, Value, Why};

/// What a value that names another document holds, if it is known.
type Lookup<'l> = &'l mut dyn FnMut(&Value) -> Value;

/// The attributes of an `aws_iam_policy_document`.
pub(super) fn document(arguments: &Map, span: Span, lookup: Lookup<'_>) -> Value {
    let mut statements: Vec<Value> = Vec::new();
    for name in ["source_json", "source_policy_documents"] {
        for source in arguments.get(name).map(Value::items).unwrap_or_default() {
            statements.extend(imported(source, lookup));
        }
    }
    // A statement of the document's own overrides one of that name, and is overridden in turn.
    for block in arguments.get("statement").map(Value::items).unwrap_or_default() {
        push(&mut statements, each(block, statement));
    }
    for name in ["override_json", "override_policy_documents"] {
        for source in arguments.get(name).map(Value::items).unwrap_or_default() {
            for statement in imported(source, lookup) {
                push(&mut statements, statement);
            }
        }
    }
    let mut policy = Map::new();
    let version = arguments.get("version").cloned().unwrap_or_else(|| Value::text("2012-10-17", span));
    policy.insert("Version", version);
    if let Some(id) = arguments.field("policy_id") {
        policy.insert_field("Id", id.clone());
    }
    policy.insert("Statement", Value::list(statements, span));
    let json = Value::new(Data::Json(Box::new(Value::map(policy, span))), span);
    fields(
        [
            ("json", json.clone()),
            ("minified_json", json),
            ("id", Value::unknown("the policy's digest", Why::Lookup, span)),
        ],
        span,
    )
}

/// The attributes of a `google_iam_policy`.
pub(super) fn google(arguments: &Map, span: Span) -> Value {
    let bindings = arguments.get("binding").cloned().unwrap_or_else(|| Value::list(Vec::new(), span));
    let policy = Value::object([("bindings", bindings)], span);
    fields([("policy_data", Value::new(Data::Json(Box::new(policy)), span))], span)
}

/// Adds a statement, in the place of one of the same name.
fn push(statements: &mut Vec<Value>, statement: Value) {
    let name = |value: &Value| value.get("Sid").and_then(Value::as_text).filter(|sid| !sid.is_empty());
    let sid = name(&statement);
    match statements.iter_mut().find(|known| sid.is_some() && name(known) == sid) {
        Some(known) => *known = statement,
        None => statements.push(statement),
    }
}

/// The statements of another document; one unknown statement when that can't be read.
fn imported(source: &Value, lookup: Lookup<'_>) -> Vec<Value> {
    let span = source.span;
    if let Data::Choice(choice) = &source.data {
        let mut side = |value: &Option<Value>, holds: bool| {
            let cond = if holds { choice.cond.clone() } else { choice.cond.clone().negate() };
            let found = value.as_ref().map(|v| imported(v, lookup)).unwrap_or_default();
            found.into_iter().map(|v| maybe(cond.clone(), v)).collect::<Vec<_>>()
        };
        let mut out = side(&choice.then, true);
        out.extend(side(&choice.otherwise, false));
        return out;
    }
    if matches!(source.data, Data::Null) || source.as_str().is_some_and(|t| t.trim().is_empty()) {
        return Vec::new();
    }
    let value = lookup(source);
    match document::document(&value) {
        Some(policy) => policy.get("Statement").map(|s| s.items().to_vec()).unwrap_or_default(),
        None => vec![Value::unknown(cond_name(source), Why::Attribute, span)],
    }
}

/// Applies to each side of a choice.
fn each(value: &Value, apply: fn(&Value) -> Value) -> Value {
    match &value.data {
        Data::Choice(choice) => {
            let side = |v: &Option<Value>| v.as_ref().map(|v| each(v, apply));
            let (then, otherwise) = (side(&choice.then), side(&choice.otherwise));
            Value::new(
                Data::Choice(Box::new(Choice { cond: choice.cond.clone(), then, otherwise })),
                value.span,
            )
        }
        _ => apply(value),
    }
}

fn statement(block: &Value) -> Value {
    const NAMES: [(&str, &str); 6] = [
        ("sid", "Sid"),
        ("effect", "Effect"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ];
    let Data::Map(from) = &block.data else { return block.clone() };
    let mut out = Map::new();
    for (name, canonical) in NAMES {
        match from.field(name) {
            Some(field) => {
                out.insert_field(
                    canonical,
                    Field { key: field.key, value: single(placeholders(&field.value)) },
                );
            }
            None if name == "effect" => {
                out.insert("Effect", Value::text("Allow", block.span));
            }
            None => {}
        }
    }
    for (name, canonical) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        if let Some(field) = from.field(name) {
            out.insert_field(canonical, Field { key: field.key, value: principals(&field.value) });
        }
    }
    if let Some(field) = from.field("condition") {
        out.insert_field("Condition", Field { key: field.key, value: conditions(&field.value) });
    }
    Value::map(out, block.span)
}

/// `{AWS: [..], Service: [..]}`, or `*`.
fn principals(blocks: &Value) -> Value {
    let mut out = Map::new();
    for block in blocks.items().iter().flat_map(Value::branches) {
        let identifiers = placeholders(block.get("identifiers").unwrap_or(block));
        let Some(ty) = block.get("type").map(|ty| ty.as_text().unwrap_or_else(|| ty.display().into())) else {
            // The block as a whole is unknown, and so is who it lets in.
            return block.clone();
        };
        if ty == "*" && identifiers.items().iter().any(|i| i.as_str() == Some("*")) {
            return Value::text("*", block.span);
        }
        add(&mut out, &ty, identifiers, block.span);
    }
    Value::map(finish(out), blocks.span)
}

/// `{StringEquals: {"aws:SourceArn": [..]}}`.
fn conditions(blocks: &Value) -> Value {
    let mut out = Map::new();
    for block in blocks.items().iter().flat_map(Value::branches) {
        let text = |name: &str| block.get(name).map(|v| v.as_text().unwrap_or_else(|| v.display().into()));
        let (Some(test), Some(variable)) = (text("test"), text("variable")) else { return block.clone() };
        let values = placeholders(block.get("values").unwrap_or(block));
        if !out.contains_key(&test) {
            out.insert(test.clone(), Value::map(Map::new(), block.span));
        }
        if let Some(inner) = out.get_mut(&test).and_then(Value::as_map_mut) {
            add(inner, &variable, values, block.span);
        }
    }
    for (_, value) in out.iter_mut() {
        if let Data::Map(map) = &mut value.data {
            let taken = std::mem::take(map);
            *map = finish(taken);
        }
    }
    Value::map(out, blocks.span)
}

fn add(map: &mut Map, key: &Str, values: Value, span: Span) {
    let items = values.items().to_vec();
    match map.get_mut(key) {
        Some(Value { data: Data::List(known), .. }) => known.extend(items),
        _ => {
            map.insert(key.clone(), Value::list(items, span));
        }
    }
}

fn finish(map: Map) -> Map {
    map.into_fields()
        .map(|(key, field)| (key, Field { key: field.key, value: single(field.value) }))
        .collect()
}

/// A list of one is written as its item.
fn single(value: Value) -> Value {
    match value.data {
        Data::List(mut items) if items.len() == 1 => items.swap_remove(0),
        data => Value::new(data, value.span),
    }
}

/// `&{aws:username}` is how policy variables are written where `${` would be an interpolation.
fn placeholders(value: &Value) -> Value {
    let span = value.span;
    let swap = |text: &Str| if text.contains("&{") { text.replace("&{", "${").into() } else { text.clone() };
    match &value.data {
        Data::Text(text) => Value::text(swap(text), span),
        Data::Template(pieces) => {
            let pieces = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => Piece::Text(swap(text)),
                other => other.clone(),
            });
            Value::template(pieces.collect::<Vec<_>>(), span)
        }
        Data::List(items) => Value::list(items.iter().map(placeholders).collect(), span),
        Data::Choice(_) => each(value, placeholders),
        _ => value.clone(),
    }
}
