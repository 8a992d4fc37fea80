//! The contract that is enforced, where it comes from, and its newer versions.

mod source;

pub(crate) use source::{Mark, Source};

use crate::log;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use tidegate_decide::limit::{self, Limiter};
use tidegate_decide::{Settings, Trust};
use tidegate_graph::contract::{Contract, Function, OnError};

/// What is enforced.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) contract: Option<Contract>,
    pub(crate) settings: Settings,
    /// Secrets of the contract, and what passed before.
    pub(crate) trust: Arc<Trust>,
    /// What is counted.
    pub(crate) limiter: Option<Arc<Limiter>>,
    /// Name of the function in the contract.
    pub(crate) function: String,
    /// Its resource id, where the contract holds it.
    pub(crate) id: Option<String>,
}

impl Policy {
    /// Prepares a contract; what was counted is kept where the function's part stays the same.
    fn new(contract: Option<Contract>, function: &str, before: Option<&Self>) -> Result<Self, String> {
        let settings = match &contract {
            Some(contract) => Settings::of(contract)?,
            None => Settings::default(),
        };
        let contract = contract.map(|contract| only(contract, function));
        let trust = contract.as_ref().map(|c| Trust::of(c, |name| std::env::var(name).ok()));
        let trust = trust.unwrap_or_default();
        for name in contract.iter().flat_map(|c| trust.missing(c)) {
            log::line(&format!("`{name}` isn't set; what its secret has to sign is denied"));
        }
        let id = contract.as_ref().and_then(|c| c.find(function)).map(|(id, _)| id.to_string());
        let own = |policy: &Self| policy.contract.as_ref().and_then(|c| c.function(function)).cloned();
        let mut policy = Self {
            contract,
            settings,
            trust: Arc::new(trust),
            limiter: None,
            function: function.to_string(),
            id,
        };
        policy.limiter = match before.filter(|before| own(before) == own(&policy)) {
            Some(before) => {
                // What came before may still not come again.
                policy.trust = Arc::clone(&before.trust);
                before.limiter.clone()
            }
            None => policy.count(),
        };
        Ok(policy)
    }

    fn count(&self) -> Option<Arc<Limiter>> {
        self.id.as_ref()?;
        self.contract.as_ref().map(|c| Arc::new(Limiter::new(c, &limit::Settings::default())))
    }

    /// The function's part of the contract.
    pub(crate) fn own(&self) -> Option<&Function> {
        self.contract.as_ref()?.functions.get(self.id.as_ref()?)
    }

    /// What happens to an event that we fail on.
    pub(crate) fn on_error(&self) -> OnError {
        self.contract.as_ref().map(|c| c.defaults.on_error).unwrap_or_default()
    }
}

/// The contract of this function alone: nothing else is looked up, or held in memory.
fn only(mut contract: Contract, function: &str) -> Contract {
    let own = contract.find(function).map(|(id, _)| id.to_string());
    if let Some(own) = own {
        contract.functions.retain(|id, _| *id == own);
    }
    contract
}

/// The policy of now.
#[derive(Debug)]
pub(crate) struct Policies {
    now: RwLock<Arc<Policy>>,
    version: AtomicU64,
}

impl Policies {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { now: RwLock::new(Arc::new(policy)), version: AtomicU64::new(0) }
    }

    pub(crate) fn now(&self) -> Arc<Policy> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes with each newer policy.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Looks at the source again and again, beside the events. A newer contract that can't be enforced leaves the one
    /// before in force.
    pub(crate) fn watch(self: &Arc<Self>, source: Source, mut seen: Option<Mark>) {
        let policies = Arc::clone(self);
        thread::spawn(move || {
            let mut failing = false;
            loop {
                thread::sleep(source.every);
                let mark = source.mark();
                // Told once, not each minute.
                if let Err(error) = &mark
                    && !std::mem::replace(&mut failing, true)
                {
                    log::line(&format!("the contract before stays in force: {error}"));
                }
                let Ok(Some(mark)) = mark else { continue };
                failing = false;
                if seen.as_ref() == Some(&mark) {
                    continue;
                }
                let before = policies.now();
                seen = match source.load(Some(&before)) {
                    Ok((policy, read)) => {
                        *policies.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
                        policies.version.fetch_add(1, Ordering::Release);
                        log::line("a newer contract is in force");
                        read
                    }
                    Err(error) => {
                        log::line(&format!("the contract before stays in force: {error}"));
                        Some(mark)
                    }
                };
            }
        });
    }
}
