//! Decisions: is a request allowed by the policies that apply to it?
//!
//! The order is AWS's. An explicit deny anywhere denies. Then organization, boundary and session can only take away from
//! what identity and resource side give; across accounts both sides must give, within one account either can, and a
//! role's trust policy and a key's policy can't be passed by.

mod explain;
mod statement;

pub use explain::{Change, Clause, Explanation, Hit, explain};

use crate::policy::Naming;
use crate::request::{Action, PrincipalKind};
use crate::{Arn, Effect, Policy, Request, Tri};
pub(crate) use statement::Subject;
use statement::names;
use std::sync::Arc;
use tidegate_graph::Str;

/// The policies that apply to a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Applicable<'a> {
    /// Of the principal: inline, managed, of its groups.
    pub identity: &'a [Arc<Policy>],
    /// The permissions boundary.
    pub boundary: Boundary<'a>,
    /// Session policies; empty when the session was opened without any.
    pub session: &'a [Arc<Policy>],
    /// Of the resource; a role's trust policy, a key's policy.
    pub resource: Option<&'a Policy>,
    /// Service control policies of the principal's account, from the root down; empty outside of an organization.
    pub scps: &'a [Level],
    /// Resource control policies of the resource's account, from the root down. Full access is always attached to them.
    pub rcps: &'a [Level],
    /// Of the VPC endpoint through which the request goes; empty when it goes through none.
    pub endpoint: &'a [Arc<Policy>],
    /// Grants on the key that is asked for.
    pub grants: &'a [Grant],
}

/// A permissions boundary.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Boundary<'a> {
    /// None is set.
    #[default]
    Unset,
    /// The policies of which it is made.
    Set(&'a [Arc<Policy>]),
    /// It names a policy that no longer exists, and so allows nothing.
    Missing,
    /// It is set to a policy that wasn't read.
    Unknown,
}

/// The policies of one level of an organization: root, unit or account.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Its name or id.
    pub name: Str,
    /// What is attached there.
    pub policies: Vec<Arc<Policy>>,
}

/// A grant on a KMS key.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// ARN or service that may use the key.
    pub grantee: crate::policy::PrincipalPattern,
    /// `Decrypt`, `GenerateDataKey` ...
    pub operations: Vec<Str>,
    /// Pairs of the encryption context that the request must carry.
    pub context: Vec<(Str, Str)>,
}

/// What kind of policy it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Service control policy.
    Scp,
    /// Resource control policy.
    Rcp,
    /// Permissions boundary.
    Boundary,
    /// Identity policy.
    Identity,
    /// Session policy.
    Session,
    /// Resource policy.
    Resource,
    /// Trust policy of a role.
    Trust,
    /// VPC endpoint policy.
    Endpoint,
    /// KMS grant.
    Grant,
}

impl Kind {
    /// One word, as programs read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scp => "scp",
            Self::Rcp => "rcp",
            Self::Boundary => "boundary",
            Self::Identity => "identity",
            Self::Session => "session",
            Self::Resource => "resource",
            Self::Trust => "trust",
            Self::Endpoint => "endpoint",
            Self::Grant => "grant",
        }
    }

    /// As people call it.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Scp => "service control policy",
            Self::Rcp => "resource control policy",
            Self::Boundary => "permissions boundary",
            Self::Identity => "identity policy",
            Self::Session => "session policy",
            Self::Resource => "resource policy",
            Self::Trust => "trust policy",
            Self::Endpoint => "endpoint policy",
            Self::Grant => "grant",
        }
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is allowed.
    pub verdict: Verdict,
    /// What allows it, what holds the deny, or what fails to allow after another side had allowed. `None` when nothing
    /// speaks for the request at all, and when the answer isn't known.
    pub by: Option<Kind>,
}

/// Whether a request is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is.
    Allowed,
    /// Nothing that has to allows it.
    ImplicitlyDenied,
    /// A statement denies it.
    ExplicitlyDenied,
    /// It depends on what isn't known.
    Unknown,
}

impl Verdict {
    /// As programs read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ImplicitlyDenied => "implicitly_denied",
            Self::ExplicitlyDenied => "explicitly_denied",
            Self::Unknown => "unknown",
        }
    }

    /// True when it is certainly allowed.
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }

    /// True unless it is certainly denied.
    pub fn is_possible(self) -> bool {
        matches!(self, Self::Allowed | Self::Unknown)
    }
}

