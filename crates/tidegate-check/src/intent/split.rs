//! A role of its own for a function that shares one.
//!
//! It allows what the function knows to use and what nobody can say whose it is; what only the others know stays with
//! them. Where the shared role gives everything, or something that can't be written again, there is no such role.

use super::judge::{self, is_wide};
use super::kinds::{Kind, LOG_ACTIONS, NETWORK_ACTIONS};
use super::known::Known;
use super::narrow::{self, text};
use super::prove::Whole;
use crate::Context;
use crate::identity::{aws_managed_name, owners};
use crate::policies::documents;
use tidegate_graph::policy::{Statement, service_of, statement};
use tidegate_graph::{Fix, Plain, Resource, Span, Str, Value};
use tidegate_iam::Catalogue;
use tidegate_iam::lint::Kind as DocumentKind;

/// Functions with one role beyond which it isn't split: each look is at all of them.
const MOST_FUNCTIONS: usize = 50;

/// What becomes of a function when it no longer shares its role.
pub(crate) struct Split {
    /// The role of its own.
    pub(crate) fix: Option<Fix>,
    /// Where something shows that only others with the role know, and what it is.
    pub(crate) notes: Vec<(Span, String)>,
}

/// The role of its own for a function whose declared role others have, too.
pub(crate) fn split(cx: &Context<'_>, function: &Resource) -> Option<Split> {
    const MOST_NOTES: usize = 4;
    let value = cx.get(function, &["Role"])?;
    let role = cx.target(function, value, "AWS::IAM::Role")?;
    let functions: Vec<&Resource> = cx.with_role(function, value).take(MOST_FUNCTIONS + 1).collect();
    if functions.len() > MOST_FUNCTIONS || cx.is_taken_by_others(role) {
        return None;
    }
    let own = functions.iter().copied().filter(|f| f.id == function.id).collect::<Vec<_>>();
    let (all, known) = (Known::of(cx, &functions), Known::of(cx, &own));
    let of_others = all.all().filter(|named| known.get(&named.resource.id).is_none());
    let notes = of_others.take(MOST_NOTES).map(|named| {
        let (name, noun) = (&named.resource.logical_id, named.kind.noun);
        let label = format!(
            "surplus for `{}`: the {noun} `{name}`, which only others with the role know",
            function.logical_id
        );
        (named.span, label)
    });
    let notes = notes.collect();
    // One keeps the role, so that none is left over: the first, or one that can't be given another.
    let stays = functions.iter().find(|f| !is_beside(f, role)).or(functions.first());
    let fix = match stays {
        Some(stays) if stays.id == function.id => None,
        _ => fix(cx, function, (role, value), &all, &known),
    };
    Some(Split { fix, notes })
}

/// True for a function that is written where its role is, and always there.
fn is_beside(function: &Resource, role: &Resource) -> bool {
    function.condition.is_none() && role.stack == function.stack && role.span.file == function.span.file
}

