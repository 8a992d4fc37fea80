//! Edits of Terraform texts.

mod attached;
mod beside;
mod condition;
mod statements;

pub(super) use beside::again;

use super::{Raw, apply, before_in_line, end_of_line, indentation, line_break, spend};
use crate::terraform::{Block, Body, Expr, Kind, Step, parse, written};
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use tidegate_graph::{Change, Data, FileId, Plain, Resource, Span};

/// What begins a comment.
const COMMENTS: &[&str] = &["#", "//"];

/// A file of a module, read for any number of edits.
pub(super) struct Document<'t> {
    file: FileId,
    text: &'t str,
    line_break: &'static str,
    body: Body,
    problems: usize,
    /// Blocks by their header; `None` where two have the same.
    headers: HashMap<Span, Option<usize>>,
    /// Literals in resources by their place: whether it is a flag or a number, and the header of the block.
    literals: HashMap<Span, Option<(bool, Span)>>,
    account: Option<String>,
}

impl<'t> Document<'t> {
    pub(super) fn new(file: FileId, text: &'t str) -> Self {
        let (body, problems) = parse(file, text);
        let mut headers = HashMap::new();
        let mut literals = HashMap::new();
        for (n, block) in body.blocks.iter().enumerate() {
            headers.entry(block.header).and_modify(|known| *known = None).or_insert(Some(n));
            for attribute in block.body.attributes.iter().filter(|_| block.kind == "resource") {
                let literal = matches!(attribute.value.kind, Kind::Bool(_) | Kind::Number(_));
                let entry = literals.entry(attribute.value.span);
                entry.and_modify(|known| *known = None).or_insert(Some((literal, block.header)));
            }
        }
        let is = |block: &&Rc<Block>| {
            block.kind == "data" && block.labels.first().is_some_and(|l| l == "aws_caller_identity")
        };
        let account = body.blocks.iter().find(is).and_then(|block| block.labels.get(1));
        let account = account.map(|name| format!("data.aws_caller_identity.{name}.account_id"));
        let (line_break, problems) = (line_break(text), problems.len());
        Self { file, text, line_break, body, problems, headers, literals, account }
    }

    /// The edit after which the property has the value.
    pub(super) fn set(&self, resource: &Resource, change: &Change, read: &Cell<usize>) -> Option<Raw> {
        let block = self.body.blocks.get((*self.headers.get(&resource.span)?)?)?;
        let [kind, ty, ..] =
            [Some(block.kind.as_str()), block.labels.first().map(tidegate_graph::Str::as_str)];
        if kind != Some("resource") || ty != Some(&resource.declared_type) || resource.made_from.is_some() {
            return None;
        }
        if let Plain::Beside { name, ty, properties } = &change.value {
            return self.beside(block, name, (ty, properties), read);
        }
        if let Plain::Swap { old, items } = &change.value
            && let ([item @ Plain::Arn { .. }], None) = (items.as_slice(), old.as_str())
        {
            return self.reference(block, (resource, change), item, read);
        }
        if let Plain::Instead { old, items } = &change.value {
            return self.instead(resource, change, old, items, read);
        }
        if let Plain::Swap { old, items } = &change.value {
            return match items.as_slice() {
                [] => self.less(resource, change, old.as_str()?, read),
                items => self.instead(resource, change, old.as_str()?, items, read),
            };
        }
        if let Plain::More(items) = &change.value {
            return self.more(resource, change, items, read);
        }
        if let Some(edit) = self.elsewhere(resource, change) {
            return Some(edit);
        }
        if let [.., condition, operator, name] = change.path.as_slice()
            && condition == "Condition"
            && let Plain::Text(value) = &change.value
        {
            return self.condition(resource, change, [operator, name, value], read);
        }
        let (steps, value) = written(&resource.declared_type, &resource.ty, &change.path, &change.value)?;
        // What the resource has without saying so itself says another one that is joined to it, or a variable's default.
        let known = resource.properties.get(change.path.first()?).is_some();
        if known && !says(&block.body, steps.first()?) {
            return None;
        }
        let value = self.value(&value)?;
        let edit = self.edit(block, &steps, &value)?;
        self.confirms(block, &edit, read).then_some(edit)
    }

