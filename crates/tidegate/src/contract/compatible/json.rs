//! JSON Schema: whether the reader's accepts all that the writer's accepts, keyword by keyword. What can't be shown counts
//! as a break.

mod disjoint;
mod document;
mod finite;

use super::{Break, below, found};
use disjoint::disjoint;
use document::{Document, Part, same};
use finite::{Trial, keyword, listed, shown, type_of};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::LazyLock;
use tidegate_decide::schema::compile::{Sense, sense};

pub(super) fn breaks(writer: &Value, reader: &Value) -> Vec<Break> {
    let sides = (Document::of(writer), Document::of(reader));
    if same((&sides.0, writer), (&sides.1, reader)) {
        return Vec::new();
    }
    let (seen, order) = (HashSet::new(), Vec::new());
    let trials = (Trial::of(writer, false), Trial::of(reader, true));
    let mut compare = Compare { sides, trials, seen, order, left: STEPS, out: Vec::new() };
    compare.whole(writer, reader, "", 0);
    compare.out
}

/// Pairs of schemas that are compared.
const STEPS: u32 = 100_000;
/// Schemas in each other; a reference is a step of its own.
const DEPTH: usize = 256;

/// Bounds: the keyword, and whether the reader's may be greater.
const BOUNDS: [(&str, bool); 10] = [
    ("minimum", false),
    ("exclusiveMinimum", false),
    ("minLength", false),
    ("minItems", false),
    ("minProperties", false),
    ("maximum", true),
    ("exclusiveMaximum", true),
    ("maxLength", true),
    ("maxItems", true),
    ("maxProperties", true),
];
/// What has to be the same, if the reader has it.
const SAME: [&str; 20] = [
    "pattern",
    "format",
    "multipleOf",
    "uniqueItems",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "prefixItems",
    "propertyNames",
    "patternProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
    "minContains",
    "maxContains",
];

static ANYTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

struct Compare<'a> {
    sides: (Document<'a>, Document<'a>),
    trials: (Trial, Trial),
    /// Pairs that are compared, or were: such a pair holds until something breaks, wherever it comes up again.
    seen: HashSet<(Part<'a>, Part<'a>)>,
    /// The same in order.
    order: Vec<(Part<'a>, Part<'a>)>,
    left: u32,
    out: Vec<Break>,
}

impl<'a> Compare<'a> {
    fn schemas(&mut self, writer: Part<'a>, reader: Part<'a>, at: &str, depth: usize) {
        if !self.seen.insert((writer, reader)) || writer.value == &Value::Bool(false) {
            return;
        }
        self.order.push((writer, reader));
        self.left = self.left.saturating_sub(1);
        if depth > DEPTH || self.left == 0 {
            return self.out.push(found(at, "too-deep", "nested too deep to be compared"));
        }
        if reader.value == &Value::Bool(false) {
            return self.out.push(found(at, "false", "nothing is accepted any more"));
        }
        if self.all_listed_hold(writer, reader, at) {
            return;
        }
        // All parts of the reader's have to accept it.
        let parts = self.sides.1.parts(reader, at);
        if parts.len() > 1 || parts.first().is_some_and(|(part, _)| *part != Some(reader)) {
            for (part, at) in parts {
                match part {
                    Some(part) => self.schemas(writer, part, &at, depth + 1),
                    None => {
                        self.out.push(found(&at, "$ref", "leads to another document, which isn't compared"));
                    }
                }
            }
            return;
        }
        // One part of the writer's does: what it accepted is less than each of them.
        let parts = self.sides.0.parts(writer, "");
        let parts: Vec<Part<'a>> = parts.into_iter().filter_map(|(part, _)| part).collect();
        match parts.as_slice() {
            [] => self.keywords(&ANYTHING, reader, writer, at, depth),
            [only] if *only == writer => {
                // `true` accepts all.
                let own = writer.value.as_object().unwrap_or(&ANYTHING);
                self.keywords(own, reader, writer, at, depth);
            }
            [first, ..] => {
                if !parts.iter().any(|part| self.fits(*part, reader, depth)) {
                    let asks = |part: &&Part<'a>| !part.own || asks(part.value);
                    let told = parts.iter().find(asks).unwrap_or(first);
                    self.schemas(*told, reader, at, depth + 1);
                }
            }
        }
    }

