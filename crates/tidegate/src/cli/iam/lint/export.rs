//! An account as `aws iam get-account-authorization-details` writes it, as resources.

use super::documents::{resource, stack};
use tidegate_graph::{Data, Map, Span, System, Value};

/// The lists of an export.
const LISTS: &[&str] = &["UserDetailList", "GroupDetailList", "RoleDetailList"];

/// True for an export of an account.
pub(super) fn is_export(value: &Value) -> bool {
    let list = |key: &&str| value.get(key).is_some_and(|v| v.as_list().is_some());
    LISTS.iter().any(list) || value.get("Policies").is_some_and(|v| v.items().iter().any(is_policy))
}

fn is_policy(value: &Value) -> bool {
    value.get("PolicyVersionList").is_some()
}

/// Adds identities and customer managed policies.
pub(super) fn add(system: &mut System, path: &str, export: &Value) {
    let number = stack(system, path);
    let kinds = [
        ("UserDetailList", "UserName", "UserPolicyList", "AWS::IAM::User"),
        ("GroupDetailList", "GroupName", "GroupPolicyList", "AWS::IAM::Group"),
        ("RoleDetailList", "RoleName", "RolePolicyList", "AWS::IAM::Role"),
    ];
    for (list, name_key, inline, ty) in kinds {
        for item in items(export, list) {
            let Some(name) = item.get(name_key).and_then(Value::as_str) else { continue };
            let mut properties = Map::new();
            properties.insert(name_key, Value::text(name, item.span));
            if let Some(trust) = item.get("AssumeRolePolicyDocument") {
                properties.insert("AssumeRolePolicyDocument", document(trust));
            }
            let policies: Vec<Value> = items(item, inline).iter().map(policy).collect();
            properties.insert("Policies", Value::list(policies, item.span));
            let arns =
                items(item, "AttachedManagedPolicies").iter().filter_map(|a| a.get("PolicyArn").cloned());
            properties.insert("ManagedPolicyArns", Value::list(arns.collect(), item.span));
            system.add(resource(number, path, name, ty, properties, head(item.span)));
        }
    }
    for item in items(export, "Policies") {
        let aws = item.get("Arn").and_then(Value::as_str).is_some_and(|arn| arn.contains(":iam::aws:"));
        let Some(name) = item.get("PolicyName").and_then(Value::as_str).filter(|_| !aws) else { continue };
        let versions = items(item, "PolicyVersionList");
        let default = |v: &&Value| v.get("IsDefaultVersion").and_then(Value::as_bool) == Some(true);
        let Some(found) = versions.iter().find(default).and_then(|v| v.get("Document")) else { continue };
        let mut properties = Map::new();
        properties.insert("ManagedPolicyName", Value::text(name, item.span));
        properties.insert("PolicyDocument", document(found));
        system.add(resource(number, path, name, "AWS::IAM::ManagedPolicy", properties, head(item.span)));
    }
}

fn policy(inline: &Value) -> Value {
    let name = inline.get("PolicyName").cloned();
    let found = inline.get("PolicyDocument").map(document);
    let parts = [("PolicyName", name), ("PolicyDocument", found)];
    Value::object(parts.into_iter().filter_map(|(key, value)| Some((key, value?))), inline.span)
}

/// A document; the interface itself gives it as text, percent-encoded.
fn document(value: &Value) -> Value {
    let Data::Text(text) = &value.data else { return value.clone() };
    match tidegate_iam::json::parse(value.span.file, &decoded(text)) {
        // Places within the decoded text are none of the file.
        Ok(parsed) => moved(parsed, value.span),
        Err(_) => value.clone(),
    }
}

fn moved(value: Value, span: Span) -> Value {
    let data = match value.data {
        Data::List(items) => Data::List(items.into_iter().map(|item| moved(item, span)).collect()),
        Data::Map(map) => {
            let mut out = Map::new();
            for (key, field) in map.into_fields() {
                out.insert(key, moved(field.value, span));
            }
            Data::Map(out)
        }
        other => other,
    };
    Value::new(data, span)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_list).unwrap_or_default()
}

/// The first byte: an identity of an export may be hundreds of lines long.
fn head(span: Span) -> Span {
    Span { end: span.start.saturating_add(1).min(span.end), ..span }
}
