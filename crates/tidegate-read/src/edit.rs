//! A [`Fix`] as edits of the text that the user wrote.
//!
//! Everything but the one value stays as it is, byte by byte. Where a place isn't certain (it comes from a parameter, a
//! condition, another file, a generated template) there is no edit at all, which is better than a wrong one: each edit
//! is made on a copy first, read again, and given out only if the copy says the same as before but for the change.

mod hcl;
mod place;
#[cfg(test)]
mod tests;
mod yaml;

use std::path::Path;
use tidegate_graph::{Change, Edit, FileId, Fix, Resource, Source, Span, System};

/// The edits that a fix comes to, in one file and in the order of their places; `None` where it can't be written with
/// certainty.
pub fn edits(system: &System, fix: &Fix) -> Option<Vec<Edit>> {
    let mut changes = Vec::with_capacity(fix.changes.len());
    for change in &fix.changes {
        let resource = system.resource(&change.resource)?;
        if is_generated(system, resource) {
            return None;
        }
        changes.push((resource, change));
    }
    let file = changes.first()?.0.span.file;
    // One file is written whole or not at all; two can't be.
    if changes.iter().any(|(resource, _)| resource.span.file != file) {
        return None;
    }
    let source = system.sources.source(file)?;
    let text = source.text();
    let edits = apart(system, &changes, source, file).or_else(|| together(system, &changes, source, file))?;
    let says = |edit: &Edit| text.get(edit.span.start as usize..edit.span.end as usize);
    (!edits.iter().all(|edit| says(edit) == Some(&edit.replacement))).then_some(edits)
}

type Changes<'a> = [(&'a Resource, &'a Change)];

/// Changes that have nothing to do with each other.
fn apart(system: &System, changes: &Changes<'_>, source: &Source, file: FileId) -> Option<Vec<Edit>> {
    let mut edits = Vec::with_capacity(changes.len());
    for (resource, change) in changes {
        let (start, end, replacement) = one(system, resource, change, source, source.text())?;
        edits.push(Edit { span: Span::new(file, start, end), replacement });
    }
    edits.sort_by_key(|edit| edit.span.start);
    let free = edits.windows(2).all(|pair| match pair {
        [first, second] => first.span.end < second.span.start,
        _ => true,
    });
    free.then_some(edits)
}

/// One change after the other, as one edit: a second one may go into what the first one makes.
fn together(system: &System, changes: &Changes<'_>, source: &Source, file: FileId) -> Option<Vec<Edit>> {
    let mut text = source.text().to_string();
    let mut first = text.len();
    for (resource, change) in changes {
        let edit = one(system, resource, change, source, &text)?;
        text = apply(&text, &edit)?;
        first = first.min(edit.0);
    }
    Some(vec![difference(source.text(), &text, first, file)?])
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

fn one(system: &System, resource: &Resource, change: &Change, source: &Source, text: &str) -> Option<Raw> {
    let ending = Path::new(source.path().as_str()).extension()?.to_str()?;
    match (system.stack_of(resource)?.format, ending) {
        ("terraform", "tf" | "tofu") => hcl::set(resource, change, text),
        ("cloudformation" | "sam", "yaml" | "yml" | "json" | "template") => {
            let keys = place::keys(resource, change, text, source.text().as_ref() == text)?;
            yaml::set(text, &keys, &change.value)
        }
        _ => None,
    }
}

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
