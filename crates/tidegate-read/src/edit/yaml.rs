//! Edits of YAML and JSON texts.

mod swap;
mod tree;

use super::{Raw, apply, before_in_line, end_of_line, line_break, spend};
use crate::yaml::{parse, parse_one};
use granit_parser::ScalarStyle;
use std::cell::Cell;
use std::ops::Range;
use tidegate_graph::{Data, Field, FileId, Map, Piece, Plain, Str, Value};
use tree::{Entry, Kind, Node, tree, unit};

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

/// Finds the places in a text that has been read.
struct Writer<'t> {
    text: &'t str,
    line_break: &'static str,
    unit: usize,
}

impl Writer<'_> {
    fn set(&self, node: &Node, keys: &[Str], value: &Plain) -> Option<Raw> {
        match (value, keys) {
            (Plain::Swap { items, .. }, []) => return self.swap(node, items),
            (Plain::More(items), []) => return self.append(node, items),
            _ => {}
        }
        if node.special {
            return None;
        }
        let Some((key, rest)) = keys.split_first() else { return self.replace(node, value) };
        match &node.kind {
            Kind::List { items } => {
                let item = items.get(key.parse::<usize>().ok()?)?;
                match (value, rest) {
                    (Plain::Instead { old, items }, []) => self.splice(node, item, old, items),
                    (Plain::Swap { items, .. }, []) => self.swap_item(node, item, items),
                    _ => self.set(item, rest, value),
                }
            }
            Kind::Map { flow, entries } => {
                let twice = entries.iter().filter(|entry| entry.name == *key).count() > 1;
                // A statement of a policy has a `Condition` of its own, by which nothing is made.
                let statement = entries.iter().any(|entry| entry.name == "Effect");
                let computed = |name: &str| is_computed(name) && !(statement && name == "Condition");
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

    /// Several items of a list take the place of one.
    fn splice(&self, list: &Node, item: &Node, old: &str, items: &[Plain]) -> Option<Raw> {
        let (start, end) = self.scalar_that_says(item, old)?;
        let json = self.is_json();
        let new = items.iter().map(|item| flow(item, json)).collect::<Option<Vec<_>>>()?;
        if self.text.get(list.start..)?.starts_with('[') {
            return Some((start, end, new.join(", ")));
        }
        let before = before_in_line(self.text, start)?;
        // A dash behind something else (`- - x`) would have to be counted.
        let column = before.strip_suffix("- ").filter(|blank| blank.trim().is_empty())?;
        Some((start, end, new.join(&format!("{}{column}- ", self.line_break))))
    }

    /// The place of a scalar of one line without a tag that says this.
    fn scalar_that_says(&self, node: &Node, old: &str) -> Option<(usize, usize)> {
        let Kind::Scalar(style) = node.kind else { return None };
        let text = self.text.get(node.start..node.end)?;
        let said = match style {
            ScalarStyle::DoubleQuoted => text.strip_prefix('"')?.strip_suffix('"')?,
            ScalarStyle::SingleQuoted => text.strip_prefix('\'')?.strip_suffix('\'')?,
            ScalarStyle::Plain => text,
            _ => return None,
        };
        (!node.special && said == old).then_some((node.start, node.end))
    }

    /// A scalar takes the place of a scalar, in the same quotes.
    fn replace(&self, node: &Node, value: &Plain) -> Option<Raw> {
        if let Plain::Instead { old, items } = value {
            let (start, end) = self.scalar_that_says(node, old)?;
            let new = match items.as_slice() {
                [only] => flow(only, self.is_json())?,
                several => flow(&Plain::List(several.to_vec()), self.is_json())?,
            };
            return Some((start, end, new));
        }
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
            let entry = format!("{}: {}", if json { quoted(key)? } else { name(key)? }, flow(value, json)?);
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
        let name = if json { quoted(key)? } else { name(key)? };
        let lead = match (own_line, colon) {
            (true, _) => format!(",{}{before}", self.line_break),
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
            Plain::List(items) | Plain::More(items) => {
                let part = |value| self.pretty(value, &deeper, unit);
                ('[', ']', items.iter().map(part).collect::<Option<Vec<_>>>()?)
            }
            other => return flow(other, true),
        };
        let line = self.line_break;
        let inner: Vec<String> = parts.iter().map(|part| format!("{line}{deeper}{part}")).collect();
        Some(format!("{open}{}{line}{indent}{close}", inner.join(",")))
    }

    fn insert_block(&self, entries: &[Entry], key: &str, value: &Plain) -> Option<Raw> {
        let last = entries.last()?;
        let column = before_in_line(self.text, last.start)?.chars().count();
        let at = end_of_line(self.text, self.end(last)?, &["#"])?;
        let line = self.line_break;
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
        out.push_str(&name(key)?);
        out.push(':');
        match value {
            Plain::Map(entries) if !entries.is_empty() && short(value).is_none() => {
                entries
                    .iter()
                    .try_for_each(|(key, value)| self.block(out, column + self.unit, key, value))?;
            }
            Plain::List(items) | Plain::More(items) if !items.is_empty() => {
                let dash = column + self.unit;
                for item in items {
                    out.push_str(&format!("\n{}- ", " ".repeat(dash)));
                    match item {
                        Plain::Map(entries) if short(item).is_none() => {
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

/// A function of a text in its short form: `!Sub`, `!Ref`, `!GetAtt`.
fn short(value: &Plain) -> Option<String> {
    let Plain::Map(entries) = value else { return None };
    let [(name, argument)] = entries.as_slice() else { return None };
    Some(match (name.as_str(), argument) {
        ("Fn::Sub", text @ Plain::Text(_)) => format!("!Sub {}", flow(text, false)?),
        ("Ref", Plain::Text(name)) => format!("!Ref {name}"),
        ("Fn::GetAtt", Plain::List(items)) => match items.as_slice() {
            [Plain::Text(id), Plain::Text(attribute)] => format!("!GetAtt {id}.{attribute}"),
            _ => return None,
        },
        _ => return None,
    })
}

/// What plain text would be read as something else: `Null` in YAML is no text.
fn is_word(text: &str) -> bool {
    ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// A key, in quotes where it would be read as something else or have another end.
fn name(key: &str) -> Option<String> {
    let within = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    let plain = key.chars().all(within) && !key.ends_with(':');
    if plain && !is_word(key) { Some(key.to_string()) } else { quoted(key) }
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
            let plain = text.starts_with(first) && text.chars().all(part) && !is_word(text);
            if plain { text.to_string() } else { format!("'{}'", text.replace('\'', "''")) }
        }
        Plain::Account if json => "{\"Ref\": \"AWS::AccountId\"}".to_string(),
        Plain::Account => "!Ref AWS::AccountId".to_string(),
        Plain::Beside { .. } | Plain::Same { .. } => return None,
        Plain::Instead { items, .. } | Plain::Swap { items, .. } if items.len() == 1 => {
            items.iter().map(|item| flow(item, json)).collect::<Option<String>>()?
        }
        Plain::List(items)
        | Plain::More(items)
        | Plain::Instead { items, .. }
        | Plain::Swap { items, .. } => {
            let items = items.iter().map(|item| flow(item, json)).collect::<Option<Vec<_>>>()?;
            format!("[{}]", items.join(", "))
        }
        Plain::Joined(pieces) if !can_be_written(pieces) => return None,
        Plain::Arn { .. } | Plain::Joined(_) => match (intrinsic(value), json) {
            (("Ref", name), true) => format!("{{\"Ref\": {}}}", quoted(&name)?),
            (("GetAtt", argument), true) => {
                let (name, attribute) = argument.split_once('.')?;
                format!("{{\"Fn::GetAtt\": [{}, {}]}}", quoted(name)?, quoted(attribute)?)
            }
            ((name, argument), true) => format!("{{\"Fn::{name}\": {}}}", quoted(&argument)?),
            (("Sub", argument), false) => format!("!Sub '{argument}'"),
            ((name, argument), false) => format!("!{name} {argument}"),
        },
        Plain::Map(_) if !json && short(value).is_some() => short(value)?,
        Plain::Map(entries) => {
            let entry = |(key, value): &(Str, Plain)| {
                let key = if json { quoted(key)? } else { name(key)? };
                Some(format!("{key}: {}", flow(value, json)?))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Option<Vec<_>>>()?.join(", "))
        }
    })
}
