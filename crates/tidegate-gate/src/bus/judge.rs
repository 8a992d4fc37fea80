//! The decision on one message: its bounds, its limits, and what it carries.

use super::relay::Settings;
use super::{Message, Shape, context};
use crate::counting::{Counting, Redis};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tidegate_decide::json::Tape;
use tidegate_decide::limit::{Facts, Limiter, Permit, Refusal, of_tracestate};
use tidegate_decide::{Guard, Verdict};
use tidegate_graph::contract::{Contract, Mode};

/// Decides on messages.
pub struct Judge {
    guard: Guard,
    under: Option<(Contract, String)>,
    shape: Shape,
    limits: Option<Limits>,
}

/// What a contract's function may get, and what it got.
struct Limits {
    limiter: Limiter,
    /// Resource id of the function.
    function: String,
    tape: Tape,
    counting: Arc<Counting>,
}

/// How far the decision on a message has come: one that waits for a place is neither counted nor inspected twice.
#[derive(Default)]
pub(super) struct Case {
    screened: bool,
    inspected: bool,
    watched: Option<Denial>,
    redacted: Option<(Denial, Vec<u8>)>,
}

/// What is decided.
pub(super) enum Judged {
    /// It passes, and has its place until the permit is gone.
    Pass(Option<Permit>),
    /// It passes all the same.
    Watched(Denial, Option<Permit>),
    /// It passes with this payload instead of its own.
    Redacted(Denial, Vec<u8>, Option<Permit>),
    /// It doesn't.
    Denied(Denial),
    /// A limit holds it back; it may be asked for again after that time.
    Held(Denial, Duration),
}

/// Why a message is denied, in words that hold nothing of it.
#[derive(Clone)]
pub(super) struct Denial {
    pub(super) reasons: String,
}

impl Judge {
    /// With the contract's function that messages are for, if there is one. Its limits are counted in this relay alone.
    pub fn new(guard: Guard, under: Option<(Contract, String)>, shape: Shape) -> Self {
        let mut judge = Self { guard, under, shape, limits: None };
        judge.count(Counting::default());
        judge
    }

    /// The same, with limits counted over a Redis together with others. Waits for nothing.
    ///
    /// # Errors
    /// When the address can't be used, or this build speaks with no Redis; neither error holds the address.
    pub fn sharing(mut self, redis: &Redis) -> Result<Self, String> {
        self.count(Counting::open(Some(redis))?);
        Ok(self)
    }

    fn count(&mut self, counting: Counting) {
        let named = self.under.as_ref().and_then(|(contract, name)| Some((contract, contract.find(name)?.0)));
        self.limits = named.map(|(contract, id)| Limits {
            limiter: counting.limiter(contract),
            function: id.to_string(),
            tape: Tape::default(),
            counting: Arc::new(counting),
        });
    }

    pub(super) fn counting(&self) -> Option<Arc<Counting>> {
        self.limits.as_ref().map(|limits| Arc::clone(&limits.counting))
    }

    /// Decides, or goes on deciding.
    pub(super) fn judge(&mut self, message: &Message, settings: &Settings, case: &mut Case) -> Judged {
        if context::hops(message) >= settings.hops {
            return Judged::Denied(Denial::of("hops"));
        }
        if message.payload.len() > settings.bytes {
            return Judged::Denied(Denial::of("size"));
        }
        let Some(event) = self.shape.event(message) else { return Judged::Denied(Denial::of("malformed")) };
        let trigger = Some(self.shape.trigger());
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        let Self { guard, under, limits, shape } = self;
        // What can't be read has nothing to count, and is denied.
        let limited = limits.as_mut().and_then(|Limits { limiter, function, tape, .. }| {
            let mut facts = Facts::read(&event, trigger, tape)?.with_bytes(message.payload.len());
            // Most buses have no place for the trace in their events: it stands in a header.
            facts.hops = facts.hops.max(message.header("tracestate").map_or(0, of_tracestate));
            Some((&*limiter, limiter.lane(function, &facts)?, facts))
        });
        if let Some((limiter, lane, facts)) = limited.as_ref().filter(|_| !case.screened)
            && let Err(refusal) = limiter.screen(lane, facts, now)
            && let Some(judged) = case.refused(&refusal)
        {
            return judged;
        }
        case.screened = true;
        if !case.inspected {
            guard.at(now / 1_000_000);
            let ruling = match under {
                None => guard.rule(&event, trigger),
                Some((contract, function)) => guard.decide_for(&event, trigger, contract, function),
            };
            if ruling.decision.verdict != Verdict::Allow {
                let reasons = ruling.decision.records.iter().flat_map(|r| &r.reasons);
                let mut classes: Vec<&str> = reasons.map(|r| r.class.name()).collect();
                classes.sort_unstable();
                classes.dedup();
                let denial = Denial::of(&classes.join(","));
                let redacted = ruling.redacted.and_then(|redacted| shape.payload(redacted));
                match redacted {
                    _ if ruling.mode == Mode::Monitor => case.watched = Some(denial),
                    Some(payload) => case.redacted = Some((denial, payload)),
                    None => return Judged::Denied(denial),
                }
            }
            case.inspected = true;
        }
        let mut permit = None;
        if let Some((limiter, lane, _)) = &limited {
            match limiter.admit(lane, now) {
                Ok(admitted) => permit = Some(admitted),
                Err(refusal) => {
                    if let Some(judged) = case.refused(&refusal) {
                        return judged;
                    }
                }
            }
        }
        match (case.redacted.take(), case.watched.take()) {
            (Some((denial, payload)), _) => Judged::Redacted(denial, payload, permit),
            (None, Some(denial)) => Judged::Watched(denial, permit),
            (None, None) => Judged::Pass(permit),
        }
    }
}

impl Case {
    /// What a limit makes of it; nothing where it is only reported.
    fn refused(&mut self, refusal: &Refusal) -> Option<Judged> {
        let denial = Denial::of(refusal.class.name());
        if refusal.mode == Mode::Monitor {
            // What was found says more.
            self.watched.get_or_insert(denial);
            return None;
        }
        Some(match refusal.wait {
            Some(wait) => Judged::Held(denial, Duration::from_nanos(wait)),
            None => Judged::Denied(denial),
        })
    }
}

impl Denial {
    fn of(reasons: &str) -> Self {
        Self { reasons: reasons.to_string() }
    }
}
