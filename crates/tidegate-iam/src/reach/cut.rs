//! The cut: the smallest set of statements that breaks every path.
//!
//! A path stands as long as all of its statements do, so that a cut has to hit every path. Paths are found one after the
//! other, each in the account without what the others suggest to take away, until there is none: what is taken away then
//! is proven to suffice, and nothing smaller does, as long as the search for it was exhaustive.

use super::{Hop, Options, Reach, Target, hitting::hitting, walk::Walk};
use crate::Policy;
use crate::account::Account;
use crate::decide::Kind;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use tidegate_graph::{Span, Str};

/// A statement to take away or to narrow.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Kind of its policy.
    pub kind: Kind,
    /// Whose it is: the principal that uses it, or what it protects.
    pub of: Str,
    /// Name of the policy.
    pub policy: Str,
    /// Position of the statement.
    pub statement: usize,
    /// Its `Sid`.
    pub sid: Option<Str>,
    /// The actions that the paths use.
    pub actions: Vec<Str>,
    /// Where it was written.
    pub span: Span,
}

/// Statements by policy and position.
type Atom = (usize, usize);

/// Paths that are looked at.
const MOST_PATHS: usize = 48;

pub(super) fn cut(
    account: &Account,
    options: Options,
    who: usize,
    targets: &BTreeSet<Target>,
) -> Option<Vec<Cut>> {
    let mut paths: Vec<Vec<Atom>> = Vec::new();
    let mut about: BTreeMap<Atom, Cut> = BTreeMap::new();
    let known = policies(account);
    for _ in 0..MOST_PATHS {
        let chosen = hitting(&paths);
        let (smaller, origin) = without(account, &chosen);
        let reach = Reach::new(&smaller, options);
        let walk = Walk::new(&reach, who, true);
        let reached = walk.targets();
        let hit = targets.iter().find(|t| reached.contains(t) || reached.contains(&Target::Everything));
        let Some(target) = hit else {
            return Some(chosen.iter().filter_map(|atom| about.get(atom).cloned()).collect());
        };
        let found = walk.found_at(&reach, *target)?;
        let mut path = Vec::new();
        for hop in &found.via {
            note(hop, &origin, &known, &mut path, &mut about);
        }
        if path.is_empty() {
            return None;
        }
        paths.push(path);
    }
    None
}

/// The statements of a step, those of the account only.
fn note(
    hop: &Hop,
    origin: &HashMap<usize, usize>,
    known: &BTreeSet<usize>,
    path: &mut Vec<Atom>,
    about: &mut BTreeMap<Atom, Cut>,
) {
    for proof in &hop.proofs {
        let at = origin.get(&proof.at).copied().unwrap_or(proof.at);
        if !known.contains(&at) || !matches!(proof.kind, Kind::Identity | Kind::Resource | Kind::Trust) {
            continue;
        }
        let atom = (at, proof.statement);
        if !path.contains(&atom) {
            path.push(atom);
        }
        let of = if proof.kind == Kind::Identity { hop.from.clone() } else { proof.resource.clone() };
        let entry = about.entry(atom).or_insert_with(|| Cut {
            kind: proof.kind,
            of,
            policy: proof.policy.clone(),
            statement: proof.statement,
            sid: proof.sid.clone(),
            actions: Vec::new(),
            span: proof.span,
        });
        if !entry.actions.contains(&proof.action) {
            entry.actions.push(proof.action.clone());
        }
    }
}

fn policies(account: &Account) -> BTreeSet<usize> {
    let own = account.identities.iter().flat_map(|i| i.policies.iter().chain(&i.trust));
    own.chain(account.resources.iter().filter_map(|r| r.policy.as_ref())).map(address).collect()
}

fn address(policy: &Arc<Policy>) -> usize {
    Arc::as_ptr(policy).addr()
}

/// The account without some statements, and which of its policies came from which.
fn without(account: &Account, gone: &BTreeSet<Atom>) -> (Account, HashMap<usize, usize>) {
    let mut out = account.clone();
    let mut made: HashMap<usize, Arc<Policy>> = HashMap::new();
    let touched: BTreeSet<usize> = gone.iter().map(|(policy, _)| *policy).collect();
    let mut narrow = |policy: &mut Arc<Policy>| {
        let at = address(policy);
        if !touched.contains(&at) {
            return;
        }
        let smaller = made.entry(at).or_insert_with(|| {
            let mut smaller = Policy::clone(policy);
            smaller.statements.retain(|s| !gone.contains(&(at, s.index)));
            Arc::new(smaller)
        });
        *policy = smaller.clone();
    };
    for identity in &mut out.identities {
        identity.policies.iter_mut().for_each(&mut narrow);
        identity.trust.iter_mut().for_each(&mut narrow);
    }
    for resource in &mut out.resources {
        resource.policy.iter_mut().for_each(&mut narrow);
    }
    let origin = made.iter().map(|(at, policy)| (address(policy), *at)).collect();
    (out, origin)
}
