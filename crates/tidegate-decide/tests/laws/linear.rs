//! Time grows with the length of a text and with nothing else.

use super::fillers::FILLERS;
use std::time::Duration;
use tidegate_decide::Guard;

fn time(guard: &mut Guard, filler: &str, length: usize) -> Duration {
    let text = filler.repeat(length / filler.len());
    let event =
        serde_json::json!({"Records": [{"eventSource": "aws:sqs", "body": format!("7 {text}")}]}).to_string();
    let once = |guard: &mut Guard| {
        let start = on_processor();
        guard.decide(event.as_bytes(), None);
        on_processor() - start
    };
    (0..2).map(|_| once(guard)).min().unwrap()
}

/// Time that this thread has had a processor, which others that want it don't change.
#[cfg(unix)]
fn on_processor() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

#[cfg(not(unix))]
fn on_processor() -> Duration {
    use std::{sync::LazyLock, time::Instant};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// Eight times the length may take somewhat more than eight times as long; quadratic work takes sixty-four times.
#[test]
fn no_filler_makes_it_quadratic() {
    let mut guard = Guard::default();
    let mut steep = Vec::new();
    for filler in FILLERS.iter().flat_map(|(_, fillers)| *fillers) {
        let measure = |guard: &mut Guard| {
            let small = time(guard, filler, 12 << 10);
            time(guard, filler, 96 << 10).as_secs_f64() / small.as_secs_f64()
        };
        // A machine that is busy elsewhere is no proof: whoever is steep is asked again.
        if (0..3).all(|_| measure(&mut guard) > 24.0) {
            steep.push(filler);
        }
    }
    assert!(steep.is_empty(), "more than linear: {steep:?}");
}
