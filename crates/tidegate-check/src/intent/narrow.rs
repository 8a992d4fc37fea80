//! The fixes that narrow what a role has: proven to allow nothing new, and to leave what the functions may need.
//!
//! A fix speaks in values: which property comes to what now, and what stands there instead. How that is written in a
//! language is a matter of whoever edits.

use super::Verdict;
use super::judge::{Judgement, Part};
use super::kinds::Kind;
use super::known::Known;
use super::prove::{Lost, Source, Whole, has_alias, has_index};
use crate::Context;
use std::collections::{BTreeMap, BTreeSet};
use tidegate_graph::policy::{Statement, matches, service_of};
use tidegate_graph::{Data, Fix, Map, Piece, Plain, Reference, Resource, Span, Str, Value};

/// True if nothing but this role has the statement.
pub(super) fn is_own(cx: &Context<'_>, owner: &Resource, role: &Resource, statement: &Statement<'_>) -> bool {
    if statement.span != Span::default() && cx.with_statement(statement.span) > 1 {
        return false;
    }
    if owner.id == role.id {
        return true;
    }
    let count = |key: &str| cx.items(owner, &[key]).len();
    let named = count("Roles") + count("RoleName");
    let attached = cx.referrers(owner, "AWS::IAM::Role", "ManagedPolicyArns").len();
    named + attached == 1 && count("Users") == 0 && count("Groups") == 0
}

/// A statement, where it stands, and the role whose it is.
#[derive(Clone, Copy)]
pub(super) struct Place<'s> {
    pub(super) owner: &'s Resource,
    /// Keys down to the document.
    pub(super) document: &'s [String],
    /// Its number, and whether it is one of a list.
    pub(super) n: usize,
    pub(super) listed: bool,
    pub(super) value: &'s Value,
    pub(super) whole: &'s Whole,
}

const TITLE: &str = "allow only what the function knows to use";

/// The fix; `None` where the statement can't be narrowed in place, or isn't proven to stay within itself.
pub(super) fn fix(
    cx: &Context<'_>,
    known: &Known<'_>,
    place: &Place<'_>,
    statement: &Statement<'_>,
    judgement: &Judgement<'_>,
) -> Option<Fix> {
    let source = Source::Document(place.owner.id.clone(), place.document.to_vec());
    let proven = |(mut new, fix): (Vec<Value>, Fix)| {
        let after = place.whole.with(&source, Some(place.n), &new);
        let lost = after.lost(cx, known, place.whole);
        if lost.is_empty() {
            return after.is_within(cx, known, place.whole, &source).then_some(fix);
        }
        // What the statement also gave stays in one of its own: what a poller reads.
        let (values, added) = statements_for(cx, place.owner, &lost).filter(|_| place.listed)?;
        new.extend(values);
        let after = place.whole.with(&source, Some(place.n), &new);
        let mut list: Vec<&str> = place.document.iter().map(String::as_str).collect();
        list.push("Statement");
        let fix = fix.set(&place.owner.id, &list, Plain::More(added));
        after.is_within(cx, known, place.whole, &source).then_some(fix)
    };
    in_place(cx, place, statement, judgement)
        .and_then(proven)
        .or_else(|| apart(cx, place, statement, judgement).and_then(proven))
}

/// Narrower actions and resources where those stand that are too wide.
fn in_place(
    cx: &Context<'_>,
    place: &Place<'_>,
    statement: &Statement<'_>,
    judgement: &Judgement<'_>,
) -> Option<(Vec<Value>, Fix)> {
    let arns = match judgement.narrowable && !judgement.wide.is_empty() {
        true => {
            let targets = judgement.targets.iter().map(|(target, kind, types)| (*target, *kind, types));
            arns(cx, place.owner, targets)
        }
        false => None,
    };
    if judgement.actions.is_empty() && arns.is_none() || judgement.actions.iter().any(|(_, l)| l.is_empty()) {
        return None;
    }
    let mut fix = Fix::risky(TITLE);
    let path = place.path();
    let mut actions = Vec::new();
    for (n, action) in statement.actions.iter().enumerate() {
        match judgement.actions.iter().find(|(at, _)| *at == n) {
            Some((_, list)) => {
                actions.extend(list.iter().map(|name| Value::text(name.as_str(), Span::default())));
                let items = list.iter().map(|name| Plain::Text(name.as_str().into())).collect();
                fix = swap(fix, cx, place, &path, "Action", n, action, items);
            }
            None => actions.push((*action).clone()),
        }
    }
    let mut resources: Vec<Value> = statement.resources.iter().map(|r| (*r).clone()).collect();
    if let Some(arns) = arns {
        // From the last one on, so that numbers stay what they are.
        for (at, n) in judgement.wide.iter().enumerate().rev() {
            let items = if at == 0 { arns.iter().map(Arn::plain).collect() } else { Vec::new() };
            fix = swap(fix, cx, place, &path, "Resource", *n, statement.resources.get(*n)?, items);
        }
        let wide = |n: &usize| judgement.wide.contains(n);
        let left = resources.into_iter().enumerate().filter(|(n, _)| !wide(n)).map(|(_, value)| value);
        resources = arns.iter().map(Arn::value).chain(left).collect();
    }
    Some((vec![said(statement.conditions, actions, resources)], fix))
}

