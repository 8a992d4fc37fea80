//! Principals that a statement names.

use crate::request::{self, Principal, PrincipalKind};
use crate::{Arn, Glob, Tri, glob, hole};
use tidegate_graph::Str;

/// One principal of `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalPattern {
    text: Str,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// `*`, `{"AWS": "*"}`
    Anyone,
    /// An account id or its root user's ARN.
    Account(Str),
    /// Role, with its name apart from its path.
    Role {
        partition: Str,
        account: Str,
        name: Str,
    },
    /// User, with its name apart from its path.
    User {
        account: Str,
        name: Str,
    },
    /// Another ARN, a unique id, or whatever else stands for itself.
    Aws,
    Service,
    Federated,
    Canonical,
}

/// How closely a statement names a principal. What follows from it differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Naming {
    /// Its account, which leaves it to the account's own policies.
    Account,
    /// The role of a session, or the user of a federated session.
    Role,
    /// It itself, or everybody.
    Direct,
}

impl PrincipalPattern {
    /// Reads a principal; `kind` is `AWS`, `Service`, `Federated`, `CanonicalUser`, or `*` where the element is a text.
    pub fn new(kind: &str, text: &str) -> Self {
        let kind = match kind {
            "Service" => Kind::Service,
            "Federated" if text != "*" => Kind::Federated,
            "CanonicalUser" => Kind::Canonical,
            _ => aws(text),
        };
        Self { text: text.into(), kind }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True for anybody at all.
    pub fn is_anyone(&self) -> bool {
        self.kind == Kind::Anyone
    }

    /// The account that is named as a whole.
    pub fn as_account(&self) -> Option<&str> {
        match &self.kind {
            Kind::Account(account) => Some(account),
            _ => None,
        }
    }

    /// The account to which the named principal belongs.
    pub fn account(&self) -> Option<&str> {
        match &self.kind {
            Kind::Account(account) | Kind::Role { account, .. } | Kind::User { account, .. } => Some(account),
            Kind::Aws | Kind::Federated => {
                Arn::parse(&self.text).map(|arn| arn.account()).filter(|account| !account.is_empty())
            }
            _ => None,
        }
    }

    /// True for a service.
    pub fn is_service(&self) -> bool {
        self.kind == Kind::Service
    }

    /// True for an identity provider.
    pub fn is_federated(&self) -> bool {
        self.kind == Kind::Federated
    }

    /// How it names the principal, and whether it does.
    pub fn names(&self, principal: &Principal) -> (Naming, Tri) {
        if self.kind == Kind::Anyone {
            return (Naming::Direct, Tri::True);
        }
        let own = principal.kind();
        if own == PrincipalKind::Anonymous {
            return (Naming::Direct, Tri::False);
        }
        let same = |answer: bool| (Naming::Direct, Tri::from(answer));
        match &self.kind {
            Kind::Service | Kind::Canonical => {
                if self.kind == Kind::Service && own != PrincipalKind::Service {
                    return same(false);
                }
                (Naming::Direct, equal(&self.text, principal.text()))
            }
            // Some providers go by a domain that looks like that of a service.
            Kind::Federated => (Naming::Direct, equal(&self.text, principal.text())),
            Kind::Account(account) => match principal.account() {
                Some(_) if own == PrincipalKind::Root => {
                    (Naming::Direct, self.whole_account(account, principal))
                }
                Some(_) => (Naming::Account, self.whole_account(account, principal)),
                None => same(false),
            },
            Kind::Role { partition, account, name } if own == PrincipalKind::Session => {
                let role = principal.role_name().unwrap_or_default();
                let named = Tri::all([
                    equal(partition, principal.partition()),
                    equal(account, principal.account().unwrap_or_default()),
                    equal(&name.to_ascii_lowercase(), &role.to_ascii_lowercase()),
                ]);
                (Naming::Role, named)
            }
            Kind::User { account, name } if own == PrincipalKind::FederatedUser => {
                let user = Arn::split(principal.text()).name();
                let named =
                    Tri::all([equal(account, principal.account().unwrap_or_default()), equal(name, user)]);
                (Naming::Role, named)
            }
            Kind::Role { .. } if own == PrincipalKind::Role => {
                (Naming::Role, equal(&self.text, principal.text()))
            }
            Kind::Role { .. } | Kind::User { .. } | Kind::Aws | Kind::Anyone => {
                if matches!(own, PrincipalKind::Service | PrincipalKind::Federated) {
                    return same(false);
                }
                (Naming::Direct, equal(&self.text, principal.text()))
            }
        }
    }

    fn whole_account(&self, account: &str, principal: &Principal) -> Tri {
        equal(account, principal.account().unwrap_or_default())
    }
}

fn aws(text: &str) -> Kind {
    if text == "*" {
        return Kind::Anyone;
    }
    if request::is_account(text) {
        return Kind::Account(text.into());
    }
    let Some(arn) = Arn::parse(text) else { return Kind::Aws };
    let last = || arn.name().rsplit('/').next().unwrap_or_default().into();
    match (arn.service(), arn.kind()) {
        ("iam", "root") => Kind::Account(arn.account().into()),
        ("iam", "role") => {
            Kind::Role { partition: arn.partition().into(), account: arn.account().into(), name: last() }
        }
        ("iam", "user") => Kind::User { account: arn.account().into(), name: last() },
        _ => Kind::Aws,
    }
}

/// Principals know no wildcards; unknown parts may hold anything.
fn equal(own: &str, other: &str) -> Tri {
    if own == other {
        return Tri::True;
    }
    if !hole::is_in(own) && !hole::is_in(other) {
        return Tri::False;
    }
    Glob::from_tokens(&glob::literal(own)).matches_tri(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, text: &str, principal: &str, expect: Option<Naming>) {
        let (naming, named) = PrincipalPattern::new(kind, text).names(&Principal::parse(principal));
        let found = named.is_true().then_some(naming);
        assert_eq!(found, expect, "{kind} {text} and {principal}");
    }

    const ROLE: &str = "arn:aws:iam::111122223333:role/app/orders";
    const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/orders/s";

    #[test]
    fn a_session_drops_the_path_of_its_role() {
        check("AWS", ROLE, SESSION, Some(Naming::Role));
        check("AWS", ROLE, ROLE, Some(Naming::Role));
        check("AWS", "arn:aws:iam::111122223333:role/orders", ROLE, None);
        check("AWS", SESSION, SESSION, Some(Naming::Direct));
        check("AWS", SESSION, ROLE, None);
    }

    #[test]
    fn an_account_is_named_in_two_ways() {
        check("AWS", "111122223333", ROLE, Some(Naming::Account));
        check("AWS", "arn:aws:iam::111122223333:root", SESSION, Some(Naming::Account));
        check("AWS", "444455556666", ROLE, None);
        check("AWS", "111122223333", "arn:aws:iam::111122223333:root", Some(Naming::Direct));
        check("AWS", "111122223333", "sns.amazonaws.com", None);
    }

    #[test]
    fn there_are_no_partial_wildcards() {
        check("AWS", "arn:aws:iam::111122223333:role/*", ROLE, None);
        check("AWS", "AROAEXAMPLEID", ROLE, None);
        check("AWS", "*", "anonymous", Some(Naming::Direct));
        check("*", "*", "sns.amazonaws.com", Some(Naming::Direct));
        check("AWS", ROLE, "anonymous", None);
    }

    #[test]
    fn a_federated_session_goes_by_its_user() {
        let federated = "arn:aws:sts::111122223333:federated-user/ana";
        check("AWS", "arn:aws:iam::111122223333:user/ana", federated, Some(Naming::Role));
        check("AWS", federated, federated, Some(Naming::Direct));
        check(
            "Federated",
            "cognito-identity.amazonaws.com",
            "cognito-identity.amazonaws.com",
            Some(Naming::Direct),
        );
    }
}
