//! How fast money burns: a budget that would be gone soon is worth a warning long before it is gone.

use super::gcra::SECOND;
use super::price::MICRO_USD;
use tidegate_graph::contract::Budget;

/// Asked-for money of this second and of the one before; what was refused counts, because somebody tried.
#[derive(Debug, Default)]
pub(super) struct Burn {
    second: u64,
    now: u64,
    before: u64,
}

impl Burn {
    pub(super) fn add(&mut self, amount: u64, now: u64) {
        self.roll(now);
        self.now = self.now.saturating_add(amount);
    }

    /// How many times faster than a budget that is spent evenly.
    pub(super) fn times(&mut self, budget: &Budget, now: u64) -> u64 {
        self.roll(now);
        let spent = u128::from(self.now.max(self.before));
        let even = u128::from(budget.micro_usd.max(1)) * u128::from(MICRO_USD);
        u64::try_from(spent * u128::from(budget.seconds) / even).unwrap_or(u64::MAX)
    }

    fn roll(&mut self, now: u64) {
        let second = now / SECOND;
        if second > self.second {
            self.before = if second == self.second + 1 { self.now } else { 0 };
            (self.second, self.now) = (second, 0);
        }
    }
}
