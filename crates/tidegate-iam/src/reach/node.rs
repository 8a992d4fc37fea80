//! An identity as it is or as it can be made.

use super::world::World;
use crate::account::{Attachment, Identity, Limit};
use std::borrow::Cow;
use std::sync::Arc;

/// An identity with what it has been given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Node {
    /// Index of the identity.
    pub(super) who: usize,
    /// It has any policy it likes.
    pub(super) full: bool,
    /// It has no boundary any more.
    pub(super) unbound: bool,
    /// Its managed policies that deny are detached.
    pub(super) detached: bool,
    /// Its inline policies that deny are deleted.
    pub(super) deleted: bool,
    /// It has left the groups that deny.
    pub(super) left: bool,
    /// It has been put into this group.
    pub(super) group: Option<usize>,
}

/// What an identity can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Raise {
    /// Any policy.
    Full,
    /// Freedom of its boundary.
    Unbound,
    /// Freedom of managed policies that deny.
    Detached,
    /// Freedom of inline policies that deny.
    Deleted,
    /// Freedom of groups that deny, and of what else they give.
    Left,
    /// The policies of a group.
    Group(usize),
}

impl Node {
    pub(super) fn new(who: usize) -> Self {
        Self { who, full: false, unbound: false, detached: false, deleted: false, left: false, group: None }
    }

    /// The same with more; `None` when that is nothing new.
    pub(super) fn raised(self, raise: Raise) -> Option<Self> {
        let out = match raise {
            Raise::Full => Self { full: true, group: None, ..self },
            Raise::Unbound => Self { unbound: true, ..self },
            Raise::Detached => Self { detached: true, ..self },
            Raise::Deleted => Self { deleted: true, ..self },
            Raise::Left => Self { left: true, ..self },
            // Who has any policy gains nothing by a group, and of groups one is enough.
            Raise::Group(_) if self.full || self.group.is_some() => self,
            Raise::Group(group) => Self { group: Some(group), ..self },
        };
        (out != self).then_some(out)
    }

    fn is_rid_of(self, source: &Attachment) -> bool {
        match source {
            Attachment::Managed(_) => self.detached,
            Attachment::Inline => self.deleted,
            Attachment::Group(..) => false,
        }
    }

    /// The identity that this is.
    pub(super) fn identity<'a>(self, world: &World<'a>) -> Option<Cow<'a, Identity>> {
        let own = world.identity(self.who)?;
        if self == Self::new(self.who) {
            return Some(Cow::Borrowed(own));
        }
        let mut out = own.clone();
        let left = if self.left { denying_groups(own) } else { Vec::new() };
        let keep: Vec<bool> = (own.policies.iter().zip(&own.sources))
            .map(|(policy, source)| match source {
                // Whoever leaves a group loses what it allows, too.
                Attachment::Group(name, _) => !left.contains(&name.as_str()),
                _ => !denies(policy) || !self.is_rid_of(source),
            })
            .collect();
        let mut kept = keep.iter();
        out.policies.retain(|_| kept.next() == Some(&true));
        let mut kept = keep.iter();
        out.sources.retain(|_| kept.next() == Some(&true));
        if self.full {
            let mut policy = Arc::unwrap_or_clone(crate::Policy::full_access());
            policy.name = "a policy of its own making".into();
            out.attach(Arc::new(policy), Attachment::Inline);
        }
        if self.unbound {
            out.boundary = Limit::Unset;
        }
        if let Some(group) = self.group.and_then(|group| world.account.groups.get(group)) {
            for policy in &group.policies {
                out.attach(policy.clone(), Attachment::Group(group.name.clone(), None));
            }
        }
        Some(Cow::Owned(out))
    }
}

/// Names of an identity's groups that deny something.
pub(super) fn denying_groups(identity: &Identity) -> Vec<&str> {
    let own = identity.policies.iter().zip(&identity.sources);
    let mut out: Vec<&str> = own
        .filter_map(|(policy, source)| match source {
            Attachment::Group(name, _) if denies(policy) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// True for a policy that takes something away.
pub(super) fn denies(policy: &crate::Policy) -> bool {
    policy.statements.iter().any(|statement| !statement.allows())
}
