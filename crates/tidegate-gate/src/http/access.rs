//! The access log: a JSON line a request, with nothing of what the request said.

use super::metrics::Refused;
use serde_json::json;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the access log goes.
#[derive(Clone, Debug, Default)]
pub enum Access {
    /// Nowhere.
    #[default]
    Off,
    /// Standard error.
    Stderr,
    /// A file, at its end.
    File(PathBuf),
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("(none)"),
            Self::Stderr => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Lines that wait to be written. A disk that is too slow loses lines rather than requests.
const WAITING: usize = 8192;

/// One request.
#[derive(Debug)]
pub(super) struct Line {
    /// Nobody knows it of a head that could not be read.
    pub(super) method: Option<String>,
    /// The path alone: queries hold what people said.
    pub(super) path: Option<String>,
    /// Who was cut off has none.
    pub(super) status: Option<u16>,
    pub(super) decision: &'static str,
    pub(super) classes: Vec<&'static str>,
    pub(super) trace: Option<[u8; 32]>,
    pub(super) peer: String,
    pub(super) bytes: usize,
    pub(super) decide_micros: u64,
    pub(super) micros: u64,
}

/// Writes lines in a thread of its own.
#[derive(Debug, Default)]
pub(super) struct Log {
    to: Option<SyncSender<Line>>,
    lost: AtomicU64,
}

impl Log {
    pub(super) fn open(access: &Access) -> std::io::Result<Self> {
        let out: Box<dyn Write + Send> = match access {
            Access::Off => return Ok(Self::default()),
            Access::Stderr => Box::new(std::io::stderr()),
            Access::File(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
        };
        let (to, from) = sync_channel::<Line>(WAITING);
        std::thread::Builder::new().name("access-log".into()).spawn(move || {
            let mut out = BufWriter::new(out);
            while let Ok(line) = from.recv() {
                let mut line = Some(line);
                while let Some(one) = line {
                    let _ = writeln!(out, "{}", one.json());
                    line = from.try_recv().ok();
                }
                let _ = out.flush();
            }
        })?;
        Ok(Self { to: Some(to), lost: AtomicU64::new(0) })
    }

    pub(super) fn is_on(&self) -> bool {
        self.to.is_some()
    }

    pub(super) fn write(&self, line: Line) {
        if self.to.as_ref().is_some_and(|to| to.try_send(line).is_err()) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lines that were not written.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Line {
    /// A request that nobody decided on.
    pub(super) fn refused(peer: &str, why: Refused, status: Option<u16>) -> Self {
        Self {
            method: None,
            path: None,
            status,
            decision: "refuse",
            classes: vec![why.name()],
            trace: None,
            peer: peer.to_string(),
            bytes: 0,
            decide_micros: 0,
            micros: 0,
        }
    }

    fn json(&self) -> serde_json::Value {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        json!({
            "time": u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            "trace": self.trace.as_ref().map(|trace| String::from_utf8_lossy(trace)),
            "peer": self.peer,
            "method": self.method,
            "path": self.path,
            "bytes": self.bytes,
            "status": self.status,
            "decision": self.decision,
            "classes": self.classes,
            "decide_micros": self.decide_micros,
            "micros": self.micros,
        })
    }
}
