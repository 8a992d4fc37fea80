//! The loop: receive, decide, send, and only then acknowledge.

mod whole;

use super::counts::Counts;
use super::judge::{Case, Denial, Judge, Judged};
use super::{Error, Message, Received, Settle, Sink, Source, Ticket, Transaction, context, together};
use std::collections::VecDeque;
use std::time::Duration;
use tidegate_decide::limit::Permit;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

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

/// What becomes of a message that a limit holds back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLimit {
    /// It waits in its order, and nothing new is read until it has passed.
    #[default]
    Wait,
    /// It is kept aside, with the reason.
    Quarantine,
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

/// A relay from one bus to another.
pub struct Relay<'a> {
    /// Where messages come from.
    pub source: Box<dyn Source>,
    /// Where they go.
    pub sink: Box<dyn Sink>,
    /// Where those go that are denied.
    pub quarantine: Option<Box<dyn Sink>>,
    /// What makes outputs and acknowledgements one, if anything does.
    pub transaction: Option<Box<dyn Transaction>>,
    /// Who decides.
    pub judge: Judge,
    /// What becomes of what is denied.
    pub on_deny: OnDeny,
    /// What becomes of what a limit holds back.
    pub on_limit: OnLimit,
    /// Bounds.
    pub settings: Settings,
    /// What was done.
    pub counts: &'a Counts,
    /// Takes JSON lines.
    pub log: &'a (dyn Fn(&str) + Sync),
}

/// First and longest pause between two tries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// First time after which the source is told that what waits for a limit is still at work.
const TOUCH: Duration = Duration::from_millis(400);

impl Relay<'_> {
    /// Runs until told to stop, then lets what is in flight end; otherwise says why it can't go on.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Option<Error> {
        let mut over = None;
        let mut pause = PAUSE.0;
        while !*stop.borrow() {
            let batch = tokio::select! {
                () = told(&mut stop) => break,
                batch = self.source.receive(self.settings.batch) => batch,
            };
            if batch.is_ok() {
                self.counts.answered();
            }
            match batch {
                Ok(batch) => match self.carry(batch, &mut stop).await {
                    Ok(true) => pause = PAUSE.0,
                    Ok(false) => {
                        tokio::select! { () = told(&mut stop) => break, () = rest(&mut pause) => {} }
                    }
                    Err(error) => {
                        over = Some(error);
                        break;
                    }
                },
                Err(error) => {
                    self.say("source", &error.to_string());
                    tokio::select! { () = told(&mut stop) => break, () = rest(&mut pause) => {} }
                }
            }
        }
        self.source.close().await;
        over
    }

    /// False where what came has to be read again.
    async fn carry(&mut self, batch: Vec<Received>, stop: &mut watch::Receiver<bool>) -> Result<bool, Error> {
        let mut waiting = VecDeque::from(batch);
        Counts::add(&self.counts.received, waiting.len() as u64);
        let mut ready = Ready {
            on: Vec::new(),
            aside: Vec::new(),
            permits: Vec::new(),
            touched: Instant::now(),
            touch: TOUCH,
            again: false,
        };
        while let Some(next) = waiting.pop_front() {
            let judged = self.decide(&next, &waiting, &mut ready, stop).await?;
            if ready.again {
                return Ok(false);
            }
            let Some(judged) = judged else {
                // It comes again, and what came after it too.
                waiting.push_front(next);
                for Received { ticket, .. } in waiting {
                    let _ = ticket.settle(Settle::Again).await;
                }
                break;
            };
            let Received { mut message, ticket } = next;
            context::stamp(&mut message);
            let monitor = self.on_deny == OnDeny::Monitor;
            let (denial, permit, limited) = match judged {
                Judged::Pass(permit) => (None, permit, false),
                Judged::Redacted(denial, payload, permit) if !monitor => {
                    self.denied(&message, &denial.reasons, "redact");
                    Counts::add(&self.counts.redacted, 1);
                    message.payload = payload;
                    (None, permit, false)
                }
                Judged::Redacted(denial, _, permit) | Judged::Watched(denial, permit) => {
                    (Some((denial, true)), permit, false)
                }
                Judged::Denied(denial) => (Some((denial, monitor)), None, false),
                Judged::Held(denial, _) => (Some((denial, monitor)), None, true),
            };
            ready.permits.extend(permit);
            let Some((Denial { reasons }, monitor)) = denial else {
                ready.on.push((message, ticket));
                continue;
            };
            self.denied(&message, &reasons, if monitor { "monitor" } else { "deny" });
            if monitor {
                Counts::add(&self.counts.watched, 1);
                ready.on.push((message, ticket));
            } else if self.on_deny == OnDeny::Drop && !limited {
                Counts::add(&self.counts.dropped, 1);
                // Lost on the way, the message comes again and is dropped again.
                let _ = ticket.settle(Settle::Done).await;
            } else {
                message.put("tidegate-reasons", reasons);
                message.put("tidegate-place", message.place.clone());
                ready.aside.push((message, ticket));
            }
        }
        self.flush(&mut ready, stop).await?;
        Ok(!ready.again)
    }

    /// What is decided on a message, after it has waited for its limits; `None` where the relay has to end before.
    async fn decide(
        &mut self,
        next: &Received,
        behind: &VecDeque<Received>,
        ready: &mut Ready,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<Judged>, Error> {
        let (mut case, mut counted, mut logged) = (Case::default(), false, false);
        loop {
            let judged = self.judge.judge(&next.message, &self.settings, &mut case);
            let Judged::Held(denial, wait) = &judged else { return Ok(Some(judged)) };
            if !std::mem::replace(&mut counted, true) {
                Counts::add(&self.counts.held, 1);
            }
            if self.on_limit == OnLimit::Quarantine || self.on_deny == OnDeny::Monitor {
                return Ok(Some(judged));
            }
            if !ready.is_empty() {
                // What is under way may be all that it waits for.
                self.flush(ready, stop).await?;
                if ready.again {
                    return Ok(None);
                }
                continue;
            }
            if !std::mem::replace(&mut logged, true) {
                self.held(&next.message, &denial.reasons, *wait);
            }
            let start = Instant::now();
            while start.elapsed() < *wait {
                let left = wait.saturating_sub(start.elapsed());
                tokio::select! { () = told(stop) => return Ok(None), () = sleep(left.min(ready.touch)) => {} }
                if ready.touched.elapsed() >= ready.touch {
                    for one in std::iter::once(next).chain(behind) {
                        let _ = one.ticket.settle(Settle::Extend).await;
                    }
                    ready.touched = Instant::now();
                    ready.touch = ready.touch.saturating_mul(2).min(PAUSE.1);
                }
            }
        }
    }

    /// Brings what was decided where it belongs, and frees its places.
    async fn flush(&mut self, ready: &mut Ready, stop: &mut watch::Receiver<bool>) -> Result<(), Error> {
        if self.transaction.is_some() {
            return self.flush_whole(ready).await;
        }
        let (on, aside) = (std::mem::take(&mut ready.on), std::mem::take(&mut ready.aside));
        let drain = self.settings.drain;
        let (counts, log) = (self.counts, self.log);
        let passed = deliver(&mut *self.sink, on, stop, drain, counts, log).await;
        Counts::add(&counts.passed, passed);
        // What was charged stays so: nobody here learns what a run has cost.
        ready.permits.clear();
        match &mut self.quarantine {
            Some(sink) => {
                let kept = deliver(&mut **sink, aside, stop, drain, counts, log).await;
                Counts::add(&counts.quarantined, kept);
            }
            // Without a place to keep it, it stays where it is.
            None => {
                for (_, ticket) in aside {
                    let _ = ticket.settle(Settle::Again).await;
                }
            }
        }
        Ok(())
    }

    fn held(&self, message: &Message, reasons: &str, wait: Duration) {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let line = serde_json::json!({"at": "relay", "decision": "hold", "id": message.id, "place": message.place,
            "reasons": reasons, "wait_ms": ms});
        (self.log)(&line.to_string());
    }

    fn denied(&self, message: &Message, reasons: &str, decision: &str) {
        let line = serde_json::json!({"at": "relay", "decision": decision, "id": message.id, "place": message.place,
            "reasons": reasons, "traceparent": message.header(context::TRACEPARENT)});
        (self.log)(&line.to_string());
    }

    fn say(&self, at: &str, problem: &str) {
        self.counts.failed(at, problem);
        say(self.log, at, problem);
    }
}

