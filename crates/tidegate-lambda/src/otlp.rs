//! What was decided, how long it took and what it cost, told to a collector: OTLP over HTTP, in JSON.
//!
//! Nothing here is waited for. Spans go through a bounded channel to a thread of their own, which sends them in batches,
//! keeps what the collector doesn't take in a file, and is waited for once: at the end.

mod collector;
mod encode;
mod spool;

use crate::log;
use collector::Collector;
use serde_json::Value;
use spool::Spool;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tidegate_decide::Verdict;
use tidegate_decide::limit::price::{LAMBDA, Price};
use tidegate_decide::trace::Context;
use tidegate_graph::contract::Limits;

/// Spans that wait for the thread.
const WAITING: usize = 2048;
/// Spans of one batch, and how long one waits for others.
const BATCH: usize = 512;
const SOON: Duration = Duration::from_millis(100);
/// After a failure the collector is left alone for so long.
const PAUSE: Duration = Duration::from_secs(5);

/// One event, from its coming to its answer.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) request: String,
    pub(crate) own: Context,
    pub(crate) parent: Option<u64>,
    /// Who caused each record of a batch.
    pub(crate) links: Vec<(u32, Context)>,
    pub(crate) batch: bool,
    pub(crate) trigger: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) classes: Vec<&'static str>,
    pub(crate) records: usize,
    pub(crate) denied: usize,
    pub(crate) decided_us: u64,
    /// Why we failed on it, if we did.
    pub(crate) failed: Option<&'static str>,
    /// The function answered with an error.
    pub(crate) errored: bool,
    /// Nanoseconds since 1970.
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// Sums since the start.
#[derive(Clone, Debug, Default)]
struct Totals {
    /// Allowed, denied, denied in part.
    decisions: [u64; 3],
    failures: u64,
    decided_us: u64,
    billed_ms: u64,
    /// In trillionths of a US dollar.
    cost: u64,
    dropped: u64,
}

#[derive(Debug)]
enum Message {
    Span(Box<Span>),
    Bill(u64),
    Flush(SyncSender<()>),
}

/// Hands spans to the thread.
#[derive(Debug)]
pub(crate) struct Exporter {
    sender: SyncSender<Message>,
    /// Events that the function works on, by request id.
    open: Mutex<HashMap<String, Box<Span>>>,
}

impl Exporter {
    /// One where the environment names a collector.
    pub(crate) fn of(variable: &dyn Fn(&str) -> Option<String>, limits: Option<&Limits>) -> Option<Self> {
        let endpoint = variable("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        let headers = variable("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
        let collector = match Collector::new(&endpoint, &headers) {
            Ok(collector) => collector,
            Err(error) => {
                log::line(&format!("nothing is exported: OTEL_EXPORTER_OTLP_ENDPOINT: {error}"));
                return None;
            }
        };
        let memory = variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|mb| mb.parse().ok());
        let known = limits.cloned().unwrap_or_default();
        let limits =
            Limits { memory_mb: memory.or(known.memory_mb), arm: cfg!(target_arch = "aarch64"), ..known };
        let spool = variable("TIDEGATE_SPOOL").unwrap_or_else(|| "/tmp/tidegate-otlp".to_string());
        let (sender, messages) = sync_channel(WAITING);
        let exporting = Exporting {
            collector,
            spool: Spool::new(spool.into()),
            resource: encode::resource(variable),
            price: limits.memory_mb.map(|_| Price::of(&limits, &LAMBDA)),
            totals: Totals::default(),
            since: nanos(),
            paused: None,
        };
        thread::Builder::new().name("otlp".into()).spawn(move || exporting.run(&messages)).ok()?;
        Some(Self { sender, open: Mutex::default() })
    }

    /// The function works on this one.
    pub(crate) fn open(&self, span: Box<Span>) {
        let mut open = self.lock();
        if open.len() >= WAITING {
            open.clear();
        }
        open.insert(span.request.clone(), span);
    }

