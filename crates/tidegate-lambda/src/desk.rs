//! Where events are decided on, and what happens when that fails.

use crate::policy::{Policies, Policy};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use tidegate_decide::json::Tape;
use tidegate_decide::limit::{Facts, Permit};
use tidegate_decide::trace::{self, Causes};
use tidegate_decide::{Guard, Remedy, Ruling, failure, remedy};
use tidegate_graph::contract::{Function, Mode, OnError};

/// Up to this length a decision takes less time than a second thread would: work is linear in the event.
const SHORT: usize = 16 << 10;
/// Why, when it is nothing that we know.
const BROKEN: &str = "the guard failed on the event";
/// Decisions that may go on though nobody waits for them any more.
const STRAY: usize = 8;

/// Decides, one event after the other, and keeps its buffers.
#[derive(Debug)]
pub(crate) struct Desk {
    policies: Arc<Policies>,
    policy: Arc<Policy>,
    version: u64,
    tools: Tools,
}

/// What a decision needs. After a failure its buffers may be in any state: it is made anew.
#[derive(Debug)]
struct Tools {
    guard: Guard,
    tape: Tape,
}

/// An event as it came.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) body: Arc<Vec<u8>>,
    /// ARN by which the function was called.
    pub(crate) arn: String,
    /// Trace header that Lambda gave.
    pub(crate) trace: String,
    /// Milliseconds since 1970.
    pub(crate) at: u64,
}

/// What came out.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) ruling: Ruling,
    pub(crate) remedy: Remedy,
    pub(crate) permit: Option<Permit>,
    /// The policy that it was decided under.
    pub(crate) policy: Arc<Policy>,
    /// Why we failed, if we did.
    pub(crate) failed: Option<&'static str>,
    pub(crate) took: Duration,
    /// Who caused the event, or each record of it.
    pub(crate) causes: Causes,
}

static STRAYS: AtomicUsize = AtomicUsize::new(0);

impl Desk {
    pub(crate) fn new(policies: &Arc<Policies>) -> Self {
        let (version, policy) = (policies.version(), policies.now());
        let tools = Tools::new(&policy);
        Self { policies: Arc::clone(policies), policy, version, tools }
    }

    /// Decides within a time. What isn't decided then, or breaks the guard, passes or not as the contract says.
    pub(crate) fn decide(&mut self, event: &Event, within: Duration) -> Outcome {
        let version = self.policies.version();
        if version != self.version {
            self.policy = self.policies.now();
            self.version = version;
            self.tools = Tools::new(&self.policy);
        }
        let started = Instant::now();
        let decided = if event.body.len() <= SHORT {
            catch_unwind(AssertUnwindSafe(|| self.tools.rule(&self.policy, event))).map_err(|_| BROKEN)
        } else {
            self.elsewhere(event, within)
        };
        let policy = Arc::clone(&self.policy);
        let answered = decided.and_then(|(ruling, permit)| {
            let remedy = catch_unwind(AssertUnwindSafe(|| remedy(&event.body, &ruling)));
            remedy.map(|remedy| (ruling, remedy, permit)).map_err(|_| BROKEN)
        });
        let ((ruling, remedy, permit), failed) = match answered {
            Ok(answered) => (answered, None),
            Err(why) => {
                self.tools = Tools::new(&policy);
                (undecided(&policy, &event.body, why), Some(why))
            }
        };
        let took = started.elapsed();
        let tape = &mut self.tools.tape;
        let causes = catch_unwind(AssertUnwindSafe(|| trace::causes(&event.body, tape)));
        Outcome { ruling, remedy, permit, policy, failed, took, causes: causes.unwrap_or_default() }
    }

