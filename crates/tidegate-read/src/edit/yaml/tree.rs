//! The nodes of a YAML or JSON text with their places.

use crate::edit::before_in_line;
use granit_parser::{BorrowedInput, Event, Parser, ScalarStyle};

/// No template nests so deep; the reader has the same bound.
const MAX_DEPTH: usize = 128;

/// What is written, as it is written.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Has a tag or an anchor, or is an alias: says more, or stands elsewhere too.
    pub(super) special: bool,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(ScalarStyle),
    Alias,
    List { items: Vec<Node> },
    Map { flow: bool, entries: Vec<Entry> },
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) value: Node,
}

/// The first document of a text without errors, which begins at a place of a larger one.
pub(super) fn tree(text: &str, place: usize) -> Option<Node> {
    let options = granit_parser::options! { emit_comments: false, simple_key_max_lookahead: 65_536 };
    let mut reader = Reader { events: Parser::new_from_str_with_options(text, options), text, place };
    loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(..), ..) => {}
            event => return reader.node(event, 0),
        }
    }
}

struct Reader<'t, I: BorrowedInput<'t>> {
    events: Parser<'t, I>,
    text: &'t str,
    place: usize,
}

impl<'t, I: BorrowedInput<'t>> Reader<'t, I> {
    fn next(&mut self) -> Option<(Event<'t>, usize, usize)> {
        let (event, mark) = self.events.next_event()?.ok()?;
        let range = mark.byte_range().unwrap_or(0..0);
        Some((event, range.start + self.place, range.end + self.place))
    }

    fn node(&mut self, (event, start, end): (Event<'t>, usize, usize), depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return None;
        }
        Some(match event {
            Event::Scalar(_, style, anchor, tag) => {
                Node { start, end, special: anchor != 0 || tag.is_some(), kind: Kind::Scalar(style) }
            }
            Event::Alias(..) => Node { start, end, special: true, kind: Kind::Alias },
            Event::SequenceStart(_, anchor, tag) => {
                let special = anchor != 0 || tag.is_some();
                let mut items = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::SequenceEnd, _, end) => break end,
                        event => items.push(self.node(event, depth + 1)?),
                    }
                };
                Node { start, end, special, kind: Kind::List { items } }
            }
            Event::MappingStart(_, anchor, tag) => {
                let special = anchor != 0 || tag.is_some();
                let mut entries = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::MappingEnd, _, end) => break end,
                        (Event::Scalar(name, ..), start, end) => {
                            let event = self.next()?;
                            let value = self.node(event, depth + 1)?;
                            entries.push(Entry { name: name.to_string(), start, end, value });
                        }
                        _ => return None,
                    }
                };
                let flow = self.text.get(start - self.place..)?.starts_with('{');
                Node { start, end, special, kind: Kind::Map { flow, entries } }
            }
            _ => return None,
        })
    }
}

/// Columns by which a block stands within another: those of the first that is met.
pub(super) fn unit(root: &Node, text: &str) -> usize {
    const USUAL: usize = 2;
    let Kind::Map { flow: false, entries } = &root.kind else { return USUAL };
    let inner = entries.iter().find_map(|entry| match &entry.value.kind {
        Kind::Map { flow: false, entries } => entries.first(),
        _ => None,
    });
    let column = |entry: &Entry| Some(before_in_line(text, entry.start)?.chars().count());
    let outer = entries.first().and_then(column).unwrap_or(0);
    inner.and_then(column).map_or(USUAL, |column| column.saturating_sub(outer).max(1))
}
