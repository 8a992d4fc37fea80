//! A [`Fix`] as edits of the text that the user wrote.
//!
//! Everything but the one value stays as it is, byte by byte. Where a place isn't certain (it comes from a parameter, a
//! condition, another file, a generated template) there is no edit at all, which is better than a wrong one: each edit
//! is made on a copy first, read again, and given out only if the copy says the same as before but for the change.

mod hcl;
mod place;
mod service;
#[cfg(test)]
mod tests;
mod yaml;

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use tidegate_graph::{Change, Edit, FileId, Fix, Plain, Resource, Span, Str, System};

/// The edits that a fix comes to, in one file and in the order of their places; `None` where it can't be written with
/// certainty.
pub fn edits(system: &System, fix: &Fix) -> Option<Vec<Edit>> {
    Editor::new(system).edits(fix)
}

/// Turns fixes into edits, and keeps what it read of the last file: findings come file by file.
pub struct Editor<'s> {
    system: &'s System,
    last: RefCell<Option<Rc<Document<'s>>>>,
    read: Cell<usize>,
}

impl<'s> Editor<'s> {
    /// An editor that has read nothing yet.
    pub fn new(system: &'s System) -> Self {
        Self { system, last: RefCell::new(None), read: Cell::new(0) }
    }

    /// Bytes of text that were read so far, to bound the work.
    pub fn read(&self) -> usize {
        self.read.get()
    }

    /// As [`edits`].
    pub fn edits(&self, fix: &Fix) -> Option<Vec<Edit>> {
        let mut changes = Vec::with_capacity(fix.changes.len());
        for change in &fix.changes {
            let resource = self.system.resource(&change.resource)?;
            if is_generated(self.system, resource) {
                return None;
            }
            if let Plain::Swap { old, .. } = &change.value
                && !place::property(resource, &change.path).is_some_and(|now| yaml::same(now, old))
            {
                return None;
            }
            changes.push((resource, change));
        }
        let first = changes.first()?.0;
        // One file is written whole or not at all; two can't be.
        if changes.iter().any(|(resource, _)| resource.span.file != first.span.file) {
            return None;
        }
        let document = self.document(first)?;
        let said: Vec<Change> = changes
            .iter()
            .map(|(_, change)| {
                let value = self.said(&change.value, &document)?;
                Some(Change { resource: change.resource.clone(), path: change.path.clone(), value })
            })
            .collect::<Option<_>>()?;
        let changes: Vec<(&Resource, &Change)> =
            changes.iter().zip(&said).map(|((resource, _), change)| (*resource, change)).collect();
        let edits = self
            .instead_of_attachment(&changes, &document)
            .or_else(|| self.apart(&changes, &document))
            .or_else(|| self.together(&changes, &document))?;
        let says = |edit: &Edit| document.text.get(edit.span.start as usize..edit.span.end as usize);
        (!edits.iter().all(|edit| says(edit) == Some(&edit.replacement))).then_some(edits)
    }

    /// The value with what is written elsewhere in the place of where that is.
    fn said(&self, value: &Plain, document: &Document<'_>) -> Option<Plain> {
        let all = |items: &[Plain]| items.iter().map(|item| self.said(item, document)).collect::<Option<_>>();
        let entries = |entries: &[(Str, Plain)]| {
            let entry = |(key, value): &(Str, Plain)| Some((key.clone(), self.said(value, document)?));
            entries.iter().map(entry).collect::<Option<_>>()
        };
        Some(match value {
            Plain::Same { resource, path } => {
                let resource = self.system.resource(resource)?;
                match &document.read {
                    Read::Yaml(yaml) if resource.span.file == document.file => {
                        place::written(resource, path, yaml.root()?)?
                    }
                    // What it comes to is known, wherever in the module it is made.
                    Read::Hcl(_) => hcl::again(self.system, place::property(resource, path)?)?,
                    Read::Yaml(_) | Read::Service(_) => return None,
                }
            }
            Plain::List(items) => Plain::List(all(items)?),
            Plain::More(items) => Plain::More(all(items)?),
            Plain::Swap { old, items } => Plain::Swap { old: old.clone(), items: all(items)? },
            Plain::Map(map) => Plain::Map(entries(map)?),
            Plain::Beside { name, ty, properties } => {
                Plain::Beside { name: name.clone(), ty: ty.clone(), properties: entries(properties)? }
            }
            other => other.clone(),
        })
    }

