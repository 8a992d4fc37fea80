//! What a relay counts.

use super::Judge;
use crate::counting::Counting;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a relay has done so far.
#[derive(Default)]
pub struct Counts {
    pub(super) received: AtomicU64,
    pub(super) passed: AtomicU64,
    pub(super) quarantined: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) watched: AtomicU64,
    pub(super) redacted: AtomicU64,
    pub(super) held: AtomicU64,
    pub(super) retried: AtomicU64,
    failed: [AtomicU64; FAILURES.len()],
    bus: &'static str,
    limits: Option<Arc<Counting>>,
    health: Mutex<Health>,
}

/// Whether messages could pass.
#[derive(Default)]
struct Health {
    /// The source has.
    answered: bool,
    source: Streak,
    sink: Streak,
}

/// Failures without anything that went well between them.
#[derive(Default)]
struct Streak {
    length: u32,
    why: String,
}

/// So many in a row are more than a connection that broke off.
const ILL: u32 = 5;

/// Where a bus can fail.
const FAILURES: [&str; 3] = ["source", "sink", "acknowledge"];

impl Counts {
    /// Of a relay on this bus.
    pub fn of(bus: &'static str) -> Self {
        Self { bus, ..Self::default() }
    }

    /// The same, with what is shared of the limits that a judge counts.
    #[must_use]
    pub fn with_limits(self, judge: &Judge) -> Self {
        Self { limits: judge.counting(), ..self }
    }

    /// In the text format of Prometheus.
    pub fn prometheus(&self) -> String {
        let all = [
            ("received", "Messages that came.", &self.received),
            ("passed", "Messages that the output has.", &self.passed),
            ("quarantined", "Messages that the quarantine has.", &self.quarantined),
            ("dropped", "Messages that were denied and dropped.", &self.dropped),
            ("monitored", "Messages that were denied and passed all the same.", &self.watched),
            ("redacted", "Messages that passed without texts that acted as code.", &self.redacted),
            ("held", "Messages that a limit held back.", &self.held),
            ("retries", "Times that messages were sent again.", &self.retried),
        ];
        let label = match self.bus {
            "" => String::new(),
            bus => format!("bus=\"{bus}\""),
        };
        let labels = if label.is_empty() { String::new() } else { format!("{{{label}}}") };
        let head = |name: &str, help: &str| format!("# HELP {name} {help}\n# TYPE {name} counter\n");
        let line = |(name, help, count): (&str, &str, &AtomicU64)| {
            let name = format!("tidegate_relay_{name}_total");
            format!("{}{name}{labels} {}\n", head(&name, help), count.load(Ordering::Relaxed))
        };
        let mut out: String = all.into_iter().map(line).collect();
        let name = "tidegate_relay_failures_total";
        out.push_str(&head(name, "Times that a bus failed."));
        let comma = if label.is_empty() { "" } else { "," };
        for (at, count) in FAILURES.iter().zip(&self.failed) {
            let count = count.load(Ordering::Relaxed);
            out.push_str(&format!("{name}{{{label}{comma}at=\"{at}\"}} {count}\n"));
        }
        out.push_str(&self.limits.as_ref().map(|limits| limits.text()).unwrap_or_default());
        out
    }

    pub(super) fn add(count: &AtomicU64, more: u64) {
        count.fetch_add(more, Ordering::Relaxed);
    }

    /// The source has answered, with messages or without.
    pub(super) fn answered(&self) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.answered = true;
        health.source = Streak::default();
    }

    /// What was sent is where it belongs.
    pub(super) fn sent(&self) {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).sink = Streak::default();
    }

    /// Why no messages pass, if so.
    pub(super) fn trouble(&self) -> Option<String> {
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let streak = |at: &str, streak: &Streak| {
            (streak.length >= ILL).then(|| format!("the {at} failed {} times: {}", streak.length, streak.why))
        };
        let waiting = || match (health.answered, health.source.why.as_str()) {
            (true, _) => None,
            (false, "") => Some("the source has not answered yet".to_string()),
            (false, why) => Some(format!("the source has not answered yet: {why}")),
        };
        streak("source", &health.source).or_else(waiting).or_else(|| streak("sink", &health.sink))
    }

    pub(super) fn failed(&self, at: &str, why: &str) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let streak = match at {
            "source" => Some(&mut health.source),
            "sink" => Some(&mut health.sink),
            // What isn't acknowledged comes again: messages pass all the same.
            _ => None,
        };
        if let Some(streak) = streak {
            streak.length = streak.length.saturating_add(1);
            streak.why = why.to_string();
        }
        if let Some((_, count)) = FAILURES.iter().zip(&self.failed).find(|(name, _)| **name == at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}
