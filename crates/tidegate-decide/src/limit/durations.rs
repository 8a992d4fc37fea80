//! How long recent runs took: a histogram of fixed size that forgets.

/// Four buckets for each doubling: what it answers is at most a quarter too long, and never too short.
const BUCKETS: usize = 80;
/// Runs before it answers.
const ENOUGH: u32 = 20;
/// Runs after which each counts half.
const RECENT: u32 = 512;

#[derive(Debug)]
pub(super) struct Durations {
    counts: [u16; BUCKETS],
    total: u32,
    /// Of the last look.
    p95: Option<u64>,
}

impl Default for Durations {
    fn default() -> Self {
        Self { counts: [0; BUCKETS], total: 0, p95: None }
    }
}

impl Durations {
    pub(super) fn add(&mut self, ms: u64) {
        if self.total >= RECENT {
            self.counts.iter_mut().for_each(|n| *n /= 2);
            self.total = self.counts.iter().map(|n| u32::from(*n)).sum();
        }
        if let Some(count) = self.counts.get_mut(bucket(ms).min(BUCKETS - 1)) {
            *count = count.saturating_add(1);
            self.total += 1;
        }
        if self.total >= ENOUGH && self.total.is_multiple_of(4) {
            self.p95 = self.find();
        }
    }

    /// What nineteen of twenty recent runs stayed below, in milliseconds; `None` until enough were seen.
    pub(super) fn p95(&self) -> Option<u64> {
        self.p95
    }

    fn find(&self) -> Option<u64> {
        let mut left = (self.total * 19).div_ceil(20);
        for (index, count) in self.counts.iter().enumerate() {
            left = left.saturating_sub(u32::from(*count));
            if left == 0 {
                return Some(upper(index));
            }
        }
        None
    }
}

fn bucket(ms: u64) -> usize {
    if ms < 4 {
        return ms as usize;
    }
    let power = ms.ilog2();
    (4 * (power - 1)) as usize + (ms >> (power - 2) & 3) as usize
}

/// The longest time of a bucket.
fn upper(bucket: usize) -> u64 {
    if bucket < 4 {
        return bucket as u64;
    }
    let power = bucket / 4 + 1;
    (((5 + bucket % 4) as u64) << (power - 2)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_they_say() {
        for ms in (0..5000).chain([59_999, 60_000, 899_999, 900_000]) {
            let bound = upper(bucket(ms));
            assert!(bound >= ms && bound <= ms + ms / 4 + 1, "{ms}: {bound}");
            assert!(bucket(ms) < BUCKETS);
        }
    }

    #[test]
    fn it_follows_what_is_recent() {
        let mut durations = Durations::default();
        (0..ENOUGH - 1).for_each(|_| durations.add(10));
        assert_eq!(durations.p95(), None);
        (0..1000).for_each(|_| durations.add(100));
        let before = durations.p95().unwrap();
        assert!((100..=125).contains(&before), "{before}");
        (0..1500).for_each(|_| durations.add(1000));
        assert!(durations.p95().unwrap() >= 1000);
        (0..9).for_each(|_| durations.add(u64::MAX));
    }

    #[test]
    fn rare_long_runs_do_not_count_and_frequent_ones_do() {
        let mut durations = Durations::default();
        (0..400).for_each(|n| durations.add(if n % 50 == 0 { 10_000 } else { 20 }));
        assert!(durations.p95().unwrap() < 30);
        (0..400).for_each(|n| durations.add(if n % 10 == 0 { 10_000 } else { 20 }));
        assert!(durations.p95().unwrap() >= 10_000);
    }
}
