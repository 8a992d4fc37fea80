//! The limits of a contract, and what was counted against them.

use super::adaptive::Adaptive;
use super::burn::Burn;
use super::callers::Callers;
use super::durations::Durations;
use super::facts::{Facts, Who};
use super::gcra::Pace;
use super::meter::{Charge, Crowd, Money, Paced, Purses, Slots, take_below};
use super::price::{LAMBDA, List, NANO_USD, Price};
use super::refusal::Refusal;
use super::share::Share;
use super::tally::{Counts, Tally};
use crate::decision::{Class, Verdict};
use crate::guard::Ruling;
use crate::origin;
use crate::trigger::Trigger;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tidegate_graph::contract::{Budget, Caller, Contract, Function, Mode, OnDeny};

/// How limits are counted.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Callers that are remembered at a time; some twenty bytes each.
    pub callers: usize,
    /// Processes that share the limits without knowing of each other: each holds its part.
    pub processes: u64,
    /// What runs cost.
    pub prices: List,
}

impl Default for Settings {
    fn default() -> Self {
        Self { callers: 1 << 15, processes: 1, prices: LAMBDA }
    }
}

/// Counts events against the limits of a contract.
#[derive(Debug)]
pub struct Limiter {
    functions: HashMap<String, Arc<Held>>,
    callers: Callers,
    mode: Mode,
}

/// The limits that an event comes under.
#[derive(Clone, Copy, Debug)]
pub struct Lane<'l> {
    held: &'l Arc<Held>,
    edge: Option<usize>,
    mode: Mode,
    trigger: Trigger,
}

/// An admitted event. Dropped without having been settled, it leaves its place and stays charged with its estimate.
#[derive(Debug)]
#[must_use = "an event that is dropped at once was never under way"]
pub struct Permit {
    held: Arc<Held>,
    edge: Option<usize>,
    since: u64,
    running: bool,
    charge: Option<Charge>,
    chain: Option<Charge>,
}

/// A function with what was counted.
#[derive(Debug)]
struct Held {
    function: Function,
    edges: Vec<HeldEdge>,
    rate: Option<Paced>,
    slots: Option<Slots>,
    adaptive: Option<Mutex<Adaptive>>,
    /// For the adaptive limit alone.
    in_flight: AtomicU64,
    budget: Option<(Budget, Money)>,
    burn: Mutex<Burn>,
    price: Price,
    durations: Mutex<Durations>,
    /// What the next event is charged.
    estimate: AtomicU64,
    counts: Counts,
}

#[derive(Debug)]
struct HeldEdge {
    rate: Option<Paced>,
    callers: Vec<(Caller, Each)>,
    slots: Option<Slots>,
    /// The money, and what an event costs beyond the function itself.
    chain: Option<(Money, u64)>,
}

/// A rate of each caller.
#[derive(Debug)]
enum Each {
    Here { limit: u64, pace: Pace },
    Shared(Arc<dyn Crowd>),
}

impl Limiter {
    /// The limits of a contract, counted in this process.
    pub fn new(contract: &Contract, settings: &Settings) -> Self {
        Self::build(contract, settings, None)
    }

    /// The same, counted wherever `purses` says.
    pub fn shared(contract: &Contract, settings: &Settings, purses: &dyn Purses) -> Self {
        Self::build(contract, settings, Some(purses))
    }

    fn build(contract: &Contract, settings: &Settings, purses: Option<&dyn Purses>) -> Self {
        let mut limits = 0;
        let held = contract.functions.iter().map(|(id, function)| {
            let held = Held::new(id, function, settings, purses, &mut limits);
            (id.clone(), Arc::new(held))
        });
        Self {
            functions: held.collect(),
            callers: Callers::new(settings.callers),
            mode: contract.defaults.mode,
        }
    }

