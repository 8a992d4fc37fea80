//! Limits over lines. Nobody runs anything here: an event that passes is over at once, and stays charged with its estimate
//! unless its line says what it was billed.

use tidegate_decide::json::Tape;
use tidegate_decide::limit::{Facts, Limiter, Settings};
use tidegate_decide::{Ruling, Trigger};
use tidegate_graph::contract::Contract;

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
        let (ruling, permit) = self.limiter.around(id, &facts, now, judge);
        if let (Some(permit), Some(ms)) = (permit, billed_ms) {
            self.limiter.settle(permit, Some(ms), now);
        }
        ruling
    }
}
