//! What this crate reads from outside, for fuzzing alone: text in, nothing out, and it must end without a panic.
//!
//! The targets of `fuzz/fuzz_targets` take this file in by its path, since a program has no library.

#[cfg(test)]
#[path = "../../tidegate-read/tests/fuzz/runner.rs"]
mod runner;

use crate::http::{Length, Wire};
use crate::reports;
use std::io::{self, Read, Write};

/// A target by its name, which is also that of its folder of seeds.
type Target = (&'static str, fn(&str));

/// Every target.
pub(crate) const TARGETS: &[Target] = &[("lambda-framing", framing), ("lambda-telemetry", telemetry)];

/// The longest body that is read.
const MOST: usize = 1 << 16;

/// A connection on which bytes come in pieces of one length.
struct Pieces<'b> {
    left: &'b [u8],
    length: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.length.min(out.len());
        self.left.read(out.get_mut(..length).unwrap_or_default())
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection that keeps what is written.
struct Kept<'b>(&'b mut Vec<u8>);

impl Read for Kept<'_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl Write for Kept<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn wire(left: &[u8], length: usize) -> Wire<Pieces<'_>> {
    Wire::over(Pieces { left, length })
}

/// Where bytes are cut on their way changes nothing, and what is passed on is what would have been read.
fn framing(text: &str) {
    let bytes = text.as_bytes();
    let whole = messages(bytes, usize::MAX);
    for length in [1, 7, 4096] {
        assert_eq!(messages(bytes, length), whole);
    }
    let mut passed = Vec::new();
    if wire(bytes, 5).pass(&mut Wire::over(Kept(&mut passed)), Vec::new(), Length::Chunked).is_ok() {
        let read = |bytes: &[u8]| wire(bytes, usize::MAX).body(Length::Chunked, usize::MAX).ok();
        assert!(bytes.starts_with(&passed));
        assert_eq!(read(&passed), read(bytes));
    }
}

/// Messages with their bodies, until something is wrong.
fn messages(bytes: &[u8], length: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut wire = wire(bytes, length);
    let mut out = Vec::new();
    while let Ok(Some(head)) = wire.head() {
        let Ok(length) = head.length() else { break };
        let Ok(body) = wire.body(length, MOST) else { break };
        out.push((head.bytes(), body));
    }
    out
}

/// Bills are of somebody, and bounded by their text.
fn telemetry(text: &str) {
    let bills = reports::billed(text.as_bytes());
    assert!(bills.len() <= text.len());
}

#[cfg(test)]
mod tests {
    use super::{TARGETS, runner};

    #[test]
    fn what_comes_from_outside_survives_mutations() {
        runner::run(TARGETS);
    }
}