    fn document(&self, resource: &Resource) -> Option<Rc<Document<'s>>> {
        let kind = Language::of(self.system, resource)?;
        let file = resource.span.file;
        if let Some(document) = &*self.last.borrow()
            && document.file == file
            && document.language() == kind
        {
            return Some(Rc::clone(document));
        }
        let text = self.system.sources.source(file)?.text();
        let document = Rc::new(Document::new(kind, file, text, &self.read));
        *self.last.borrow_mut() = Some(Rc::clone(&document));
        Some(document)
    }

    /// A policy of its own that a role of Terraform's gets instead of an attached one.
    fn instead_of_attachment(&self, changes: &Changes<'_>, document: &Document<'_>) -> Option<Vec<Edit>> {
        let Read::Hcl(hcl) = &document.read else { return None };
        let path = |file| self.system.sources.source(file).map(|source| Path::new(source.path().as_str()));
        let folder = path(document.file)?.parent();
        let is_named = |address: &str| {
            let stack = self.system.stack_of(changes.first().map(|(resource, _)| *resource)?)?;
            let declared = self.system.resource(&format!("{}/{address}", stack.name)).is_some();
            let mut beside = self.system.sources.iter().filter(|(id, _)| {
                let path = path(*id);
                path.is_some_and(|path| path.parent() == folder)
            });
            let named = beside.any(|(_, source)| {
                spend(&self.read, source.text().len());
                source.text().contains(address)
            });
            Some(declared || named)
        };
        let edits = hcl.own_policy(changes, &|address| is_named(address).unwrap_or(true), &self.read)?;
        let edit =
            |(start, end, replacement)| Edit { span: Span::new(document.file, start, end), replacement };
        Some(edits.into_iter().map(edit).collect())
    }

    /// Changes that have nothing to do with each other.
    fn apart(&self, changes: &Changes<'_>, document: &Document<'_>) -> Option<Vec<Edit>> {
        let mut edits = Vec::with_capacity(changes.len());
        for (resource, change) in changes {
            let (start, end, replacement) = document.set(resource, change, true, &self.read)?;
            edits.push(Edit { span: Span::new(document.file, start, end), replacement });
        }
        edits.sort_by_key(|edit| edit.span.start);
        let free = edits.windows(2).all(|pair| match pair {
            [first, second] if first.replacement.is_empty() || second.replacement.is_empty() => {
                first.span.end <= second.span.start
            }
            [first, second] => first.span.end < second.span.start,
            _ => true,
        });
        free.then_some(edits)
    }

    /// One change after the other, as one edit: a second one may go into what the first one makes.
    fn together(&self, changes: &Changes<'_>, document: &Document<'_>) -> Option<Vec<Edit>> {
        let ((resource, change), rest) = changes.split_first()?;
        let edit = document.set(resource, change, true, &self.read)?;
        let mut text = apply(document.text, &edit)?;
        let mut first = edit.0;
        for (resource, change) in rest {
            let now = Document::new(document.language(), document.file, &text, &self.read);
            let edit = match (&document.read, &now.read) {
                // Where something stands in a service is known by places, which have moved.
                (Read::Service(before), Read::Service(now)) => {
                    let (keys, value) = service::keys(resource, change, before.root()?)?;
                    now.set_in_whole(&keys, &value, &self.read)?
                }
                _ => now.set(resource, change, text == document.text, &self.read)?,
            };
            first = first.min(edit.0);
            text = apply(&text, &edit)?;
        }
        Some(vec![difference(document.text, &text, first, document.file)?])
    }
}

type Changes<'a> = [(&'a Resource, &'a Change)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Yaml,
    /// A service of the Serverless Framework.
    Service,
    Hcl,
}

impl Language {
    fn of(system: &System, resource: &Resource) -> Option<Self> {
        let path = system.sources.source(resource.span.file)?.path();
        let ending = Path::new(path.as_str()).extension()?.to_str()?;
        match (system.stack_of(resource)?.format, ending) {
            ("terraform", "tf" | "tofu") => Some(Self::Hcl),
            ("cloudformation" | "sam", "yaml" | "yml" | "json" | "template") => Some(Self::Yaml),
            ("serverless", "yaml" | "yml" | "json") => Some(Self::Service),
            _ => None,
        }
    }
}

