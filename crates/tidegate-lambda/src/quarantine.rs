//! Denied records, kept for somebody to look at.

use crate::log;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tidegate_decide::{Decision, denied};

/// The largest file: whoever sends attacks must not fill a disk.
const MOST: u64 = 256 << 20;

/// A file of JSON lines, opened when it is first needed.
#[derive(Debug)]
pub(crate) struct Quarantine {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl Quarantine {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: Mutex::new(None) }
    }

    /// Keeps what was denied of an event. The decision stands whether that works or not.
    pub(crate) fn keep(&self, id: &str, event: &[u8], decision: &Decision) {
        if let Err(error) = self.write(id, event, decision) {
            log::line(&format!("could not keep a denied record: {error}"));
        }
    }

    fn write(&self, id: &str, event: &[u8], decision: &Decision) -> io::Result<()> {
        let mut lines = String::new();
        for (index, record) in denied(event, decision) {
            // As text, whatever it is: a record must not be read as part of the line around it.
            let record = String::from_utf8_lossy(record);
            let trigger = decision.trigger.name();
            let line = json!({"request_id": id, "trigger": trigger, "index": index, "record": record});
            lines.push_str(&format!("{line}\n"));
        }
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match held.take() {
            Some(file) => held.insert(file),
            None => held.insert(OpenOptions::new().append(true).create(true).open(&self.path)?),
        };
        if file.metadata()?.len().saturating_add(lines.len() as u64) > MOST {
            return Err(ErrorKind::FileTooLarge.into());
        }
        file.write_all(lines.as_bytes())
    }
}