    /// The function has answered; where nobody tells the bill, the time that it took is it.
    pub(crate) fn answered(&self, request: &str, errored: bool, unbilled: bool) {
        let span = self.lock().remove(request);
        if let Some(span) = span {
            if unbilled {
                self.billed(nanos().saturating_sub(span.start).div_ceil(1_000_000));
            }
            self.close(Box::new(Span { errored, ..*span }));
        }
    }

    /// Nothing more comes of this one.
    pub(crate) fn close(&self, mut span: Box<Span>) {
        span.end = nanos();
        // Whoever waits for a collector isn't worth an event's time.
        let _ = self.sender.try_send(Message::Span(span));
    }

    /// So many milliseconds are billed.
    pub(crate) fn billed(&self, ms: u64) {
        let _ = self.sender.try_send(Message::Bill(ms));
    }

    /// Sends, or keeps, everything that waits.
    pub(crate) fn flush(&self, until: Instant) {
        let (done, wait) = sync_channel(1);
        while self.sender.try_send(Message::Flush(done.clone())).is_err() {
            if Instant::now() >= until {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = wait.recv_timeout(until.saturating_duration_since(Instant::now()));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Box<Span>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nanoseconds since 1970.
pub(crate) fn nanos() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The thread.
struct Exporting {
    collector: Collector,
    spool: Spool,
    resource: Value,
    /// Of a run of this function, where its memory is known.
    price: Option<Price>,
    totals: Totals,
    since: u64,
    /// Since the collector failed.
    paused: Option<Instant>,
}

impl Exporting {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let Ok(first) = messages.recv() else { return };
            let (mut spans, mut waiting) = (Vec::new(), self.take(first));
            spans.extend(waiting.span.take());
            let started = Instant::now();
            while waiting.done.is_none() && spans.len() < BATCH {
                match messages.recv_timeout(SOON.saturating_sub(started.elapsed())) {
                    Ok(message) => {
                        waiting = self.take(message);
                        spans.extend(waiting.span.take());
                    }
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            self.send(&spans, waiting.done.is_some());
            if let Some(done) = waiting.done {
                let _ = done.send(());
            }
        }
    }

    fn take(&mut self, message: Message) -> Taken {
        match message {
            Message::Span(span) => {
                self.count(&span);
                Taken { span: Some(*span), done: None }
            }
            Message::Bill(ms) => {
                self.totals.billed_ms = self.totals.billed_ms.saturating_add(ms);
                let cost = self.price.map_or(0, |price| price.run(ms));
                self.totals.cost = self.totals.cost.saturating_add(cost);
                Taken { span: None, done: None }
            }
            Message::Flush(done) => Taken { span: None, done: Some(done) },
        }
    }

    fn count(&mut self, span: &Span) {
        let names = [Verdict::Allow, Verdict::Deny, Verdict::Partial].map(Verdict::name);
        for (name, count) in names.into_iter().zip(&mut self.totals.decisions) {
            *count += u64::from(name == span.verdict);
        }
        self.totals.failures += u64::from(span.failed.is_some());
        self.totals.decided_us = self.totals.decided_us.saturating_add(span.decided_us);
    }

    fn send(&mut self, spans: &[Span], last: bool) {
        let paused = self.paused.is_some_and(|since| since.elapsed() < PAUSE) && !last;
        let traces = (!spans.is_empty()).then(|| encode::traces(&self.resource, spans));
        let sent = !paused && {
            let sent = traces.as_ref().is_none_or(|json| self.collector.send("traces", json).is_ok());
            let metrics = encode::metrics(&self.resource, &self.totals, self.since, nanos());
            // Sums are told again with the next batch: there is nothing to keep.
            sent && self.collector.send("metrics", &metrics).is_ok()
        };
        if sent {
            self.paused = None;
            let collector = &self.collector;
            self.spool.drain(&mut |batch| collector.send("traces", batch).is_ok());
            return;
        }
        if !paused {
            if self.paused.is_none() {
                log::line("the collector doesn't answer; spans are kept for later");
            }
            self.paused = Some(Instant::now());
        }
        if let Some(traces) = traces
            && !self.spool.keep(&traces)
        {
            self.totals.dropped = self.totals.dropped.saturating_add(spans.len() as u64);
        }
    }
}

struct Taken {
    span: Option<Span>,
    done: Option<SyncSender<()>>,
}
