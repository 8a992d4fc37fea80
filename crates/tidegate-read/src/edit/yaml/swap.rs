//! Values in the place of a value, whatever that is.

use super::tree::{Entry, Kind, Node, tree, unit};
use super::write::{Writer, flow, quoted, short};
use super::{Document, RESOURCES, is_computed};
use crate::edit::{Raw, before_in_line, end_of_line, spend};
use std::cell::Cell;
use tidegate_graph::{Plain, Str};

impl Document<'_> {
    /// A resource behind another one.
    pub(in crate::edit) fn beside(
        &self,
        id: &str,
        name: &Str,
        (ty, properties): (&Str, &[(Str, Plain)]),
        read: &Cell<usize>,
    ) -> Option<Raw> {
        spend(read, self.text.len().saturating_mul(2));
        let root = tree(self.text, 0)?;
        let Kind::Map { entries, .. } = &root.kind else { return None };
        let resources = &entries.iter().find(|entry| entry.name == RESOURCES)?.value;
        let Kind::Map { flow, entries } = &resources.kind else { return None };
        if resources.special || entries.iter().any(|e| e.name == **name || is_computed(&e.name)) {
            return None;
        }
        let entry = entries.iter().find(|entry| entry.name == id)?;
        let value =
            Plain::map([("Type", Plain::Text(ty.clone())), ("Properties", Plain::Map(properties.to_vec()))]);
        let writer = self.writer(unit(&root, self.text));
        let edit = match flow {
            true => writer.beside_flow(resources, entry, name, &value)?,
            false => writer.beside_block(entry, name, &value)?,
        };
        let keys = [RESOURCES.into(), name.clone()];
        self.confirms(&edit, &keys, &value).then_some(edit)
    }
}

