//! `tidegate iam what-can`: everything that a principal may do.

use super::estate::Estate;
use super::listing::{self, Form, Row};
use crate::cli::{Global, input};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Look, count};
use crate::suggest::closest;
use serde_json::json;
use tidegate_graph::Str;
use tidegate_iam::decide::explain;
use tidegate_iam::policy::ActionPattern;
use tidegate_iam::{Catalogue, Verdict, hole};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The user or role: ARN, name or logical id
    #[arg(value_name = "PRINCIPAL")]
    principal: String,
    #[command(flatten)]
    input: input::Args,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    let estate = Estate::read(&args.input, global)?;
    let account = &estate.account;
    let Some(identity) = account.find(&args.principal) else {
        let names = account.identities.iter().map(|i| i.name.as_str());
        let help = closest(&args.principal, names).map(|name| format!("did you mean `{name}`?"));
        return Err(Failure::usage(format!("there is no user or role `{}`", args.principal), help));
    };
    let mut rows = Vec::new();
    for access in account.what_can(identity, &expand) {
        let request = account.request(identity, &access.action, &access.resource);
        let policies = account.applicable(identity, &access.action, &access.resource);
        rows.push(Row {
            title: format!("{} on {}", access.action, hole::display(&access.resource)),
            decision: access.decision,
            location: access.known.and_then(|r| estate.location(r.span)),
            because: listing::reason(&explain(&request, &policies), &estate),
        });
    }
    let text = match args.format {
        Form::Text => {
            let can = rows.iter().filter(|row| row.decision.verdict == Verdict::Allowed).count();
            let title = format!(
                "`{}` can do {}, and might do {} more",
                listing::shown(&identity.name),
                count(can, "thing", "things"),
                rows.len() - can
            );
            listing::text(&title, &rows, Look::stdout(global.color))
        }
        Form::Json => {
            listing::json(json!({ "principal": hole::display(&identity.arn) }), "access", "what", &rows)
        }
    };
    output::deliver(&text, None)?;
    Ok(Exit::Clean)
}

/// The actions that a pattern stands for; none where they aren't known, or are all that there are.
fn expand(pattern: &ActionPattern) -> Vec<Str> {
    if pattern.is_everything() {
        return Vec::new();
    }
    let meant = Catalogue::current().expand(pattern.text());
    let service = pattern.service().unwrap_or_default();
    meant.map(|(_, action)| format!("{service}:{}", action.name).into()).collect()
}
