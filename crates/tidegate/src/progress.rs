//! The bar: on a terminal alone, on stderr, and only when there is something to wait for.

use crate::interrupt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// What a run is busy with. Taken off the terminal when dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins; stays invisible when `quiet` or when stderr is no terminal.
    pub(crate) fn start(quiet: bool, message: &'static str) -> Self {
        let bar = ProgressBar::hidden();
        if !quiet && std::io::stderr().is_terminal() {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.set_message(message);
            appear(bar.clone());
            interrupt::clear_bar(Some(bar.clone()));
        }
        Self { bar }
    }

    /// Says what comes next.
    pub(crate) fn step(&self, message: &'static str) {
        self.bar.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        interrupt::clear_bar(None);
    }
}

/// Shows the bar once the run has taken longer than anyone notices, so that a quick one doesn't flicker.
fn appear(bar: ProgressBar) {
    const NOTICEABLE: Duration = Duration::from_millis(400);
    const LOOK: Duration = Duration::from_millis(100);
    std::thread::spawn(move || {
        let begun = Instant::now();
        while begun.elapsed() < NOTICEABLE {
            std::thread::sleep(LOOK);
            if bar.is_finished() {
                return;
            }
        }
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(LOOK);
        // The run may have ended between the look and the drawing.
        if bar.is_finished() {
            bar.finish_and_clear();
        }
    });
}