impl Writer<'_> {
    fn beside_flow(&self, map: &Node, entry: &Entry, name: &str, value: &Plain) -> Option<Raw> {
        let json = self.text.get(entry.start..)?.starts_with('"');
        let before = before_in_line(self.text, entry.start)?;
        let own_line = before.trim().is_empty();
        let lead = if own_line { format!(",{}{before}", self.line_break) } else { ", ".into() };
        let name = if json { quoted(name)? } else { name.to_string() };
        let value = match (own_line && json, self.json_unit(map, before)) {
            (true, Some(unit)) => self.pretty(value, before, &unit)?,
            _ => flow(value, json)?,
        };
        let end = entry.value.end;
        Some((end, end, format!("{lead}{name}: {value}")))
    }

    fn beside_block(&self, entry: &Entry, name: &str, value: &Plain) -> Option<Raw> {
        let column = before_in_line(self.text, entry.start)?.chars().count();
        let at = end_of_line(self.text, self.end(entry)?, &["#"])?;
        let mut out = String::new();
        self.block(&mut out, column, name, value)?;
        Some((at, at, out.replace('\n', self.line_break)))
    }

    /// One value, or a list of several, takes the place of a value that stands alone.
    pub(super) fn swap(&self, node: &Node, items: &[Plain]) -> Option<Raw> {
        let (start, end) = self.whole(node)?;
        let before = before_in_line(self.text, start)?;
        // A map of several lines becomes a list of such.
        if matches!(node.kind, Kind::Map { flow: false, .. }) && before.trim().is_empty() && items.len() > 1 {
            let column = before.chars().count() + 2;
            let new = items.iter().map(|item| Some(format!("- {}", self.item(item, column)?)));
            let new = new.collect::<Option<Vec<_>>>()?;
            return Some((start, end, new.join(&format!("{}{before}", self.line_break))));
        }
        let new = match items {
            [] => return None,
            [only] => flow(only, self.is_json())?,
            several => flow(&Plain::List(several.to_vec()), self.is_json())?,
        };
        Some((start, end, new))
    }

    /// Any number of items take the place of one of a list.
    pub(super) fn swap_item(&self, list: &Node, item: &Node, items: &[Plain]) -> Option<Raw> {
        let (start, end) = self.whole(item)?;
        let in_brackets = self.text.get(list.start..)?.starts_with('[');
        if items.is_empty() {
            return self.remove(list, (start, end), in_brackets);
        }
        let json = self.is_json();
        if in_brackets {
            let new = items.iter().map(|item| flow(item, json)).collect::<Option<Vec<_>>>()?;
            return Some((start, end, new.join(", ")));
        }
        let before = before_in_line(self.text, start)?;
        // A dash behind something else (`- - x`) would have to be counted.
        let column = before.strip_suffix("- ").filter(|blank| blank.trim().is_empty())?;
        let new = items.iter().map(|item| self.item(item, column.len() + 2)).collect::<Option<Vec<_>>>()?;
        Some((start, end, new.join(&format!("{}{column}- ", self.line_break))))
    }

    /// Items behind the last one of a list.
    pub(super) fn append(&self, list: &Node, items: &[Plain]) -> Option<Raw> {
        let Kind::List { items: known } = &list.kind else { return None };
        if list.special {
            return None;
        }
        let json = self.is_json();
        let in_brackets = self.text.get(list.start..)?.starts_with('[');
        let Some(last) = known.last() else {
            let new = flow(&Plain::List(items.to_vec()), json)?;
            return in_brackets.then_some((list.start, list.end, new));
        };
        let (start, end) = self.whole(last)?;
        if in_brackets {
            let before = before_in_line(self.text, start)?;
            let gap = match before.trim().is_empty() {
                true => format!(",{}{before}", self.line_break),
                false => ", ".into(),
            };
            let new = items.iter().map(|item| Some(format!("{gap}{}", flow(item, json)?)));
            return Some((end, end, new.collect::<Option<String>>()?));
        }
        let column = before_in_line(self.text, start)?.strip_suffix("- ")?;
        if !column.trim().is_empty() {
            return None;
        }
        let at = end_of_line(self.text, end, &["#"])?;
        let line = self.line_break;
        let new =
            items.iter().map(|item| Some(format!("{line}{column}- {}", self.item(item, column.len() + 2)?)));
        Some((at, at, new.collect::<Option<String>>()?))
    }

    /// What stands behind the dash of an item, whose lines begin in a column.
    fn item(&self, item: &Plain, column: usize) -> Option<String> {
        Some(match item {
            Plain::Map(entries) if short(item).is_none() => {
                let mut inner = String::new();
                for (key, value) in entries {
                    self.block(&mut inner, column, key, value)?;
                }
                inner.trim_start().replace('\n', self.line_break)
            }
            other => flow(other, false)?,
        })
    }

    /// An item that goes, and the comma or the line that is its own.
    fn remove(&self, list: &Node, (start, end): (usize, usize), in_brackets: bool) -> Option<Raw> {
        let Kind::List { items } = &list.kind else { return None };
        if let [_] = items.as_slice() {
            // Nothing in it is no list at all.
            return match in_brackets {
                true => Some((start, end, String::new())),
                false => Some((
                    before_in_line(self.text, start)?.strip_suffix("- ").map(|_| start - 2)?,
                    end,
                    "[]".into(),
                )),
            };
        }
        let first = items.first().and_then(|item| self.whole(item)).is_some_and(|(at, _)| at == start);
        if in_brackets {
            return match first {
                true => {
                    let next = self.whole(items.get(1)?)?.0;
                    let between = self.text.get(end..next)?;
                    (between.trim() == ",").then(|| (start, next, String::new()))
                }
                false => {
                    let at = self.text.get(..start)?.trim_end().strip_suffix(',')?.len();
                    Some((at, end, String::new()))
                }
            };
        }
        let before = before_in_line(self.text, start)?;
        before.strip_suffix("- ").filter(|blank| blank.trim().is_empty())?;
        let line = start - before.len();
        let behind = end_of_line(self.text, end, &["#"])?;
        match first {
            true => {
                let next = behind + self.text.get(behind..)?.find('\n')? + 1;
                Some((line, next, String::new()))
            }
            false => {
                let at = self.text.get(..line)?.strip_suffix('\n')?;
                Some((at.strip_suffix('\r').unwrap_or(at).len(), behind, String::new()))
            }
        }
    }

    /// From the tag of a value to its last visible byte. What has a name or is one stands elsewhere too.
    fn whole(&self, node: &Node) -> Option<(usize, usize)> {
        if matches!(node.kind, Kind::Alias) {
            return None;
        }
        let end = self.end_of(node)?;
        if !node.special {
            return Some((node.start, end));
        }
        if self.text.get(node.start..)?.starts_with('!') {
            return Some((node.start, end));
        }
        let before = self.text.get(..node.start)?.trim_end();
        let tag = before.rsplit([' ', '\n', '\t', '[', ',', '{']).next()?;
        tag.starts_with('!').then(|| (before.len() - tag.len(), end))
    }
}
