//! What happened to shared limits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// What happened to shared limits so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Redis can be reached.
    pub connected: bool,
    /// Times that it was connected to.
    pub connects: u64,
    /// Blocks that were asked for and answered.
    pub refills: u64,
    /// Asks that failed.
    pub failures: u64,
    /// Events that passed uncounted, because it was gone and the configuration says open.
    pub passed_uncounted: u64,
    /// Events that were held back because it was gone and the configuration says closed.
    pub held_back: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) connected: AtomicBool,
    pub(super) connects: AtomicU64,
    pub(super) refills: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) open: AtomicU64,
    pub(super) closed: AtomicU64,
}

impl Counts {
    pub(super) fn read(&self) -> Metrics {
        Metrics {
            connected: self.connected.load(Relaxed),
            connects: self.connects.load(Relaxed),
            refills: self.refills.load(Relaxed),
            failures: self.failures.load(Relaxed),
            passed_uncounted: self.open.load(Relaxed),
            held_back: self.closed.load(Relaxed),
        }
    }
}
