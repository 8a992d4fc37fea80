//! JSON as a flat tape over its own bytes.
//!
//! One pass, no tree, no copies: every node keeps the offsets of its text, so that a finding can name the place. A tape is
//! kept between events and only grows to the largest one. What parsers disagree about is not settled here but written down
//! as a [`Flaw`]: a guard that reads a duplicate key otherwise than the function behind it can be walked around.

mod scan;
mod several;
mod text;

pub use scan::{Flaw, Limits, Malformed};
pub(crate) use several::several;
pub use text::{escape, unescape};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, as it was written
    Number,
    /// A string: the text between its quotes
    String,
    /// An array
    Array,
    /// An object; its nodes alternate between keys and values
    Object,
}

/// One value or key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    kind: Kind,
    /// A string that holds a backslash.
    escaped: bool,
    /// The key of an object.
    key: bool,
    /// Offsets of the text; a string's without its quotes, an array's and object's with their brackets.
    start: u32,
    end: u32,
    /// Index of the node after this one and all below it.
    next: u32,
}

/// The nodes of one document, in the order of the text.
#[derive(Debug, Default)]
pub struct Tape {
    nodes: Vec<Node>,
    flaws: Vec<Flaw>,
    open: Vec<scan::Open>,
    keys: Vec<scan::Key>,
}

impl Tape {
    /// Reads `text`, which is JSON from the first to the last byte, white space around it aside.
    ///
    /// # Errors
    /// [`Malformed`] with the offset at which the text stops being JSON, or exceeds a limit that ends reading.
    pub fn read(&mut self, text: &[u8], limits: &Limits) -> Result<(), Malformed> {
        scan::read(self, text, limits)
    }

    /// What parsers disagree about or choke on, in the order of the text.
    pub fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// The document that was read from `text`.
    pub fn root<'a>(&'a self, text: &'a [u8]) -> Item<'a> {
        Item { tape: self, text, index: 0 }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True before anything was read.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// What stands directly below a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Below<'a> {
    of: Item<'a>,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Below<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.at >= self.end {
            return None;
        }
        let item = self.of.at(self.at);
        self.at = item.node()?.next.max(self.at + 1);
        Some(item)
    }
}

/// A node with what it takes to read it.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    tape: &'a Tape,
    text: &'a [u8],
    index: u32,
}

impl<'a> Item<'a> {
    fn node(self) -> Option<Node> {
        self.tape.nodes.get(self.index as usize).copied()
    }

    /// What it is; `Null` for a tape that holds nothing.
    pub fn kind(self) -> Kind {
        self.node().map_or(Kind::Null, |n| n.kind)
    }

    /// The index on the tape: tells nodes of one document apart.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Another node of the same document.
    pub(crate) fn at(self, index: u32) -> Self {
        Self { index, ..self }
    }

    /// Offset of the first byte of the node's text.
    pub fn offset(self) -> usize {
        self.node().map_or(0, |n| n.start as usize)
    }

