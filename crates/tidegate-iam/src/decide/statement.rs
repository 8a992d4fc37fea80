//! Whether a statement speaks of a request.

use super::{Grant, Kind, supports_rcps};
use crate::policy::{Naming, Short};
use crate::request::{Known, Principal, PrincipalKind};
use crate::{Arn, Effect, Request, Scope, Statement, Tri};

/// A request, prepared to be held against many statements.
pub(crate) struct Subject<'a> {
    pub(super) request: &'a Request,
    pub(super) arn: Arn<'a>,
    resource_kind: Kind,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(request: &'a Request) -> Self {
        let arn = Arn::split(&request.resource);
        let action = &request.action;
        // Whatever else is asked of a role, its trust policy has no part in it.
        let trust = action.service() == "sts"
            && [
                "assumerole",
                "assumerolewithsaml",
                "assumerolewithwebidentity",
                "tagsession",
                "setsourceidentity",
            ]
            .contains(&action.name());
        Self { request, arn, resource_kind: if trust { Kind::Trust } else { Kind::Resource } }
    }

    /// What the resource's policy is called for this action.
    pub(super) fn resource_kind(&self) -> Kind {
        self.resource_kind
    }

    /// True for principals that have no policies of their own: only the resource side counts.
    pub(super) fn is_alone(&self) -> bool {
        use PrincipalKind::{Anonymous, Canonical, Federated, Other, Service};
        matches!(self.request.principal.kind(), Anonymous | Canonical | Federated | Other | Service)
    }

    /// Organization policies bind neither services nor the roles that belong to them.
    pub(super) fn scps_bind(&self) -> bool {
        !self.is_alone() && !self.request.principal.is_service_linked()
    }

    /// The same for what they say of resources, which also binds strangers.
    pub(super) fn rcps_bind(&self) -> bool {
        !self.request.principal.is_service_linked() && supports_rcps(self.request.action.service())
    }

    /// True if action, resource and conditions match. Principals are looked at apart.
    pub(super) fn applies(&self, statement: &Statement, kind: Kind) -> Tri {
        let aimed = self.aims(statement, kind);
        if aimed == Tri::False {
            return Tri::False;
        }
        let context = &self.request.context;
        aimed.and(Tri::all(statement.conditions.iter().map(|condition| condition.holds(context))))
    }

    /// True if action and resource match.
    pub(crate) fn aims(&self, statement: &Statement, kind: Kind) -> Tri {
        let action = self.acts(statement);
        if action == Tri::False {
            return Tri::False;
        }
        let certain = if statement.certain { Tri::True } else { Tri::Unknown };
        Tri::all([certain, action, self.lies_in(statement, kind)])
    }

    fn acts(&self, statement: &Statement) -> Tri {
        let any = |items: &[crate::policy::ActionPattern]| {
            Tri::any(items.iter().map(|pattern| pattern.matches(&self.request.action)))
        };
        match &statement.actions {
            Scope::Only(items) => any(items),
            Scope::Except(items) => !any(items),
        }
    }

    fn lies_in(&self, statement: &Statement, kind: Kind) -> Tri {
        let short = match kind {
            Kind::Identity | Kind::Boundary | Kind::Session => Short::Padded,
            Kind::Resource | Kind::Trust | Kind::Endpoint | Kind::Grant => Short::Wild,
            Kind::Scp => Short::WildEnd,
            Kind::Rcp => Short::Nothing,
        };
        let matches = |pattern: &crate::policy::ResourcePattern| {
            pattern.matches(&self.arn, &self.request.context, short)
        };
        match &statement.resources {
            // Only trust policies, and resource policies of services like ECR, are written without.
            None => Tri::from(matches!(kind, Kind::Trust | Kind::Resource)),
            Some(Scope::Only(items)) => {
                Tri::any(items.iter().map(|item| matches(item).unwrap_or(Tri::False)))
            }
            Some(Scope::Except(items)) => {
                let mut named = Tri::False;
                for item in items {
                    match matches(item) {
                        Some(answer) => named = named.or(answer),
                        // A variable without a value: the statement doesn't match at all.
                        None => return Tri::False,
                    }
                }
                !named
            }
        }
    }

    /// True if a grant covers the request.
    pub(super) fn granted(&self, grant: &Grant) -> Tri {
        let action = &self.request.action;
        let operation = grant.operations.iter().any(|o| o.eq_ignore_ascii_case(action.name()));
        if action.service() != "kms" || !operation {
            return Tri::False;
        }
        let (_, named) = grant.grantee.names(&self.request.principal);
        let carried = grant.context.iter().map(|(key, value)| {
            let key = format!("kms:encryptioncontext:{}", key.to_ascii_lowercase());
            match self.request.context.get(&key) {
                Known::Value(own) => Tri::from(own == value),
                Known::Unknown => Tri::Unknown,
                _ => Tri::False,
            }
        });
        named.and(Tri::all(carried))
    }
}

/// How a statement of a resource policy names the principal; `None` stands for everybody.
pub(super) fn names(
    statement: &Statement,
    principal: &Principal,
    bounded: bool,
) -> impl Iterator<Item = (Option<Naming>, Tri)> {
    let (only, rest) = match &statement.principals {
        Some(Scope::Only(items)) => (items.as_slice(), None),
        Some(Scope::Except(items)) => {
            // AWS denies to everybody with a boundary, whoever is named.
            let named = Tri::any(items.iter().map(|item| item.names(principal).1));
            let spared = if statement.effect == Effect::Deny && bounded { Tri::False } else { named };
            // A role that is only not excluded is still held by its boundary.
            let role = statement.effect == Effect::Allow && principal.kind() == PrincipalKind::Role;
            (&[][..], Some((role.then_some(Naming::Role), !spared)))
        }
        // AWS refuses a resource policy without principals; what isn't known may have some.
        None if statement.certain => (&[][..], None),
        None => (&[][..], Some((None, Tri::Unknown))),
    };
    let named = only.iter().map(|item| {
        let (naming, named) = item.names(principal);
        (if item.is_anyone() { None } else { Some(naming) }, named)
    });
    named.chain(rest)
}
