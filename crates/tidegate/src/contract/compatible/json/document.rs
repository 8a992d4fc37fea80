//! One version of a JSON Schema: where its references lead, and what of it has to hold together.

use super::below;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ptr;
use tidegate_decide::schema::compile::{Sense, decode, resolve, sense};

/// A schema: all of it, or what it asks for itself, without references and `allOf`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) value: &'a Value,
    pub(super) own: bool,
}

impl<'a> Part<'a> {
    pub(super) fn all(value: &'a Value) -> Self {
        Self { value, own: false }
    }
}

/// It is the place that counts.
impl PartialEq for Part<'_> {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.value, other.value) && self.own == other.own
    }
}

impl Eq for Part<'_> {}

impl Hash for Part<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (ptr::from_ref(self.value), self.own).hash(state);
    }
}

/// Whether a keyword asks for nothing, as OpenAPI's place for definitions.
fn is_quiet(key: &str) -> bool {
    key == "components" || matches!(sense(key), Some(Sense::Names | Sense::Tells))
}

/// Keywords whose values are no schemas, whatever they look like.
const DATA: [&str; 5] = ["enum", "const", "default", "example", "examples"];

/// A document with its names.
pub(super) struct Document<'a> {
    /// `$ref` hides what stands beside it.
    alone: bool,
    old: bool,
    /// Resources by their URI, with the pointer to each.
    named: HashMap<String, (&'a Value, String)>,
    anchors: HashMap<String, (&'a Value, String)>,
    /// How many resources have a dynamic anchor of this name.
    dynamic: HashMap<String, usize>,
    /// Resources: the URI, the value and the pointer to it. The first is the document.
    resources: Vec<(String, &'a Value, String)>,
    /// The resource that an object stands in.
    owner: HashMap<*const Value, usize>,
    /// The pointer to an object.
    places: HashMap<*const Value, String>,
}

impl<'a> Document<'a> {
    pub(super) fn of(root: &'a Value) -> Self {
        let schema = root.get("$schema").and_then(Value::as_str).unwrap_or_default();
        let old = schema.contains("/draft-04/");
        let alone = old || schema.contains("/draft-06/") || schema.contains("/draft-07/");
        let (named, anchors, dynamic, owner, places) = Default::default();
        let resources = vec![(String::new(), root, String::new())];
        let mut document = Self { alone, old, named, anchors, dynamic, resources, owner, places };
        document.walk(root, 0, "");
        document
    }

    /// Writes down names; values nest no deeper than their reader lets them.
    fn walk(&mut self, value: &'a Value, resource: usize, at: &str) {
        let mut resource = resource;
        let said = |key: &str| value.get(key).and_then(Value::as_str);
        let base = self.resources.get(resource).map(|(uri, ..)| uri.clone()).unwrap_or_default();
        let id = said(if self.old { "id" } else { "$id" }).map(|id| resolve(&base, id));
        let id = id.map(|id| id.trim_end_matches('#').to_string()).filter(|id| !id.contains('#'));
        let base = id.clone().unwrap_or(base);
        if let Some(id) = id {
            self.named.entry(id.clone()).or_insert((value, at.to_string()));
            resource = self.resources.len();
            self.resources.push((id, value, at.to_string()));
        }
        if value.get("$recursiveAnchor") == Some(&Value::Bool(true)) {
            *self.dynamic.entry(String::new()).or_default() += 1;
        }
        for key in ["$anchor", "$dynamicAnchor"] {
            let Some(name) = said(key) else { continue };
            self.anchors.entry(format!("{base}#{name}")).or_insert((value, at.to_string()));
            if key == "$dynamicAnchor" {
                *self.dynamic.entry(name.to_string()).or_default() += 1;
            }
        }
        match value {
            Value::Object(map) => {
                self.owner.insert(ptr::from_ref(value), resource);
                self.places.insert(ptr::from_ref(value), at.to_string());
                for (key, inner) in map.iter().filter(|(key, _)| !DATA.contains(&key.as_str())) {
                    self.walk(inner, resource, &below(at, key));
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    self.walk(inner, resource, &below(at, &index.to_string()));
                }
            }
            _ => {}
        }
    }

    /// The pointer to a schema.
    pub(super) fn place(&self, schema: &Value) -> Option<&str> {
        self.places.get(&ptr::from_ref(schema)).map(String::as_str)
    }

    /// Whether what stands beside the reference of a schema counts for nothing.
    pub(super) fn is_hidden(&self, schema: &Value) -> bool {
        self.alone && schema.get("$ref").is_some()
    }

    /// What a reference in a schema leads to, and where that stands.
    fn target(&self, from: &Value, reference: &str) -> Option<(&'a Value, String)> {
        let owner = self.owner.get(&ptr::from_ref(from)).copied().unwrap_or_default();
        let (base, start, within) = self.resources.get(owner)?;
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let (document, root, at) = if document.is_empty() {
            (base.clone(), *start, within)
        } else {
            let document = resolve(base, document);
            let (root, at) = self.named.get(&document)?;
            (document, *root, at)
        };
        let fragment = decode(fragment);
        if fragment.is_empty() || fragment.starts_with('/') {
            return Some((root.pointer(&fragment)?, format!("{at}{fragment}")));
        }
        self.anchors.get(&format!("{document}#{fragment}")).cloned()
    }

    /// The reference of a schema under a keyword, as far as one place says what it means.
    fn reference(&self, schema: &Value, key: &str) -> Option<Option<(&'a Value, String)>> {
        let reference = schema.get(key)?.as_str()?;
        let name = reference.rsplit_once('#').map_or("", |(_, name)| name);
        let open = key != "$ref" && self.dynamic.get(name).is_some_and(|count| *count > 1);
        Some(self.target(schema, reference).filter(|_| !open))
    }

    /// What has to hold together, each with its place; `None` stands for what isn't in the document.
    pub(super) fn parts(&self, part: Part<'a>, at: &str) -> Vec<(Option<Part<'a>>, String)> {
        let Some(map) = part.value.as_object().filter(|_| !part.own) else {
            return vec![(Some(part), at.to_string())];
        };
        let mut out = Vec::new();
        for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
            match self.reference(part.value, key) {
                Some(Some((value, at))) => out.push((Some(Part::all(value)), at)),
                Some(None) => out.push((None, below(at, key))),
                None => {}
            }
        }
        if self.alone && map.contains_key("$ref") {
            return out;
        }
        for (index, branch) in map.get("allOf").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let at = below(&below(at, "allOf"), &index.to_string());
            out.push((Some(Part::all(branch)), at));
        }
        if out.is_empty() {
            return vec![(Some(part), at.to_string())];
        }
        let own = Part { own: true, ..part };
        if super::asks(part.value) {
            out.insert(0, (Some(own), at.to_string()));
        }
        out
    }
}

