//! Why a decision is as it is, and what would have to change.

use super::{Applicable, Boundary, Decision, Kind, Sides, Subject, Verdict, decide, names};
use crate::policy::Condition;
use crate::{Effect, Policy, Request, Statement, Tri};
use std::sync::Arc;

/// A decision with its reasons.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    /// The answer.
    pub decision: Decision,
    /// The statements that make it so.
    pub because: Vec<Hit<'a>>,
    /// For a denial: what would have to change, all of it.
    pub changes: Vec<Change<'a>>,
    /// For an answer that isn't known: what has to hold so that it is allowed, all of it.
    pub clauses: Vec<Clause<'a>>,
}

/// A statement that speaks of the request.
#[derive(Clone, Debug)]
pub struct Hit<'a> {
    /// Kind of its policy.
    pub kind: Kind,
    /// Level of the organization where the policy is attached.
    pub level: Option<&'a str>,
    /// The policy.
    pub policy: &'a Policy,
    /// The statement.
    pub statement: &'a Statement,
    /// Whether it applies.
    pub applies: Tri,
    /// Conditions that don't hold, or of which it isn't known.
    pub open: Vec<&'a Condition>,
}

/// One thing that would have to change.
#[derive(Clone, Debug)]
pub enum Change<'a> {
    /// This deny must no longer apply.
    Lift(Hit<'a>),
    /// One of these kinds of policy must allow the request.
    Allow {
        /// Any of them is enough.
        kinds: Vec<Kind>,
        /// Level of the organization, for its policies.
        level: Option<&'a str>,
        /// Statements that would, did their conditions hold.
        near: Vec<Hit<'a>>,
    },
}

/// One thing that has to hold.
#[derive(Clone, Debug)]
pub enum Clause<'a> {
    /// One of these statements applies.
    Any(Vec<Hit<'a>>),
    /// This statement does not apply.
    Not(Hit<'a>),
}

/// Decides a request and says why.
pub fn explain<'a>(request: &'a Request, policies: &Applicable<'a>) -> Explanation<'a> {
    let decision = decide(request, policies);
    let subject = Subject::new(request);
    let sides = Sides::of(&subject, policies);
    let hits = hits(&subject, policies);
    let mut out = Explanation { decision, because: Vec::new(), changes: Vec::new(), clauses: Vec::new() };
    let needs = needs(&subject, policies, &sides);
    match decision.verdict {
        Verdict::Allowed => {
            let took_part = |kind: Kind| match kind {
                Kind::Identity | Kind::Resource | Kind::Trust => {
                    Some(kind) == decision.by || !sides.same_account.is_true() || sides.required
                }
                _ => true,
            };
            out.because = hits.into_iter().filter(|h| h.statement.allows() && h.applies.is_true()).collect();
            out.because.retain(|hit| took_part(hit.kind));
        }
        Verdict::ExplicitlyDenied => {
            out.because =
                hits.iter().filter(|h| !h.statement.allows() && h.applies.is_true()).cloned().collect();
            out.changes.extend(out.because.iter().cloned().map(Change::Lift));
            out.changes.extend(needs.iter().filter_map(|need| need.change(&hits)));
        }
        Verdict::ImplicitlyDenied => out.changes.extend(needs.iter().filter_map(|need| need.change(&hits))),
        Verdict::Unknown => {
            for need in needs.iter().filter(|need| need.met == Tri::Unknown) {
                let hits: Vec<Hit<'_>> = hits.iter().filter(|hit| need.covers(hit)).cloned().collect();
                out.clauses.push(Clause::Any(hits));
            }
            let denies = hits.iter().filter(|h| !h.statement.allows() && h.applies == Tri::Unknown);
            out.clauses.extend(denies.cloned().map(Clause::Not));
        }
    }
    out
}

/// One condition of the whole: a policy of these kinds allows.
struct Need<'a> {
    kinds: Vec<Kind>,
    level: Option<&'a str>,
    met: Tri,
}

impl<'a> Need<'a> {
    fn covers(&self, hit: &Hit<'_>) -> bool {
        hit.statement.allows()
            && hit.applies.is_possible()
            && self.kinds.contains(&hit.kind)
            && self.level == hit.level
    }

