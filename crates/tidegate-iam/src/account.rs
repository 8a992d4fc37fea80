//! An account: its principals with their policies, its resources with theirs, and what the organization imposes.
//!
//! Two things fill it: an export of `iam:GetAccountAuthorizationDetails` ([`Account::from_export`]), and the resources of
//! templates (in the crate that reads them). Either way ARNs are texts in which what isn't known is a [hole](crate::hole).

mod arns;
mod export;
mod question;

pub use arns::{Names, arn_of, name_property, ref_is_arn};
pub use question::{Access, Grantee};

use crate::decide::{Boundary, Kind, Level};
use crate::request::PrincipalKind;
use crate::{Applicable, Arn, Context, Policy, Principal, Request};
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_graph::{Map, Problem, Span, Str};

/// Principals, resources and policies of one account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Twelve digits, or a hole.
    pub id: Str,
    /// Users and roles.
    pub identities: Vec<Identity>,
    /// Everything else that has an ARN.
    pub resources: Vec<Resource>,
    /// What ties resources together and has no ARN that is known: mappings, subscriptions, aliases.
    pub wiring: Vec<Resource>,
    /// Groups of users.
    pub groups: Vec<Group>,
    /// Customer managed policies, with who has them.
    pub managed: Vec<Managed>,
    /// Service control policies, from the root down.
    pub scps: Vec<Level>,
    /// Resource control policies, from the root down.
    pub rcps: Vec<Level>,
    /// What couldn't be read.
    pub problems: Vec<Problem>,
    by_arn: HashMap<Str, Place>,
    by_role: HashMap<Str, usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Identity(usize),
    Resource(usize),
}

/// A user or role.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its ARN.
    pub arn: Str,
    /// Its name: of the account, or the logical id where the name isn't known.
    pub name: Str,
    /// The same as a principal.
    pub principal: Principal,
    /// Every policy that gives it something, those of its groups included.
    pub policies: Vec<Arc<Policy>>,
    /// Where each of them comes from, in the same order.
    pub sources: Vec<Attachment>,
    /// Its permissions boundary.
    pub boundary: Limit,
    /// A role's trust policy.
    pub trust: Option<Arc<Policy>>,
    /// Groups of a user.
    pub groups: Vec<Str>,
    /// Instance profiles of a role.
    pub profiles: Vec<Str>,
    /// Tags that are known.
    pub tags: Vec<(Str, Str)>,
    /// Id of the declared resource, when it comes from a template.
    pub id: Option<Str>,
    /// Where it was written.
    pub span: Span,
}

/// How a policy came to an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// Written into it.
    Inline,
    /// A managed policy with this ARN.
    Managed(Str),
    /// Of this group: written into it (`None`), or a managed policy with this ARN.
    Group(Str, Option<Str>),
}

/// A group of users.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its ARN.
    pub arn: Str,
    /// Its name, as users give it.
    pub name: Str,
    /// What its members may.
    pub policies: Vec<Arc<Policy>>,
    /// Its managed policies by ARN.
    pub managed: Vec<Str>,
}

/// A permissions boundary, owned.
#[derive(Clone, Debug, Default)]
pub enum Limit {
    /// None is set.
    #[default]
    Unset,
    /// This policy.
    Set(Arc<Policy>),
    /// A policy that no longer exists.
    Missing,
    /// A policy that wasn't read.
    Unknown,
}

/// A customer managed policy.
#[derive(Clone, Debug)]
pub struct Managed {
    /// Its ARN.
    pub arn: Str,
    /// Its name.
    pub name: Str,
    /// The document.
    pub policy: Arc<Policy>,
    /// Its other versions, which can become the document.
    pub versions: Vec<Arc<Policy>>,
    /// Id of the declared resource, when it comes from a template.
    pub id: Option<Str>,
    /// Where it was written.
    pub span: Span,
}