fn say(log: &(dyn Fn(&str) + Sync), at: &str, problem: &str) {
    log(&serde_json::json!({"at": at, "problem": problem}).to_string());
}

type Ticketed = (Message, Box<dyn Ticket>);

/// What is decided and under way.
struct Ready {
    on: Vec<Ticketed>,
    aside: Vec<Ticketed>,
    permits: Vec<Permit>,
    /// When the source was told last that the others are still at work, and after what time it is told again.
    touched: Instant,
    touch: Duration,
    /// What came is read again: its transaction was taken back.
    again: bool,
}

impl Ready {
    fn is_empty(&self) -> bool {
        self.on.is_empty() && self.aside.is_empty()
    }
}

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
        let (mut left, mut waiting, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (message, ticket) in messages.into_iter().zip(tickets) {
            match sent.next() {
                Some(Ok(())) => kept.push(ticket),
                other => {
                    problem = other.and_then(Result::err).or(problem);
                    left.push(message);
                    waiting.push(ticket);
                }
            }
        }
        done += kept.len() as u64;
        // INVARIANT: this comes after the confirmation, never before.
        for error in together::settle(&kept, Settle::Done).await.into_iter().filter_map(Result::err) {
            let problem = error.to_string();
            counts.failed("acknowledge", &problem);
            say(log, "acknowledge", &problem);
        }
        (messages, tickets) = (left, waiting);
        if messages.is_empty() {
            counts.sent();
            break;
        }
        Counts::add(&counts.retried, 1);
        let problem = problem.map_or_else(|| "no confirmation in time".to_string(), |e| e.to_string());
        counts.failed("sink", &problem);
        say(log, "sink", &problem);
        let how = if *stop.borrow() { Settle::Again } else { Settle::Extend };
        let _ = together::settle(&tickets, how).await;
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
