//! One more condition in a statement of a policy, however that is written.

use super::{Body, COMMENTS, Document, Expr, Kind, expr_of};
use crate::edit::{Raw, before_in_line, end_of_line, place, yaml};
use std::cell::Cell;
use tidegate_graph::{Change, Data, FileId, Resource, Span, Value};

impl Document<'_> {
    /// One more condition beside one that the statement has: a block of a policy document of its own, or an entry of
    /// `jsonencode`.
    pub(super) fn condition(
        &self,
        resource: &Resource,
        change: &Change,
        words: [&str; 3],
        read: &Cell<usize>,
    ) -> Option<Raw> {
        let plain =
            |text: &&str| !text.chars().any(|c| matches!(c, '"' | '\\' | '$' | '%') || c.is_control());
        let (first, rest) = change.path.get(..change.path.len().checked_sub(2)?)?.split_first()?;
        let known =
            rest.iter().try_fold(resource.properties.get(first)?, |value, key| match &value.data {
                Data::List(items) => items.get(key.parse::<usize>().ok()?),
                _ => value.get(key),
            })?;
        if !words.iter().all(plain) || !place::is_counted(resource, &change.path) {
            return None;
        }
        let place = first_text(known, self.file)?;
        let around = |span: Span| span.start <= place.start && place.end <= span.end;
        let block = self.body.blocks.iter().find(|block| around(block.span))?;
        let own = matches!(block.kind.as_str(), "resource" | "data");
        if !own || resource.logical_id.contains(['[', '/']) {
            return None;
        }
        if let Some(heredoc) = expr_of(&block.body, place, &|expr| self.is_heredoc_around(expr, place)) {
            let edit = self.in_heredoc(heredoc, change, place, read)?;
            return self.confirms(block, &edit, read).then_some(edit);
        }
        // Where the operator stands already, an entry would have to go into it.
        if known.get(words.first()?).is_some() {
            return None;
        }
        let edit = match block.labels.first().map(tidegate_graph::Str::as_str) {
            Some("aws_iam_policy_document") => self.condition_block(&block.body, &around, words)?,
            _ => {
                let body = &block.body;
                if body.attribute("count").is_some() || body.attribute("for_each").is_some() {
                    return None;
                }
                let attribute = body.attributes.iter().find(|a| around(a.value.span))?;
                self.condition_entry(&attribute.value, &around, words)?
            }
        };
        self.confirms(block, &edit, read).then_some(edit)
    }

    /// A block behind the one that is around the place.
    fn condition_block(
        &self,
        document: &Body,
        around: &dyn Fn(Span) -> bool,
        [operator, name, value]: [&str; 3],
    ) -> Option<Raw> {
        let repeats = |body: &Body| body.attribute("count").is_some() || body.attribute("for_each").is_some();
        let statement = document.blocks.iter().find(|b| b.kind == "statement" && around(b.span))?;
        let condition = statement.body.blocks.iter().find(|b| b.kind == "condition" && around(b.span))?;
        if repeats(document) {
            return None;
        }
        let (start, end) = (condition.span.start as usize, condition.span.end as usize);
        let own = before_in_line(self.text, start).filter(|before| before.trim().is_empty())?;
        let at = end_of_line(self.text, end, COMMENTS)?;
        let lines = [
            format!("{own}condition {{"),
            format!("{own}  test     = \"{operator}\""),
            format!("{own}  variable = \"{name}\""),
            format!("{own}  values   = [\"{value}\"]"),
            format!("{own}}}"),
        ];
        let added: String = lines.iter().map(|line| format!("{}{line}", self.line_break)).collect();
        Some((at, at, added))
    }

    /// An entry behind the operator that is around the place.
    fn condition_entry(
        &self,
        expr: &Expr,
        around: &dyn Fn(Span) -> bool,
        [operator, name, value]: [&str; 3],
    ) -> Option<Raw> {
        let inner = |expr: &Expr| self.condition_entry(expr, around, [operator, name, value]);
        match &expr.kind {
            Kind::List(items) => inner(items.iter().find(|item| around(item.span))?),
            Kind::Call(call) if call.name == "jsonencode" => {
                inner(call.arguments.iter().find(|argument| around(argument.span))?)
            }
            Kind::Object(entries) => {
                let (key, found) = entries.iter().find(|(_, value)| around(value.span))?;
                if !matches!(&key.kind, Kind::Text(text) if text == "Condition") {
                    return inner(found);
                }
                let Kind::Object(operators) = &found.kind else { return None };
                let (first, last) = operators.iter().find(|(_, value)| around(value.span))?;
                let end = last.span.end as usize;
                let before = before_in_line(self.text, first.span.start as usize)?;
                let entry = format!("\"{operator}\" = {{ \"{name}\" = \"{value}\" }}");
                match before.trim().is_empty() {
                    true => {
                        // A comma in front asks for one behind, which may be there or not.
                        let at = end_of_line(self.text, end, COMMENTS)?;
                        Some((at, at, format!("{}{before}{entry}", self.line_break)))
                    }
                    false => Some((end, end, format!(", {entry}"))),
                }
            }
            _ => None,
        }
    }

    /// The edit within the document of a heredoc, in which a text that stands beside what changes has its place.
    fn in_heredoc(&self, heredoc: &Expr, change: &Change, place: Span, read: &Cell<usize>) -> Option<Raw> {
        let (start, end) = (heredoc.span.start as usize, heredoc.span.end as usize);
        let text = self.text.get(start..end)?;
        let (head, body) = text.split_once('\n')?;
        let marker = head.trim_start_matches('<').trim_start_matches('-').trim();
        let lines = body.split_inclusive('\n').take_while(|line| line.trim() != marker);
        let body = body.get(..lines.map(str::len).sum())?;
        let at = start + head.len() + 1;
        let document = yaml::Document::new(self.file, body);
        // The keys within the document are the last of the path: so many of them that they lead to the text.
        let beside = change.path.get(..change.path.len().checked_sub(2)?)?;
        let leads = |n: &usize| {
            let found = first_text(place::at(document.root()?, beside.get(*n..)?)?, self.file)?;
            Some(at + found.start as usize == place.start as usize)
        };
        let from = (1..beside.len()).find(|n| leads(n) == Some(true))?;
        let edit = document.set(change.path.get(from..)?, &change.value, read)?;
        Some((at + edit.0, at + edit.1, edit.2))
    }
}

/// Where the first text stands that is known of a property and written in this file.
fn first_text(known: &Value, file: FileId) -> Option<Span> {
    let mut place = None;
    known.walk(&mut |value| {
        let is_text = matches!(value.data, Data::Text(_) | Data::Template(_));
        if is_text && value.span.file == file && place.is_none() {
            place = Some(value.span);
        }
    });
    place
}
