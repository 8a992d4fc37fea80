//! Where a command would stand: behind what, in front of what, in a sentence, a list or a table.

use super::super::prose;
use super::names::{is_english, is_strong};

/// Where a command would begin.
pub(super) struct Place {
    /// The last separator before it.
    pub(super) mark: u8,
    /// It stands there twice: `&&`, `||`.
    pub(super) doubled: bool,
    /// Nothing stands between separator and command.
    pub(super) tight: bool,
    /// Nothing but separators, quotes and brackets stands before it.
    pub(super) first: bool,
    /// So tight behind a value of one word that no sentence and no list has it.
    pub(super) packed: bool,
    /// It is a bar, and the only one.
    lone: bool,
    /// It is the first bar of a table.
    pub(super) table: bool,
    /// It is the semicolon of an entity: `&quot;`.
    pub(super) of_entity: bool,
}

impl Place {
    pub(super) fn of(lower: &[u8], at: usize) -> Self {
        let before = lower.get(..at).unwrap_or_default();
        let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'+');
        let mut marks = before.iter().rev().skip_while(|b| blank(b));
        let mark = marks.next().copied().unwrap_or_default();
        let tight = !before.last().is_some_and(blank);
        let opens = |b: &u8| blank(b) || matches!(b, b';' | b'|' | b'&' | b'`' | b'\'' | b'"' | b'(' | b')');
        let first = at <= 16 && before.iter().all(opens);
        let letters = |b: &u8| b.is_ascii_alphanumeric() || *b == b'#';
        let name = before.iter().rev().skip(1).take(10).take_while(|b| letters(b)).count();
        let opens_entity = before.len().checked_sub(name + 2).and_then(|at| before.get(at)) == Some(&b'&');
        Self {
            of_entity: mark == b';' && tight && name > 1 && opens_entity,
            mark,
            doubled: marks.next() == Some(&mark),
            tight,
            first,
            packed: tight && at <= 64 && !before.iter().any(u8::is_ascii_whitespace) && mark != b'&',
            lone: first && mark == b'|' && memchr::memchr_iter(b'|', lower).count() == 1,
            table: first && mark == b'|' && is_table(lower),
        }
    }

    /// Whoever begins with a separator writes no sentence.
    pub(super) fn leads(&self) -> bool {
        self.first && !self.table
    }

    /// The same where words of English may follow: people begin with an ampersand, and tables with a bar.
    pub(super) fn leads_surely(&self) -> bool {
        let joined = self.mark == b'&' || self.lone;
        self.leads() && (self.mark == b';' || self.doubled || joined && self.tight)
    }
}

/// `true|false`
pub(super) fn is_choice(lower: &[u8]) -> bool {
    let lower = lower.trim_ascii();
    lower.first().is_some_and(u8::is_ascii_alphabetic)
        && lower.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'|' | b' ' | b'/'))
        && (lower.starts_with(b"true") || lower.starts_with(b"false"))
}

/// Cells of words between bars, two or more.
pub(super) fn is_table(lower: &[u8]) -> bool {
    let line = lower.get(..lower.len().min(256)).unwrap_or_default();
    let mut cells = 0;
    for cell in line.split(|b| *b == b'|').map(<[u8]>::trim_ascii).filter(|cell| !cell.is_empty()) {
        if !cell.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'-' | b':' | b'\n')) {
            return false;
        }
        cells += 1;
    }
    cells >= 2 && line.starts_with(b"|") || cells >= 3
}

/// Nothing but a separator stands before the command, and nothing behind its name: `& dir`.
pub(super) fn is_only(lower: &[u8], at: usize) -> bool {
    at < 8
        && lower.len() < at + 16
        && lower.get(..at).is_some_and(|b| b.iter().all(|b| matches!(b, b'&' | b'|' | b';' | b' ')))
        && lower.get(at..).is_some_and(|rest| {
            let ends = |b: &&u8| matches!(b, b'&' | b'|' | b';' | b' ');
            let end = rest.len() - rest.iter().rev().take_while(ends).count();
            rest.iter().take(end).all(u8::is_ascii_alphabetic)
        })
}

/// The separator before `at` is no punctuation of a sentence: nothing but short words around, few of them.
pub(super) fn stands_alone(lower: &[u8], at: usize) -> bool {
    if lower.len() > 256 {
        return false;
    }
    let rest = lower.get(at..).unwrap_or_default();
    let words = |text: &[u8]| {
        text.split(u8::is_ascii_whitespace)
            .filter(|w| w.iter().filter(|b| b.is_ascii_alphabetic()).count() > 1)
            .count()
    };
    let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
    // Names of columns are joined by semicolons as well: `id;name;price`.
    let column = rest
        .iter()
        .skip_while(|b| b.is_ascii_alphanumeric() || **b == b'/')
        .nth(1)
        .is_some_and(u8::is_ascii_alphanumeric);
    words(line) <= 1 && words(lower.get(..at).unwrap_or_default()) <= 2 && !column
}