    /// Reads the block again, as far as its last brace: it must be one block still.
    fn confirms(&self, block: &Block, edit: &Raw, read: &Cell<usize>) -> bool {
        let (start, end) = (block.span.start as usize, block.span.end as usize);
        let part = self.text.get(start..end).filter(|_| self.problems == 0);
        let moved = |text: &str| {
            let (at, to) = (edit.0.checked_sub(start)?, edit.1.checked_sub(start)?);
            apply(text, &(at, to, edit.2.clone()))
        };
        match part.and_then(moved) {
            Some(after) => {
                spend(read, after.len());
                let (again, problems) = parse(self.file, &after);
                let whole =
                    |block: &Rc<Block>| block.span.start == 0 && block.span.end as usize == after.len();
                let [only] = again.blocks.as_slice() else { return false };
                problems.is_empty()
                    && again.attributes.is_empty()
                    && whole(only)
                    && only.labels == block.labels
            }
            None => {
                let Some(after) = apply(self.text, edit) else { return false };
                spend(read, after.len());
                let (again, problems) = parse(self.file, &after);
                again.blocks.len() == self.body.blocks.len() && problems.len() == self.problems
            }
        }
    }

    /// A literal in another block of the same file, which says something of this resource:
    /// `aws_s3_bucket_public_access_block`.
    fn elsewhere(&self, resource: &Resource, change: &Change) -> Option<Raw> {
        // Words may be spelt otherwise there; flags and numbers aren't.
        let new = match &change.value {
            Plain::Bool(value) => value.to_string(),
            Plain::Number(n) => n.to_string(),
            _ => return None,
        };
        let (first, rest) = change.path.split_first()?;
        let known = rest.iter().try_fold(resource.properties.get(first)?, |value, key| value.get(key))?;
        let (literal, header) = (*self.literals.get(&known.span)?)?;
        let (start, end) = (known.span.start as usize, known.span.end as usize);
        (literal && header != resource.span && self.text.get(start..end)? != new).then_some((start, end, new))
    }

    /// Other texts in the place of one in a policy, wherever in the file that is written: `jsonencode`, a policy document
    /// of its own.
    fn instead(
        &self,
        resource: &Resource,
        change: &Change,
        old: &str,
        items: &[Plain],
        read: &Cell<usize>,
    ) -> Option<Raw> {
        let (first, rest) = change.path.split_first()?;
        let known =
            rest.iter().try_fold(resource.properties.get(first)?, |value, key| match &value.data {
                Data::List(items) => items.get(key.parse::<usize>().ok()?),
                _ => value.get(key),
            })?;
        let place = known.span;
        let (start, end) = (place.start as usize, place.end as usize);
        if place.file != self.file || self.text.get(start..end)? != format!("\"{old}\"") {
            return None;
        }
        let around = |block: &&Rc<Block>| block.span.start <= place.start && place.end <= block.span.end;
        let block = self.body.blocks.iter().find(around)?;
        let own = matches!(block.kind.as_str(), "resource" | "data");
        if !own || resource.logical_id.contains(['[', '/']) {
            return None;
        }
        let in_heredoc = body_holds(&block.body, place, &|expr| self.is_heredoc_around(expr, place));
        if !in_heredoc && !body_holds(&block.body, place, &|expr| is_literal_at(expr, place)) {
            return None;
        }
        let value = |item| if in_heredoc { self.value_in_json(item) } else { self.value(item) };
        let values = items.iter().map(value).collect::<Option<Vec<_>>>()?;
        let one_of_a_list = change.path.last().is_some_and(|key| key.parse::<usize>().is_ok());
        let in_brackets = before_in_line(self.text, start)?.trim_end().ends_with(['[', ',']);
        let new = match values.as_slice() {
            [only] => only.clone(),
            several if one_of_a_list || in_brackets => several.join(", "),
            several => format!("[{}]", several.join(", ")),
        };
        let edit = (start, end, new);
        self.confirms(block, &edit, read).then_some(edit)
    }

