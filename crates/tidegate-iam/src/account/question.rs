//! Questions about an account: who can do this, and what can that one do?

use super::{Account, Identity, Resource};
use crate::decide::{Decision, decide};
use crate::policy::PrincipalPattern;
use crate::request::PrincipalKind;
use crate::{Arn, Principal, Scope, Verdict};
use std::collections::BTreeSet;
use tidegate_graph::Str;

/// Somebody who can, or might.
#[derive(Clone, Debug)]
pub struct Grantee<'a> {
    /// ARN, service, account, or `anonymous`.
    pub principal: Str,
    /// The user or role, when it is one of the account.
    pub identity: Option<&'a Identity>,
    /// The answer. For a principal from elsewhere it is that of the resource's side alone.
    pub decision: Decision,
}

/// Something that somebody can do, or might.
#[derive(Clone, Debug)]
pub struct Access<'a> {
    /// The action.
    pub action: Str,
    /// ARN of the resource, or `*`.
    pub resource: Str,
    /// The resource, when it is one of the account.
    pub known: Option<&'a Resource>,
    /// The answer.
    pub decision: Decision,
}

impl Account {
    /// Decides for an identity.
    pub fn decide(&self, identity: &Identity, action: &str, arn: &str) -> Decision {
        let policies = self.applicable(identity, action, arn);
        decide(&self.request(identity, action, arn), &policies)
    }

    /// Decides for a principal from elsewhere: a service, another account, anybody. What its own side says isn't known
    /// and counts as allowed.
    pub fn decide_stranger(&self, principal: &Principal, action: &str, arn: &str) -> Decision {
        let request = self.stranger(principal.clone(), action, arn);
        let policies = self.around(action, arn);
        let full = [crate::Policy::full_access()];
        let own_side = principal.account().is_some_and(|account| account != self.id);
        decide(&request, &crate::Applicable { identity: if own_side { &full } else { &[] }, ..policies })
    }

    /// Everybody who can do it, and who might, depending on what isn't known. Certain answers first.
    pub fn who_can(&self, action: &str, arn: &str) -> Vec<Grantee<'_>> {
        let mut out: Vec<Grantee<'_>> = Vec::new();
        for identity in &self.identities {
            let decision = self.decide(identity, action, arn);
            if decision.verdict.is_possible() {
                out.push(Grantee { principal: identity.arn.clone(), identity: Some(identity), decision });
            }
        }
        for principal in self.strangers(action, arn) {
            let decision = self.decide_stranger(&principal, action, arn);
            if decision.verdict.is_possible() {
                out.push(Grantee { principal: principal.text().into(), identity: None, decision });
            }
        }
        out.sort_by_key(|grantee| grantee.decision.verdict != Verdict::Allowed);
        out
    }

    /// Principals that the resource's policy names and that aren't of the account.
    fn strangers(&self, action: &str, arn: &str) -> Vec<Principal> {
        let mut texts = BTreeSet::new();
        let policy = self.around(action, arn).resource;
        let allows = policy.into_iter().flat_map(|p| &p.statements).filter(|s| s.allows());
        for statement in allows {
            match &statement.principals {
                Some(Scope::Only(items)) => texts.extend(items.iter().map(PrincipalPattern::text)),
                // Everybody but these.
                Some(Scope::Except(_)) => _ = texts.insert("*"),
                None => {}
            }
        }
        let principals = texts.into_iter().map(Principal::parse);
        principals
            .filter(|p| p.kind() == PrincipalKind::Root && p.account() != Some(&self.id) || !self.is_own(p))
            .collect()
    }

    fn is_own(&self, principal: &Principal) -> bool {
        self.identity(principal.text()).is_some()
            || principal.kind() == PrincipalKind::Root && principal.account() == Some(&self.id)
    }

    /// What an identity can do: each action that its policies speak of, on each resource of the account of that service
    /// and, where a policy names another one, on that. `expand` lists the actions that a pattern stands for; where the
    /// answer is the same for all of them, the pattern stands for them in the result.
    pub fn what_can<'a>(
        &'a self,
        identity: &'a Identity,
        expand: &dyn Fn(&crate::policy::ActionPattern) -> Vec<Str>,
    ) -> Vec<Access<'a>> {
        let mut asked: BTreeSet<(Str, Str)> = BTreeSet::new();
        let mut budget = MOST;
        let mut out = Vec::new();
        let policies = identity.policies.iter().flat_map(|p| &p.statements).filter(|s| s.allows());
        for statement in policies {
            let Scope::Only(actions) = &statement.actions else { continue };
            let named = statement.resources.iter().flat_map(Scope::items);
            let literal: Vec<&str> = named
                .map(crate::policy::ResourcePattern::text)
                .filter(|text| !text.contains(['*', '?', '$']))
                .collect();
            for pattern in actions {
                let service = pattern.service().unwrap_or("*");
                let own = self
                    .resources
                    .iter()
                    .filter(|r| service == "*" || Arn::split(&r.arn).service() == service);
                let arns = own.map(|r| r.arn.as_str()).chain(literal.iter().copied()).chain(["*"]);
                let mut meant = expand(pattern);
                if meant.is_empty() {
                    meant.push(pattern.text().into());
                }
                for arn in arns {
                    if budget < meant.len() || !asked.insert((pattern.text().into(), arn.into())) {
                        continue;
                    }
                    budget -= meant.len();
                    self.each(identity, pattern.text(), &meant, arn, &mut out);
                }
            }
        }
        out
    }

    /// The answers for what one pattern stands for: one for all where they agree.
    fn each<'a>(
        &'a self,
        identity: &Identity,
        pattern: &str,
        meant: &[Str],
        arn: &str,
        out: &mut Vec<Access<'a>>,
    ) {
        let known = self.resource(arn);
        let access =
            |action: &str, decision| Access { action: action.into(), resource: arn.into(), known, decision };
        let answers: Vec<Decision> = meant.iter().map(|action| self.decide(identity, action, arn)).collect();
        match answers.split_first() {
            Some((first, rest)) if rest.iter().all(|decision| decision.verdict == first.verdict) => {
                if first.verdict.is_possible() {
                    out.push(access(pattern, *first));
                }
            }
            _ => {
                let possible =
                    meant.iter().zip(answers).filter(|(_, decision)| decision.verdict.is_possible());
                out.extend(possible.map(|(action, decision)| access(action, decision)));
            }
        }
    }
}

/// Questions that one listing asks at most.
const MOST: usize = 200_000;
