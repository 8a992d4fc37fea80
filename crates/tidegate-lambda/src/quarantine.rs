//! Denied records, kept for somebody to look at.

use crate::log;
use crate::proxy::now;
use crate::s3::Object;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tidegate_decide::{Decision, denied, sigv4};

/// The largest file: whoever sends attacks must not fill a disk.
const MOST: u64 = 256 << 20;
/// Events that wait for their upload, and bytes of all of them: nor must they fill the memory.
const WAITING: usize = 64;
const HELD: usize = 16 << 20;
/// Tries for one object. A connection breaks where Lambda freezes the function in the middle of it.
const TRIES: usize = 3;

/// A place for denied records.
#[derive(Debug)]
pub(crate) enum Quarantine {
    /// A file of JSON lines.
    Lines(Mutex<File>),
    /// Objects in a bucket, one an event, uploaded beside the events.
    Bucket { prefix: Object, sender: SyncSender<Upload>, held: Arc<AtomicUsize> },
}

/// An object on its way.
#[derive(Debug)]
pub(crate) struct Upload {
    object: Object,
    body: Vec<u8>,
}

impl Quarantine {
    /// The path of a file, or `s3://BUCKET/PREFIX`.
    ///
    /// # Errors
    /// A file or bucket that nobody could write to: who asks for it learns that now, not with the first denied event.
    pub(crate) fn of(to: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        if !to.starts_with("s3://") {
            // The rest of an address may hold a password.
            let scheme = to
                .split_once("://")
                .map(|(scheme, _)| scheme)
                .or_else(|| to.starts_with("file:").then_some("file"));
            if let Some(scheme) = scheme {
                return Err(format!(
                    "TIDEGATE_QUARANTINE is the path of a file or s3://BUCKET/PREFIX, not `{scheme}:`"
                ));
            }
            let file = OpenOptions::new().append(true).create(true).open(to);
            let file = file.map_err(|e| format!("TIDEGATE_QUARANTINE: could not write to `{to}`: {e}"))?;
            return Ok(Self::Lines(Mutex::new(file)));
        }
        let prefix = Object::of(to.trim_end_matches('/'), variable)?;
        let (sender, uploads) = sync_channel::<Upload>(WAITING);
        let held = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&held);
        let uploading = thread::Builder::new().spawn(move || {
            for Upload { object, body } in uploads {
                let mut result = object.write(&body);
                for _ in 1..TRIES {
                    if result.is_err() {
                        result = object.write(&body);
                    }
                }
                if let Err(error) = result {
                    log::line(&format!("could not keep a denied record: {error}"));
                }
                left.fetch_sub(body.len(), Ordering::Relaxed);
            }
        });
        uploading.map_err(|e| format!("no thread for the quarantine: {e}"))?;
        Ok(Self::Bucket { prefix, sender, held })
    }

    /// Keeps what was denied of an event. The decision stands whether that works or not.
    pub(crate) fn keep(&self, id: &str, event: &[u8], decision: &Decision) {
        if let Err(error) = self.write(id, event, decision) {
            log::line(&format!("could not keep a denied record: {error}"));
        }
    }

    /// Waits for what is on its way, until then at most.
    pub(crate) fn flush(&self, until: Instant) {
        let Self::Bucket { held, .. } = self else { return };
        while held.load(Ordering::Relaxed) > 0 && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[cfg_attr(
        not(feature = "s3"),
        expect(unused_variables, unreachable_code, reason = "there are no buckets")
    )]
    fn write(&self, id: &str, event: &[u8], decision: &Decision) -> io::Result<()> {
        let mut lines = String::new();
        for (index, record) in denied(event, decision) {
            // As text, whatever it is: a record must not be read as part of the line around it.
            let record = String::from_utf8_lossy(record);
            let trigger = decision.trigger.name();
            let line = json!({"request_id": id, "trigger": trigger, "index": index, "record": record});
            lines.push_str(&format!("{line}\n"));
        }
        match self {
            Self::Lines(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                if file.metadata()?.len().saturating_add(lines.len() as u64) > MOST {
                    return Err(ErrorKind::FileTooLarge.into());
                }
                file.write_all(lines.as_bytes())
            }
            Self::Bucket { prefix, sender, held } => {
                // `20261126T...` as the folder of a day.
                let day: String = sigv4::timestamp(now() / 1000).chars().take(8).collect();
                let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                let object = prefix.below(&format!("{day}/{id}.jsonl"));
                let length = lines.len();
                if held.fetch_add(length, Ordering::Relaxed).saturating_add(length) > HELD
                    || sender.try_send(Upload { object, body: lines.into_bytes() }).is_err()
                {
                    held.fetch_sub(length, Ordering::Relaxed);
                    return Err(io::Error::other("too many wait for their upload"));
                }
                Ok(())
            }
        }
    }
}
