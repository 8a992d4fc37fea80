//! From a canonical property to the keys under which a service of the Serverless Framework has it.

use super::place::{at, counted, spelt_here, within};
use std::collections::HashSet;
use tidegate_graph::{Change, Data, Plain, Resource, Span, Str, Value};

/// Settings of a function that the framework hands through, by the type that they become part of.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("AWS::Lambda::Function", "KmsKeyArn", "kmsKeyArn"),
    ("AWS::Lambda::Function", "MemorySize", "memorySize"),
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions", "reservedConcurrency"),
    ("AWS::Lambda::Function", "Runtime", "runtime"),
    ("AWS::Lambda::Function", "Timeout", "timeout"),
    ("AWS::Logs::LogGroup", "RetentionInDays", "logRetentionInDays"),
];

/// Where the framework looks for the statements of roles: of all functions, and of one.
const SHARED: &[&[&str]] = &[&["provider", "iam", "role", "statements"], &["provider", "iamRoleStatements"]];
const OWN: &[&[&str]] = &[&["iam", "role", "statements"], &["iamRoleStatements"]];

/// The keys from the root of the service down to the property, with the value in the framework's words. Places in it
/// are as they were when the resource was read.
pub(super) fn keys(resource: &Resource, change: &Change, root: &Value) -> Option<(Vec<Str>, Plain)> {
    if let Some(keys) = declared(resource, change, root) {
        return Some((keys, change.value.clone()));
    }
    let path: Vec<&str> = change.path.iter().map(Str::as_str).collect();
    match (resource.ty.as_str(), path.as_slice()) {
        ("AWS::IAM::Role", ["Policies", "0", "PolicyDocument", "Statement", n, rest @ ..]) => {
            let swap = matches!(change.value, Plain::Swap { .. });
            let keys = in_statements(resource, (n, rest), root, swap)?;
            Some((keys, change.value.clone()))
        }
        ("AWS::IAM::Role", ["Policies", "0", "PolicyDocument", "Statement"]) => {
            matches!(change.value, Plain::More(_)).then_some(())?;
            Some((list_of_statements(resource, root)?, change.value.clone()))
        }
        ("AWS::Lambda::Function", ["TracingConfig", "Mode"]) => setting(resource, change, "tracing", root),
        (ty, [property]) => {
            let (.., name) = SETTINGS.iter().find(|(of, known, _)| *of == ty && known == property)?;
            setting(resource, change, name, root)
        }
        _ => None,
    }
}

/// A property of a resource that stands in `resources` as it is.
fn declared(resource: &Resource, change: &Change, root: &Value) -> Option<Vec<Str>> {
    let id = &resource.logical_id;
    let sections = root.get("resources")?;
    let mut found = None;
    let listed = matches!(sections.data, Data::List(_));
    for (n, section) in sections.items().iter().enumerate() {
        // What is merged from two places isn't said by one of them.
        if section.get("extensions").is_some_and(|e| e.as_map().is_none() || e.get(id).is_some()) {
            return None;
        }
        let Some(field) = section.get("Resources").and_then(Value::as_map).and_then(|map| map.field(id))
        else {
            continue;
        };
        if found.replace((n, field)).is_some() {
            return None;
        }
    }
    let (n, field) = found?;
    let own = field.value.get("Type").and_then(Value::as_str) == Some(&resource.declared_type);
    if !own || field.key != resource.span {
        return None;
    }
    spelt_here(resource, change, &change.path, &field.value, true)?;
    if let Some(here) = field.value.get("Properties").and_then(|p| at(p, &change.path))
        && is_variable(here)
    {
        return None;
    }
    let mut keys: Vec<Str> = vec!["resources".into()];
    keys.extend(listed.then(|| n.to_string().into()));
    keys.extend(["Resources".into(), id.clone(), "Properties".into()]);
    keys.extend(change.path.iter().cloned());
    Some(keys)
}

