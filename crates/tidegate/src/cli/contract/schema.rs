//! `tidegate contract schema`: versions of schemas against each other.

use crate::contract::{Break, Direction, breaks, breaks_of_protobuf, proto};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use anyhow::Context;
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
    /// Says what breaks between two versions of a JSON Schema, an Avro schema or a .proto file; ends with exit code 10 if anything does
    Check(Check),
}

#[derive(Debug, clap::Args)]
struct Check {
    /// The older version: JSON, YAML, .avsc or .proto
    old: PathBuf,
    /// The newer version
    new: PathBuf,
    /// Which way it has to hold
    #[arg(long, value_enum, default_value_t)]
    mode: Direction,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Form,
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
    let Command::Check(check) = &args.command;
    let language = |path: &Path| match path.extension().and_then(|e| e.to_str()) {
        Some("avsc") => SchemaKind::Avro,
        Some("proto") => SchemaKind::Protobuf,
        _ => SchemaKind::JsonSchema,
    };
    let (of_old, of_new) = (language(&check.old), language(&check.new));
    if of_old != of_new {
        let help = "name two files of one language; Avro's end in .avsc, those of protocol buffers in .proto";
        let message = format!("one of the files is {}, the other is {}", of_old.word(), of_new.word());
        return Err(Failure::usage(message, Some(help.to_string())));
    }
    let found = if of_new == SchemaKind::Protobuf {
        breaks_of_protobuf(&read_proto(&check.old)?, &read_proto(&check.new)?, check.mode)
    } else {
        breaks(&read(&check.old)?, &read(&check.new)?, of_new == SchemaKind::Avro, check.mode)
    };
    let text = match check.format {
        Form::Text => lines(&found),
        Form::Json => format!("{:#}\n", json!({"version": 1, "breaks": found})),
    };
    output::deliver(&text, None)?;
    Ok(if found.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn lines(found: &[Break]) -> String {
    if found.is_empty() {
        return "compatible\n".into();
    }
    let line = |b: &Break| {
        let at = if b.pointer.is_empty() { "the root" } else { &b.pointer };
        format!("{}: {at}: {} ({})\n", b.way, b.why, b.kind)
    };
    found.iter().map(line).collect()
}

fn read_proto(path: &Path) -> Result<Protobuf, Failure> {
    let shown = path.display();
    if !path.is_file() {
        return Err(anyhow::anyhow!("could not read `{shown}`: there is no such file").into());
    }
    let help = "imports are seen from the file's folder and those above it, up to the work tree".to_string();
    proto(path).map_err(|message| Failure::usage(format!("`{shown}` is no schema: {message}"), Some(help)))
}

fn read(path: &Path) -> Result<Value, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("could not read `{shown}`"))?;
    let wrong = |message: String| {
        let help = "name a JSON Schema in JSON or YAML, or an Avro schema".to_string();
        Failure::usage(format!("`{shown}` is no schema: {message}"), Some(help))
    };
    if path.extension().is_some_and(|e| e == "avsc") {
        crate::contract::is_avro(&text).map_err(wrong)?;
    }
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let json = crate::contract::as_json(extension, &text).map_err(wrong)?;
    serde_json::from_slice(&json).map_err(|e| wrong(e.to_string()))
}
