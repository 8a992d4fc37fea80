//! Edits of YAML and JSON texts.

mod swap;
mod tree;
mod write;

use super::{Raw, apply, before_in_line, line_break, spend};
use crate::yaml::{parse, parse_one};
use std::cell::Cell;
use std::ops::Range;
use tidegate_graph::{Data, Field, FileId, Map, Piece, Plain, Str, Value};
use tree::{Kind, Node, tree, unit};
use write::Writer;

/// A template, read for any number of edits.
pub(super) struct Document<'t> {
    file: FileId,
    text: &'t str,
    line_break: &'static str,
    root: Option<Value>,
    problems: usize,
    /// True when nothing above a resource says more than that it is there, so that each can be read by itself.
    plain: bool,
}

impl<'t> Document<'t> {
    pub(super) fn new(file: FileId, text: &'t str) -> Self {
        let (root, problems) = parse_one(file, text);
        let plain = problems.is_empty() && root.as_ref().is_some_and(|root| is_plain(text, root));
        Self { file, text, line_break: line_break(text), root, problems: problems.len(), plain }
    }

    pub(super) fn root(&self) -> Option<&Value> {
        self.root.as_ref()
    }

    /// The edit after which `value` stands under these keys, and nothing else has changed.
    pub(super) fn set(&self, keys: &[Str], value: &Plain, read: &Cell<usize>) -> Option<Raw> {
        match keys {
            [first, id, rest @ ..] if first == RESOURCES => self
                .part(id, read)
                .and_then(|part| self.set_in(&part, rest, value, read))
                .unwrap_or_else(|| self.set_in_whole(keys, value, read)),
            _ => self.set_in_whole(keys, value, read),
        }
    }

    /// The edit, or none at all; `None` where the part doesn't say by itself what it says in the whole text.
    fn set_in(
        &self,
        part: &Part<'_>,
        keys: &[Str],
        value: &Plain,
        read: &Cell<usize>,
    ) -> Option<Option<Raw>> {
        let edit = self.writer(part.unit).set(&part.node, keys, value);
        let Range { start, end } = part.range;
        let mut after = self.text.get(start..end)?.to_string();
        let mut expected = part.value.clone();
        if let Some((from, to, new)) = &edit {
            let range = from.checked_sub(start)?..to.checked_sub(start)?;
            after = [after.get(..range.start)?, new, after.get(range.end..)?].concat();
            put(&mut expected, keys, value)?;
        }
        spend(read, after.len());
        let found = alone(self.file, &after)?;
        let found = if part.named { found.as_map()?.only()?.1 } else { &found };
        same(&expected, found).then_some(edit)
    }

    pub(super) fn set_in_whole(&self, keys: &[Str], value: &Plain, read: &Cell<usize>) -> Option<Raw> {
        spend(read, self.text.len().saturating_mul(2));
        let root = tree(self.text, 0)?;
        let edit = self.writer(unit(&root, self.text)).set(&root, keys, value)?;
        self.confirms(&edit, keys, value).then_some(edit)
    }

    /// Reads the text again: it must say what it said, but for the change.
    pub(super) fn confirms(&self, edit: &Raw, keys: &[Str], value: &Plain) -> bool {
        let Some(after) = apply(self.text, edit) else { return false };
        let Some(mut expected) = self.root.clone() else { return false };
        let (Some(found), problems) = parse_one(self.file, &after) else { return false };
        problems.len() == self.problems
            && put(&mut expected, keys, value).is_some()
            && same(&expected, &found)
    }

    fn writer(&self, unit: usize) -> Writer<'t> {
        Writer { text: self.text, line_break: self.line_break, unit }
    }

    /// A resource as it is written, by itself. Where that says what it says in the whole text, a change within it changes
    /// nothing outside.
    fn part(&self, id: &str, read: &Cell<usize>) -> Option<Part<'_>> {
        let resources = self.root.as_ref().filter(|_| self.plain)?.as_map()?.field(RESOURCES)?;
        let field = resources.value.as_map()?.field(id)?;
        let from = field.key.start as usize;
        let named = !self.text.get(resources.value.span.start as usize..)?.starts_with('{');
        let range = if named {
            let before = before_in_line(self.text, from)?;
            let first = before_in_line(self.text, resources.value.span.start as usize)?;
            // What is joined in from elsewhere stands elsewhere.
            if before != first || before.is_empty() || before.chars().any(|c| c != ' ') {
                return None;
            }
            let start = from - before.len();
            let inner = |line: &&str| {
                let blank = line.len() - line.trim_start_matches(' ').len();
                blank > before.len() || line.trim().is_empty()
            };
            let mut lines = self.text.get(start..)?.split_inclusive('\n');
            let own = lines.next()?.len();
            start..start + own + lines.take_while(inner).map(str::len).sum::<usize>()
        } else {
            field.value.span.start as usize..field.value.span.end as usize
        };
        let text = self.text.get(range.clone())?;
        spend(read, text.len());
        let root = tree(text, range.start)?;
        let unit = unit(&root, self.text);
        let node = match (named, root.kind) {
            (true, Kind::Map { entries, .. }) if !root.special => {
                let mut entries = entries.into_iter();
                entries.next().filter(|entry| entry.name == id && entries.next().is_none())?.value
            }
            (false, kind) if text.starts_with('{') && text.ends_with('}') => Node { kind, ..root },
            _ => return None,
        };
        Some(Part { range, named, node, unit, value: &field.value })
    }
}

const RESOURCES: &str = "Resources";

/// The lines of a resource.
struct Part<'d> {
    range: Range<usize>,
    /// True when its name is among them.
    named: bool,
    node: Node,
    unit: usize,
    value: &'d Value,
}

