//! Money in a sliding time.
//!
//! A rate with a burst would let twice the budget pass in one window, and so would two counters that are weighed. Here
//! sixty-one parts are kept, and a part counts until all of it is over: in no window is more than the budget charged.
//! The price is that money comes back up to a sixtieth of the window late.

use super::gcra::SECOND;
use tidegate_graph::contract::Budget;

/// Parts of a window.
const PARTS: u64 = 60;
const RING: usize = PARTS as usize + 1;

#[derive(Debug)]
pub(super) struct Window {
    spent: [u64; RING],
    /// Length of a part, in nanoseconds.
    width: u64,
    /// Number of the newest part.
    newest: u64,
    sum: u64,
    budget: u64,
}

impl Window {
    /// In trillionths of a US dollar.
    pub(super) fn new(budget: &Budget) -> Self {
        Self {
            spent: [0; RING],
            width: (budget.seconds.max(1).saturating_mul(SECOND)).div_ceil(PARTS),
            newest: 0,
            sum: 0,
            budget: budget.micro_usd.saturating_mul(super::price::MICRO_USD),
        }
    }

    /// Charges an estimate: in which part it was charged, or how many nanoseconds to wait. An event that costs more than
    /// the whole budget never passes.
    pub(super) fn charge(&mut self, amount: u64, now: u64) -> Result<u64, u64> {
        self.roll(now);
        if self.sum.saturating_add(amount) > self.budget {
            return Err(self.wait(amount, now));
        }
        self.add(self.newest, amount);
        Ok(self.newest)
    }

    /// Sets right what was charged in that part: what was too much comes back, what was too little counts from now on,
    /// even beyond the budget, because it was spent.
    pub(super) fn settle(&mut self, part: u64, charged: u64, actual: u64, now: u64) {
        self.roll(now);
        if actual >= charged {
            self.add(self.newest, actual - charged);
        } else if self.newest.saturating_sub(part) <= PARTS
            && let Some(spent) = self.spent.get_mut((part % RING as u64) as usize)
        {
            let back = (charged - actual).min(*spent);
            *spent -= back;
            self.sum = self.sum.saturating_sub(back);
        }
    }

    /// What counts now.
    pub(super) fn spent(&mut self, now: u64) -> u64 {
        self.roll(now);
        self.sum
    }

    fn add(&mut self, part: u64, amount: u64) {
        if let Some(spent) = self.spent.get_mut((part % RING as u64) as usize) {
            *spent = spent.saturating_add(amount);
            self.sum = self.sum.saturating_add(amount);
        }
    }

    /// Forgets the parts that are over. A clock that goes back changes nothing.
    fn roll(&mut self, now: u64) {
        let part = now / self.width;
        if part <= self.newest {
            return;
        }
        for old in (self.newest + 1..=part).take(RING) {
            if let Some(spent) = self.spent.get_mut((old % RING as u64) as usize) {
                *spent = 0;
            }
        }
        self.newest = part;
        self.sum = self.spent.iter().fold(0, |sum, n| sum.saturating_add(*n));
    }

    fn wait(&self, amount: u64, now: u64) -> u64 {
        let mut excess = self.sum.saturating_add(amount).saturating_sub(self.budget);
        let oldest = (self.newest + 1).saturating_sub(RING as u64);
        for part in oldest..=self.newest {
            let spent = self.spent.get((part % RING as u64) as usize).copied().unwrap_or_default();
            excess = excess.saturating_sub(spent);
            if excess == 0 {
                return (part + RING as u64).saturating_mul(self.width).saturating_sub(now);
            }
        }
        u64::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::super::price::MICRO_USD;
    use super::*;
    use proptest::prelude::*;

    fn hour(micro_usd: u64) -> Window {
        Window::new(&Budget { micro_usd, seconds: 3600 })
    }

    #[test]
    fn what_was_too_much_comes_back_and_what_was_too_little_counts() {
        let mut window = hour(100);
        let part = window.charge(80 * MICRO_USD, 0).unwrap();
        assert!(window.charge(30 * MICRO_USD, SECOND).is_err());
        window.settle(part, 80 * MICRO_USD, 10 * MICRO_USD, 2 * SECOND);
        assert_eq!(window.spent(2 * SECOND), 10 * MICRO_USD);
        let part = window.charge(30 * MICRO_USD, 3 * SECOND).unwrap();
        window.settle(part, 30 * MICRO_USD, 200 * MICRO_USD, 4 * SECOND);
        let wait = window.charge(1, 5 * SECOND).unwrap_err();
        assert!((3590 * SECOND..=3660 * SECOND).contains(&wait), "{wait}");
        assert!(window.charge(1, 5 * SECOND + wait).is_ok());
        assert_eq!(hour(1).charge(2 * MICRO_USD, 0), Err(u64::MAX), "never");
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_budget(
            charges in proptest::collection::vec((1_u64..40, 0_u64..400), 1..300),
        ) {
            let mut window = hour(100);
            let mut now = 0;
            let mut passed: Vec<(u64, u64)> = Vec::new();
            for (amount, gap) in charges {
                now += gap * SECOND;
                if window.charge(amount * MICRO_USD, now).is_ok() {
                    passed.push((now, amount));
                }
                let recent = passed.iter().filter(|(at, _)| now - at < 3600 * SECOND);
                prop_assert!(recent.map(|(_, n)| n).sum::<u64>() <= 100);
            }
        }
    }
}