    fn edit(&self, block: &Block, steps: &[Step], value: &str) -> Option<Raw> {
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
                    (Some(inner), None) => self.edit(inner, rest, value),
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
        let line = self.line_break;
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

    /// A heredoc with a document in which something has a place of its own.
    fn is_heredoc_around(&self, expr: &Expr, place: Span) -> bool {
        let inside = expr.span.start < place.start && place.end < expr.span.end;
        let text = matches!(expr.kind, Kind::Text(_) | Kind::Template(_));
        inside && text && self.text.get(expr.span.start as usize..).is_some_and(|t| t.starts_with("<<"))
    }

    /// A text as it stands in a JSON document within a template.
    fn value_in_json(&self, value: &Plain) -> Option<String> {
        match value {
            Plain::Text(_) => self.value(value),
            Plain::Arn { of, after, .. } => Some(format!("\"${{{}.arn}}{after}\"", address(of)?)),
            Plain::List(items) => {
                let items = items.iter().map(|item| self.value_in_json(item)).collect::<Option<Vec<_>>>()?;
                Some(format!("[{}]", items.join(", ")))
            }
            Plain::Map(entries) => {
                let entry = |(key, value): &(tidegate_graph::Str, Plain)| {
                    is_word(key).then(|| Some(format!("\"{key}\": {}", self.value_in_json(value)?)))?
                };
                Some(format!("{{ {} }}", entries.iter().map(entry).collect::<Option<Vec<_>>>()?.join(", ")))
            }
            _ => None,
        }
    }

    fn value(&self, value: &Plain) -> Option<String> {
        Some(match value {
            Plain::Bool(value) => value.to_string(),
            Plain::Number(n) => n.to_string(),
            Plain::Text(text) => {
                let plain = !text.chars().any(|c| matches!(c, '"' | '\\' | '$' | '%') || c.is_control());
                plain.then(|| format!("\"{text}\""))?
            }
            Plain::Account => self.account.clone()?,
            Plain::List(items) | Plain::Instead { items, .. } => {
                let items = items.iter().map(|item| self.value(item)).collect::<Option<Vec<_>>>()?;
                format!("[{}]", items.join(", "))
            }
            Plain::Arn { of, after, .. } => {
                let address = address(of)?;
                match after.as_str() {
                    "" => format!("{address}.arn"),
                    after => format!("\"${{{address}.arn}}{after}\""),
                }
            }
            Plain::Map(_)
            | Plain::Same { .. }
            | Plain::Beside { .. }
            | Plain::Joined(_)
            | Plain::More(_)
            | Plain::Swap { .. } => {
                return None;
            }
        })
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// The address of a resource of the root module that there is once.
fn address(id: &str) -> Option<&str> {
    let address = Plain::name_of(id);
    let (ty, name) = address.split_once('.')?;
    (is_word(ty) && is_word(name) && !ty.is_empty() && !matches!(ty, "module" | "data")).then_some(address)
}

/// What is so and stands at this place of an expression, in nothing that is made several times.
fn found<'e>(expr: &'e Expr, place: Span, is: &dyn Fn(&Expr) -> bool) -> Option<&'e Expr> {
    if expr.span.start > place.start || place.end > expr.span.end {
        return None;
    }
    if is(expr) {
        return Some(expr);
    }
    match &expr.kind {
        Kind::List(items) => items.iter().find_map(|item| found(item, place, is)),
        Kind::Object(entries) => entries.iter().find_map(|(_, value)| found(value, place, is)),
        Kind::Call(call) if call.name == "jsonencode" => {
            call.arguments.iter().find_map(|argument| found(argument, place, is))
        }
        _ => None,
    }
}

fn is_literal_at(expr: &Expr, place: Span) -> bool {
    expr.span == place && matches!(expr.kind, Kind::Text(_))
}

fn body_holds(body: &Body, place: Span, is: &dyn Fn(&Expr) -> bool) -> bool {
    expr_of(body, place, is).is_some()
}

fn expr_of<'b>(body: &'b Body, place: Span, is: &dyn Fn(&Expr) -> bool) -> Option<&'b Expr> {
    if body.attribute("for_each").is_some() || body.attribute("count").is_some() {
        return None;
    }
    let own = body.attributes.iter().find_map(|a| found(&a.value, place, is));
    own.or_else(|| {
        let mut inner = body.blocks.iter().filter(|b| b.kind != "dynamic");
        inner.find_map(|b| expr_of(&b.body, place, is))
    })
}

fn says(body: &Body, step: &Step) -> bool {
    match step {
        Step::Block(name) => body.blocks(name).next().is_some(),
        Step::Attribute(name) => body.attribute(name).is_some(),
    }
}