/// What a value is to its schema.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Schema,
    /// Names, each with a schema.
    Names,
    Data,
}

/// Whether two schemas say the same, in whatever words their references are. Pairs that come up again are taken to.
pub(super) fn same<'a>(
    (writer, old): (&Document<'a>, &'a Value),
    (reader, new): (&Document<'a>, &'a Value),
) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![(old, new, Role::Schema)];
    while let Some((old, new, role)) = open.pop() {
        if !seen.insert((ptr::from_ref(old), ptr::from_ref(new))) {
            continue;
        }
        match (old, new) {
            (Value::Object(a), Value::Object(b)) if role != Role::Data => {
                if !members((writer, old, a), (reader, new, b), role, &mut open) {
                    return false;
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                open.extend(a.iter().zip(b).map(|(a, b)| (a, b, role)));
            }
            _ if old == new => {}
            _ => return false,
        }
    }
    true
}

type Object<'d, 'a> = (&'d Document<'a>, &'a Value, &'a Map<String, Value>);

/// Adds what has to be the same for two objects to be.
fn members<'a>(
    (writer, old, a): Object<'_, 'a>,
    (reader, new, b): Object<'_, 'a>,
    role: Role,
    open: &mut Vec<(&'a Value, &'a Value, Role)>,
) -> bool {
    // Definitions count where something refers to them.
    let counts = |key: &String| role == Role::Names || !is_quiet(key);
    if a.keys().filter(|key| counts(key)).count() != b.keys().filter(|key| counts(key)).count() {
        return false;
    }
    for (key, was) in a.iter().filter(|(key, _)| counts(key)) {
        let Some(is) = b.get(key) else { return false };
        let role = match key.as_str() {
            _ if role == Role::Names => Role::Schema,
            "$ref" | "$dynamicRef" | "$recursiveRef" if was.is_string() => {
                match (writer.reference(old, key).flatten(), reader.reference(new, key).flatten()) {
                    (Some((old, _)), Some((new, _))) => open.push((old, new, Role::Schema)),
                    // An address that is whole names one document.
                    (None, None) if was == is && was.as_str().is_some_and(|r| r.contains(':')) => {}
                    _ => return false,
                }
                continue;
            }
            "properties" | "patternProperties" | "dependencies" | "dependentSchemas" => Role::Names,
            key if DATA.contains(&key) => Role::Data,
            _ => Role::Schema,
        };
        open.push((was, is, role));
    }
    true
}
