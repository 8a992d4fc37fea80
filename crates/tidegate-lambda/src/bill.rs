//! Events that are under way, and what they cost in the end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tidegate_decide::limit::{Limiter, Permit};

/// Events that are waited for. More than one for each `next` there can't be, and a bill comes with the next event.
const PENDING: usize = 4096;

/// What was counted for events that aren't paid yet, by request id.
#[derive(Debug, Default)]
pub(crate) struct Bills {
    open: Mutex<HashMap<String, Open>>,
    /// Lambda tells what it bills: until then the time until the answer is the bill.
    reported: AtomicBool,
}

#[derive(Debug)]
struct Open {
    permit: Permit,
    limiter: Arc<Limiter>,
    /// When the function answered, in nanoseconds.
    answered: Option<u64>,
}

impl Bills {
    /// From now on each bill is told.
    pub(crate) fn expect_reports(&self) {
        self.reported.store(true, Ordering::Relaxed);
    }

    /// Whether they are told.
    pub(crate) fn are_reported(&self) -> bool {
        self.reported.load(Ordering::Relaxed)
    }

    pub(crate) fn admit(&self, id: &str, limiter: &Arc<Limiter>, permit: Permit) {
        let mut open = self.lock();
        if open.len() >= PENDING {
            // Those whose bill got lost are paid by the time that they took.
            for (_, open) in open.drain() {
                if let Some(at) = open.answered {
                    open.limiter.settle(open.permit, None, at);
                }
            }
        }
        open.insert(id.to_string(), Open { permit, limiter: Arc::clone(limiter), answered: None });
    }

    /// The function has answered: its place is free.
    pub(crate) fn answered(&self, id: &str, now: u64) {
        let mut all = self.lock();
        let Some(mut open) = all.remove(id) else { return };
        if self.are_reported() {
            open.limiter.done(&mut open.permit, now);
            open.answered = Some(now);
            all.insert(id.to_string(), open);
        } else {
            open.limiter.settle(open.permit, None, now);
        }
    }

    /// Lambda has told what it bills.
    pub(crate) fn billed(&self, id: &str, ms: u64, now: u64) {
        let open = self.lock().remove(id);
        if let Some(open) = open {
            open.limiter.settle(open.permit, Some(ms), now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