    fn change(&self, hits: &[Hit<'a>]) -> Option<Change<'a>> {
        if self.met != Tri::False {
            return None;
        }
        let is_near = |hit: &&Hit<'_>| {
            hit.statement.allows()
                && self.kinds.contains(&hit.kind)
                && self.level == hit.level
                && !hit.open.is_empty()
        };
        let near = hits.iter().filter(is_near).cloned().collect();
        Some(Change::Allow { kinds: self.kinds.clone(), level: self.level, near })
    }
}

fn needs<'a>(subject: &Subject<'_>, policies: &Applicable<'a>, sides: &Sides) -> Vec<Need<'a>> {
    let mut out = Vec::new();
    let own = subject.resource_kind();
    let (identity, resource) = (sides.identity.allow, sides.resource.allow());
    let core = sides.core(subject, Tri::True, Tri::True);
    let mut need = |kinds: &[Kind], met: Tri| out.push(Need { kinds: kinds.to_vec(), level: None, met });
    if sides.alone {
        need(&[own, Kind::Grant], core);
    } else if sides.same_account.is_true() {
        match (sides.required, sides.resource.account.is_possible()) {
            // The account is named, which leaves it to the identity policies.
            (true, true) => need(&[Kind::Identity], core),
            (true, false) => need(&[own], core),
            (false, _) => need(&[Kind::Identity, own], core),
        }
    } else {
        need(&[Kind::Identity], identity);
        need(&[own, Kind::Grant], resource);
    }
    need(&[Kind::Boundary], sides.boundary.allow);
    need(&[Kind::Session], sides.session.allow);
    need(&[Kind::Endpoint], sides.endpoint.allow);
    if sides.scp.allow != Tri::True {
        for level in policies.scps {
            let met = super::Side::of(subject, &level.policies, Kind::Scp).allow;
            out.push(Need { kinds: vec![Kind::Scp], level: Some(&level.name), met });
        }
    }
    out
}

/// All statements whose action, resource and principal fit.
fn hits<'a>(subject: &Subject<'_>, policies: &Applicable<'a>) -> Vec<Hit<'a>> {
    let mut out = Vec::new();
    let mut of = |list: &'a [Arc<Policy>], kind: Kind, level: Option<&'a str>| {
        for policy in list {
            collect(subject, policy, kind, level, false, &mut out);
        }
    };
    for level in policies.scps.iter().filter(|_| subject.scps_bind()) {
        of(&level.policies, Kind::Scp, Some(&level.name));
    }
    for level in policies.rcps.iter().filter(|_| subject.rcps_bind()) {
        of(&level.policies, Kind::Rcp, Some(&level.name));
    }
    if let Boundary::Set(list) = policies.boundary {
        of(list, Kind::Boundary, None);
    }
    of(policies.identity, Kind::Identity, None);
    of(policies.session, Kind::Session, None);
    of(policies.endpoint, Kind::Endpoint, None);
    if let Some(policy) = policies.resource {
        let bounded = policies.boundary != Boundary::Unset;
        collect(subject, policy, subject.resource_kind(), None, bounded, &mut out);
    }
    out
}

fn collect<'a>(
    subject: &Subject<'_>,
    policy: &'a Policy,
    kind: Kind,
    level: Option<&'a str>,
    bounded: bool,
    out: &mut Vec<Hit<'a>>,
) {
    let context = &subject.request.context;
    for statement in &policy.statements {
        // The implied full access of resource control policies is no reason for anything.
        if kind == Kind::Rcp && statement.effect == Effect::Allow {
            continue;
        }
        let mut aimed = subject.aims(statement, kind);
        if matches!(kind, Kind::Resource | Kind::Trust) {
            aimed =
                aimed.and(Tri::any(names(statement, &subject.request.principal, bounded).map(|(_, n)| n)));
        }
        if aimed == Tri::False {
            continue;
        }
        let mut applies = aimed;
        let mut open = Vec::new();
        for condition in &statement.conditions {
            let holds = condition.holds(context);
            applies = applies.and(holds);
            if !holds.is_true() {
                open.push(condition);
            }
        }
        out.push(Hit { kind, level, policy, statement, applies, open });
    }
}
