//! Schemas of payloads: files that the configuration names, compiled into the edges that they are asked of.
//!
//! Nothing is fetched, and nothing outside of the configuration's folder is opened.

mod shelf;
mod written;

use crate::config::{Complaint, Complaints, Config, SchemaFile};
use crate::failure::Failure;
use shelf::Shelf;
use std::ops::Range;
use tidegate_decide::schema::compile::{self, Options, Problem};
use tidegate_graph::contract::Contract;
use tidegate_graph::contract::schema::{Prepared, Program, Schema, SchemaKind};

/// Adds the schemas that the configuration names.
///
/// # Errors
/// When one can't be read, isn't the one that was pinned, or refers to what isn't there: what would be enforced then is
/// not what somebody asked for.
pub(super) fn lay(contract: &mut Contract, config: &Config) -> Result<(), Failure> {
    let mut wrong = Wrong::default();
    for asked in &config.contract.schemas {
        let Some(file) = &asked.what else { continue };
        let Some(schema) = compiled(file, config, &mut wrong) else { continue };
        for (id, function) in &mut contract.functions {
            for edge in function.edges.iter_mut().filter(|edge| asked.fits(edge, id)) {
                edge.schemas.push(schema.clone());
            }
        }
    }
    wrong.result(config)
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

fn compiled(asked: &SchemaFile, config: &Config, wrong: &mut Wrong) -> Option<Schema> {
    let shelf = Shelf::new(&config.folder);
    for (file, span) in &asked.with {
        if let Err(message) = shelf.add(file) {
            wrong.config.push(unreadable(span.clone(), file, message));
        }
    }
    let (file, _) = asked.file.split_once('#').unwrap_or((&asked.file, ""));
    if let Err(message) = shelf.open(file) {
        wrong.config.push(unreadable(asked.span.clone(), file, message));
        return None;
    }
    let options = Options { draft: asked.draft, formats: asked.formats, request: true };
    let start = Shelf::uri(&asked.file);
    let compiled = match compile::json(&start, options, &|uri| shelf.fetch(uri)) {
        Ok(compiled) => compiled,
        Err(Problem { message, .. }) => {
            let message = format!("`{}` is no schema: {message}", asked.file);
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
    let (broken, open): (Vec<_>, Vec<_>) = compiled.problems.into_iter().partition(is_broken);
    wrong.files.extend(broken.iter().map(|problem| dangling(problem, &shelf)));
    broken.is_empty().then(|| Schema {
        kind: SchemaKind::JsonSchema,
        source: asked.file.clone(),
        digest: compiled.digest,
        closed: compiled.closed,
        when: asked.when.clone(),
        whole: asked.whole,
        optional: asked.optional,
        unknown: open.iter().map(shown).collect(),
        ir: Program::Json(compiled.program),
        prepared: Prepared::default(),
    })
}

fn unreadable(span: Range<usize>, file: &str, message: String) -> Complaint {
    Complaint::new(span, format!("`{file}` can't be read as a schema")).label(message)
}

/// A reference that leads nowhere.
fn is_broken(problem: &Problem) -> bool {
    ["/$ref", "/$dynamicRef", "/$recursiveRef"].iter().any(|key| problem.place.ends_with(key))
}

/// The same, underlined in its file.
fn dangling(problem: &Problem, shelf: &Shelf) -> Complaints {
    let (uri, pointer) = problem.place.split_once('#').unwrap_or((&problem.place, ""));
    let (path, text) = shelf.text(uri);
    let span = written::place(&text, pointer);
    let help = "nothing is fetched: save the schema in the project, and refer to it by its path, or name it in `with`";
    let complaint = Complaint::new(span, problem.message.clone()).label("refers to it").help(help);
    Complaints::new(path, text, vec![complaint])
}

/// What is asked and not checked, with its place.
fn shown(problem: &Problem) -> String {
    format!("{}: {}", problem.place.strip_prefix(shelf::ROOT).unwrap_or(&problem.place), problem.message)
}
