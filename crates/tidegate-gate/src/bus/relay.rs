//! The loop: receive, decide, send, and only then acknowledge.

use super::{Message, Received, Settle, Shape, Sink, Source, Ticket, context};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tidegate_decide::{Guard, Verdict};
use tidegate_graph::contract::{Contract, Mode};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// What becomes of a message that is denied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDeny {
    /// It is kept aside, with the reasons.
    #[default]
    Quarantine,
    /// It is gone.
    Drop,
    /// It passes, and is counted and logged.
    Monitor,
}

/// Bounds of a relay.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Messages in flight at once.
    pub batch: usize,
    /// The longest payload, in bytes; a longer one is denied.
    pub bytes: usize,
    /// Relays that a message may have passed before; after that it runs in a circle.
    pub hops: u32,
    /// How long what is in flight may take when the relay ends.
    pub drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { batch: 64, bytes: 8 << 20, hops: 32, drain: Duration::from_secs(20) }
    }
}

/// What a relay has done so far.
#[derive(Debug, Default)]
pub struct Counts {
    received: AtomicU64,
    passed: AtomicU64,
    quarantined: AtomicU64,
    dropped: AtomicU64,
    watched: AtomicU64,
    retried: AtomicU64,
    failed: [AtomicU64; FAILURES.len()],
    bus: &'static str,
}

/// Where a bus can fail.
const FAILURES: [&str; 3] = ["source", "sink", "acknowledge"];

impl Counts {
    /// Of a relay on this bus.
    pub fn of(bus: &'static str) -> Self {
        Self { bus, ..Self::default() }
    }