fn fix(
    cx: &Context<'_>,
    function: &Resource,
    (role, value): (&Resource, &Value),
    all: &Known<'_>,
    known: &Known<'_>,
) -> Option<Fix> {
    if !is_beside(function, role) {
        return None;
    }
    // What is made of something else is not written as a role.
    if role.made_from.is_some() || role.condition.is_some() {
        return None;
    }
    let whole = Whole::of(cx, role);
    let (arns, basic) = managed(cx, role)?;
    let mut kept = Vec::new();
    let mut plains = Vec::new();
    for owner in owners(cx, role) {
        for document in documents(cx, owner).into_iter().filter(|d| d.kind == DocumentKind::Identity) {
            let Some(list) = cx.child(document.value, "Statement") else { continue };
            for (n, value) in cx.world.items(list).into_iter().enumerate() {
                let said = statement(cx.world, value)?;
                let mut path = document.path.clone();
                path.push("Statement".into());
                if list.as_list().is_some() {
                    path.push(n.to_string());
                }
                match rest(cx, owner, &said, all, known)? {
                    Rest::Nothing => {}
                    Rest::All => {
                        kept.push(value.clone());
                        plains.push(same(owner, &path, value)?);
                    }
                    Rest::Some(pairs) => {
                        let listed = value.get("Resource").is_some_and(|r| r.as_list().is_some());
                        for (actions, (m, resource)) in pairs {
                            let mut path = path.clone();
                            path.push("Resource".into());
                            if listed {
                                path.push(m.to_string());
                            }
                            plains.push(narrow::stated(&actions, vec![same(owner, &path, resource)?]));
                            let list = actions.iter().map(|action| text(action)).collect();
                            kept.push(narrow::said(None, list, vec![resource.clone()]));
                        }
                    }
                }
            }
        }
    }
    let start = Whole::made(&kept).and_managed(&basic);
    let (mut new, mut added) = narrow::statements_for(cx, function, &start.lost(cx, known, &whole))?;
    new.extend(kept);
    added.extend(plains);
    let after = Whole::made(&new).and_managed(&basic);
    if !after.is_within_whole(cx, known, &whole) {
        return None;
    }
    let mut properties: Vec<(Str, Plain)> = Vec::new();
    for (key, value) in role.properties.iter() {
        match key.as_str() {
            "RoleName" | "Policies" | "ManagedPolicyArns" | "Description" | "Tags" => {}
            _ => properties.push((key.clone(), same(role, &[key.to_string()], value)?)),
        }
    }
    if !arns.is_empty() {
        properties.push(("ManagedPolicyArns".into(), Plain::List(arns)));
    }
    if !added.is_empty() {
        let document =
            Plain::map([("Version", Plain::Text("2012-10-17".into())), ("Statement", Plain::List(added))]);
        let policy = Plain::map([("PolicyName", Plain::Text("used".into())), ("PolicyDocument", document)]);
        properties.push(("Policies".into(), Plain::List(vec![policy])));
    }
    let id = function.made_from.as_ref().unwrap_or(&function.logical_id);
    let stack = function.id.strip_suffix(function.logical_id.as_str())?;
    let (prefix, names) = match id.split_once('.') {
        // Terraform's names are apart by their types.
        Some((_, name)) => (format!("{}.", role.declared_type), [name.to_string(), format!("{name}_own")]),
        None => (String::new(), [format!("{id}Role"), format!("{id}OwnRole")]),
    };
    let free = |name: &String| cx.system.resource(&format!("{stack}{prefix}{name}")).is_none();
    let name: Str = names.into_iter().find(free)?.into();
    let of = format!("{stack}{prefix}{name}").into();
    let arn = Plain::Arn { of, attribute: "Arn".into(), after: "".into() };
    let swap = Plain::Swap { old: value.clone(), items: vec![arn] };
    let beside = Plain::Beside { name, ty: role.declared_type.clone(), properties };
    let title = format!("give `{id}` a role of its own with only what it knows to use");
    Some(Fix::risky(title).set(&function.id, &["Role"], swap).set(&function.id, &[], beside))
}

/// What a resource says there, as it is written.
/// `None` where a number in the path counts otherwise, since something isn't always there.
fn same(resource: &Resource, path: &[String], value: &Value) -> Option<Plain> {
    let (first, rest) = path.split_first()?;
    let found = rest.iter().try_fold(resource.properties.get(first)?, |value, key| match value.as_list() {
        Some(items) => items.get(key.parse::<usize>().ok()?),
        None => value.get(key),
    });
    let path = path.iter().map(|key| key.as_str().into()).collect();
    std::ptr::eq(found?, value).then(|| Plain::Same { resource: resource.id.clone(), path })
}

