//! A policy of a role's own in the place of the attachment of one of AWS's.

use super::{Document, indentation, is_word};
use crate::edit::{Raw, apply, before_in_line, spend};
use crate::terraform::parse;
use std::cell::Cell;
use tidegate_graph::{Change, Plain, Resource};

const ATTACHMENT: &str = "aws_iam_role_policy_attachment";
const OWN: &str = "aws_iam_role_policy";

impl Document<'_> {
    /// The edits that make an attachment an own policy: its type and its one argument. `is_named` says whether anything
    /// refers to an address, or has it.
    pub(in crate::edit) fn own_policy(
        &self,
        changes: &[(&Resource, &Change)],
        is_named: &dyn Fn(&str) -> bool,
        read: &Cell<usize>,
    ) -> Option<Vec<Raw>> {
        let [(role, detach), (same, attach)] = changes else { return None };
        let [list, number] = detach.path.as_slice() else { return None };
        let (Plain::Swap { items, .. }, Plain::More(new)) = (&detach.value, &attach.value) else {
            return None;
        };
        let once = role.id == same.id && role.made_from.is_none() && !role.logical_id.contains(['[', '/']);
        let paths =
            list == "ManagedPolicyArns" && matches!(attach.path.as_slice(), [only] if only == "Policies");
        let [Plain::Map(policy)] = new.as_slice() else { return None };
        if !once || !paths || !items.is_empty() || self.problems > 0 {
            return None;
        }
        let (_, document) = policy.iter().find(|(key, _)| key == "PolicyDocument")?;
        let place = role.properties.get(list)?.as_list()?.get(number.parse::<usize>().ok()?)?.span;
        let around = |block: &&std::rc::Rc<crate::terraform::Block>| {
            place.file == self.file && block.span.start <= place.start && place.end <= block.span.end
        };
        let block = self.body.blocks.iter().find(around)?;
        let [ty, name] = block.labels.as_slice() else { return None };
        let body = &block.body;
        let known = body.attributes.iter().all(|a| matches!(a.name.as_str(), "role" | "policy_arn"));
        if block.kind != "resource" || ty != ATTACHMENT || !known || !body.blocks.is_empty() {
            return None;
        }
        // Whoever waits for the attachment would wait for nothing.
        if is_named(&format!("{ATTACHMENT}.{name}")) || is_named(&format!("{OWN}.{name}")) {
            return None;
        }
        let argument = body.attribute("policy_arn").filter(|a| a.value.span == place)?;
        let header = self.text.get(block.header.start as usize..block.header.end as usize)?;
        let label = block.header.start as usize + header.find(ATTACHMENT)?;
        let from = argument.key.start as usize;
        let (key_end, to) = (argument.key.end as usize, place.end as usize);
        let before = before_in_line(self.text, from)?;
        let equals = self.text.get(key_end..place.start as usize)?;
        // So that the equals sign stays where it is.
        let space = " ".repeat("policy_arn".len() - "policy".len());
        let written = self.written(document, indentation(before))?;
        let edits = vec![
            (label, label + ATTACHMENT.len(), OWN.to_string()),
            (from, to, format!("policy{space}{equals}jsonencode({written})")),
        ];
        let after = edits.iter().rev().try_fold(self.text.to_string(), |text, edit| apply(&text, edit))?;
        spend(read, after.len());
        let (again, problems) = parse(self.file, &after);
        (problems.is_empty() && again.blocks.len() == self.body.blocks.len()).then_some(edits)
    }

    /// A value over as many lines as it is usually written.
    pub(super) fn written(&self, value: &Plain, indent: &str) -> Option<String> {
        let line = self.line_break;
        let deeper = format!("{indent}  ");
        Some(match value {
            Plain::Map(entries) => {
                let entry = |(key, value): &(tidegate_graph::Str, Plain)| {
                    let key = if is_word(key) { key.to_string() } else { format!("\"{key}\"") };
                    Some((key, self.written(value, &deeper)?))
                };
                let entries = entries.iter().map(entry).collect::<Option<Vec<_>>>()?;
                let short = entries.iter().filter(|(_, value)| !value.contains('\n'));
                let width = short.map(|(key, _)| key.len()).max().unwrap_or(0);
                let entries = entries.iter().map(|(key, value)| match value.contains('\n') {
                    true => format!("{deeper}{key} = {value}{line}"),
                    false => format!("{deeper}{key:width$} = {value}{line}"),
                });
                format!("{{{line}{}{indent}}}", entries.collect::<String>())
            }
            Plain::List(items) if items.iter().any(|item| matches!(item, Plain::Map(_))) => {
                let item = |item| Some(format!("{deeper}{},{line}", self.written(item, &deeper)?));
                let items = items.iter().map(item).collect::<Option<String>>()?;
                format!("[{line}{items}{indent}]")
            }
            other => self.value(other)?,
        })
    }
}
