//! Whether what stands at a place has the form of a schema, as the schema of schemas of its draft says it.
//!
//! Each subschema is compared by itself: of the schema of schemas only what speaks of one level is taken, so that all are
//! looked at once, wherever a reference leads.

use super::emit::emit;
use super::keywords::{Sense, sense};
use super::library::{Library, text};
use super::{Draft, Options, meta};
use crate::json::{Item, Kind};
use crate::schema::validate::{Buffers, Ready, Why, validate};
use crate::schema::way::escaped;
use std::sync::OnceLock;
use tidegate_graph::contract::schema::{Check, JsonProgram, Types};

/// A value that has no place in a schema.
pub(super) struct Misfit {
    /// Node of the tape.
    pub(super) index: u32,
    pub(super) message: String,
}

/// The first value of a subschema that has another form than its keyword asks for.
pub(super) fn misfit(draft: Draft, item: Item<'_>) -> Option<Misfit> {
    // Draft 4's says nothing of references, and nothing of what OpenAPI adds.
    let own = [
        ("$ref", Kind::String, "a string", true),
        ("nullable", Kind::Bool, "a boolean", draft == Draft::OpenApi30),
    ];
    for (key, kind, word, _) in own.into_iter().filter(|(_, _, _, asked)| *asked) {
        if let Some(value) = item.field(key).filter(|v| v.kind() != kind) {
            return Some(Misfit { index: value.index(), message: format!("`{key}` is {word}") });
        }
    }
    let (program, ready) = known(draft)?;
    let fault = validate(program, ready, 0, item, SIZE, &mut Buffers::default()).err()?;
    if matches!(fault.why, Why::Work | Why::Depth) {
        return None;
    }
    let key = item.entries().take_while(|(key, _)| key.index() < fault.index).last();
    let key = key.and_then(|(key, _)| text(key)).unwrap_or_default();
    Some(Misfit { index: fault.index, message: told(&key, &fault.why, draft) })
}

/// Work is measured by it: one level takes about as many steps as it has members, so that this is never the bound.
const SIZE: usize = 1 << 24;

fn told(key: &str, why: &Why<'_>, draft: Draft) -> String {
    match (key, why) {
        ("type", _) => {
            let names: Vec<&str> = Types::NAMES.iter().map(|(_, name)| *name).collect();
            format!("there is no such type; it is one of {}, or a list of these", names.join(", "))
        }
        ("exclusiveMinimum" | "exclusiveMaximum", Why::Type(..)) => {
            let other = if key == "exclusiveMinimum" { "minimum" } else { "maximum" };
            let here = name(draft);
            match draft {
                Draft::Draft4 | Draft::OpenApi30 => format!(
                    "in {here} `{key}` is a boolean beside `{other}`; if a later draft is meant, say so in `$schema`"
                ),
                _ => format!(
                    "in {here} `{key}` is a number and stands alone; if draft 4 is meant, say so in `$schema`"
                ),
            }
        }
        ("required", Why::Type(..)) => "`required` is a list of names, beside `properties`".into(),
        ("", why) => why.to_string(),
        (key, why) => format!("`{key}` can't be this: {why}"),
    }
}

fn name(draft: Draft) -> &'static str {
    match draft {
        Draft::Draft4 => "draft 4",
        Draft::OpenApi30 => "OpenAPI 3.0",
        Draft::Draft6 => "draft 6",
        Draft::Draft7 => "draft 7",
        Draft::Draft201909 => "draft 2019-09",
        Draft::Draft202012 => "draft 2020-12",
    }
}

/// One level of the schema of schemas.
fn known(draft: Draft) -> Option<&'static (JsonProgram, Ready)> {
    static ALL: [OnceLock<Option<(JsonProgram, Ready)>>; 5] = [const { OnceLock::new() }; 5];
    let (at, uri) = match draft {
        Draft::Draft4 | Draft::OpenApi30 => (0, meta::DRAFT_4),
        Draft::Draft6 => (1, meta::DRAFT_6),
        Draft::Draft7 => (2, meta::DRAFT_7),
        Draft::Draft201909 => (3, meta::DRAFT_2019_09),
        Draft::Draft202012 => (4, meta::DRAFT_2020_12),
    };
    ALL.get(at)?.get_or_init(|| one_level(uri)).as_ref()
}

