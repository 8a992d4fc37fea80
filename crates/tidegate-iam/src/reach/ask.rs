//! Questions that a technique depends on, and how they are answered.

use super::world::World;
use crate::account::Identity;
use crate::decide::{Hit, Verdict, decide, explain};
use crate::{Applicable, Arn, Policy, Request, Scope, hole};
use tidegate_graph::Str;

/// May this action be done to that resource?
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ask {
    pub(super) action: &'static str,
    pub(super) arn: Str,
    /// Condition keys that the technique itself decides; without a value the key is absent.
    pub(super) context: Vec<(Str, Option<Str>)>,
    /// The trust policy as it will have been rewritten.
    pub(super) trust: Option<std::sync::Arc<Policy>>,
    /// That trust policy is another account's: it is assumed, and proves nothing.
    pub(super) is_abroad: bool,
}

impl Ask {
    pub(super) fn new(action: &'static str, arn: &str) -> Self {
        Self { action, arn: arn.into(), context: Vec::new(), trust: None, is_abroad: false }
    }

    #[must_use]
    pub(super) fn with(mut self, key: &str, value: Option<&str>) -> Self {
        self.context.push((key.into(), value.map(Str::from)));
        self
    }

    fn request(&self, world: &World<'_>, identity: &Identity) -> Request {
        let mut request = world.account.request(identity, self.action, &self.arn);
        for (key, value) in &self.context {
            request.context.set(key, value.clone());
        }
        request
    }

    fn policies<'b>(&'b self, world: &'b World<'_>, identity: &'b Identity) -> Applicable<'b> {
        let policies = world.account.applicable(identity, self.action, &self.arn);
        match &self.trust {
            Some(trust) => Applicable { resource: Some(trust), ..policies },
            None => policies,
        }
    }

    /// The answer.
    pub(super) fn answer(&self, world: &World<'_>, identity: &Identity) -> Verdict {
        decide(&self.request(world, identity), &self.policies(world, identity)).verdict
    }

    /// What makes it so: the first statement that allows it, on each side that has to.
    pub(super) fn proof<R>(
        &self,
        world: &World<'_>,
        identity: &Identity,
        read: &mut dyn FnMut(&Hit<'_>) -> R,
    ) -> Vec<R> {
        let request = self.request(world, identity);
        let policies = self.policies(world, identity);
        let explanation = explain(&request, &policies);
        let mut kinds = Vec::new();
        let mut out = Vec::new();
        let open = explanation.clauses.iter().flat_map(|clause| match clause {
            crate::decide::Clause::Any(hits) => hits.as_slice(),
            crate::decide::Clause::Not(_) => &[],
        });
        let assumed = |hit: &&Hit<'_>| {
            self.is_abroad && self.trust.as_deref().is_some_and(|trust| std::ptr::eq(trust, hit.policy))
        };
        let hits = explanation.because.iter().chain(open).filter(|hit| hit.statement.allows());
        let hits = hits.filter(|hit| !assumed(hit));
        for hit in hits {
            if !kinds.contains(&hit.kind) {
                kinds.push(hit.kind);
                out.push(read(hit));
            }
        }
        out
    }
}

