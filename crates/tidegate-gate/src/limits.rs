//! Limits that several gates share, over Redis or Valkey.
//!
//! Each gate leases a block of every limit and spends it by itself: an event waits for no network. A block is refilled in
//! the background before it is used up. The first block of a limit is spent on credit and entered as a debt, so that not
//! even the first event waits. All gates together therefore pass at most the limit and one block for each gate; and a gate
//! that has used up its block while the next is under way holds events back for some milliseconds, though the limit may
//! have room.
//!
//! Redis keeps time for everybody, and forgets a limit that nobody has used up: losing its memory gives each limit a new
//! burst. When it can't be reached, leases are spent to their end; then [`WhenGone`] says what happens, and the metrics
//! say how often. Connecting is tried again with growing pauses.

mod crowd;
mod lease;
mod link;
mod metrics;
mod script;

pub use metrics::Metrics;

use crowd::Callers;
use lease::Lease;
use link::Link;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tidegate_decide::limit::{Crowd, Kind, Purse, Purses};
use tidegate_graph::contract::Rate;

/// What happens to events when Redis can't be reached and the leases are spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenGone {
    /// They are held back.
    #[default]
    Closed,
    /// They pass, uncounted.
    Open,
}

/// How limits are shared.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `redis://host:port/db`, or `rediss://` over TLS.
    pub url: String,
    /// Certificate authorities of that Redis, in PEM; without it those of the system.
    pub ca: Option<PathBuf>,
    /// What all keys begin with: gates of different systems don't share.
    pub prefix: String,
    /// Without Redis.
    pub when_gone: WhenGone,
    /// A block is this part of a limit: of the burst, of the budget, of the events at a time.
    pub blocks: u64,
    /// Callers of whom a lease is held at a time, for each limit.
    pub callers: usize,
    /// The longest that an answer is waited for.
    pub patience: Duration,
    /// After which time the places of a gate that has died are free again.
    pub slots_for: Duration,
}

impl Settings {
    /// The usual ones for that address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ca: None,
            prefix: "tidegate".into(),
            when_gone: WhenGone::Closed,
            blocks: 8,
            callers: 1 << 14,
            patience: Duration::from_millis(500),
            slots_for: Duration::from_secs(30),
        }
    }
}

/// Limits that several gates share; clones share a connection. Dropped, it leaves Redis alone; its slots expire.
#[derive(Clone, Debug)]
pub struct Shared {
    link: Arc<Link>,
    settings: Settings,
}

impl Shared {
    /// Begins to connect, and returns at once. Has to be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the address is none, or the authorities can't be read.
    pub fn start(settings: Settings) -> Result<Self, redis::RedisError> {
        let link = Link::start(&settings)?;
        Ok(Self { link, settings })
    }

    /// The same, for limits of which something else is said.
    #[must_use]
    pub fn when_gone(mut self, when_gone: WhenGone) -> Self {
        self.settings.when_gone = when_gone;
        self
    }

    /// What happened so far.
    pub fn metrics(&self) -> Metrics {
        self.link.counts.read()
    }

    fn lease(&self, name: &str, kind: Kind) -> Arc<Lease> {
        let key = format!("{}:{name}", self.settings.prefix);
        let lease = Arc::new_cyclic(|me| {
            let link = Arc::clone(&self.link);
            Lease::new(key, kind, self.settings.blocks, self.settings.when_gone, link, me.clone())
        });
        self.link.keep(&lease);
        lease
    }
}

impl Purses for Shared {
    fn purse(&self, name: &str, kind: Kind) -> Option<Arc<dyn Purse>> {
        Some(self.lease(name, kind))
    }

    fn crowd(&self, name: &str, rate: &Rate) -> Option<Arc<dyn Crowd>> {
        let name = format!("{}:{name}", self.settings.prefix);
        Some(Arc::new(Callers::new(name, rate.clone(), &self.settings, Arc::clone(&self.link))))
    }
}