    /// Tries the values that the writer lists on the reader; false when there is no list, or they can't be tried.
    fn all_listed_hold(&mut self, writer: Part<'a>, reader: Part<'a>, at: &str) -> bool {
        let Some(map) = writer.value.as_object().filter(|_| !self.sides.0.is_hidden(writer.value)) else {
            return false;
        };
        let Some(values) = listed(map) else { return false };
        self.left = self.left.saturating_sub(u32::try_from(values.len()).unwrap_or(u32::MAX));
        if self.left == 0 || !reader.value.is_object() {
            return false;
        }
        let (mut lost, mut key) = (Vec::new(), None);
        for value in values {
            if matches!(self.trials.0.judge(&self.sides.0, writer.value, value), Some(Err(_))) {
                continue;
            }
            match self.trials.1.judge(&self.sides.1, reader.value, value) {
                Some(Ok(())) => {}
                Some(Err(mismatch)) => {
                    lost.push(value);
                    key = key.or(keyword(&mismatch));
                }
                None => return false,
            }
        }
        if !lost.is_empty() {
            let why = format!("{} was accepted", shown(&lost));
            // A part that is referred to has its keywords elsewhere.
            let own = key.filter(|key| reader.value.get(key).is_some());
            let at = own.map_or(at.to_string(), |key| below(at, key));
            self.out.push(found(&at, key.unwrap_or("value"), why));
        }
        true
    }

    fn whole(&mut self, writer: &'a Value, reader: &'a Value, at: &str, depth: usize) {
        self.schemas(Part::all(writer), Part::all(reader), at, depth);
    }

    fn keywords(
        &mut self,
        writer: &'a Map<String, Value>,
        reader: Part<'a>,
        of: Part<'a>,
        at: &str,
        depth: usize,
    ) {
        let Some(new) = reader.value.as_object() else { return };
        self.types(writer, new, at);
        self.values(writer, new, at);
        self.bounds(writer, new, at);
        for key in SAME {
            let trivial = |v: &Value| v == &Value::Bool(false) && key == "uniqueItems";
            let Some(value) = new.get(key).filter(|new| !trivial(new)) else { continue };
            // What is left over hangs on everything beside it.
            let (old, value) = if key.starts_with("unevaluated") {
                (Some(of.value), reader.value)
            } else {
                (writer.get(key), value)
            };
            if !old.is_some_and(|old| same((&self.sides.0, old), (&self.sides.1, value))) {
                let why = "it differs, and isn't known to accept all that it accepted";
                self.out.push(found(&below(at, key), key, why));
            }
        }
        for key in ["anyOf", "oneOf"] {
            let Some(value) = new.get(key) else { continue };
            let old = writer.get(key).and_then(Value::as_array);
            let covered = old.zip(value.as_array()).is_some_and(|(old, new)| {
                old.iter()
                    .all(|branch| new.iter().any(|to| self.fits(Part::all(branch), Part::all(to), depth)))
            });
            if !covered {
                let why = "an alternative that was accepted fits none of these";
                self.out.push(found(&below(at, key), key, why));
            } else if key == "oneOf" && !self.only_one(writer, new) {
                let why = "alternatives differ, and what fitted one of them may fit two";
                self.out.push(found(&below(at, key), key, why));
            }
        }
        self.members(writer, new, at, depth);
        self.elements(writer, new, at, depth);
    }