    /// The text as it was written; a string's without quotes, with its escapes.
    pub fn raw(self) -> &'a [u8] {
        self.node().and_then(|n| self.text.get(n.start as usize..n.end as usize)).unwrap_or_default()
    }

    /// True for a string that holds escapes, so that its raw text is not its value.
    pub fn is_escaped(self) -> bool {
        self.node().is_some_and(|n| n.escaped)
    }

    /// A string without escapes.
    pub fn plain(self) -> Option<&'a [u8]> {
        let node = self.node()?;
        (node.kind == Kind::String && !node.escaped).then(|| self.raw())
    }

    /// The elements of an array, or the values of an object; nothing for anything else.
    pub fn items(self) -> impl Iterator<Item = Item<'a>> {
        let object = self.kind() == Kind::Object;
        self.below().enumerate().filter(move |(i, _)| !object || i % 2 == 1).map(|(_, item)| item)
    }

    /// Keys and values of an object; nothing for anything else.
    pub fn entries(self) -> impl Iterator<Item = (Item<'a>, Item<'a>)> {
        let object = self.kind() == Kind::Object;
        let mut below = self.below();
        std::iter::from_fn(move || if object { Some((below.next()?, below.next()?)) } else { None })
    }

    /// The value under `key`, the first one; escapes in keys are seen through.
    pub fn field(self, key: &str) -> Option<Item<'a>> {
        self.entries().find(|(k, _)| k.is_text(key)).map(|(_, value)| value)
    }

    /// True for a string whose value is `text`.
    pub fn is_text(self, text: &str) -> bool {
        let Some(node) = self.node() else { return false };
        if node.kind != Kind::String {
            return false;
        }
        if !node.escaped {
            return self.raw() == text.as_bytes();
        }
        let mut value = Vec::new();
        unescape(self.raw(), &mut value);
        value == text.as_bytes()
    }

    /// The first element of an array.
    pub fn first(self) -> Option<Item<'a>> {
        if self.kind() == Kind::Array { self.below().next() } else { None }
    }

    /// True for the literal `true`.
    pub fn is_true(self) -> bool {
        self.kind() == Kind::Bool && self.raw() == b"true"
    }

    /// All nodes from here down, this one first. No recursion.
    pub(crate) fn nodes(self) -> impl Iterator<Item = Item<'a>> {
        let end = self.node().map_or(0, |n| n.next);
        (self.index..end).map(move |index| Item { index, ..self })
    }

    /// True for the key of an object.
    pub(crate) fn is_key(self) -> bool {
        self.node().is_some_and(|n| n.key)
    }

    /// All strings from here down, keys among them, with whether it is a key. No recursion.
    pub fn strings(self) -> impl Iterator<Item = (Item<'a>, bool)> {
        self.nodes().filter(|item| item.kind() == Kind::String).map(|item| (item, item.is_key()))
    }

    /// The elements of an array, or keys and values of an object in turn.
    pub(crate) fn below(self) -> Below<'a> {
        let (at, end) = match self.node() {
            Some(n) if matches!(n.kind, Kind::Array | Kind::Object) => (self.index + 1, n.next),
            _ => (0, 0),
        };
        Below { of: self, at, end }
    }

    /// The JSON pointer (RFC 6901) of the node `index` below this one.
    pub fn pointer_to(self, index: u32) -> String {
        self.pointers_to(&[index]).pop().unwrap_or_default()
    }

    /// JSON pointers to all of `indices`, which ascend, in one walk down: for reports, not for the hot path. No recursion.
    pub fn pointers_to(self, indices: &[u32]) -> Vec<String> {
        let mut pointers = vec![String::new(); indices.len()];
        let mut wanted = indices.iter().zip(pointers.iter_mut()).peekable();
        while wanted.next_if(|(index, _)| **index <= self.index).is_some() {}
        let mut path = String::new();
        let mut open = vec![Level::of(self, 0)];
        while let Some(level) = open.last_mut() {
            path.truncate(level.length);
            let Some(item) = level.below.next() else {
                open.pop();
                continue;
            };
            let at = level.at;
            level.at += 1;
            if level.object && at % 2 == 0 {
                level.key = Some(item);
            }
            let Some((next, _)) = wanted.peek() else { break };
            if **next >= item.node().map_or(0, |n| n.next) {
                continue;
            }
            path.push('/');
            match level.key {
                Some(key) => {
                    let mut name = Vec::new();
                    unescape(key.raw(), &mut name);
                    path.push_str(&String::from_utf8_lossy(&name).replace('~', "~0").replace('/', "~1"));
                }
                None => path.push_str(&at.to_string()),
            }
            while let Some((_, pointer)) = wanted.next_if(|(index, _)| **index <= item.index) {
                pointer.clone_from(&path);
            }
            open.push(Level::of(item, path.len()));
        }
        pointers
    }
}

/// A container on the way down.
struct Level<'a> {
    below: Below<'a>,
    object: bool,
    /// How many nodes of it came by, and the last key among them.
    at: usize,
    key: Option<Item<'a>>,
    /// Of the path to it.
    length: usize,
}

impl<'a> Level<'a> {
    fn of(item: Item<'a>, length: usize) -> Self {
        Self { below: item.below(), object: item.kind() == Kind::Object, at: 0, key: None, length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape(text: &str) -> Tape {
        let mut tape = Tape::default();
        tape.read(text.as_bytes(), &Limits::default()).unwrap();
        tape
    }

    #[test]
    fn fields_items_and_pointers() {
        let text = r#" {"a": [1, {"b/c": "x\n"}], "d": "e"} "#;
        let tape = tape(text);
        let root = tape.root(text.as_bytes());
        let inner = root.field("a").unwrap().items().nth(1).unwrap().field("b/c").unwrap();
        assert_eq!(inner.raw(), br"x\n");
        assert!(inner.is_text("x\n"));
        assert_eq!(root.pointer_to(inner.index()), "/a/1/b~1c");
        assert_eq!(root.field("d").unwrap().plain(), Some(&b"e"[..]));
        assert!(root.field("x").is_none());
        let all: Vec<u32> = root.nodes().map(Item::index).collect();
        let pointers = ["", "/a", "/a", "/a/0", "/a/1", "/a/1/b~1c", "/a/1/b~1c", "/d", "/d"];
        assert_eq!(root.pointers_to(&all), pointers);
        assert_eq!(root.pointers_to(&[0, 3, 3, 8]), ["", "/a/0", "/a/0", "/d"]);
        assert_eq!(root.strings().filter(|(_, key)| *key).count(), 3);
    }

    #[test]
    fn a_key_keeps_the_pointer_of_its_value() {
        let text = r#"{"a": {"b": 1}}"#;
        let tape = tape(text);
        let root = tape.root(text.as_bytes());
        let (key, _) = root.field("a").unwrap().entries().next().unwrap();
        assert_eq!(root.pointer_to(key.index()), "/a/b");
        assert_eq!(root.pointers_to(&[1, 2, 3, 4]), ["/a", "/a", "/a/b", "/a/b"]);
    }
}