/// Actions that need no more than what is known, in statements of their own; the others stay what they are.
fn apart(
    cx: &Context<'_>,
    place: &Place<'_>,
    statement: &Statement<'_>,
    judgement: &Judgement<'_>,
) -> Option<(Vec<Value>, Fix)> {
    let all_wide = judgement.wide.len() == statement.resources.len();
    let moved: BTreeSet<usize> = judgement.parts.iter().map(|part| part.n).collect();
    if !all_wide || statement.conditions.is_some() || moved.is_empty() {
        return None;
    }
    if moved.len() >= statement.actions.len() || judgement.parts.iter().any(|p| p.actions.is_empty()) {
        return None;
    }
    let path = place.path();
    let mut new = Vec::new();
    let mut added = Vec::new();
    for (_, parts) in by_service(&judgement.parts) {
        let targets = parts.iter().flat_map(|part| part.targets.iter().map(|t| (*t, part.kind, &part.types)));
        let arns = arns(cx, place.owner, targets)?;
        let actions: Vec<&str> = parts.iter().flat_map(|p| &p.actions).map(String::as_str).collect();
        new.push(said(
            None,
            actions.iter().map(|a| text(a)).collect(),
            arns.iter().map(Arn::value).collect(),
        ));
        added.push(stated(&actions, arns.iter().map(Arn::plain).collect()));
    }
    let mut fix = Fix::risky(TITLE);
    let mut rest: Vec<Value> = Vec::new();
    if !place.listed {
        // One statement alone becomes a list of several.
        let left = |n: usize, action: &Value| match judgement.actions.iter().find(|(at, _)| *at == n) {
            _ if moved.contains(&n) => Vec::new(),
            Some((_, list)) => list.iter().map(|name| text(name)).collect(),
            None => vec![action.clone()],
        };
        rest.extend(statement.actions.iter().enumerate().flat_map(|(n, action)| left(n, action)));
        let mut first = Vec::new();
        for (key, value) in place.value.as_map()?.iter() {
            let value = match key.as_str() {
                "Action" => {
                    Plain::List(rest.iter().map(|v| written(cx, v, Span::default())).collect::<Option<_>>()?)
                }
                _ => written(cx, value, Span::default())?,
            };
            first.push((key.clone(), value));
        }
        let resources = statement.resources.iter().map(|r| (*r).clone()).collect();
        new.push(said(None, rest, resources));
        added.insert(0, Plain::Map(first));
        let list: Vec<&str> = path.iter().map(String::as_str).collect();
        let swap = Plain::Swap { old: place.value.clone(), items: added };
        return Some((new, fix.set(&place.owner.id, &list, swap)));
    }
    for (n, action) in statement.actions.iter().enumerate().rev() {
        let list = judgement.actions.iter().find(|(at, _)| *at == n).map(|(_, list)| list);
        match (moved.contains(&n), list) {
            (true, _) => fix = swap(fix, cx, place, &path, "Action", n, action, Vec::new()),
            (false, Some(list)) => {
                rest.extend(list.iter().map(|name| text(name)));
                let items = list.iter().map(|name| Plain::Text(name.as_str().into())).collect();
                fix = swap(fix, cx, place, &path, "Action", n, action, items);
            }
            (false, None) => rest.push((*action).clone()),
        }
    }
    let resources = statement.resources.iter().map(|r| (*r).clone()).collect();
    new.push(said(None, rest, resources));
    let mut list: Vec<&str> = place.document.iter().map(String::as_str).collect();
    list.push("Statement");
    Some((new, fix.set(&place.owner.id, &list, Plain::More(added))))
}

