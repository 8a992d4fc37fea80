//! Edits of Terraform texts.

use super::{Raw, apply, before_in_line, end_of_line, indentation, line_break};
use crate::terraform::{Block, Body, Kind, Step, parse, written};
use tidegate_graph::{Change, Plain, Resource, Span};

/// What begins a comment.
const COMMENTS: &[&str] = &["#", "//"];

/// The edit after which the property has the value.
pub(super) fn set(resource: &Resource, change: &Change, text: &str) -> Option<Raw> {
    let file = resource.span.file;
    let (body, problems) = parse(file, text);
    let block = header(&body, resource.span)?;
    let [kind, ty, ..] = [Some(block.kind.as_str()), block.labels.first().map(tidegate_graph::Str::as_str)];
    if kind != Some("resource") || ty != Some(&resource.declared_type) || resource.made_from.is_some() {
        return None;
    }
    if let Some(edit) = elsewhere(resource, change, &body, text) {
        return Some(edit);
    }
    let (steps, value) = written(&resource.declared_type, &resource.ty, &change.path, &change.value)?;
    // What the resource has without saying so itself says another one that is joined to it, or a variable's default.
    let known = resource.properties.get(change.path.first()?).is_some();
    if known && !says(&block.body, steps.first()?) {
        return None;
    }
    let value = Writer { text, body: &body }.value(&value)?;
    let edit = Writer { text, body: &body }.set(block, &steps, &value)?;
    let after = apply(text, &edit)?;
    let (again, more) = parse(file, &after);
    let same = again.blocks.len() == body.blocks.len() && more.len() == problems.len();
    same.then_some(edit)
}

/// A literal in another block of the same file, which says something of this resource: `aws_s3_bucket_public_access_block`.
fn elsewhere(resource: &Resource, change: &Change, body: &Body, text: &str) -> Option<Raw> {
    // Words may be spelt otherwise there; flags and numbers aren't.
    let new = match &change.value {
        Plain::Bool(value) => value.to_string(),
        Plain::Number(n) => n.to_string(),
        _ => return None,
    };
    let (first, rest) = change.path.split_first()?;
    let known = rest.iter().try_fold(resource.properties.get(first)?, |value, key| value.get(key))?;
    let parts = body.blocks.iter().filter(|b| b.kind == "resource" && b.header != resource.span);
    let mut here = parts.flat_map(|block| &block.body.attributes).filter(|a| a.value.span == known.span);
    let attribute = here.next()?;
    let literal = matches!(attribute.value.kind, Kind::Bool(_) | Kind::Number(_));
    let same = known.span.file == resource.span.file && here.next().is_none();
    let (start, end) = (known.span.start as usize, known.span.end as usize);
    (literal && same && text.get(start..end)? != new).then_some((start, end, new))
}

fn header(body: &Body, span: Span) -> Option<&Block> {
    let mut found = body.blocks.iter().filter(|block| block.header == span);
    let block = found.next()?;
    found.next().is_none().then_some(block)
}

fn says(body: &Body, step: &Step) -> bool {
    match step {
        Step::Block(name) => body.blocks(name).next().is_some(),
        Step::Attribute(name) => body.attribute(name).is_some(),
    }
}

struct Writer<'t> {
    text: &'t str,
    body: &'t Body,
}

