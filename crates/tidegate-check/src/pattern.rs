//! Event patterns of EventBridge: what they let through, as far as rules need it.

use crate::Context;
use tidegate_graph::policy::matches;
use tidegate_graph::{Data, Resource, Value};

/// The pattern of a rule. `None` for a schedule, and, reported, for a pattern that isn't known.
pub(crate) fn of<'r>(cx: &Context<'_>, rule: &'r Resource) -> Option<&'r Value> {
    let pattern = cx.get(rule, &["EventPattern"])?;
    if pattern.as_map().is_none() {
        cx.unknown(rule, pattern, "the event pattern");
        return None;
    }
    Some(pattern)
}

/// True if a field of the pattern is there and leaves something out.
pub(crate) fn narrows(cx: &Context<'_>, pattern: &Value, field: &str) -> bool {
    let Some(value) = cx.child(pattern, field) else { return false };
    if value.as_map().is_some() {
        // A map is `detail`, whose own fields decide; each level of a pattern is one of the file's.
        return value.as_map().is_some_and(|map| map.keys().any(|key| narrows(cx, value, key)));
    }
    !cx.world.items(value).into_iter().any(|item| lets_all_through(cx, item))
}

/// Whether a field of the pattern lets a text through: `None` where that can't be said, true where the field is absent.
pub(crate) fn lets_through(cx: &Context<'_>, pattern: &Value, field: &str, text: &str) -> Option<bool> {
    let Some(value) = cx.child(pattern, field) else { return Some(true) };
    let mut unknown = value.as_map().is_some();
    for item in cx.world.items(value) {
        match item_lets_through(cx, item, text) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(false) }
}

/// `{"prefix": ""}`, `{"wildcard": "*"}`, `{"exists": true}`.
fn lets_all_through(cx: &Context<'_>, item: &Value) -> bool {
    let text = |key: &str| cx.child(item, key).and_then(Value::as_str);
    text("prefix") == Some("")
        || text("suffix") == Some("")
        || text("wildcard") == Some("*")
        || cx.child(item, "exists").and_then(Value::as_bool) == Some(true)
}

fn item_lets_through(cx: &Context<'_>, item: &Value, text: &str) -> Option<bool> {
    if !matches!(item.data, Data::Map(_)) {
        return item.as_str().map(|exact| exact == text);
    }
    let (key, filter) = item.as_map()?.only()?;
    let filter = cx.world.resolve(filter)?;
    match key.as_str() {
        "prefix" => Some(text.starts_with(filter.as_str()?)),
        "suffix" => Some(text.ends_with(filter.as_str()?)),
        "wildcard" => Some(matches(filter.as_str()?, text)),
        "equals-ignore-case" => Some(text.eq_ignore_ascii_case(filter.as_str()?)),
        "exists" => filter.as_bool(),
        "anything-but" => {
            let items = cx.world.items(filter);
            let known: Vec<&str> = items.iter().filter_map(|v| v.as_str()).collect();
            (known.len() == items.len()).then(|| !known.contains(&text))
        }
        _ => None,
    }
}
