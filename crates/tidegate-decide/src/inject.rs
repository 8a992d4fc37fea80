//! Does a text *act* as code in some language?
//!
//! One detector a class, each on a text that is decoded already. A detector asks for structure, not for words: a sequence
//! of tokens that the language would take, in a place where an application would have put a plain value. It runs in time
//! linear in the text, whatever the text; it looks at the set of bytes and of fixed words first and returns at once when
//! what it needs is not there. What can't be bounded by its construction is metered: [`Text::spend`].

mod address;
mod code;
mod command;
mod context;
mod formula;
mod graph;
mod graphql;
mod ldap;
mod lines;
mod marks;
pub(crate) mod opinion;
mod path;
mod prompt;
mod prose;
mod query;
mod scanner;
mod serialised;
mod sql;
mod template;
mod tool;
mod tree;
mod xml;
mod xpath;
mod xss;

use crate::decision::Class;
use crate::json::Item;
use crate::trigger::Place;
pub(crate) use context::Context;
use context::Nears;
use marks::Marks;
use std::borrow::Cow;
use std::cell::Cell;

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
    /// What is known around it.
    pub(crate) context: Context<'a>,
    /// Which fixed words `lower` holds.
    marks: Marks,
    purse: Purse,
    /// What nearly acts as code.
    nears: Cell<Nears>,
}

/// What looking at places of a text shares.
#[derive(Debug)]
struct Purse {
    /// What may still be spent on those that seem to begin something.
    left: Cell<i64>,
    /// A long run of blanks and comments of SQL, so that it is read once and not from each token before it.
    gap: Cell<(usize, usize)>,
    /// Whether a comment of SQL may end with its line anywhere.
    comments: Cell<Option<bool>>,
}

impl Purse {
    fn new(left: i64) -> Self {
        Self { left: Cell::new(left), gap: Cell::default(), comments: Cell::default() }
    }

    fn spend(&self, steps: i64) {
        self.left.set(self.left.get().saturating_sub(steps));
    }

    fn is_empty(&self) -> bool {
        self.left.get() <= 0
    }
}

/// What may be spent on any text, in steps of about a nanosecond, and on each of its bytes in addition. Honest text takes
/// a fraction of it: it does not seem to begin something at every other byte.
const WORK: i64 = 400_000;
const WORK_PER_BYTE: i64 = 6;

impl<'a> Text<'a> {
    pub(crate) fn new(raw: &'a [u8], lower: &'a [u8], bytes: ByteSet, place: Place, label: &'a [u8]) -> Self {
        let length = i64::try_from(raw.len()).unwrap_or(i64::MAX);
        let purse = Purse::new(length.saturating_mul(WORK_PER_BYTE).saturating_add(WORK));
        let (context, nears) = (Context::default(), Cell::default());
        Self { raw, lower, bytes, place, label, context, marks: Marks::of(lower), purse, nears }
    }

    /// Pays for looking at a place. False when all is spent: looking ends, and the text counts as an attack on the
    /// guard itself.
    fn spend(&self, steps: usize) -> bool {
        self.purse.spend(i64::try_from(steps).unwrap_or(i64::MAX));
        !self.is_spent()
    }

    /// True once more was asked for than there was.
    pub(crate) fn is_spent(&self) -> bool {
        self.purse.is_empty()
    }
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
    tool::detect,
    xss::detect,
    lines::detect,
    template::detect,
    code::detect,
    serialised::detect,
    address::detect,
    xml::detect,
    formula::detect,
    ldap::detect,
    xpath::detect,
    query::detect,
    graph::detect,
    graphql::detect,
    scanner::detect,
    prompt::detect,
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
    query::filtered(text.raw).or_else(|| serialised::detect(text))
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
        if text.len() >= 1024 {
            return Self::of_many(text);
        }
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

    /// The same with a table, which pays for long texts.
    fn of_many(text: &[u8]) -> Self {
        let mut seen = [0_u8; 256];
        for byte in text {
            if let Some(seen) = seen.get_mut(usize::from(*byte)) {
                *seen = 1;
            }
        }
        let mut set = [0_u64; 4];
        for (word, seen) in set.iter_mut().zip(seen.chunks(64)) {
            *word = seen.iter().rev().fold(0, |word, seen| word << 1 | u64::from(*seen));
        }
        Self(set)
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
    detect(&Text::new(raw.as_bytes(), lower.as_bytes(), bytes, Place::Field, b"")).is_some()
}

/// Judges it where all of these are consumers: what nearly acts is enough.
#[cfg(test)]
fn sample_for(detect: Detect, raw: &str, class: Class) -> bool {
    let lower = raw.to_ascii_lowercase();
    let bytes = ByteSet::of(raw.as_bytes());
    let text = Text::new(raw.as_bytes(), lower.as_bytes(), bytes, Place::Field, b"");
    detect(&text).is_some() || text.nears().any(|near| near.class == class && !near.spared)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is repeated, no detector takes more than a text may cost, and honest text comes nowhere near.
    #[test]
    fn work_is_metered() {
        let spent = |filler: &str| {
            let raw = filler.repeat(300_000 / filler.len());
            let lower = raw.to_ascii_lowercase();
            let bytes = ByteSet::of(raw.as_bytes());
            let text = Text::new(raw.as_bytes(), lower.as_bytes(), bytes, Place::Field, b"");
            let before = text.purse.left.get();
            for detect in DETECTORS {
                if text.is_spent() || detect(&text).is_some() {
                    break;
                }
            }
            (before - text.purse.left.get()) * 100 / before
        };
        for filler in ["' or 1 ", "<!doctype ", "${${a}"] {
            assert!((100..120).contains(&spent(filler)), "{filler}: {}%", spent(filler));
        }
        for honest in [
            "It's the order that we've sent (two parcels); \"the usual\", she said & waved.\n",
            "1007;\"O'Brien, Ann\";12.50;ann@example.com\n",
            "<p class=\"note\">We met on <a href=\"https://example.com/a?b=c\">Monday</a>.</p>\n",
            "<td class=\"a\">1</td><td class='b'>2</td>\n",
            "\"a\";\"b\";\"c\"\n",
            "['red', 'blue', 'green']\n",
            "{a: 'x', b: \"y\", c: f(1)};\n",
            "x = a && b || c; y = (d & e) | f;\n",
            "    if (total > 10 && !paid) { return send(id, `late ${id}`); } // see docs\n",
            "The well-known author's new book - a \"must-read\" - isn't out; it's late.\n",
            "2026-11-23 10:00:00 INFO request id=17 path=/orders took 3 ms\n",
        ] {
            assert!(spent(honest) < 80, "{honest}: {}%", spent(honest));
        }
    }

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
