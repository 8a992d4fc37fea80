//! Between the runtime and the Runtime API: events are decided on before they are handed over, all else passes.

use crate::http::{Head, Length, Wire};
use crate::log;
use crate::quarantine::Quarantine;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tidegate_decide::json::Tape;
use tidegate_decide::limit::{Facts, Limiter, Permit};
use tidegate_decide::{BLOCKED, Guard, Remedy, Report, Ruling, Settings, Trust, remedy};
use tidegate_graph::contract::Contract;

/// The longest message that is held as a whole; Lambda itself takes 6 MB.
const MOST: usize = 32 << 20;
/// Answers of functions that are waited for. More than one for each `next` there can't be.
const PENDING: usize = 4096;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Address of the Runtime API.
    pub(crate) upstream: String,
    pub(crate) contract: Option<Contract>,
    pub(crate) settings: Settings,
    /// Name of the function in the contract.
    pub(crate) function: String,
    /// Secrets of the contract, and what passed before.
    pub(crate) trust: Arc<Trust>,
    /// What is counted, with the resource id of the function.
    pub(crate) limiter: Option<(Limiter, String)>,
    /// What was counted for events that are under way, by request id.
    pub(crate) permits: Mutex<HashMap<String, Permit>>,
    /// Where denied records are kept.
    pub(crate) quarantine: Option<Quarantine>,
    /// What the answer to a batch has to hold, by request id.
    pub(crate) pending: Mutex<HashMap<String, Report>>,
}

impl Proxy {
    /// Serves one connection until either side ends it.
    pub(crate) fn serve(&self, client: TcpStream) -> io::Result<()> {
        let guard = Guard::new(self.settings.clone()).trusting(Arc::clone(&self.trust));
        Session { proxy: self, guard, tape: Tape::default(), client: Wire::new(client)?, upstream: None }
            .run()
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

    fn admit(&self, id: &str, permit: Option<Permit>) {
        let Some(permit) = permit else { return };
        let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
        if permits.len() >= PENDING {
            permits.clear();
        }
        permits.insert(id.to_string(), permit);
    }

    /// The function has answered: the time that it took is the bill.
    fn settle(&self, id: &str) {
        let permit = self.permits.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let (Some((limiter, _)), Some(permit)) = (&self.limiter, permit) {
            limiter.settle(permit, None, now().saturating_mul(1_000_000));
        }
    }

    fn expected(&self, id: &str) -> Option<Report> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

struct Session<'p> {
    proxy: &'p Proxy,
    guard: Guard,
    tape: Tape,
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
            let arn = answer.get("lambda-runtime-invoked-function-arn").unwrap_or_default();
            let (ruling, permit) = self.rule(&event, arn);
            let remedy = remedy(&event, &ruling);
            log::ruling(&id, &ruling, &remedy);
            if let Some(quarantine) = self.proxy.quarantine.as_ref().filter(|_| remedy != Remedy::Forward) {
                quarantine.keep(&id, &event, &ruling.decision);
            }
            self.proxy.admit(&id, permit);
            let event = match remedy {
                Remedy::Forward => event,
                Remedy::Strip { event, report } => {
                    if let Some(report) = report {
                        self.proxy.expect(&id, report);
                    }
                    event
                }
                Remedy::Respond(body) => {
                    self.proxy.settle(&id);
                    self.post(&format!("{call}{id}/response"), &body, false)?;
                    continue;
                }
                Remedy::Fail(body) => {
                    self.proxy.settle(&id);
                    self.post(&format!("{call}{id}/error"), &body, true)?;
                    continue;
                }
            };
            for framing in ["connection", "transfer-encoding", "trailer"] {
                answer.remove(framing);
            }
            answer.set("Content-Length", &event.len().to_string());
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

    fn rule(&mut self, event: &[u8], arn: &str) -> (Ruling, Option<Permit>) {
        let now = now();
        self.guard.at(now);
        let Some(contract) = &self.proxy.contract else { return (self.guard.rule(event, None), None) };
        let known = contract.function(&self.proxy.function).is_some();
        let name = if known { &self.proxy.function } else { arn };
        let guard = &mut self.guard;
        let mut judge = || guard.decide_for(event, None, contract, name);
        match (&self.proxy.limiter, Facts::read(event, None, &mut self.tape)) {
            (Some((limiter, id)), Some(facts)) => {
                limiter.around(id, &facts, now.saturating_mul(1_000_000), judge)
            }
            _ => (judge(), None),
        }
    }

    /// Hands a request on and returns the head of its answer.
    fn forward(&mut self, mut head: Head, length: Length, path: &str) -> io::Result<Head> {
        let mut parts = path.rsplit('/');
        let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let report = match kind {
            "response" | "error" if path.contains("/runtime/invocation/") => {
                self.proxy.settle(id);
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
