//! `tidegate contract schema`: versions of schemas against each other.

mod learn;
mod pull;

use crate::contract::{
    Break, Direction, breaks, breaks_of_protobuf, is_schema, is_schema_of_json, proto, said,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tidegate_decide::schema::compile::Protobuf;
use tidegate_graph::contract::schema::SchemaKind;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Says what breaks between versions of a JSON Schema, an Avro schema or a .proto file; ends with exit code 10 if anything does
    Check(Check),
    /// Fetches schemas from a registry into the project, pinned by digest in tidegate.lock.json
    Pull(pull::Args),
    /// Writes a JSON Schema of what recorded events had: types, keys that were always there, and what their texts were
    Learn(learn::Args),
}

#[derive(Debug, clap::Args)]
struct Check {
    /// Versions from the oldest to the newest: JSON, YAML, .avsc, .proto, or a document of a registry, and with #/pointer a part of one; the last is the one that is checked
    #[arg(required = true, num_args = 2.., value_name = "VERSION")]
    versions: Vec<PathBuf>,
    /// Which way it has to hold; registries' names are taken, too
    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    mode: Level,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// Which way it has to hold, and against which of the older versions, as registries have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Level {
    /// The new version reads what was written under the one before it
    #[default]
    Backward,
    /// The same for all older versions
    #[value(name = "backward-transitive", aliases = ["backward_transitive", "backward_all"])]
    BackwardTransitive,
    /// The version before it reads what is written under the new one
    Forward,
    /// The same for all older versions
    #[value(name = "forward-transitive", aliases = ["forward_transitive", "forward_all"])]
    ForwardTransitive,
    /// Both
    Full,
    /// Both for all older versions
    #[value(name = "full-transitive", aliases = ["full_transitive", "full_all"])]
    FullTransitive,
}

impl Level {
    fn direction(self) -> Direction {
        match self {
            Self::Backward | Self::BackwardTransitive => Direction::Backward,
            Self::Forward | Self::ForwardTransitive => Direction::Forward,
            Self::Full | Self::FullTransitive => Direction::Full,
        }
    }

    fn is_transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }
}

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people: a line for each break
    #[default]
    Text,
    /// For programs: `breaks` with `way`, `pointer`, `kind` and `why`
    Json,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::Check(args) => check(args),
        Command::Pull(args) => pull::run(args),
        Command::Learn(args) => learn::run(args),
    }
}

fn check(args: &Check) -> Result<Exit, Failure> {
    let mut versions =
        args.versions.iter().map(|path| Ok((path, read(path)?))).collect::<Result<Vec<_>, Failure>>()?;
    let kinds: Vec<SchemaKind> = versions.iter().map(|(_, version)| version.kind()).collect();
    if let Some((first, other)) = kinds.first().zip(kinds.iter().find(|kind| Some(*kind) != kinds.first())) {
        let help = "name files of one language; Avro's end in .avsc, those of protocol buffers in .proto";
        let message = format!("one of the files is {}, another is {}", first.word(), other.word());
        return Err(Failure::usage(message, Some(help.to_string())));
    }
    let Some((_, new)) = versions.pop() else { return Ok(Exit::Clean) };
    let new = &new;
    let skipped = if args.mode.is_transitive() { 0 } else { versions.len().saturating_sub(1) };
    let mut found = Vec::new();
    for (path, old) in versions.iter().skip(skipped) {
        let direction = args.mode.direction();
        let breaks = match (old, new) {
            (Version::Protobuf(old), Version::Protobuf(new)) => breaks_of_protobuf(old, new, direction),
            (Version::Json(old), Version::Json(new)) => breaks(old, new, false, direction),
            (Version::Avro(old), Version::Avro(new)) => breaks(old, new, true, direction),
            // All are of one language.
            _ => Vec::new(),
        };
        found.extend(breaks.into_iter().map(|b| (path.display().to_string(), b)));
    }
    let several = versions.len() - skipped > 1;
    let text = match args.format {
        Form::Text => lines(&found, several),
        Form::Json => format!("{:#}\n", json!({"version": 1, "breaks": rows(&found)})),
    };
    output::deliver(&text, None)?;
    Ok(if found.is_empty() { Exit::Clean } else { Exit::Findings })
}