/// Where a text has had two words: a backtick further on quotes a word of a sentence.
pub(super) fn prose_from(lower: &[u8]) -> usize {
    let mut at = 0;
    let words = lower.split(u8::is_ascii_whitespace).map(|word| {
        at += word.len() + 1;
        (at - 1, word)
    });
    words
        .filter(|(_, w)| w.len() > 1 && w.iter().all(u8::is_ascii_alphabetic))
        .nth(1)
        .map_or(usize::MAX, |(end, _)| end)
}

/// A name in backticks within a text of several words, as people write about columns and functions.
pub(super) fn is_mentioned(lower: &[u8]) -> bool {
    let word = |w: &&[u8]| w.len() > 1 && w.iter().all(u8::is_ascii_alphabetic);
    lower.split(u8::is_ascii_whitespace).filter(word).nth(2).is_some()
}

/// ```` ```bash ````; "the `id` column", "- `env`: string": quoted apart from the words around, which name no command before it.
pub(super) fn is_quoted(lower: &[u8], at: usize) -> bool {
    let before = lower.get(..at - 1).unwrap_or_default();
    if before.ends_with(b"``") {
        return true;
    }
    let inside = lower.get(at..at + 32).or_else(|| lower.get(at..)).unwrap_or_default();
    let Some(end) = memchr::memchr(b'`', inside) else { return false };
    let behind = lower.get(at + end + 1..).unwrap_or_default();
    let apart = |b: &u8| b.is_ascii_whitespace() || b",.:;?!()[]|*-".contains(b);
    if !before.last().is_none_or(apart) || !behind.first().is_none_or(apart) {
        return false;
    }
    let word = |w: &&[u8]| w.len() > 1 && w.iter().all(u8::is_ascii_alphabetic);
    let first = before.split(u8::is_ascii_whitespace).find(word);
    let near = |text: &[u8]| text.split(|b| !b.is_ascii_alphabetic()).any(|w| word(&w));
    let told = near(before.get(before.len().saturating_sub(64)..).unwrap_or_default())
        || near(behind.get(..64).unwrap_or(behind));
    told && !first.is_some_and(|word| is_strong(word) || is_english(word))
}

/// Backticks that quote within a sentence. Places go forward.
#[derive(Default)]
pub(super) struct Ticks {
    read: usize,
    count: usize,
}

impl Ticks {
    /// The place lies between two of them, with words around that are no command's.
    pub(super) fn are_told(&mut self, lower: &[u8], at: usize) -> bool {
        let new = lower.get(self.read..at).unwrap_or_default();
        self.count += memchr::memchr_iter(b'`', new).count();
        self.read = self.read.max(at);
        if self.count.is_multiple_of(2) {
            return false;
        }
        let (before, after) = lower.split_at_checked(at).unwrap_or_default();
        let Some(open) = memchr::memrchr(b'`', before.get(at.saturating_sub(128)..).unwrap_or_default())
        else {
            return false;
        };
        let open = at.saturating_sub(128) + open;
        let after = after.get(..384).unwrap_or(after);
        let Some(close) = memchr::memchr(b'`', after) else { return false };
        let behind = after.get(close + 1..).unwrap_or_default();
        let ahead = before.get(open.saturating_sub(128)..open).unwrap_or_default();
        let word = |w: &&[u8]| w.len() > 1 && w.iter().all(u8::is_ascii_alphabetic);
        let words = |text: &[u8]| text.split(u8::is_ascii_whitespace).filter(word).take(3).count();
        prose::follows(behind) || words(ahead) + words(behind) >= 3
    }
}

/// The substitution is the whole text, quotes aside.
pub(super) fn is_all_there_is(lower: &[u8], tick: usize) -> bool {
    let quotes = |b: &u8| matches!(b, b'\'' | b'"' | b' ' | b';' | b'|' | b'&' | b'=');
    if tick > 16 {
        return false;
    }
    let before = lower.get(..tick).unwrap_or_default();
    let after = lower.get(tick + 1..).unwrap_or_default();
    let end = memchr::memchr(b'`', after).and_then(|end| after.get(end + 1..)).unwrap_or_default();
    !before.contains(&b' ') && end.iter().all(quotes)
}

/// No sentence: at most a handful of words, and not one that only prose has.
pub(in super::super) fn is_terse(lower: &[u8]) -> bool {
    if lower.len() > 512 {
        return false;
    }
    let mut words = lower.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    !words.any(|w| PROSE.contains(&w) || prose::is_wordy(w))
}

/// Words that only prose has.
pub(super) const PROSE: &[&[u8]] = &[
    b"the", b"a", b"an", b"is", b"my", b"your", b"and", b"or", b"me", b"up", b"with", b"in", b"to", b"for",
    b"of", b"gives", b"says", b"worked", b"shows", b"prints", b"it", b"you", b"we", b"they", b"this",
    b"that", b"are", b"was", b"our", b"their", b"his", b"her", b"she", b"he",
];