fn by_service<'p, 'a>(parts: &'p [Part<'a>]) -> BTreeMap<&'static str, Vec<&'p Part<'a>>> {
    let mut out: BTreeMap<&str, Vec<&Part<'_>>> = BTreeMap::new();
    for part in parts {
        out.entry(part.kind.service).or_default().push(part);
    }
    out
}

/// A policy of the role's own instead of one of AWS's: what the functions may need, of what that one allows.
pub(super) fn managed_fix(
    cx: &Context<'_>,
    known: &Known<'_>,
    role: &Resource,
    name: &str,
    value: &Value,
    judgement: &Judgement<'_>,
    whole: &Whole,
) -> Option<Fix> {
    let n = cx.items(role, &["ManagedPolicyArns"]).iter().position(|item| std::ptr::eq(*item, value))?;
    if !is_about_known(known, name, judgement) {
        return None;
    }
    let source = Source::Managed(name.into());
    let without = whole.with(&source, None, &[]);
    let (new, added) = statements_for(cx, role, &without.lost(cx, known, whole))?;
    if !without.with_more(&source, &new).is_within(cx, known, whole, &source) {
        return None;
    }
    let number = n.to_string();
    let path = ["ManagedPolicyArns", number.as_str()];
    let fix = Fix::risky("allow only what the function knows to use, instead of AWS's policy");
    let swap = |items: Vec<Plain>| Plain::Swap { old: value.clone(), items };
    if added.is_empty() {
        return Some(fix.set(&role.id, &path, swap(Vec::new())));
    }
    let document =
        Plain::map([("Version", Plain::Text("2012-10-17".into())), ("Statement", Plain::List(added))]);
    // What is made of a function's list of policies has no names of its own.
    if role.made_from.is_some() {
        return Some(fix.set(&role.id, &path, swap(vec![document])));
    }
    let policy =
        Plain::map([("PolicyName", Plain::Text(policy_name(name).into())), ("PolicyDocument", document)]);
    let fix = fix.set(&role.id, &path, swap(Vec::new()));
    Some(fix.set(&role.id, &["Policies"], Plain::More(vec![policy])))
}

/// True where the graph shows enough to say what is needed of a policy of AWS's own: it is about what the functions know,
/// or about everything, and nothing may name more of what it gives.
fn is_about_known(known: &Known<'_>, name: &str, judgement: &Judgement<'_>) -> bool {
    let name = name.to_ascii_lowercase();
    let mut everything = false;
    let mut named = false;
    for item in judgement.items.iter().filter(|item| item.verdict == Verdict::Surplus) {
        everything |= matches!(item.action.as_str(), "*" | "*:*");
        let service = service_of(&item.action).to_ascii_lowercase();
        named |= match Kind::of_service(&service) {
            // What is asked of an execution names that.
            Some(kind) if !kind.by_arn => return false,
            Some(kind) => kind.is_hinted_by(&name),
            None => service == "logs" && name.contains("logs"),
        };
    }
    if everything {
        let by_arn = known.all().all(|named| named.kind.by_arn);
        return by_arn && !known.is_open() && known.all().next().is_some();
    }
    let open = judgement.items.iter().filter(|item| item.verdict == Verdict::Unknown).any(|item| {
        let service = service_of(&item.action).to_ascii_lowercase();
        let action = item.action.split_once(':').map_or("*", |(_, action)| action);
        Kind::of_service(&service).is_some_and(|kind| {
            known.open_for(kind.service).is_some() && kind.uses.iter().any(|used| matches(action, used))
        })
    });
    named && !open
}

