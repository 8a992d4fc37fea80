//! `tidegate iam surplus`: what functions are granted beyond what the graph says that they need.

use super::listing::{Form, shown};
use crate::cli::{Global, input};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Look, count, problems};
use crate::suggest::closest;
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tidegate_check::intent::{Intent, Verdict, intents};
use tidegate_graph::{Plain, Problem, Span};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: input::Args,
    /// Only the role of this function: its logical id or address
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    let input = args.input.read(global)?;
    if !global.quiet {
        let problems: Vec<&Problem> = input.system.problems.iter().collect();
        output::tell(&problems::render(&input.system, &problems, &input.base, Look::stderr(global.color)));
    }
    let mut found = intents(&input.system, &input.graph);
    if let Some(name) = &args.function {
        let names: Vec<String> =
            found.iter().flat_map(|i| &i.functions).map(|id| Plain::name_of(id).to_string()).collect();
        found.retain(|i| i.functions.iter().any(|id| Plain::name_of(id) == name || id == name));
        if found.is_empty() {
            let help = closest(name, names.iter().map(String::as_str));
            let help = help.map(|close| format!("did you mean `{close}`?"));
            let message = format!("there is no function `{name}` whose role is declared");
            return Err(Failure::usage(message, help));
        }
    }
    let place = |span: Span| {
        let location = input.system.sources.location(span);
        let known = !location.file.is_empty() && span != Span::default();
        known.then(|| (input.base.join(&location.file), location.line, location.column))
    };
    let text = match args.format {
        Form::Text => text(&found, &place, Look::stdout(global.color)),
        Form::Json => format!("{:#}\n", json(&found, &place)),
    };
    output::deliver(&text, None)?;
    Ok(Exit::Clean)
}

type Place<'p> = &'p dyn Fn(Span) -> Option<(String, u32, u32)>;

fn text(found: &[Intent], place: Place<'_>, look: Look) -> String {
    let mut out = String::new();
    for intent in found {
        let names: Vec<&str> = intent.functions.iter().map(|id| Plain::name_of(id)).collect();
        let title = format!("{} with the role {}", names.join(", "), Plain::name_of(&intent.role));
        let _ = writeln!(out, "{}", look.paint(&shown(&title), Style::new().bold()));
        for need in &intent.needs {
            let line = format!("  {:<8} {} on {}: {}", "needs", need.action, need.resource, need.why);
            let _ = writeln!(out, "{}", shown(&line));
        }
        for item in &intent.items {
            let color = match item.verdict {
                Verdict::Kept => AnsiColor::Green,
                Verdict::Surplus => AnsiColor::Red,
                Verdict::Unknown => AnsiColor::Yellow,
            };
            let at = place(item.span).map(|(file, line, _)| format!(" ({file}:{line})")).unwrap_or_default();
            let meant = match item.actions.len() {
                0 => String::new(),
                n => format!(", {}", count(n, "action", "actions")),
            };
            let word = look.paint(&format!("{:<8}", item.verdict.word()), color.on_default());
            let line = format!("{}{meant} on {}: {}{at}", item.action, item.resource, item.why);
            let _ = writeln!(out, "  {word} {}", shown(&line));
        }
        out.push('\n');
    }
    let surplus = found.iter().flat_map(|i| &i.items).filter(|i| i.verdict == Verdict::Surplus).count();
    let unknown = found.iter().flat_map(|i| &i.items).filter(|i| i.verdict == Verdict::Unknown).count();
    let roles = count(found.len(), "role of functions", "roles of functions");
    let _ = writeln!(out, "{roles}: {surplus} surplus, {unknown} unknown and in need of evidence");
    out
}

fn json(found: &[Intent], place: Place<'_>) -> Value {
    let roles: Vec<Value> = found
        .iter()
        .map(|intent| {
            let needs: Vec<Value> = intent
                .needs
                .iter()
                .map(|n| json!({ "action": n.action, "resource": n.resource, "why": n.why }))
                .collect();
            let permissions: Vec<Value> = intent
                .items
                .iter()
                .map(|item| {
                    let location = place(item.span)
                        .map(|(file, line, column)| json!({ "file": file, "line": line, "column": column }));
                    json!({
                        "verdict": item.verdict.word(),
                        "action": item.action,
                        "actions": item.actions,
                        "resource": item.resource,
                        "why": item.why,
                        "level": (item.verdict == Verdict::Surplus).then(|| item.level()),
                        "location": location,
                    })
                })
                .collect();
            json!({
                "role": intent.role,
                "functions": intent.functions,
                "needs": needs,
                "permissions": permissions,
            })
        })
        .collect();
    json!({ "version": 1, "roles": roles })
}
