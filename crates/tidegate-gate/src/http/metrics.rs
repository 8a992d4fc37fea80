//! Counters, in the text format of Prometheus.

use super::policy::Outcome;
use super::token::Unbelieved;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use tidegate_decide::Class;

/// Upper bounds of the buckets of a histogram, in microseconds.
const BUCKETS: [u64; 10] = [10, 25, 50, 100, 250, 500, 1_000, 5_000, 50_000, 500_000];

/// What happened since the start.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    allowed: AtomicU64,
    denied: AtomicU64,
    watched: AtomicU64,
    redacted: AtomicU64,
    classes: Counts<{ Class::ALL.len() }>,
    failures: AtomicU64,
    refused: Counts<{ Refused::ALL.len() }>,
    unbelieved: Counts<{ Unbelieved::ALL.len() }>,
    upstream_errors: AtomicU64,
    reloads: Counts<2>,
    open: AtomicI64,
    flying: AtomicI64,
    decisions: Histogram,
    requests: Histogram,
}

/// Requests that were not decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The head or the body is longer than the bound.
    TooLong,
    /// The head or the body took longer than the bound.
    TooSlow,
    /// It ended before it was whole, isn't what it says, or has two readings.
    Broken,
    /// There were too many connections.
    TooMany,
    /// There were too many bytes of bodies.
    Full,
}

impl Refused {
    const ALL: [(Self, &'static str); 5] = [
        (Self::TooLong, "too-long"),
        (Self::TooSlow, "too-slow"),
        (Self::Broken, "broken"),
        (Self::TooMany, "too-many-connections"),
        (Self::Full, "full"),
    ];

    /// As metrics and the access log have it.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(why, _)| *why == self).map_or("refused", |(_, name)| name)
    }
}

/// A counter for each of a list.
#[derive(Debug)]
struct Counts<const N: usize>([AtomicU64; N]);

impl<const N: usize> Default for Counts<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl<const N: usize> Counts<N> {
    fn add(&self, at: usize) {
        if let Some(count) = self.0.get(at) {
            count.fetch_add(1, Relaxed);
        }
    }

    fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|count| count.load(Relaxed))
    }
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    sum: AtomicU64,
}

impl Histogram {
    fn add(&self, micros: u64) {
        if let Some(bucket) =
            BUCKETS.iter().position(|most| micros <= *most).and_then(|at| self.buckets.get(at))
        {
            bucket.fetch_add(1, Relaxed);
        }
        self.count.fetch_add(1, Relaxed);
        self.sum.fetch_add(micros, Relaxed);
    }

    fn write(&self, name: &str, help: &str, out: &mut String) {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} histogram");
        let mut below = 0;
        for (most, bucket) in BUCKETS.iter().zip(&self.buckets) {
            below += bucket.load(Relaxed);
            let _ = writeln!(out, "{name}_bucket{{le=\"{}\"}} {below}", seconds(*most));
        }
        let count = self.count.load(Relaxed);
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(out, "{name}_sum {}\n{name}_count {count}", seconds(self.sum.load(Relaxed)));
    }
}

fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

impl Metrics {
    pub(super) fn decided(&self, outcome: &Outcome) {
        let verdict = match outcome {
            Outcome { redacted: Some(_), .. } => &self.redacted,
            Outcome { watched: true, .. } => &self.watched,
            Outcome { passes: true, .. } => &self.allowed,
            _ => &self.denied,
        };
        verdict.fetch_add(1, Relaxed);
        for class in &outcome.classes {
            self.classes.add(Class::ALL.iter().position(|c| c.name() == *class).unwrap_or(usize::MAX));
        }
        self.decisions.add(outcome.micros);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(super) fn refused(&self, why: Refused) {
        self.refused.add(Refused::ALL.iter().position(|(r, _)| *r == why).unwrap_or(usize::MAX));
    }

    pub(super) fn unbelieved(&self, why: Unbelieved) {
        self.unbelieved.add(Unbelieved::ALL.iter().position(|w| *w == why).unwrap_or(usize::MAX));
    }

    pub(super) fn upstream_failed(&self) {
        self.upstream_errors.fetch_add(1, Relaxed);
    }

    pub(super) fn reloaded(&self, good: bool) {
        self.reloads.add(usize::from(good));
    }

    /// So many connections more, or fewer.
    pub(super) fn connected(&self, more: i64) {
        self.open.fetch_add(more, Relaxed);
    }

    pub(super) fn open(&self) -> i64 {
        self.open.load(Relaxed)
    }

    /// Counts a request while what it returns lives.
    pub(super) fn flight(&self) -> Held<'_> {
        Held::new(&self.flying)
    }