/// True when neither the template nor its resources have a tag, an anchor, or something that is computed or joined in.
fn is_plain(text: &str, root: &Value) -> bool {
    let Some(field) = root.as_map().and_then(|map| map.field(RESOURCES)) else { return false };
    let names = [root, &field.value].into_iter().filter_map(Value::as_map).flat_map(Map::keys);
    let computed = names.into_iter().any(|name| is_computed(name));
    let silent = |text: Option<&str>| {
        text.is_some_and(|text| {
            let mut lines = text.lines().map(str::trim);
            lines.all(|line| line.is_empty() || line == "---" || line.starts_with('#'))
        })
    };
    let before = text.get(..root.span.start as usize).map(|before| before.trim_start_matches('\u{feff}'));
    let between = text.get(field.key.end as usize..field.value.span.start as usize);
    let between = between.and_then(|between| between.trim_start().strip_prefix(':'));
    let joined = text
        .match_indices("<<")
        .filter_map(|(at, _)| text.get(at + 2..))
        .any(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'));
    !computed && !joined && silent(before) && silent(between)
}

/// Names of which what stands beside them is made.
fn is_computed(name: &str) -> bool {
    name.starts_with("Fn::") || matches!(name, "Ref" | "Condition" | "<<")
}

/// The only document of a text without problems.
fn alone(file: FileId, text: &str) -> Option<Value> {
    let parsed = parse(file, text);
    let mut documents = parsed.documents.into_iter();
    documents.next().filter(|_| parsed.problems.is_empty() && documents.next().is_none())
}

fn put(at: &mut Value, keys: &[Str], value: &Plain) -> Option<()> {
    let Some((key, rest)) = keys.split_first() else {
        match (&mut at.data, value) {
            (Data::List(list), Plain::More(items)) => {
                list.extend(items.iter().map(|item| Value::new(data(item), at.span)));
            }
            (at, value) => *at = data(value),
        }
        return Some(());
    };
    if let (Data::List(list), Plain::Instead { items, .. } | Plain::Swap { items, .. }, []) =
        (&mut at.data, value, rest)
    {
        let n = key.parse::<usize>().ok().filter(|n| *n < list.len())?;
        let new = items.iter().map(|item| Value::new(data(item), at.span));
        list.splice(n..=n, new);
        return Some(());
    }
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

/// An ARN or a text of pieces as CloudFormation writes it: `Ref`, `GetAtt` or `Sub`, and of what.
fn intrinsic(value: &Plain) -> (&'static str, String) {
    if let Plain::Joined(pieces) = value {
        return match pieces.as_slice() {
            [Piece::Symbol(symbol)] => ("Ref", symbol.name.to_string()),
            [Piece::Reference(of)] if of.attribute.is_empty() => ("Ref", Plain::name_of(&of.target).into()),
            [Piece::Reference(of)] => ("GetAtt", format!("{}.{}", Plain::name_of(&of.target), of.attribute)),
            pieces => ("Sub", pieces.iter().map(substituted).collect()),
        };
    }
    let Plain::Arn { of, attribute, after } = value else { return ("Ref", String::new()) };
    let name = Plain::name_of(of);
    match (attribute.as_str(), after.as_str()) {
        ("", "") => ("Ref", name.to_string()),
        (attribute, "") => ("GetAtt", format!("{name}.{attribute}")),
        ("", after) => ("Sub", format!("${{{name}}}{after}")),
        (attribute, after) => ("Sub", format!("${{{name}.{attribute}}}{after}")),
    }
}

fn substituted(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => text.to_string(),
        Piece::Symbol(symbol) => format!("${{{}}}", symbol.name),
        Piece::Reference(of) if of.attribute.is_empty() => format!("${{{}}}", Plain::name_of(&of.target)),
        Piece::Reference(of) => format!("${{{}.{}}}", Plain::name_of(&of.target), of.attribute),
    }
}

/// True if pieces can be written as they are: texts that say nothing else there, and names that the template has.
fn can_be_written(pieces: &[Piece]) -> bool {
    pieces.iter().all(|piece| match piece {
        Piece::Text(text) => !text.contains(['$', '\'', '"', '\\']) && !text.contains(char::is_control),
        Piece::Reference(_) => true,
        Piece::Symbol(symbol) => {
            let name = symbol.name.strip_prefix("AWS::").unwrap_or(&symbol.name);
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())
        }
    })
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
        Plain::List(items) | Plain::More(items) => Data::List(items.iter().map(plain).collect()),
        Plain::Instead { items, .. } | Plain::Swap { items, .. } => match items.as_slice() {
            [only] => data(only),
            several => Data::List(several.iter().map(plain).collect()),
        },
        Plain::Arn { .. } | Plain::Joined(_) => {
            let (name, argument) = intrinsic(value);
            let text = |text: &str| Value::text(text, tidegate_graph::Span::default());
            let argument = match argument.split_once('.') {
                Some((id, attribute)) if name == "GetAtt" => {
                    Value::list(vec![text(id), text(attribute)], tidegate_graph::Span::default())
                }
                _ => text(&argument),
            };
            let name: Str = if name == "Ref" { name.into() } else { format!("Fn::{name}").into() };
            Data::Map(Map::from_iter([(name, Field { key: argument.span, value: argument })]))
        }
        Plain::Beside { .. } | Plain::Same { .. } => Data::Null,
        Plain::Map(entries) => {
            let field = |value| Field { key: tidegate_graph::Span::default(), value };
            Data::Map(entries.iter().map(|(key, value)| (key.clone(), field(plain(value)))).collect())
        }
    }
}

/// Equal but for where it is written. A quoted scalar says what the bare one says.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (&a.data, &b.data) {
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) if a == b => true,
        _ => a.as_text().is_some() && a.as_text() == b.as_text(),
    }
}
