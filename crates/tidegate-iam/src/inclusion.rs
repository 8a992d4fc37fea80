//! Does one policy allow nothing that another one doesn't?
//!
//! Actions and resources are compared exactly: their patterns fall into finitely many classes of texts, and one text of each
//! is decided under both policies. Conditions are compared with caution: one that holds must make the other hold, by rules
//! that can't be wrong. So the answer is a proof, a request that the new policy allows and the old one doesn't (decided,
//! not guessed), or that neither was found.

mod imply;
mod words;

use crate::decide::Subject;
use crate::glob::Token;
use crate::policy::ResourcePattern;
use crate::request::Action;
use crate::{
    Applicable, Context, Effect, Glob, Kind, Policy, Principal, Request, Scope, Statement, Tri, decide, hole,
};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use tidegate_graph::Str;
use words::{TooMany, Word, words};

/// Pairs of action and resource that are looked at.
const MOST_PAIRS: usize = 1_000_000;

/// Whether the new policy is within the old one.
#[derive(Clone, Debug, PartialEq)]
pub enum Inclusion {
    /// It allows nothing that the old one doesn't.
    Proven,
    /// It allows this request, which the old one doesn't.
    Witness(Box<Request>),
    /// Neither could be shown.
    Unproven(Gap),
}

/// Where a proof failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Gap {
    /// There are too many patterns to look at all their combinations.
    TooLarge,
    /// For such a request the conditions of this statement of the new policy can't be compared with those of the old one.
    Conditions {
        /// An action of the class.
        action: Str,
        /// A resource of the class.
        resource: Str,
        /// Index of the statement in the new policy.
        statement: usize,
    },
}

/// Compares two policies of the same kind. `actions` lists actions of a service (in lower case) that exist, so that a
/// witness is one of them where there is one.
pub fn includes(old: &Policy, new: &Policy, actions: &dyn Fn(&str) -> Vec<Str>) -> Inclusion {
    match Comparison::new(old, new).run(actions) {
        Ok(inclusion) => inclusion,
        Err(TooMany) => Inclusion::Unproven(Gap::TooLarge),
    }
}

struct Comparison<'a> {
    old: &'a Policy,
    new: &'a Policy,
    kind: Kind,
}

impl<'a> Comparison<'a> {
    fn new(old: &'a Policy, new: &'a Policy) -> Self {
        let named = |policy: &Policy| policy.statements.iter().any(|s| s.principals.is_some());
        let kind = if named(old) || named(new) { Kind::Resource } else { Kind::Identity };
        Self { old, new, kind }
    }

