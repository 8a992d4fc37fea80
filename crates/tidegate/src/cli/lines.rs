//! Lines of JSON, each with an event: bounded, and counted for what is told of them.

use std::io::{BufRead, Read as _, Result};

/// One line at most: an event with what stands around it.
const MAX: u64 = 64 << 20;

/// What editors on Windows begin a file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Line,
    /// Longer than a line may be; it is passed over.
    Long,
    End,
}

/// What is told of a line that is too long.
pub(super) const LONG: &str = "the line is longer than 64 MiB";

/// Reads the next line that isn't blank into `line`, and counts all of them in `number`.
pub(super) fn next(input: &mut impl BufRead, line: &mut Vec<u8>, number: &mut u64) -> Result<Next> {
    loop {
        line.clear();
        if input.by_ref().take(MAX).read_until(b'\n', line)? == 0 {
            return Ok(Next::End);
        }
        *number += 1;
        if *number == 1 && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if line.len() as u64 == MAX && !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
            return Ok(Next::Long);
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Next::Line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_and_marks_are_passed_over() {
        let (mut input, mut line, mut number) = (&b"\xef\xbb\xbf{}\n\n  \r\n[1]"[..], Vec::new(), 0);
        let mut read =
            || next(&mut input, &mut line, &mut number).map(|n| (n, line.clone(), number)).unwrap();
        assert_eq!(read(), (Next::Line, b"{}\n".to_vec(), 1));
        assert_eq!(read(), (Next::Line, b"[1]".to_vec(), 4));
        assert_eq!(read().0, Next::End);
    }
}
