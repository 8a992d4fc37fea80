//! Who wants to do what to which resource, and what is known besides.

use crate::{Arn, Tri, hole};
use tidegate_graph::Str;

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// What for.
    pub action: Action,
    /// ARN of the resource; `*` for actions that know none.
    pub resource: Str,
    /// The account that owns the resource, when the ARN doesn't tell it or belongs to somebody else.
    pub resource_account: Option<Str>,
    /// Condition keys.
    pub context: Context,
}

impl Request {
    /// A request with nothing in its context.
    pub fn new(principal: &str, action: &str, resource: &str) -> Self {
        Self {
            principal: Principal::parse(principal),
            action: Action::new(action),
            resource: resource.into(),
            resource_account: None,
            context: Context::default(),
        }
    }

    /// The account that owns the resource, as far as it is known.
    pub fn owner(&self) -> Option<&str> {
        let named = || Some(Arn::parse(&self.resource)?.account()).filter(|account| !account.is_empty());
        self.resource_account.as_deref().filter(|account| !account.is_empty()).or_else(named)
    }

    /// True when principal and resource belong to one account. An owner that nothing tells counts as the principal's own;
    /// a principal without an account (a service, anybody) is at home nowhere.
    pub fn same_account(&self) -> Tri {
        let Some(own) = self.principal.account() else { return Tri::False };
        match self.owner() {
            None => Tri::True,
            Some(owner) if owner == own => Tri::True,
            Some(owner) if hole::is_in(owner) || hole::is_in(own) => Tri::Unknown,
            Some(_) => Tri::False,
        }
    }
}

/// An action, in lower case because case doesn't count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Action {
    /// As it was given.
    pub text: Str,
    service: Str,
    key: Key,
    name: Str,
}

/// A short text in one number, so that most comparisons are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(u128);

impl Key {
    /// The first sixteen bytes.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.bytes().take(16).fold(0, |key, byte| key << 8 | u128::from(byte)))
    }

    /// True if two texts with these keys are the same.
    pub(crate) fn same(self, text: &str, other: Self, other_text: &str) -> bool {
        self == other && text.len() == other_text.len() && (text.len() <= 16 || text == other_text)
    }
}

impl Action {
    /// `sqs:SendMessage`.
    pub fn new(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let (service, name) = lower.split_once(':').unwrap_or((&lower, ""));
        Self { text: text.into(), service: service.into(), key: Key::new(service), name: name.into() }
    }

    /// `sqs`
    pub fn service(&self) -> &str {
        &self.service
    }

    pub(crate) fn service_key(&self) -> Key {
        self.key
    }

    /// `sendmessage`
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compares with an action in lower case.
    pub fn is(&self, service: &str, name: &str) -> bool {
        self.service == service && self.name == name
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    text: Str,
    kind: PrincipalKind,
    account: Option<Str>,
    /// Name of the role, its path left out: of a role and of its sessions.
    role: Option<Str>,
    partition: Str,
    linked: bool,
}

/// What kind of principal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// Anybody, unsigned.
    Anonymous,
    /// The root user of an account.
    Root,
    /// An IAM user.
    User,
    /// A role, as any of its sessions.
    Role,
    /// One session of a role.
    Session,
    /// A session of `sts:GetFederationToken`.
    FederatedUser,
    /// An identity provider: OIDC, SAML, Cognito.
    Federated,
    /// An AWS service on its own behalf.
    Service,
    /// An S3 canonical user id.
    Canonical,
    /// None of them.
    Other,
}

impl Principal {
    /// An ARN, a service (`sns.amazonaws.com`), an account id (its root user), or `anonymous`.
    pub fn parse(text: &str) -> Self {
        let plain = |kind| Self {
            text: text.into(),
            kind,
            account: None,
            role: None,
            partition: Str::default(),
            linked: false,
        };
        if let Some(arn) = Arn::parse(text) {
            return Self::of_arn(text, arn);
        }
        let is_hex = |t: &str| t.len() == 64 && t.bytes().all(|b| b.is_ascii_hexdigit());
        if text == "anonymous" || text == "*" || text.is_empty() {
            plain(PrincipalKind::Anonymous)
        } else if is_account(text) {
            let root = format!("arn:aws:iam::{text}:root");
            Self { account: Some(text.into()), ..Self { text: root.into(), ..plain(PrincipalKind::Root) } }
        } else if FEDERATED.contains(&text) {
            plain(PrincipalKind::Federated)
        } else if is_service(text) {
            plain(PrincipalKind::Service)
        } else if is_hex(text) {
            plain(PrincipalKind::Canonical)
        } else {
            plain(PrincipalKind::Other)
        }
    }

