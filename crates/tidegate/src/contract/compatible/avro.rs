//! Avro: the specification's schema resolution, with the words that Confluent's registry has for what breaks.

use super::{Break, DEPTH, below, found};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

pub(super) fn breaks(writer: &Value, reader: &Value) -> Vec<Break> {
    if writer == reader {
        return Vec::new();
    }
    let mut named = (HashMap::new(), HashMap::new());
    collect(writer, &mut named.0, 0);
    collect(reader, &mut named.1, 0);
    let mut compare = Compare { writers: named.0, readers: named.1, seen: HashSet::new(), out: Vec::new() };
    compare.types(writer, reader, "", 0);
    compare.out
}

type Named<'a> = HashMap<String, &'a Value>;

/// Named types by the last part of their name, which is what has to agree.
fn collect<'a>(schema: &'a Value, into: &mut Named<'a>, depth: usize) {
    if depth > DEPTH * 2 {
        return;
    }
    if let Some(name) = name(schema).filter(|_| is_named(schema)) {
        into.entry(name.to_string()).or_insert(schema);
    }
    match schema {
        Value::Array(items) => items.iter().for_each(|item| collect(item, into, depth + 1)),
        Value::Object(map) => {
            for key in ["type", "items", "values", "fields"] {
                map.get(key).into_iter().for_each(|inner| collect(inner, into, depth + 1));
            }
        }
        _ => {}
    }
}

fn is_named(schema: &Value) -> bool {
    matches!(word(schema), "record" | "error" | "enum" | "fixed")
}

fn name(schema: &Value) -> Option<&str> {
    last(schema.get("name")?.as_str()?)
}

fn last(name: &str) -> Option<&str> {
    name.rsplit('.').next()
}

/// The word of a type; empty for a union.
fn word(schema: &Value) -> &str {
    match schema {
        Value::String(word) => word,
        Value::Object(map) => map.get("type").and_then(Value::as_str).unwrap_or_default(),
        _ => "",
    }
}

fn resolved<'a>(schema: &'a Value, named: &Named<'a>) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH {
        // A type in a type.
        if let Some(inner) = schema.get("type").filter(|t| !t.is_string()) {
            schema = inner;
            continue;
        }
        match last(word(schema)).and_then(|name| named.get(name)).filter(|_| !is_named(schema)) {
            Some(named) => schema = named,
            None => break,
        }
    }
    schema
}

struct Compare<'a> {
    writers: Named<'a>,
    readers: Named<'a>,
    seen: HashSet<(*const Value, *const Value)>,
    out: Vec<Break>,
}

impl<'a> Compare<'a> {
    fn types(&mut self, writer: &'a Value, reader: &'a Value, at: &str, depth: usize) {
        let (writer, reader) = (resolved(writer, &self.writers), resolved(reader, &self.readers));
        if !self.seen.insert((writer, reader)) {
            return;
        }
        if depth > DEPTH {
            return self.out.push(found(at, "too-deep", "nested too deep to be compared"));
        }
        match (writer.as_array(), reader.as_array()) {
            (Some(writers), Some(_)) => {
                for branch in writers {
                    if !self.fits(branch, reader, depth) {
                        let why = format!("no alternative reads `{}`", shown(branch, &self.writers));
                        self.out.push(found(at, "missing-union-branch", why));
                    }
                }
            }
            (Some(writers), None) => {
                for branch in writers {
                    self.types(branch, reader, at, depth + 1);
                }
            }
            (None, Some(readers)) => {
                if !readers.iter().any(|branch| self.fits(writer, branch, depth)) {
                    let why = format!("no alternative reads `{}`", shown(writer, &self.writers));
                    self.out.push(found(at, "missing-union-branch", why));
                }
            }
            (None, None) => self.single(writer, reader, at, depth),
        }
    }

    /// The same as a question.
    fn fits(&mut self, writer: &'a Value, reader: &'a Value, depth: usize) -> bool {
        let (before, seen) = (self.out.len(), self.seen.clone());
        self.types(writer, reader, "", depth + 1);
        let fits = self.out.len() == before;
        self.out.truncate(before);
        if !fits {
            self.seen = seen;
        }
        fits
    }