/// Decides a request.
pub fn decide(request: &Request, policies: &Applicable<'_>) -> Decision {
    let subject = Subject::new(request);
    if always_allowed(request) {
        return Decision { verdict: Verdict::Allowed, by: None };
    }
    let sides = Sides::of(&subject, policies);
    if let Some(kind) = sides.denied_by(&subject, Tri::True) {
        return Decision { verdict: Verdict::ExplicitlyDenied, by: Some(kind) };
    }
    if is_reserved(request, &subject.arn) {
        return Decision { verdict: Verdict::ImplicitlyDenied, by: None };
    }
    let allowed = sides.allowed(&subject);
    let denied = sides.denied_by(&subject, Tri::Unknown).is_some();
    match allowed {
        Tri::True if !denied => Decision { verdict: Verdict::Allowed, by: Some(sides.allowed_by(&subject)) },
        Tri::False => Decision { verdict: Verdict::ImplicitlyDenied, by: sides.missing(&subject) },
        _ => Decision { verdict: Verdict::Unknown, by: None },
    }
}

/// What each kind of policy says of a request.
#[derive(Clone, Copy, Debug)]
struct Sides {
    identity: Side,
    boundary: Side,
    session: Side,
    resource: ResourceSide,
    scp: Side,
    rcp: Side,
    endpoint: Side,
    same_account: Tri,
    /// The policy of the resource can't be passed by.
    required: bool,
    /// Only the resource side counts: services, providers, anybody.
    alone: bool,
}

#[derive(Clone, Copy, Debug)]
struct Side {
    allow: Tri,
    deny: Tri,
}

/// Allows of the resource's policy, by how they name the principal.
#[derive(Clone, Copy, Debug)]
struct ResourceSide {
    deny: Tri,
    anyone: Tri,
    exact: Tri,
    role: Tri,
    account: Tri,
}

impl Side {
    /// Nothing of that kind applies, so that it takes nothing away.
    const OPEN: Self = Self { allow: Tri::True, deny: Tri::False };
    /// Nothing is said.
    const SILENT: Self = Self { allow: Tri::False, deny: Tri::False };

    fn of(subject: &Subject<'_>, policies: &[Arc<Policy>], kind: Kind) -> Self {
        let mut out = Self::SILENT;
        for statement in policies.iter().flat_map(|p| &p.statements) {
            // Once something allows, further allows add nothing.
            if statement.allows() && out.allow == Tri::True || !statement.allows() && out.deny == Tri::True {
                continue;
            }
            let mut applies = subject.applies(statement, kind);
            if kind == Kind::Endpoint && statement.principals.is_some() {
                let named = names(statement, &subject.request.principal, false).map(|(_, named)| named);
                applies = applies.and(Tri::any(named));
            }
            match statement.effect {
                Effect::Allow => out.allow = out.allow.or(applies),
                Effect::Deny => out.deny = out.deny.or(applies),
            }
        }
        out
    }

    fn levels(subject: &Subject<'_>, levels: &[Level], kind: Kind) -> Self {
        let mut out = Self::OPEN;
        for level in levels {
            let side = Self::of(subject, &level.policies, kind);
            out.deny = out.deny.or(side.deny);
            // Full access is implied at every level.
            if kind != Kind::Rcp {
                out.allow = out.allow.and(side.allow);
            }
        }
        out
    }
}

impl ResourceSide {
    fn of(subject: &Subject<'_>, policies: &Applicable<'_>, kind: Kind) -> Self {
        let no = Tri::False;
        let mut out = Self { deny: no, anyone: no, exact: no, role: no, account: no };
        let bounded = policies.boundary != Boundary::Unset;
        for statement in policies.resource.iter().flat_map(|p| &p.statements) {
            let applies = subject.applies(statement, kind);
            if applies == Tri::False {
                continue;
            }
            for (slot, named) in names(statement, &subject.request.principal, bounded) {
                let cell = match (statement.effect, slot) {
                    (Effect::Deny, _) => &mut out.deny,
                    (Effect::Allow, None) => &mut out.anyone,
                    (Effect::Allow, Some(Naming::Direct)) => &mut out.exact,
                    (Effect::Allow, Some(Naming::Role)) => &mut out.role,
                    (Effect::Allow, Some(Naming::Account)) => &mut out.account,
                };
                *cell = cell.or(applies.and(named));
            }
        }
        for grant in policies.grants {
            out.exact = out.exact.or(subject.granted(grant));
        }
        out
    }

