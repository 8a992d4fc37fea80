//! Fixed words of all detectors, found in one pass.
//!
//! Looking for two hundred words one by one costs two hundred passes over every text. Here each word is filed under a hash
//! of its first four bytes; one pass over the text says which detectors have anything to look at. The tables are made by
//! the compiler.

use super::{address, command, formula, lines, path, prompt, query, scanner, serialised, template, xml, xss};

/// Words that are asked for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Inner,
    Calls,
    Directives,
    Loader,
    Sinks,
    Objects,
    Attributes,
    Utf7,
    OddSteps,
    Readers,
    Shell,
    MailOptions,
    Letters,
    Objects64,
    Metadata,
    Xml,
    Formulas,
    Prototypes,
    Union,
    Waitfor,
    Scanners,
    Orders,
    Programs,
}

/// Words of at least four bytes in lower case.
const LISTS: &[(Group, &[&[u8]])] = &[
    (Group::Inner, template::INNER),
    (Group::Calls, template::CALLS),
    (Group::Directives, template::DIRECTIVES),
    (Group::Loader, template::LOADERS),
    (Group::Sinks, xss::SINKS),
    (Group::Objects, xss::OBJECTS),
    (Group::Attributes, xss::ATTRIBUTES),
    (Group::Utf7, &[b"+adw-"]),
    (Group::OddSteps, path::ODD),
    (Group::Readers, path::READERS),
    (Group::Shell, command::MARKS),
    (Group::MailOptions, lines::OPTIONS),
    (Group::Letters, &[b"forwarded message", b" wrote:"]),
    (Group::Objects64, serialised::WORDS),
    (Group::Metadata, address::METADATA),
    (Group::Xml, xml::WORDS),
    (Group::Formulas, formula::CALLS),
    (Group::Prototypes, query::PROTOTYPES),
    (Group::Union, &[b"union"]),
    (Group::Waitfor, &[b"waitfor"]),
    (Group::Scanners, scanner::WORDS),
    (Group::Orders, prompt::ORDERS),
    (Group::Programs, template::PROGRAMS),
];

/// Which groups a text has words of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks(u32);

impl Marks {
    pub(super) fn of(lower: &[u8]) -> Self {
        let mut found = 0;
        for (at, four) in lower.windows(4).enumerate() {
            let mut next = head(four);
            while let Some((word, group, more)) = entry(next) {
                let bit = 1 << group as u32;
                if found & bit == 0 && lower.get(at..).is_some_and(|rest| rest.starts_with(word)) {
                    found |= bit;
                }
                next = more;
            }
        }
        Self(found)
    }

    pub(super) fn has(self, group: Group) -> bool {
        self.0 & 1 << group as u32 != 0
    }
}

/// Words of one group in the order of the text, overlapping ones too: offset and word.
pub(super) fn find(lower: &[u8], from: usize, group: Group) -> impl Iterator<Item = (usize, &'static [u8])> {
    let rest = lower.get(from..).unwrap_or_default();
    rest.windows(4).enumerate().filter_map(move |(at, four)| {
        let mut next = head(four);
        // Of words that begin alike the shortest counts: where a longer one fits it fits as well.
        let mut best: Option<&'static [u8]> = None;
        while let Some((word, of, more)) = entry(next) {
            if of == group
                && best.is_none_or(|b| word.len() < b.len())
                && rest.get(at..).is_some_and(|r| r.starts_with(word))
            {
                best = Some(word);
            }
            next = more;
        }
        best.map(|word| (from + at, word))
    })
}

/// The next word of a group at or after a place, for places that only go forward: each byte is looked at once.
pub(super) struct Cursor {
    group: Group,
    /// The word found last, and the place from which it was looked for.
    found: Option<(usize, usize)>,
    ended: bool,
}

impl Cursor {
    pub(super) fn new(group: Group, marks: Marks) -> Self {
        Self { group, found: None, ended: !marks.has(group) }
    }

