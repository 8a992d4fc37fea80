//! What was fetched from registries: `tidegate.lock.json` beside `tidegate.toml`.

use crate::registry::Revision;
use serde::{Deserialize, Serialize};
use std::path::Path;
use tidegate_decide::schema::compile;

/// The file's name.
pub(crate) const LOCK: &str = "tidegate.lock.json";
/// The version that is written and read.
const VERSION: u32 = 1;

/// All that was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    version: u32,
    /// In the order of their files.
    pub(crate) schemas: Vec<Locked>,
}

/// A file that came from a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Locked {
    /// Seen from the folder of the lock file.
    pub(crate) file: String,
    /// Address of the registry.
    pub(crate) registry: String,
    pub(crate) subject: String,
    pub(crate) version: Revision,
    /// The id that stands in front of payloads.
    pub(crate) id: u64,
    /// Of the file, as [`compile::digest`] writes it.
    pub(crate) digest: String,
}

impl Default for Lock {
    fn default() -> Self {
        Self { version: VERSION, schemas: Vec::new() }
    }
}

impl Lock {
    /// The lock file in a folder; empty when there is none.
    pub(crate) fn load(folder: &Path) -> Result<Self, String> {
        let text = match std::fs::read_to_string(folder.join(LOCK)) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(e.to_string()),
        };
        let lock: Self = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        if lock.version != VERSION {
            return Err(format!("it has version {}; this program knows {VERSION}", lock.version));
        }
        Ok(lock)
    }

    /// What is known of a file.
    pub(crate) fn of(&self, file: &str) -> Option<&Locked> {
        let file = file.trim_start_matches("./");
        self.schemas.iter().find(|locked| locked.file == file)
    }

    /// Takes over what was fetched anew.
    pub(crate) fn insert(&mut self, locked: Locked) {
        self.schemas.retain(|known| known.file != locked.file);
        let at = self.schemas.partition_point(|known| known.file < locked.file);
        self.schemas.insert(at, locked);
    }
}

impl Locked {
    /// Whether a text is the one that was fetched.
    pub(crate) fn fits(&self, text: &str) -> bool {
        compile::digest(&[text]) == self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(file: &str, text: &str) -> Locked {
        let digest = compile::digest(&[text]);
        let (registry, subject) = ("http://r".to_string(), "s".to_string());
        Locked { file: file.into(), registry, subject, version: Revision::Number(1), id: 1, digest }
    }

    #[test]
    fn one_entry_a_file_in_order() {
        let mut lock = Lock::default();
        for (file, text) in [("b", "1"), ("a", "1"), ("b", "2")] {
            lock.insert(locked(file, text));
        }
        let files: Vec<&str> = lock.schemas.iter().map(|l| l.file.as_str()).collect();
        assert_eq!(files, ["a", "b"]);
        let b = lock.of("./b").unwrap();
        assert!(b.fits("2") && !b.fits("1"));
    }
}
