//! What the gate enforces, and the desk of each worker at which it is decided.

use super::contradiction::contradictions;
use super::cors;
use super::event::{self, Known};
use super::front;
use super::metrics::Metrics;
use super::signers::Signers;
use super::sns::{self, Sender};
use super::token::{Tokens, Unbelieved};
use crate::counting::Counting;
use arc_swap::ArcSwap;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tidegate_decide::json::Tape;
use tidegate_decide::limit::{Facts, Limiter, Permit};
use tidegate_decide::{
    Class, Event, Guard, Readers, Redacted, Ruling, Settings, Trigger, Trust, Verdict, readings,
};
use tidegate_graph::contract::{Contract, Edge, Mode, OnError, Proof};

/// Reads the contract; `None` is to inspect and block everything. The error is for people.
pub type Load = Box<dyn Fn() -> Result<Option<Contract>, String> + Send + Sync>;

/// Which function a path is for.
#[derive(Clone, Debug)]
pub struct Route {
    /// Pattern of the path; `*` stands for anything, slashes included. Whatever way a path is spelled, case included, it
    /// is one path.
    pub path: String,
    /// Name of the function in the contract.
    pub function: String,
}

/// What is enforced now.
pub(super) struct Policy {
    contract: Option<Contract>,
    /// The same for browsers that ask for pages of declared origins: they can't prove anything yet.
    preflights: Option<Contract>,
    settings: Settings,
    trust: Arc<Trust>,
    signers: Signers,
    certificates: sns::Files,
    /// Counts from here on: a contract that is read again begins anew, but for what is shared.
    limiter: Option<Limiter>,
    /// Patterns of paths with the resource id of their function.
    routes: Vec<(String, String)>,
}

/// What workers share.
pub(super) struct Shared {
    now: ArcSwap<Policy>,
    version: AtomicU64,
    load: Load,
    routes: Vec<Route>,
    pub(super) counting: Counting,
    pub(super) tokens: Tokens,
    pub(super) published: sns::Published,
    pub(super) metrics: Metrics,
}

/// Seconds until what has to be fetched first should be there.
const SOON: u64 = 1;

/// Triggers that stand for a request, that of the event's own format first.
pub(super) const HTTP: [Trigger; 4] =
    [Trigger::ApiGatewayV2, Trigger::ApiGatewayV1, Trigger::Alb, Trigger::Lattice];

impl Shared {
    /// Reads the contract for the first time. Also returns what somebody should know about it.
    pub(super) fn open(
        load: Load,
        routes: Vec<Route>,
        counting: Counting,
    ) -> Result<(Self, Vec<String>), String> {
        let (policy, warnings) = Policy::read(&load, &routes, &counting)?;
        let tokens = Tokens::default();
        tokens.want(policy.contract.as_ref());
        let shared = Self {
            now: ArcSwap::from_pointee(policy),
            version: AtomicU64::new(0),
            load,
            routes,
            counting,
            tokens,
            published: sns::Published::default(),
            metrics: Metrics::default(),
        };
        Ok((shared, warnings))
    }

    /// Reads the contract again. What can't be used changes nothing.
    pub(super) fn reload(&self) -> Result<Vec<String>, String> {
        let (policy, warnings) = Policy::read(&self.load, &self.routes, &self.counting)?;
        self.tokens.want(policy.contract.as_ref());
        self.now.store(Arc::new(policy));
        self.version.fetch_add(1, Ordering::Release);
        Ok(warnings)
    }
}

