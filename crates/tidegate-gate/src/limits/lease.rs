//! A block of one limit, held by this gate.

use super::WhenGone;
use super::link::{Ask, Link};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tidegate_decide::limit::price::{MICRO_USD, NANO_USD};
use tidegate_decide::limit::{Kind, Purse};

/// How long to wait while a block is under way.
const UNDER_WAY: u64 = 5_000_000;
/// How long to wait when nobody knows when there will be one.
const GONE: u64 = 1_000_000_000;

#[derive(Debug)]
pub(super) struct Lease {
    key: String,
    kind: Kind,
    /// What is asked for at a time, in the unit of Redis: events, billionths of a US dollar, places.
    block: u64,
    when_gone: WhenGone,
    link: Arc<Link>,
    me: Weak<Lease>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    begun: bool,
    left: u64,
    /// The largest amount that was asked for lately: a block that is smaller would never do.
    need: u64,
    /// Spent, and not yet entered; less than nothing is to be returned.
    owed: i64,
    /// Places that are taken.
    used: u64,
    /// Passed uncounted, and not yet over.
    loose: u64,
    asked: bool,
    /// More isn't there before.
    not_before: Option<Instant>,
    last: Option<Instant>,
}

impl Lease {
    pub(super) fn new(
        key: String,
        kind: Kind,
        blocks: u64,
        when_gone: WhenGone,
        link: Arc<Link>,
        me: Weak<Self>,
    ) -> Self {
        let whole = match &kind {
            Kind::Rate(rate) if rate.events == 0 => 0,
            Kind::Rate(rate) => rate.burst.max(1),
            Kind::Budget(budget) => budget.micro_usd.saturating_mul(MICRO_USD / NANO_USD),
            Kind::Slots(most) => *most,
        };
        let block = if whole == 0 { 0 } else { (whole / blocks.max(1)).max(1) };
        Self { key, kind, block, when_gone, link, me, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slots(&self) -> bool {
        matches!(self.kind, Kind::Slots(_))
    }

    /// Redis counts money in billionths: what is taken is rounded up, what comes back down.
    fn unit(&self) -> u64 {
        if matches!(self.kind, Kind::Budget(_)) { NANO_USD } else { 1 }
    }

    fn ask(&self, state: &mut State) {
        if state.asked {
            return;
        }
        if let Some(me) = self.me.upgrade() {
            state.asked = self.link.ask(me);
        }
    }

    /// What to send; `renew` is asked by the clock, not by an event.
    pub(super) fn request(&self, renew: bool) -> Ask {
        let mut state = self.state();
        if renew && self.slots() && state.used == 0 {
            // Idle gates leave their places to the others.
            state.left = 0;
            state.begun = false;
        }
        let target = self.block.max(state.need);
        let want = if renew && !state.begun { 0 } else { target.saturating_sub(state.left) };
        state.need = 0;
        if state.left > target.saturating_mul(2) {
            let back = state.left - target;
            state.left = target;
            if !self.slots() {
                state.owed = state.owed.saturating_sub_unsigned(back);
            }
        }
        let (held, owed) = (state.left + state.used, std::mem::take(&mut state.owed));
        Ask { key: self.key.clone(), kind: self.kind.clone(), want, owed, held }
    }

    pub(super) fn granted(&self, grant: u64, wait: Duration) {
        let mut state = self.state();
        state.asked = false;
        state.left = state.left.saturating_add(grant);
        let now = Instant::now();
        state.not_before = if wait.is_zero() { None } else { now.checked_add(wait) };
    }

    /// What was owed stays owed.
    pub(super) fn failed(&self, ask: &Ask) {
        let mut state = self.state();
        state.asked = false;
        state.owed = state.owed.saturating_add(ask.owed);
    }

    /// Whether forgetting it loses nothing: as after a time in which the whole burst came back.
    pub(super) fn idle(&self, now: Instant) -> bool {
        let Kind::Rate(rate) = &self.kind else { return false };
        let state = self.state();
        let full = rate.burst.max(1).saturating_mul(rate.seconds.max(1)).div_ceil(rate.events.max(1));
        let long = |last: Instant| now.duration_since(last) > Duration::from_secs(full.saturating_add(1));
        !state.asked && state.owed == 0 && state.last.is_none_or(long)
    }

    pub(super) fn is_slots(&self) -> bool {
        self.slots()
    }

    fn without(&self, state: &mut State) -> Result<(), u64> {
        match self.when_gone {
            WhenGone::Open => {
                self.link.counts.open.fetch_add(1, Relaxed);
                state.loose += u64::from(self.slots());
                Ok(())
            }
            WhenGone::Closed => {
                self.link.counts.closed.fetch_add(1, Relaxed);
                Err(GONE)
            }
        }
    }
}

impl Purse for Lease {
    fn take(&self, amount: u64, _now: u64) -> Result<(), u64> {
        if self.block == 0 {
            return Err(u64::MAX);
        }
        let amount = amount.div_ceil(self.unit());
        let mut state = self.state();
        if !std::mem::replace(&mut state.begun, true) {
            // On credit; places are reported as held instead.
            state.left = state.left.saturating_add(self.block);
            if !self.slots() {
                state.owed = state.owed.saturating_add_unsigned(self.block);
            }
            self.ask(&mut state);
        }
        if matches!(self.kind, Kind::Rate(_)) {
            state.last = Some(Instant::now());
        }
        if let Some(left) = state.left.checked_sub(amount) {
            state.left = left;
            if self.slots() {
                state.used += amount;
            }
            if left < self.block.div_ceil(2) && state.not_before.is_none() {
                self.ask(&mut state);
            }
            return Ok(());
        }
        state.need = state.need.max(amount);
        let now = Instant::now();
        let wait = state.not_before.and_then(|at| at.checked_duration_since(now));
        if wait.is_none() {
            state.not_before = None;
            self.ask(&mut state);
        }
        if !self.link.counts.connected.load(Relaxed) && self.link.was_tried() {
            return self.without(&mut state);
        }
        Err(wait.map_or(UNDER_WAY, |w| u64::try_from(w.as_nanos()).unwrap_or(u64::MAX)).max(UNDER_WAY))
    }

    fn give(&self, amount: u64) {
        let amount = amount / self.unit();
        let mut state = self.state();
        if self.slots() {
            if state.loose > 0 {
                state.loose -= 1;
                return;
            }
            state.used = state.used.saturating_sub(amount);
        }
        state.left = state.left.saturating_add(amount);
        if state.left > self.block.saturating_mul(2) {
            self.ask(&mut state);
        }
    }

    fn owe(&self, amount: u64) {
        let amount = amount.div_ceil(self.unit());
        let mut state = self.state();
        let paid = state.left.min(amount);
        state.left -= paid;
        state.owed = state.owed.saturating_add_unsigned(amount - paid);
        self.ask(&mut state);
    }
}
