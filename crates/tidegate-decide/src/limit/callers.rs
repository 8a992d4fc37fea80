//! A rate for each caller, in bounded memory.
//!
//! Whoever can send from many addresses could fill a table so that his own entry is dropped, and begin anew. So an
//! entry is only given up when its caller could take a whole burst anyway: then forgetting it loses nothing. Who finds
//! no place shares one entry with all others that find none, and inherits what was taken there when a place gets free.
//! A flood of callers thus pays for itself; nobody ever gets more than his rate. Which callers share is decided by a
//! keyed hash that nobody outside knows.

use super::gcra::Pace;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Callers that share a place to look.
const WAYS: usize = 8;

#[derive(Debug)]
pub(super) struct Callers {
    sets: Box<[Mutex<Set>]>,
    hash: RandomState,
}

#[derive(Debug, Default)]
struct Set {
    callers: [u64; WAYS],
    paid: [u64; WAYS],
    /// Of all that found no place.
    others: u64,
}

impl Callers {
    /// Room for about so many callers at a time.
    pub(super) fn new(capacity: usize) -> Self {
        let sets = (capacity / WAYS).clamp(1, 1 << 20).next_power_of_two();
        Self { sets: (0..sets).map(|_| Mutex::default()).collect(), hash: RandomState::new() }
    }

    /// Takes one event of a caller under the limit of that number, or says how many nanoseconds to wait.
    pub(super) fn take(&self, limit: u64, caller: &[u8], pace: Pace, now: u64) -> Result<(), u64> {
        let mut hasher = self.hash.build_hasher();
        hasher.write_u64(limit);
        hasher.write(caller);
        // Zero is an empty place.
        let id = hasher.finish().max(1);
        let Some(set) = self.sets.get((id >> 7) as usize & (self.sets.len() - 1)) else {
            return Err(u64::MAX);
        };
        set.lock().unwrap_or_else(PoisonError::into_inner).take(id, pace, now)
    }
}

impl Set {
    fn take(&mut self, id: u64, pace: Pace, now: u64) -> Result<(), u64> {
        let mut places = self.callers.iter_mut().zip(&mut self.paid);
        if let Some((_, paid)) = places.find(|(caller, _)| **caller == id) {
            *paid = pace.take(*paid, now)?;
            return Ok(());
        }
        let idle = self.callers.iter_mut().zip(&mut self.paid).find(|(_, paid)| **paid <= now);
        if let Some((caller, paid)) = idle {
            (*caller, *paid) = (id, pace.take(self.others, now)?);
            return Ok(());
        }
        self.others = pace.take(self.others, now)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::gcra::SECOND;
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use tidegate_graph::contract::Rate;

    #[test]
    fn a_flood_of_callers_resets_nobody() {
        let callers = Callers::new(64);
        let pace = Pace::of(&Rate { events: 1, seconds: 60, burst: 2 });
        let now = 100 * SECOND;
        assert!(callers.take(0, b"me", pace, now).is_ok() && callers.take(0, b"me", pace, now).is_ok());
        let passed =
            (0..100_000_u32).filter(|n| callers.take(0, &n.to_le_bytes(), pace, now).is_ok()).count();
        assert!(passed <= 2 * 64, "{passed} strangers passed a table for 64");
        assert!(callers.take(0, b"me", pace, now).is_err());
        assert!(callers.take(1, b"me", pace, now + 121 * SECOND).is_ok(), "when they are gone there is room");
    }

    proptest! {
        /// Compared with a table that forgets nobody: nobody passes here who wouldn't there.
        #[test]
        fn nobody_gets_more_than_with_unbounded_memory(
            events in proptest::collection::vec((0_u8..40, 0_u64..SECOND / 2), 1..400), burst in 1_u64..5,
        ) {
            let callers = Callers::new(8);
            let pace = Pace::of(&Rate { events: 2, seconds: 1, burst });
            let mut model: HashMap<u8, u64> = HashMap::new();
            let mut now = SECOND;
            for (caller, gap) in events {
                now += gap;
                if callers.take(0, &[caller], pace, now).is_ok() {
                    let paid = model.entry(caller).or_default();
                    let next = pace.take(*paid, now);
                    prop_assert!(next.is_ok(), "caller {caller} passed ahead of its rate");
                    *paid = next.unwrap();
                }
            }
        }
    }
}