impl Policy {
    fn read(load: &Load, routes: &[Route], counting: &Counting) -> Result<(Self, Vec<String>), String> {
        let contract = load()?;
        let Some(mut contract) = contract else {
            let policy = Self {
                contract: None,
                preflights: None,
                settings: Settings::default(),
                trust: Arc::default(),
                signers: Signers::default(),
                certificates: sns::Files::default(),
                limiter: None,
                routes: Vec::new(),
            };
            return Ok((policy, Vec::new()));
        };
        // Once they are joined, the name of one edge stands for all.
        let contradictions = contradictions(&contract);
        front::join(&mut contract);
        let settings = Settings::of(&contract)?;
        let trust = Trust::of(&contract, |name| std::env::var(name).ok());
        let mut warnings: Vec<String> = trust
            .missing(&contract)
            .into_iter()
            .map(|name| format!("`{name}` isn't set; what its secret has to sign is denied"))
            .collect();
        let signers = Signers::read(&contract, &mut warnings)?;
        let certificates = sns::Files::read(&contract)?;
        let mut resolved = Vec::new();
        for Route { path, function: name } in routes {
            let Some(function) = contract.function(name) else {
                return Err(format!(
                    "the contract doesn't hold the function `{name}`, or more than one of that name"
                ));
            };
            if !function.edges.iter().any(is_http) {
                warnings.push(format!("the contract lets no request start `{name}`: all are denied"));
            }
            let id =
                contract.functions.iter().find(|(_, f)| std::ptr::eq(*f, function)).map(|(id, _)| id.clone());
            resolved.extend(id.map(|id| (path.clone(), id)));
        }
        if routes.is_empty() {
            let mut served = contract.functions.iter().filter(|(_, f)| f.edges.iter().any(is_http));
            let (Some((only, _)), None) = (served.next(), served.next()) else {
                return Err(
                    "the contract holds no single function behind HTTP: name one, or routes".to_string()
                );
            };
            resolved.push(("*".to_string(), only.clone()));
        }
        let served = |id: &String| resolved.iter().any(|(_, served)| served == id);
        warnings.extend(contradictions.into_iter().filter(|(id, _)| served(id)).map(|(_, text)| text));
        let limiter = Some(counting.limiter(&contract));
        let trust = Arc::new(trust);
        let preflights = preflights(&contract);
        let contract = Some(contract);
        let policy =
            Self { contract, preflights, settings, trust, signers, certificates, limiter, routes: resolved };
        Ok((policy, warnings))
    }

    /// The resource id of the function that a path is for.
    fn function(&self, path: &str) -> Option<&str> {
        self.routes.iter().find(|(pattern, _)| readings::fits(pattern, path)).map(|(_, id)| id.as_str())
    }

    /// What holds for a browser that asks whether a page may send a request, where the page's own request would have to
    /// prove something.
    fn preflight(&self, known: &Known<'_>) -> Option<&Contract> {
        let open = self.preflights.as_ref().filter(|_| cors::is_preflight(known))?;
        let function = self.contract.as_ref()?.functions.get(self.function(known.path)?)?;
        let asks = function.edges.iter().find(|e| is_http(e)).is_some_and(asks_for_proof);
        (asks && self.readers(known).is_some_and(|readers| cors::may_read(&readers))).then_some(open)
    }

    /// Whose pages may read that a request was refused.
    fn readers(&self, known: &Known<'_>) -> Option<Readers> {
        let function = self.contract.as_ref()?.functions.get(self.function(known.path)?)?;
        let edge = function.edges.iter().find(|e| is_http(e))?;
        Some(cors::readers(edge.cors.as_ref()?, known.headers))
    }
}

pub(super) fn is_http(edge: &Edge) -> bool {
    Trigger::from_name(&edge.trigger).is_some_and(|t| HTTP.contains(&t))
}

fn asks_for_proof(edge: &Edge) -> bool {
    !edge.authenticate.is_empty() || edge.replays().next().is_some()
}

/// The contract without what browsers can't have before they were answered, if that differs from it.
fn preflights(contract: &Contract) -> Option<Contract> {
    let is_open = |edge: &Edge| is_http(edge) && edge.cors.is_some() && asks_for_proof(edge);
    if !contract.functions.values().flat_map(|f| &f.edges).any(is_open) {
        return None;
    }
    let mut open = contract.clone();
    for edge in open.functions.values_mut().flat_map(|f| &mut f.edges).filter(|edge| is_open(edge)) {
        edge.authenticate.clear();
        edge.replay = None;
        edge.further_replays.clear();
    }
    Some(open)
}