    fn statements(&self) -> impl Iterator<Item = &'a Statement> {
        self.new.statements.iter().chain(&self.old.statements)
    }

    fn run(&self, known: &dyn Fn(&str) -> Vec<Str>) -> Result<Inclusion, TooMany> {
        let actions = self.actions(known)?;
        let resources = self.resources()?;
        if actions.len().saturating_mul(resources.len()) > MOST_PAIRS {
            return Err(TooMany);
        }
        let mut gap = None;
        for resource in &resources {
            for action in &actions {
                let request = Request {
                    principal: Principal::parse(SOMEBODY),
                    action: Action::new(action),
                    resource: resource.as_str().into(),
                    resource_account: Some(ACCOUNT.into()),
                    context: Context::unknown(),
                };
                match self.pair(&request) {
                    None => {}
                    Some(Inclusion::Unproven(found)) => gap = gap.or(Some(found)),
                    Some(witness) => return Ok(witness),
                }
            }
        }
        Ok(gap.map_or(Inclusion::Proven, Inclusion::Unproven))
    }

    /// One action of every class: of the services that are spoken of, and of another one.
    fn actions(&self, known: &dyn Fn(&str) -> Vec<Str>) -> Result<Vec<String>, TooMany> {
        let mut patterns: BTreeMap<String, Vec<Vec<Token>>> = BTreeMap::new();
        for pattern in self.statements().flat_map(|s| s.actions.items()) {
            if let (Some(service), Some(name)) = (pattern.service(), pattern.name()) {
                patterns.entry(service.to_string()).or_default().push(name.tokens());
            }
        }
        let mut out = vec!["another-service:action".to_string()];
        for (service, patterns) in patterns {
            let globs: Vec<Glob> = patterns.iter().map(|p| Glob::from_tokens(p)).collect();
            let mut seen: HashSet<Vec<bool>> = HashSet::new();
            for action in known(&service) {
                let lower = action.to_ascii_lowercase();
                let name = lower.split_once(':').map_or(lower.as_str(), |(_, name)| name);
                if seen.insert(globs.iter().map(|g| g.matches(name)).collect()) {
                    out.push(action.to_string());
                }
            }
            let mut found = words(&patterns, Some(':'))?;
            prefer(&mut found, &patterns, "doanything");
            for word in found {
                // Nothing is called by no name.
                if !word.text.is_empty() && !seen.contains(&word.matched) {
                    out.push(format!("{service}:{}", word.text));
                }
            }
        }
        Ok(out)
    }

    /// One ARN of every class, and `*`, which is asked for by actions that know no resource.
    fn resources(&self) -> Result<Vec<String>, TooMany> {
        let patterns: Vec<Vec<Vec<Token>>> = self
            .statements()
            .flat_map(|s| s.resources.iter().flat_map(Scope::items))
            .filter_map(ResourcePattern::segments)
            .map(|mut segments| {
                segments.resize(6, vec![Token::Any]);
                segments
            })
            .collect();
        // Which patterns match so far, with the text so far. Patterns that have failed tell nothing apart any more.
        let mut so_far: Vec<(Vec<bool>, String)> = vec![(vec![true; patterns.len()], String::new())];
        for part in 0..6 {
            let own: Vec<Vec<Token>> =
                patterns.iter().map(|segments| segments.get(part).cloned().unwrap_or_default()).collect();
            let forbidden = if part < 5 { Some(':') } else { None };
            let mut found = words(&own, forbidden)?;
            if let Some(nice) = ["arn", "aws", "service", "eu-central-1", ACCOUNT, "thing"].get(part) {
                prefer(&mut found, &own, nice);
            }
            if part == 0 {
                // Whatever else it is called, it is no ARN.
                found.retain(|word| word.text == "arn");
            }
            let mut seen = HashSet::new();
            let mut next = Vec::new();
            for (matched, text) in &so_far {
                for word in &found {
                    let both: Vec<bool> = matched.iter().zip(&word.matched).map(|(a, b)| *a && *b).collect();
                    if seen.insert(both.clone()) {
                        let colon = if part > 0 { ":" } else { "" };
                        next.push((both, format!("{text}{colon}{}", word.text)));
                    }
                    if seen.len() > MOST_PAIRS {
                        return Err(TooMany);
                    }
                }
            }
            so_far = next;
        }
        let mut out: Vec<String> = so_far.into_iter().map(|(_, text)| text).collect();
        out.push("*".to_string());
        Ok(out)
    }

    /// What is wrong with one class; `None` when nothing is.
    fn pair(&self, request: &Request) -> Option<Inclusion> {
        let subject = Subject::new(request);
        let aimed = |policy: &'a Policy, effect: Effect, least: Tri| -> Vec<&'a Statement> {
            let fits = |s: &&Statement| {
                let aims = subject.aims(s, self.kind);
                s.effect == effect && (aims == Tri::True || aims == least)
            };
            policy.statements.iter().filter(fits).collect()
        };
        let may_allow = aimed(self.new, Effect::Allow, Tri::Unknown);
        if may_allow.is_empty() {
            return None;
        }
        let new_denies = aimed(self.new, Effect::Deny, Tri::True);
        let old_allows = aimed(self.old, Effect::Allow, Tri::True);
        let old_denies = aimed(self.old, Effect::Deny, Tri::Unknown);
        for statement in may_allow {
            // Where a variable might be this very text, the class in which it stands for itself tells the same.
            let unsure = subject.aims(statement, self.kind) != Tri::True;
            if unsure && statement.certain && !is_vague(statement) {
                continue;
            }
            let never = |deny: &&Statement| deny.conditions.is_empty() && imply::covers(deny, statement);
            if new_denies.iter().any(never) {
                continue;
            }
            let within = old_allows.iter().any(|old| imply::implies(statement, old))
                && old_denies.iter().all(|old| {
                    imply::excluded(statement, old) || new_denies.iter().any(|new| imply::denies(old, new))
                });
            if within {
                continue;
            }
            if let Some(witness) = self.witness(request, statement, &old_allows, &old_denies) {
                return Some(Inclusion::Witness(Box::new(witness)));
            }
            return Some(Inclusion::Unproven(Gap::Conditions {
                action: request.action.text.clone(),
                resource: request.resource.clone(),
                statement: statement.index,
            }));
        }
        None
    }

    /// A request of this class that the new policy allows and the old one doesn't, decided.
    fn witness(
        &self,
        class: &Request,
        statement: &Statement,
        old_allows: &[&Statement],
        old_denies: &[&Statement],
    ) -> Option<Request> {
        let (new, old) = ([Arc::new(self.new.clone())], [Arc::new(self.old.clone())]);
        for principal in imply::somebodies(statement) {
            for context in imply::contexts(statement, old_allows, old_denies) {
                let mut request =
                    Request { principal: Principal::parse(&principal), context, ..class.clone() };
                fill(&mut request);
                let verdict = |policies: &[Arc<Policy>; 1]| {
                    let [policy] = policies;
                    let applicable = match self.kind {
                        Kind::Identity => Applicable { identity: policies, ..Applicable::default() },
                        _ => Applicable { resource: Some(policy), ..Applicable::default() },
                    };
                    decide(&request, &applicable).verdict
                };
                if verdict(&new).is_allowed() && !verdict(&old).is_possible() {
                    return Some(request);
                }
            }
        }
        None
    }
}

