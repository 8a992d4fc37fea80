//! From a canonical property to the keys under which a template has it.

use tidegate_graph::{Change, Data, Plain, Resource, Str, Value};

/// Properties of SAM that become CloudFormation's under the same name, by the type that they become part of.
const SAME: &[(&str, &str, &[&str])] = &[
    (
        "AWS::Serverless::Function",
        "AWS::Lambda::Function",
        &[
            "ReservedConcurrentExecutions",
            "Timeout",
            "MemorySize",
            "KmsKeyArn",
            "RecursiveLoop",
            "Role",
            "Runtime",
        ],
    ),
    (
        "AWS::Serverless::Api",
        "AWS::ApiGateway::Stage",
        &["TracingEnabled", "MethodSettings", "AccessLogSetting", "CacheClusterEnabled"],
    ),
    (
        "AWS::Serverless::HttpApi",
        "AWS::ApiGatewayV2::Stage",
        &["DefaultRouteSettings", "RouteSettings", "AccessLogSettings"],
    ),
    (
        "AWS::Serverless::SimpleTable",
        "AWS::DynamoDB::Table",
        &["SSESpecification", "PointInTimeRecoverySpecification"],
    ),
];

/// Properties of a function's event that the mapping made from it has under the same name.
const EVENT: &[&str] = &[
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ScalingConfig",
];

/// The keys from the root of the template down to the property. `original` is a text in which places are as they were
/// when the resource was read.
pub(super) fn keys(resource: &Resource, change: &Change, root: &Value, original: bool) -> Option<Vec<Str>> {
    let id = resource.made_from.as_ref().unwrap_or(&resource.logical_id);
    let sam = resource.declared_type.starts_with("AWS::Serverless::");
    let written = root.get("Resources")?.get(id)?;
    if written.get("Type").and_then(Value::as_str) != Some(&resource.declared_type) {
        return None;
    }
    let path: Vec<&str> = change.path.iter().map(Str::as_str).collect();
    if let ("AWS::IAM::Role", ["Policies" | "ManagedPolicyArns", ..], true) =
        (resource.ty.as_str(), path.as_slice(), sam)
    {
        let swap = matches!(change.value, Plain::Swap { .. });
        let inner = match path.as_slice() {
            ["Policies" | "ManagedPolicyArns", n] if swap => {
                of_sam_list(resource, &path, n, written, original)?
            }
            _ => in_sam_policy(resource, &path, written, original, swap)?,
        };
        let mut keys: Vec<Str> = vec!["Resources".into(), id.clone(), "Properties".into()];
        keys.extend(inner);
        return Some(keys);
    }
    let inner: Vec<Str> = if sam {
        in_sam(resource, &path, written)?
    } else {
        resource.made_from.is_none().then(|| change.path.clone())?
    };
    spelt_here(resource, change, &inner, written, original)?;
    let mut keys: Vec<Str> = vec!["Resources".into(), id.clone(), "Properties".into()];
    keys.extend(inner);
    Some(keys)
}

/// `Some` if the property is said under these keys of the resource as it is written, or nowhere.
pub(super) fn spelt_here(
    resource: &Resource,
    change: &Change,
    inner: &[Str],
    written: &Value,
    original: bool,
) -> Option<()> {
    let sam = resource.declared_type.starts_with("AWS::Serverless::");
    // What is there without being written here comes from elsewhere. What a resource says itself goes before SAM's
    // globals, but lists and maps are joined with theirs.
    let is = |value: Option<&Value>| value.is_some_and(|v| v.data != Data::Null);
    let property = |path: &[Str]| property(resource, path);
    let known = property(&change.path);
    let here = written.get("Properties").and_then(|p| at(p, inner));
    if is(known)
        && !is(here)
        && !(sam && matches!(change.value, Plain::Bool(_) | Plain::Number(_) | Plain::Text(_)))
    {
        return None;
    }
    if let (Some(known), Some(here)) = (known, here)
        && original
        && !stands_at(known, here, &change.value)
    {
        return None;
    }
    // A number counts the items that are there, which conditions may change.
    for (n, key) in change.path.iter().enumerate().filter(|(_, key)| key.parse::<usize>().is_ok()) {
        let list = property(change.path.get(..n)?)?;
        let known =
            list.as_list().filter(|items| items.iter().all(counted))?.get(key.parse::<usize>().ok()?)?;
        let here = written.get("Properties").and_then(|p| at(p, inner.get(..=n)?))?;
        if inner != change.path || original && !stands_at(known, here, &change.value) {
            return None;
        }
    }
    Some(())
}