/// Breaks with the older version that each is about.
fn rows(found: &[(String, Break)]) -> Vec<Value> {
    let row = |(old, b): &(String, Break)| json!({"way": b.way, "pointer": b.pointer, "kind": b.kind, "why": b.why, "old": old});
    found.iter().map(row).collect()
}

fn lines(found: &[(String, Break)], several: bool) -> String {
    if found.is_empty() {
        return "compatible\n".into();
    }
    let line = |(old, b): &(String, Break)| {
        let at = if b.pointer.is_empty() { "the root" } else { &b.pointer };
        let of = if several { format!(" of {old}") } else { String::new() };
        format!("{}{of}: {at}: {} ({})\n", b.way, b.why, b.kind)
    };
    found.iter().map(line).collect()
}

/// One version.
enum Version {
    Json(Value),
    Avro(Value),
    Protobuf(Box<Protobuf>),
}

impl Version {
    fn kind(&self) -> SchemaKind {
        match self {
            Self::Json(_) => SchemaKind::JsonSchema,
            Self::Avro(_) => SchemaKind::Avro,
            Self::Protobuf(_) => SchemaKind::Protobuf,
        }
    }
}

fn read_proto(path: &Path) -> Result<Protobuf, Failure> {
    let shown = path.display();
    if !path.is_file() {
        return Err(Failure::reading(path, std::io::ErrorKind::NotFound.into()));
    }
    let help = "imports are seen from the file's folder and those above it, up to the work tree".to_string();
    proto(path).map_err(|message| Failure::usage(format!("`{shown}` is no schema: {message}"), Some(help)))
}

/// The file, and the JSON pointer behind `#` where one is meant.
fn part_of(path: &Path) -> (PathBuf, Option<String>) {
    let split = path.to_str().filter(|_| !path.exists()).and_then(|path| path.split_once('#'));
    match split {
        Some((file, pointer)) => (file.into(), Some(pointer.to_string()).filter(|p| !p.is_empty())),
        None => (path.to_path_buf(), None),
    }
}

fn read(path: &Path) -> Result<Version, Failure> {
    if path.extension().is_some_and(|extension| extension == "proto") {
        return Ok(Version::Protobuf(Box::new(read_proto(path)?)));
    }
    let shown = path.display();
    let (path, part) = part_of(path);
    let path = path.as_path();
    let text = std::fs::read_to_string(path).map_err(|error| Failure::reading(path, error))?;
    let wrong = |message: String| {
        let help = "name a JSON Schema in JSON or YAML, or an Avro schema".to_string();
        Failure::usage(format!("`{shown}` is no schema: {message}"), Some(help))
    };
    let taken = crate::contract::exported(&text).map_err(wrong)?;
    let is_avro = taken.as_ref().map_or_else(|| path.extension().is_some_and(|e| e == "avsc"), |t| t.is_avro);
    let was_taken = taken.is_some();
    let text = taken.map_or(text, |taken| taken.text);
    if is_avro {
        is_schema(SchemaKind::Avro, &text).map_err(wrong)?;
    }
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let json = crate::contract::as_json(extension, &text).map_err(wrong)?;
    let schema: Value = serde_json::from_slice(&json).map_err(|e| wrong(e.to_string()))?;
    if is_avro {
        return Ok(Version::Avro(schema));
    }
    // The event of EventBridge's registry stands for its document.
    let event = Some("/components/schemas/AWSEvent").filter(|event| schema.pointer(event).is_some());
    let pointer = part.as_deref().or(event);
    let schema = match (pointer, schema) {
        (Some(pointer), schema) if schema.pointer(pointer).is_none() => {
            return Err(wrong(format!("there is nothing at `#{pointer}`")));
        }
        // Its parts refer to the whole document.
        (Some(pointer), Value::Object(mut whole)) => {
            whole.insert("$ref".into(), format!("#{pointer}").into());
            Value::Object(whole)
        }
        (_, schema) => schema,
    };
    let plain = (!was_taken).then_some(text.as_str());
    is_schema_of_json(schema.to_string().as_bytes()).map_err(|problem| {
        let help = "mend it first: only what means something can be compared".to_string();
        Failure::usage(format!("`{shown}` is no schema: {}", said(&problem, plain)), Some(help))
    })?;
    Ok(Version::Json(schema))
}