    /// Offset and length.
    pub(super) fn from(&mut self, lower: &[u8], at: usize) -> Option<(usize, usize)> {
        if self.ended {
            return None;
        }
        if self.found.is_none_or(|(found, _)| found < at) {
            self.found = find(lower, at, self.group).next().map(|(found, word)| (found, word.len()));
            self.ended = self.found.is_none();
        }
        self.found
    }

    /// True if a word lies between two places.
    pub(super) fn within(&mut self, lower: &[u8], start: usize, end: usize) -> bool {
        let mut at = start;
        while let Some((found, length)) = self.from(lower, at) {
            if found + length <= end {
                return true;
            }
            if found >= end {
                return false;
            }
            at = found + 1;
        }
        false
    }
}

/// The next occurrence of a short needle at or after a place, for places that only go forward.
pub(super) struct Ahead<'n> {
    needle: &'n [u8],
    found: Option<usize>,
    ended: bool,
}

impl<'n> Ahead<'n> {
    pub(super) fn new(needle: &'n [u8]) -> Self {
        Self { needle, found: None, ended: false }
    }

    pub(super) fn from(&mut self, text: &[u8], at: usize) -> Option<usize> {
        if !self.ended && self.found.is_none_or(|found| found < at) {
            let rest = text.get(at..).unwrap_or_default();
            let found = match self.needle {
                [one] => memchr::memchr(*one, rest),
                more => {
                    // What is near is found before a search that looks far is even set up.
                    let near = rest.get(..16).unwrap_or(rest).windows(more.len()).position(|w| w == more);
                    near.or_else(|| memchr::memmem::find(rest, more))
                }
            };
            self.found = found.map(|found| at + found);
            self.ended = self.found.is_none();
        }
        self.found
    }
}

const COUNT: usize = {
    let (mut count, mut list) = (0, LISTS);
    while let [(_, words), rest @ ..] = list {
        count += words.len();
        list = rest;
    }
    count
};

/// A word, its group, and the word after it under the same hash, counted from one.
type Entry = (&'static [u8], Group, u16);

const BITS: u32 = 14;

struct Table {
    heads: [u16; 1 << BITS],
    entries: [Entry; COUNT],
}

static TABLE: Table = table();

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated by the compiler")]
const fn table() -> Table {
    let mut table = Table { heads: [0; 1 << BITS], entries: [(b"", Group::Inner, 0); COUNT] };
    let (mut list, mut count) = (LISTS, 0);
    while let [(group, words), rest @ ..] = list {
        let mut words: &[&'static [u8]] = words;
        while let [word, more @ ..] = words {
            let hash = hash(word);
            table.entries[count] = (word, *group, table.heads[hash]);
            count += 1;
            table.heads[hash] = count as u16;
            words = more;
        }
        list = rest;
    }
    table
}

const fn hash(four: &[u8]) -> usize {
    let [a, b, c, d, ..] = four else { return 0 };
    (u32::from_le_bytes([*a, *b, *c, *d]).wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

fn head(four: &[u8]) -> u16 {
    TABLE.heads.get(hash(four)).copied().unwrap_or_default()
}

fn entry(number: u16) -> Option<Entry> {
    TABLE.entries.get(usize::from(number).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_wherever_it_stands() {
        for (group, words) in LISTS {
            for word in *words {
                assert!(word.len() >= 4 && *word == word.to_ascii_lowercase(), "{word:?}");
                let text = [b"some lead ", *word].concat();
                assert!(Marks::of(&text).has(*group), "{word:?}");
                assert!(find(&text, 0, *group).any(|(at, found)| at == 10 && word.starts_with(found)));
            }
        }
        assert_eq!(Marks::of(b"an ordinary sentence about parcels").0, 0);
    }

    #[test]
    fn cursors_go_forward() {
        let text = b"a config. b config. c";
        let mut cursor = Cursor::new(Group::Inner, Marks::of(text));
        assert!(cursor.within(text, 0, 9) && !cursor.within(text, 3, 12) && cursor.within(text, 10, 21));
        assert!(!cursor.within(text, 13, 21));
        let mut ahead = Ahead::new(b"b");
        assert_eq!((ahead.from(text, 0), ahead.from(text, 11)), (Some(10), None));
    }
}
