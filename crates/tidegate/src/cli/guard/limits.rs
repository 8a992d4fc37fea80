//! Limits over lines. Nobody runs anything here: an event that passes is over at once, and stays charged with its estimate
//! unless its line says what it was billed.

use tidegate_decide::json::Tape;
use tidegate_decide::limit::{Facts, Limiter, Settings};
use tidegate_decide::{Ruling, Trigger, Verdict};
use tidegate_graph::contract::{Contract, Mode};

/// What was counted so far.
#[derive(Debug)]
pub(super) struct Limits {
    limiter: Limiter,
    tape: Tape,
}

impl Limits {
    pub(super) fn of(contract: &Contract) -> Self {
        Self { limiter: Limiter::new(contract, &Settings::default()), tape: Tape::default() }
    }

    /// Decides on an event at a time, for which so many milliseconds were billed; `judge` is the guard's part.
    pub(super) fn decide(
        &mut self,
        id: &str,
        event: &[u8],
        trigger: Option<Trigger>,
        (time, billed_ms): (u64, Option<u64>),
        judge: impl FnOnce() -> Ruling,
    ) -> Ruling {
        let now = time.saturating_mul(1_000_000);
        // What can't be read has nothing to count, and is denied.
        let Some(facts) = Facts::read(event, trigger, &mut self.tape) else { return judge() };
        let Some(lane) = self.limiter.lane(id, &facts) else { return judge() };
        let screened = self.limiter.screen(&lane, &facts, now);
        if let Err(refusal) = &screened
            && refusal.mode == Mode::Block
        {
            return refusal.ruling(facts.trigger, facts.records);
        }
        let ruling = judge();
        if ruling.decision.verdict == Verdict::Deny {
            return ruling;
        }
        if let Err(refusal) = screened {
            return refusal.ruling(facts.trigger, facts.records);
        }
        match self.limiter.admit(&lane, now) {
            Ok(permit) => {
                if let Some(ms) = billed_ms {
                    self.limiter.settle(permit, Some(ms), now);
                }
                ruling
            }
            Err(refusal) => refusal.ruling(facts.trigger, facts.records),
        }
    }
}