    /// Whether no value that fitted one alternative fits two now: of any two, both are as they were, or no value fits both.
    fn only_one(&self, writer: &'a Map<String, Value>, reader: &'a Map<String, Value>) -> bool {
        let all = |schema: &'a Map<String, Value>| schema.get("oneOf").and_then(Value::as_array);
        let (Some(old), Some(new)) = (all(writer), all(reader)) else { return false };
        // Each stays for one of its own: two that are the same now were two before.
        let mut free: Vec<&Value> = old.iter().collect();
        let stays: Vec<bool> = new
            .iter()
            .map(|to| {
                let from = free.iter().position(|from| same((&self.sides.0, from), (&self.sides.1, to)));
                from.map(|index| free.swap_remove(index)).is_some()
            })
            .collect();
        let object =
            reader.get("type").is_some_and(|types| types == "object") && reader.get("nullable").is_none();
        new.iter().zip(&stays).enumerate().all(|(index, (a, stays_too))| {
            let rest = new.iter().zip(&stays).skip(index + 1);
            rest.into_iter().all(|(b, stays)| *stays && *stays_too || disjoint(&self.sides.1, a, b, object))
        })
    }

    fn bounds(&mut self, writer: &Map<String, Value>, reader: &Map<String, Value>, at: &str) {
        for (key, greater) in BOUNDS {
            let Some(new) = reader.get(key) else { continue };
            let old = writer.get(key);
            let holds = match (old.and_then(Value::as_f64), new.as_f64()) {
                (Some(old), Some(new)) if greater => new >= old,
                (Some(old), Some(new)) => new <= old,
                (None, Some(new)) => !greater && new <= 0.0 && key.starts_with("min") && key != "minimum",
                _ => old == Some(new),
            };
            if !holds {
                let before = old.map_or("there was none".to_string(), |old| format!("it was {old}"));
                self.out.push(found(&below(at, key), key, format!("the bound is narrower: {before}")));
            }
        }
    }

    fn elements(
        &mut self,
        writer: &'a Map<String, Value>,
        reader: &'a Map<String, Value>,
        at: &str,
        depth: usize,
    ) {
        let Some(new) = reader.get("items") else { return };
        let old = writer.get("items").unwrap_or(&Value::Bool(true));
        let at = below(at, "items");
        if new.is_array() || old.is_array() {
            if !same((&self.sides.0, old), (&self.sides.1, new)) {
                self.out.push(found(&at, "items", "tuples differ"));
            }
            return;
        }
        self.whole(old, new, &at, depth + 1);
        // Those of a tuple are among all.
        let first = writer.get("prefixItems").filter(|_| !reader.contains_key("prefixItems"));
        for element in first.and_then(Value::as_array).into_iter().flatten() {
            self.whole(element, new, &at, depth + 1);
        }
    }

    fn fits(&mut self, writer: Part<'a>, reader: Part<'a>, depth: usize) -> bool {
        let (before, seen) = (self.out.len(), self.order.len());
        self.schemas(writer, reader, "", depth + 1);
        let fits = self.out.len() == before;
        self.out.truncate(before);
        if !fits {
            // What was taken to hold on the way may have been taken for that.
            for pair in self.order.drain(seen..) {
                self.seen.remove(&pair);
            }
        }
        fits
    }

    fn types(&mut self, writer: &Map<String, Value>, reader: &Map<String, Value>, at: &str) {
        let types = |schema: &Map<String, Value>| match schema.get("type") {
            Some(Value::String(one)) => Some(vec![one.clone()]),
            Some(Value::Array(all)) => Some(all.iter().filter_map(Value::as_str).map(String::from).collect()),
            _ => None,
        };
        let Some(new) = types(reader) else { return };
        let lost = match types(writer) {
            Some(old) => {
                let has = |t: &String| new.contains(t) || t == "integer" && new.iter().any(|n| n == "number");
                old.into_iter().filter(|t| !has(t)).collect::<Vec<_>>()
            }
            // Constants have types of their own.
            None => match listed(writer) {
                Some(values) => {
                    let has = |t: &str| new.iter().any(|n| n == t || t == "integer" && n == "number");
                    values.into_iter().map(type_of).filter(|t| !has(t)).map(String::from).collect()
                }
                None => vec!["anything else".to_string()],
            },
        };
        if !lost.is_empty() {
            let why = format!("{} was accepted", lost.join(" or "));
            self.out.push(found(&below(at, "type"), "type", why));
        }
    }