/// The attached policies that go with the function, and the names of those that are AWS's; `None` where one gives more
/// than a function's own, or isn't known.
fn managed(cx: &Context<'_>, role: &Resource) -> Option<(Vec<Plain>, Vec<String>)> {
    let (mut arns, mut names) = (Vec::new(), Vec::new());
    for (n, value) in cx.items(role, &["ManagedPolicyArns"]).into_iter().enumerate() {
        // Policies of the system's own are read as statements.
        if cx.target(role, value, "AWS::IAM::ManagedPolicy").is_some() {
            continue;
        }
        let name = aws_managed_name(value)?;
        let own = name.starts_with("AWSLambda") && name.ends_with("ExecutionRole")
            || matches!(
                name.as_str(),
                "AWSXRayDaemonWriteAccess" | "CloudWatchLambdaInsightsExecutionRolePolicy"
            );
        if !own {
            return None;
        }
        arns.push(same(role, &["ManagedPolicyArns".into(), n.to_string()], value)?);
        names.push(name);
    }
    Some((arns, names))
}

/// What of a statement stays besides what the function knows to use.
enum Rest<'s> {
    Nothing,
    All,
    /// Actions on a resource, and its number.
    Some(Vec<(Vec<&'s str>, (usize, &'s Value))>),
}

fn rest<'s>(
    cx: &Context<'_>,
    owner: &Resource,
    statement: &Statement<'s>,
    all: &Known<'_>,
    known: &Known<'_>,
) -> Option<Rest<'s>> {
    let excepts = !statement.not_actions.is_empty() || !statement.not_resources.is_empty();
    if !statement.allows() || excepts || statement.conditions.is_some() {
        return Some(Rest::All);
    }
    let mut out: Vec<(Vec<&str>, (usize, &Value))> = Vec::new();
    for (n, resource) in statement.resources.iter().enumerate() {
        let mut actions = Vec::new();
        for action in &statement.actions {
            let pattern = action.as_str()?;
            if matches!(pattern, "*" | "*:*") {
                return None;
            }
            if stays(cx, owner, pattern, resource, all, known) {
                actions.push(pattern);
            }
        }
        if !actions.is_empty() {
            out.push((actions, (n, *resource)));
        }
    }
    Some(if out.is_empty() { Rest::Nothing } else { Rest::Some(out) })
}

/// True where nobody can say whether the function uses it: it is about nothing that the functions know.
fn stays(
    cx: &Context<'_>,
    owner: &Resource,
    pattern: &str,
    resource: &Value,
    all: &Known<'_>,
    known: &Known<'_>,
) -> bool {
    let service = service_of(pattern).to_ascii_lowercase();
    let name = pattern.split_once(':').map_or("*", |(_, name)| name);
    let is_one_of = |list: &[&str]| list.iter().any(|own| own.eq_ignore_ascii_case(name));
    match service.as_str() {
        // All of it is more than writing the log takes.
        "logs" => return name != "*" && !is_one_of(LOG_ACTIONS),
        "ec2" if is_one_of(NETWORK_ACTIONS) => return known.in_network,
        "xray" => return true,
        _ => {}
    }
    let Some(kind) = Kind::of_service(&service) else { return true };
    let is_pattern = name.contains(['*', '?']);
    let mut of_kind =
        Catalogue::current().expand(pattern).filter(|(_, a)| judge::works_on(kind, a)).peekable();
    if of_kind.peek().is_none() || known.open_for(kind.service).is_some() {
        return !is_one_of(kind.polls) || known.polled.contains(kind.service);
    }
    // What a wildcard covers beside what is used is asked for where it isn't about the resource itself: executions.
    let used = is_one_of(kind.uses) || is_one_of(kind.polls) || is_pattern && kind.by_arn;
    let target = kind.types.iter().find_map(|ty| cx.target(owner, resource, ty));
    match target {
        Some(target) if known.get(&target.id).is_some() => !used,
        Some(target) => all.get(&target.id).is_none(),
        None if is_wide(resource) && all.of_kind(kind).is_empty() => true,
        None if is_wide(resource) && is_pattern && !kind.by_arn => !known.of_kind(kind).is_empty(),
        None if is_wide(resource) => !used,
        None => true,
    }
}
