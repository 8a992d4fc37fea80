//! All documents that a schema draws in, with the names by which their parts are referred to.

use super::uri::{decode, resolve, split};
use super::{DEPTH, Draft, Fetch, Nature, form, meta};
use crate::json::{Flaw, Item, Kind, Limits, Malformed, Tape, unescape};
use std::collections::{BTreeMap, HashMap};

/// A subschema: its document and its node there.
pub(super) type Place = (u32, u32);

/// The language of a schema resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) draft: Draft,
    /// Demands on values count.
    pub(super) validation: bool,
    /// Formats are demands.
    pub(super) formats: bool,
}

/// A schema with a URI of its own.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) uri: String,
    pub(super) root: Place,
    pub(super) dialect: Dialect,
    anchors: BTreeMap<String, Place>,
    /// Those that a dynamic reference may find; `$recursiveAnchor` is the empty name.
    pub(super) dynamic: BTreeMap<String, Place>,
}

struct Document {
    uri: String,
    text: Vec<u8>,
    tape: Tape,
    /// It isn't somebody's own.
    known: bool,
}

/// Where a reference leads to nothing.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) nature: Nature,
    pub(super) message: String,
}

impl Lost {
    fn dangling(message: String) -> Self {
        Self { nature: Nature::Dangling, message }
    }
}

pub(super) struct Library<'f> {
    fetch: &'f Fetch<'f>,
    draft: Draft,
    documents: Vec<Document>,
    pub(super) resources: Vec<Resource>,
    by_uri: HashMap<String, Place>,
    /// The resource that a subschema belongs to.
    owner: HashMap<Place, u32>,
    /// Subschemas whose `$schema` names no dialect that is known, with that name.
    strange: HashMap<Place, String>,
    /// What stands directly below the values that pointers lead through. Many lead through the same ones.
    steps: HashMap<Place, HashMap<String, u32>>,
}

/// Documents that one schema draws in.
const DOCUMENTS: usize = 1000;

impl<'f> Library<'f> {
    pub(super) fn new(draft: Draft, fetch: &'f Fetch<'f>) -> Self {
        let (documents, resources) = (Vec::new(), Vec::new());
        let (by_uri, owner, strange, steps) = Default::default();
        Self { fetch, draft, documents, resources, by_uri, owner, strange, steps }
    }

    /// The subschema that an absolute reference means.
    pub(super) fn find(&mut self, reference: &str) -> Result<Place, Lost> {
        let (document, fragment) = split(reference);
        let root = match self.by_uri.get(document) {
            Some(root) => *root,
            None => self.load(document).map_err(|message| Lost { nature: Nature::Foreign, message })?,
        };
        let Some(fragment) = fragment else { return Ok(root) };
        let fragment = decode(fragment);
        if fragment.starts_with('/') {
            let found = self.below(root, &fragment);
            return found.ok_or_else(|| Lost::dangling(format!("there is nothing at `#{fragment}`")));
        }
        let anchors = self.owner.get(&root).and_then(|r| self.resources.get(*r as usize)).map(|r| &r.anchors);
        let found = anchors.and_then(|anchors| anchors.get(&fragment)).copied();
        found.ok_or_else(|| Lost::dangling(format!("there is no anchor `{fragment}`")))
    }

    /// The same, as seen from a subschema.
    pub(super) fn refer(&mut self, from: Place, reference: &str) -> Result<Place, Lost> {
        let base = self.resource(from).map(|r| r.uri.clone()).unwrap_or_default();
        self.find(&resolve(&base, reference))
    }

    pub(super) fn owner(&self, place: Place) -> u32 {
        self.owner.get(&place).copied().unwrap_or_default()
    }

    pub(super) fn resource(&self, place: Place) -> Option<&Resource> {
        self.resources.get(self.owner(place) as usize)
    }

    /// The root of the resource that a subschema belongs to, and its `$schema`, where that names no dialect that is known.
    /// Each is told once.
    pub(super) fn strange_dialect(&mut self, place: Place) -> Option<(Place, String)> {
        let root = self.resource(place)?.root;
        self.strange.remove(&root).map(|name| (root, name))
    }

