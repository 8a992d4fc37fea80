//! Between the runtime and the Runtime API: events are decided on before they are handed over, all else passes.

use crate::bill::Bills;
use crate::desk::{Desk, Event, Outcome};
use crate::http::{Head, Length, Wire};
use crate::log;
use crate::otlp::{Exporter, Span, nanos};
use crate::policy::Policies;
use crate::quarantine::Quarantine;
use crate::trace::{Ids, Place};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tidegate_decide::{BLOCKED, Remedy, Report, Verdict};
use tidegate_graph::contract::{Answer, Mode};

/// The longest message that is held as a whole; Lambda itself takes 6 MB.
const MOST: usize = 32 << 20;
/// Answers of functions that are waited for. More than one for each `next` there can't be.
const PENDING: usize = 4096;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Address of the Runtime API.
    pub(crate) upstream: String,
    pub(crate) policies: Arc<Policies>,
    /// The longest that an event waits for its decision.
    pub(crate) patience: Duration,
    /// What was counted for events that are under way.
    pub(crate) bills: Bills,
    /// Where denied records are kept.
    pub(crate) quarantine: Option<Quarantine>,
    /// Who is told of spans.
    pub(crate) exporter: Option<Exporter>,
    pub(crate) ids: Ids,
    /// What the answer to a batch has to hold, by request id.
    pub(crate) pending: Mutex<HashMap<String, Report>>,
}

impl Proxy {
    /// Serves one connection until either side ends it.
    pub(crate) fn serve(&self, client: TcpStream) -> io::Result<()> {
        let desk = Desk::new(&self.policies);
        Session { proxy: self, desk, client: Wire::new(client)?, upstream: None }.run()
    }

    pub(crate) fn connect(&self) -> io::Result<Wire> {
        Wire::new(TcpStream::connect(&self.upstream)?)
    }

