//! Keys for the interfaces of AWS, from where its own programs take them, and renewed before they end.
//!
//! In this order: the environment; a web identity (`AWS_WEB_IDENTITY_TOKEN_FILE`, as EKS gives it to a pod); the endpoint
//! of a container (`AWS_CONTAINER_CREDENTIALS_...`, as ECS and EKS Pod Identity give it); the instance (IMDSv2). The first
//! that is set up counts: when it fails the next isn't tried, because those would be the keys of somebody else.

mod sources;

use sources::Place;
use std::fmt;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// A key, and the token that goes along with one that ends.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    /// When it ends; one of the environment is renewed by whoever sets it.
    pub(crate) ends: Option<SystemTime>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// Why there are no keys, in words that hold none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// What is set up can't be used.
    #[error("{0}")]
    Setting(String),
    /// Whoever gives keys didn't.
    #[error("{from}: {why}")]
    Refused {
        /// Who was asked.
        from: &'static str,
        /// What came back.
        why: String,
    },
}

/// Before their end keys are asked for anew.
const AHEAD: Duration = Duration::from_secs(300);
/// After a failure that long isn't asked again, as long as the old ones last.
const AGAIN: Duration = Duration::from_secs(10);

/// Where keys come from, and the last that came.
pub(crate) struct Credentials {
    place: Place,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    keys: Option<Keys>,
    failed: Option<SystemTime>,
}

impl Credentials {
    /// From what the environment says. Asks nobody yet.
    pub(crate) fn find() -> Result<Self, Error> {
        Ok(Self::of(Place::find(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?))
    }

    fn of(place: Place) -> Self {
        Self { place, last: Mutex::default() }
    }

    /// Keys that hold now.
    pub(crate) async fn keys(&self) -> Result<Keys, Error> {
        self.at(SystemTime::now()).await
    }

    async fn at(&self, now: SystemTime) -> Result<Keys, Error> {
        // Whoever comes while they are renewed waits for them, instead of asking too.
        let mut last = self.last.lock().await;
        let lasts = |keys: &Keys, by: Duration| keys.ends.is_some_and(|ends| now + by < ends);
        let soon = last.failed.is_some_and(|at| now < at + AGAIN);
        let ahead = if soon { Duration::ZERO } else { AHEAD };
        if let Some(keys) = last.keys.as_ref().filter(|keys| lasts(keys, ahead)) {
            return Ok(keys.clone());
        }
        match self.place.ask().await {
            Ok(keys) => {
                *last = Last { keys: Some(keys.clone()), failed: None };
                Ok(keys)
            }
            Err(error) => {
                last.failed = Some(now);
                // What is about to end still holds.
                let old = last.keys.as_ref().filter(|keys| lasts(keys, Duration::ZERO));
                old.cloned().ok_or(error)
            }
        }
    }
}

#[cfg(test)]
mod tests;