/// Asks for any of some actions on a resource: the first that is allowed, else the first that might be.
pub(super) fn any(
    world: &World<'_>,
    identity: &Identity,
    actions: &[&'static str],
    arn: &str,
) -> Option<(Ask, bool)> {
    let mut might = None;
    for action in actions {
        if !world.speaks_of(identity, action, arn) {
            continue;
        }
        let ask = Ask::new(action, arn);
        match ask.answer(world, identity) {
            Verdict::Allowed => return Some((ask, true)),
            Verdict::Unknown if might.is_none() => might = Some((ask, false)),
            _ => {}
        }
    }
    might
}

/// Asks for all groups on a resource.
pub(super) fn all(
    world: &World<'_>,
    identity: &Identity,
    needs: &[&[&'static str]],
    arn: &str,
) -> Option<(Vec<Ask>, bool)> {
    let mut out = Vec::new();
    let mut certain = true;
    for actions in needs {
        let (ask, sure) = any(world, identity, actions, arn)?;
        out.push(ask);
        certain &= sure;
    }
    Some((out, certain))
}

/// Asks for all groups on something new: of one ARN for all when `tail` is given.
pub(super) fn anew(
    world: &World<'_>,
    identity: &Identity,
    needs: &[&[&'static str]],
    tail: Option<&str>,
) -> Option<(Vec<Ask>, bool)> {
    if !needs.iter().all(|actions| actions.iter().any(|action| world.may(identity, action))) {
        return None;
    }
    if let Some(tail) = tail {
        let actions: Vec<&'static str> = needs.iter().flat_map(|any| *any).copied().collect();
        let mut might = None;
        for arn in witnesses(world, identity, &actions, tail) {
            match all(world, identity, needs, &arn) {
                Some((asks, true)) => return Some((asks, true)),
                found => might = might.or(found),
            }
        }
        return might;
    }
    let mut out = Vec::new();
    let mut certain = true;
    for actions in needs {
        let mut best = None;
        for arn in witnesses(world, identity, actions, "") {
            match any(world, identity, actions, &arn) {
                Some((ask, true)) => {
                    best = Some((ask, true));
                    break;
                }
                found => best = best.or(found),
            }
        }
        let (ask, sure) = best?;
        out.push(ask);
        certain &= sure;
    }
    Some((out, certain))
}

/// ARNs that something new could have: a made-up one, and one for each pattern that allows any of the actions.
fn witnesses(world: &World<'_>, identity: &Identity, actions: &[&'static str], tail: &str) -> Vec<Str> {
    let account = &world.account.id;
    let mut out: Vec<Str> = Vec::new();
    for action in actions {
        let service = action.split(':').next().unwrap_or_default();
        let made = format!("arn:aws:{service}:{}:{account}:{tail}{NEW}", world.region);
        if !out.iter().any(|arn| **arn == *made) {
            out.push(made.into());
        }
    }
    let allows = identity.policies.iter().flat_map(|policy| &policy.statements).filter(|s| s.allows());
    for statement in allows {
        let Some(Scope::Only(items)) = &statement.resources else { continue };
        if !actions.iter().any(|action| world.acts(statement, action)) {
            continue;
        }
        for item in items.iter().filter(|item| item.text().starts_with("arn:") && !item.text().contains('$'))
        {
            if out.len() >= MOST {
                return out;
            }
            let arn = concrete(item.text(), &world.region, account);
            if !out.contains(&arn) {
                out.push(arn);
            }
        }
    }
    out
}

/// A name that nothing has.
const NEW: &str = "tidegate-new";

/// Patterns that are tried for one technique, at most.
const MOST: usize = 24;

/// An ARN that a pattern matches.
pub(super) fn concrete(pattern: &str, region: &str, account: &str) -> Str {
    let parts = Arn::split(pattern);
    let mut out = String::with_capacity(pattern.len() + 16);
    for (i, part) in parts.parts().iter().enumerate().take(parts.count()) {
        if i > 0 {
            out.push(':');
        }
        match (i, *part) {
            (3, "*") => out.push_str(region),
            (4, "*") => out.push_str(account),
            _ => {
                for c in part.chars() {
                    match c {
                        '*' => out.push_str(NEW),
                        '?' => out.push('n'),
                        c => out.push(c),
                    }
                }
            }
        }
    }
    out.into()
}

/// True if the text holds what can match more than itself.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '$']) || hole::parts(text).any(|part| matches!(part, hole::Part::Hole(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_becomes_an_arn() {
        let arn = concrete("arn:aws:lambda:*:*:function:app-*", "eu-central-1", "111122223333");
        assert_eq!(arn, "arn:aws:lambda:eu-central-1:111122223333:function:app-tidegate-new");
        assert_eq!(concrete("arn:aws:sqs:*", "r", "a"), "arn:aws:sqs:r");
    }
}