    /// Decides on a thread of its own, which nobody waits for longer than told.
    fn elsewhere(
        &mut self,
        event: &Event,
        within: Duration,
    ) -> Result<(Ruling, Option<Permit>), &'static str> {
        if STRAYS.load(Ordering::Relaxed) >= STRAY {
            return Err("too many decisions took too long");
        }
        let mut tools = std::mem::replace(&mut self.tools, Tools::new(&self.policy));
        let (policy, event) = (Arc::clone(&self.policy), event.clone());
        let (sender, decided) = mpsc::sync_channel(1);
        STRAYS.fetch_add(1, Ordering::Relaxed);
        let deciding = thread::Builder::new().spawn(move || {
            let ruling = catch_unwind(AssertUnwindSafe(|| tools.rule(&policy, &event)));
            STRAYS.fetch_sub(1, Ordering::Relaxed);
            let _ = sender.send(ruling.map(|ruling| (ruling, tools)));
        });
        if deciding.is_err() {
            STRAYS.fetch_sub(1, Ordering::Relaxed);
            return Err("no thread could be started");
        }
        match decided.recv_timeout(within) {
            Ok(Ok((ruling, tools))) => {
                self.tools = tools;
                Ok(ruling)
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Err("the decision took too long"),
            Ok(Err(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => Err(BROKEN),
        }
    }
}

impl Tools {
    fn new(policy: &Policy) -> Self {
        let guard = Guard::new(policy.settings.clone()).trusting(Arc::clone(&policy.trust));
        Self { guard, tape: Tape::default() }
    }

    fn rule(&mut self, policy: &Policy, event: &Event) -> (Ruling, Option<Permit>) {
        stumble(event);
        self.guard.at(event.at);
        let body = event.body.as_slice();
        let Some(contract) = &policy.contract else { return (self.guard.rule(body, None), None) };
        let name = if policy.id.is_some() { &policy.function } else { &event.arn };
        let guard = &mut self.guard;
        let mut judge = || guard.decide_for(body, None, contract, name);
        let Some((limiter, id)) = policy.limiter.as_ref().zip(policy.id.as_ref()) else {
            return (judge(), None);
        };
        match Facts::read(body, None, &mut self.tape) {
            Some(facts) => {
                let facts = facts.with_trace(&event.trace);
                limiter.around(id, &facts, event.at.saturating_mul(1_000_000), judge)
            }
            None => (judge(), None),
        }
    }
}

fn undecided(policy: &Policy, event: &[u8], why: &'static str) -> (Ruling, Remedy, Option<Permit>) {
    let passes = policy.on_error() == OnError::Open;
    let of = |event: &[u8], own: Option<&Function>| {
        let ruling = failure(event, own, why);
        let mode = if passes { Mode::Monitor } else { ruling.mode };
        let ruling = Ruling { mode, ..ruling };
        (remedy(event, &ruling), ruling)
    };
    // It may be the very reading of the event that failed.
    let known = catch_unwind(AssertUnwindSafe(|| of(event, policy.own())));
    let (remedy, ruling) = known.unwrap_or_else(|_| of(b"", None));
    (ruling, remedy, None)
}

#[cfg(test)]
fn stumble(event: &Event) {
    match event.arn.as_str() {
        "stumble" => panic!("a test stumbles"),
        "dawdle" => thread::sleep(Duration::from_millis(300)),
        _ => {}
    }
}

#[cfg(not(test))]
fn stumble(_: &Event) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Source;
    use tidegate_decide::{Class, Verdict};

    fn desk(on_error: &str) -> Desk {
        let contract = format!(
            r#"{{"version":1,"graph_digest":"","compiled_by":"","defaults":{{"account":null,"region":null,
            "mode":"block","on_error":"{on_error}","max_bytes":1000000,"max_depth":64}},"functions":{{}}}}"#
        );
        let source =
            Source::of(&|name: &str| (name == "TIDEGATE_CONTRACT").then(|| contract.clone())).unwrap();
        Desk::new(&Arc::new(Policies::new(source.load(None).unwrap().0)))
    }

    fn event(arn: &str, body: &str) -> Event {
        Event { body: Arc::new(body.as_bytes().to_vec()), arn: arn.into(), trace: String::new(), at: 1 }
    }

    #[test]
    fn a_guard_that_fails_does_what_the_contract_says_and_goes_on() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(SHORT));
        let second = Duration::from_secs(20);
        for body in ["{}", &long] {
            let mut closed = desk("closed");
            let outcome = closed.decide(&event("stumble", body), second);
            assert_eq!(outcome.failed, Some("the guard failed on the event"));
            assert_eq!(outcome.ruling.decision.records[0].reasons[0].class, Class::Failure);
            assert!(matches!(outcome.remedy, Remedy::Fail(_)));
            assert_eq!(closed.decide(&event("f", body), second).failed, None);
            let outcome = desk("open").decide(&event("stumble", body), second);
            assert_eq!(outcome.remedy, Remedy::Forward);
            assert_eq!(outcome.ruling.decision.verdict, Verdict::Deny, "it passes, but not in silence");
        }
    }

    #[test]
    fn nobody_waits_longer_than_told() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(SHORT));
        let mut desk = desk("closed");
        let outcome = desk.decide(&event("dawdle", &long), Duration::from_millis(20));
        assert_eq!(outcome.failed, Some("the decision took too long"));
        assert!(outcome.took < Duration::from_millis(290));
        assert_eq!(desk.decide(&event("f", &long), Duration::from_secs(20)).failed, None);
    }
}
