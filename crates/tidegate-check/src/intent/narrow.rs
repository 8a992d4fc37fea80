//! The fix that narrows a statement in place, proven to allow nothing new.

use super::judge::Judgement;
use super::kinds::Kind;
use crate::Context;
use std::collections::BTreeSet;
use tidegate_graph::policy::Statement;
use tidegate_graph::{Data, Fix, Piece, Plain, Reference, Resource, Span, Str, Value, World};
use tidegate_iam::account::{arn_of, ref_is_arn};
use tidegate_iam::inclusion::{Inclusion, includes};
use tidegate_iam::policy::Reader;
use tidegate_iam::{Catalogue, hole};

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

/// The fix; `None` where the statement can't be narrowed in place, or isn't proven to stay within itself.
pub(super) fn fix(
    cx: &Context<'_>,
    owner: &Resource,
    path: &[String],
    value: &Value,
    statement: &Statement<'_>,
    judgement: &Judgement<'_>,
) -> Option<Fix> {
    let resources = resources(cx, owner, statement, judgement);
    if judgement.actions.is_empty() && resources.is_none()
        || judgement.actions.iter().any(|(_, l)| l.is_empty())
    {
        return None;
    }
    if !is_proven(cx, statement, judgement, resources.as_ref()) {
        return None;
    }
    let mut fix = Fix::risky("allow only what the function knows to use");
    let set = |fix: Fix, key: &str, n: usize, old: &Value, items: Vec<Plain>| {
        let number = n.to_string();
        let mut keys: Vec<&str> = path.iter().map(String::as_str).collect();
        keys.push(key);
        let listed = cx.child(value, key).is_some_and(|v| matches!(v.data, Data::List(_)));
        if listed {
            keys.push(&number);
        }
        let old = old.as_text()?;
        Some(fix.set(&owner.id, &keys, Plain::Instead { old, items }))
    };
    for (n, list) in &judgement.actions {
        let items = list.iter().map(|name| Plain::Text(name.as_str().into())).collect();
        fix = set(fix, "Action", *n, statement.actions.get(*n)?, items)?;
    }
    if let Some((n, arns)) = resources {
        let items =
            arns.into_iter().map(|arn| Plain::Arn { of: arn.of, attribute: arn.attribute, after: arn.after });
        fix = set(fix, "Resource", n, statement.resources.get(n)?, items.collect())?;
    }
    Some(fix)
}

struct Arn {
    of: Str,
    attribute: Str,
    after: Str,
}

/// The position of the one wide resource, and what should stand there.
fn resources(
    cx: &Context<'_>,
    owner: &Resource,
    statement: &Statement<'_>,
    judgement: &Judgement<'_>,
) -> Option<(usize, Vec<Arn>)> {
    let n = judgement.wide.filter(|_| judgement.narrowable && !judgement.targets.is_empty())?;
    statement.resources.get(n)?.as_str()?;
    let mut out = Vec::new();
    for (target, kind, types) in &judgement.targets {
        let elsewhere = target.stack != owner.stack || target.span.file != owner.span.file;
        let conditional = target.condition.is_some() && target.condition != owner.condition;
        if elsewhere || conditional || target.id == owner.id || cx.depends_on(target, owner) {
            return None;
        }
        for after in behind(cx, target, kind, types) {
            out.push(Arn { of: target.id.clone(), attribute: kind.attribute.into(), after: after.into() });
        }
    }
    (!out.is_empty()).then_some((n, out))
}

/// What stands behind the ARN of a resource for actions on these types.
fn behind(cx: &Context<'_>, target: &Resource, kind: &Kind, types: &BTreeSet<&str>) -> Vec<&'static str> {
    let indexed = || {
        ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"].iter().any(|key| cx.get(target, &[key]).is_some())
    };
    let aliased = || {
        ["AWS::Lambda::Alias", "AWS::Lambda::Version"]
            .iter()
            .any(|ty| !cx.referrers(target, ty, "FunctionName").is_empty())
    };
    match kind.service {
        "s3" => [("bucket", ""), ("object", "/*")]
            .iter()
            .filter(|(ty, _)| types.contains(ty))
            .map(|(_, after)| *after)
            .collect(),
        "dynamodb" if types.contains("index") && indexed() => vec!["", "/index/*"],
        "lambda" if aliased() => vec!["", ":*"],
        _ => vec![""],
    }
}

fn is_proven(
    cx: &Context<'_>,
    statement: &Statement<'_>,
    judgement: &Judgement<'_>,
    resources: Option<&(usize, Vec<Arn>)>,
) -> bool {
    let span = Span::default();
    let mut actions = Vec::new();
    for (n, action) in statement.actions.iter().enumerate() {
        match judgement.actions.iter().find(|(at, _)| *at == n) {
            Some((_, list)) => actions.extend(list.iter().map(|name| Value::text(name.as_str(), span))),
            None => actions.push((*action).clone()),
        }
    }
    let mut narrowed = Vec::new();
    for (n, resource) in statement.resources.iter().enumerate() {
        match resources.filter(|(at, _)| *at == n) {
            Some((_, arns)) => narrowed.extend(arns.iter().map(|arn| {
                let reference = Reference { target: arn.of.clone(), attribute: arn.attribute.clone() };
                Value::template([Piece::Reference(reference), Piece::Text(arn.after.clone())], span)
            })),
            None => narrowed.push((*resource).clone()),
        }
    }
    let list = |values: &[&Value]| values.iter().map(|v| (*v).clone()).collect::<Vec<_>>();
    let old = document(statement, list(&statement.actions), list(&statement.resources));
    let new = document(statement, actions, narrowed);
    let resolve = |piece: &Piece| resolve(cx, piece);
    // Both have the same conditions, so it is all the same which branch of a choice within them is taken.
    let reader = Reader::new(World::default(), &resolve);
    let known = |prefix: &str| {
        let service = Catalogue::current().service(prefix);
        let actions = service.into_iter().flat_map(tidegate_iam::catalogue::Service::actions);
        actions.map(|action| format!("{prefix}:{}", action.name).into()).collect()
    };
    includes(&reader.policy("old", &old), &reader.policy("new", &new), &known) == Inclusion::Proven
}

fn document(statement: &Statement<'_>, actions: Vec<Value>, resources: Vec<Value>) -> Value {
    let span = Span::default();
    let mut fields = vec![
        ("Effect", Value::text("Allow", span)),
        ("Action", Value::list(actions, span)),
        ("Resource", Value::list(resources, span)),
    ];
    if let Some(conditions) = statement.conditions {
        fields.push(("Condition", Value::map(conditions.clone(), span)));
    }
    let statement = Value::object(fields, span);
    Value::object([("Version", Value::text("2012-10-17", span)), ("Statement", statement)], span)
}

/// The ARN that a reference gives: a name that nothing else has, in a region and account that aren't known.
fn resolve(cx: &Context<'_>, piece: &Piece) -> Option<String> {
    match piece {
        Piece::Text(text) => Some(text.to_string()),
        Piece::Symbol(symbol) if symbol.name == "AWS::Partition" => Some("aws".into()),
        Piece::Symbol(_) => None,
        Piece::Reference(reference) => {
            let resource = cx.system.resource(&reference.target)?;
            let gives_arn = match reference.attribute.as_str() {
                "" => ref_is_arn(&resource.ty),
                attribute => attribute == "Arn",
            };
            let (region, account) = (hole::text("AWS::Region"), hole::text("AWS::AccountId"));
            gives_arn.then(|| arn_of(&resource.ty, "", &hole::fresh(&resource.id), &region, &account))?
        }
    }
}