    /// The limits for an event of the function with that resource id ([`Contract::find`] tells it).
    pub fn lane(&self, id: &str, facts: &Facts<'_>) -> Option<Lane<'_>> {
        let held = self.functions.get(id)?;
        let event = if let Who::Event(root) = facts.who { Some(root) } else { None };
        let edge = origin::edge_of(&held.function, facts.trigger, event);
        Some(Lane { held, edge, mode: self.mode, trigger: facts.trigger })
    }

    /// All of it in its order, for a front end: what needs no look, the guard's part, and what is charged. The permit is
    /// there when the function is to be called and something is counted.
    pub fn around(
        &self,
        id: &str,
        facts: &Facts<'_>,
        now: u64,
        judge: impl FnOnce() -> Ruling,
    ) -> (Ruling, Option<Permit>) {
        let Some(lane) = self.lane(id, facts) else { return (judge(), None) };
        let refused = |refusal: Refusal| (refusal.ruling(facts.trigger, facts.records), None);
        let screened = self.screen(&lane, facts, now);
        if let Err(refusal) = &screened
            && refusal.mode == Mode::Block
        {
            return refused(refusal.clone());
        }
        let ruling = judge();
        let denied = ruling.left().verdict == Verdict::Deny;
        if denied && ruling.mode == Mode::Block {
            return (ruling, None);
        }
        match screened.and_then(|()| self.admit(&lane, now)) {
            Ok(permit) => (ruling, Some(permit)),
            // Both are only reported: what the guard found says more.
            Err(refusal) if denied && refusal.mode == Mode::Monitor => (ruling, None),
            Err(refusal) => refused(refusal),
        }
    }

    /// What needs no look into the event: length, records and hops, then the rates of the caller, the edge and the
    /// function.
    ///
    /// # Errors
    /// The limit that holds the event back.
    pub fn screen(&self, lane: &Lane<'_>, facts: &Facts<'_>, now: u64) -> Result<(), Refusal> {
        let over = |most: Option<u64>, n: u64| most.is_some_and(|most| n > most);
        if let Some(edge) = lane.declared() {
            let limits = &edge.limits;
            if over(limits.bytes, facts.bytes) {
                return Err(lane.refuse(Class::Size, "the event is longer than its edge allows", None));
            }
            if over(limits.records, facts.records) {
                return Err(lane.refuse(Class::FanOut, "more records than the edge allows", None));
            }
            if over(limits.hops, facts.hops) {
                return Err(lane.refuse(Class::Hops, "the event has passed too many functions", None));
            }
        }
        if let Some(edge) = lane.held_edge() {
            for (by, each) in &edge.callers {
                let take = |caller: &[u8]| match each {
                    Each::Here { limit, pace } => self.callers.take(*limit, caller, *pace, now),
                    Each::Shared(crowd) => crowd.take(caller, now),
                };
                let taken = facts.callers(*by, take);
                taken
                    .map_err(|w| lane.refuse(Class::Rate, "more events than one caller may send", Some(w)))?;
            }
            if let Some(rate) = &edge.rate {
                let detail = "more events than the edge allows";
                rate.take(now).map_err(|w| lane.refuse(Class::Rate, detail, Some(w)))?;
            }
        }
        if let Some(rate) = &lane.held.rate {
            let detail = "more events than the function allows";
            rate.take(now).map_err(|w| lane.refuse(Class::Rate, detail, Some(w)))?;
        }
        Ok(())
    }

    /// Events at a time, then money. The permit holds both.
    ///
    /// # Errors
    /// The limit that holds the event back.
    pub fn admit(&self, lane: &Lane<'_>, now: u64) -> Result<Permit, Refusal> {
        let held = lane.held;
        let slot = |slots: &Option<Slots>, detail| match slots {
            Some(slots) => slots.take(now).map_err(|w| lane.refuse(Class::Concurrency, detail, Some(w))),
            None => Ok(()),
        };
        slot(&held.slots, "more events at a time than the function allows")?;
        let mut permit = Permit {
            held: Arc::clone(held),
            edge: None,
            since: now,
            running: true,
            charge: None,
            chain: None,
        };
        if let Some(adaptive) = &held.adaptive {
            let limit = lock(adaptive).limit();
            if let Err(wait) = take_below(&held.in_flight, limit) {
                // The place in the function's own count is left again; there is none in this one to leave.
                permit.running = false;
                if let Some(slots) = &held.slots {
                    slots.give();
                }
                let detail = "more events at a time than the function answers in time";
                return Err(lane.refuse(Class::Concurrency, detail, Some(wait)));
            }
        }
        if let Some(edge) = lane.held_edge() {
            slot(&edge.slots, "more events at a time than the edge allows")?;
            permit.edge = lane.edge;
        }
        let estimate = held.estimate.load(Relaxed);
        if let Some((_, money)) = &held.budget {
            lock(&held.burn).add(estimate, now);
            let charge = money.charge(estimate, now).map_err(|w| {
                lane.refuse(Class::Budget, "would cost more than the function's budget", forever(w))
            })?;
            permit.charge = Some(charge);
        }
        if let Some((money, beyond)) = lane.held_edge().and_then(|e| e.chain.as_ref()) {
            match money.charge(estimate.saturating_add(*beyond), now) {
                Ok(charge) => permit.chain = Some(charge),
                Err(wait) => {
                    // Nothing runs, nothing is spent.
                    if let (Some((_, money)), Some(charge)) = (&held.budget, permit.charge.take()) {
                        money.settle(charge, 0, now);
                    }
                    let detail = "would cost more than the budget of everything it sets off";
                    return Err(lane.refuse(Class::Budget, detail, forever(wait)));
                }
            }
        }
        held.counts.admit();
        Ok(permit)
    }

    /// The function has answered: the event's place is free, and how long it took is learned.
    pub fn done(&self, permit: &mut Permit, now: u64) {
        if permit.running {
            if let Some(adaptive) = &permit.held.adaptive {
                let in_flight = permit.held.in_flight.load(Relaxed);
                lock(adaptive).add(now.saturating_sub(permit.since), in_flight);
            }
            permit.leave();
        }
    }

    /// The bill: milliseconds that `platform.report` says; where it is `None`, the time since the event was admitted.
    pub fn settle(&self, mut permit: Permit, billed_ms: Option<u64>, now: u64) {
        self.done(&mut permit, now);
        let held = &permit.held;
        let ms = billed_ms.unwrap_or_else(|| now.saturating_sub(permit.since).div_ceil(1_000_000));
        {
            let mut durations = lock(&held.durations);
            durations.add(ms);
            if let Some(p95) = durations.p95() {
                held.estimate.store(held.price.run(p95).min(held.price.worst()), Relaxed);
            }
        }
        let actual = held.price.run(ms);
        if let (Some((_, money)), Some(charge)) = (&held.budget, permit.charge) {
            money.settle(charge, actual, now);
        }
        let edge = permit.edge.and_then(|edge| held.edges.get(edge));
        if let (Some((money, beyond)), Some(charge)) = (edge.and_then(|e| e.chain.as_ref()), permit.chain) {
            // What runs further on isn't on this bill: it stays as it was charged.
            money.settle(charge, actual.saturating_add(*beyond), now);
        }
    }

    /// Whether a function may send so many events for so many that it got.
    ///
    /// # Errors
    /// The limit that holds them back.
    pub fn fan_out(&self, lane: &Lane<'_>, inputs: u64, outputs: u64) -> Result<(), Refusal> {
        match lane.held.function.limits.fan_out {
            Some(most) if outputs > most.saturating_mul(inputs.max(1)) => {
                Err(lane.refuse(Class::FanOut, "sends more events than the function may", None))
            }
            _ => Ok(()),
        }
    }

    /// How many times faster than evenly the money of a function is asked for, in this second or the last; `None`
    /// without a budget. Ten is worth a warning, long before the money is gone.
    pub fn burning(&self, id: &str, now: u64) -> Option<u64> {
        let held = self.functions.get(id)?;
        let (budget, _) = held.budget.as_ref()?;
        Some(lock(&held.burn).times(budget, now))
    }

    /// What a function has spent in its window, in trillionths of a US dollar; `None` without a budget, and where it
    /// is counted elsewhere.
    pub fn spent(&self, id: &str, now: u64) -> Option<u64> {
        self.functions.get(id)?.budget.as_ref()?.1.spent(now)
    }

    /// What passed and what was held back, by function.
    pub fn tallies(&self) -> impl Iterator<Item = (&str, Tally)> {
        self.functions.iter().map(|(id, held)| (id.as_str(), held.counts.read()))
    }
}

/// An event that costs more than the whole budget never passes.
fn forever(wait: u64) -> Option<u64> {
    (wait < u64::MAX).then_some(wait)
}

impl Lane<'_> {
    fn declared(&self) -> Option<&tidegate_graph::contract::Edge> {
        self.held.function.edges.get(self.edge?)
    }

