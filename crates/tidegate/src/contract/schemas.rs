//! Schemas of payloads, compiled into the edges that they speak of: files that the configuration names, and what the code
//! itself declares.
//!
//! Nothing is fetched, and nothing outside of the configuration's folder is opened.

mod exported;
mod form;
mod found;
mod shelf;
mod written;

pub(crate) use exported::exported;
pub(crate) use form::{is_schema, is_schema_of_json, said};
pub(crate) use written::json as as_json;

use super::lock::{LOCK, Lock, Locked};
use crate::config::{Complaint, Complaints, Config, SchemaFile};
use crate::failure::Failure;
use found::Found;
use shelf::Shelf;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use tidegate_decide::schema::compile::{self, Draft, Nature, Options, Problem, Protobuf};
use tidegate_graph::System;
use tidegate_graph::contract::field::Field;
use tidegate_graph::contract::schema::{Prepared, Program, Schema, SchemaKind};
use tidegate_graph::contract::{Contract, Edge, Function};

/// Adds the schemas that the configuration names, and those that are declared where it names none.
///
/// # Errors
/// When one can't be read, isn't the one that was pinned, or refers to what isn't there: what would be enforced then is
/// not what somebody asked for.
pub(super) fn lay(contract: &mut Contract, system: &System, config: &Config) -> Result<(), Failure> {
    let mut wrong = Wrong::default();
    let lock = Lock::load(&config.folder)
        .map_err(|message| Failure::usage(format!("`{LOCK}` can't be read: {message}"), None))?;
    for asked in &config.contract.schemas {
        let Some(file) = &asked.what else { continue };
        let Some(schema) = compiled(file, config, &lock, &mut wrong) else { continue };
        for (id, function) in &mut contract.functions {
            for edge in function.edges.iter_mut().filter(|edge| asked.fits(edge, id)) {
                edge.schemas.push(schema.clone());
            }
        }
    }
    if config.contract.declared_schemas {
        let found = Found::of(system, &contract.functions);
        for (id, function) in &mut contract.functions {
            declared(id, function, &found);
        }
    }
    wrong.result(config)
}

/// Lays the schemas that the code declares on the edges of a function.
fn declared(id: &str, function: &mut Function, found: &Found) {
    // Nobody can tell APIs apart whose ids aren't known: what one declares for a route holds for that route.
    let mut shared: BTreeMap<(String, bool, Option<String>), Vec<&Schema>> = BTreeMap::new();
    let alike = |edge: &Edge| edge.trigger.starts_with("apigw") && edge.origin.ids.is_empty();
    for edge in function.edges.iter().filter(|edge| alike(edge)) {
        for schema in found.on(edge, id) {
            let key = (edge.trigger.clone(), schema.whole, schema.when.route.clone());
            shared.entry(key).or_default().push(schema);
        }
    }
    for edge in &mut function.edges {
        let more: Vec<&Schema> = if alike(edge) {
            let mut all = Vec::new();
            for ((trigger, _, route), schemas) in &shared {
                let first = schemas.first().copied();
                let one = schemas.iter().all(|s| first.is_some_and(|f| f.ir == s.ir));
                match first.filter(|_| *trigger == edge.trigger) {
                    Some(schema) if one => all.push(schema),
                    Some(_) => {
                        let route = route.as_deref().unwrap_or_default();
                        edge.unknown.push(format!("schema of {route}, which several APIs declare"));
                    }
                    None => {}
                }
            }
            all
        } else {
            found.on(edge, id)
        };
        let more: Vec<Schema> = more.into_iter().filter(|s| !spoken_for(edge, s)).cloned().collect();
        let open = found.open.get(&edge.id).filter(|_| edge.schemas.is_empty());
        edge.unknown.extend(open.into_iter().flatten().cloned());
        edge.schemas.extend(more);
    }
}

/// The configuration has said what these events have to be.
fn spoken_for(edge: &Edge, schema: &Schema) -> bool {
    let mut own = edge.schemas.iter().filter(|own| own.whole == schema.whole);
    own.any(|own| own.when.is_always() || own.when == schema.when)
}

/// What is wrong, in the configuration and in the schemas.
#[derive(Default)]
struct Wrong {
    config: Vec<Complaint>,
    files: Vec<Complaints>,
}

impl Wrong {
    fn result(mut self, config: &Config) -> Result<(), Failure> {
        if !self.config.is_empty() {
            let text = std::fs::read_to_string(&config.path).unwrap_or_default();
            let path = config.path.display().to_string();
            self.files.insert(0, Complaints::new(path, text, self.config));
        }
        if self.files.is_empty() { Ok(()) } else { Err(Failure::Rules(self.files)) }
    }
}

