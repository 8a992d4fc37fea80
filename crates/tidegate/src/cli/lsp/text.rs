//! Places in a text as editors count them.

use super::protocol::{Position, Range};
use std::sync::Arc;

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// What every editor understands.
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    /// The best one of those that an editor offers.
    pub(super) fn negotiate(offered: &[String]) -> Self {
        let has = |word: &str| offered.iter().any(|o| o == word);
        match () {
            () if has("utf-8") => Self::Utf8,
            () if has("utf-16") || !has("utf-32") => Self::Utf16,
            () => Self::Utf32,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        }
    }

    fn width(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// A text and where its lines begin; a copy costs nothing.
#[derive(Clone, Debug)]
pub(super) struct Text {
    text: Arc<str>,
    lines: Arc<[usize]>,
}

impl Text {
    pub(super) fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let mut lines = vec![0];
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            // The protocol knows `\n`, `\r\n` and a `\r` by itself.
            if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
                lines.push(at + 1);
            }
        }
        Self { text, lines: lines.into() }
    }

    pub(super) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The place of a byte; one within a character counts as its beginning.
    pub(super) fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        let column = before.chars().map(|c| encoding.width(c)).sum();
        Position { line: short(line), character: short(column) }
    }

    /// The byte of a place; behind the end of a line it is that end, as the protocol wants it.
    pub(super) fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let Some(start) = self.lines.get(position.line as usize).copied() else { return self.text.len() };
        let end = self.lines.get(position.line as usize + 1).copied().unwrap_or(self.text.len());
        let line = self.text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r']);
        let mut column = 0;
        for (at, c) in line.char_indices() {
            column += encoding.width(c);
            if column > position.character as usize {
                return start + at;
            }
        }
        start + line.len()
    }

    /// The range of bytes.
    pub(super) fn range(&self, start: usize, end: usize, encoding: Encoding) -> Range {
        Range { start: self.position(start, encoding), end: self.position(end.max(start), encoding) }
    }

    /// The range that is underlined for bytes: what is visible of their first line, lest whole blocks are.
    pub(super) fn first_line(&self, start: usize, end: usize, encoding: Encoding) -> Range {
        let shown = self.text.get(start..end.max(start)).unwrap_or_default();
        let line = shown.split(['\n', '\r']).next().unwrap_or_default().trim_end();
        self.range(start, start + line.len(), encoding)
    }

    /// The text with a part of it replaced.
    pub(super) fn replace(&self, range: Range, with: &str, encoding: Encoding) -> Self {
        let start = self.offset(range.start, encoding);
        let end = self.offset(range.end, encoding).max(start);
        let parts = [self.text.get(..start), Some(with), self.text.get(end..)];
        Self::new(parts.into_iter().flatten().collect::<String>())
    }
}

fn short(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn columns_count_what_was_agreed() {
        let text = Text::new("a😀ä\r\nb\rc\n");
        let end = "a😀ä".len();
        for (encoding, column) in [(Encoding::Utf8, 7), (Encoding::Utf16, 4), (Encoding::Utf32, 3)] {
            assert_eq!(text.position(end, encoding), at(0, column));
            assert_eq!(text.offset(at(0, column), encoding), end);
            assert_eq!(text.offset(at(0, 99), encoding), end, "the end of a line is as far as it goes");
        }
        assert_eq!(text.position(end + 4, Encoding::Utf16), at(2, 0));
        assert_eq!(text.offset(at(9, 0), Encoding::Utf16), text.text().len());
    }

    #[test]
    fn the_narrowest_encoding_is_taken() {
        let of = |words: &[&str]| {
            Encoding::negotiate(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).word()
        };
        assert_eq!(of(&["utf-16", "utf-8"]), "utf-8");
        assert_eq!(of(&["utf-32"]), "utf-32");
        assert_eq!(of(&[]), "utf-16");
        assert_eq!(of(&["utf-7"]), "utf-16");
    }

    proptest! {
        /// Every place of a text is found again, whatever is counted.
        #[test]
        fn places_go_both_ways(text in "[a\u{e4}\u{6f22}\u{1f600}\r\n]{0,40}") {
            let lines = Text::new(&*text);
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                for (offset, _) in text.char_indices() {
                    // The place between `\r` and `\n` is the end of the line before them.
                    if offset > 0 && text.get(offset - 1..=offset) == Some("\r\n") {
                        continue;
                    }
                    prop_assert_eq!(lines.offset(lines.position(offset, encoding), encoding), offset);
                }
            }
        }

        /// Any range of any text can be replaced.
        #[test]
        fn nothing_is_out_of_range(text in "[a\u{e4}\u{1f600}\r\n]{0,20}", a in 0u32..6, b in 0u32..9, c in 0u32..6, d in 0u32..9) {
            let range = Range { start: at(a, b), end: at(c, d) };
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let new = Text::new(&*text).replace(range, "x", encoding);
                prop_assert!(new.text().contains('x'));
            }
        }
    }
}
