//! A defect of ours: said in words, with the exit code of an error.

use crate::exit::Exit;
use crate::output;
use std::panic::PanicHookInfo;

/// Handles panics from now on, on every thread.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        output::tell(&words(info));
        #[expect(clippy::exit, reason = "what the other threads know after a defect is not to be trusted")]
        std::process::exit(Exit::Error.code().into());
    }));
}

fn words(info: &PanicHookInfo<'_>) -> String {
    let said = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "error: a defect of Tidegate ended the run: {said}\nhelp: please report it with the input, and this: \
         tidegate {version}, {place}\n"
    )
}