/// Gives the variables in a class's text a value.
fn fill(request: &mut Request) {
    if !hole::is_in(&request.resource) {
        return;
    }
    let mut out = String::new();
    for part in hole::parts(&request.resource.clone()) {
        match part {
            hole::Part::Text(text) => out.push_str(text),
            hole::Part::Hole(name) | hole::Part::Fresh(name) => {
                let key = hole::name(name);
                let value = match request.context.get(&key) {
                    crate::Known::Value(value) => value.to_string(),
                    _ => "value".to_string(),
                };
                request.context.set(&key, [value.as_str().into()]);
                out.push_str(&value);
            }
        }
    }
    request.resource = out.into();
}

/// True when what a statement means can't be told from classes of texts: its actions aren't known in full, or what it
/// excludes isn't.
fn is_vague(statement: &Statement) -> bool {
    statement.actions.items().iter().any(|action| hole::is_in(action.text()))
        || matches!(&statement.resources, Some(Scope::Except(items)) if items.iter().any(ResourcePattern::is_open))
}

/// Lets classes be shown by texts that people know, where those are of the class.
fn prefer(words: &mut [Word], patterns: &[Vec<Token>], nice: &str) {
    let matched: Vec<bool> = patterns.iter().map(|tokens| Glob::from_tokens(tokens).matches(nice)).collect();
    if let Some(word) = words.iter_mut().find(|word| word.matched == matched) {
        word.text = nice.to_string();
    }
}

/// A principal of the account to which everything of a witness belongs.
const SOMEBODY: &str = "arn:aws:iam::111122223333:role/somebody";
const ACCOUNT: &str = "111122223333";

#[cfg(test)]
mod tests;