fn compiled(asked: &SchemaFile, config: &Config, lock: &Lock, wrong: &mut Wrong) -> Option<Schema> {
    let shelf = Shelf::new(&config.folder);
    for (file, span) in &asked.with {
        if let Err(message) = shelf.add(file) {
            wrong.config.push(unreadable(span.clone(), file, message));
        }
    }
    let (file, _) = asked.file.split_once('#').unwrap_or((&asked.file, ""));
    match shelf.open(file) {
        Err(message) => {
            wrong.config.push(unreadable(asked.span.clone(), file, message));
            return None;
        }
        Ok(text) => {
            if let Some(locked) = lock.of(file).filter(|locked| !locked.fits(&text)) {
                wrong.config.push(changed(asked.span.clone(), file, locked));
                return None;
            }
        }
    }
    let compiled = match translated(asked, file, &shelf) {
        Ok(compiled) => compiled,
        Err(Problem { place, message, .. }) => {
            let message = message.replace(shelf::ROOT, "");
            let at = place.split_once('#').map(|(_, at)| at).filter(|at| !message.contains(at));
            let at = at.map(|at| format!(" at `{at}`")).unwrap_or_default();
            let message = format!("`{file}` is no schema: {message}{at}");
            wrong.config.push(Complaint::new(asked.span.clone(), message).label("this one"));
            return None;
        }
    };
    if let Some((_, span)) = asked.digest.as_ref().filter(|(digest, _)| *digest != compiled.digest) {
        let complaint =
            Complaint::new(span.clone(), format!("`{}` isn't the schema that was pinned", asked.file));
        let complaint = complaint.label(format!("its digest is `{}`", compiled.digest));
        let help = "look at what changed in it and in what it refers to; if that is meant, write down the new digest";
        wrong.config.push(complaint.help(help));
    }
    let (broken, open): (Vec<_>, Vec<_>) =
        compiled.problems.into_iter().partition(|problem| problem.nature != Nature::Open);
    wrong.files.extend(told(&broken, &shelf));
    broken.is_empty().then(|| Schema {
        kind: compiled.kind,
        source: asked.file.clone(),
        digest: compiled.digest,
        closed: compiled.closed,
        when: asked.when.clone(),
        whole: asked.whole || compiled.whole,
        optional: asked.optional,
        unknown: open.iter().map(shown).collect(),
        fields: compiled.fields,
        ir: compiled.ir,
        others: Vec::new(),
        prepared: Prepared::default(),
    })
}

/// A compiled schema, in whatever language.
struct Translated {
    kind: SchemaKind,
    ir: Program,
    digest: String,
    closed: bool,
    fields: Field,
    problems: Vec<Problem>,
    /// It speaks of the whole event.
    whole: bool,
}

/// Compiles a file by what its name says that it is.
fn translated(asked: &SchemaFile, file: &str, shelf: &Shelf) -> Result<Translated, Problem> {
    let text = shelf.open(file).unwrap_or_default();
    let taken = exported(&text).map_err(|message| Problem::malformed("", message))?;
    if file.ends_with(".avsc") || taken.as_ref().is_some_and(|taken| taken.is_avro) {
        let text = taken.map_or(text, |taken| taken.text);
        let ir = Program::Avro(compile::avro(text.as_bytes())?);
        let (kind, digest) = (SchemaKind::Avro, compile::digest(&[&text]));
        let (fields, problems, whole) = (Field::default(), Vec::new(), false);
        return Ok(Translated { kind, ir, digest, closed: true, fields, problems, whole });
    }
    if is_proto(file) {
        let name = file.trim_start_matches("./");
        let message = asked.file.split_once('#').map(|(_, message)| message);
        let fetch = |import: &str| fetched(shelf, name, import);
        let found = compile::protobuf(name, message, &fetch).map_err(|problem| elsewhere(problem, name))?;
        let (kind, ir) = (SchemaKind::Protobuf, Program::Protobuf(found.program));
        let (digest, closed) = (found.digest, asked.closed);
        let (fields, problems, whole) = (Field::default(), Vec::new(), false);
        return Ok(Translated { kind, ir, digest, closed, fields, problems, whole });
    }
    let options = Options { draft: asked.draft, formats: asked.formats, request: true };
    let compile = |start: &str, options| compile::json(start, options, &|uri| shelf.fetch(uri));
    // EventBridge's registry keeps the event under a name of its own.
    let event = format!("{}#/components/schemas/AWSEvent", Shelf::uri(file));
    let in_event = Options { draft: Draft::OpenApi30, ..options };
    let event = taken.filter(|_| asked.file == file).and_then(|_| compile(&event, in_event).ok());
    let whole = event.is_some();
    let compiled = event.map_or_else(|| compile(&Shelf::uri(&asked.file), options), Ok)?;
    let (kind, ir) = (SchemaKind::JsonSchema, Program::Json(compiled.program));
    let (digest, closed, problems) = (compiled.digest, compiled.closed, compiled.problems);
    Ok(Translated { kind, ir, digest, closed, fields: compiled.fields, problems, whole })
}

