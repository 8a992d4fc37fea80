//! A role beside a function: the role, its policy, and what is attached to it are resources of their own in Terraform.

use super::{Document, Kind, indentation};
use crate::edit::{Raw, apply, before_in_line, spend};
use crate::terraform::{Block, Step, has_arn, parse, written};
use std::cell::Cell;
use tidegate_graph::{Change, Data, Piece, Plain, Resource, Str, System, Value};

const ROLE: &str = "aws_iam_role";

impl Document<'_> {
    /// A reference to another resource in the place of one that stands alone.
    pub(super) fn reference(
        &self,
        block: &Block,
        (resource, change): (&Resource, &Change),
        item: &Plain,
        read: &Cell<usize>,
    ) -> Option<Raw> {
        let (steps, _) = written(&resource.declared_type, &resource.ty, &change.path, &Plain::Bool(true))?;
        let [Step::Attribute(name)] = steps.as_slice() else { return None };
        let attribute = block.body.attribute(name)?;
        let repeats = ["count", "for_each"].iter().any(|key| block.body.attribute(key).is_some());
        if repeats || !matches!(attribute.value.kind, Kind::Traverse(..)) {
            return None;
        }
        let (start, end) = (attribute.value.span.start as usize, attribute.value.span.end as usize);
        let edit = (start, end, self.value(item)?);
        self.confirms(block, &edit, read).then_some(edit)
    }

    /// The edit that puts a role with all that is its own behind a block.
    pub(super) fn beside(
        &self,
        block: &Block,
        name: &str,
        (ty, properties): (&str, &[(Str, Plain)]),
        read: &Cell<usize>,
    ) -> Option<Raw> {
        if ty != ROLE || self.problems > 0 {
            return None;
        }
        let start = block.span.start as usize;
        let own = indentation(before_in_line(self.text, start)?);
        let (role, policy) = (format!("{ROLE}.{name}"), format!("aws_iam_role_policy\" \"{name}"));
        let mut lines = Vec::new();
        let mut blocks: Vec<(String, Vec<(&str, String)>)> = Vec::new();
        for (key, value) in properties {
            let key = match key.as_str() {
                "AssumeRolePolicyDocument" => {
                    let document = self.written(value, &format!("{own}  "))?;
                    lines.push(("assume_role_policy", format!("jsonencode({document})")));
                    continue;
                }
                "ManagedPolicyArns" => {
                    let Plain::List(arns) = value else { return None };
                    for (n, arn) in arns.iter().enumerate() {
                        let number = if n == 0 { String::new() } else { format!("_{}", n + 1) };
                        let header = format!("aws_iam_role_policy_attachment\" \"{name}{number}");
                        let fields = [("role", format!("{role}.name")), ("policy_arn", self.value(arn)?)];
                        blocks.push((header, fields.into()));
                    }
                    continue;
                }
                "Policies" => {
                    let Plain::List(policies) = value else { return None };
                    let [Plain::Map(only)] = policies.as_slice() else { return None };
                    let (_, document) = only.iter().find(|(key, _)| key == "PolicyDocument")?;
                    let document = self.written(document, &format!("{own}  "))?;
                    let fields =
                        [("role", format!("{role}.id")), ("policy", format!("jsonencode({document})"))];
                    blocks.push((policy.clone(), fields.into()));
                    continue;
                }
                "Path" => "path",
                "PermissionsBoundary" => "permissions_boundary",
                "MaxSessionDuration" => "max_session_duration",
                _ => return None,
            };
            lines.push((key, self.value(value)?));
        }
        blocks.insert(0, (format!("{ROLE}\" \"{name}"), lines));
        let line = self.line_break;
        let mut added = String::new();
        for (header, fields) in &blocks {
            let width = fields.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
            let fields = fields.iter().map(|(key, value)| format!("{own}  {key:width$} = {value}{line}"));
            let fields: String = fields.collect();
            added.push_str(&format!("{line}{line}{own}resource \"{header}\" {{{line}{fields}{own}}}"));
        }
        let end = block.span.end as usize;
        let edit = (end, end, added);
        let after = apply(self.text, &edit)?;
        spend(read, after.len());
        let (again, problems) = parse(self.file, &after);
        (problems.is_empty() && again.blocks.len() == self.body.blocks.len() + blocks.len()).then_some(edit)
    }
}

/// A value as it can be written again: with references in the place of ARNs, and nothing that isn't known.
pub(in crate::edit) fn again(system: &System, value: &Value) -> Option<Plain> {
    if let Some(items) = value.as_list() {
        return Some(Plain::List(items.iter().map(|item| again(system, item)).collect::<Option<_>>()?));
    }
    if let Some(map) = value.as_map() {
        let entry = |(key, value): (&Str, &Value)| Some((key.clone(), again(system, value)?));
        return Some(Plain::Map(map.iter().map(entry).collect::<Option<_>>()?));
    }
    if let Some(flag) = value.as_bool() {
        return Some(Plain::Bool(flag));
    }
    if let Data::Number(number) = &value.data {
        return number.parse().ok().map(Plain::Number);
    }
    let pieces = value.pieces();
    let (first, rest) = pieces.split_first()?;
    match (first, rest) {
        (Piece::Text(text), []) => Some(Plain::Text(text.clone())),
        (Piece::Reference(reference), rest) => {
            let after = match rest {
                [] => Str::from(""),
                [Piece::Text(text)] => text.clone(),
                _ => return None,
            };
            let target = system.resource(&reference.target)?;
            let attribute = reference.attribute.clone();
            has_arn(&target.declared_type, &attribute).then(|| Plain::Arn {
                of: target.id.clone(),
                attribute,
                after,
            })
        }
        _ => None,
    }
}
