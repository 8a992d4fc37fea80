//! A defect of ours: said in words, with the exit code of an error.

use crate::exit::Exit;
use crate::output;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

/// A command goes on after a defect in one of its tasks.
static GOES_ON: AtomicBool = AtomicBool::new(false);

/// From now on a defect ends the task that it is in, and no longer the run: who stands before others' services says what
/// becomes of an event that it failed on.
pub(crate) fn go_on() {
    GOES_ON.store(true, Ordering::Relaxed);
}

/// Handles panics from now on, on every thread.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let goes_on = GOES_ON.load(Ordering::Relaxed);
        output::tell(&words(info, goes_on));
        if goes_on {
            return;
        }
        #[expect(clippy::exit, reason = "what the other threads know after a defect is not to be trusted")]
        std::process::exit(Exit::Error.code().into());
    }));
}

fn words(info: &PanicHookInfo<'_>, goes_on: bool) -> String {
    let ended = if goes_on { "a task" } else { "the run" };
    let said = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "error: a defect of Tidegate ended {ended}: {said}\nhelp: please report it with the input, and this: \
         tidegate {version}, {place}\n"
    )
}
