//! Schemas that the code itself declares: bodies and parameters of requests, and events of registries.

mod api;
mod channels;
mod events;
mod glue;
mod headers;
mod parameters;

use super::{shown, written};
use std::collections::{BTreeMap, HashMap};
use tidegate_decide::schema::compile::{self, Draft, Options, Problem};
use tidegate_graph::contract::field::Field;
use tidegate_graph::contract::schema::{Prepared, Program, Schema, SchemaKind, When};
use tidegate_graph::contract::{Edge, Function};
use tidegate_graph::{System, Value};

/// All schemas of a system, by what they speak of.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Of requests, by the resource ids of API and function.
    requests: HashMap<(String, String), Vec<Schema>>,
    /// Of events, by their source.
    by_source: BTreeMap<String, Vec<Schema>>,
    /// And by their detail type, where no source is said.
    by_type: BTreeMap<String, Vec<Schema>>,
    /// Of messages, by the id of the edge that they come over.
    by_edge: HashMap<String, Vec<Schema>>,
    /// Why there is none, by the id of the edge.
    pub(super) open: HashMap<String, Vec<String>>,
}

impl Found {
    pub(super) fn of(system: &System, functions: &BTreeMap<String, Function>) -> Self {
        let mut found = Self::default();
        api::find(system, functions, &mut found);
        events::find(system, &mut found);
        channels::find(system, functions, &mut found);
        glue::find(system, functions, &mut found);
        found
    }

    /// Those that speak of what comes over an edge.
    pub(super) fn on<'f>(&'f self, edge: &Edge, function: &str) -> Vec<&'f Schema> {
        if edge.trigger.starts_with("apigw") {
            let key = (edge.from.clone(), function.to_string());
            return self.requests.get(&key).into_iter().flatten().collect();
        }
        let of_edge = self.by_edge.get(&edge.id).into_iter().flatten();
        if edge.trigger != "eventbridge" {
            return of_edge.collect();
        }
        let may = |said: &Option<String>, of: &[String]| {
            of.is_empty() || said.as_ref().is_none_or(|said| of.contains(said))
        };
        let origin = &edge.origin;
        let of_sources = origin.sources.iter().flat_map(|s| self.by_source.get(s).into_iter().flatten());
        let of_types = origin.detail_types.iter().flat_map(|t| self.by_type.get(t).into_iter().flatten());
        let events = of_sources.chain(of_types).filter(|s| may(&s.when.detail_type, &origin.detail_types));
        events.chain(of_edge).collect()
    }
}

/// A schema in a document that is partly known.
struct Within<'a> {
    /// What it is called.
    source: &'a str,
    document: &'a str,
    /// Pointers to what isn't known.
    unknown: &'a [String],
    /// Where the schema stands.
    pointer: &'a str,
    draft: Draft,
    /// Other documents by their URI.
    others: &'a dyn Fn(&str) -> Option<String>,
}

impl Within<'_> {
    fn compile(&self, when: When) -> Option<Schema> {
        let uri = format!("project:///{}", self.source);
        let options = Options { draft: self.draft, formats: false, request: true };
        let start = if self.pointer.is_empty() { uri.clone() } else { format!("{uri}#{}", self.pointer) };
        let fetch = |wanted: &str| {
            if wanted == uri { Some(self.document.to_string()) } else { (self.others)(wanted) }
                .map(String::into_bytes)
        };
        let compiled = compile::json(&start, options, &fetch).ok()?;
        // What isn't known draws in nothing that would be a mistake of the schema's.
        let known = |problem: &&Problem| !problem.message.contains("`unknown:value`");
        let mut unknown: Vec<String> = compiled.problems.iter().filter(known).map(shown).collect();
        let library = ["/components/", "/definitions/", "/$defs/"];
        let mine = |at: &&String| {
            at.starts_with(self.pointer) || library.iter().any(|library| at.starts_with(library))
        };
        unknown
            .extend(self.unknown.iter().filter(mine).map(|at| format!("{}#{at}: isn't known", self.source)));
        Some(Schema {
            kind: SchemaKind::JsonSchema,
            source: if self.pointer.is_empty() {
                self.source.to_string()
            } else {
                format!("{}#{}", self.source, self.pointer)
            },
            digest: compiled.digest,
            closed: compiled.closed,
            when,
            whole: false,
            optional: false,
            unknown,
            fields: compiled.fields,
            ir: Program::Json(compiled.program),
            others: Vec::new(),
            prepared: Prepared::default(),
        })
    }
}

/// A schema of Avro from its JSON text.
fn avro(source: &str, json: &str, unknown: Vec<String>) -> Result<Schema, String> {
    let program = compile::avro(json.as_bytes()).map_err(|e| format!("is no Avro schema: {}", e.message))?;
    Ok(Schema {
        kind: SchemaKind::Avro,
        source: source.to_string(),
        digest: compile::digest(&[json]),
        closed: true,
        when: When::default(),
        whole: false,
        optional: false,
        unknown,
        ir: Program::Avro(program),
        fields: Field::default(),
        others: Vec::new(),
        prepared: Prepared::default(),
    })
}

/// Puts schemas together of which a payload has to fit one.
fn either(mut all: Vec<Schema>) -> Option<Schema> {
    let mut seen: Vec<Schema> = Vec::new();
    for schema in all.drain(..) {
        if !seen.iter().any(|s| s.ir == schema.ir) {
            seen.push(schema);
        }
    }
    let mut all = seen.into_iter();
    let first = all.next()?;
    Some(Schema { others: all.collect(), ..first })
}

/// A media type of JSON.
fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// One token of a JSON pointer.
fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A text that is known.
fn text(value: Option<&Value>) -> Option<String> {
    value?.as_text().map(|t| t.to_string())
}
