//! Does a text *act* as code in some language?
//!
//! One detector a class, each on a text that is decoded already. A detector asks for structure, not for words: a sequence
//! of tokens that the language would take, in a place where an application would have put a plain value. It runs in time
//! linear in the text, whatever the text; it looks at the set of bytes first and returns at once when what it needs is
//! not there.

mod address;
mod command;
mod formula;
mod graphql;
mod ldap;
mod lines;
mod path;
mod query;
mod serialised;
mod sql;
mod template;
mod tree;
mod xml;
mod xpath;
mod xss;

use crate::decision::Class;
use crate::json::Item;
use crate::trigger::Place;
use std::borrow::Cow;

/// A text to judge.
pub(crate) struct Text<'a> {
    /// As decoded.
    pub(crate) raw: &'a [u8],
    /// In ASCII lower case, byte for byte.
    pub(crate) lower: &'a [u8],
    /// Which bytes `raw` holds.
    pub(crate) bytes: ByteSet,
    /// Where it stands.
    pub(crate) place: Place,
    /// Name of the header it stands in, or the content type of the body.
    pub(crate) label: &'a [u8],
}

/// A text that acts as code.
#[derive(Debug, PartialEq)]
pub(crate) struct Hit {
    pub(crate) class: Class,
    /// Offset in the text.
    pub(crate) at: usize,
    /// What gives it away, in a sentence without the text itself.
    pub(crate) why: Cow<'static, str>,
}

/// Judges a text for one class.
pub(crate) type Detect = fn(&Text<'_>) -> Option<Hit>;

/// All of them, in the order in which reasons are given.
pub(crate) const DETECTORS: &[Detect] = &[
    sql::detect,
    path::detect,
    command::detect,
    xss::detect,
    lines::detect,
    template::detect,
    serialised::detect,
    address::detect,
    xml::detect,
    formula::detect,
    ldap::detect,
    xpath::detect,
    query::detect,
    graphql::detect,
];

/// What the keys of a document give away, with the key's item.
pub(crate) fn keys<'a>(root: Item<'a>, hits: &mut Vec<(Item<'a>, Hit)>) {
    tree::keys(root, hits);
}

/// What a text of letters and digits alone gives away.
pub(crate) fn word(text: &Text<'_>) -> Option<Hit> {
    if text.raw == b"__proto__" {
        return query::detect(text);
    }
    serialised::detect(text)
}

/// What bytes give away that are no text.
pub(crate) fn binary(bytes: &[u8]) -> Option<Hit> {
    serialised::binary(bytes)
}

/// Which of the 256 bytes occur in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(crate) fn of(text: &[u8]) -> Self {
        let (mut a, mut b, mut c, mut d) = (0_u64, 0_u64, 0_u64, 0_u64);
        for &byte in text {
            let bit = 1_u64 << (byte & 63);
            match byte >> 6 {
                0 => a |= bit,
                1 => b |= bit,
                2 => c |= bit,
                _ => d |= bit,
            }
        }
        Self([a, b, c, d])
    }

    /// The set of the bytes in `list`, for tests against it; evaluated by the compiler.
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    pub(crate) const fn from_list(list: &[u8]) -> Self {
        let mut set = [0_u64; 4];
        let mut i = 0;
        while i < list.len() {
            set[(list[i] >> 6) as usize] |= 1 << (list[i] & 63);
            i += 1;
        }
        Self(set)
    }

    pub(crate) fn has(self, byte: u8) -> bool {
        self.intersects(Self::from_list(&[byte]))
    }

    pub(crate) fn intersects(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    /// True if every byte of `self` is in `other`.
    pub(crate) fn within(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| a & !b == 0)
    }

    /// Nothing but letters, digits and what names are made of: such a text acts as nothing.
    pub(crate) fn is_a_word(self) -> bool {
        const WORD: ByteSet =
            ByteSet::from_list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
        self.within(WORD)
    }
}

/// Judges a text as a field of a message would be.
#[cfg(test)]
fn sample(detect: Detect, raw: &str) -> bool {
    let lower = raw.to_ascii_lowercase();
    let bytes = ByteSet::of(raw.as_bytes());
    detect(&Text { raw: raw.as_bytes(), lower: lower.as_bytes(), bytes, place: Place::Field, label: b"" })
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_bytes() {
        let set = ByteSet::of("aZ'\u{e9}".as_bytes());
        assert!(set.has(b'a') && set.has(b'\'') && set.has(0xc3) && !set.has(b'b'));
        assert!(ByteSet::of(b"order_17").is_a_word());
        assert!(!ByteSet::of(b"order 17").is_a_word());
        assert!(set.intersects(ByteSet::from_list(b"xZ")));
        assert!(!set.intersects(ByteSet::from_list(b"xy")));
    }
}
