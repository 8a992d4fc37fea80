//! A shared rate for each of many callers, in bounded memory.
//!
//! As in one process: a lease is given up only when its caller could take a whole burst anyway, and who finds no place
//! shares one lease with all others that find none.

use super::lease::Lease;
use super::link::Link;
use super::{Settings, WhenGone};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tidegate_decide::limit::{Crowd, Kind, Purse};
use tidegate_graph::contract::Rate;

/// Looking for leases to give up costs a look at all: not more often.
const SWEEP: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Callers {
    name: String,
    rate: Rate,
    blocks: u64,
    when_gone: WhenGone,
    most: usize,
    link: Arc<Link>,
    hash: RandomState,
    held: Mutex<Held>,
    others: Arc<Lease>,
}

#[derive(Debug, Default)]
struct Held {
    leases: HashMap<u64, Arc<Lease>>,
    swept: Option<Instant>,
}

impl Callers {
    pub(super) fn new(name: String, rate: Rate, settings: &Settings, link: Arc<Link>) -> Self {
        let (blocks, when_gone) = (settings.blocks, settings.when_gone);
        let others = lease(format!("{name}:others"), &rate, blocks, when_gone, &link);
        let (most, hash) = (settings.callers.max(1), RandomState::new());
        Self { name, rate, blocks, when_gone, most, link, hash, held: Mutex::default(), others }
    }

    fn of(&self, caller: &[u8]) -> Arc<Lease> {
        let id = self.hash.hash_one(caller);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lease) = held.leases.get(&id) {
            return Arc::clone(lease);
        }
        if held.leases.len() >= self.most {
            let now = Instant::now();
            if held.swept.is_none_or(|at| now.duration_since(at) >= SWEEP) {
                held.swept = Some(now);
                held.leases.retain(|_, lease| !lease.idle(now));
            }
            if held.leases.len() >= self.most {
                return Arc::clone(&self.others);
            }
        }
        // Redis needn't know who called; all gates must name him alike.
        let digest = Sha256::digest(caller);
        let short: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let key = format!("{}:{short}", self.name);
        let lease = lease(key, &self.rate, self.blocks, self.when_gone, &self.link);
        held.leases.insert(id, Arc::clone(&lease));
        lease
    }
}

fn lease(key: String, rate: &Rate, blocks: u64, when_gone: WhenGone, link: &Arc<Link>) -> Arc<Lease> {
    let (kind, link) = (Kind::Rate(rate.clone()), Arc::clone(link));
    Arc::new_cyclic(|me| Lease::new(key, kind, blocks, when_gone, link, me.clone()))
}

impl Crowd for Callers {
    fn take(&self, caller: &[u8], now: u64) -> Result<(), u64> {
        self.of(caller).take(1, now)
    }
}
