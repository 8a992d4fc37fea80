//! What came before, for as long as that matters.

use std::collections::{HashMap, VecDeque};

/// Ids that are remembered, whatever comes: 64 bytes each at most.
const MOST: usize = 65_536;

/// Ids with the time until which they are remembered. When there are too many the oldest go first: only who can sign
/// can fill it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    until: HashMap<[u8; 32], u64>,
    order: VecDeque<[u8; 32]>,
}

impl Seen {
    /// Whether `id` came before.
    pub(crate) fn holds(&self, id: &[u8; 32], now: u64) -> bool {
        self.until.get(id).is_some_and(|until| *until > now)
    }

    /// Remembers `id`, which isn't held, for `window` milliseconds from `now` on.
    pub(crate) fn remember(&mut self, id: [u8; 32], now: u64, window: u64) {
        while let Some(oldest) = self.order.front() {
            let over = self.until.get(oldest).is_none_or(|until| *until <= now);
            if !over && self.order.len() < MOST {
                break;
            }
            self.until.remove(oldest);
            self.order.pop_front();
        }
        if self.until.insert(id, now.saturating_add(window)).is_none() {
            self.order.push_back(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Seen {
        fn is_new(&mut self, id: [u8; 32], now: u64, window: u64) -> bool {
            let new = !self.holds(&id, now);
            if new {
                self.remember(id, now, window);
            }
            new
        }
    }

    fn id(n: usize) -> [u8; 32] {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&n.to_le_bytes());
        id
    }

    #[test]
    fn an_id_counts_once_in_its_window() {
        let mut seen = Seen::default();
        assert!(seen.is_new(id(1), 1000, 500));
        assert!(!seen.is_new(id(1), 1499, 500));
        assert!(seen.is_new(id(2), 1499, 500));
        assert!(seen.is_new(id(1), 1500, 500), "its time is over");
        assert!(!seen.is_new(id(1), 1600, 500), "and began anew");
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_go_first() {
        let mut seen = Seen::default();
        for n in 0..MOST + 10 {
            assert!(seen.is_new(id(n), 1, 1000));
        }
        assert!(seen.until.len() <= MOST && seen.order.len() <= MOST);
        assert!(!seen.is_new(id(MOST + 9), 1, 1000));
        assert!(seen.is_new(id(0), 1, 1000));
    }
}
