//! Whether whoever sent an event is who the contract asks for, and whether it came before.

mod event;
mod seen;
mod webhook;

pub(crate) use event::Request;

use crate::decision::Class;
use crate::json::Item;
use crate::origin::glob;
use crate::readings;
use seen::Seen;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use tidegate_graph::contract::{Authenticate, Contract, Edge, Jwt, Proof, Replay};

/// What a request says of its sender. What isn't the request's own word (claims, principal, certificate) is there only
/// when somebody has verified it: the gate, or the service before the function.
pub trait View {
    /// A header by its name in lower case; of several of one name, the first.
    fn header(&self, name: &str) -> Option<&[u8]>;
    /// The body as it was sent.
    fn body(&self) -> &[u8];
    /// The path, without the query, in each way in which the sender's service gives it; none where there is none.
    fn paths(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }
    /// A claim of a verified token. Lists come with spaces between.
    fn claim(&self, _name: &str) -> Option<Cow<'_, str>> {
        None
    }
    /// ARN of the principal whose signature was verified.
    fn principal(&self) -> Option<Cow<'_, str>> {
        None
    }
    /// SPIFFE id, or else subject, of a verified client certificate.
    fn certificate(&self) -> Option<Cow<'_, str>> {
        None
    }
    /// ARN of the topic of SNS whose signature was verified.
    fn topic(&self) -> Option<Cow<'_, str>> {
        None
    }
    /// True for a batch, of which each record is unique or not.
    fn is_batch(&self) -> bool {
        false
    }
    /// The value at a JSON pointer.
    fn pointer(&self, _pointer: &str) -> Option<Cow<'_, str>> {
        None
    }
}

/// Why a sender is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It isn't proven who it is.
    Signature(&'static str),
    /// It came before.
    Replay(&'static str),
}

impl Refusal {
    /// The class that decisions give.
    pub fn class(self) -> Class {
        match self {
            Self::Signature(_) => Class::Signature,
            Self::Replay(_) => Class::Replay,
        }
    }

    /// Why, in a sentence.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Signature(detail) | Self::Replay(detail) => detail,
        }
    }
}

/// What it takes to believe: secrets, and memory of what came. Shared by all guards of a process.
#[derive(Default)]
pub struct Trust {
    secrets: HashMap<String, Vec<u8>>,
    seen: Mutex<Seen>,
}

impl Trust {
    /// With the secrets that `contract` names, each looked up once.
    pub fn of(contract: &Contract, look_up: impl Fn(&str) -> Option<String>) -> Self {
        let named = names(contract).filter_map(|name| Some((name.to_string(), look_up(name)?.into_bytes())));
        Self { secrets: named.filter(|(_, secret)| !secret.is_empty()).collect(), seen: Mutex::default() }
    }

    /// Secrets that `contract` names and that aren't there: what they sign is refused.
    pub fn missing<'c>(&self, contract: &'c Contract) -> Vec<&'c str> {
        let mut missing: Vec<&str> =
            names(contract).filter(|name| !self.secrets.contains_key(*name)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

/// Never shows a secret.
impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("secrets", &self.secrets.len()).finish_non_exhaustive()
    }
}

fn names(contract: &Contract) -> impl Iterator<Item = &str> {
    let asked = contract.functions.values().flat_map(|f| &f.edges).flat_map(|e| &e.authenticate);
    asked
        .flat_map(|a| match &a.proof {
            Proof::Webhook(webhook) => webhook.secrets.iter(),
            _ => [].iter(),
        })
        .map(String::as_str)
}

/// What makes an event unique, until it is known that it passes.
#[derive(Debug, Default)]
pub struct Pending(Vec<(Unique, u64)>);

type Unique = [u8; 32];

impl Pending {
    /// What two rules ask to be unique is one, for as long as either wants.
    fn add(&mut self, (id, window): (Unique, u64)) {
        match self.0.iter_mut().find(|(own, _)| *own == id) {
            Some((_, longest)) => *longest = window.max(*longest),
            None => self.0.push((id, window)),
        }
    }

    /// Remembers the event, which passes in all other respects.
    ///
    /// # Errors
    /// One of the same name has passed before.
    pub fn settle(self, trust: &Trust, now: u64) -> Result<(), Refusal> {
        let mut seen = trust.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What is refused for one of them leaves the others free.
        if self.0.iter().any(|(id, _)| seen.holds(id, now)) {
            return Err(Refusal::Replay("the same event came before"));
        }
        for (id, window) in self.0 {
            seen.remember(id, now, window);
        }
        Ok(())
    }
}