/// True if the numbers of a path mean the same items whatever the conditions.
pub(super) fn is_counted<K: AsRef<str>>(resource: &Resource, path: &[K]) -> bool {
    let path: Vec<Str> = path.iter().map(|key| key.as_ref().into()).collect();
    (1..path.len()).all(|n| {
        let list = path.get(..n).and_then(|path| property(resource, path)).and_then(Value::as_list);
        let numbered = path.get(n).is_some_and(|key| key.parse::<usize>().is_ok());
        !numbered || list.is_none_or(|items| items.iter().all(counted))
    })
}

/// True for an item of a list that is there whatever the conditions.
pub(super) fn counted(item: &Value) -> bool {
    !matches!(item.data, Data::Choice(_) | Data::Unknown(_) | Data::Null)
}

/// A statement that SAM took as it is from the list of a function's policies, which has other policies in between. Those
/// that SAM fills in from a template of its own are written nowhere.
fn in_sam_policy(
    resource: &Resource,
    path: &[&str],
    written: &Value,
    original: bool,
    swap: bool,
) -> Option<Vec<Str>> {
    let ["Policies", n, "PolicyDocument", rest @ ..] = path else { return None };
    let policy = resource.properties.get("Policies")?.as_list()?.get(n.parse::<usize>().ok()?)?;
    let name = policy.get("PolicyName").and_then(Value::as_str)?;
    let index = name.strip_prefix(resource.logical_id.as_str())?.strip_prefix("Policy")?;
    let listed = written.get("Properties")?.get("Policies")?;
    let mut keys: Vec<Str> = vec!["Policies".into()];
    let there = match listed.as_list() {
        Some(items) => {
            keys.push(index.into());
            items.get(index.parse::<usize>().ok()?)?
        }
        None if index == "0" => listed,
        None => return None,
    };
    let rest: Vec<Str> = rest.iter().map(|key| Str::from(*key)).collect();
    let document = policy.get("PolicyDocument")?;
    let is_same = |known: &Value, here: &Value| known.span == here.span && known.data == here.data;
    match (at(document, &rest), at(there, &rest)) {
        (Some(known), Some(here)) => {
            if original && !(swap && within(known, here) || is_same(known, here)) {
                return None;
            }
        }
        (None, None) if original && is_counted(resource, path) => {
            // What it goes into says what is known of it: nothing in it is computed or comes from elsewhere.
            let around = (0..rest.len()).rev().find_map(|n| {
                let path = rest.get(..n)?;
                Some((at(document, path)?, at(there, path)?))
            });
            around.filter(|(known, here)| is_same(known, here))?;
        }
        _ => return None,
    }
    keys.extend(rest);
    Some(keys)
}

/// A whole entry of a function's list of policies: the name of a managed policy, a template of SAM's with its
/// parameters, or a document.
fn of_sam_list(
    resource: &Resource,
    path: &[&str],
    n: &str,
    written: &Value,
    original: bool,
) -> Option<Vec<Str>> {
    let known = at(resource.properties.get(path.first()?)?, &[n.into()])?;
    let listed = written.get("Properties")?.get("Policies")?;
    let items = listed.as_list();
    let index = match known.get("PolicyName").and_then(Value::as_str) {
        Some(name) => {
            let name = name.strip_prefix(resource.logical_id.as_str())?.strip_prefix("Policy")?;
            name.parse::<usize>().ok()?
        }
        None if !original => return None,
        None => {
            items.unwrap_or(std::slice::from_ref(listed)).iter().position(|item| item.span == known.span)?
        }
    };
    match items {
        Some(items) => {
            items
                .get(index)
                .filter(|item| !matches!(item.data, Data::Choice(_)) && item.get("Fn::If").is_none())?;
            Some(vec!["Policies".into(), index.to_string().into()])
        }
        None => (index == 0).then(|| vec!["Policies".into()]),
    }
}

