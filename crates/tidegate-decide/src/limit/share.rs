//! Limits divided among processes that know nothing of each other.

use tidegate_graph::contract::{Budget, Rate};

/// One of so many processes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share(pub(super) u64);

impl Share {
    /// The same events in a longer time: rounding would turn a small rate into none.
    pub(super) fn rate(self, rate: &Rate) -> Rate {
        Rate {
            events: rate.events,
            seconds: rate.seconds.saturating_mul(self.0),
            burst: (rate.burst / self.0).max(1),
        }
    }

    pub(super) fn budget(self, budget: &Budget) -> Budget {
        Budget { micro_usd: budget.micro_usd / self.0, seconds: budget.seconds }
    }

    pub(super) fn slots(self, most: u64) -> u64 {
        // None at all stays none.
        if most == 0 { 0 } else { (most / self.0).max(1) }
    }
}
