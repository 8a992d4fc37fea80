//! Ctrl-C: leaves neither a bar on the terminal nor a half-written file behind.

use crate::exit::Exit;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What has to be taken away before the process ends.
#[derive(Default)]
struct Mess {
    bar: Option<ProgressBar>,
    file: Option<PathBuf>,
    folder: Option<PathBuf>,
}

static MESS: Mutex<Mess> = Mutex::new(Mess { bar: None, file: None, folder: None });

/// A command ends by itself in order.
static ELSEWHERE: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C is the business of the command that runs.
pub(crate) fn leave_to_command() {
    ELSEWHERE.store(true, Ordering::Relaxed);
}

/// Handles Ctrl-C from now on.
pub(crate) fn install() {
    // When there is a handler already, or none can be set, the system's default still ends the process.
    let _ = ctrlc::set_handler(|| {
        if ELSEWHERE.load(Ordering::Relaxed) {
            return;
        }
        let mess = std::mem::take(&mut *lock());
        if let Some(bar) = mess.bar {
            bar.finish_and_clear();
        }
        if let Some(file) = mess.file {
            let _ = std::fs::remove_file(file);
        }
        if let Some(folder) = mess.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
        #[expect(
            clippy::exit,
            reason = "the other threads are in the middle of work that nobody waits for any more"
        )]
        std::process::exit(Exit::Interrupted.code().into());
    });
}

/// Clears this bar on Ctrl-C; `None` when it is gone.
pub(crate) fn clear_bar(bar: Option<ProgressBar>) {
    lock().bar = bar;
}

/// Removes a file on Ctrl-C, and when the guard is dropped; nothing happens if it isn't there any more.
#[must_use]
pub(crate) fn remove_on_end(file: &Path) -> Guard {
    lock().file = Some(file.to_path_buf());
    Guard(())
}

/// Removes a temporary folder of ours on Ctrl-C; `None` when it is gone.
pub(crate) fn remove_folder(folder: Option<PathBuf>) {
    lock().folder = folder;
}

/// See [`remove_on_end`].
pub(crate) struct Guard(());

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(file) = lock().file.take() {
            let _ = std::fs::remove_file(file);
        }
    }
}

fn lock() -> MutexGuard<'static, Mess> {
    MESS.lock().unwrap_or_else(PoisonError::into_inner)
}
