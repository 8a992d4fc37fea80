//! Whether no value fits two schemas of one version.

use super::document::{Document, Part};
use super::finite::{listed, type_of};
use serde_json::{Map, Value};

/// References and properties in each other.
const DEPTH: usize = 8;

/// What is known of both: the value is an object.
pub(super) fn disjoint<'a>(document: &Document<'a>, a: &'a Value, b: &'a Value, object: bool) -> bool {
    apart(document, a, b, object, DEPTH)
}

fn apart<'a>(document: &Document<'a>, a: &'a Value, b: &'a Value, object: bool, depth: usize) -> bool {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    flat(document, Part::all(a), &mut left, depth);
    flat(document, Part::all(b), &mut right, depth);
    let sides = || left.iter().chain(&right);
    if sides().any(|part| *part == Facts::Never) {
        return true;
    }
    let maps = |side: &[Facts<'a>]| side.iter().filter_map(|fact| fact.map()).collect::<Vec<_>>();
    let (left, right) = (maps(&left), maps(&right));
    if left.iter().any(|a| right.iter().any(|b| of_other_types(a, b) || of_other_values(a, b))) {
        return true;
    }
    let both = || left.iter().chain(&right);
    let object = object || both().any(|map| types(map).is_some_and(|types| types == ["object"]));
    if !object || depth == 0 {
        return false;
    }
    let property = |map: &&'a Map<String, Value>| map.get("properties").and_then(Value::as_object);
    both().flat_map(|map| map.get("required").and_then(Value::as_array).into_iter().flatten()).any(|name| {
        let Some(name) = name.as_str() else { return false };
        let of = |side: &[&'a Map<String, Value>]| {
            side.iter().filter_map(property).filter_map(|all| all.get(name)).collect::<Vec<_>>()
        };
        let (left, right) = (of(&left), of(&right));
        left.iter().any(|a| right.iter().any(|b| apart(document, a, b, false, depth - 1)))
    })
}

/// A part of a schema, all of which have to hold.
#[derive(Clone, Copy, PartialEq)]
enum Facts<'a> {
    Never,
    Map(&'a Map<String, Value>),
}

impl<'a> Facts<'a> {
    fn map(self) -> Option<&'a Map<String, Value>> {
        match self {
            Self::Map(map) => Some(map),
            Self::Never => None,
        }
    }
}

fn flat<'a>(document: &Document<'a>, part: Part<'a>, out: &mut Vec<Facts<'a>>, depth: usize) {
    let parts = document.parts(part, "");
    let leaf = |found: &Part<'a>| *found == part;
    for (found, _) in parts {
        // What isn't followed is left out, and shows nothing.
        let Some(found) = found else { continue };
        match found.value {
            Value::Bool(false) => out.push(Facts::Never),
            Value::Object(map) if leaf(&found) || found.own => out.push(Facts::Map(map)),
            _ if depth > 0 => flat(document, found, out, depth - 1),
            _ => {}
        }
    }
}

/// The types that a schema names; constants have types of their own.
fn types(schema: &Map<String, Value>) -> Option<Vec<&str>> {
    let mut types = match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => listed(schema)?.into_iter().map(type_of).collect(),
    };
    if schema.get("nullable") == Some(&Value::Bool(true)) {
        types.push("null");
    }
    Some(types)
}

fn of_other_types(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    let word = |word: &str| if word == "integer" { "number".to_string() } else { word.to_string() };
    let words = |types: Vec<&str>| types.into_iter().map(word).collect::<Vec<_>>();
    let (Some(a), Some(b)) = (types(a).map(words), types(b).map(words)) else { return false };
    !a.iter().any(|one| b.contains(one))
}

fn of_other_values(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    let (Some(a), Some(b)) = (listed(a), listed(b)) else { return false };
    !a.iter().any(|one| b.iter().any(|other| may_equal(one, other)))
}

/// Lists and objects aren't looked into, and numbers that are close may be the same.
fn may_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => true,
        _ => a == b,
    }
}