    pub(super) fn answered(&self, micros: u64) {
        self.requests.add(micros);
    }

    /// All of it, for a scraper.
    pub(super) fn text(&self) -> String {
        let mut out = String::with_capacity(4096);
        let head = |out: &mut String, name: &str, kind: &str, help: &str| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        head(&mut out, "tidegate_decisions_total", "counter", "Requests that were decided on.");
        let verdicts = [
            ("allow", &self.allowed),
            ("deny", &self.denied),
            ("monitor", &self.watched),
            ("redact", &self.redacted),
        ];
        for (verdict, count) in verdicts {
            let _ =
                writeln!(out, "tidegate_decisions_total{{verdict=\"{verdict}\"}} {}", count.load(Relaxed));
        }
        head(&mut out, "tidegate_reasons_total", "counter", "Requests with a reason of a class.");
        for (class, count) in Class::ALL.iter().zip(self.classes.iter()) {
            let _ = writeln!(out, "tidegate_reasons_total{{class=\"{}\"}} {count}", class.name());
        }
        head(&mut out, "tidegate_refused_total", "counter", "Requests that could not be decided on.");
        for ((_, name), count) in Refused::ALL.iter().zip(self.refused.iter()) {
            let _ = writeln!(out, "tidegate_refused_total{{why=\"{name}\"}} {count}");
        }
        let name = "tidegate_tokens_refused_total";
        head(&mut out, name, "counter", "Requests without proof whose token was not believed.");
        for (why, count) in Unbelieved::ALL.iter().zip(self.unbelieved.iter()) {
            let _ = writeln!(out, "{name}{{why=\"{}\"}} {count}", why.name());
        }
        head(
            &mut out,
            "tidegate_reloads_total",
            "counter",
            "Times that contract, certificates or keys were read again.",
        );
        for (result, count) in ["failed", "done"].iter().zip(self.reloads.iter()) {
            let _ = writeln!(out, "tidegate_reloads_total{{result=\"{result}\"}} {count}");
        }
        for (name, kind, help, value) in [
            (
                "tidegate_failures_total",
                "counter",
                "Own failures while deciding.",
                self.failures.load(Relaxed) as i64,
            ),
            (
                "tidegate_upstream_errors_total",
                "counter",
                "Requests that the upstream didn't answer.",
                self.upstream_errors.load(Relaxed) as i64,
            ),
            ("tidegate_connections", "gauge", "Open connections of clients.", self.open.load(Relaxed)),
            ("tidegate_in_flight", "gauge", "Requests under way.", self.flying.load(Relaxed)),
        ] {
            head(&mut out, name, kind, help);
            let _ = writeln!(out, "{name} {value}");
        }
        self.decisions.write("tidegate_decision_seconds", "Time that deciding took.", &mut out);
        self.requests.write("tidegate_request_seconds", "Time until the answer began.", &mut out);
        out
    }
}

/// One more, while it lives.
#[derive(Debug)]
pub(super) struct Held<'m>(&'m AtomicI64);

impl<'m> Held<'m> {
    fn new(count: &'m AtomicI64) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_all_that_is_below() {
        let metrics = Metrics::default();
        for micros in [7, 30, 30, 10_000_000] {
            let classes = vec!["sql"];
            metrics.decided(&Outcome {
                passes: false,
                watched: false,
                classes,
                micros,
                preflight: false,
                retry_after: None,
                redacted: None,
                charge: None,
                readers: None,
            });
        }
        let text = metrics.text();
        for line in [
            "tidegate_decisions_total{verdict=\"deny\"} 4",
            "tidegate_reasons_total{class=\"sql\"} 4",
            "tidegate_decision_seconds_bucket{le=\"0.00001\"} 1",
            "tidegate_decision_seconds_bucket{le=\"0.00005\"} 3",
            "tidegate_decision_seconds_bucket{le=\"0.5\"} 3",
            "tidegate_decision_seconds_bucket{le=\"+Inf\"} 4",
            "tidegate_decision_seconds_sum 10.000067",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        let held = metrics.flight();
        assert!(metrics.text().contains("tidegate_in_flight 1\n"));
        drop(held);
        assert!(metrics.text().contains("tidegate_in_flight 0\n"));
    }
}