/// A text, read for any number of edits.
struct Document<'t> {
    file: FileId,
    text: &'t str,
    read: Read<'t>,
}

enum Read<'t> {
    Yaml(yaml::Document<'t>),
    Service(yaml::Document<'t>),
    Hcl(hcl::Document<'t>),
}

impl<'t> Document<'t> {
    fn new(language: Language, file: FileId, text: &'t str, read: &Cell<usize>) -> Self {
        spend(read, text.len());
        let document = match language {
            Language::Yaml => Read::Yaml(yaml::Document::new(file, text)),
            Language::Service => Read::Service(yaml::Document::new(file, text)),
            Language::Hcl => Read::Hcl(hcl::Document::new(file, text)),
        };
        Self { file, text, read: document }
    }

    fn language(&self) -> Language {
        match self.read {
            Read::Yaml(_) => Language::Yaml,
            Read::Service(_) => Language::Service,
            Read::Hcl(_) => Language::Hcl,
        }
    }

    /// The edit for one change. `original` is a text in which places are as they were when the resource was read.
    fn set(&self, resource: &Resource, change: &Change, original: bool, read: &Cell<usize>) -> Option<Raw> {
        match &self.read {
            Read::Hcl(document) => document.set(resource, change, read),
            Read::Yaml(document) => {
                if let Plain::Beside { name, ty, properties } = &change.value {
                    let id = resource.made_from.as_ref().unwrap_or(&resource.logical_id);
                    return document.beside(id, name, (ty, properties), read);
                }
                let keys = place::keys(resource, change, document.root()?, original)?;
                document.set(&keys, &change.value, read)
            }
            Read::Service(document) => {
                let (keys, value) = service::keys(resource, change, document.root()?)?;
                document.set_in_whole(&keys, &value, read)
            }
        }
    }
}

fn spend(read: &Cell<usize>, bytes: usize) {
    read.set(read.get().saturating_add(bytes));
}

/// True for a resource whose file some tool writes anew, so that an edit would be lost.
pub fn is_generated(system: &System, resource: &Resource) -> bool {
    let format = system.stack_of(resource).map_or("", |stack| stack.format);
    let path = system.sources.source(resource.span.file).map(|s| s.path().clone()).unwrap_or_default();
    format == "cdk"
        || path.split('/').any(|part| matches!(part, "cdk.out" | ".aws-sam" | ".terraform" | ".serverless"))
}

/// Start, end and replacement.
type Raw = (usize, usize, String);

fn apply(text: &str, (start, end, replacement): &Raw) -> Option<String> {
    Some([text.get(..*start)?, replacement, text.get(*end..)?].concat())
}

/// The one edit between two texts that are the same up to `start`. It begins there even if more is the same, so that
/// whatever else goes to that place is seen to be in its way.
fn difference(before: &str, after: &str, start: usize, file: FileId) -> Option<Edit> {
    let same = |(a, b): &(char, char)| a == b;
    let (old, new) = (before.get(start..)?, after.get(start..)?);
    let tail: usize =
        old.chars().rev().zip(new.chars().rev()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let replacement = new.get(..new.len() - tail)?.to_string();
    Some(Edit { span: Span::new(file, start, before.len() - tail), replacement })
}

/// Line break of a text.
fn line_break(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Where the line ends in which `at` stands, when there is nothing but a comment behind it.
fn end_of_line(text: &str, at: usize, comments: &[&str]) -> Option<usize> {
    let rest = text.get(at..)?;
    let line = rest.split('\n').next()?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    let behind = line.trim();
    let free = behind.is_empty() || comments.iter().any(|c| behind.starts_with(c));
    free.then_some(at + line.len())
}

/// What stands before `at` in its line.
fn before_in_line(text: &str, at: usize) -> Option<&str> {
    text.get(..at)?.rsplit('\n').next()
}

/// The blanks that a line begins with.
fn indentation(line: &str) -> &str {
    line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
}
