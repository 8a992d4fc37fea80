//! `tidegate graph`: read, link, draw.

use super::{Global, input};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Look, problems};
use crate::picture::{self, Format, View};
use std::path::PathBuf;
use tidegate_graph::Problem;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: input::Args,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Form,
    /// Lists every resource after expansion, too (JSON)
    #[arg(long)]
    resources: bool,
    /// Writes the result to a file, whole or not at all
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people: an overview
    #[default]
    Text,
    /// For programs; docs/schemas/graph.json describes it
    Json,
    /// A picture
    Svg,
    /// A flowchart for Markdown
    Mermaid,
    /// For Graphviz
    Dot,
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    let to = args.output.as_deref();
    let look = if to.is_some() { Look::file(global.color) } else { Look::stdout(global.color) };
    let input = args.input.read(global)?;
    let view = View { resources: args.resources, width: look.width, color: look.color };
    let format = match args.format {
        Form::Text => Format::Text,
        Form::Json => Format::Json,
        Form::Svg => Format::Svg,
        Form::Mermaid => Format::Mermaid,
        Form::Dot => Format::Dot,
    };
    // A picture has no place for them; JSON carries them itself.
    if format != Format::Json && !global.quiet {
        let problems: Vec<&Problem> = input.system.problems.iter().collect();
        let look = Look::stderr(global.color);
        output::tell(&problems::render(&input.system, &problems, &input.base, look));
    }
    output::deliver(&picture::render(format, &input.system, &input.graph, &view), to)?;
    Ok(Exit::Clean)
}