    fn held_edge(&self) -> Option<&HeldEdge> {
        self.held.edges.get(self.edge?)
    }

    fn refuse(&self, class: Class, detail: &'static str, wait: Option<u64>) -> Refusal {
        self.held.counts.refuse(class);
        let (mode, on_deny, cors) = match self.declared() {
            Some(edge) => (edge.mode, edge.on_deny.clone(), edge.cors.clone()),
            None => (self.mode, OnDeny::of(self.trigger.answer()), None),
        };
        Refusal { class, detail, wait, mode, on_deny, cors }
    }
}

impl Permit {
    /// Leaves the places that it holds.
    fn leave(&mut self) {
        if !std::mem::take(&mut self.running) {
            return;
        }
        let held = &self.held;
        if held.adaptive.is_some() {
            held.in_flight.fetch_sub(1, Relaxed);
        }
        let edge = self.edge.and_then(|edge| held.edges.get(edge));
        for slots in [&held.slots].into_iter().chain(edge.map(|e| &e.slots)).flatten() {
            slots.give();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Held {
    fn new(
        id: &str,
        function: &Function,
        settings: &Settings,
        purses: Option<&dyn Purses>,
        limits: &mut u64,
    ) -> Self {
        let share = Share(settings.processes.max(1));
        let price = Price::of(&function.limits, &settings.prices);
        let declared = &function.limits;
        let name = |what: &str| format!("{id}/{what}");
        let budget = declared.budget.as_ref().map(|budget| {
            let budget = share.budget(budget);
            let money = Money::new(&budget, &name("budget"), purses);
            (budget, money)
        });
        let edges = function.edges.iter().map(|edge| {
            let of = |what: &str| format!("{}/{what}", edge.id);
            HeldEdge {
                rate: edge.limits.rate.as_ref().map(|r| Paced::new(&share.rate(r), &of("rate"), purses)),
                callers: edge
                    .limits
                    .callers()
                    .zip(0..)
                    .map(|(caller, at)| {
                        let rate = share.rate(&caller.rate);
                        *limits += 1;
                        let name =
                            if at == 0 { of("caller") } else { of(&format!("caller-{}", caller.by.word())) };
                        let shared = purses.and_then(|p| p.crowd(&name, &rate));
                        let here = || Each::Here { limit: *limits, pace: Pace::of(&rate) };
                        (caller.by, shared.map_or_else(here, Each::Shared))
                    })
                    .collect(),
                slots: edge.limits.concurrency.map(|n| Slots::new(share.slots(n), &of("slots"), purses)),
                chain: edge.limits.chain.as_ref().map(|chain| {
                    let money = Money::new(&share.budget(&chain.budget), &of("chain"), purses);
                    (money, chain.nano_usd.saturating_mul(NANO_USD))
                }),
            }
        });
        Self {
            edges: edges.collect(),
            rate: declared.rate.as_ref().map(|r| Paced::new(&share.rate(r), &name("rate"), purses)),
            slots: declared.concurrency.map(|n| Slots::new(share.slots(n), &name("slots"), purses)),
            adaptive: declared.adaptive.as_ref().map(|bounds| Mutex::new(Adaptive::new(bounds))),
            in_flight: AtomicU64::new(0),
            budget,
            burn: Mutex::default(),
            estimate: AtomicU64::new(price.expected()),
            price,
            durations: Mutex::default(),
            counts: Counts::default(),
            function: function.clone(),
        }
    }
}

/// What is counted stays usable when a thread died while it held it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