/// Something with an ARN that is neither user nor role.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its ARN.
    pub arn: Str,
    /// CloudFormation type.
    pub ty: Str,
    /// Name: its physical one, or the logical id.
    pub name: Str,
    /// Its policy: of a queue, a topic, a bucket, a key, a function.
    pub policy: Option<Arc<Policy>>,
    /// Properties, references in them replaced by ARN or name.
    pub properties: Map,
    /// ARNs of the roles that it names: as itself, or to hand on.
    pub roles: Vec<Str>,
    /// Id of the declared resource, when it comes from a template.
    pub id: Option<Str>,
    /// Where it was written.
    pub span: Span,
}

impl Account {
    /// An account in which there is nothing yet.
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// Adds an identity; the first of an ARN is found by it.
    pub fn add_identity(&mut self, identity: Identity) -> usize {
        let index = self.identities.len();
        if let Some(role) = identity.principal.role_name() {
            self.by_role.entry(role.into()).or_insert(index);
        }
        self.by_arn.entry(identity.arn.clone()).or_insert(Place::Identity(index));
        self.identities.push(identity);
        index
    }

    /// Adds a resource; the first of an ARN is found by it.
    pub fn add_resource(&mut self, resource: Resource) -> usize {
        let index = self.resources.len();
        self.by_arn.entry(resource.arn.clone()).or_insert(Place::Resource(index));
        self.resources.push(resource);
        index
    }

    /// The user or role with this ARN; a session is found by its role.
    pub fn identity(&self, arn: &str) -> Option<&Identity> {
        if let Some(Place::Identity(index)) = self.by_arn.get(arn) {
            return self.identities.get(*index);
        }
        let principal = Principal::parse(arn);
        let named = self.identities.get(*self.by_role.get(principal.role_name()?)?)?;
        let is_session = principal.kind() == PrincipalKind::Session;
        (is_session && named.principal.account() == principal.account()).then_some(named)
    }

    /// An identity by ARN, name, or id of its declaration.
    pub fn find(&self, text: &str) -> Option<&Identity> {
        let logical = |i: &Identity| i.id.as_deref().and_then(|id| id.rsplit('/').next()) == Some(text);
        self.identity(text).or_else(|| {
            self.identities.iter().find(|i| i.name == text || i.id.as_deref() == Some(text) || logical(i))
        })
    }

    /// The resource with this ARN. An object is not its bucket; see [`Account::owner_of`].
    pub fn resource(&self, arn: &str) -> Option<&Resource> {
        match self.by_arn.get(arn) {
            Some(Place::Resource(index)) => self.resources.get(*index),
            _ => None,
        }
    }

    /// The resource whose policy rules over an ARN: of the bucket for its objects, of the function for its aliases.
    pub fn owner_of(&self, arn: &str) -> Option<&Resource> {
        self.resource(arn).or_else(|| {
            let parsed = Arn::parse(arn)?;
            let (owner, _) = match parsed.service() {
                "s3" => arn.split_once('/')?,
                "dynamodb" => arn.split_once("/index/").or_else(|| arn.split_once("/stream/"))?,
                "lambda" => {
                    let at = arn.match_indices(':').nth(6)?.0;
                    arn.split_at_checked(at)?
                }
                "logs" => arn.rsplit_once(":*")?,
                _ => return None,
            };
            self.resource(owner)
        })
    }

    /// The policies that apply when an identity asks for an ARN.
    pub fn applicable<'a>(&'a self, identity: &'a Identity, action: &str, arn: &str) -> Applicable<'a> {
        Applicable {
            identity: &identity.policies,
            boundary: identity.boundary.as_boundary(),
            scps: &self.scps,
            ..self.around(action, arn)
        }
    }