/// What the contract asks of the body itself, beyond that it is inspected.
fn reads_body(edge: &Edge) -> bool {
    edge.condition.is_some()
        || edge.replays().next().is_some()
        || !edge.schemas.is_empty()
        || !edge.authenticate.is_empty()
}

/// What is decided about a request.
#[derive(Debug)]
pub(super) struct Outcome {
    /// It goes to the upstream.
    pub(super) passes: bool,
    /// It would not, under a contract that blocks.
    pub(super) watched: bool,
    /// Classes of the reasons.
    pub(super) classes: Vec<&'static str>,
    pub(super) micros: u64,
    /// It was spared what its sender has to prove: only a preflight may go on of it.
    pub(super) preflight: bool,
    /// Seconds after which the client may come again, when a limit held it back.
    pub(super) retry_after: Option<u64>,
    /// The body that it goes on with, where its texts that act as code were replaced.
    pub(super) redacted: Option<Vec<u8>>,
    /// What was counted for it.
    pub(super) charge: Option<Charge>,
    /// Whose pages may read the refusal.
    pub(super) readers: Option<Readers>,
}

/// An admitted request, until it is answered.
pub(super) struct Charge {
    policy: Arc<Policy>,
    permit: Permit,
}

impl Charge {
    /// The answer has begun: its time is the bill.
    pub(super) fn settle(self) {
        if let Some(limiter) = &self.policy.limiter {
            limiter.settle(self.permit, None, now().saturating_mul(1_000_000));
        }
    }
}

impl std::fmt::Debug for Charge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.permit.fmt(f)
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::new(Desk::default());
}

#[derive(Default)]
struct Desk {
    guard: Guard,
    version: Option<u64>,
    policy: Option<Arc<Policy>>,
    event: Vec<u8>,
    tape: Tape,
    /// Why the request has no claims, where it could have.
    unbelieved: Option<Unbelieved>,
}

/// Decides on a request, at the desk of this thread.
pub(super) fn decide(shared: &Shared, known: &Known<'_>) -> Outcome {
    let started = Instant::now();
    let mut outcome = DESK.with_borrow_mut(|desk| desk.decide(shared, known));
    outcome.micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    shared.metrics.decided(&outcome);
    outcome
}

impl Desk {
    fn decide(&mut self, shared: &Shared, known: &Known<'_>) -> Outcome {
        let version = shared.version.load(Ordering::Acquire);
        if self.version != Some(version) {
            let policy = shared.now.load_full();
            self.guard = Guard::new(policy.settings.clone()).trusting(Arc::clone(&policy.trust));
            self.policy = Some(policy);
            self.version = Some(version);
        }
        let Some(policy) = self.policy.clone() else { return Outcome::failed(OnError::Closed) };
        let on_error = policy.contract.as_ref().map_or(OnError::Closed, |c| c.defaults.on_error);
        let open = policy.preflight(known);
        let rule = AssertUnwindSafe(|| self.rule(&policy, open.or(policy.contract.as_ref()), shared, known));
        let outcome = match catch_unwind(rule) {
            Ok((ruling, permit)) => {
                let charge = permit.map(|permit| Charge { policy: Arc::clone(&policy), permit });
                let outcome = Outcome::of(&ruling);
                if let Some(why) = self.unbelieved.take()
                    && outcome.classes.contains(&Class::Signature.name())
                {
                    shared.metrics.unbelieved(why);
                }
                Outcome { charge, ..outcome }
            }
            Err(_) => {
                shared.metrics.failed();
                // Its buffers may be in any state.
                *self = Self::default();
                Outcome::failed(on_error)
            }
        };
        let readers = if outcome.passes { None } else { policy.readers(known) };
        Outcome { readers, preflight: open.is_some(), ..outcome }
    }

    #[cfg(test)]
    fn stumble(known: &Known<'_>) {
        if known.path == "/stumble" {
            panic!("a test stumbles");
        }
    }

