//! Execution roles: trust, managed policies, policies of the user's, policy templates.

use super::make::{if_parts, is_intrinsic, is_no_value, map_of, same, tag_list, truthy, value};
use super::policies;
use super::{Made, Res, Source};
use tidegate_graph::{Data, Map, Problem, Span, Value};

/// What goes into a role beside its policies.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) trust: Option<Value>,
    pub(super) managed: Vec<Value>,
    pub(super) inline: Vec<Value>,
    pub(super) tags: Vec<Value>,
}

/// The role of a function or state machine.
pub(super) fn role(
    source: &Source,
    parts: Parts,
    policies: Option<&Value>,
    problems: &mut Vec<Problem>,
) -> Made {
    let span = policies.map_or(source.span, |p| p.span);
    let mut role = source.beside(format!("{}Role", source.id), "AWS::IAM::Role", source.span);
    let Parts { trust, mut managed, mut inline, tags } = parts;
    if let Some(trust) = trust {
        role.set("AssumeRolePolicyDocument", trust);
    }
    let listed = policies.filter(|p| truthy(Some(p))).map(Value::items).unwrap_or_default();
    for (index, policy) in listed.iter().enumerate() {
        match entry(source, policy) {
            Ok(Entry::Managed(arn)) => {
                if !managed.iter().any(|known| same(known, &arn)) {
                    managed.push(arn);
                }
            }
            Ok(Entry::Statement(document)) => {
                let name = format!("{}Policy{index}", role.id);
                inline.push(map_branches(document, &|document| {
                    let span = document.span;
                    value!(span, { "PolicyName": (name.as_str()), "PolicyDocument": (document) })
                }));
            }
            Err(problem) => problems.push(problem),
        }
    }
    role.set("ManagedPolicyArns", Value::list(managed, span));
    if !inline.is_empty() {
        role.set("Policies", Value::list(inline, span));
    }
    role.set_opt("Path", source.get("RolePath"));
    role.set_opt("PermissionsBoundary", source.get("PermissionsBoundary"));
    if !tags.is_empty() {
        role.set("Tags", tags);
    }
    role
}

/// ARN of a policy that AWS manages.
pub(super) fn managed(name: &str, span: Span) -> Value {
    Value::text(format!("arn:aws:iam::aws:policy/{name}"), span)
}

/// Tags that SAM adds, then the user's.
pub(super) fn sam_tags(key: &str, tags: Option<&Value>, span: Span) -> Vec<Value> {
    let mut out = vec![value!(span, { "Key": (key), "Value": "SAM" })];
    out.extend(tag_list(tags));
    out
}

/// Adds a managed policy that is not there yet.
pub(super) fn attach(role: &mut Made, arn: Value) {
    if let Some(Data::List(items)) = role.properties.get_mut("ManagedPolicyArns").map(|v| &mut v.data)
        && !items.iter().any(|known| same(known, &arn))
    {
        items.push(arn);
    }
}

/// Adds an inline policy whose document is not there yet.
pub(super) fn grant(role: &mut Made, policy: Value) {
    if !role.properties.contains_key("Policies") {
        role.set("Policies", Value::list(Vec::new(), policy.span));
    }
    if let Some(Data::List(items)) = role.properties.get_mut("Policies").map(|v| &mut v.data) {
        let known =
            items.iter().any(|item| match (item.get("PolicyDocument"), policy.get("PolicyDocument")) {
                (Some(a), Some(b)) => same(a, b),
                _ => false,
            });
        if !known {
            items.push(policy);
        }
    }
}

enum Entry {
    Managed(Value),
    Statement(Value),
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Managed,
    Statement,
    Template,
    Unknown,
}

fn entry(source: &Source, policy: &Value) -> Res<Entry> {
    let what = kind(policy)?;
    match what {
        Kind::Managed => Ok(Entry::Managed(map_branches(policy.clone(), &named))),
        Kind::Statement => Ok(Entry::Statement(policy.clone())),
        Kind::Template => Ok(Entry::Statement(expand(source, policy)?)),
        Kind::Unknown => {
            let said = match map_of(policy).and_then(Map::only) {
                Some((name, _)) => format!("`{name}` is no policy template, and no policy"),
                None => "this is no policy".into(),
            };
            Err(Problem::at(policy.span, format!("`{}`: {said}", source.id)))
        }
    }
}

