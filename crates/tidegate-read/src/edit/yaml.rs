//! Edits of YAML and JSON texts.

use super::{Raw, apply, before_in_line, end_of_line, line_break};
use crate::yaml::parse_one;
use granit_parser::{BorrowedInput, Event, Parser, ScalarStyle};
use tidegate_graph::{Data, Field, FileId, Map, Plain, Str, Value};

/// No template nests so deep; the reader has the same bound.
const MAX_DEPTH: usize = 128;

/// The edit after which `value` stands under these keys, and nothing else has changed.
pub(super) fn set(text: &str, keys: &[Str], value: &Plain) -> Option<Raw> {
    let root = tree(text)?;
    let edit = Editor { text, unit: unit(&root, text) }.set(&root, keys, value)?;
    confirmed(text, &edit, keys, value).then_some(edit)
}

/// Reads the text again: it must say what it said, but for the change.
fn confirmed(text: &str, edit: &Raw, keys: &[Str], value: &Plain) -> bool {
    let Some(after) = apply(text, edit) else { return false };
    let (Some(mut expected), problems) = parse_one(FileId(0), text) else { return false };
    let (Some(found), more) = parse_one(FileId(0), &after) else { return false };
    more.len() == problems.len() && put(&mut expected, keys, value).is_some() && same(&expected, &found)
}

fn put(at: &mut Value, keys: &[Str], value: &Plain) -> Option<()> {
    let Some((key, rest)) = keys.split_first() else {
        at.data = data(value);
        return Some(());
    };
    if at.data == Data::Null {
        at.data = Data::Map(Map::new());
    }
    let span = at.span;
    let next = match &mut at.data {
        Data::List(items) => items.get_mut(key.parse::<usize>().ok()?)?,
        Data::Map(map) => {
            if !map.contains_key(key) {
                map.insert_field(key.clone(), Field { key: span, value: Value::new(Data::Null, span) });
            }
            map.get_mut(key)?
        }
        _ => return None,
    };
    put(next, rest, value)
}

fn data(value: &Plain) -> Data {
    let plain = |value: &Plain| Value::new(data(value), tidegate_graph::Span::default());
    match value {
        Plain::Bool(value) => Data::Bool(*value),
        Plain::Number(n) => Data::Number(n.to_string().into()),
        Plain::Text(text) => Data::Text(text.clone()),
        Plain::Account => {
            let name = Value::text("AWS::AccountId", tidegate_graph::Span::default());
            Data::Map(Map::from_iter([("Ref".into(), Field { key: name.span, value: name })]))
        }
        Plain::List(items) => Data::List(items.iter().map(plain).collect()),
        Plain::Map(entries) => {
            let field = |value| Field { key: tidegate_graph::Span::default(), value };
            Data::Map(entries.iter().map(|(key, value)| (key.clone(), field(plain(value)))).collect())
        }
    }
}

/// Equal but for where it is written. A quoted scalar says what the bare one says.
fn same(a: &Value, b: &Value) -> bool {
    match (&a.data, &b.data) {
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) if a == b => true,
        _ => a.as_text().is_some() && a.as_text() == b.as_text(),
    }
}

/// What is written, as it is written.
#[derive(Debug)]
struct Node {
    start: usize,
    end: usize,
    /// Has a tag or an anchor, or is an alias: says more, or stands elsewhere too.
    special: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scalar(ScalarStyle),
    Alias,
    List { items: Vec<Node> },
    Map { flow: bool, entries: Vec<Entry> },
}

#[derive(Debug)]
struct Entry {
    name: String,
    start: usize,
    end: usize,
    value: Node,
}

/// The first document of a text without errors.
fn tree(text: &str) -> Option<Node> {
    let options = granit_parser::options! { emit_comments: false, simple_key_max_lookahead: 65_536 };
    let mut reader = Reader { events: Parser::new_from_str_with_options(text, options), text };
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
}

impl<'t, I: BorrowedInput<'t>> Reader<'t, I> {
    fn next(&mut self) -> Option<(Event<'t>, usize, usize)> {
        let (event, mark) = self.events.next_event()?.ok()?;
        let range = mark.byte_range().unwrap_or(0..0);
        Some((event, range.start, range.end))
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
                let flow = self.text.get(start..)?.starts_with('{');
                Node { start, end, special, kind: Kind::Map { flow, entries } }
            }
            _ => return None,
        })
    }
}

/// Columns by which a block stands within another: those of the first that is met.
fn unit(root: &Node, text: &str) -> usize {
    const USUAL: usize = 2;
    let Kind::Map { flow: false, entries } = &root.kind else { return USUAL };
    let inner = entries.iter().find_map(|entry| match &entry.value.kind {
        Kind::Map { flow: false, entries } => entries.first(),
        _ => None,
    });
    inner.and_then(|e| before_in_line(text, e.start)).map_or(USUAL, |before| before.chars().count().max(1))
}