    /// Any of them.
    fn allow(&self) -> Tri {
        Tri::any([self.anyone, self.exact, self.role, self.account])
    }
}

impl Sides {
    fn of(subject: &Subject<'_>, policies: &Applicable<'_>) -> Self {
        let request = subject.request;
        let principal = &request.principal;
        let mut identity = Side::of(subject, policies.identity, Kind::Identity);
        if principal.kind() == PrincipalKind::Root {
            identity.allow = Tri::True;
        }
        let boundary = match policies.boundary {
            Boundary::Unset | Boundary::Set([]) => Side::OPEN,
            Boundary::Set(policies) => Side::of(subject, policies, Kind::Boundary),
            Boundary::Missing => Side::SILENT,
            Boundary::Unknown => Side { allow: Tri::Unknown, deny: Tri::Unknown },
        };
        let restrict = |policies: &[Arc<Policy>], kind| match policies {
            [] => Side::OPEN,
            policies => Side::of(subject, policies, kind),
        };
        let levels =
            |binds, levels, kind| if binds { Side::levels(subject, levels, kind) } else { Side::OPEN };
        let scp = levels(subject.scps_bind(), policies.scps, Kind::Scp);
        let rcp = levels(subject.rcps_bind(), policies.rcps, Kind::Rcp);
        Self {
            identity,
            boundary,
            session: restrict(policies.session, Kind::Session),
            resource: ResourceSide::of(subject, policies, subject.resource_kind()),
            scp,
            rcp,
            endpoint: restrict(policies.endpoint, Kind::Endpoint),
            same_account: request.same_account(),
            required: subject.resource_kind() == Kind::Trust || is_key(request, &subject.arn),
            alone: subject.is_alone(),
        }
    }

    /// The first kind of policy of which a deny is that certain.
    fn denied_by(&self, subject: &Subject<'_>, certain: Tri) -> Option<Kind> {
        let sides = [
            (Kind::Scp, self.scp.deny),
            (Kind::Rcp, self.rcp.deny),
            (Kind::Boundary, self.boundary.deny),
            (Kind::Session, self.session.deny),
            (Kind::Identity, self.identity.deny),
            (subject.resource_kind(), self.resource.deny),
            (Kind::Endpoint, self.endpoint.deny),
        ];
        sides.into_iter().find(|(_, deny)| *deny == certain).map(|(kind, _)| kind)
    }

    fn allowed(&self, subject: &Subject<'_>) -> Tri {
        Tri::all([
            self.core(subject, self.boundary.allow, self.session.allow),
            self.scp.allow,
            self.endpoint.allow,
        ])
    }

    /// What identity and resource side give, within boundary and session policy.
    fn core(&self, subject: &Subject<'_>, boundary: Tri, session: Tri) -> Tri {
        if self.alone {
            return Tri::any([self.resource.anyone, self.resource.exact, self.resource.role]);
        }
        let same =
            || Tri::any([self.by_resource(subject, boundary, session), self.by_identity(boundary, session)]);
        let across = || Tri::all([self.identity.allow, boundary, session, self.resource.allow()]);
        match self.same_account {
            Tri::True => same(),
            Tri::False => across(),
            Tri::Unknown => {
                let (same, across) = (same(), across());
                if same == across { same } else { Tri::Unknown }
            }
        }
    }

    /// Within one account, by the resource's policy alone.
    fn by_resource(&self, subject: &Subject<'_>, boundary: Tri, session: Tri) -> Tri {
        // A grant to a session itself is final; one to everybody goes past the boundary, not past the session policy.
        let of_session =
            matches!(subject.request.principal.kind(), PrincipalKind::Session | PrincipalKind::FederatedUser);
        let exact = if of_session { self.resource.exact } else { self.resource.exact.and(session) };
        Tri::any([
            exact,
            self.resource.anyone.and(session),
            Tri::all([self.resource.role, boundary, session]),
        ])
    }

    /// Within one account, by the identity policies.
    fn by_identity(&self, boundary: Tri, session: Tri) -> Tri {
        let delegated = if self.required { self.resource.account } else { Tri::True };
        Tri::all([self.identity.allow, delegated, boundary, session])
    }

