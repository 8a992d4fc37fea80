//! Source files and places in them.

use crate::Str;
use std::sync::Arc;

/// A file that was read, as an index into [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A half-open byte range `start..end` in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Byte offset of the first byte.
    pub start: u32,
    /// Byte offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `file`. Offsets beyond 4 GiB saturate; the readers' size limit lies far below.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { file, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that holds both; `self` when they lie in different files.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One source file: its path relative to the folder that was read, and its text.
#[derive(Debug)]
pub struct Source {
    path: Str,
    text: Arc<str>,
    lines: Vec<u32>,
}

impl Source {
    /// Takes over a file's text and notes where its lines begin.
    pub fn new(path: impl Into<Str>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
            .map(|i| u32::try_from(i).unwrap_or(u32::MAX))
            .collect();
        Self { path: path.into(), text, lines }
    }

    /// Path relative to the folder that was read, with `/` between its parts.
    pub fn path(&self) -> &Str {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Line and column (both from 1, the column in characters) of a byte offset.
    pub fn position(&self, offset: u32) -> (u32, u32) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or("");
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(before.chars().count()).unwrap_or(0) + 1)
    }

    /// The text of a line (from 1), without its line break.
    pub fn line(&self, line: u32) -> &str {
        let at = |i: u32| self.lines.get(i as usize).map(|n| *n as usize);
        let start = at(line.saturating_sub(1)).unwrap_or(self.text.len());
        let end = at(line).unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }
}

/// Every file that was read.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    files: Vec<Arc<Source>>,
}

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, source: Source) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Arc::new(source));
        id
    }

    /// The file, if the id belongs to these sources.
    pub fn source(&self, id: FileId) -> Option<&Arc<Source>> {
        self.files.get(id.0 as usize)
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True when nothing was read.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Arc<Source>)> {
        self.files.iter().enumerate().map(|(i, s)| (FileId(u32::try_from(i).unwrap_or(u32::MAX)), s))
    }

    /// What a person reads: file, line, column, last line.
    pub fn location(&self, span: Span) -> Location {
        let Some(source) = self.source(span.file) else {
            return Location::default();
        };
        let (line, column) = source.position(span.start);
        // A block's span often ends at the start of the next line; the last line is that of its last visible byte.
        let text = source.text().get(span.start as usize..span.end as usize).unwrap_or("");
        let last = span.start + u32::try_from(text.trim_end().len().saturating_sub(1)).unwrap_or(0);
        Location { file: source.path().clone(), line, column, end_line: source.position(last).0 }
    }
}

/// A place as people and other tools name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Location {
    /// Path relative to the folder that was read.
    pub file: Str,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Last line, from 1.
    pub end_line: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let source = Source::new("a.yaml", "ä: 1\nb: 2\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(2), (1, 2));
        assert_eq!(source.position(6), (2, 1));
        assert_eq!(source.line(1), "ä: 1");
        assert_eq!(source.line(2), "b: 2");
        assert_eq!(source.line(9), "");
    }

    #[test]
    fn a_location_ends_on_its_last_visible_line() {
        let mut sources = Sources::default();
        let file = sources.add(Source::new("a.yaml", "a:\n  b: 1\n\nc: 2\n"));
        let location = sources.location(Span::new(file, 0, 11));
        assert_eq!((location.line, location.end_line), (1, 2));
    }
}
