//! What the access policies of the system say of an edge, asked of the engine.
//!
//! Candidates are found by reference and by index; the engine then decides each, with denies, boundaries and policies of
//! the organization. What it can't know stays an edge and says so.

mod wide;

pub(super) use wide::fits;

use crate::account::account;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use tidegate_graph::{Data, EdgeKind, Str, System};
use tidegate_iam::account::{Attachment, Identity, Limit};
use tidegate_iam::decide::{Clause, explain};
use tidegate_iam::{Account, Catalogue, Kind, Policy, Verdict, hole};

/// Actions that one question stands for, at most; beyond it nothing is ruled out.
const MAX_ACTIONS: usize = 128;

/// What can be done with a role beside changing it.
pub(super) const ROLE: [(EdgeKind, &str); 2] =
    [(EdgeKind::Passes, "iam:PassRole"), (EdgeKind::Assumes, "sts:AssumeRole")];

/// The account, with its indexes.
pub(super) struct Permits {
    account: Account,
    /// Identities by id of what declares them.
    identities: HashMap<Str, usize>,
    /// ARNs by id of what declares them.
    arns: HashMap<Str, Str>,
    index: wide::Index,
    /// Identities whose allows stand as they are written.
    plain: Vec<bool>,
    /// No policy hangs on a condition of the template.
    settled: bool,
}

/// What remains of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing.
    No,
    /// All of it.
    Yes,
    /// It hangs on this.
    Perhaps(String),
}

impl Answer {
    /// The evidence for the edge; `None` when there is none to be drawn.
    pub(super) fn evidence(&self, written: &str) -> Option<String> {
        match self {
            Self::No => None,
            Self::Yes => Some(written.to_owned()),
            Self::Perhaps(open) => Some(format!("{written}, {open}")),
        }
    }
}

impl Permits {
    pub(super) fn new(system: &System) -> Self {
        let iam = || system.resources().iter().filter(|r| r.ty.starts_with("AWS::IAM::"));
        if iam().next().is_none() {
            return Self::of(system, Account::default(), true);
        }
        // What AWS's own policies hold only matters where something limits it.
        let bounded = iam().any(|r| r.properties.contains_key("PermissionsBoundary"));
        let library = |arn: &str| -> Option<Arc<Policy>> {
            let managed = bounded.then(|| Catalogue::current().managed_policy(arn)).flatten()?;
            Policy::from_json(managed.name, managed.document).ok().map(Arc::new)
        };
        let mut account = account(system, &library);
        for identity in &mut account.identities {
            without_unread(identity);
        }
        let mut settled = true;
        for resource in iam() {
            for value in resource.properties.values() {
                value.walk(&mut |inner| settled &= !matches!(inner.data, Data::Choice(_)));
            }
        }
        Self::of(system, account, settled)
    }

    fn of(system: &System, account: Account, settled: bool) -> Self {
        let mut identities = HashMap::new();
        let mut arns = HashMap::new();
        for (index, identity) in account.identities.iter().enumerate() {
            if let Some(id) = &identity.id {
                identities.insert(id.clone(), index);
                arns.insert(id.clone(), identity.arn.clone());
            }
        }
        for resource in &account.resources {
            if let Some(id) = &resource.id {
                arns.insert(id.clone(), resource.arn.clone());
            }
        }
        let organized = !account.scps.is_empty() || !account.rcps.is_empty();
        let plain = account.identities.iter().map(|i| !organized && is_plain(i)).collect();
        let index = wide::Index::new(&account, system);
        Self { account, identities, arns, index, plain, settled }
    }

    /// May the identity do this to that? `wants` says which of the actions that a pattern stands for matter. Both are
    /// ids of declarations; something outside has none.
    pub(super) fn ask(
        &self,
        identity: &str,
        (service, name): (&str, &str),
        to: Option<&str>,
        wants: &dyn Fn(&str) -> bool,
    ) -> Answer {
        let Some(who) = self.identities.get(identity) else { return Answer::Yes };
        let arn = to.and_then(|id| self.arns.get(id));
        let guarded = arn.and_then(|arn| self.account.resource(arn)).is_some_and(|r| r.policy.is_some());
        if !guarded && self.plain.get(*who) == Some(&true) {
            return Answer::Yes;
        }
        let Some(own) = self.account.identities.get(*who) else { return Answer::Yes };
        let actions = actions(service, name, wants);
        if actions.is_empty() || actions.len() > MAX_ACTIONS {
            return Answer::Yes;
        }
        let forms = match arn {
            Some(arn) => forms(arn),
            None => vec![hole::text(to.unwrap_or("elsewhere")).into()],
        };
        self.decide(own, &actions, &forms)
    }