    fn allowed_by(&self, subject: &Subject<'_>) -> Kind {
        let by_identity = self.by_identity(self.boundary.allow, self.session.allow);
        if self.alone || self.same_account.is_true() && !by_identity.is_true() {
            return subject.resource_kind();
        }
        Kind::Identity
    }

    /// What fails to allow although another side does.
    fn missing(&self, subject: &Subject<'_>) -> Option<Kind> {
        let given = self.core(subject, Tri::True, Tri::True).is_possible();
        if given {
            let limits = [
                (Kind::Scp, self.scp.allow),
                (Kind::Boundary, self.boundary.allow),
                (Kind::Session, self.session.allow),
                (Kind::Endpoint, self.endpoint.allow),
            ];
            return limits.into_iter().find(|(_, allow)| *allow == Tri::False).map(|(kind, _)| kind);
        }
        if self.alone {
            return None;
        }
        let identity = self.identity.allow.is_possible();
        let resource = self.resource.allow().is_possible();
        match (identity, resource) {
            (true, _) => Some(subject.resource_kind()),
            (false, true) => Some(Kind::Identity),
            (false, false) => None,
        }
    }
}

/// True for what AWS allows everybody who has signed, whatever is denied.
fn always_allowed(request: &Request) -> bool {
    request.action.is("sts", "getcalleridentity") && request.principal.kind() != PrincipalKind::Anonymous
}

/// The policy of a key can't be passed by.
fn is_key(request: &Request, arn: &Arn<'_>) -> bool {
    request.action.service() == "kms" && arn.kind() == "key"
}

/// True for changes to what belongs to AWS itself: managed policies, reserved roles, managed keys' aliases.
fn is_reserved(request: &Request, arn: &Arn<'_>) -> bool {
    const CHANGES: &[&str] =
        &["create", "delete", "set", "tag", "untag", "attach", "detach", "put", "update", "pass"];
    let changes = |action: &Action| CHANGES.iter().any(|verb| action.name().starts_with(verb));
    let action = &request.action;
    match action.service() {
        "iam" => {
            let managed = arn.account() == "aws" && arn.kind() == "policy";
            // Attaching a managed policy changes the role, not the policy.
            let own = !["attach", "detach"].iter().any(|verb| action.name().starts_with(verb));
            let reserved = arn.resource().starts_with("role/aws-reserved/");
            changes(action) && (managed && own || reserved)
        }
        "kms" => {
            arn.resource().starts_with("alias/aws/") && action.name().ends_with("alias") && changes(action)
        }
        _ => false,
    }
}

/// Services whose resources resource control policies bind.
fn supports_rcps(service: &str) -> bool {
    RCP_SERVICES.binary_search(&service).is_ok()
}

/// Sorted.
const RCP_SERVICES: &[&str] = &[
    "aoss",
    "appconfig",
    "appstream",
    "autoscaling",
    "autoscaling-plans",
    "budgets",
    "clouddirectory",
    "cloudfront",
    "cloudsearch",
    "cloudtrail-data",
    "codeartifact",
    "codebuild",
    "codecommit",
    "codepipeline",
    "cognito-identity",
    "cognito-idp",
    "comprehend",
    "comprehendmedical",
    "compute-optimizer",
    "cost-optimization-hub",
    "dax",
    "dsql",
    "dynamodb",
    "ecr",
    "ecr-public",
    "events",
    "firehose",
    "fis",
    "fms",
    "gamelift",
    "health",
    "inspector-scan",
    "kendra",
    "kinesisvideo",
    "kms",
    "logs",
    "memorydb",
    "networkmonitor",
    "notifications",
    "opensearch",
    "pca-connector-ad",
    "personalize",
    "polly",
    "pricing",
    "resource-groups",
    "rolesanywhere",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "signin",
    "sqs",
    "sts",
    "support",
    "swf",
    "textract",
    "timestream-influxdb",
    "transcribe",
    "transfer",
    "translate",
    "wafv2",
    "workspaces",
    "xray",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn the_services_of_resource_control_policies_are_those_of_the_catalogue() {
        assert!(RCP_SERVICES.is_sorted());
        let services = Catalogue::current().services().filter(|service| service.rcp);
        let known: Vec<&str> = services.map(|service| service.prefix.as_str()).collect();
        let missing: Vec<&&str> = known.iter().filter(|prefix| !supports_rcps(prefix)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