    /// The policies of the resource's side alone, for a principal from elsewhere.
    pub fn around<'a>(&'a self, action: &str, arn: &str) -> Applicable<'a> {
        let is_assume = action.to_ascii_lowercase().starts_with("sts:");
        let trust = || self.identity(arn).and_then(|role| role.trust.as_deref());
        let own = || self.owner_of(arn).and_then(|r| r.policy.as_deref());
        Applicable {
            resource: if is_assume { trust() } else { own() },
            rcps: &self.rcps,
            ..Applicable::default()
        }
    }

    /// A request of an identity, with what AWS adds to it. Everything else in its context isn't known, except that it
    /// comes over TLS and directly.
    pub fn request(&self, identity: &Identity, action: &str, arn: &str) -> Request {
        let mut request = self.stranger(identity.principal.clone(), action, arn);
        for (key, value) in &identity.tags {
            request.context.set(&format!("aws:PrincipalTag/{key}"), [value.clone()]);
        }
        request
    }

    /// The same for a principal that isn't of this account.
    pub fn stranger(&self, principal: Principal, action: &str, arn: &str) -> Request {
        let mut context = Context::unknown();
        context.set("aws:SecureTransport", ["true".into()]);
        context.set("aws:ViaAWSService", ["false".into()]);
        context.derive(&principal);
        let foreign = Arn::parse(arn).map(|arn| arn.account()).filter(|account| !account.is_empty());
        let owner = foreign.map_or_else(|| self.id.clone(), Str::from);
        context.set("aws:ResourceAccount", [owner.clone()]);
        Request {
            principal,
            action: crate::request::Action::new(action),
            resource: arn.into(),
            resource_account: Some(owner),
            context,
        }
    }
}

impl Identity {
    /// An identity without any policy.
    pub fn new(arn: &str, name: &str, span: Span) -> Self {
        Self {
            arn: arn.into(),
            name: name.into(),
            principal: Principal::parse(arn),
            policies: Vec::new(),
            sources: Vec::new(),
            boundary: Limit::Unset,
            trust: None,
            groups: Vec::new(),
            profiles: Vec::new(),
            tags: Vec::new(),
            id: None,
            span,
        }
    }

    /// Adds a policy.
    pub fn attach(&mut self, policy: Arc<Policy>, source: Attachment) {
        self.policies.push(policy);
        self.sources.push(source);
    }

    /// True for a role.
    pub fn is_role(&self) -> bool {
        self.principal.role_name().is_some()
    }
}

impl Limit {
    /// As a decision takes it.
    pub fn as_boundary(&self) -> Boundary<'_> {
        match self {
            Self::Unset => Boundary::Unset,
            Self::Set(policy) => Boundary::Set(std::slice::from_ref(policy)),
            Self::Missing => Boundary::Missing,
            Self::Unknown => Boundary::Unknown,
        }
    }
}

/// Documents of AWS managed policies, by ARN. `None` when there is none that is known.
pub type Library<'a> = dyn Fn(&str) -> Option<Arc<Policy>> + 'a;

/// What every library knows: the policies that are whole services or everything.
pub fn basics(arn: &str) -> Option<Arc<Policy>> {
    let name = arn.strip_prefix("arn:")?.split_once(":iam::aws:policy/")?.1;
    let (allow, except): (&str, &str) = match name {
        "AdministratorAccess" => (r#""Action": "*""#, ""),
        "IAMFullAccess" => (r#""Action": ["iam:*", "organizations:DescribeAccount"]"#, ""),
        "PowerUserAccess" => (
            r#""NotAction": ["iam:*", "organizations:*", "account:*"]"#,
            r#", {"Effect": "Allow", "Action": ["iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole",
                "iam:ListRoles", "organizations:DescribeOrganization", "account:ListRegions"], "Resource": "*"}"#,
        ),
        _ => return None,
    };
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", {allow}, "Resource": "*"}}{except}]}}"#
    );
    Policy::from_json(name, &text).ok().map(Arc::new)
}

/// A managed policy that isn't known: it may allow anything.
pub fn unread(arn: &str) -> Arc<Policy> {
    let unknown = tidegate_graph::Value::unknown(arn, tidegate_graph::Why::Import, Span::default());
    Arc::new(crate::policy::Reader::default().policy(arn.rsplit('/').next().unwrap_or(arn), &unknown))
}

impl Kind {
    /// True for the kinds that belong to the principal.
    pub fn is_of_principal(self) -> bool {
        matches!(self, Self::Identity | Self::Boundary | Self::Session | Self::Scp)
    }
}
