//! From schemas as people write them to what the interpreter takes.
//!
//! Nothing is fetched: whoever compiles says which documents there are. What can't be compiled is a problem with a place,
//! and leaves a check whose answer is open; it is never left out silently.

mod avro;
mod circles;
mod emit;
mod excess;
mod fields;
mod form;
mod keywords;
mod library;
mod meta;
mod protobuf;
mod regex;
mod uri;

pub use avro::avro;
pub use fields::TEXT;
pub use keywords::{Sense, sense};
pub use protobuf::{Protobuf, Reserved, protobuf, protobuf_file};
pub use uri::{decode, resolve};

use sha2::{Digest as _, Sha256};
use tidegate_graph::contract::field::Field;
use tidegate_graph::contract::schema::JsonProgram;

/// How deep lists and objects of a schema nest. What else reads schemas takes no more: `serde_json` so many, and the reader of YAML
/// one value in them.
pub const DEPTH: usize = 127;

/// A dialect of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Draft {
    /// Draft 4.
    Draft4,
    /// What `OpenAPI` 3.0 and Swagger 2.0 have: draft 4 with `nullable`.
    OpenApi30,
    /// Draft 6.
    Draft6,
    /// Draft 7.
    Draft7,
    /// Draft 2019-09.
    Draft201909,
    /// Draft 2020-12; `OpenAPI` 3.1.
    Draft202012,
}

/// How it is compiled.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What holds where no `$schema` says it.
    pub draft: Draft,
    /// Formats are demands; otherwise they are notes, as the newer drafts have it.
    pub formats: bool,
    /// The schema is one of requests: members that only answers have aren't required.
    pub request: bool,
}

/// What kind of a problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nature {
    /// Something is asked that isn't checked.
    Open,
    /// A reference leads nowhere, in a document that is there.
    Dangling,
    /// A document that is referred to isn't there, or can't be read.
    Foreign,
    /// What stands there has not the form of a schema.
    Malformed,
    /// References lead in a circle, and never to a part of the value.
    Circle,
    /// Comparing takes more than is allowed, whatever the value.
    Excess,
}

/// What is wrong with a schema, or beyond us.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// URI of the document with a JSON pointer as fragment.
    pub place: String,
    /// What it is.
    pub message: String,
    /// What kind it is.
    pub nature: Nature,
}

impl Problem {
    /// There is no schema, or none that could be read.
    pub fn malformed(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into(), nature: Nature::Malformed }
    }
}

/// A compiled JSON Schema.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What the interpreter takes.
    pub program: JsonProgram,
    /// What of it is open.
    pub problems: Vec<Problem>,
    /// SHA-256 of all documents that it was compiled from.
    pub digest: String,
    /// The root lets nothing pass that it doesn't name.
    pub closed: bool,
    /// What it says about texts.
    pub fields: Field,
}

/// Finds the JSON text of a document by its URI.
pub type Fetch<'f> = dyn Fn(&str) -> Option<Vec<u8>> + 'f;

/// Compiles the schema at `start`, the URI of a document, with a JSON pointer as fragment if it isn't all of it.
///
/// # Errors
/// When there is no such schema, or it is beyond all bounds.
pub fn json(start: &str, options: Options, fetch: &Fetch<'_>) -> Result<Compiled, Problem> {
    let mut library = library::Library::new(options.draft, fetch);
    let problem = |message: &str| Problem::malformed(start, message);
    let place = library.find(start).map_err(|lost| problem(&lost.message))?;
    let (program, fields, problems) = emit::emit(&mut library, place, options, true)
        .ok_or_else(|| problem("more than 50,000 subschemas"))?;
    let mut hash = Sha256::new();
    for (uri, text) in library.texts() {
        hash.update(uri.as_bytes());
        hash.update([0]);
        hash.update(text);
    }
    hash.update(start.as_bytes());
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let closed = emit::is_closed(&program);
    Ok(Compiled { program, problems, digest: format!("sha256:{hex}"), closed, fields })
}

/// SHA-256 of texts, as contracts write it.
pub fn digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    texts.iter().for_each(|text| hash.update(text.as_bytes()));
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
