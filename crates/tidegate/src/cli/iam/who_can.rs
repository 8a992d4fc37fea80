//! `tidegate iam who-can`: everybody who may do something.

use super::estate::Estate;
use super::listing::{self, Form, Row};
use crate::cli::{Global, input};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Look, count};
use serde_json::json;
use tidegate_iam::decide::{Hit, explain};
use tidegate_iam::{Account, Applicable, Verdict, hole};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The action, such as `sqs:SendMessage`
    #[arg(value_name = "ACTION")]
    action: String,
    /// The resource: ARN, name or logical id
    #[arg(value_name = "RESOURCE")]
    resource: String,
    #[command(flatten)]
    input: input::Args,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    let estate = Estate::read(&args.input, global)?;
    let account = &estate.account;
    let arn = listing::arn(account, &args.resource)?;
    let mut rows = Vec::new();
    for grantee in account.who_can(&args.action, &arn) {
        let because = match grantee.identity {
            Some(identity) => {
                let request = account.request(identity, &args.action, &arn);
                listing::reason(
                    &explain(&request, &account.applicable(identity, &args.action, &arn)),
                    &estate,
                )
            }
            None => stranger(account, &grantee.principal, args, &arn, &estate),
        };
        rows.push(Row {
            title: hole::display(&grantee.principal),
            decision: grantee.decision,
            location: grantee.identity.and_then(|i| estate.location(i.span)),
            because,
        });
    }
    let text = match args.format {
        Form::Text => {
            let can = rows.iter().filter(|row| row.decision.verdict == Verdict::Allowed).count();
            let might = rows.len() - can;
            let who = |n| count(n, "principal", "principals");
            let title = format!(
                "{} can do `{}` on `{}`, {} might",
                who(can),
                listing::shown(&args.action),
                listing::shown(&arn),
                who(might)
            );
            listing::text(&title, &rows, Look::stdout(global.color))
        }
        Form::Json => listing::json(
            json!({ "action": args.action, "resource": hole::display(&arn) }),
            "principals",
            "principal",
            &rows,
        ),
    };
    output::deliver(&text, None)?;
    Ok(Exit::Clean)
}

/// What lets somebody from elsewhere in: the resource's own policy.
fn stranger(account: &Account, principal: &str, args: &Args, arn: &str, estate: &Estate) -> Vec<String> {
    let principal = tidegate_iam::Principal::parse(principal);
    let request = account.stranger(principal, &args.action, arn);
    let policies = account.around(&args.action, arn);
    let full = [tidegate_iam::Policy::full_access()];
    let explanation = explain(&request, &Applicable { identity: &full, ..policies });
    let own = |hit: &&Hit<'_>| !hit.kind.is_of_principal();
    let hits: Vec<Hit<'_>> = listing::hits(&explanation);
    hits.iter().filter(own).map(|hit| listing::statement(hit, estate)).collect()
}
