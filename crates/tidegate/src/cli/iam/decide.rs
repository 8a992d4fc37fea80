//! `tidegate iam decide`: requests and policies in, decisions out.

mod lines;
mod text;

use super::documents::Documents;
use crate::cli::Global;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Look};
use std::path::PathBuf;
use std::sync::Arc;
use tidegate_graph::Str;
use tidegate_iam::decide::explain;
use tidegate_iam::{Applicable, Boundary, Context, Level, Policy, Request};

#[derive(Debug, clap::Args)]
#[command(after_help = LINES)]
pub(super) struct Args {
    /// Who asks: ARN of a user, role or session, a service, or `anonymous`
    #[arg(long, value_name = "ARN", requires = "action", requires = "resource")]
    principal: Option<String>,
    /// The action, such as `sqs:SendMessage`
    #[arg(long, value_name = "ACTION", requires = "principal")]
    action: Option<String>,
    /// ARN of the resource; `*` for actions that know none
    #[arg(long, value_name = "ARN", requires = "principal")]
    resource: Option<String>,
    /// Account that owns the resource, where its ARN doesn't tell
    #[arg(long, value_name = "ID", requires = "principal")]
    resource_account: Option<String>,
    /// Identity policy of the principal; may be given again
    #[arg(long = "policy", value_name = "FILE", requires = "principal")]
    identity: Vec<PathBuf>,
    /// Permissions boundary
    #[arg(long, value_name = "FILE", requires = "principal")]
    boundary: Vec<PathBuf>,
    /// Session policy; may be given again
    #[arg(long, value_name = "FILE", requires = "principal")]
    session_policy: Vec<PathBuf>,
    /// Policy of the resource: for `sts:AssumeRole` the trust policy, for a KMS key its key policy
    #[arg(long, value_name = "FILE", requires = "principal")]
    resource_policy: Option<PathBuf>,
    /// Service control policy with its level, from the root down; may be given again
    #[arg(long, value_name = "[LEVEL=]FILE", requires = "principal")]
    scp: Vec<String>,
    /// Resource control policy with its level; may be given again
    #[arg(long, value_name = "[LEVEL=]FILE", requires = "principal")]
    rcp: Vec<String>,
    /// Policy of the VPC endpoint; may be given again
    #[arg(long, value_name = "FILE", requires = "principal")]
    endpoint_policy: Vec<PathBuf>,
    /// Condition key of the request; again for more keys, and for more values of one
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, requires = "principal")]
    context: Vec<(String, String)>,
    /// Takes condition keys that were not given as absent, not as unknown
    #[arg(long, requires = "principal")]
    complete: bool,
}

const LINES: &str = "\
Without --principal, requests are read from standard input as lines of JSON, each with its policies:
  {\"id\", \"request\": {\"principal\", \"action\", \"resource\", \"resource_account\", \"context\"},
   \"policies\": {\"identity\", \"boundary\", \"session\", \"resource\", \"scps\", \"rcps\", \"endpoint\", \"grants\"}}
and the decisions are lines of JSON, too.";

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    let (Some(principal), Some(action), Some(resource)) = (&args.principal, &args.action, &args.resource)
    else {
        return lines::run();
    };
    let mut request = Request::new(principal, action, resource);
    request.resource_account = args.resource_account.as_deref().map(Str::from);
    request.context = if args.complete { Context::default() } else { Context::unknown() };
    for (key, _) in &args.context {
        let own = args.context.iter().filter(|(other, _)| other.eq_ignore_ascii_case(key));
        request.context.set(key, own.map(|(_, value)| value.as_str().into()).collect::<Vec<Str>>());
    }
    let principal = request.principal.clone();
    request.context.derive(&principal);

    let mut documents = Documents::default();
    let mut all = |paths: &[PathBuf]| -> Result<Vec<Arc<Policy>>, Failure> {
        paths.iter().map(|path| documents.policy(path).map(Arc::new)).collect()
    };
    let (identity, boundary) = (all(&args.identity)?, all(&args.boundary)?);
    let (session, endpoint) = (all(&args.session_policy)?, all(&args.endpoint_policy)?);
    let resource = args.resource_policy.as_ref().map(|path| documents.policy(path)).transpose()?;
    let (scps, rcps) = (levels(&args.scp, &mut documents)?, levels(&args.rcp, &mut documents)?);
    let policies = Applicable {
        identity: &identity,
        boundary: if boundary.is_empty() { Boundary::Unset } else { Boundary::Set(&boundary) },
        session: &session,
        resource: resource.as_ref(),
        scps: &scps,
        rcps: &rcps,
        endpoint: &endpoint,
        grants: &[],
    };
    output::tell(&documents.problems());
    let explanation = explain(&request, &policies);
    output::deliver(&text::render(&request, &explanation, &documents, Look::stdout(global.color)), None)?;
    Ok(Exit::Clean)
}

/// Policies in the order of their levels. Without a name, all are of one level.
fn levels(given: &[String], documents: &mut Documents) -> Result<Vec<Level>, Failure> {
    let mut out: Vec<Level> = Vec::new();
    for text in given {
        let (name, path) = text.split_once('=').unwrap_or(("", text));
        let policy = Arc::new(documents.policy(path.as_ref())?);
        match out.iter_mut().find(|level| level.name == name) {
            Some(level) => level.policies.push(policy),
            None => out.push(Level { name: name.into(), policies: vec![policy] }),
        }
    }
    Ok(out)
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_string(), value.to_string())),
        _ => Err("expected KEY=VALUE, such as `aws:SourceIp=203.0.113.7`".to_string()),
    }
}
