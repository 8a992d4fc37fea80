//! How many events at a time, found by how long they take: the gradient of the shortest time against the recent one, as
//! TCP Vegas finds its window. While nothing queues, both are alike and the limit grows by a little; when events begin
//! to wait for each other, the recent time rises and the limit falls.
//!
//! A shortest time that is never measured again would be that of a quiet night; one that is averaged would follow the
//! queue it is meant to find. So from time to time the limit is lowered for a moment, and the time is taken then.

/// How much longer than the shortest is still usual.
const TOLERANCE: f64 = 2.0;
/// Share of the new limit in the old one.
const SMOOTHING: f64 = 0.2;
/// Weight of the newest event in the recent time.
const RECENT: f64 = 0.05;
/// Events after which the shortest time is taken anew.
const EPOCH: u32 = 2000;
/// What is left of the limit while it is taken: less than a queue needs that `TOLERANCE` lets stand.
const PROBE: f64 = 0.25;
/// Events for which it is lowered, besides those that were under way.
const HOLD: u32 = 60;

#[derive(Debug)]
pub(super) struct Adaptive {
    limit: f64,
    min: f64,
    max: f64,
    recent: f64,
    /// Shortest of the epoch before and of this one.
    shortest: [f64; 2],
    seen: u32,
    hold: u32,
}

impl Adaptive {
    pub(super) fn new(bounds: &tidegate_graph::contract::Adaptive) -> Self {
        let min = bounds.min.clamp(1, 1 << 32) as f64;
        let max = (bounds.max.min(1 << 32) as f64).max(min);
        // From below: too few wait a moment, too many break what is behind.
        let limit = min.max(20.0).min(max);
        Self { limit, min, max, recent: 0.0, shortest: [f64::MAX; 2], seen: 0, hold: 0 }
    }

    /// Events at a time.
    pub(super) fn limit(&self) -> u64 {
        self.limit as u64
    }

    /// One event took `took` nanoseconds while so many were on their way.
    pub(super) fn add(&mut self, took: u64, in_flight: u64) {
        let took = took.max(1) as f64;
        self.recent = if self.recent == 0.0 { took } else { self.recent + RECENT * (took - self.recent) };
        let [before, now] = &mut self.shortest;
        *now = now.min(self.recent);
        let shortest = before.min(*now);
        self.seen += 1;
        if self.seen >= EPOCH {
            self.seen = 0;
            (*before, *now) = (*now, f64::MAX);
            self.hold = HOLD.saturating_add(self.limit as u32);
            self.limit = (self.limit * PROBE).max(self.min);
            return;
        }
        if self.hold > 0 {
            self.hold -= 1;
            return;
        }
        // Who doesn't use half of the limit says nothing about it.
        if (in_flight as f64) < self.limit / 2.0 {
            return;
        }
        let gradient = (TOLERANCE * shortest / self.recent).clamp(0.5, 1.0);
        let next = self.limit * gradient + self.limit.sqrt().min(4.0);
        self.limit = (self.limit * (1.0 - SMOOTHING) + next * SMOOTHING).clamp(self.min, self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tidegate_graph::contract;

    proptest! {
        #[test]
        fn it_stays_within_its_bounds(
            min in 0_u64..50, more in 0_u64..200,
            events in proptest::collection::vec((any::<u64>(), any::<u64>()), 0..200),
        ) {
            let mut adaptive = Adaptive::new(&contract::Adaptive { min, max: min + more });
            for (took, in_flight) in events {
                adaptive.add(took, in_flight);
                let limit = adaptive.limit();
                prop_assert!(limit >= min.max(1) && limit <= (min + more).max(1), "{limit}");
            }
        }
    }

    /// So many workers of one millisecond each behind a queue, and always as many events as the limit lets in.
    fn settles_at(workers: u64) -> f64 {
        let mut adaptive = Adaptive::new(&contract::Adaptive { min: 2, max: 1000 });
        let mut late = Vec::new();
        for round in 0..40_000_u64 {
            let inside = adaptive.limit();
            // Everybody waits for whoever is before him.
            let took = 1_000_000 * inside.div_ceil(workers);
            adaptive.add(took, inside);
            if round >= 20_000 {
                late.push(inside as f64);
            }
        }
        late.iter().sum::<f64>() / late.len() as f64
    }

    #[test]
    fn it_finds_what_a_queue_can_serve() {
        for workers in [4, 10, 40, 160] {
            let found = settles_at(workers);
            let workers = workers as f64;
            assert!(found >= 0.9 * workers && found <= 3.0 * workers + 8.0, "{workers}: {found:.0}");
        }
    }

    #[test]
    fn it_falls_when_things_get_slow() {
        let mut adaptive = Adaptive::new(&contract::Adaptive { min: 2, max: 200 });
        (0..3000).for_each(|_| adaptive.add(1_000_000, adaptive.limit()));
        let before = adaptive.limit();
        (0..100).for_each(|_| adaptive.add(50_000_000, adaptive.limit()));
        assert!(before == 200 && adaptive.limit() < before / 4, "{before} {}", adaptive.limit());
    }
}