impl Writer<'_> {
    fn set(&self, block: &Block, steps: &[Step], value: &str) -> Option<Raw> {
        let (step, rest) = steps.split_first()?;
        match step {
            Step::Attribute(name) => match block.body.attribute(name) {
                Some(attribute) => {
                    let literal = matches!(
                        attribute.value.kind,
                        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Null
                    );
                    let Span { start, end, .. } = attribute.value.span;
                    let old = self.text.get(start as usize..end as usize)?;
                    // A heredoc is a text, too, but goes on to the next line.
                    let plain = literal && !old.contains('\n') && block.body.blocks(name).next().is_none();
                    plain.then(|| (start as usize, end as usize, value.to_string()))
                }
                None => self.insert(block, &[], name, value),
            },
            Step::Block(name) => {
                if block.body.attribute(name).is_some()
                    || block.body.blocks("dynamic").any(|b| b.labels.contains(name))
                {
                    return None;
                }
                let mut inner = block.body.blocks(name);
                match (inner.next(), inner.next()) {
                    (Some(inner), None) => self.set(inner, rest, value),
                    (None, _) => {
                        let (Step::Attribute(last), blocks) = rest.split_last()? else { return None };
                        let mut names = vec![name.as_str()];
                        for step in blocks {
                            let Step::Block(name) = step else { return None };
                            names.push(name);
                        }
                        self.insert(block, &names, last, value)
                    }
                    _ => None,
                }
            }
        }
    }

    /// A new line behind the last attribute, or a new block behind everything.
    fn insert(&self, block: &Block, blocks: &[&str], name: &str, value: &str) -> Option<Raw> {
        let line = line_break(self.text);
        let (start, end) = (block.span.start as usize, block.span.end as usize);
        let own = indentation(before_in_line(self.text, start)?);
        let brace = block.header.end as usize + self.text.get(block.header.end as usize..end)?.find('{')?;
        let inside = self.text.get(brace + 1..end.checked_sub(1)?)?;
        let attributes = block.body.attributes.iter();
        // The arguments that Terraform itself reads stand last by custom.
        let mut plain =
            attributes.clone().filter(|a| !matches!(a.name.as_str(), "depends_on" | "provider" | "count"));
        let last = plain.next_back().or(block.body.attributes.last());
        let items = attributes
            .clone()
            .map(|a| (a.key.start as usize, a.value.span.end as usize))
            .chain(block.body.blocks.iter().map(|b| (b.span.start as usize, b.span.end as usize)));
        let first = items.clone().min();
        let indent = match first {
            Some((first, _)) => {
                let before = before_in_line(self.text, first)?;
                before.trim().is_empty().then(|| before.to_string())?
            }
            None => format!("{own}  "),
        };
        let mut lines = Vec::new();
        let mut deeper = indent.clone();
        for name in blocks {
            lines.push(format!("{deeper}{name} {{"));
            deeper.push_str("  ");
        }
        let equals = last.filter(|_| blocks.is_empty()).and_then(|a| self.column_of_equals(a));
        let used = deeper.len() + name.len();
        let space = equals.filter(|column| *column > used).map_or(1, |column| column - used);
        lines.push(format!("{deeper}{name}{}= {value}", " ".repeat(space)));
        for _ in blocks {
            deeper.truncate(deeper.len().saturating_sub(2));
            lines.push(format!("{deeper}}}"));
        }
        let added = lines.join(line);
        if first.is_none() {
            if inside.trim().is_empty() && !inside.contains('\n') {
                return Some((brace + 1, end - 1, format!("{line}{added}{line}{own}")));
            }
            let at = end_of_line(self.text, brace + 1, COMMENTS)?;
            return Some((at, at, format!("{line}{added}")));
        }
        let behind = match last.filter(|_| blocks.is_empty()) {
            Some(last) => last.value.span.end as usize,
            None if blocks.is_empty() => brace + 1,
            None => items.map(|(_, end)| end).max()?,
        };
        let at = end_of_line(self.text, behind, COMMENTS)?;
        // Behind an attribute that is several lines long, and before a block, stands an empty line by custom.
        let gap = if blocks.is_empty() { "" } else { line };
        Some((at, at, format!("{line}{gap}{added}")))
    }

    fn column_of_equals(&self, attribute: &crate::terraform::Attribute) -> Option<usize> {
        let before = before_in_line(self.text, attribute.key.end as usize)?;
        let behind = self.text.get(attribute.key.end as usize..attribute.value.span.start as usize)?;
        Some(before.len() + behind.find('=')?)
    }

    fn value(&self, value: &Plain) -> Option<String> {
        Some(match value {
            Plain::Bool(value) => value.to_string(),
            Plain::Number(n) => n.to_string(),
            Plain::Text(text) => {
                let plain = !text.chars().any(|c| matches!(c, '"' | '\\' | '$' | '%') || c.is_control());
                plain.then(|| format!("\"{text}\""))?
            }
            Plain::Account => {
                let of = |kind: &str, name: &str| {
                    let is = |block: &&std::rc::Rc<Block>| block.labels.first().is_some_and(|l| l == name);
                    self.body.blocks(kind).find(is).and_then(|block| block.labels.get(1)).cloned()
                };
                format!("data.aws_caller_identity.{}.account_id", of("data", "aws_caller_identity")?)
            }
            Plain::List(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Option<Vec<_>>>()?;
                format!("[{}]", items.join(", "))
            }
            Plain::Map(_) => return None,
        })
    }
}
