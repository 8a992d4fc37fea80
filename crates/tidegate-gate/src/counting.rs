//! Where limits are counted: in this gate alone, or over Redis together with others.

use std::path::PathBuf;
use tidegate_decide::limit::{Limiter, Settings};
use tidegate_graph::contract::Contract;

/// A Redis over which gates and relays share limits.
#[derive(Clone)]
pub struct Redis {
    /// `redis://host:port/db`, or `rediss://` over TLS; may hold a password.
    pub url: String,
    /// Certificate authorities of that Redis, in PEM; without it those of the system.
    pub ca: Option<PathBuf>,
}

/// Counts for itself, unless it was given a Redis.
#[derive(Default)]
pub(crate) struct Counting {
    #[cfg(feature = "redis")]
    shared: Option<shared::Counter>,
}

impl Counting {
    /// Begins to connect, and waits for nothing. The address is in no error: it may hold a password.
    #[cfg(feature = "redis")]
    pub(crate) fn open(redis: Option<&Redis>) -> Result<Self, String> {
        Ok(Self { shared: redis.map(shared::Counter::open).transpose()? })
    }

    /// Without the feature there is nothing to share over.
    #[cfg(not(feature = "redis"))]
    pub(crate) fn open(redis: Option<&Redis>) -> Result<Self, String> {
        match redis {
            None => Ok(Self::default()),
            Some(_) => {
                Err("limits over Redis need a build with `--features redis`; this one hasn't it".to_string())
            }
        }
    }

    #[cfg(feature = "redis")]
    pub(crate) fn limiter(&self, contract: &Contract) -> Limiter {
        match &self.shared {
            None => Limiter::new(contract, &Settings::default()),
            Some(counter) => counter.limiter(contract),
        }
    }

    #[cfg(not(feature = "redis"))]
    #[expect(clippy::unused_self, reason = "with the feature, it says where")]
    pub(crate) fn limiter(&self, contract: &Contract) -> Limiter {
        Limiter::new(contract, &Settings::default())
    }

    /// What Prometheus reads; nothing when nothing is shared.
    #[cfg(feature = "redis")]
    pub(crate) fn text(&self) -> String {
        self.shared.as_ref().map(shared::Counter::text).unwrap_or_default()
    }

    #[cfg(not(feature = "redis"))]
    #[expect(clippy::unused_self, reason = "with the feature, it counts")]
    pub(crate) fn text(&self) -> String {
        String::new()
    }
}

#[cfg(feature = "redis")]
mod shared {
    use super::Redis;
    use crate::limits::{Settings, Shared, WhenGone};
    use std::fmt::Write as _;
    use tidegate_decide::limit::{self, Limiter};
    use tidegate_graph::contract::{Contract, OnError};
    use tokio::runtime::{Builder, Runtime};

    /// The connection, with a thread of its own: it outlives contracts, and no worker waits for it.
    pub(super) struct Counter {
        shared: Shared,
        runtime: Option<Runtime>,
    }

    impl Counter {
        pub(super) fn open(redis: &Redis) -> Result<Self, String> {
            if redis.ca.is_some() && !redis.url.starts_with("rediss://") {
                return Err("authorities for limits need an address of `rediss://`".to_string());
            }
            let mut builder = Builder::new_multi_thread();
            let runtime = builder.worker_threads(1).thread_name("shared-limits").enable_all().build();
            let runtime = runtime.map_err(|e| format!("could not start what shares limits: {e}"))?;
            let within = runtime.enter();
            let shared = Shared::start(Settings { ca: redis.ca.clone(), ..Settings::new(&redis.url) });
            drop(within);
            let shared = shared.map_err(|e| format!("the address for limits can't be used: {e}"))?;
            Ok(Self { shared, runtime: Some(runtime) })
        }

        /// A contract says what happens without Redis: counting has failed then, as deciding may.
        pub(super) fn limiter(&self, contract: &Contract) -> Limiter {
            let when_gone = match contract.defaults.on_error {
                OnError::Open => WhenGone::Open,
                OnError::Closed => WhenGone::Closed,
            };
            Limiter::shared(contract, &limit::Settings::default(), &self.shared.clone().when_gone(when_gone))
        }

        pub(super) fn text(&self) -> String {
            let now = self.shared.metrics();
            let lines = [
                ("connected", "gauge", "Redis can be reached.", u64::from(now.connected)),
                ("connects_total", "counter", "Times that Redis was connected to.", now.connects),
                ("refills_total", "counter", "Blocks that Redis gave.", now.refills),
                ("failures_total", "counter", "Times that Redis could not be asked.", now.failures),
                (
                    "uncounted_total",
                    "counter",
                    "Events that passed uncounted without it.",
                    now.passed_uncounted,
                ),
                ("held_back_total", "counter", "Events that were held back without it.", now.held_back),
            ];
            let mut out = String::new();
            for (name, kind, help, value) in lines {
                let name = format!("tidegate_limits_{name}");
                let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
            }
            out
        }
    }

    impl Drop for Counter {
        fn drop(&mut self) {
            // Waiting for it could be within another runtime, where nobody may wait.
            if let Some(runtime) = self.runtime.take() {
                runtime.shutdown_background();
            }
        }
    }
}