    #[cfg(not(test))]
    fn stumble(_: &Known<'_>) {}

    fn rule(
        &mut self,
        policy: &Policy,
        contract: Option<&Contract>,
        shared: &Shared,
        known: &Known<'_>,
    ) -> (Ruling, Option<Permit>) {
        Self::stumble(known);
        let Some(contract) = contract else {
            event::write(known, None, false, &mut self.event);
            let event = Event::beside(&self.event, known.body);
            return (self.guard.rule(event, Some(Trigger::ApiGatewayV2)), None);
        };
        let function = policy.function(known.path).unwrap_or_default();
        let edge = contract.functions.get(function).and_then(|f| f.edges.iter().find(|e| is_http(e)));
        let trigger = edge.and_then(|e| Trigger::from_name(&e.trigger)).unwrap_or(Trigger::ApiGatewayV2);
        // Which of them is asked on this path, the decision says; a token is of one provider.
        let mut why = None;
        let claims = edge.into_iter().flat_map(|e| &e.authenticate).find_map(|a| match &a.proof {
            // Where each refuses it, whoever got furthest is the one that it is of.
            Proof::Jwt(jwt) => {
                shared.tokens.verify(jwt, known.headers).map_err(|own| why = why.max(Some(own))).ok()
            }
            _ => None,
        });
        self.unbelieved = why.filter(|_| claims.is_none());
        let now = now();
        let principal = edge.and_then(|edge| policy.signers.principal(edge, known, now / 1000));
        let places = (&policy.certificates, &shared.published);
        let sender = edge.and_then(|edge| sns::sender(edge, known, places, now / 1000));
        let topic = match &sender {
            Some(Sender::Topic(arn)) => Some(arn.as_str()),
            _ => None,
        };
        let inside = contract.functions.get(function).is_some_and(|f| f.edges.iter().any(reads_body));
        event::write(
            &Known { claims: claims.as_deref(), principal, topic, ..*known },
            edge,
            inside,
            &mut self.event,
        );
        self.guard.at(now);
        let Self { guard, event, tape, .. } = self;
        let decided = if inside { Event::from(&*event) } else { Event::beside(event, known.body) };
        let mut judge = || guard.decide_for(decided, Some(trigger), contract, function);
        let facts = Facts::read(event, Some(trigger), tape).map(|f| f.with_bytes(decided.bytes()));
        let (mut ruling, permit) = match (&policy.limiter, facts) {
            (Some(limiter), Some(facts)) => {
                limiter.around(function, &facts, now.saturating_mul(1_000_000), judge)
            }
            _ => (judge(), None),
        };
        if sender == Some(Sender::Pending) && ruling.retry_after.is_none() {
            // SNS comes again after this answer, and after no other one that refuses.
            ruling.retry_after = Some(SOON);
        }
        (ruling, permit)
    }
}

impl Outcome {
    fn of(ruling: &Ruling) -> Self {
        let denied = ruling.decision.verdict != Verdict::Allow;
        let redacted = ruling.redacted.as_ref().and_then(body);
        let watched = denied && ruling.mode == Mode::Monitor;
        let reasons = ruling.decision.records.iter().flat_map(|r| &r.reasons);
        let mut classes: Vec<&'static str> = reasons.map(|r| r.class.name()).collect();
        classes.dedup();
        let retry_after = ruling.retry_after;
        Self {
            passes: !denied || watched || redacted.is_some(),
            watched,
            classes,
            micros: 0,
            preflight: false,
            retry_after,
            redacted,
            charge: None,
            readers: None,
        }
    }

    fn failed(on_error: OnError) -> Self {
        let passes = on_error == OnError::Open;
        Self {
            passes,
            watched: false,
            classes: vec!["failure"],
            micros: 0,
            preflight: false,
            retry_after: None,
            redacted: None,
            charge: None,
            readers: None,
        }
    }
}

/// The new body of a request of which nothing else was replaced: what its head says counts before anybody looks at it.
fn body(redacted: &Redacted) -> Option<Vec<u8>> {
    match redacted.edits.as_slice() {
        [edit] if edit.pointer == "/body" && redacted.decision.verdict == Verdict::Allow => {
            Some(edit.value.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