struct Editor<'t> {
    text: &'t str,
    unit: usize,
}

impl Editor<'_> {
    fn set(&self, node: &Node, keys: &[Str], value: &Plain) -> Option<Raw> {
        if node.special {
            return None;
        }
        let Some((key, rest)) = keys.split_first() else { return self.replace(node, value) };
        match &node.kind {
            Kind::List { items } => self.set(items.get(key.parse::<usize>().ok()?)?, rest, value),
            Kind::Map { flow, entries } => {
                let computed =
                    |name: &str| name.starts_with("Fn::") || matches!(name, "Ref" | "Condition" | "<<");
                let twice = entries.iter().filter(|entry| entry.name == *key).count() > 1;
                if twice || entries.iter().any(|entry| computed(&entry.name)) {
                    return None;
                }
                match entries.iter().find(|entry| entry.name == *key) {
                    Some(entry) => self.set(&entry.value, rest, value),
                    None => {
                        let value = rest
                            .iter()
                            .rev()
                            .fold(value.clone(), |inner, key| Plain::Map(vec![(key.clone(), inner)]));
                        if *flow {
                            self.insert_flow(node, entries, key, &value)
                        } else {
                            self.insert_block(entries, key, &value)
                        }
                    }
                }
            }
            Kind::Scalar(_) | Kind::Alias => None,
        }
    }

    /// A scalar takes the place of a scalar, in the same quotes.
    fn replace(&self, node: &Node, value: &Plain) -> Option<Raw> {
        let Kind::Scalar(style) = node.kind else { return None };
        let old = self.text.get(node.start..node.end)?;
        let text = match value {
            Plain::Bool(value) => value.to_string(),
            Plain::Number(n) => n.to_string(),
            Plain::Text(text) => text.to_string(),
            _ => return None,
        };
        let new = match style {
            ScalarStyle::DoubleQuoted if old.starts_with('"') => quoted(&text)?,
            ScalarStyle::SingleQuoted if old.starts_with('\'') => format!("'{}'", text.replace('\'', "''")),
            ScalarStyle::Plain if !old.is_empty() => flow(value, false)?,
            _ => return None,
        };
        Some((node.start, node.end, new))
    }

    /// `key: value` behind the last entry, in the line of `{` or in one of its own, as the last one stands.
    fn insert_flow(&self, node: &Node, entries: &[Entry], key: &str, value: &Plain) -> Option<Raw> {
        let Some(last) = entries.last() else {
            let inside = self.text.get(node.start + 1..node.end.checked_sub(1)?)?;
            let json = self.is_json();
            let entry =
                format!("{}: {}", if json { quoted(key)? } else { key.to_string() }, flow(value, json)?);
            return inside.trim().is_empty().then(|| (node.start + 1, node.end - 1, entry));
        };
        let json = self.text.get(last.start..)?.starts_with('"');
        let end = last.value.end;
        if last.value.end <= last.end {
            return None;
        }
        let colon =
            if self.text.get(last.end..last.value.start)?.contains(": ") || !json { ": " } else { ":" };
        let before = before_in_line(self.text, last.start)?;
        let own_line = before.trim().is_empty();
        let name = if json { quoted(key)? } else { key.to_string() };
        let lead = match (own_line, colon) {
            (true, _) => format!(",{}{before}", line_break(self.text)),
            (false, ":") => ",".to_string(),
            (false, _) => ", ".to_string(),
        };
        let value = match (own_line && json, self.json_unit(node, before)) {
            (true, Some(unit)) => self.pretty(value, before, &unit)?,
            _ => flow(value, json)?,
        };
        Some((end, end, format!("{lead}{name}{colon}{value}")))
    }

    /// What a level of a JSON text adds to the blanks before a line.
    fn json_unit(&self, node: &Node, inner: &str) -> Option<String> {
        let line = before_in_line(self.text, node.start)?;
        Some(inner.strip_prefix(super::indentation(line))?.to_string()).filter(|unit| !unit.is_empty())
    }

    fn pretty(&self, value: &Plain, indent: &str, unit: &str) -> Option<String> {
        let deeper = format!("{indent}{unit}");
        let (open, close, parts) = match value {
            Plain::Map(entries) => {
                let part = |(key, value): &(Str, Plain)| {
                    Some(format!("{}: {}", quoted(key)?, self.pretty(value, &deeper, unit)?))
                };
                ('{', '}', entries.iter().map(part).collect::<Option<Vec<_>>>()?)
            }
            Plain::List(items) => {
                let part = |value| self.pretty(value, &deeper, unit);
                ('[', ']', items.iter().map(part).collect::<Option<Vec<_>>>()?)
            }
            other => return flow(other, true),
        };
        let line = line_break(self.text);
        let inner: Vec<String> = parts.iter().map(|part| format!("{line}{deeper}{part}")).collect();
        Some(format!("{open}{}{line}{indent}{close}", inner.join(",")))
    }

    fn insert_block(&self, entries: &[Entry], key: &str, value: &Plain) -> Option<Raw> {
        let last = entries.last()?;
        let column = before_in_line(self.text, last.start)?.chars().count();
        let at = end_of_line(self.text, self.end(last)?, &["#"])?;
        let line = line_break(self.text);
        let mut out = String::new();
        self.block(&mut out, column, key, value)?;
        Some((at, at, out.replace('\n', line)))
    }

    /// Behind the last visible byte of an entry.
    fn end(&self, entry: &Entry) -> Option<usize> {
        let inner = match &entry.value.kind {
            Kind::Map { flow: false, entries } => entries.last().and_then(|last| self.end(last)),
            Kind::List { items } if !self.text.get(entry.value.start..)?.starts_with('[') => {
                items.last().and_then(|item| self.end_of(item))
            }
            _ => self.end_of(&entry.value),
        };
        inner.or_else(|| {
            let colon = self.text.get(entry.end..)?.find(':')?;
            Some(entry.end + colon + 1)
        })
    }

    fn end_of(&self, node: &Node) -> Option<usize> {
        match &node.kind {
            Kind::Map { flow: false, entries } => entries.last().and_then(|last| self.end(last)),
            Kind::List { items } if !self.text.get(node.start..)?.starts_with('[') => {
                items.last().and_then(|item| self.end_of(item))
            }
            _ => {
                let text = self.text.get(node.start..node.end)?;
                let visible = text.trim_end().len();
                (visible > 0).then_some(node.start + visible)
            }
        }
    }

    /// Lines of an entry, each behind its line break.
    fn block(&self, out: &mut String, column: usize, key: &str, value: &Plain) -> Option<()> {
        out.push('\n');
        out.push_str(&" ".repeat(column));
        out.push_str(key);
        out.push(':');
        match value {
            Plain::Map(entries) if !entries.is_empty() => {
                entries
                    .iter()
                    .try_for_each(|(key, value)| self.block(out, column + self.unit, key, value))?;
            }
            Plain::List(items) if !items.is_empty() => {
                let dash = column + self.unit;
                for item in items {
                    out.push_str(&format!("\n{}- ", " ".repeat(dash)));
                    match item {
                        Plain::Map(entries) => {
                            let mut inner = String::new();
                            for (key, value) in entries {
                                self.block(&mut inner, dash + 2, key, value)?;
                            }
                            out.push_str(inner.trim_start());
                        }
                        other => out.push_str(&flow(other, false)?),
                    }
                }
            }
            other => {
                out.push(' ');
                out.push_str(&flow(other, false)?);
            }
        }
        Some(())
    }

    fn is_json(&self) -> bool {
        let text = self.text.trim_start();
        text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}']))
    }
}