/// By its name.
fn is_proto(file: &str) -> bool {
    file.ends_with(".proto")
}

/// The file itself by its name, all others as imports.
fn fetched(shelf: &Shelf, main: &str, name: &str) -> Option<Vec<u8>> {
    if name == main { shelf.open(main).ok().map(String::into_bytes) } else { shelf.import(main, name) }
}

/// Says the file in which the problem is where that is another one.
fn elsewhere(problem: Problem, name: &str) -> Problem {
    let Problem { place, message, nature } = problem;
    let message = if place == name { message } else { format!("`{place}`: {message}") };
    Problem { place: String::new(), message, nature }
}

/// Reads all messages of a file by itself, with what it imports from its work tree.
pub(crate) fn proto(path: &Path) -> Result<Protobuf, String> {
    let real = path.canonicalize().map_err(|e| e.to_string())?;
    let parent = real.parent().unwrap_or(&real);
    let folder = parent.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(parent);
    let name = real.strip_prefix(folder).ok().and_then(Path::to_str).ok_or("its name is no Unicode")?;
    let shelf = Shelf::new(folder);
    // Says why it can't be read; afterwards it is there or it isn't.
    shelf.open(name)?;
    let found = compile::protobuf_file(name, &|import| fetched(&shelf, name, import));
    found.map_err(|problem| elsewhere(problem, name).message)
}

/// A file that isn't what its registry gave.
fn changed(span: Range<usize>, file: &str, locked: &Locked) -> Complaint {
    let Locked { subject, version, digest, .. } = locked;
    let complaint = Complaint::new(span, format!("`{file}` isn't what the registry gave"));
    let complaint = complaint.label(format!("version {version} of `{subject}` has the digest `{digest}`"));
    complaint.help(format!("pull it again, or take its entry out of {LOCK} if it is yours now"))
}

fn unreadable(span: Range<usize>, file: &str, message: String) -> Complaint {
    Complaint::new(span, format!("`{file}` can't be read as a schema")).label(message)
}

/// Problems of the schemas' own, underlined in their files.
fn told(problems: &[Problem], shelf: &Shelf) -> Vec<Complaints> {
    let mut files: BTreeMap<&str, Vec<(&str, &Problem)>> = BTreeMap::new();
    for problem in problems {
        let (uri, pointer) = problem.place.split_once('#').unwrap_or((&problem.place, ""));
        files.entry(uri).or_default().push((pointer, problem));
    }
    let complaints = |(uri, problems): (&str, Vec<(&str, &Problem)>)| {
        let (path, text) = shelf.text(uri);
        let pointers: Vec<&str> = problems.iter().map(|(pointer, _)| *pointer).collect();
        let places = written::places(&text, &pointers).into_iter().zip(problems);
        let all = places.map(|(place, (_, problem))| complaint(place, problem)).collect();
        Complaints::new(path, text, all)
    };
    files.into_iter().map(complaints).collect()
}

fn complaint(place: Range<usize>, problem: &Problem) -> Complaint {
    let (label, help) = match problem.nature {
        Nature::Circle => (
            "here it begins",
            "such a schema fits nothing; refer to itself from within a part of the value, as `properties` or `items`",
        ),
        Nature::Excess => (
            "from here",
            "the guard would deny what it can't compare; leave out references that lead on to references, and parts that are repeated within each other",
        ),
        Nature::Dangling => (
            "refers to it",
            "what stands behind `#` is a pointer from the root of the document, as `#/$defs/name`, or the name of an `$anchor`",
        ),
        Nature::Foreign => (
            "refers to it",
            "nothing is fetched: save the schema in the project, and refer to it by its path, or name it in `with`",
        ),
        Nature::Malformed | Nature::Open => (
            "this",
            "what has no meaning in a schema would be passed over; docs/guides/schemas.md says what can be named as `file`",
        ),
    };
    Complaint::new(place, problem.message.clone()).label(label).help(help)
}

/// What is asked and not checked, with its place.
fn shown(problem: &Problem) -> String {
    format!("{}: {}", problem.place.strip_prefix(shelf::ROOT).unwrap_or(&problem.place), problem.message)
}