/// What is written as a property, with its functions.
pub(super) fn written(resource: &Resource, path: &[Str], root: &Value) -> Option<Plain> {
    let written = root.get("Resources")?.get(&resource.logical_id)?;
    if resource.made_from.is_some()
        || written.get("Type").and_then(Value::as_str) != Some(&resource.declared_type)
    {
        return None;
    }
    let here = at(written.get("Properties")?, path)?;
    within(property(resource, path)?, here).then(|| raw(here))?
}

fn raw(value: &Value) -> Option<Plain> {
    Some(match &value.data {
        Data::Text(text) => Plain::Text(text.clone()),
        Data::Bool(value) => Plain::Bool(*value),
        Data::Number(text) => Plain::Number(text.parse().ok()?),
        Data::List(items) => Plain::List(items.iter().map(raw).collect::<Option<_>>()?),
        Data::Map(map) => {
            let entry = |(key, value): (&Str, &Value)| Some((key.clone(), raw(value)?));
            Plain::Map(map.iter().map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// True if what was made of a value here is what is known. A value that goes as a whole may be a computed one, which
/// is known by the place of a text in it.
fn stands_at(known: &Value, here: &Value, new: &Plain) -> bool {
    known.span == here.span || matches!(new, Plain::Swap { .. }) && within(known, here)
}

/// True for what was made of a part of what is here.
pub(super) fn within(known: &Value, here: &Value) -> bool {
    let (inner, outer) = (known.span, here.span);
    inner.file == outer.file && outer.start <= inner.start && inner.end <= outer.end
}

/// What a resource comes to under these keys.
pub(super) fn property<'r>(resource: &'r Resource, path: &[Str]) -> Option<&'r Value> {
    let (first, rest) = path.split_first()?;
    at(resource.properties.get(first)?, rest)
}

/// The value under these keys.
pub(super) fn at<'v>(value: &'v Value, path: &[Str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| match (&value.data, key.parse::<usize>()) {
        (Data::List(items), Ok(n)) => items.get(n),
        _ => value.get(key),
    })
}

fn in_sam(resource: &Resource, path: &[&str], written: &Value) -> Option<Vec<Str>> {
    let first = *path.first()?;
    let own =
        |prefix: &[&str], path: &[&str]| Some(prefix.iter().chain(path).map(|k| Str::from(*k)).collect());
    match (resource.declared_type.as_str(), resource.ty.as_str(), path) {
        ("AWS::Serverless::Function", "AWS::Lambda::Function", ["TracingConfig", "Mode"]) => {
            own(&["Tracing"], &[])
        }
        (
            "AWS::Serverless::StateMachine",
            "AWS::StepFunctions::StateMachine",
            ["TracingConfiguration", "Enabled"],
        ) => own(&["Tracing", "Enabled"], &[]),
        ("AWS::Serverless::Function", "AWS::Lambda::Url", ["AuthType"] | ["Cors", ..]) => {
            own(&["FunctionUrlConfig"], path)
        }
        ("AWS::Serverless::Function", "AWS::Lambda::EventSourceMapping", _) if EVENT.contains(&first) => {
            let event = resource.logical_id.strip_prefix(resource.made_from.as_ref()?.as_str())?;
            written.get("Properties")?.get("Events")?.get(event)?;
            own(&["Events", event, "Properties"], path)
        }
        (from, to, _) => {
            let (.., names) = SAME.iter().find(|(f, t, _)| *f == from && *t == to)?;
            names.contains(&first).then(|| own(&[], path))?
        }
    }
}
