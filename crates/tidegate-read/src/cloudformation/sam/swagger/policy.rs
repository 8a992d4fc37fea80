//! The resource policy of an API in its body.

use super::super::Res;
use super::super::make::{present, same, sub_with, truthy, value};
use super::super::shape::expect_map;
use super::{branches, path_item, wildcard_path};
use tidegate_graph::{Data, Map, Problem, Span, Value};

const POLICY: &str = "x-amazon-apigateway-policy";
/// With more statements than this, another one is no longer compared to all of them: to say a thing twice is harmless.
const MOST: usize = 500;

/// Adds what a `ResourcePolicy` says of one path.
pub(in super::super) fn add(doc: &mut Map, policy: &Value, path: &str, stage: &Value) -> Res {
    let span = policy.span;
    let lists = expect_map(policy, "ResourcePolicy")?;
    let resources = method_uris(doc, path, stage, span)?;
    for (name, effect) in [("AwsAccountWhitelist", "Allow"), ("AwsAccountBlacklist", "Deny")] {
        let Some(accounts) = lists.get(name).filter(|v| truthy(Some(v))) else { continue };
        if accounts.as_list().is_none() && accounts.as_map().is_none() {
            return Err(Problem::at(accounts.span, format!("`{name}` should be a list")));
        }
        let accounts = Value::list(accounts.items().to_vec(), accounts.span);
        push(
            doc,
            false,
            span,
            value!(span, {
                "Effect": (effect), "Action": "execute-api:Invoke", "Resource": (&resources),
                "Principal": { "AWS": (accounts) }
            }),
        );
    }
    for (name, operator) in [("IpRangeWhitelist", "NotIpAddress"), ("IpRangeBlacklist", "IpAddress")] {
        if let Some(ranges) = lists.get(name).filter(|v| truthy(Some(v))) {
            let ranges = Value::list(ranges.items().to_vec(), ranges.span);
            guard(doc, &resources, operator, value!(span, { "aws:SourceIp": (ranges) }));
        }
    }
    for (kind, operator) in [("Blacklist", "StringEquals"), ("Whitelist", "StringNotEquals")] {
        let condition = sources(lists, kind, span)?;
        if !condition.is_empty() {
            guard(doc, &resources, operator, Value::map(condition, span));
        }
    }
    if !doc.contains_key(POLICY) {
        doc.insert(POLICY, value!(span, {}));
    }
    Ok(())
}

/// Adds statements of the user's own.
pub(in super::super) fn add_custom(doc: &mut Map, statements: &Value) {
    for statement in statements.items() {
        push(doc, true, statements.span, statement.clone());
    }
}

fn sources(lists: &Map, kind: &str, span: Span) -> Res<Map> {
    let (mut networks, mut endpoints) = (Vec::new(), Vec::new());
    if let Some(named) = present(lists.get(format!("SourceVpc{kind}").as_str())) {
        for item in named.items() {
            let text = item.as_str().ok_or_else(|| {
                Problem::at(item.span, format!("`SourceVpc{kind}` should be a list of strings"))
                    .help(format!("use `IntrinsicVpc{kind}` for intrinsic functions"))
            })?;
            if text.starts_with("vpce-") {
                endpoints.push(item.clone());
            } else if text.starts_with("vpc-") {
                networks.push(item.clone());
            }
        }
    }
    for (name, into) in [("IntrinsicVpc", &mut networks), ("IntrinsicVpce", &mut endpoints)] {
        into.extend(
            present(lists.get(format!("{name}{kind}").as_str())).into_iter().flat_map(Value::items).cloned(),
        );
    }
    let mut condition = Map::new();
    for (key, values) in [("aws:SourceVpc", networks), ("aws:SourceVpce", endpoints)] {
        if !values.is_empty() {
            condition.insert(key, Value::list(values, span));
        }
    }
    Ok(condition)
}

/// Everyone may call, except under the condition.
fn guard(doc: &mut Map, resources: &Value, operator: &str, condition: Value) {
    let span = condition.span;
    push(
        doc,
        true,
        span,
        value!(span, {
            "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": (resources), "Principal": "*"
        }),
    );
    let condition = Value::object([(operator, condition)], span);
    push(
        doc,
        true,
        span,
        value!(span, {
            "Effect": "Deny", "Action": "execute-api:Invoke", "Resource": (resources), "Principal": "*",
            "Condition": (condition)
        }),
    );
}

fn push(doc: &mut Map, once: bool, span: Span, statement: Value) {
    if !truthy(doc.get(POLICY)) {
        doc.insert(POLICY, value!(span, { "Version": "2012-10-17", "Statement": [] }));
    }
    let Some(policy) = doc.get_mut(POLICY).and_then(Value::as_map_mut) else { return };
    policy.insert("Version", Value::text("2012-10-17", span));
    if policy.get("Statement").is_none_or(|v| v.as_list().is_none()) {
        let known = policy.get("Statement").map(|v| v.items().to_vec()).unwrap_or_default();
        policy.insert("Statement", Value::list(known, span));
    }
    if let Some(Data::List(statements)) = policy.get_mut("Statement").map(|v| &mut v.data) {
        let known = once && statements.len() <= MOST && statements.iter().any(|s| same(s, &statement));
        if !known {
            statements.push(statement);
        }
    }
}

fn method_uris(doc: &Map, path: &str, stage: &Value, span: Span) -> Res<Value> {
    let mut out = Vec::new();
    let item = doc.get("paths").and_then(|paths| paths.get(path));
    for branch in item.into_iter().flat_map(branches) {
        for method in path_item(branch, path)?.keys() {
            let lower = method.to_ascii_lowercase();
            let verb =
                if lower == super::ANY || lower == "any" { "*".into() } else { method.to_ascii_uppercase() };
            let text = format!("execute-api:/${{__Stage__}}/{verb}{}", wildcard_path(path));
            out.push(sub_with(text, &[("__Stage__", stage.clone())], span));
        }
    }
    Ok(Value::list(out, span))
}