/// An entry of a list of policies that stands for a document, written out with what is narrower in it.
pub(super) fn entry_fix(
    cx: &Context<'_>,
    known: &Known<'_>,
    owner: &Resource,
    path: &[String],
    judged: &[(&Statement<'_>, Judgement<'_>)],
    whole: &Whole,
) -> Option<Fix> {
    let [first, number, _] = path else { return None };
    let entry = *cx.items(owner, &[first]).get(number.parse::<usize>().ok()?)?;
    let mut new = Vec::new();
    for (statement, judgement) in judged {
        let same = || {
            let list = |values: &[&Value]| values.iter().map(|value| (*value).clone()).collect();
            said(statement.conditions, list(&statement.actions), list(&statement.resources))
        };
        let place = Place { owner, document: path, n: 0, listed: true, value: entry, whole };
        match in_place(cx, &place, statement, judgement) {
            Some((narrow, _)) => new.extend(narrow),
            // What its parameters come to may be said elsewhere.
            None if statement.resources.iter().all(|r| r.as_str() == Some("*")) => new.push(same()),
            None => return None,
        }
    }
    let source = Source::Document(owner.id.clone(), path.to_vec());
    let after = whole.with(&source, None, &new);
    if !after.is_within(cx, known, whole, &source) {
        return None;
    }
    let statements = new.iter().map(|value| written(cx, value, entry.span)).collect::<Option<Vec<_>>>()?;
    let document =
        Plain::map([("Version", Plain::Text("2012-10-17".into())), ("Statement", Plain::List(statements))]);
    let swap = Plain::Swap { old: entry.clone(), items: vec![document] };
    Some(Fix::risky(TITLE).set(&owner.id, &[first, number], swap))
}

