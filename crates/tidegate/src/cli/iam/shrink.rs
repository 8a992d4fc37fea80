//! `tidegate iam shrink --check`: does a new policy stay within the old one?

use super::documents::Documents;
use super::listing::{Form, shown};
use crate::cli::Global;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Look};
use anstyle::AnsiColor;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use tidegate_iam::inclusion::{Gap, Inclusion, includes};
use tidegate_iam::{Policy, Request};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Proves that NEW allows nothing that OLD doesn't, or shows a request that it does allow
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], required = true)]
    check: Vec<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    let [old, new] = args.check.as_slice() else {
        return Err(Failure::usage("`--check` takes two policies", None));
    };
    let mut documents = Documents::default();
    let (old, new) = (documents.policy(old)?, documents.policy(new)?);
    output::tell(&documents.problems());
    let inclusion = includes(&old, &new, &super::estate::actions_of);
    let text = match args.format {
        Form::Text => text(&inclusion, &new, &documents, Look::stdout(global.color)),
        Form::Json => format!("{:#}\n", json(&inclusion, &new, &documents)),
    };
    output::deliver(&text, None)?;
    Ok(if inclusion == Inclusion::Proven { Exit::Clean } else { Exit::Findings })
}

fn text(inclusion: &Inclusion, new: &Policy, documents: &Documents, look: Look) -> String {
    let mut out = String::new();
    let mut title = |text: &str, color: AnsiColor| {
        let _ = writeln!(out, "{}", look.paint(text, color.on_default().bold()));
    };
    match inclusion {
        Inclusion::Proven => {
            title("proven: the new policy allows nothing that the old one doesn't", AnsiColor::Green);
        }
        Inclusion::Witness(request) => {
            title("not within: the new policy allows a request that the old one doesn't", AnsiColor::Red);
            for (name, value) in witness(request) {
                let _ = writeln!(out, "  {name:<10} {}", shown(&value));
            }
        }
        Inclusion::Unproven(Gap::TooLarge) => {
            title(
                "not provable: there are too many patterns to look at all their combinations",
                AnsiColor::Yellow,
            );
        }
        Inclusion::Unproven(Gap::Conditions { action, resource, statement }) => {
            title("not provable: conditions can't be compared", AnsiColor::Yellow);
            let _ = writeln!(out, "  {:<10} {}", "statement", shown(&place(new, *statement, documents)));
            let _ = writeln!(out, "  {:<10} {}", "action", shown(action));
            let _ = writeln!(out, "  {:<10} {}", "resource", shown(resource));
        }
    }
    out
}

fn json(inclusion: &Inclusion, new: &Policy, documents: &Documents) -> Value {
    match inclusion {
        Inclusion::Proven => json!({ "version": 1, "result": "proven" }),
        Inclusion::Witness(request) => {
            let parts: serde_json::Map<String, Value> =
                witness(request).into_iter().map(|(name, value)| (name, value.into())).collect();
            json!({ "version": 1, "result": "witness", "witness": parts })
        }
        Inclusion::Unproven(Gap::TooLarge) => {
            json!({ "version": 1, "result": "unproven", "why": "too-large" })
        }
        Inclusion::Unproven(Gap::Conditions { action, resource, statement }) => json!({
            "version": 1,
            "result": "unproven",
            "why": "conditions",
            "statement": place(new, *statement, documents),
            "action": action,
            "resource": resource,
        }),
    }
}

fn witness(request: &Request) -> Vec<(String, String)> {
    let mut out = vec![
        ("principal".to_string(), request.principal.text().to_string()),
        ("action".to_string(), request.action.text.to_string()),
        ("resource".to_string(), request.resource.to_string()),
    ];
    let context = request.context.iter().map(|(key, values)| match values {
        [] => format!("no {key}"),
        values => format!("{key}={}", values.join(",")),
    });
    let context = context.collect::<Vec<_>>().join(" ");
    if !context.is_empty() {
        out.push(("context".to_string(), context));
    }
    out
}

fn place(policy: &Policy, statement: usize, documents: &Documents) -> String {
    let found = policy.statements.iter().find(|s| s.index == statement);
    match found.and_then(|s| documents.location(s.span)) {
        Some(location) => format!("{}:{}", location.file, location.line),
        None => format!("{} statement {}", policy.name, statement + 1),
    }
}
