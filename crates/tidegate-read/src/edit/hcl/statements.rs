//! Statements of a policy: one more of them, and one text less in one, wherever in the file the policy is written.

use super::{COMMENTS, Document, Kind};
use crate::edit::{Raw, apply, before_in_line, end_of_line, indentation, place, spend};
use crate::terraform::{Block, Body, Expr, parse};
use std::cell::Cell;
use std::rc::Rc;
use tidegate_graph::{Change, Data, Plain, Resource, Span, Str, Value};

impl Document<'_> {
    /// One of the texts of a list goes away, with its comma.
    pub(super) fn less(
        &self,
        resource: &Resource,
        change: &Change,
        old: &str,
        read: &Cell<usize>,
    ) -> Option<Raw> {
        let known = place::property(resource, &change.path)?;
        let (start, end) = (known.span.start as usize, known.span.end as usize);
        let one_of_several = change.path.last().is_some_and(|key| key.parse::<usize>().is_ok());
        if !one_of_several || self.text.get(start..end)? != format!("\"{old}\"") {
            return None;
        }
        let block = self.block_around(resource, known.span)?;
        let (before, behind) = (self.text.get(..start)?, self.text.get(end..)?);
        let next = behind.trim_start();
        let edit = match next.strip_prefix(',') {
            Some(rest) => {
                // What stands in the next line stays there.
                let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
                let alone = rest.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
                let own = before_in_line(self.text, start)?;
                let comma = end + (behind.len() - next.len()) + 1;
                match alone && own.trim().is_empty() && !own.is_empty() {
                    true => {
                        let above = self.text.get(..start - own.len())?.strip_suffix('\n')?;
                        (above.strip_suffix('\r').unwrap_or(above).len(), comma, String::new())
                    }
                    false => (start, comma + blanks, String::new()),
                }
            }
            None => {
                let before = before.trim_end();
                (before.strip_suffix(',')?.len(), end, String::new())
            }
        };
        self.confirms(block, &edit, read).then_some(edit)
    }

    /// Statements behind the last one of a policy.
    pub(super) fn more(
        &self,
        resource: &Resource,
        change: &Change,
        items: &[Plain],
        read: &Cell<usize>,
    ) -> Option<Raw> {
        let list = place::property(resource, &change.path)?.as_list()?;
        if change.path.last()? != "Statement" {
            return None;
        }
        let mut last = None;
        list.last()?.walk(&mut |value: &Value| {
            let is_text = matches!(value.data, Data::Text(_) | Data::Template(_));
            if is_text && value.span.file == self.file && value.span != Span::default() && last.is_none() {
                last = Some(value.span);
            }
        });
        let last = last?;
        let block = self.block_around(resource, last)?;
        let repeats = |body: &Body| body.attribute("count").is_some() || body.attribute("for_each").is_some();
        if repeats(&block.body) {
            return None;
        }
        let edit = match block.labels.first().map(Str::as_str) {
            Some("aws_iam_policy_document") => self.more_blocks(&block.body, last, items)?,
            _ => {
                let attribute = block.body.attributes.iter().find(|a| around(a.value.span, last))?;
                match self.is_heredoc_around(&attribute.value, last) {
                    true => self.more_json(last, items)?,
                    false => self.more_entries(&attribute.value, last, items)?,
                }
            }
        };
        let after = apply(self.text, &edit).filter(|_| self.problems == 0)?;
        spend(read, after.len());
        let (again, problems) = parse(self.file, &after);
        (problems.is_empty() && again.blocks.len() == self.body.blocks.len()).then_some(edit)
    }

    /// The block in which something stands, of which there is one.
    fn block_around(&self, resource: &Resource, place: Span) -> Option<&Rc<Block>> {
        if place.file != self.file || resource.logical_id.contains(['[', '/']) {
            return None;
        }
        let block = self.body.blocks.iter().find(|block| around(block.span, place))?;
        matches!(block.kind.as_str(), "resource" | "data").then_some(block)
    }

    /// Blocks of a policy document of its own.
    fn more_blocks(&self, document: &Body, last: Span, items: &[Plain]) -> Option<Raw> {
        let mut statements = document.blocks.iter().filter(|block| block.kind == "statement");
        let statement = statements.clone().find(|block| around(block.span, last))?;
        // Behind the last one, and nothing that makes more of them.
        let is_last = statements.next_back().is_some_and(|block| block.span == statement.span);
        if !is_last || document.blocks("dynamic").next().is_some() {
            return None;
        }
        let own = before_in_line(self.text, statement.span.start as usize)?;
        let own = Some(own).filter(|before| before.trim().is_empty())?;
        let at = end_of_line(self.text, statement.span.end as usize, COMMENTS)?;
        let line = self.line_break;
        let mut added = String::new();
        for item in items {
            let Plain::Map(entries) = item else { return None };
            let mut fields = Vec::new();
            for (key, value) in entries {
                let name = match (key.as_str(), value) {
                    // What a block says without words.
                    ("Effect", Plain::Text(effect)) if effect == "Allow" => continue,
                    ("Action", _) => "actions",
                    ("Resource", _) => "resources",
                    _ => return None,
                };
                let value = match value {
                    Plain::List(_) => self.value(value)?,
                    one => format!("[{}]", self.value(one)?),
                };
                fields.push((name, value));
            }
            let width = fields.iter().map(|(name, _)| name.len()).max()?;
            let fields = fields.iter().map(|(name, value)| format!("{own}  {name:width$} = {value}{line}"));
            let fields: String = fields.collect();
            added.push_str(&format!("{line}{own}statement {{{line}{fields}{own}}}"));
        }
        Some((at, at, added))
    }

    /// Objects of a list within `jsonencode`.
    fn more_entries(&self, expr: &Expr, last: Span, items: &[Plain]) -> Option<Raw> {
        let inner = |expr: &Expr| self.more_entries(expr, last, items);
        match &expr.kind {
            Kind::Call(call) if call.name == "jsonencode" => {
                inner(call.arguments.iter().find(|argument| around(argument.span, last))?)
            }
            Kind::Object(entries) => {
                let (key, found) = entries.iter().find(|(_, value)| around(value.span, last))?;
                let Kind::List(statements) = &found.kind else { return inner(found) };
                if !matches!(&key.kind, Kind::Text(text) if text == "Statement") {
                    return None;
                }
                let statement = statements.last().filter(|statement| around(statement.span, last))?;
                let (start, end) = (statement.span.start as usize, statement.span.end as usize);
                let own = before_in_line(self.text, start)?;
                let indent = indentation(own);
                let written =
                    items.iter().map(|item| self.written(item, indent)).collect::<Option<Vec<_>>>()?;
                self.behind(end, own, &written)
            }
            _ => None,
        }
    }

    /// Objects of a list in a document of JSON.
    fn more_json(&self, last: Span, items: &[Plain]) -> Option<Raw> {
        let end = self.end_of_object(last.end as usize)?;
        let start = last.start as usize;
        let line = before_in_line(self.text, start)?;
        let written = items.iter().map(|item| self.value_in_json(item)).collect::<Option<Vec<_>>>()?;
        let open = self.text.get(..start)?.rfind('{')?;
        let own = before_in_line(self.text, open).unwrap_or(line);
        self.behind(end, own, &written)
    }

    /// Where the object of JSON ends in which `at` stands, which is a statement: nothing deeper than its lists and
    /// conditions lies in it.
    fn end_of_object(&self, at: usize) -> Option<usize> {
        let (mut depth, mut in_text, mut escaped) = (0_i32, false, false);
        for (n, c) in self.text.get(at..)?.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if in_text => escaped = true,
                '"' => in_text = !in_text,
                '{' | '[' if !in_text => depth += 1,
                // A list within the statement, in which `at` may stand.
                ']' if !in_text => depth -= i32::from(depth > 0),
                '}' if !in_text && depth == 0 => return Some(at + n + 1),
                '}' if !in_text => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// More of a list, behind what ends there and begins its line with `own`.
    fn behind(&self, end: usize, own: &str, items: &[String]) -> Option<Raw> {
        let between = match own.trim().is_empty() {
            true => format!("{}{own}", self.line_break),
            false => " ".to_owned(),
        };
        let behind = self.text.get(end..)?;
        let next = behind.trim_start();
        let added = items.iter().map(|item| format!(",{between}{item}")).collect::<String>();
        match next.strip_prefix(',') {
            // The last one has a comma already: so does the one that comes.
            Some(_) => {
                let at = end + behind.len() - next.len();
                Some((at, at, added))
            }
            None => Some((end, end, added)),
        }
    }
}

fn around(span: Span, place: Span) -> bool {
    span.file == place.file && span.start <= place.start && place.end <= span.end
}