/// Whether `view` proves what `edge` asks for at `now`, in milliseconds since 1970.
///
/// # Errors
/// The first thing that it doesn't prove.
pub fn authenticate(
    edge: &Edge,
    view: &dyn View,
    trust: &Trust,
    now: Option<u64>,
) -> Result<Pending, Refusal> {
    let mut pending = Pending::default();
    let paths = view.paths();
    for asked in edge.authenticate.iter().filter(|a| applies(a, &paths)) {
        match &asked.proof {
            Proof::Webhook(webhook) => {
                let secrets: Vec<&[u8]> = webhook
                    .secrets
                    .iter()
                    .filter_map(|name| Some(trust.secrets.get(name)?.as_slice()))
                    .collect();
                let id = webhook::verify(webhook, &secrets, view, now)?;
                // A signature is good for as long as it is young enough, on both sides of now.
                let window = webhook.tolerance_seconds.saturating_mul(2000);
                pending.add((unique(edge, "webhook", &id), window));
            }
            Proof::Jwt(jwt) => token(jwt, view)?,
            Proof::Sigv4(allowed) => {
                let who =
                    view.principal().ok_or(Refusal::Signature("the request isn't signed by a principal"))?;
                named(&allowed.principals, &who, "the principal isn't one of those that the contract names")?;
            }
            Proof::Sns(allowed) => {
                let topic = view.topic().ok_or(Refusal::Signature("the message isn't signed by SNS"))?;
                named(&allowed.topics, &topic, "the topic isn't one of those that the contract names")?;
            }
            Proof::Mtls(allowed) => {
                let who = view.certificate().ok_or(Refusal::Signature("there is no client certificate"))?;
                named(&allowed.names, &who, "the certificate isn't one of those that the contract names")?;
            }
        }
    }
    for replay in edge.replays().filter(|_| !view.is_batch()) {
        let value = match replay.key.starts_with('/') {
            true => view.pointer(&replay.key).map(|v| v.into_owned().into_bytes()),
            false => view.header(&replay.key.to_ascii_lowercase()).map(<[u8]>::to_vec),
        };
        pending.add(once(edge, replay, value)?);
    }
    Ok(pending)
}

/// What makes a record of a batch unique, where its edge asks for that.
///
/// # Errors
/// It isn't there.
pub(crate) fn of_record(edge: &Edge, record: Item<'_>) -> Result<Pending, Refusal> {
    let mut pending = Pending::default();
    for replay in edge.replays() {
        let value = event::pointer(record, &replay.key).map(|v| v.into_owned().into_bytes());
        pending.add(once(edge, replay, value)?);
    }
    Ok(pending)
}

fn once(edge: &Edge, replay: &Replay, value: Option<Vec<u8>>) -> Result<(Unique, u64), Refusal> {
    let value = value.filter(|v| !v.is_empty());
    let value = value.ok_or(Refusal::Replay("the event lacks what would make it unique"))?;
    Ok((unique(edge, &replay.key, &value), replay.window_seconds.saturating_mul(1000)))
}

/// An event without a path could be for any.
fn applies(asked: &Authenticate, paths: &[Cow<'_, str>]) -> bool {
    let fits = |pattern: &String| paths.iter().any(|path| readings::fits(pattern, path));
    asked.paths.is_empty() || paths.is_empty() || asked.paths.iter().any(fits)
}

fn unique(edge: &Edge, kind: &str, id: &[u8]) -> Unique {
    let mut hash = Sha256::new();
    for part in [edge.id.as_bytes(), kind.as_bytes(), id] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn named(patterns: &[String], who: &str, wrong: &'static str) -> Result<(), Refusal> {
    let fits = patterns.iter().any(|pattern| glob(pattern, who));
    if fits { Ok(()) } else { Err(Refusal::Signature(wrong)) }
}

fn token(jwt: &Jwt, view: &dyn View) -> Result<(), Refusal> {
    let issuer = view.claim("iss").ok_or(Refusal::Signature("there is no verified token"))?;
    if issuer != jwt.issuer {
        return Err(Refusal::Signature("the token is of another issuer"));
    }
    let audience = view.claim("aud").or_else(|| view.claim("client_id")).unwrap_or_default();
    // API Gateway writes a list as `[one two]`; what is no list is one name, blanks and all.
    let list = audience.strip_prefix('[').and_then(|a| a.strip_suffix(']'));
    let known = |name: &str| jwt.audiences.iter().any(|one| one == name);
    let good = list.map_or_else(|| known(&audience), |list| list.split(' ').any(known));
    if !jwt.audiences.is_empty() && !good {
        return Err(Refusal::Signature("the token is for another audience"));
    }
    // Azure AD calls it `scp`, and others make a list of it.
    let said = ["scope", "scp"].map(|name| view.claim(name).unwrap_or_default());
    let words =
        |text: &str| text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text).to_string();
    let said = said.map(|text| words(&text));
    let has = |scope: &str| said.iter().any(|text| text.split(' ').any(|s| s == scope));
    match jwt.scopes.iter().all(|scope| has(scope)) {
        true => Ok(()),
        false => Err(Refusal::Signature("the token lacks a scope")),
    }
}
