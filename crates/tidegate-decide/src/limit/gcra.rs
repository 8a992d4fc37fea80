//! Rates by the generic cell rate algorithm: one number, the time at which everything taken so far is paid for.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tidegate_graph::contract::Rate;

/// A second, in nanoseconds.
pub(super) const SECOND: u64 = 1_000_000_000;

/// How long an event takes to be paid for, and how far ahead one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    emission: u64,
    tolerance: u64,
}

impl Pace {
    /// Rounds to the strict side, by less than a nanosecond an event. A rate of nothing lets nothing pass.
    pub(super) fn of(rate: &Rate) -> Self {
        let period = rate.seconds.max(1).saturating_mul(SECOND);
        match rate.events {
            0 => Self { emission: u64::MAX, tolerance: 0 },
            events => {
                let emission = period.div_ceil(events);
                Self { emission, tolerance: emission.saturating_mul(rate.burst.max(1)) }
            }
        }
    }

    /// The new time when one more event fits, or else how long it takes until one does.
    pub(super) fn take(self, paid: u64, now: u64) -> Result<u64, u64> {
        let next = paid.max(now).saturating_add(self.emission);
        let ahead = next.saturating_sub(now);
        if ahead > self.tolerance { Err(ahead - self.tolerance) } else { Ok(next) }
    }
}

/// One rate, for all threads.
#[derive(Debug)]
pub(super) struct Meter {
    pace: Pace,
    paid: AtomicU64,
}

impl Meter {
    pub(super) fn new(rate: &Rate) -> Self {
        Self { pace: Pace::of(rate), paid: AtomicU64::new(0) }
    }

    /// Takes one event, or says how many nanoseconds to wait.
    pub(super) fn take(&self, now: u64) -> Result<(), u64> {
        let mut paid = self.paid.load(Relaxed);
        loop {
            let next = self.pace.take(paid, now)?;
            match self.paid.compare_exchange_weak(paid, next, Relaxed, Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => paid = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(events: u64, seconds: u64, burst: u64) -> Rate {
        Rate { events, seconds, burst }
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let meter = Meter::new(&rate(10, 1, 3));
        let start = 5 * SECOND;
        assert_eq!((0..5).filter(|_| meter.take(start).is_ok()).count(), 3);
        assert_eq!(meter.take(start), Err(SECOND / 10));
        assert!(meter.take(start + SECOND / 10 - 1).is_err());
        assert!(meter.take(start + SECOND / 10).is_ok());
        assert!(Meter::new(&rate(0, 1, 5)).take(start).is_err(), "nothing is nothing");
    }

    proptest! {
        /// In any time, no more than the burst and what the rate makes of that time.
        #[test]
        fn never_more_than_the_burst_and_the_rate(
            events in 1_u64..500, seconds in 1_u64..120, burst in 1_u64..50,
            gaps in proptest::collection::vec(0_u64..2 * SECOND, 1..200),
        ) {
            let meter = Meter::new(&rate(events, seconds, burst));
            let mut now = SECOND;
            let mut taken = Vec::new();
            for gap in gaps {
                now += gap;
                if meter.take(now).is_ok() {
                    taken.push(now);
                }
            }
            for (i, from) in taken.iter().enumerate() {
                for (j, to) in taken.iter().enumerate().skip(i) {
                    let passed = (j - i + 1) as u64;
                    let fits = u128::from(to - from) * u128::from(events) / u128::from(seconds * SECOND);
                    prop_assert!(u128::from(passed) <= u128::from(burst) + fits + 1, "{passed} in {}", to - from);
                }
            }
        }

        /// Waiting as long as was said is enough.
        #[test]
        fn what_it_says_to_wait_is_enough(events in 1_u64..1000, burst in 1_u64..9, now in 0_u64..1 << 50) {
            let meter = Meter::new(&rate(events, 1, burst));
            let wait = loop {
                if let Err(wait) = meter.take(now) { break wait }
            };
            prop_assert!(meter.take(now + wait).is_ok());
        }
    }
}