fn quoted(text: &str) -> Option<String> {
    let simple = !text.chars().any(|c| matches!(c, '"' | '\\') || c.is_control());
    simple.then(|| format!("\"{text}\""))
}

/// A value in one line.
fn flow(value: &Plain, json: bool) -> Option<String> {
    Some(match value {
        Plain::Bool(value) => value.to_string(),
        Plain::Number(n) => n.to_string(),
        Plain::Text(text) if json => quoted(text)?,
        Plain::Text(text) => {
            let first = |c: char| c.is_ascii_alphabetic();
            let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
            let word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
                .iter()
                .any(|word| text.eq_ignore_ascii_case(word));
            let plain = text.starts_with(first) && text.chars().all(part) && !word;
            if plain { text.to_string() } else { format!("'{}'", text.replace('\'', "''")) }
        }
        Plain::Account if json => "{\"Ref\": \"AWS::AccountId\"}".to_string(),
        Plain::Account => "!Ref AWS::AccountId".to_string(),
        Plain::List(items) => {
            let items = items.iter().map(|item| flow(item, json)).collect::<Option<Vec<_>>>()?;
            format!("[{}]", items.join(", "))
        }
        Plain::Map(entries) => {
            let entry = |(key, value): &(Str, Plain)| {
                let key = if json { quoted(key)? } else { key.to_string() };
                Some(format!("{key}: {}", flow(value, json)?))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Option<Vec<_>>>()?.join(", "))
        }
    })
}