/// What was read, to be written again: `None` where it was said by something else than what it comes to, such as a
/// parameter. `own` is the place of what is known to say it.
pub(super) fn written(cx: &Context<'_>, value: &Value, own: Span) -> Option<Plain> {
    let source = || {
        let source = cx.system.sources.source(value.span.file)?;
        source.text().get(value.span.start as usize..value.span.end as usize)
    };
    let made = value.span == Span::default() || value.span == own;
    let is_said = |said: &Str| made || source().is_some_and(|source| source.contains(said.as_str()));
    Some(match &value.data {
        Data::Bool(value) => Plain::Bool(*value),
        Data::Text(said) => is_said(said).then(|| Plain::Text(said.clone()))?,
        Data::Template(pieces) if pieces.iter().any(|p| matches!(p, Piece::Text(t) if !is_said(t))) => {
            return None;
        }
        Data::Template(pieces) => match pieces.as_slice() {
            [Piece::Reference(of)] => {
                Plain::Arn { of: of.target.clone(), attribute: of.attribute.clone(), after: "".into() }
            }
            [Piece::Reference(of), Piece::Text(after)] => {
                Plain::Arn { of: of.target.clone(), attribute: of.attribute.clone(), after: after.clone() }
            }
            pieces => Plain::Joined(pieces.to_vec()),
        },
        Data::Number(said) => Plain::Number(said.parse().ok()?),
        Data::List(items) => {
            Plain::List(items.iter().map(|item| written(cx, item, own)).collect::<Option<_>>()?)
        }
        Data::Map(map) => {
            let entry = |(key, value): (&Str, &Value)| Some((key.clone(), written(cx, value, own)?));
            Plain::Map(map.iter().map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn policy_name(managed: &str) -> String {
    let short = managed.trim_start_matches("Amazon").trim_start_matches("AWS");
    let short = short.replace("FullAccess", "").replace('_', "");
    format!("{}Used", if short.is_empty() { "Known" } else { &short })
}

/// Statements that allow what would be lost: by the resources that they name, what doesn't name any last.
pub(super) fn statements_for(
    cx: &Context<'_>,
    owner: &Resource,
    lost: &[Lost],
) -> Option<(Vec<Value>, Vec<Plain>)> {
    let mut by_action: BTreeMap<&str, Vec<Arn>> = BTreeMap::new();
    for one in lost {
        let arns = by_action.entry(&one.action).or_default();
        if let Some((of, attribute, after)) = &one.on {
            reachable(cx, owner, cx.system.resource(of)?)?;
            arns.push(Arn { of: of.clone(), attribute: (*attribute).into(), after: (*after).into() });
        }
    }
    let mut by_resources: BTreeMap<(bool, &str, Vec<Arn>), Vec<&str>> = BTreeMap::new();
    for (action, arns) in by_action {
        let service = action.split(':').next().unwrap_or_default();
        by_resources.entry((arns.is_empty(), service, arns)).or_default().push(action);
    }
    let (mut values, mut plains) = (Vec::new(), Vec::new());
    for ((everywhere, _, arns), actions) in by_resources {
        let list = actions.iter().map(|a| text(a)).collect();
        match everywhere {
            true => {
                values.push(said(None, list, vec![text("*")]));
                plains.push(stated(&actions, vec!["*".into()]));
            }
            false => {
                values.push(said(None, list, arns.iter().map(Arn::value).collect()));
                plains.push(stated(&actions, arns.iter().map(Arn::plain).collect()));
            }
        }
    }
    Some((values, plains))
}

#[allow(clippy::too_many_arguments, reason = "each says something else")]
fn swap(
    fix: Fix,
    cx: &Context<'_>,
    place: &Place<'_>,
    path: &[String],
    key: &str,
    n: usize,
    old: &Value,
    items: Vec<Plain>,
) -> Fix {
    let number = n.to_string();
    let mut keys: Vec<&str> = path.iter().map(String::as_str).collect();
    keys.push(key);
    if cx.child(place.value, key).is_some_and(|v| matches!(v.data, Data::List(_))) {
        keys.push(&number);
    }
    fix.set(&place.owner.id, &keys, Plain::Swap { old: old.clone(), items })
}

impl Place<'_> {
    /// Keys down to the statement.
    fn path(&self) -> Vec<String> {
        let mut path = self.document.to_vec();
        path.push("Statement".into());
        if self.listed {
            path.push(self.n.to_string());
        }
        path
    }
}

/// The ARN of a declared resource, and what follows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arn {
    of: Str,
    attribute: Str,
    after: Str,
}

impl Arn {
    fn plain(&self) -> Plain {
        Plain::Arn { of: self.of.clone(), attribute: self.attribute.clone(), after: self.after.clone() }
    }

    fn value(&self) -> Value {
        let reference = Reference { target: self.of.clone(), attribute: self.attribute.clone() };
        Value::template([Piece::Reference(reference), Piece::Text(self.after.clone())], Span::default())
    }
}

/// What should stand there instead of all resources.
fn arns<'t>(
    cx: &Context<'_>,
    owner: &Resource,
    targets: impl Iterator<Item = (&'t Resource, &'static Kind, &'t BTreeSet<&'static str>)>,
) -> Option<Vec<Arn>> {
    let mut out = Vec::new();
    for (target, kind, types) in targets {
        reachable(cx, owner, target)?;
        for after in behind(cx, target, kind, types) {
            let arn = Arn { of: target.id.clone(), attribute: kind.attribute.into(), after: after.into() };
            if !out.contains(&arn) {
                out.push(arn);
            }
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Nothing where a policy can't name a resource: it stands elsewhere, isn't always there, or waits for the policy.
fn reachable(cx: &Context<'_>, owner: &Resource, target: &Resource) -> Option<()> {
    let elsewhere = target.stack != owner.stack || target.span.file != owner.span.file;
    let conditional = target.condition.is_some() && target.condition != owner.condition;
    let circle = || target.id == owner.id || cx.depends_on(target, owner);
    (!elsewhere && !conditional && !circle()).then_some(())
}

/// What stands behind the ARN of a resource for actions on these types.
fn behind(cx: &Context<'_>, target: &Resource, kind: &Kind, types: &BTreeSet<&str>) -> Vec<&'static str> {
    match kind.service {
        "s3" => [("bucket", ""), ("object", "/*")]
            .iter()
            .filter(|(ty, _)| types.contains(ty))
            .map(|(_, after)| *after)
            .collect(),
        "dynamodb" if types.contains("index") && has_index(cx, target) => vec!["", "/index/*"],
        "lambda" if has_alias(cx, target) => vec!["", ":*"],
        _ => vec![""],
    }
}

pub(super) fn text(text: &str) -> Value {
    Value::text(text, Span::default())
}

/// A statement as a value.
pub(super) fn said(conditions: Option<&Map>, actions: Vec<Value>, resources: Vec<Value>) -> Value {
    let span = Span::default();
    let mut fields = vec![
        ("Effect", text("Allow")),
        ("Action", Value::list(actions, span)),
        ("Resource", Value::list(resources, span)),
    ];
    if let Some(conditions) = conditions {
        fields.push(("Condition", Value::map(conditions.clone(), span)));
    }
    Value::object(fields, span)
}

/// A statement to be written.
pub(super) fn stated(actions: &[&str], resources: Vec<Plain>) -> Plain {
    let actions = actions.iter().map(|action| Plain::Text((*action).into())).collect();
    let resources = match <[Plain; 1]>::try_from(resources) {
        Ok([only]) => only,
        Err(several) => Plain::List(several),
    };
    Plain::map([("Effect", "Allow".into()), ("Action", Plain::List(actions)), ("Resource", resources)])
}
