//! Values that the transform writes, and questions it asks of values.

use sha2::{Digest, Sha256};
use tidegate_graph::{Data, Map, Span, Str, Value};

/// What can stand for a value in [`value!`].
pub(super) trait Literal {
    /// The value, at a span if it has none of its own.
    fn value(self, span: Span) -> Value;
}

impl Literal for &str {
    fn value(self, span: Span) -> Value {
        Value::text(self, span)
    }
}

impl Literal for &Str {
    fn value(self, span: Span) -> Value {
        Value::text(self.clone(), span)
    }
}

impl Literal for String {
    fn value(self, span: Span) -> Value {
        Value::text(self, span)
    }
}

impl Literal for bool {
    fn value(self, span: Span) -> Value {
        Value::bool(self, span)
    }
}

impl Literal for i32 {
    fn value(self, span: Span) -> Value {
        Value::number(self, span)
    }
}

impl Literal for Value {
    fn value(self, _: Span) -> Value {
        self
    }
}

impl Literal for &Value {
    fn value(self, _: Span) -> Value {
        self.clone()
    }
}

impl Literal for Vec<Value> {
    fn value(self, span: Span) -> Value {
        Value::list(self, span)
    }
}

/// A value written like JSON; an expression stands in parentheses.
macro_rules! value {
    ($span:expr, {}) => { tidegate_graph::Value::map(tidegate_graph::Map::new(), $span) };
    ($span:expr, { $($key:literal : $val:tt),+ $(,)? }) => {{
        let span: tidegate_graph::Span = $span;
        tidegate_graph::Value::object([$(($key, value!(span, $val))),+], span)
    }};
    ($span:expr, [ $($val:tt),* $(,)? ]) => {{
        let span: tidegate_graph::Span = $span;
        tidegate_graph::Value::list(vec![$(value!(span, $val)),*], span)
    }};
    ($span:expr, ($expr:expr)) => { $crate::cloudformation::sam::make::Literal::value($expr, $span) };
    ($span:expr, $lit:literal) => { $crate::cloudformation::sam::make::Literal::value($lit, $span) };
}
pub(super) use value;

/// `{"Ref": id}`
pub(super) fn reference(id: &str, span: Span) -> Value {
    value!(span, { "Ref": (id) })
}

/// `{"Fn::GetAtt": [id, attribute]}`
pub(super) fn attribute(id: &str, attribute: &str, span: Span) -> Value {
    value!(span, { "Fn::GetAtt": [(id), (attribute)] })
}

/// `{"Fn::Sub": text}`
pub(super) fn sub(text: impl Into<Str>, span: Span) -> Value {
    value!(span, { "Fn::Sub": (Value::text(text, span)) })
}

/// `{"Fn::Sub": [text, {name: value}]}`
pub(super) fn sub_with(text: impl Into<Str>, variables: &[(&str, Value)], span: Span) -> Value {
    let variables = Value::object(variables.iter().cloned(), span);
    value!(span, { "Fn::Sub": [(Value::text(text, span)), (variables)] })
}

/// `{"Fn::If": [condition, then, no value]}`
pub(super) fn conditional(condition: &str, then: Value) -> Value {
    let span = then.span;
    value!(span, { "Fn::If": [(condition), (then), { "Ref": "AWS::NoValue" }] })
}

/// Tags as a list of keys and values.
pub(super) fn tag_list(tags: Option<&Value>) -> Vec<Value> {
    let Some(map) = tags.and_then(Value::as_map) else { return Vec::new() };
    map.iter()
        .map(|(key, tag)| {
            let span = tag.span;
            let text = if is_null(tag) { Value::text("", span) } else { tag.clone() };
            value!(span, { "Key": (key), "Value": (text) })
        })
        .collect()
}

/// A role's trust in a service.
pub(super) fn trust(service: &str, span: Span) -> Value {
    value!(span, {
        "Version": "2012-10-17",
        "Statement": [{
            "Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": { "Service": [(service)] }
        }]
    })
}

/// An inline policy of one statement.
pub(super) fn allow(name: impl Into<Str>, action: &str, resource: Value) -> Value {
    let span = resource.span;
    value!(span, {
        "PolicyName": (Value::text(name, span)),
        "PolicyDocument": { "Statement": [{ "Action": (action), "Effect": "Allow", "Resource": (resource) }] }
    })
}

/// An inline policy that lets objects be put into a bucket.
pub(super) fn allow_put_object(name: impl Into<Str>, bucket: Value) -> Value {
    let span = bucket.span;
    value!(span, {
        "PolicyName": (Value::text(name, span)),
        "PolicyDocument": { "Statement": [
            { "Action": "s3:PutObject", "Effect": "Allow", "Resource": { "Fn::Join": ["/", [(&bucket), "*"]] } },
            { "Action": "s3:ListBucket", "Effect": "Allow", "Resource": (&bucket) }
        ] }
    })
}

/// The ten hex digits that end a generated id.
pub(super) fn digest(values: &[&Value]) -> String {
    let mut text = String::new();
    values.iter().for_each(|value| canonical(value, &mut text));
    Sha256::digest(text.as_bytes()).iter().take(5).map(|b| format!("{b:02x}")).collect()
}