    fn values(&mut self, writer: &Map<String, Value>, reader: &Map<String, Value>, at: &str) {
        let Some(new) = listed(reader) else { return };
        let key = if reader.contains_key("const") { "const" } else { "enum" };
        let lost = match listed(writer) {
            Some(old) => {
                let lost: Vec<&Value> = old.into_iter().filter(|v| !new.contains(v)).collect();
                if lost.is_empty() {
                    return;
                }
                shown(&lost)
            }
            None => "anything else".to_string(),
        };
        self.out.push(found(&below(at, key), key, format!("{lost} was accepted")));
    }

    fn members(
        &mut self,
        writer: &'a Map<String, Value>,
        reader: &'a Map<String, Value>,
        at: &str,
        depth: usize,
    ) {
        let names = |schema: &'a Map<String, Value>| {
            let all = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).collect::<HashSet<_>>()
        };
        let had = names(writer);
        let mut more: Vec<&str> = names(reader).into_iter().filter(|name| !had.contains(name)).collect();
        more.sort_unstable();
        if !more.is_empty() {
            let why = format!("{} could be left out", more.join(", "));
            self.out.push(found(&below(at, "required"), "required", why));
        }
        let properties = |schema: &'a Map<String, Value>| schema.get("properties").and_then(Value::as_object);
        let (old, new) = (properties(writer), properties(reader));
        let patterns = writer.contains_key("patternProperties");
        let (open, now) = (writer.get("additionalProperties"), reader.get("additionalProperties"));
        for (name, schema) in new.into_iter().flatten() {
            let at = below(&below(at, "properties"), name);
            match (old.and_then(|old| old.get(name)), open) {
                (Some(before), _) => self.whole(before, schema, &at, depth + 1),
                (None, Some(Value::Bool(false))) if !patterns => {}
                (None, Some(before @ Value::Object(_))) if !patterns => {
                    self.whole(before, schema, &at, depth + 1);
                }
                (None, _) if is_anything(schema) => {}
                (None, _) => {
                    let why = format!("`{name}` could be anything before");
                    self.out.push(found(&at, "property-added-to-open", why));
                }
            }
        }
        for (name, before) in old.into_iter().flatten() {
            if new.is_some_and(|new| new.contains_key(name)) {
                continue;
            }
            let at = below(&below(at, "properties"), name);
            match now {
                Some(Value::Bool(false)) => {
                    let why = format!("`{name}` is not accepted any more");
                    self.out.push(found(&at, "property-removed-from-closed", why));
                }
                Some(schema @ Value::Object(_)) => self.whole(before, schema, &at, depth + 1),
                _ => {}
            }
        }
        let at = below(at, "additionalProperties");
        let closed = now.is_some_and(|now| !is_anything(now));
        if patterns && closed && !reader.contains_key("patternProperties") {
            self.out.push(found(&at, "additionalProperties", "what a pattern names was accepted"));
        }
        match (open, now) {
            (Some(Value::Bool(false)), _) | (_, None | Some(Value::Bool(true))) => {}
            (Some(before @ Value::Object(_)), Some(schema)) => self.whole(before, schema, &at, depth + 1),
            (_, Some(schema)) if is_anything(schema) => {}
            (_, Some(_)) => {
                self.out.push(found(&at, "additionalProperties", "any other property was accepted"));
            }
        }
    }
}

/// Whether a schema asks for something itself, apart from what it refers to.
fn asks(schema: &Value) -> bool {
    const OTHERS: [&str; 4] = ["$ref", "$dynamicRef", "$recursiveRef", "allOf"];
    let own = |key: &String| sense(key) == Some(Sense::Asks) && !OTHERS.contains(&key.as_str());
    schema.as_object().is_some_and(|map| map.keys().any(own))
}

fn is_anything(schema: &Value) -> bool {
    schema == &Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}