    fn of_arn(text: &str, arn: Arn<'_>) -> Self {
        let kind = match (arn.service(), arn.kind()) {
            ("iam", "root") => PrincipalKind::Root,
            ("iam", "user") => PrincipalKind::User,
            ("iam", "role") => PrincipalKind::Role,
            ("iam", "saml-provider" | "oidc-provider") => PrincipalKind::Federated,
            ("sts", "assumed-role") => PrincipalKind::Session,
            ("sts", "federated-user") => PrincipalKind::FederatedUser,
            _ => PrincipalKind::Other,
        };
        let role = match kind {
            PrincipalKind::Role => arn.name().rsplit('/').next(),
            PrincipalKind::Session => arn.name().split('/').next(),
            _ => None,
        };
        let linked = match kind {
            PrincipalKind::Role => arn.name().starts_with("aws-service-role/"),
            // A session's ARN drops the path; the name is reserved.
            PrincipalKind::Session => role.is_some_and(|role| role.starts_with("AWSServiceRoleFor")),
            _ => false,
        };
        Self {
            text: text.into(),
            kind,
            linked,
            account: Some(arn.account()).filter(|a| !a.is_empty()).map(Str::from),
            role: role.map(Str::from),
            partition: arn.partition().into(),
        }
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What kind it is.
    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// Its account.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Name of the role without its path: of a role and of its sessions.
    pub fn role_name(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// `aws`, `aws-cn`, `aws-us-gov`; empty for principals without an ARN.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// True for a role that belongs to a service: organization policies don't bind it.
    pub fn is_service_linked(&self) -> bool {
        self.linked
    }
}

/// True for twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Identity providers that have no ARN.
const FEDERATED: &[&str] =
    &["cognito-identity.amazonaws.com", "www.amazon.com", "accounts.google.com", "graph.facebook.com"];

fn is_service(text: &str) -> bool {
    [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"]
        .iter()
        .any(|end| text.ends_with(end))
}

/// Condition keys and their values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// Sorted by key, which is in lower case.
    entries: Vec<(Str, Entry)>,
    /// Keys that aren't among the entries aren't known, either.
    open: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Entry {
    /// None at all means absent.
    Values {
        list: Vec<Str>,
        /// The key takes several values, however many there are.
        many: bool,
    },
    Unknown,
}

/// What is known of a condition key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known<'a> {
    /// The request doesn't carry it.
    Absent,
    /// Its only value.
    Value(&'a Str),
    /// Its values, at least one, of a key that takes several: operators without a quantifier don't hold of it.
    Values(&'a [Str]),
    /// It may be there, with any value.
    Unknown,
}

impl Context {
    /// A context in which nothing is known; otherwise a key that isn't set is absent.
    pub fn unknown() -> Self {
        Self { entries: Vec::new(), open: true }
    }

    /// Adds a key with one value.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.set(key, [Str::from(value)]);
        self
    }

    /// Sets a key's values; none at all means that it is absent, more than one that it takes several.
    pub fn set(&mut self, key: &str, values: impl IntoIterator<Item = Str>) {
        let list: Vec<Str> = values.into_iter().collect();
        let many = list.len() > 1;
        self.put(key, Entry::Values { list, many });
    }

    /// Sets the values of a key that takes several, if only one.
    pub fn set_many(&mut self, key: &str, values: impl IntoIterator<Item = Str>) {
        self.put(key, Entry::Values { list: values.into_iter().collect(), many: true });
    }

    /// Notes that a key's value isn't known.
    pub fn set_unknown(&mut self, key: &str) {
        self.put(key, Entry::Unknown);
    }

    fn put(&mut self, key: &str, values: Entry) {
        let key: Str = key.to_ascii_lowercase().into();
        match self.entries.binary_search_by(|(own, _)| own.cmp(&key)) {
            Ok(at) => {
                if let Some(slot) = self.entries.get_mut(at) {
                    slot.1 = values;
                }
            }
            Err(at) => self.entries.insert(at, (key, values)),
        }
    }

    /// A key, in lower case.
    pub fn get(&self, key: &str) -> Known<'_> {
        match self
            .entries
            .binary_search_by(|(own, _)| own.as_str().cmp(key))
            .ok()
            .and_then(|at| self.entries.get(at))
        {
            Some((_, Entry::Values { list, many })) => match list.as_slice() {
                [] => Known::Absent,
                [value] if !many => Known::Value(value),
                values => Known::Values(values),
            },
            Some((_, Entry::Unknown)) => Known::Unknown,
            None if self.open => Known::Unknown,
            None => Known::Absent,
        }
    }

    /// Keys in lower case with their values; none for a key that is absent. Keys that aren't known are left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Str])> {
        self.entries.iter().filter_map(|(key, entry)| match entry {
            Entry::Values { list, .. } => Some((key.as_str(), list.as_slice())),
            Entry::Unknown => None,
        })
    }

    /// True if something was said of the key.
    pub fn contains(&self, key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        self.entries.binary_search_by(|(own, _)| own.as_str().cmp(&key)).is_ok()
    }

    /// Adds what AWS itself puts into every request of this principal, where nothing else was said.
    pub fn derive(&mut self, principal: &Principal) {
        let mut fill = |key: &str, value: Option<String>| {
            if !self.contains(key) {
                self.set(key, value.map(Str::from));
            }
        };
        let kind = principal.kind();
        let arn = Arn::split(principal.text());
        let is_service = kind == PrincipalKind::Service;
        fill("aws:PrincipalIsAWSService", Some(is_service.to_string()));
        fill("aws:PrincipalServiceName", is_service.then(|| principal.text().to_string()));
        let account = principal.account().map(str::to_string);
        let has_arn = account.is_some() && kind != PrincipalKind::Federated;
        fill("aws:PrincipalAccount", account.clone().filter(|_| has_arn));
        // A session goes by its role here.
        let own = match (kind, principal.role_name(), &account) {
            (PrincipalKind::Session, Some(role), Some(account)) => {
                Some(format!("arn:{}:iam::{account}:role/{role}", principal.partition()))
            }
            _ => has_arn.then(|| principal.text().to_string()),
        };
        fill("aws:PrincipalArn", own);
        let kind_text = match kind {
            PrincipalKind::Anonymous => Some("Anonymous"),
            PrincipalKind::Root => Some("Account"),
            PrincipalKind::User => Some("User"),
            PrincipalKind::Role | PrincipalKind::Session => Some("AssumedRole"),
            PrincipalKind::FederatedUser => Some("FederatedUser"),
            _ => None,
        };
        fill("aws:PrincipalType", kind_text.map(str::to_string));
        let user =
            (kind == PrincipalKind::User).then(|| arn.name().rsplit('/').next().unwrap_or("").to_string());
        fill("aws:username", user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_told_apart() {
        let check = |text: &str, kind: PrincipalKind, account: Option<&str>| {
            let principal = Principal::parse(text);
            assert_eq!((principal.kind(), principal.account()), (kind, account), "{text}");
        };
        check("anonymous", PrincipalKind::Anonymous, None);
        check("111122223333", PrincipalKind::Root, Some("111122223333"));
        check("arn:aws:iam::111122223333:root", PrincipalKind::Root, Some("111122223333"));
        check("arn:aws:iam::111122223333:user/a/ana", PrincipalKind::User, Some("111122223333"));
        check("arn:aws:sts::111122223333:assumed-role/r/s", PrincipalKind::Session, Some("111122223333"));
        check("sns.amazonaws.com", PrincipalKind::Service, None);
        check("accounts.google.com", PrincipalKind::Federated, None);
    }

    #[test]
    fn a_session_goes_by_its_role() {
        let session = Principal::parse("arn:aws:sts::111122223333:assumed-role/orders/s");
        let mut context = Context::default();
        context.derive(&session);
        let expect = Str::from("arn:aws:iam::111122223333:role/orders");
        assert_eq!(context.get("aws:principalarn"), Known::Value(&expect));
        assert_eq!(context.get("aws:username"), Known::Absent);
    }

    #[test]
    fn keys_ignore_case_and_an_empty_list_is_absent() {
        let mut context = Context::default().with("AWS:UserName", "ana");
        context.set("aws:TagKeys", []);
        assert!(matches!(context.get("aws:username"), Known::Value(_)));
        assert_eq!(context.get("aws:tagkeys"), Known::Absent);
        assert_eq!(Context::unknown().get("aws:sourceip"), Known::Unknown);
    }
}