    pub(super) fn item(&self, place: Place) -> Option<Item<'_>> {
        let document = self.documents.get(place.0 as usize)?;
        Some(document.tape.root(&document.text).at(place.1))
    }

    /// For a problem: the document and the pointer.
    pub(super) fn shown(&self, place: Place) -> String {
        let Some(document) = self.documents.get(place.0 as usize) else { return String::new() };
        let pointer = document.tape.root(&document.text).pointer_to(place.1);
        if pointer.is_empty() { document.uri.clone() } else { format!("{}#{pointer}", document.uri) }
    }

    /// The documents of people's own.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.documents.iter().filter(|d| !d.known).map(|d| (d.uri.as_str(), d.text.as_slice()))
    }

    fn load(&mut self, uri: &str) -> Result<Place, String> {
        if self.documents.len() >= DOCUMENTS {
            return Err("more than 1,000 documents".into());
        }
        let known = meta::document(uri);
        let text = match known {
            Some(text) => text.as_bytes().to_vec(),
            None => (self.fetch)(uri).ok_or_else(|| format!("`{uri}` is no document of the project"))?,
        };
        let mut tape = Tape::default();
        tape.read(&text, &Limits { depth: DEPTH, number: 1 << 12 }).map_err(|malformed| match malformed {
            Malformed::Depth(_) => format!("`{uri}` nests deeper than {DEPTH}"),
            Malformed::Syntax(_) => format!("`{uri}` is no JSON"),
        })?;
        // Readers disagree about which of the two counts.
        let twice = |flaw: &Flaw| if let Flaw::DuplicateKey(at) = flaw { Some(*at) } else { None };
        if let Some(at) = tape.flaws().iter().find_map(twice) {
            let line = text.iter().take(at).filter(|b| **b == b'\n').count() + 1;
            return Err(format!("`{uri}` has a key twice in one object (line {line})"));
        }
        let place = (u32::try_from(self.documents.len()).unwrap_or(u32::MAX), 0);
        self.documents.push(Document { uri: uri.to_string(), text, tape, known: known.is_some() });
        self.by_uri.insert(uri.to_string(), place);
        let dialect = self.dialect(place, None);
        let resource = self.add(uri.to_string(), place, dialect);
        self.walk(place, resource);
        // Whatever it calls itself, it is found by where it came from, too.
        self.by_uri.insert(uri.to_string(), place);
        Ok(place)
    }

    fn add(&mut self, uri: String, root: Place, dialect: Dialect) -> u32 {
        let index = u32::try_from(self.resources.len()).unwrap_or(u32::MAX);
        self.by_uri.entry(uri.clone()).or_insert(root);
        self.resources.push(Resource {
            uri,
            root,
            dialect,
            anchors: BTreeMap::new(),
            dynamic: BTreeMap::new(),
        });
        index
    }

    /// What `$schema` says, or whoever refers to it.
    fn dialect(&mut self, place: Place, outer: Option<Dialect>) -> Dialect {
        let default = Dialect { draft: self.draft, validation: true, formats: false };
        let outer = outer.unwrap_or(default);
        let schema = self.item(place).and_then(|i| i.field("$schema")).and_then(text);
        let Some(schema) = schema else { return outer };
        if let Some(draft) = meta::draft(&schema) {
            return Dialect { draft, ..default };
        }
        // A schema of schemas of somebody's own: its vocabularies say what counts.
        let schema = schema.trim_end_matches('#').to_string();
        let Some(own) = self.by_uri.get(&schema).copied().or_else(|| self.load(&schema).ok()) else {
            // That of a document of an API is the schema of such documents.
            if self.item(place).is_some_and(|item| !form::is_api(item)) {
                self.strange.insert(place, schema);
            }
            return outer;
        };
        let Some(item) = self.item(own) else { return outer };
        let draft = item.field("$schema").and_then(text).and_then(|s| meta::draft(&s)).unwrap_or(outer.draft);
        let Some(vocabulary) = item.field("$vocabulary") else { return Dialect { draft, ..default } };
        let has = |name: &str| {
            vocabulary.entries().any(|(key, _)| text(key).is_some_and(|uri| uri.ends_with(name)))
        };
        Dialect { draft, validation: has("/vocab/validation"), formats: has("/vocab/format-assertion") }
    }

    /// Writes down the names in a subschema and all below it.
    fn walk(&mut self, place: Place, resource: u32) {
        if self.owner.contains_key(&place) {
            return;
        }
        let mut resource = resource;
        self.owner.insert(place, resource);
        let Some(item) = self.item(place).filter(|i| i.kind() == Kind::Object) else { return };
        let get = |key: &str| item.field(key).and_then(text);
        let (anchor, dynamic, id, old_id) = (get("$anchor"), get("$dynamicAnchor"), get("$id"), get("id"));
        let recursive = item.field("$recursiveAnchor").is_some_and(Item::is_true);
        let refers = item.field("$ref").is_some_and(|r| r.kind() == Kind::String);
        let is_root = self.resources.get(resource as usize).is_some_and(|r| r.root == place);
        let outer = self.resources.get(resource as usize).map(|r| r.dialect);
        let dialect = if is_root { outer } else { Some(self.dialect(place, outer)) };
        let draft = dialect.map_or(self.draft, |d| d.draft);
        let id = match draft {
            Draft::Draft4 | Draft::OpenApi30 => old_id,
            _ => id,
        };
        if let Some(id) = id.filter(|_| draft >= Draft::Draft201909 || !refers) {
            let base = self.resources.get(resource as usize).map(|r| r.uri.clone()).unwrap_or_default();
            let whole = resolve(&base, &id);
            let (uri, fragment) = split(&whole);
            if uri != base && is_root {
                self.by_uri.insert(uri.to_string(), place);
                if let Some(own) = self.resources.get_mut(resource as usize) {
                    own.uri = uri.to_string();
                }
            } else if uri != base {
                let dialect = dialect.unwrap_or(Dialect { draft, validation: true, formats: false });
                resource = self.add(uri.to_string(), place, dialect);
                self.owner.insert(place, resource);
            }
            if let Some(name) = fragment.filter(|_| draft < Draft::Draft201909) {
                self.anchor(resource, name, place, false);
            }
        }
        if let Some(name) = anchor.filter(|_| draft >= Draft::Draft201909) {
            self.anchor(resource, &name, place, false);
        }
        if let Some(name) = dynamic.filter(|_| draft >= Draft::Draft202012) {
            self.anchor(resource, &name, place, true);
        }
        let at_root = self.resources.get(resource as usize).is_some_and(|r| r.root == place);
        if recursive && draft == Draft::Draft201909 && at_root {
            self.anchor(resource, "", place, true);
        }
        for below in self.children(place) {
            self.walk(below, resource);
        }
    }

    fn anchor(&mut self, resource: u32, name: &str, place: Place, dynamic: bool) {
        let Some(resource) = self.resources.get_mut(resource as usize) else { return };
        if !name.is_empty() {
            resource.anchors.entry(name.to_string()).or_insert(place);
        }
        if dynamic {
            resource.dynamic.entry(name.to_string()).or_insert(place);
        }
    }

    /// Places of subschemas directly below.
    fn children(&self, place: Place) -> Vec<Place> {
        let Some(item) = self.item(place) else { return Vec::new() };
        let mut out = Vec::new();
        for (key, value) in item.entries() {
            let Some(key) = key.plain() else { continue };
            match key {
                b"additionalProperties"
                | b"additionalItems"
                | b"contains"
                | b"propertyNames"
                | b"not"
                | b"if"
                | b"then"
                | b"else"
                | b"unevaluatedItems"
                | b"unevaluatedProperties"
                | b"contentSchema" => {
                    out.push(value.index());
                }
                b"items" if value.kind() != Kind::Array => out.push(value.index()),
                b"items" | b"allOf" | b"anyOf" | b"oneOf" | b"prefixItems" if value.kind() == Kind::Array => {
                    out.extend(value.items().map(Item::index));
                }
                b"properties" | b"patternProperties" | b"definitions" | b"$defs" | b"dependentSchemas"
                | b"dependencies"
                    if value.kind() == Kind::Object =>
                {
                    out.extend(value.items().filter(|v| v.kind() != Kind::Array).map(Item::index));
                }
                _ => {}
            }
        }
        out.into_iter().map(|index| (place.0, index)).collect()
    }

    /// Follows a pointer; on the way it belongs to whatever resource it passes through.
    fn below(&mut self, root: Place, pointer: &str) -> Option<Place> {
        let mut resource = self.owner(root);
        let mut at = root;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            at.1 = self.step(at, &token)?;
            resource = self.owner.get(&at).copied().unwrap_or(resource);
        }
        self.walk(at, resource);
        Some(at)
    }

    fn step(&mut self, at: Place, token: &str) -> Option<u32> {
        if !self.steps.contains_key(&at) {
            let below = steps(self.item(at)?);
            self.steps.insert(at, below);
        }
        self.steps.get(&at)?.get(token).copied()
    }
}

/// What stands directly below a value, by the token that a pointer has for it.
fn steps(of: Item<'_>) -> HashMap<String, u32> {
    match of.kind() {
        Kind::Array => of.items().enumerate().map(|(at, item)| (at.to_string(), item.index())).collect(),
        _ => of.entries().filter_map(|(key, item)| Some((text(key)?, item.index()))).collect(),
    }
}

/// The value of a string.
pub(super) fn text(item: Item<'_>) -> Option<String> {
    if item.kind() != Kind::String {
        return None;
    }
    let mut value = Vec::new();
    unescape(item.raw(), &mut value);
    String::from_utf8(value).ok()
}
