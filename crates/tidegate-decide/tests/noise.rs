//! Numbers, keys and passwords that were made at random pass: no event is denied for chance.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::json;
use tidegate_decide::{Guard, Verdict};

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The same numbers each time: xorshift.
struct Chance(u64);

impl Chance {
    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        let mut next = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 >> 40).unwrap()
        };
        (0..length).map(|_| char::from(alphabet[next() % alphabet.len()])).collect()
    }
}

/// How many of so many texts are denied, with one of them.
fn denied(
    alphabet: &str,
    length: usize,
    count: usize,
    event: impl Fn(&str) -> String,
) -> (usize, Option<String>) {
    let (mut chance, mut guard) = (Chance(88_172_645_463_325_252), Guard::default());
    let texts = (0..count).map(|_| chance.text(alphabet.as_bytes(), length));
    let mut denied =
        texts.filter(|text| guard.decide(event(text).as_bytes(), None).verdict != Verdict::Allow);
    let first = denied.next();
    (denied.count() + usize::from(first.is_some()), first)
}

fn note(text: &str) -> String {
    json!({ "note": text }).to_string()
}

#[test]
fn numbers_and_keys() {
    for (signs, length) in [
        ("", 8),
        ("", 12),
        ("", 16),
        ("", 22),
        ("", 32),
        ("-_", 21),
        ("-_", 43),
        ("+/", 24),
        ("+/", 44),
        ("+/", 88),
    ] {
        let found = denied(&format!("{LETTERS}{signs}"), length, 20_000, note);
        assert_eq!(found, (0, None), "{length} of letters, digits and {signs:?}");
    }
}

/// Three signs in a row may mean something to a shell or a database: of 20,000, two at most.
#[test]
fn passwords() {
    for length in [10, 16, 24] {
        let found = denied(&format!("{LETTERS}!@#$%^&*-_+="), length, 20_000, note);
        assert!(found.0 <= 2, "{found:?}");
    }
}

/// What is encrypted, or packed in a way that nobody knows.
#[test]
fn payloads_that_are_no_text() {
    for length in [16, 32, 64, 256] {
        let found = denied(&format!("{LETTERS}+/"), length, 10_000, |data| {
            json!({"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": data}}]}).to_string()
        });
        assert_eq!(found, (0, None), "{length}");
    }
}