/// A setting of the function that a resource was made from.
fn setting(resource: &Resource, change: &Change, name: &str, root: &Value) -> Option<(Vec<Str>, Plain)> {
    // Lists and maps are joined with those of the provider; one word goes before the provider's.
    if !matches!(change.value, Plain::Bool(_) | Plain::Number(_) | Plain::Text(_)) {
        return None;
    }
    let (mut keys, function) = functions(root)
        .find(|(key, _, function)| is_made_from(resource, key, *function))
        .map(|(_, keys, function)| (keys, function.1))?;
    function.as_map()?;
    if let Some(here) = function.get(name) {
        let (first, rest) = change.path.split_first()?;
        let known = resource.properties.get(first).and_then(|value| at(value, rest));
        let elsewhere = known.is_some_and(|known| known.span != here.span);
        if is_variable(here) || elsewhere {
            return None;
        }
    }
    keys.push(name.into());
    Some((keys, change.value.clone()))
}

/// A function that is written in this file: its key, the keys down to it, where its key stands, and what it says.
type Written<'v> = (&'v Str, Vec<Str>, (Span, &'v Value));

fn functions(root: &Value) -> impl Iterator<Item = Written<'_>> {
    let section = root.get("functions");
    let listed = section.is_some_and(|s| matches!(s.data, Data::List(_)));
    let maps = section.map(Value::items).unwrap_or_default().iter().enumerate();
    maps.filter_map(|(n, map)| Some((n, map.as_map()?))).flat_map(move |(n, map)| {
        map.fields().map(move |(key, field)| {
            let mut keys: Vec<Str> = vec!["functions".into()];
            keys.extend(listed.then(|| n.to_string().into()));
            keys.push(key.clone());
            (key, keys, (field.key, &field.value))
        })
    })
}

/// True for the function itself, and for what stands beside it.
fn is_made_from(resource: &Resource, key: &str, (place, _): (Span, &Value)) -> bool {
    let prefix = crate::serverless::prefix(key);
    let suffix = if resource.ty == "AWS::Logs::LogGroup" { "LogGroup" } else { "LambdaFunction" };
    resource.logical_id.strip_prefix(prefix.as_str()) == Some(suffix) && place == resource.span
}

/// Part of a statement that a role took as it is from one of the lists.
fn in_statements(
    resource: &Resource,
    (n, rest): (&str, &[&str]),
    root: &Value,
    swap: bool,
) -> Option<Vec<Str>> {
    let policy = resource.properties.get("Policies")?.as_list()?.first()?;
    let all = policy.get("PolicyDocument")?.get("Statement")?.as_list()?;
    let statement = all.get(n.parse::<usize>().ok()?).filter(|_| all.iter().all(counted))?;
    let rest: Vec<Str> = rest.iter().map(|key| Str::from(*key)).collect();
    let known = at(statement, &rest)?;
    for (mut keys, items) in lists(root) {
        let place = items.iter().position(|item| item.span == statement.span);
        let Some((number, there)) = place.and_then(|n| Some((n, items.get(n)?))) else { continue };
        let here = at(there, &rest)?;
        let says = known.span == here.span && known.data == here.data || swap && within(known, here);
        if is_variable(here) || !says {
            return None;
        }
        keys.push(number.to_string().into());
        keys.extend(rest);
        return Some(keys);
    }
    None
}

/// The only list from which a role has statements.
fn list_of_statements(resource: &Resource, root: &Value) -> Option<Vec<Str>> {
    let policy = resource.properties.get("Policies")?.as_list()?.first()?;
    let all = policy.get("PolicyDocument")?.get("Statement")?.as_list()?;
    let places: HashSet<Span> = all.iter().map(|statement| statement.span).collect();
    let mut own = lists(root).filter(|(_, items)| items.iter().any(|item| places.contains(&item.span)));
    let (keys, _) = own.next()?;
    own.next().is_none().then_some(keys)
}

/// Every list of statements that is written in this file, with the keys down to it.
fn lists(root: &Value) -> impl Iterator<Item = (Vec<Str>, &[Value])> {
    let shared = SHARED.iter().map(move |path| (root, Vec::new(), *path));
    let own = functions(root)
        .flat_map(|(_, keys, function)| OWN.iter().map(move |path| (function.1, keys.clone(), *path)));
    shared.chain(own).filter_map(|(from, mut keys, path)| {
        let list = path.iter().try_fold(from, |value, key| value.get(key))?.as_list()?;
        keys.extend(path.iter().map(|key| Str::from(*key)));
        Some((keys, list))
    })
}

/// What the framework fills in is said elsewhere.
fn is_variable(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("${"))
}
