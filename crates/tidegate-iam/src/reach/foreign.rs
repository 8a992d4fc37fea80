//! Roles of other accounts that permissions name.
//!
//! Whether such a role lets anybody in is said by its trust policy, which isn't here: what leads there is possible,
//! whatever one's own side allows.

use super::ask::{Ask, concrete};
use super::edges::{Steps, To};
use super::world::World;
use crate::account::{Account, Identity};
use crate::policy::Policy;
use crate::{Arn, Scope};
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_graph::Str;

const ASSUME: &str = "sts:AssumeRole";

/// An account that is nobody's, where a permission is for all of them.
const ANY_OTHER: &str = "999999999999";

/// Foreign roles in the order in which they are named, and where they stand.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    pub(super) arns: Vec<Str>,
    by_arn: HashMap<Str, usize>,
}

impl Foreign {
    /// Every foreign role that a policy of the account names.
    pub(super) fn of(account: &Account) -> Self {
        let mut out = Self::default();
        let own = account.identities.iter().flat_map(|identity| &identity.policies);
        for policy in own.chain(account.groups.iter().flat_map(|group| &group.policies)) {
            for item in named(policy).filter(|arn| is_foreign(account, arn)) {
                if !out.by_arn.contains_key(item) {
                    out.by_arn.insert(item.into(), out.arns.len());
                    out.arns.push(item.into());
                }
            }
        }
        out
    }
}

impl Steps<'_, '_> {
    /// Assumes roles of other accounts, as far as its own side is asked.
    pub(super) fn abroad(&mut self) {
        if !self.may(ASSUME) {
            return;
        }
        let mut asked = Vec::new();
        for policy in &self.identity.policies {
            asked.extend(named(policy).filter_map(|arn| self.world.foreign.by_arn.get(arn).copied()));
        }
        asked.sort_unstable();
        asked.dedup();
        for index in asked {
            let Some(arn) = self.world.foreign.arns.get(index) else { continue };
            let ask = question(self.world, self.identity, arn);
            if ask.answer(self.world, self.identity).is_possible() {
                let does = "assumes the role of another account";
                self.add(To::Foreign(index), "assume-foreign", does, vec![ask], false);
                if let Some(edge) = self.out.last_mut() {
                    let lets_in = match account_of(arn) {
                        "*" => {
                            "the role's trust policy, in whichever account, lets it in: it is unknown".into()
                        }
                        account => {
                            format!("the role's trust policy in account {account} lets it in: it is unknown")
                        }
                    };
                    edge.before.push(lets_in.into());
                }
            }
        }
    }
}

/// The question to one's own side: as if the other had said yes.
fn question(world: &World<'_>, identity: &Identity, arn: &str) -> Ask {
    let mut ask = Ask::new(ASSUME, &concrete(arn, &world.region, ANY_OTHER));
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "AWS": identity.arn.as_str() }, "Action": ASSUME }],
    });
    ask.trust = Some(Arc::new(Policy::from_value("a trust policy that isn't here", &document)));
    ask.is_abroad = true;
    ask
}

/// ARNs of roles that the statements of a policy give to assume.
fn named(policy: &Policy) -> impl Iterator<Item = &str> {
    let action = crate::request::Action::new(ASSUME);
    let allows = policy.statements.iter().filter(move |statement| {
        statement.allows()
            && matches!(&statement.actions, Scope::Only(items)
                if items.iter().any(|item| item.matches(&action).is_possible()))
    });
    let resources = allows.filter_map(|statement| match &statement.resources {
        Some(Scope::Only(items)) => Some(items),
        _ => None,
    });
    resources.flatten().map(crate::policy::ResourcePattern::text)
}

/// True for a role of a known account that isn't this one, or of any account but with a name.
fn is_foreign(account: &Account, arn: &str) -> bool {
    let Some(parsed) = Arn::parse(arn) else { return false };
    let (of, role) = (parsed.account(), parsed.resource());
    let Some(name) = parsed.resource().strip_prefix("role/") else { return false };
    if parsed.service() != "iam" || role.contains('$') {
        return false;
    }
    let is_account = of.len() == 12 && of.bytes().all(|b| b.is_ascii_digit());
    (is_account && of != account.id || of == "*" && !name.starts_with('*')) && account.identity(arn).is_none()
}

fn account_of(arn: &str) -> &str {
    Arn::split(arn).account()
}

#[cfg(test)]
mod tests {
    use crate::policy::from_json;
    use crate::reach::{Found, Options, Reach, Target};
    use serde_json::{Value, json};

    /// What a role with these statements reaches, by the names of foreign roles.
    fn reached(statements: &Value) -> Vec<(String, Found)> {
        let document = json!({ "RoleDetailList": [{
            "RoleName": "me",
            "Arn": "arn:aws:iam::111122223333:role/me",
            "AssumeRolePolicyDocument": { "Statement": [] },
            "RolePolicyList": [{
                "PolicyName": "own",
                "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
            }],
        }] });
        let account = crate::Account::from_export(&from_json(&document), &|_| None);
        let reach = Reach::new(&account, Options { data: true, ..Options::default() });
        let me = account.identities.iter().position(|i| i.name == "me").unwrap();
        let found = reach.from(me).into_iter().filter_map(|found| match found.to {
            Target::Foreign(at) => Some((reach.foreign()[at].to_string(), found)),
            _ => None,
        });
        found.collect()
    }

    fn allow(resource: &str) -> Value {
        json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource })
    }

    #[test]
    fn a_foreign_role_is_possible_and_says_what_is_unknown() {
        let found = reached(&json!([allow("arn:aws:iam::444455556666:role/deploy")]));
        let [(name, found)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(name, "arn:aws:iam::444455556666:role/deploy");
        assert!(!found.certain, "its trust policy isn't known");
        let [hop] = found.via.as_slice() else { panic!("{found:?}") };
        assert!(hop.prerequisites[0].contains("444455556666"), "{hop:?}");
        // The trust policy that was made up to ask proves nothing.
        assert_eq!(hop.proofs.len(), 1, "{:?}", hop.proofs);
        assert_eq!(hop.proofs[0].policy, "own");
    }

    #[test]
    fn a_role_of_the_account_itself_or_of_no_name_is_not_foreign() {
        for own in ["arn:aws:iam::111122223333:role/gone", "arn:aws:iam::*:role/*", "*"] {
            assert!(reached(&json!([allow(own)])).is_empty(), "{own}");
        }
        assert_eq!(reached(&json!([allow("arn:aws:iam::*:role/OrganizationAccountAccessRole")])).len(), 1);
        assert_eq!(reached(&json!([allow("arn:aws:iam::444455556666:role/*")])).len(), 1);
    }

    #[test]
    fn what_the_own_side_denies_is_not_reached() {
        let deny = json!({ "Effect": "Deny", "Action": "sts:*", "Resource": "arn:aws:iam::444455556666:*" });
        assert!(reached(&json!([allow("arn:aws:iam::444455556666:role/deploy"), deny])).is_empty());
    }
}
