//! The account that a question is about: of templates, or of an export.

use super::documents::Documents;
use crate::cli::{Global, input};
use crate::failure::Failure;
use crate::output::{self, Base, Look, problems};
use std::sync::Arc;
use tidegate_graph::{Location, Problem, Sources, Span, Str, Value};
use tidegate_iam::{Account, Catalogue, Policy};

/// An account and where it was written.
pub(super) struct Estate {
    pub(super) account: Account,
    /// Steps between identities of other clouds.
    pub(super) clouds: Vec<tidegate_read::CloudStep>,
    /// What runs code in other clouds, and where it is declared.
    pub(super) computes: Vec<(Str, Span)>,
    written: Written,
}

enum Written {
    Export(Documents),
    Templates(Box<Sources>, Base),
}

impl Estate {
    /// Reads what the command line names: a file of JSON that is an export, or anything that `check` reads.
    pub(super) fn read(args: &input::Args, global: Global) -> Result<Self, Failure> {
        if let Some((export, mut documents)) = export(args)? {
            let account = Account::from_export(&export, &managed);
            documents.note(&account.problems);
            output::tell(&documents.problems());
            return Ok(Self {
                account,
                clouds: Vec::new(),
                computes: Vec::new(),
                written: Written::Export(documents),
            });
        }
        let input = args.read(global)?;
        let account = tidegate_read::account(&input.system, &managed);
        if !global.quiet {
            let problems: Vec<&Problem> = input.system.problems.iter().chain(&account.problems).collect();
            let look = Look::stderr(global.color);
            output::tell(&problems::render(&input.system, &problems, &input.base, look));
        }
        let clouds = tidegate_read::cloud_steps(&input.system);
        let computes = input.system.resources().iter().filter(|r| tidegate_read::is_cloud_compute(&r.ty));
        let computes = computes.map(|r| (r.id.clone(), r.span)).collect();
        let sources = Box::new(input.system.sources);
        Ok(Self { account, clouds, computes, written: Written::Templates(sources, input.base) })
    }

    /// Where something stands.
    pub(super) fn location(&self, span: Span) -> Option<Location> {
        match &self.written {
            Written::Export(documents) => documents.location(span),
            Written::Templates(sources, base) => {
                let location = sources.location(span);
                let known = !location.file.is_empty() && span != Span::default();
                known.then(|| Location { file: base.join(&location.file).into(), ..location })
            }
        }
    }
}

fn export(args: &input::Args) -> Result<Option<(Value, Documents)>, Failure> {
    let path = args.path();
    if !path.is_file() || path.extension().is_none_or(|e| e != "json") {
        return Ok(None);
    }
    let mut documents = Documents::default();
    let value = documents.value(path)?;
    Ok(Account::is_export(&value).then_some((value, documents)))
}

/// Actions of a service.
pub(super) fn actions_of(prefix: &str) -> Vec<Str> {
    let service = Catalogue::current().service(prefix);
    let actions = service.into_iter().flat_map(tidegate_iam::catalogue::Service::actions);
    actions.map(|action| format!("{prefix}:{}", action.name).into()).collect()
}

/// AWS managed policies that are not written in what was read.
fn managed(arn: &str) -> Option<Arc<Policy>> {
    let policy = Catalogue::current().managed_policy(arn)?;
    Policy::from_json(policy.name, policy.document).ok().map(Arc::new)
}
