//! What the collector didn't take yet, in a file of bounded size: a line each.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

/// The largest file. The disk is the function's.
const MOST: u64 = 8 << 20;

#[derive(Debug)]
pub(super) struct Spool {
    path: PathBuf,
}

impl Spool {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Keeps a batch; false when there is no room for it.
    pub(super) fn keep(&self, batch: &str) -> bool {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let kept = options.open(&self.path).and_then(|mut file| {
            if file.metadata()?.len().saturating_add(batch.len() as u64) >= MOST {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            file.write_all(format!("{batch}\n").as_bytes())
        });
        kept.is_ok()
    }

    /// Gives what was kept to `send`, oldest first, until that fails: the rest stays.
    pub(super) fn drain(&self, send: &mut dyn FnMut(&str) -> bool) {
        let Ok(file) = File::open(&self.path) else { return };
        let mut lines = BufReader::new(file).lines().map_while(Result::ok);
        let left = lines.find(|line| !send(line));
        let _ = std::fs::remove_file(&self.path);
        for line in left.into_iter().chain(lines) {
            self.keep(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_stays_and_never_grows_beyond_its_bound() {
        let path = std::env::temp_dir().join(format!("tidegate-spool-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let spool = Spool::new(path.clone());
        for batch in ["a", "b", "c"] {
            assert!(spool.keep(batch));
        }
        let mut seen = Vec::new();
        let mut first = |line: &str| {
            seen.push(line.to_string());
            line == "a"
        };
        spool.drain(&mut first);
        spool.drain(&mut |line| {
            seen.push(line.to_string());
            true
        });
        assert_eq!(seen, ["a", "b", "b", "c"]);
        assert!(!path.exists());
        let long = "x".repeat(3 << 20);
        assert_eq!([(); 3].map(|()| spool.keep(&long)), [true, true, false]);
        let _ = std::fs::remove_file(path);
    }
}
