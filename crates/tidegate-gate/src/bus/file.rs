//! Quarantine in a folder: one file a message, there when `send` says so.

use super::{Error, Message, Sink, Soon};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(|e| Error::bus("creating the folder of the quarantine", e))?;
        // Better now than when the first message waits for it.
        let trial = path.join(format!(".trial.{}", std::process::id()));
        let written = File::create(&trial).and_then(|_| fs::remove_file(&trial));
        written.map_err(|e| Error::bus("writing to the folder of the quarantine", e))?;
        Ok(Self { path: path.to_path_buf() })
    }

    /// Whole or not at all, and on the disk: the input is acknowledged next.
    fn keep(&self, message: &Message) -> std::io::Result<()> {
        let name = name(message);
        let half = self.path.join(format!(".{name}.{}", std::process::id()));
        let mut file = File::create(&half)?;
        file.write_all(record(message).as_bytes())?;
        file.sync_all()?;
        fs::rename(&half, self.path.join(format!("{name}.json")))?;
        File::open(&self.path)?.sync_all()
    }
}

/// What is kept of a message.
pub(super) fn record(message: &Message) -> String {
    let headers: Vec<_> = message.headers.iter().map(|(n, v)| [n, v]).collect();
    let record = serde_json::json!({
        "version": 1, "id": message.id, "place": message.place, "headers": headers,
        "payload": STANDARD.encode(&message.payload),
    });
    record.to_string()
}

/// The same for the same message, so that a redelivery replaces it; ids hold what names of files can't.
pub(super) fn name(message: &Message) -> String {
    let mut hash = Sha256::new();
    for part in [message.place.as_bytes(), b"\0", message.id.as_bytes(), b"\0", &message.payload] {
        hash.update(part);
    }
    hash.finalize().iter().take(16).fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

impl Sink for Folder {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        let keep = |m| self.keep(m).map_err(|e| Error::bus("writing to the quarantine", e));
        let kept = batch.iter().map(keep).collect();
        Box::pin(std::future::ready(kept))
    }
}