    /// In the text format of Prometheus.
    pub fn prometheus(&self) -> String {
        let all = [
            ("received", "Messages that came.", &self.received),
            ("passed", "Messages that the output has.", &self.passed),
            ("quarantined", "Messages that the quarantine has.", &self.quarantined),
            ("dropped", "Messages that were denied and dropped.", &self.dropped),
            ("monitored", "Messages that were denied and passed all the same.", &self.watched),
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
        out
    }

    fn failed(&self, at: &str) {
        if let Some((_, count)) = FAILURES.iter().zip(&self.failed).find(|(name, _)| **name == at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Decides on messages.
pub struct Judge {
    guard: Guard,
    under: Option<(Contract, String)>,
    shape: Shape,
}

/// Why a message is denied, in words that hold nothing of it.
struct Denial {
    reasons: String,
    monitor: bool,
}

impl Judge {
    /// With the contract's function that messages are for, if there is one.
    pub fn new(guard: Guard, under: Option<(Contract, String)>, shape: Shape) -> Self {
        Self { guard, under, shape }
    }

    fn judge(&mut self, message: &Message, settings: &Settings) -> Option<Denial> {
        let refused = |reasons: &str| Some(Denial { reasons: reasons.to_string(), monitor: false });
        if message.payload.len() > settings.bytes {
            return refused("size");
        }
        let Some(event) = self.shape.event(message) else { return refused("malformed") };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.guard.at(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        let trigger = Some(self.shape.trigger());
        let ruling = match &self.under {
            None => self.guard.rule(&event, trigger),
            Some((contract, function)) => self.guard.decide_for(&event, trigger, contract, function),
        };
        if ruling.decision.verdict == Verdict::Allow {
            return None;
        }
        let mut classes: Vec<&str> =
            ruling.decision.records.iter().flat_map(|r| &r.reasons).map(|r| r.class.name()).collect();
        classes.sort_unstable();
        classes.dedup();
        Some(Denial { reasons: classes.join(","), monitor: ruling.mode == Mode::Monitor })
    }
}

/// A relay from one bus to another.
pub struct Relay<'a> {
    /// Where messages come from.
    pub source: Box<dyn Source>,
    /// Where they go.
    pub sink: Box<dyn Sink>,
    /// Where those go that are denied.
    pub quarantine: Option<Box<dyn Sink>>,
    /// Who decides.
    pub judge: Judge,
    /// What becomes of what is denied.
    pub on_deny: OnDeny,
    /// Bounds.
    pub settings: Settings,
    /// What was done.
    pub counts: &'a Counts,
    /// Takes JSON lines.
    pub log: &'a (dyn Fn(&str) + Sync),
}

/// First and longest pause between two tries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

impl Relay<'_> {
    /// Runs until told to stop, then lets what is in flight end.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut pause = PAUSE.0;
        while !*stop.borrow() {
            let batch = tokio::select! {
                () = told(&mut stop) => break,
                batch = self.source.receive(self.settings.batch) => batch,
            };
            match batch {
                Ok(batch) => {
                    pause = PAUSE.0;
                    self.carry(batch, &mut stop).await;
                }
                Err(error) => {
                    self.say("source", &error.to_string());
                    tokio::select! { () = told(&mut stop) => break, () = rest(&mut pause) => {} }
                }
            }
        }
        self.source.close().await;
    }

    async fn carry(&mut self, batch: Vec<Received>, stop: &mut watch::Receiver<bool>) {
        let (mut on, mut aside) = (Vec::new(), Vec::new());
        for Received { mut message, ticket } in batch {
            self.counts.received.fetch_add(1, Ordering::Relaxed);
            let mut denial = self.judge.judge(&message, &self.settings);
            if context::stamp(&mut message) >= self.settings.hops && denial.is_none() {
                denial = Some(Denial { reasons: "hops".to_string(), monitor: false });
            }
            let Some(denial) = denial else {
                on.push((message, ticket));
                continue;
            };
            let monitor = denial.monitor || self.on_deny == OnDeny::Monitor;
            self.denied(&message, &denial.reasons, monitor);
            if monitor {
                self.counts.watched.fetch_add(1, Ordering::Relaxed);
                on.push((message, ticket));
            } else if self.on_deny == OnDeny::Drop {
                self.counts.dropped.fetch_add(1, Ordering::Relaxed);
                // Lost on the way, the message comes again and is dropped again.
                let _ = ticket.settle(Settle::Done).await;
            } else {
                message.put("tidegate-reasons", denial.reasons);
                message.put("tidegate-place", message.place.clone());
                aside.push((message, ticket));
            }
        }
        let drain = self.settings.drain;
        let (counts, log) = (self.counts, self.log);
        let passed = deliver(&mut *self.sink, on, stop, drain, counts, log).await;
        counts.passed.fetch_add(passed, Ordering::Relaxed);
        match &mut self.quarantine {
            Some(sink) => {
                let kept = deliver(&mut **sink, aside, stop, drain, counts, log).await;
                counts.quarantined.fetch_add(kept, Ordering::Relaxed);
            }
            // Without a place to keep it, it stays where it is.
            None => {
                for (_, ticket) in aside {
                    let _ = ticket.settle(Settle::Again).await;
                }
            }
        }
    }

    fn denied(&self, message: &Message, reasons: &str, monitor: bool) {
        let decision = if monitor { "monitor" } else { "deny" };
        let line = serde_json::json!({"at": "relay", "decision": decision, "id": message.id, "place": message.place,
            "reasons": reasons, "traceparent": message.header(context::TRACEPARENT)});
        (self.log)(&line.to_string());
    }

    fn say(&self, at: &str, problem: &str) {
        self.counts.failed(at);
        say(self.log, at, problem);
    }
}

fn say(log: &(dyn Fn(&str) + Sync), at: &str, problem: &str) {
    log(&serde_json::json!({"at": at, "problem": problem}).to_string());
}

type Ticketed = (Message, Box<dyn Ticket>);

/// Sends until the bus has all, acknowledging what it has; gives the rest back when the relay has to end first.
async fn deliver(
    sink: &mut dyn Sink,
    batch: Vec<Ticketed>,
    stop: &mut watch::Receiver<bool>,
    drain: Duration,
    counts: &Counts,
    log: &(dyn Fn(&str) + Sync),
) -> u64 {
    let (mut messages, mut tickets): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let (mut done, mut pause) = (0, PAUSE.0);
    while !messages.is_empty() {
        // One that hangs is one that failed: what isn't confirmed is sent again.
        let sent = timeout(drain, sink.send(&messages)).await.unwrap_or_default();
        let mut sent = sent.into_iter();
        let mut problem = None;
        let (mut left, mut waiting) = (Vec::new(), Vec::new());
        for (message, ticket) in messages.into_iter().zip(tickets) {
            match sent.next() {
                Some(Ok(())) => {
                    done += 1;
                    // INVARIANT: this comes after the confirmation, never before.
                    if let Err(error) = ticket.settle(Settle::Done).await {
                        counts.failed("acknowledge");
                        say(log, "acknowledge", &error.to_string());
                    }
                }
                other => {
                    problem = other.and_then(Result::err).or(problem);
                    left.push(message);
                    waiting.push(ticket);
                }
            }
        }
        (messages, tickets) = (left, waiting);
        if messages.is_empty() {
            break;
        }
        counts.retried.fetch_add(1, Ordering::Relaxed);
        counts.failed("sink");
        say(log, "sink", &problem.map_or_else(|| "no confirmation in time".to_string(), |e| e.to_string()));
        let how = if *stop.borrow() { Settle::Again } else { Settle::Extend };
        for ticket in &tickets {
            let _ = ticket.settle(how).await;
        }
        if how == Settle::Again {
            break;
        }
        tokio::select! { () = told(stop) => {}, () = rest(&mut pause) => {} }
    }
    done
}

/// Ends when the relay has to; whoever is gone can't tell.
async fn told(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Between half of the pause and all of it, and longer each time.
async fn rest(pause: &mut Duration) {
    let mut byte = [0_u8; 1];
    let _ = aws_lc_rs::rand::fill(&mut byte);
    let [byte] = byte;
    sleep(pause.mul_f64(0.5 + f64::from(byte) / 510.0)).await;
    *pause = pause.saturating_mul(2).min(PAUSE.1);
}

#[cfg(test)]
mod tests;
