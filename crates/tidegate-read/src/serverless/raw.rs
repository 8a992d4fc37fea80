//! Pieces of CloudFormation templates as the framework writes them.

use tidegate_graph::{Data, Map, Span, Str, Value};

/// `{Ref: id}`.
pub(super) fn refer(id: &str, span: Span) -> Value {
    Value::object([("Ref", Value::text(id, span))], span)
}

/// `{Fn::GetAtt: [id, attribute]}`.
pub(super) fn attribute(id: &str, attribute: &str, span: Span) -> Value {
    let parts = vec![Value::text(id, span), Value::text(attribute, span)];
    Value::object([("Fn::GetAtt", Value::list(parts, span))], span)
}

/// `{Fn::Sub: text}`.
pub(super) fn sub(text: impl Into<Str>, span: Span) -> Value {
    Value::object([("Fn::Sub", Value::text(text, span))], span)
}

/// `{Fn::Sub: [text, {name: value}]}`.
pub(super) fn sub_with(text: &str, name: &str, value: Value, span: Span) -> Value {
    let arguments = vec![Value::text(text, span), Value::object([(name, value)], span)];
    Value::object([("Fn::Sub", Value::list(arguments, span))], span)
}

/// A statement that allows actions on a resource.
pub(super) fn allow(actions: &[&'static str], resource: Value, span: Span) -> Value {
    let actions = actions.iter().map(|a| Value::text(*a, span)).collect();
    Value::object(
        [
            ("Effect", Value::text("Allow", span)),
            ("Action", Value::list(actions, span)),
            ("Resource", resource),
        ],
        span,
    )
}

/// A policy document.
pub(super) fn policy(statements: Vec<Value>, span: Span) -> Value {
    let statements = Value::list(statements, span);
    Value::object([("Version", Value::text("2012-10-17", span)), ("Statement", statements)], span)
}

/// The trust policy of a role for a service.
pub(super) fn trust(service: &str, span: Span) -> Value {
    let service = Value::list(vec![Value::text(service, span)], span);
    let statement = Value::object(
        [
            ("Effect", Value::text("Allow", span)),
            ("Principal", Value::object([("Service", service)], span)),
            ("Action", Value::list(vec![Value::text("sts:AssumeRole", span)], span)),
        ],
        span,
    );
    policy(vec![statement], span)
}

/// True for a long-form intrinsic, and for everything that was evaluated already and isn't plain.
pub(super) fn is_intrinsic(value: &Value) -> bool {
    match &value.data {
        Data::Template(_) | Data::Unknown(_) => true,
        Data::Map(map) => map.only().is_some_and(|(key, _)| key == "Ref" || key.starts_with("Fn::")),
        _ => false,
    }
}

/// A path of keys.
pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key)).filter(|v| !matches!(v.data, Data::Null))
}

/// Merges `over` into `base`: maps deep, lists one behind the other, everything else by the last.
pub(super) fn merge(base: &mut Value, over: Value) {
    match (&mut base.data, over.data) {
        (Data::Map(base), Data::Map(over)) => merge_maps(base, over),
        (Data::List(base), Data::List(over)) => base.extend(over),
        (base, data) => *base = data,
    }
}

/// As [`merge`], for maps.
pub(super) fn merge_maps(base: &mut Map, over: Map) {
    for (key, field) in over.into_fields() {
        match base.get_mut(&key) {
            Some(value) => merge(value, field.value),
            None => {
                base.insert_field(key, field);
            }
        }
    }
}

/// A section that may be written as a list of maps, as one map.
pub(super) fn merged(section: Option<&Value>) -> Map {
    let mut out = Map::new();
    for map in section.map(Value::items).unwrap_or_default().iter().filter_map(Value::as_map) {
        merge_maps(&mut out, map.clone());
    }
    out
}
