//! What is counted: here, or where several gates share it.

use super::{gcra, window};
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use tidegate_graph::contract::{Budget, Rate};

/// A limit that several processes share: each holds a share of it and takes from that, so that an event waits for
/// nobody.
pub trait Purse: Debug + Send + Sync {
    /// Takes so much, or says how many nanoseconds to wait.
    ///
    /// # Errors
    /// The time after which asking again makes sense.
    fn take(&self, amount: u64, now: u64) -> Result<(), u64>;
    /// Gives back what was not used.
    fn give(&self, amount: u64);
    /// Takes what was used beyond what was taken, even if nothing is left.
    fn owe(&self, amount: u64);
}

/// Where shared limits come from.
pub trait Purses {
    /// The purse of that name, the same in all processes; `None` counts it in this one.
    fn purse(&self, name: &str, kind: Kind) -> Option<Arc<dyn Purse>>;

    /// A rate of that name for each of many callers; `None` counts them in this process.
    fn crowd(&self, name: &str, rate: &Rate) -> Option<Arc<dyn Crowd>> {
        let _ = (name, rate);
        None
    }
}

/// A shared rate for each of many callers.
pub trait Crowd: Debug + Send + Sync {
    /// Takes one event of that caller, or says how many nanoseconds to wait.
    ///
    /// # Errors
    /// The time after which asking again makes sense.
    fn take(&self, caller: &[u8], now: u64) -> Result<(), u64>;
}

/// What a purse holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Events in a time.
    Rate(Rate),
    /// Money in a time; amounts are trillionths of a US dollar.
    Budget(Budget),
    /// So many at a time, each of which comes back.
    Slots(u64),
}

#[derive(Debug)]
pub(super) enum Paced {
    Here(gcra::Meter),
    Shared(Arc<dyn Purse>),
}

impl Paced {
    pub(super) fn new(rate: &Rate, name: &str, purses: Option<&dyn Purses>) -> Self {
        let shared = purses.and_then(|p| p.purse(name, Kind::Rate(rate.clone())));
        shared.map_or_else(|| Self::Here(gcra::Meter::new(rate)), Self::Shared)
    }

    pub(super) fn take(&self, now: u64) -> Result<(), u64> {
        match self {
            Self::Here(meter) => meter.take(now),
            Self::Shared(purse) => purse.take(1, now),
        }
    }
}

#[derive(Debug)]
pub(super) enum Money {
    Here(Box<Mutex<window::Window>>),
    Shared(Arc<dyn Purse>),
}

/// What was charged, and where.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Charge {
    pub(super) amount: u64,
    part: u64,
}

impl Money {
    pub(super) fn new(budget: &Budget, name: &str, purses: Option<&dyn Purses>) -> Self {
        let shared = purses.and_then(|p| p.purse(name, Kind::Budget(budget.clone())));
        shared.map_or_else(|| Self::Here(Box::new(Mutex::new(window::Window::new(budget)))), Self::Shared)
    }

    pub(super) fn charge(&self, amount: u64, now: u64) -> Result<Charge, u64> {
        let part = match self {
            Self::Here(window) => {
                window.lock().unwrap_or_else(PoisonError::into_inner).charge(amount, now)?
            }
            Self::Shared(purse) => purse.take(amount, now).map(|()| 0)?,
        };
        Ok(Charge { amount, part })
    }

    pub(super) fn settle(&self, charge: Charge, actual: u64, now: u64) {
        match self {
            Self::Here(window) => {
                let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
                window.settle(charge.part, charge.amount, actual, now);
            }
            Self::Shared(purse) if actual > charge.amount => purse.owe(actual - charge.amount),
            Self::Shared(purse) => purse.give(charge.amount - actual),
        }
    }

    /// What counts now, in this process; `None` where it is shared.
    pub(super) fn spent(&self, now: u64) -> Option<u64> {
        match self {
            Self::Here(window) => Some(window.lock().unwrap_or_else(PoisonError::into_inner).spent(now)),
            Self::Shared(_) => None,
        }
    }
}

/// How long to wait for a place that is taken: nobody knows when the next one is left.
const A_MOMENT: u64 = 100_000_000;

#[derive(Debug)]
pub(super) enum Slots {
    Here { most: u64, taken: AtomicU64 },
    Shared(Arc<dyn Purse>),
}

impl Slots {
    pub(super) fn new(most: u64, name: &str, purses: Option<&dyn Purses>) -> Self {
        let shared = purses.and_then(|p| p.purse(name, Kind::Slots(most)));
        shared.map_or_else(|| Self::Here { most, taken: AtomicU64::new(0) }, Self::Shared)
    }

    pub(super) fn take(&self, now: u64) -> Result<(), u64> {
        match self {
            Self::Here { most, taken } => take_below(taken, *most),
            Self::Shared(purse) => purse.take(1, now),
        }
    }

    pub(super) fn give(&self) {
        match self {
            Self::Here { taken, .. } => _ = taken.fetch_sub(1, Relaxed),
            Self::Shared(purse) => purse.give(1),
        }
    }
}

/// One more, if that is still at most so many.
pub(super) fn take_below(taken: &AtomicU64, most: u64) -> Result<(), u64> {
    let more = |n: u64| (n < most).then_some(n + 1);
    taken.fetch_update(Relaxed, Relaxed, more).map(|_| ()).map_err(|_| A_MOMENT)
}