    fn single(&mut self, writer: &'a Value, reader: &'a Value, at: &str, depth: usize) {
        if let (Some(old), Some(new)) = (decimal(writer), decimal(reader))
            && old != new
        {
            let why = format!("precision and scale were {} and {}", old.0, old.1);
            self.out.push(found(at, "decimal-mismatch", why));
        }
        match (word(writer), word(reader)) {
            ("record" | "error", "record" | "error") => self.records(writer, reader, at, depth),
            ("enum", "enum") => {
                self.names(writer, reader, at);
                let symbols = |schema: &'a Value| {
                    let all = schema.get("symbols").and_then(Value::as_array).into_iter().flatten();
                    all.filter_map(Value::as_str).collect::<Vec<_>>()
                };
                let known = symbols(reader);
                let lost: Vec<&str> = symbols(writer).into_iter().filter(|s| !known.contains(s)).collect();
                if !lost.is_empty() && reader.get("default").is_none() {
                    let why = format!("the symbols {} are gone, and there is no default", lost.join(", "));
                    self.out.push(found(&below(at, "symbols"), "missing-enum-symbols", why));
                }
            }
            ("fixed", "fixed") => {
                self.names(writer, reader, at);
                if writer.get("size") != reader.get("size") {
                    self.out.push(found(&below(at, "size"), "fixed-size-mismatch", "the sizes differ"));
                }
            }
            ("array", "array") => self.inner(writer, reader, "items", at, depth),
            ("map", "map") => self.inner(writer, reader, "values", at, depth),
            (a @ ("null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string"), b)
                if a == b => {}
            ("int", "long" | "float" | "double")
            | ("long", "float" | "double")
            | ("float", "double")
            | ("string", "bytes")
            | ("bytes", "string") => {}
            (a, b) => self.out.push(found(at, "type-mismatch", format!("`{b}` can't read `{a}`"))),
        }
    }

    fn inner(&mut self, writer: &'a Value, reader: &'a Value, key: &str, at: &str, depth: usize) {
        if let (Some(writer), Some(reader)) = (writer.get(key), reader.get(key)) {
            self.types(writer, reader, &below(at, key), depth + 1);
        }
    }

    fn names(&mut self, writer: &Value, reader: &Value, at: &str) {
        let aliases = reader.get("aliases").and_then(Value::as_array).into_iter().flatten();
        let mut aliases = aliases.filter_map(|alias| last(alias.as_str()?));
        let wanted = name(writer);
        if wanted != name(reader) && !aliases.any(|alias| Some(alias) == wanted) {
            let why = format!("it was `{}`", wanted.unwrap_or_default());
            self.out.push(found(&below(at, "name"), "name-mismatch", why));
        }
    }

    fn records(&mut self, writer: &'a Value, reader: &'a Value, at: &str, depth: usize) {
        self.names(writer, reader, at);
        let fields = |schema: &'a Value| schema.get("fields").and_then(Value::as_array).into_iter().flatten();
        let written: HashMap<&str, &Value> =
            fields(writer).filter_map(|field| Some((field.get("name")?.as_str()?, field))).collect();
        for (index, field) in fields(reader).enumerate() {
            let own = field.get("name").and_then(Value::as_str);
            let aliases = field.get("aliases").and_then(Value::as_array).into_iter().flatten();
            let mut names = own.into_iter().chain(aliases.filter_map(Value::as_str));
            let at = below(&below(at, "fields"), &index.to_string());
            match names.find_map(|name| written.get(name)) {
                Some(from) => {
                    if let (Some(from), Some(to)) = (from.get("type"), field.get("type")) {
                        self.types(from, to, &below(&at, "type"), depth + 1);
                    }
                }
                None if field.get("default").is_none() => {
                    let why = format!("`{}` wasn't written, and has no default", own.unwrap_or_default());
                    self.out.push(found(&at, "reader-field-missing-default-value", why));
                }
                None => {}
            }
        }
    }
}

/// Precision and scale of a decimal. One that isn't valid is a type without meaning of its own, as the specification has it.
fn decimal(schema: &Value) -> Option<(u64, u64)> {
    let is = schema.get("logicalType").is_some_and(|t| t == "decimal");
    if !is || !matches!(word(schema), "bytes" | "fixed") {
        return None;
    }
    let precision = schema.get("precision")?.as_u64().filter(|precision| *precision > 0)?;
    let scale = schema.get("scale").map_or(Some(0), Value::as_u64)?;
    (scale <= precision).then_some((precision, scale))
}

fn shown(schema: &Value, named: &Named<'_>) -> String {
    let schema = resolved(schema, named);
    name(schema).unwrap_or(word(schema)).to_string()
}
