//! The edges of an identity itself: what it is granted, which roles it may hand on and become.

use super::super::Linker;
use super::super::access::declared_as;
use super::super::permits::{Answer, Permits, ROLE, fits};
use super::{Grant, MAX_OPEN};
use tidegate_graph::{EdgeKind, Resource, policy};
use tidegate_iam::Catalogue;

/// `grants`, `passes` and `assumes` of an identity.
pub(super) fn edges(
    linker: &mut Linker,
    permits: &Permits,
    resource: &Resource,
    own: usize,
    grants: &[Grant],
) {
    for grant in grants {
        // A grant on everything of a service reaches each of its resources.
        let everything =
            if grant.everything { linker.of_service(resource, declared_as(&grant.service)) } else { &[] };
        let everything: Vec<usize> = everything.iter().take(MAX_OPEN).copied().collect();
        for to in grant.nodes.iter().chain(&everything).filter(|n| **n != own) {
            edge(linker, permits, (resource, own), *to, grant);
        }
    }
    for (arn, policy, span) in permits.foreign_roles(&resource.id) {
        let to = linker.external("iam", &arn);
        let evidence = format!(
            "sts:AssumeRole in {policy}, cross-account, unknown: the trust policy is another account's"
        );
        linker.edge(own, to, EdgeKind::Assumes, evidence, span);
    }
    for wide in permits.wide(linker.system, &resource.id) {
        let Some(to) = linker.graph.index(&wide.to).filter(|to| *to != own) else { continue };
        let written = format!("{} in {}", wide.action, wide.policy);
        if let Some(evidence) = wide.answer.evidence(&written) {
            linker.edge(own, to, wide.kind, evidence, wide.span);
        }
    }
}

fn edge(
    linker: &mut Linker,
    permits: &Permits,
    (resource, own): (&Resource, usize),
    to: usize,
    grant: &Grant,
) {
    let Some(id) = linker.graph.node(to).map(|n| n.id.clone()) else { return };
    let written = format!("{}:{} in {}", grant.service, grant.action, grant.policy);
    let service =
        if grant.service == "*" { linker.service(to).to_owned() } else { grant.service.to_string() };
    let ask =
        |service: &str, action: &str| permits.ask(&resource.id, (service, action), Some(&id), &|_| true);
    let mut draw = |kind, answer: &Answer| {
        if let Some(evidence) = answer.evidence(&written) {
            linker.edge(own, to, kind, evidence, grant.span);
        }
    };
    if permits.is_role(&id) {
        for (kind, action) in ROLE {
            let action = action.to_ascii_lowercase();
            let Some((prefix, name)) = action.split_once(':') else { continue };
            if matches!(&*grant.service, "*" | "iam" | "sts")
                && (grant.service == "*" || grant.service == prefix)
                && policy::matches(&grant.action, name)
            {
                draw(kind, &ask(prefix, name));
            }
        }
        if matches!(&*grant.action, "passrole" | "assumerole") || grant.service == "sts" {
            return;
        }
    }
    if works_on(permits, &service, &grant.action, &id) {
        draw(EdgeKind::Grants, &ask(&service, &grant.action));
    }
}

/// True unless the catalogue knows that the action is about something else.
fn works_on(permits: &Permits, service: &str, action: &str, id: &str) -> bool {
    let Some(arn) = permits.arn(id) else { return true };
    let Some(known) = Catalogue::current().service(service) else { return true };
    let mut actions = known.matching(action).peekable();
    actions.peek().is_none() || actions.any(|action| known.types_of(action).any(|(_, ty)| fits(&ty.arn, arn)))
}
