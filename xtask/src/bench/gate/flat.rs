//! Whether memory stays what it was.

use std::fmt;

/// Fewer samples say nothing.
const FEWEST: usize = 40;

/// What memory did during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Flat,
    Grows,
    /// Nobody can tell yet.
    TooShort,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flat => "flat",
            Self::Grows => "GROWS",
            Self::TooShort => "too short a run to tell",
        })
    }
}

/// Compares the last quarter with the second: in the first, buffers and pools fill. In KiB, a sample at each interval.
///
/// A twentieth and a megabyte are what an allocator moves by itself. A byte that each request loses is more than that after
/// some minutes.
pub(super) fn verdict(samples: &[u64]) -> Verdict {
    let quarter = samples.len() / 4;
    if samples.len() < FEWEST {
        return Verdict::TooShort;
    }
    let part = |from: usize, to: usize| median(samples.get(from..to).unwrap_or_default());
    let (early, late) = (part(quarter, 2 * quarter), part(samples.len() - quarter, samples.len()));
    if late > early + early / 20 + 1024 { Verdict::Grows } else { Verdict::Flat }
}

fn median(samples: &[u64]) -> u64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(memory: impl Fn(u64) -> u64) -> Verdict {
        verdict(&(0..600).map(memory).collect::<Vec<_>>())
    }

    #[test]
    fn what_fills_at_the_start_is_flat_and_what_goes_on_is_not() {
        assert_eq!(of(|second| 20_000 + second % 7 * 300), Verdict::Flat, "noise");
        assert_eq!(of(|second| 8_000 + second.min(100) * 200), Verdict::Flat, "pools that fill");
        assert_eq!(of(|second| if second % 50 == 0 { 90_000 } else { 20_000 }), Verdict::Flat, "peaks");
        assert_eq!(of(|second| 20_000 + second * 10), Verdict::Grows, "10 KiB a second");
        assert_eq!(of(|second| if second > 400 { 40_000 } else { 20_000 }), Verdict::Grows, "a late step");
        assert_eq!(verdict(&[1; 39]), Verdict::TooShort);
    }
}
