//! What passed and what was held back, counted for metrics.

use crate::decision::Class;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What passed a function's limits and what they held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Admitted.
    pub admitted: u64,
    /// Held back by a rate.
    pub rate: u64,
    /// Held back because too many were under way.
    pub concurrency: u64,
    /// Held back by a budget.
    pub budget: u64,
    /// Too many records, or too many events sent.
    pub fan_out: u64,
    /// Came too far.
    pub hops: u64,
    /// Too long.
    pub size: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    admitted: AtomicU64,
    refused: [AtomicU64; 6],
}

const CLASSES: [Class; 6] =
    [Class::Rate, Class::Concurrency, Class::Budget, Class::FanOut, Class::Hops, Class::Size];

impl Counts {
    pub(super) fn admit(&self) {
        self.admitted.fetch_add(1, Relaxed);
    }

    pub(super) fn refuse(&self, class: Class) {
        let counts = CLASSES.iter().zip(&self.refused);
        counts.filter(|(c, _)| **c == class).for_each(|(_, n)| _ = n.fetch_add(1, Relaxed));
    }

    pub(super) fn read(&self) -> Tally {
        let [rate, concurrency, budget, fan_out, hops, size] =
            self.refused.each_ref().map(|n| n.load(Relaxed));
        Tally { admitted: self.admitted.load(Relaxed), rate, concurrency, budget, fan_out, hops, size }
    }
}