fn kind(policy: &Value) -> Res<Kind> {
    if policy.as_str().is_some() {
        return Ok(Kind::Managed);
    }
    if super::make::argument(policy, "Fn::If").is_some() {
        let Some((_, then, otherwise)) = if_parts(policy) else {
            return Err(Problem::at(policy.span, "`Fn::If` takes three arguments"));
        };
        let (a, b) = (kind(then)?, kind(otherwise)?);
        return if a == b || is_no_value(otherwise) {
            Ok(a)
        } else if is_no_value(then) {
            Ok(b)
        } else {
            Err(Problem::at(policy.span, "the branches of `Fn::If` should be policies of the same kind"))
        };
    }
    if is_intrinsic(policy) {
        return Ok(Kind::Managed);
    }
    let Some(map) = map_of(policy) else { return Ok(Kind::Unknown) };
    if map.contains_key("Statement") {
        return Ok(Kind::Statement);
    }
    Ok(match map.only() {
        Some((name, _)) if policies::parameters(name).is_some() => Kind::Template,
        _ => Kind::Unknown,
    })
}

fn expand(source: &Source, policy: &Value) -> Res<Value> {
    if let Some((condition, then, otherwise)) = if_parts(policy) {
        let branch = |v: &Value| if is_no_value(v) { Ok(v.clone()) } else { expand(source, v) };
        let (then, otherwise) = (branch(then)?, branch(otherwise)?);
        return Ok(value!(policy.span, { "Fn::If": [(condition), (then), (otherwise)] }));
    }
    let Some((name, given)) = map_of(policy).and_then(Map::only) else { return Ok(policy.clone()) };
    let parameters = policies::parameters(name).unwrap_or_default();
    let Some(values) = map_of(given) else {
        let said = format!("`{}`: policy template `{name}` takes a map of parameters", source.id);
        return Err(Problem::at(policy.span, said));
    };
    let missing: Vec<_> =
        parameters.iter().filter(|p| !values.contains_key(p)).map(|p| format!("`{p}`")).collect();
    if !missing.is_empty() {
        let said = format!("`{}`: policy template `{name}` lacks {}", source.id, missing.join(", "));
        return Err(Problem::at(policy.span, said));
    }
    Ok(policies::document(name, values, policy.span))
}

/// Applies to the value, or to the branches of its `Fn::If` that are there.
fn map_branches(value: Value, change: &dyn Fn(Value) -> Value) -> Value {
    match if_parts(&value) {
        Some((condition, then, otherwise)) => {
            let branch = |v: &Value| if is_no_value(v) { v.clone() } else { map_branches(v.clone(), change) };
            let (then, otherwise) = (branch(then), branch(otherwise));
            value!(value.span, { "Fn::If": [(condition), (then), (otherwise)] })
        }
        None => change(value),
    }
}

/// Managed policies that don't lie at the root of their path.
const SERVICE_ROLES: &[&str] = &[
    "AWSAppSyncPushToCloudWatchLogs",
    "AWSBatchServiceRole",
    "AWSCodeDeployRole",
    "AWSCodeDeployRoleForLambda",
    "AWSCodeDeployRoleForLambdaLimited",
    "AWSConfigRole",
    "AWSGlueServiceRole",
    "AWSIoTLogging",
    "AWSIoTRuleActions",
    "AWSLambdaBasicDurableExecutionRolePolicy",
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaDynamoDBExecutionRole",
    "AWSLambdaENIManagementAccess",
    "AWSLambdaKinesisExecutionRole",
    "AWSLambdaMSKExecutionRole",
    "AWSLambdaRole",
    "AWSLambdaSQSQueueExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    "AmazonAPIGatewayPushToCloudWatchLogs",
    "AmazonEC2ContainerServiceRole",
    "AmazonECSTaskExecutionRolePolicy",
    "AmazonRDSEnhancedMonitoringRole",
    "AmazonS3ObjectLambdaExecutionRolePolicy",
    "AmazonSNSRole",
];

fn named(policy: Value) -> Value {
    let span = policy.span;
    match policy.as_str() {
        Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c)) => {
            let service = if SERVICE_ROLES.contains(&name) { "service-role/" } else { "" };
            managed(&format!("{service}{name}"), span)
        }
        _ => policy,
    }
}
