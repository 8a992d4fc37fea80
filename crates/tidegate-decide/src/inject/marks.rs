//! Fixed words of all detectors, found in one pass.
//!
//! Looking for two hundred words one by one costs two hundred passes over every text. Here each word is filed under a hash
//! of its first three bytes, and under one of the three behind its first: so every word has three that begin at an even
//! place, wherever it stands, and one pass over every other place says which detectors have anything to look at. The tables
//! are made by the compiler.

use super::{
    address, code, command, formula, lines, path, prompt, query, scanner, serialised, template, xml, xss,
};

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
    Reach,
    Named,
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
    (Group::Programs, code::PROGRAMS),
    (Group::Reach, code::CHAINS),
    (Group::Reach, code::CALLED),
    (Group::Reach, code::READERS),
    (Group::Reach, code::CALLERS),
    (Group::Reach, code::PAGES),
    (Group::Named, code::NAMES),
];

/// Which groups a text has words of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks(u32);

impl Marks {
    pub(super) fn of(lower: &[u8]) -> Self {
        let mut marks = Self(0);
        let mut at = 0;
        // Three places at once: at most of them no word may stand.
        for eight in lower.windows(8).step_by(6) {
            if let [a, b, c, d, e, f, g, h] = *eight {
                let word = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
                for (behind, three) in [(0, word as u32), (2, (word >> 16) as u32), (4, (word >> 32) as u32)]
                {
                    let hash = hash(three);
                    if is_filed(hash) {
                        marks.add(lower, at + behind, hash);
                    }
                }
            }
            at += 6;
        }
        // What is left is shorter than eight bytes.
        while let Some(&[a, b, c]) = lower.get(at..).and_then(<[u8]>::first_chunk) {
            marks.add(lower, at, hash(u32::from_le_bytes([a, b, c, 0])));
            at += 2;
        }
        marks
    }

    /// Adds the words that are filed under the three bytes at a place.
    fn add(&mut self, lower: &[u8], place: usize, hash: usize) {
        let mut next = head(hash);
        while let Some(entry) = entry(next) {
            if place.checked_sub(entry.behind).is_some_and(|start| entry.stands(lower, start)) {
                self.0 |= 1 << entry.group as u32;
            }
            next = entry.next;
        }
    }

    pub(super) fn has(self, group: Group) -> bool {
        self.0 & 1 << group as u32 != 0
    }
}

/// Words of one group in the order of the text, overlapping ones too: offset and word.
pub(super) fn find(lower: &[u8], from: usize, group: Group) -> impl Iterator<Item = (usize, &'static [u8])> {
    let rest = lower.get(from..).unwrap_or_default();
    rest.windows(4).enumerate().filter_map(move |(at, four)| {
        let hash = hash(leading(four));
        if !is_filed(hash) {
            return None;
        }
        let mut next = head(hash);
        // Of words that begin alike the shortest counts: where a longer one fits it fits as well.
        let mut best: Option<&'static [u8]> = None;
        while let Some(entry) = entry(next) {
            if entry.group == group
                && entry.behind == 0
                && best.is_none_or(|b| entry.word.len() < b.len())
                && entry.stands(rest, at)
            {
                best = Some(entry.word);
            }
            next = entry.next;
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

/// A word under one of its hashes.
#[derive(Clone, Copy)]
struct Entry {
    word: &'static [u8],
    /// Its first four bytes.
    first: u32,
    group: Group,
    /// How far the hashed bytes stand behind its start.
    behind: usize,
    /// The one after it under the same hash, counted from one.
    next: u16,
}

impl Entry {
    fn stands(&self, lower: &[u8], start: usize) -> bool {
        let rest = lower.get(start..).unwrap_or_default();
        rest.first_chunk().is_some_and(|four| u32::from_le_bytes(*four) == self.first)
            && rest.starts_with(self.word)
    }
}

const BITS: u32 = 14;

struct Table {
    /// Whether there is an entry, which is asked far more often than for the entry itself.
    filed: [bool; 1 << BITS],
    heads: [u16; 1 << BITS],
    entries: [Entry; 2 * COUNT],
}

static TABLE: Table = table();

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated by the compiler")]
const fn table() -> Table {
    const NONE: Entry = Entry { word: b"", first: 0, group: Group::Inner, behind: 0, next: 0 };
    let mut table = Table { filed: [false; 1 << BITS], heads: [0; 1 << BITS], entries: [NONE; 2 * COUNT] };
    let (mut list, mut count) = (LISTS, 0);
    while let [(group, words), rest @ ..] = list {
        let mut words: &[&'static [u8]] = words;
        while let [word, more @ ..] = words {
            let mut behind = 0;
            while behind < 2 {
                let hash = hash(leading(word.split_at(behind).1));
                let (first, next) = (leading(word), table.heads[hash]);
                table.entries[count] = Entry { word, first, group: *group, behind, next };
                count += 1;
                table.heads[hash] = count as u16;
                table.filed[hash] = true;
                behind += 1;
            }
            words = more;
        }
        list = rest;
    }
    table
}

/// The first four bytes as a number, or the first three where there are no more.
const fn leading(text: &[u8]) -> u32 {
    match text {
        [a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
        [a, b, c] => u32::from_le_bytes([*a, *b, *c, 0]),
        _ => 0,
    }
}

/// A hash of the first three bytes: the fourth is shifted out by the multiplication.
const fn hash(four: u32) -> usize {
    (four.wrapping_mul(0x9e37_79b1 << 8) >> (32 - BITS)) as usize
}

fn is_filed(hash: usize) -> bool {
    TABLE.filed.get(hash).copied().unwrap_or_default()
}

fn head(hash: usize) -> u16 {
    TABLE.heads.get(hash).copied().unwrap_or_default()
}

fn entry(number: u16) -> Option<&'static Entry> {
    TABLE.entries.get(usize::from(number).checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_wherever_it_stands() {
        for (group, words) in LISTS {
            for word in *words {
                assert!(word.len() >= 4 && *word == word.to_ascii_lowercase(), "{word:?}");
                for lead in 0..9 {
                    let mut text = [&b"some lead"[..lead], *word].concat();
                    assert!(find(&text, 0, *group).any(|(at, found)| at == lead && word.starts_with(found)));
                    for _ in 0..9 {
                        assert!(Marks::of(&text).has(*group), "{word:?}");
                        text.push(b'.');
                    }
                }
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
