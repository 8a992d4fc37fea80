//! Denied requests, kept aside for whoever looks at them later.
//!
//! Beside the requests: they are put in a queue with bounds, and what finds no room there is lost and counted.

use super::Error;
use super::server::Running;
use crate::bus::{Address, Message, Sink, open_sink};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName};
use hyper::http::request::Parts;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

/// Requests that wait.
const WAITING: usize = 1024;
/// Bytes of their bodies.
const BYTES: usize = 64 << 20;
/// Requests that are written at once.
const BATCH: usize = 32;
/// How often it is tried.
const TRIES: u32 = 3;
/// Before it is tried again; longer each time.
const PAUSE: Duration = Duration::from_millis(200);
/// Until a try has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Headers whose values open doors: who reads what was kept has no need of them.
const SECRET: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::COOKIE,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-amz-security-token"),
];
const WITHHELD: &str = "(withheld)";

/// What became of denied requests.
#[derive(Debug, Default)]
pub(super) struct Counts {
    kept: AtomicU64,
    lost: AtomicU64,
    /// Bytes that wait.
    bytes: AtomicUsize,
}

impl Counts {
    /// For a scraper.
    pub(super) fn text(&self) -> String {
        let (kept, lost) = (self.kept.load(Relaxed), self.lost.load(Relaxed));
        format!(
            "# HELP tidegate_quarantined_total Denied requests that were to be kept aside.\n# TYPE tidegate_quarantined_total counter\n\
             tidegate_quarantined_total{{result=\"kept\"}} {kept}\ntidegate_quarantined_total{{result=\"lost\"}} {lost}\n"
        )
    }
}

/// The way there, of one worker.
#[derive(Clone)]
pub(super) struct Quarantine {
    to: mpsc::Sender<Denied>,
    counts: Arc<Counts>,
}

/// A denied request.
pub(super) struct Denied {
    pub(super) parts: Parts,
    pub(super) body: Bytes,
    pub(super) classes: Vec<&'static str>,
    pub(super) trace: [u8; 32],
    pub(super) peer: String,
}

impl Quarantine {
    /// Waits for nothing.
    pub(super) fn keep(&self, denied: Denied) {
        let length = denied.body.len();
        let room = self.counts.bytes.fetch_add(length, Relaxed) + length <= BYTES;
        if !room || self.to.try_send(denied).is_err() {
            self.counts.bytes.fetch_sub(length, Relaxed);
            self.counts.lost.fetch_add(1, Relaxed);
        }
    }
}

/// Opens the place, and writes to it in a thread of its own. That ends with the last worker, or so long after it is over.
pub(super) fn open(
    address: Address,
    running: &Arc<Running>,
    over: watch::Receiver<bool>,
    drain: Duration,
) -> Result<(Quarantine, JoinHandle<()>), Error> {
    if !matches!(address, Address::File(_) | Address::S3 { .. } | Address::Sqs { .. }) {
        let places =
            "denied requests are kept in file:FOLDER, s3://BUCKET/PREFIX or sqs://REGION/ACCOUNT/NAME";
        return Err(Error::Quarantine(places.to_string()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    let (to, from) = mpsc::channel(WAITING);
    let (ready, opened) = std::sync::mpsc::sync_channel(1);
    let writer = Arc::clone(running);
    let thread = std::thread::Builder::new().name("gate-quarantine".into());
    let handle = thread.spawn(move || {
        runtime.block_on(async {
            let sink = match open_sink(&address).await {
                Ok(sink) => sink,
                Err(error) => return drop(ready.send(Err(error.to_string()))),
            };
            let _ = ready.send(Ok(()));
            write(sink, from, &writer, over, drain).await;
        });
    });
    let handle = handle.map_err(Error::Start)?;
    match opened.recv() {
        Ok(Ok(())) => Ok((Quarantine { to, counts: Arc::clone(&running.quarantined) }, handle)),
        Ok(Err(problem)) => Err(Error::Quarantine(problem)),
        Err(_) => Err(Error::Quarantine("the quarantine could not be opened".to_string())),
    }
}

async fn write(
    mut sink: Box<dyn Sink>,
    mut from: mpsc::Receiver<Denied>,
    running: &Running,
    mut over: watch::Receiver<bool>,
    drain: Duration,
) {
    let counts = &running.quarantined;
    let mut failing = false;
    let all = async {
        let mut batch = Vec::with_capacity(BATCH);
        while from.recv_many(&mut batch, BATCH).await > 0 {
            let bytes: usize = batch.iter().map(|denied| denied.body.len()).sum();
            let messages: Vec<Message> = batch.drain(..).map(Denied::message).collect();
            let problem = keep(&mut *sink, messages, counts).await;
            counts.bytes.fetch_sub(bytes, Relaxed);
            // A place that is gone is said once, not for every request.
            if let Some(problem) = problem.as_ref().filter(|_| !failing) {
                running.tell(&format!("error: a denied request could not be kept aside: {problem}"));
            }
            failing = problem.is_some();
        }
    };
    let bound = async {
        // Who is gone can't tell, and then it is over as well.
        let _ = over.wait_for(|over| *over).await;
        sleep(drain).await;
    };
    let in_time = tokio::select! { () = all => true, () = bound => false };
    if !in_time {
        running.tell("error: not all denied requests could be kept aside before the end");
    }
}

/// Tries some times; returns what went wrong with those that are lost.
async fn keep(sink: &mut dyn Sink, mut messages: Vec<Message>, counts: &Counts) -> Option<String> {
    let mut problem = None;
    for attempt in 1..=TRIES {
        let sent = timeout(PATIENCE, sink.send(&messages)).await.unwrap_or_default();
        let mut sent = sent.into_iter();
        let before = messages.len();
        messages.retain(|_| match sent.next() {
            Some(Ok(())) => false,
            Some(Err(error)) => {
                problem = Some(error.to_string());
                true
            }
            None => {
                problem = Some("no confirmation in time".to_string());
                true
            }
        });
        counts.kept.fetch_add((before - messages.len()) as u64, Relaxed);
        if messages.is_empty() {
            return None;
        }
        if attempt < TRIES {
            sleep(PAUSE * attempt).await;
        }
    }
    counts.lost.fetch_add(messages.len() as u64, Relaxed);
    problem
}

impl Denied {
    fn message(self) -> Message {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let Self { parts, body, classes, trace, peer } = self;
        let trace = String::from_utf8_lossy(&trace).into_owned();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let headers: Vec<Value> = parts
            .headers
            .iter()
            .map(|(name, value)| {
                let secret = SECRET.contains(name);
                let value = if secret { WITHHELD.into() } else { String::from_utf8_lossy(value.as_bytes()) };
                json!([name.as_str(), value])
            })
            .collect();
        let (text, coded) = match std::str::from_utf8(&body) {
            Ok(text) => (text.to_string(), false),
            Err(_) => (STANDARD.encode(&body), true),
        };
        let record = json!({
            "version": 1, "time": time, "trace": trace, "peer": peer, "reasons": classes,
            "method": parts.method.as_str(), "path": parts.uri.path(), "query": parts.uri.query().unwrap_or_default(),
            "headers": headers, "body": text, "isBase64Encoded": coded,
        });
        // Clients choose traces, and may send one twice: each request is one of its own.
        let id = format!("{trace}-{}-{}", since.as_nanos(), NUMBER.fetch_add(1, Relaxed));
        Message {
            id,
            place: "gate".to_string(),
            payload: record.to_string().into_bytes(),
            headers: vec![("tidegate-reasons".to_string(), classes.join(","))],
            native: None,
        }
    }
}

#[cfg(test)]
mod tests;