    /// The best answer of all.
    fn decide(&self, identity: &Identity, actions: &[Str], forms: &[Str]) -> Answer {
        let mut open = None;
        let mut taken = false;
        for action in actions {
            for arn in forms {
                let decision = self.account.decide(identity, action, arn);
                match decision.verdict {
                    Verdict::Allowed => return Answer::Yes,
                    Verdict::Unknown => _ = open.get_or_insert((action, arn)),
                    Verdict::ExplicitlyDenied => taken = true,
                    // What only the identity's own policies don't allow is in words that the engine can't place.
                    Verdict::ImplicitlyDenied => {
                        taken |= decision.by.is_some_and(|by| by != Kind::Identity);
                    }
                }
            }
        }
        match open {
            Some((action, arn)) => Answer::Perhaps(self.why(identity, action, arn)),
            None if !taken => Answer::Yes,
            None if !self.settled => Answer::Perhaps("unknown: hangs on a condition of the template".into()),
            None => Answer::No,
        }
    }

    /// On what an answer hangs, for people.
    fn why(&self, identity: &Identity, action: &str, arn: &str) -> String {
        let request = self.account.request(identity, action, arn);
        let policies = self.account.applicable(identity, action, arn);
        let explanation = explain(&request, &policies);
        let mut out = String::new();
        for clause in &explanation.clauses {
            let (word, hits) = match clause {
                Clause::Any(hits) => ("if", hits.as_slice()),
                Clause::Not(hit) => ("unless", std::slice::from_ref(hit)),
            };
            let Some(condition) = hits.iter().find_map(|hit| hit.open.first()) else { continue };
            let joint = if out.is_empty() { "" } else { " and " };
            let _ = write!(out, "{joint}{word} {}", condition.display());
        }
        if out.is_empty() { "unknown: a value is not known before deployment".into() } else { out }
    }

    /// The ARN of what is declared under an id.
    pub(super) fn arn(&self, id: &str) -> Option<&str> {
        self.arns.get(id).map(Str::as_str)
    }

    /// True if the engine knows it as a role.
    pub(super) fn is_role(&self, id: &str) -> bool {
        self.identities.get(id).and_then(|i| self.account.identities.get(*i)).is_some_and(Identity::is_role)
    }

    /// True unless a deny in its trust policy keeps the principal out; `action` is the one of its kind.
    pub(super) fn trusts(&self, role: &str, principal: &str, action: &str) -> bool {
        let Some(own) = self.identities.get(role).and_then(|i| self.account.identities.get(*i)) else {
            return true;
        };
        let denies = own.trust.iter().flat_map(|t| &t.statements).any(|s| !s.allows());
        if !denies || !self.settled {
            return true;
        }
        let named = self.arns.get(principal).map_or(principal, Str::as_str);
        let principal = tidegate_iam::Principal::parse(named);
        self.account.decide_stranger(&principal, action, &own.arn).verdict != Verdict::ExplicitlyDenied
    }

    /// The conditions of the statement of a trust policy that was written there.
    pub(super) fn trust_conditions(&self, role: &str, at: tidegate_graph::Span) -> Option<String> {
        let own = self.identities.get(role).and_then(|i| self.account.identities.get(*i))?;
        let statement = own.trust.as_ref()?.statements.iter().find(|s| s.span == at)?;
        Some(format!("if {}", statement.conditions.first()?.display()))
    }
}

/// AWS's own policies that weren't read say by their name what they grant; here they would make everything possible.
fn without_unread(identity: &mut Identity) {
    let open = |policy: &Policy| policy.statements.iter().all(|s| !s.certain);
    let keep: Vec<bool> = (identity.policies.iter().zip(&identity.sources))
        .map(|(policy, source)| match source {
            Attachment::Managed(arn) | Attachment::Group(_, Some(arn)) => {
                !(arn.contains(":iam::aws:policy/") && open(policy))
            }
            _ => true,
        })
        .collect();
    let mut kept = keep.iter();
    identity.policies.retain(|_| kept.next() != Some(&false));
    let mut kept = keep.iter();
    identity.sources.retain(|_| kept.next() != Some(&false));
}

fn is_plain(identity: &Identity) -> bool {
    matches!(identity.boundary, Limit::Unset)
        && (identity.policies.iter().flat_map(|p| &p.statements))
            .all(|s| s.allows() && s.certain && s.conditions.is_empty())
}

/// The actions that a name or pattern stands for.
fn actions(service: &str, name: &str, wants: &dyn Fn(&str) -> bool) -> Vec<Str> {
    if !name.contains(['*', '?']) {
        return vec![format!("{service}:{name}").into()];
    }
    let Some(known) = Catalogue::current().service(service) else { return Vec::new() };
    let matching = known.matching(name).filter(|a| wants(&a.name.to_ascii_lowercase()));
    matching.take(MAX_ACTIONS + 1).map(|a| format!("{service}:{}", a.name).into()).collect()
}

/// The ARNs by which permissions speak of something: of itself, and of what is in it.
fn forms(arn: &str) -> Vec<Str> {
    let inner: &[&str] = match tidegate_iam::Arn::split(arn).service() {
        "s3" => &["/"],
        "dynamodb" => &["/index/", "/stream/"],
        "lambda" | "logs" => &[":"],
        "secretsmanager" => &["-"],
        _ => &[],
    };
    let part = hole::text("any");
    std::iter::once(arn.into()).chain(inner.iter().map(|join| format!("{arn}{join}{part}").into())).collect()
}
