//! How a value is written at its place: in the style of what stands beside it.

use super::tree::{Entry, Kind, Node};
use super::{can_be_written, intrinsic, is_computed};
use crate::edit::{Raw, before_in_line, end_of_line, indentation};
use granit_parser::ScalarStyle;
use tidegate_graph::{Plain, Str};

/// Finds the places in a text that has been read.
pub(super) struct Writer<'t> {
    pub(super) text: &'t str,
    pub(super) line_break: &'static str,
    pub(super) unit: usize,
}

impl Writer<'_> {
    pub(super) fn set(&self, node: &Node, keys: &[Str], value: &Plain) -> Option<Raw> {
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
    pub(super) fn json_unit(&self, node: &Node, inner: &str) -> Option<String> {
        let line = before_in_line(self.text, node.start)?;
        Some(inner.strip_prefix(indentation(line))?.to_string()).filter(|unit| !unit.is_empty())
    }

    pub(super) fn pretty(&self, value: &Plain, indent: &str, unit: &str) -> Option<String> {
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
    pub(super) fn end(&self, entry: &Entry) -> Option<usize> {
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

    pub(super) fn end_of(&self, node: &Node) -> Option<usize> {
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
    pub(super) fn block(&self, out: &mut String, column: usize, key: &str, value: &Plain) -> Option<()> {
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

    pub(super) fn is_json(&self) -> bool {
        let text = self.text.trim_start();
        text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}']))
    }
}

pub(super) fn quoted(text: &str) -> Option<String> {
    let simple = !text.chars().any(|c| matches!(c, '"' | '\\') || c.is_control());
    simple.then(|| format!("\"{text}\""))
}

/// A function of a text in its short form: `!Sub`, `!Ref`, `!GetAtt`.
pub(super) fn short(value: &Plain) -> Option<String> {
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
pub(super) fn flow(value: &Plain, json: bool) -> Option<String> {
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