/// `prefix` with a digest of `value`; without one when there is nothing to digest.
pub(super) fn digested(prefix: &str, value: &Value) -> String {
    if truthy(Some(value)) { format!("{prefix}{}", digest(&[value])) } else { prefix.to_owned() }
}

fn canonical(value: &Value, out: &mut String) {
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Data::Number(text) => out.push_str(text),
        Data::Text(text) => {
            out.push('"');
            out.push_str(text);
            out.push('"');
        }
        Data::List(items) => {
            out.push('[');
            items.iter().for_each(|item| {
                canonical(item, out);
                out.push(',');
            });
            out.push(']');
        }
        Data::Map(map) => {
            out.push('{');
            map.iter().for_each(|(key, item)| {
                out.push_str(key);
                out.push(':');
                canonical(item, out);
                out.push(',');
            });
            out.push('}');
        }
        _ => out.push_str(&value.display()),
    }
}

/// The same value with one span throughout.
pub(super) fn respan(mut value: Value, span: Span) -> Value {
    value.span = span;
    value.data = match value.data {
        Data::List(items) => Data::List(items.into_iter().map(|item| respan(item, span)).collect()),
        Data::Map(map) => {
            let fields = map.into_fields().map(|(key, mut field)| {
                field.key = span;
                field.value = respan(field.value, span);
                (key, field)
            });
            Data::Map(fields.collect())
        }
        other => other,
    };
    value
}

/// Equal in content, wherever written.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (&a.data, &b.data) {
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// True for an explicit null.
pub(super) fn is_null(value: &Value) -> bool {
    matches!(value.data, Data::Null)
}

/// True for what is there and not empty, zero, false or null.
pub(super) fn truthy(value: Option<&Value>) -> bool {
    value.is_some_and(|value| match &value.data {
        Data::Null => false,
        Data::Bool(flag) => *flag,
        Data::Number(text) => text.parse::<f64>().is_ok_and(|n| n != 0.0),
        Data::Text(text) => !text.is_empty(),
        Data::List(items) => !items.is_empty(),
        Data::Map(map) => !map.is_empty(),
        _ => true,
    })
}

/// A value that is there and not null.
pub(super) fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|v| !is_null(v))
}

/// True for a boolean `true`, not for a string.
pub(super) fn is_true(value: Option<&Value>) -> bool {
    value.is_some_and(|v| matches!(v.data, Data::Bool(true)))
}

/// The literal map: not what a string encodes.
pub(super) fn map_of(value: &Value) -> Option<&Map> {
    match &value.data {
        Data::Map(map) => Some(map),
        _ => None,
    }
}

/// True for `{"Ref": ..}`, `{"Condition": ..}` and `{"Fn::..": ..}`.
pub(super) fn is_intrinsic(value: &Value) -> bool {
    map_of(value)
        .and_then(Map::only)
        .is_some_and(|(key, _)| key == "Ref" || key == "Condition" || key.starts_with("Fn::"))
}

/// The argument of an intrinsic function.
pub(super) fn argument<'v>(value: &'v Value, function: &str) -> Option<&'v Value> {
    map_of(value).and_then(Map::only).filter(|(key, _)| *key == function).map(|(_, argument)| argument)
}

/// True for `{"Ref": "AWS::NoValue"}`.
pub(super) fn is_no_value(value: &Value) -> bool {
    argument(value, "Ref").and_then(Value::as_str) == Some("AWS::NoValue")
}

/// Condition and branches of `Fn::If`.
pub(super) fn if_parts(value: &Value) -> Option<(&Value, &Value, &Value)> {
    match argument(value, "Fn::If")?.as_list()? {
        [condition, then, otherwise] => Some((condition, then, otherwise)),
        _ => None,
    }
}

/// The logical id in a `Ref` or `Fn::GetAtt`.
pub(super) fn logical_id(value: &Value) -> Option<Str> {
    if let Some(id) = argument(value, "Ref") {
        return id.as_str().map(Str::from);
    }
    let target = argument(value, "Fn::GetAtt")?;
    match (target.as_str(), target.as_list()) {
        (Some(text), _) => {
            text.split_once('.').filter(|(_, rest)| !rest.contains('.')).map(|(id, _)| id.into())
        }
        (_, Some([id, _])) => id.as_str().map(Str::from),
        _ => None,
    }
}

/// Sets a key when there is a value for it.
pub(super) fn set_opt(map: &mut Map, key: &str, value: Option<&Value>) {
    if let Some(value) = present(value) {
        map.insert(key, value.clone());
    }
}

/// True for text of letters and digits alone.
pub(super) fn is_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_macro_writes_values() {
        let span = Span::default();
        let made = value!(span, { "A": ["x", true, 3, (reference("Q", span))], "B": {} });
        assert_eq!(made.get("A").unwrap().as_list().unwrap().len(), 4);
        assert_eq!(logical_id(&made.get("A").unwrap().as_list().unwrap()[3]).unwrap(), "Q");
        assert!(made.get("B").unwrap().as_map().unwrap().is_empty());
    }

    #[test]
    fn digests_look_at_content_alone() {
        let a = value!(Span::default(), { "A": "x" });
        let b = value!(Span { start: 5, ..Span::default() }, { "A": "x" });
        assert_eq!(digest(&[&a]), digest(&[&b]));
        assert_eq!(digest(&[&a]).len(), 10);
        assert_eq!(digested("P", &Value::text("", Span::default())), "P");
    }
}