fn one_level(uri: &str) -> Option<(JsonProgram, Ready)> {
    let mut library = Library::new(Draft::Draft202012, &|_| None);
    let place = library.find(uri).ok()?;
    let options = Options { draft: Draft::Draft202012, formats: false, request: false };
    let mut program = emit(&mut library, place, options, false)?.0;
    for node in &mut program.nodes {
        // Subschemas are compared when their turn comes.
        node.checks.retain(|check| !matches!(check, Check::Ref(0) | Check::DynamicRef(..)));
    }
    // Draft 4 has no empty list of names, but programs write it, and it says what it says.
    let is_text = |node: u32| {
        let checks = program.nodes.get(node as usize).map(|node| node.checks.as_slice());
        checks == Some(&[Check::Type(Types(Types::STRING))])
    };
    let of_texts = |check: &Check| matches!(check, Check::Items(_, Some(rest)) if is_text(*rest));
    let lists: Vec<usize> = (0..)
        .zip(&program.nodes)
        .filter(|(_, node)| node.checks.iter().any(of_texts))
        .map(|(at, _)| at)
        .collect();
    for at in lists {
        if let Some(node) = program.nodes.get_mut(at) {
            node.checks.retain(|check| *check != Check::Count(1, None));
        }
    }
    let ready = Ready::of(&program);
    Some((program, ready))
}

/// Documents of APIs, by the word that says which version they are of.
const APIS: [(&str, &str); 3] = [("openapi", "OpenAPI"), ("swagger", "Swagger"), ("asyncapi", "AsyncAPI")];

/// Whether this is the document of an API.
pub(super) fn is_api(item: Item<'_>) -> bool {
    APIS.iter().any(|(key, _)| item.field(key).is_some())
}

/// Why the object at the root is something else than a schema: the document of an API, a part of one, or something else.
pub(super) fn stranger(item: Item<'_>, pointer: &str) -> Option<String> {
    let has = |key: &str| item.field(key).is_some();
    let asks = |key: &str| sense(key) == Some(Sense::Asks);
    if item.kind() != Kind::Object || item.entries().filter_map(|(key, _)| text(key)).any(|key| asks(&key)) {
        return None;
    }
    let mut keys = item.entries().filter_map(|(key, _)| text(key));
    keys.find(|key| !key.starts_with("x-") && sense(key).is_none())?;
    for (key, name) in APIS {
        if has(key) {
            let part = inside(item).map_or_else(
                || "no schema stands in it".to_string(),
                |part| format!("the schema that is meant is a part of it, as `#{part}`"),
            );
            return Some(format!("this is a whole {name} document; {part}"));
        }
    }
    for key in ["requestBody", "content", "payload", "schema"] {
        let Some(value) = item.field(key) else { continue };
        let direct = matches!(key, "payload" | "schema").then(String::new);
        if let Some(below) = direct.or_else(|| search(value)) {
            return Some(format!("this is no schema, but has one: `#{pointer}/{key}{below}`"));
        }
    }
    Some("this is no schema: nothing in it is a keyword of JSON Schema".into())
}

/// Where a document of an API has a schema: one that has a name there, or else the first of all.
fn inside(document: Item<'_>) -> Option<String> {
    for path in [&["components", "schemas"][..], &["definitions"]] {
        let map = path.iter().try_fold(document, |at, key| at.field(key));
        if let Some(name) = map.and_then(first) {
            return Some(format!("/{}/{}", path.join("/"), escaped(&name)));
        }
    }
    search(document)
}

/// The pointer to the first schema of a body, a parameter or a message.
fn search(item: Item<'_>) -> Option<String> {
    let is_one = |key: &Item<'_>| key.is_key() && (key.is_text("schema") || key.is_text("payload"));
    let mut values = item.nodes().filter(is_one).map(|key| key.at(key.index() + 1));
    values.find(|value| value.kind() == Kind::Object).map(|value| item.pointer_to(value.index()))
}

/// The first name of an object.
fn first(map: Item<'_>) -> Option<String> {
    map.entries().find_map(|(key, _)| text(key))
}

#[cfg(test)]
mod tests;