    fn expect(&self, id: &str, report: Report) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() >= PENDING {
            pending.clear();
        }
        pending.insert(id.to_string(), report);
    }

    fn expected(&self, id: &str) -> Option<Report> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }

    /// The function has answered, or we have for it.
    fn answered(&self, id: &str, errored: bool) {
        self.bills.answered(id, now().saturating_mul(1_000_000));
        if let Some(exporter) = &self.exporter {
            exporter.answered(id, errored, !self.bills.are_reported());
        }
    }

    /// Lambda has told what it bills.
    pub(crate) fn billed(&self, id: &str, ms: u64) {
        self.bills.billed(id, ms, now().saturating_mul(1_000_000));
        if let Some(exporter) = &self.exporter {
            exporter.billed(ms);
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

struct Session<'p> {
    proxy: &'p Proxy,
    desk: Desk,
    client: Wire,
    upstream: Option<Wire>,
}

impl Session<'_> {
    fn run(mut self) -> io::Result<()> {
        while let Some(mut head) = self.client.head()? {
            let closes = head.closes();
            let Ok(length) = head.length() else {
                return self
                    .client
                    .write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            };
            if head.get("expect").is_some() {
                self.client.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            for hop in ["expect", "connection", "keep-alive"] {
                head.remove(hop);
            }
            head.set("Host", &self.proxy.upstream);
            let (method, path) = head.request();
            let path = path.split('?').next().unwrap_or_default().trim_end_matches('/').to_string();
            let asked_head = method == "HEAD";
            let open = if method == "GET" && path.ends_with("/runtime/invocation/next") {
                self.next(&head, &path)?
            } else {
                let answer = self.forward(head, length, &path)?;
                self.relay(answer, asked_head)?
            };
            if closes || !open {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One `next` of the runtime: as many of ours as there are events that it must not see.
    fn next(&mut self, head: &Head, path: &str) -> io::Result<bool> {
        loop {
            let mut answer = self.exchange(&head.bytes())?;
            let id = answer.get("lambda-runtime-aws-request-id").map(ToString::to_string);
            let Some(id) = id.filter(|_| answer.status() == 200) else { return self.relay(answer, false) };
            let length = answer.answer_length()?;
            let closes = answer.closes() || length == Length::Open;
            let body = self.upstream.as_mut().ok_or(ErrorKind::NotConnected)?.body(length, MOST);
            if closes || body.is_err() {
                self.upstream = None;
            }
            let call = path.strip_suffix("next").unwrap_or(path);
            let event = match body {
                Ok(event) => event,
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    // What can't be held can't be decided on.
                    self.post(&format!("{call}{id}/error"), &failure("the event is too long"), true)?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let header = |name: &str| answer.get(name).unwrap_or_default().to_string();
            let event = Event {
                body: Arc::new(event),
                arn: header("lambda-runtime-invoked-function-arn"),
                trace: header("lambda-runtime-trace-id"),
                at: now(),
            };
            let start = nanos();
            let outcome = self.desk.decide(&event, self.patience(&answer, event.at));
            let place = self.place(&outcome, &event.trace);
            let span = self.proxy.exporter.is_some().then(|| span(&id, &outcome, &place, start));
            let Outcome { ruling, remedy, permit, policy, failed, .. } = outcome;
            if let Some(why) = failed {
                log::failure(&id, why, policy.on_error());
            }
            let event = event.body;
            log::ruling(&id, &ruling, &remedy, &place);
            if let Some(quarantine) = self.proxy.quarantine.as_ref().filter(|_| remedy != Remedy::Forward) {
                quarantine.keep(&id, &event, &ruling.decision);
            }
            if let (Some(limiter), Some(permit)) = (&policy.limiter, permit) {
                self.proxy.bills.admit(&id, limiter, permit);
            }
            if let (Some(exporter), Some(span)) = (&self.proxy.exporter, span) {
                match remedy {
                    Remedy::Forward | Remedy::Rewrite { .. } => exporter.open(span),
                    Remedy::Respond(_) | Remedy::Fail(_) => exporter.close(span),
                }
            }
            let event = match remedy {
                Remedy::Forward => Arc::unwrap_or_clone(event),
                Remedy::Rewrite { event, report } => {
                    if let Some(report) = report {
                        self.proxy.expect(&id, report);
                    }
                    event
                }
                Remedy::Respond(body) => {
                    self.proxy.answered(&id, false);
                    self.post(&format!("{call}{id}/response"), &body, false)?;
                    continue;
                }
                Remedy::Fail(body) => {
                    self.proxy.answered(&id, false);
                    self.post(&format!("{call}{id}/error"), &body, true)?;
                    continue;
                }
            };
            for framing in ["connection", "transfer-encoding", "trailer"] {
                answer.remove(framing);
            }
            answer.set("Content-Length", &event.len().to_string());
            answer.set("traceparent", &place.own.to_string());
            answer.set("tracestate", &place.state);
            let mut out = answer.bytes();
            out.extend_from_slice(&event);
            if let Err(error) = self.client.write(&out) {
                // The runtime went away while it waited: nobody else would ever answer for the event.
                self.post(&format!("{call}{id}/error"), &failure("the runtime went away"), true)?;
                return Err(error);
            }
            return Ok(true);
        }
    }

    fn place(&self, outcome: &Outcome, header: &str) -> Place {
        // Records without a trigger that delivers batches there aren't: one event is one record.
        let batch = outcome.ruling.on_deny.answer == Answer::Strip || outcome.causes.contexts.len() > 1;
        self.proxy.ids.place(&outcome.causes, batch, header)
    }

    /// How long this event waits for its decision: the function has to have time left for it.
    fn patience(&self, answer: &Head, now: u64) -> Duration {
        let deadline = answer.get("lambda-runtime-deadline-ms").and_then(|ms| ms.parse::<u64>().ok());
        let left = deadline.map(|deadline| Duration::from_millis(deadline.saturating_sub(now) / 4 * 3));
        left.map_or(self.proxy.patience, |left| left.min(self.proxy.patience))
    }

    /// Hands a request on and returns the head of its answer.
    fn forward(&mut self, mut head: Head, length: Length, path: &str) -> io::Result<Head> {
        let mut parts = path.rsplit('/');
        let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let report = match kind {
            "response" | "error" if path.contains("/runtime/invocation/") => {
                self.proxy.answered(id, kind == "error");
                self.proxy.expected(id)
            }
            _ => None,
        };
        if let Some(report) = report.filter(|_| kind == "response") {
            let body = self.client.body(length, MOST)?;
            let body = report.complete(&body).unwrap_or(body);
            for framing in ["transfer-encoding", "trailer"] {
                head.remove(framing);
            }
            head.set("Content-Length", &body.len().to_string());
            return self.exchange(&[head.bytes(), body].concat());
        }
        match length {
            Length::Known(n) if n <= MOST as u64 => {
                let mut whole = head.bytes();
                whole.extend_from_slice(&self.client.body(length, MOST)?);
                self.exchange(&whole)
            }
            _ => {
                // A body that passes piece by piece can't be sent twice: no connection that may have gone stale.
                let mut upstream = self.proxy.connect()?;
                self.client.pass(&mut upstream, head.bytes(), length)?;
                let answer = answer(&mut upstream)?.ok_or(ErrorKind::UnexpectedEof)?;
                self.upstream = Some(upstream);
                Ok(answer)
            }
        }
    }

    /// Sends a whole request. One that a connection from before didn't answer at all is sent again over a new one.
    fn exchange(&mut self, request: &[u8]) -> io::Result<Head> {
        if let Some(mut upstream) = self.upstream.take()
            && upstream.write(request).is_ok()
        {
            match answer(&mut upstream) {
                Ok(Some(head)) => {
                    self.upstream = Some(upstream);
                    return Ok(head);
                }
                Err(error) if error.kind() == ErrorKind::InvalidData => return Err(error),
                Ok(None) | Err(_) => {}
            }
        }
        let mut upstream = self.proxy.connect()?;
        upstream.write(request)?;
        let head = answer(&mut upstream)?.ok_or(ErrorKind::UnexpectedEof)?;
        self.upstream = Some(upstream);
        Ok(head)
    }

    /// Hands an answer on; false if the connection ends with it.
    fn relay(&mut self, mut answer: Head, asked_head: bool) -> io::Result<bool> {
        let length = if asked_head { Length::Known(0) } else { answer.answer_length()? };
        let closes = answer.closes() || length == Length::Open;
        if length != Length::Open {
            answer.remove("connection");
        }
        let upstream = self.upstream.as_mut().ok_or(ErrorKind::NotConnected)?;
        upstream.pass(&mut self.client, answer.bytes(), length)?;
        if closes {
            self.upstream = None;
        }
        Ok(length != Length::Open)
    }

    /// Answers for the function.
    fn post(&mut self, path: &str, body: &[u8], failed: bool) -> io::Result<()> {
        let kind =
            if failed { format!("Lambda-Runtime-Function-Error-Type: {BLOCKED}\r\n") } else { String::new() };
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{kind}Content-Length: {}\r\n\r\n",
            self.proxy.upstream,
            body.len()
        );
        let answer = self.exchange(&[head.as_bytes(), body].concat())?;
        let length = answer.answer_length()?;
        if let Some(upstream) = &mut self.upstream {
            upstream.body(length, MOST)?;
        }
        if answer.closes() || length == Length::Open {
            self.upstream = None;
        }
        if answer.status() >= 300 {
            log::line(&format!("the Runtime API refused an answer of ours: {}", answer.first));
        }
        Ok(())
    }
}

fn span(id: &str, outcome: &Outcome, place: &Place, start: u64) -> Box<Span> {
    let decision = &outcome.ruling.decision;
    let mut classes: Vec<&'static str> =
        decision.records.iter().flat_map(|r| &r.reasons).map(|r| r.class.name()).collect();
    classes.sort_unstable();
    classes.dedup();
    Box::new(Span {
        request: id.to_string(),
        own: place.own,
        parent: place.parent,
        batch: place.batch,
        links: place.links.clone(),
        trigger: decision.trigger.name(),
        verdict: decision.verdict.name(),
        mode: if outcome.ruling.only_reports() { Mode::Monitor } else { outcome.ruling.mode }.word(),
        classes,
        records: decision.records.len(),
        denied: decision.records.iter().filter(|r| r.verdict == Verdict::Deny).count(),
        decided_us: u64::try_from(outcome.took.as_micros()).unwrap_or(u64::MAX),
        failed: outcome.failed,
        errored: false,
        start,
        end: start,
    })
}

/// The head of an answer, interim ones left out.
fn answer(upstream: &mut Wire) -> io::Result<Option<Head>> {
    loop {
        match upstream.head()? {
            Some(head) if (100..200).contains(&head.status()) => {}
            other => return Ok(other),
        }
    }
}

fn failure(why: &str) -> Vec<u8> {
    format!("{{\"errorMessage\":\"{why}\",\"errorType\":\"{BLOCKED}\"}}").into_bytes()
}
