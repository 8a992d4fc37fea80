//! What identities are allowed: every statement of every policy that hangs on them, with its place.

use crate::Context;
use crate::context::Placed;
use tidegate_graph::{Piece, Resource, Value};

/// Types whose policies say what an identity may do.
pub(crate) const POLICY_TYPES: &[&str] = &[
    "AWS::IAM::Group",
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::User",
    "AWS::IAM::UserPolicy",
    "AWS::SSO::PermissionSet",
];

/// Types to which managed policies are attached.
pub(crate) const ATTACHED_TYPES: &[&str] =
    &["AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User", "AWS::SSO::PermissionSet"];

/// A statement, and the resource in which it is written.
#[derive(Clone, Debug)]
pub(crate) struct Owned<'r> {
    /// The role itself, or the policy that is attached to it.
    pub(crate) owner: &'r Resource,
    /// The statement and its place there.
    pub(crate) placed: Placed<'r>,
}

/// Statements written in this one resource, if it is of [`POLICY_TYPES`].
pub(crate) fn statements<'r>(cx: &Context<'_>, resource: &'r Resource) -> Vec<Placed<'r>> {
    match resource.ty.as_str() {
        "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => inline(cx, resource),
        "AWS::SSO::PermissionSet" => cx.statements(resource, &["InlinePolicy"]),
        ty if POLICY_TYPES.contains(&ty) => cx.statements(resource, &["PolicyDocument"]),
        _ => Vec::new(),
    }
}

/// Every statement that a role, user or group has in this system: its own and those of the policies attached to it.
/// What AWS's managed policies say isn't among them; see [`aws_managed`].
pub(crate) fn all_statements<'r>(cx: &Context<'r>, identity: &'r Resource) -> Vec<Owned<'r>> {
    owners(cx, identity)
        .into_iter()
        .flat_map(|owner| statements(cx, owner).into_iter().map(move |placed| Owned { owner, placed }))
        .collect()
}

/// A role, user or group and the policies of this system that are attached to it.
pub(crate) fn owners<'r>(cx: &Context<'r>, identity: &'r Resource) -> Vec<&'r Resource> {
    const ATTACHED: &[(&str, &str)] = &[
        ("AWS::IAM::GroupPolicy", "GroupName"),
        ("AWS::IAM::ManagedPolicy", "Groups"),
        ("AWS::IAM::ManagedPolicy", "Roles"),
        ("AWS::IAM::ManagedPolicy", "Users"),
        ("AWS::IAM::Policy", "Groups"),
        ("AWS::IAM::Policy", "Roles"),
        ("AWS::IAM::Policy", "Users"),
        ("AWS::IAM::RolePolicy", "RoleName"),
        ("AWS::IAM::UserPolicy", "UserName"),
    ];
    let attached = ATTACHED.iter().flat_map(|(ty, property)| cx.referrers(identity, ty, property));
    let managed = cx
        .items(identity, &["ManagedPolicyArns"])
        .into_iter()
        .filter_map(|arn| cx.target(identity, arn, "AWS::IAM::ManagedPolicy"));
    std::iter::once(identity).chain(attached).chain(managed).collect()
}

/// True if a service that runs our code takes a role that this policy belongs to: Lambda, workflows, schedules, pipes.
pub(crate) fn works_for_code(cx: &Context<'_>, policy: &Resource) -> bool {
    const SERVICES: &[&str] = &[
        "edgelambda.amazonaws.com",
        "events.amazonaws.com",
        "lambda.amazonaws.com",
        "pipes.amazonaws.com",
        "scheduler.amazonaws.com",
        "states.amazonaws.com",
    ];
    let takes = |role: &Resource| {
        let statements = cx.get(role, &["AssumeRolePolicyDocument"]).map(|d| cx.statements_of(d, ""));
        let named = statements.into_iter().flatten().any(|placed| {
            let principals = &placed.statement.principals;
            principals.iter().any(|p| p.value.as_str().is_some_and(|s| SERVICES.contains(&s)))
        });
        named || !cx.referrers(role, "AWS::Lambda::Function", "Role").is_empty()
    };
    if policy.ty == "AWS::IAM::Role" {
        return takes(policy);
    }
    let named = ["Roles", "RoleName"].iter().flat_map(|key| cx.items(policy, &[key]));
    named.filter_map(|v| cx.target(policy, v, "AWS::IAM::Role")).any(takes)
        || cx.referrers(policy, "AWS::IAM::Role", "ManagedPolicyArns").into_iter().any(takes)
}

/// Statements of this one resource that allow one of the actions on every resource without a condition, each with the
/// first such action. Policies that allow everything, and those that only bound others, are other rules' matter.
pub(crate) fn allowed_on_everything<'r>(
    cx: &Context<'_>,
    resource: &'r Resource,
    actions: &'static [&'static str],
) -> Vec<(Placed<'r>, &'static str)> {
    if cx.only_boundary(resource) {
        return Vec::new();
    }
    let dangerous = |placed: Placed<'r>| {
        let statement = &placed.statement;
        let admin = statement.not_actions.is_empty() && statement.covers_action("any:Action");
        if !statement.allows() || !statement.on_everything() || admin || statement.conditions.is_some() {
            return None;
        }
        let action = actions.iter().find(|action| statement.covers_action(action))?;
        Some((placed, *action))
    };
    statements(cx, resource).into_iter().filter_map(dangerous).collect()
}

/// What an ARN that ends in a star alone stands for.
pub(crate) fn any_name(arn: &Value) -> Option<&'static str> {
    // Account and region are holes mostly, and no colon may come from one.
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.to_string(),
        _ => "$".into(),
    };
    let text: String = arn.pieces().iter().map(piece).collect();
    let mut parts = text.splitn(6, ':').skip(2);
    let (service, rest) = (parts.next()?, parts.nth(2)?);
    Some(match (service, rest) {
        ("dynamodb", "table/*" | "*") => "every table",
        ("events", "event-bus/*" | "*") => "every bus",
        ("firehose", "deliverystream/*" | "*") => "every delivery stream",
        ("kinesis", "stream/*" | "*") => "every stream",
        ("lambda", "function:*" | "*") => "every function",
        ("s3", "*" | "*/*") => "every bucket",
        ("sns", "*") => "every topic",
        ("sqs", "*") => "every queue",
        ("states", "stateMachine:*" | "*") => "every state machine",
        _ => return None,
    })
}

/// A policy of AWS's own that is attached to an identity.
#[derive(Clone, Debug)]
pub(crate) struct AwsManaged<'r> {
    /// Its name without path: `AdministratorAccess`.
    pub(crate) name: String,
    /// Where it is attached.
    pub(crate) value: &'r Value,
    /// Keys of that place, joined by `/`.
    pub(crate) key: String,
}

/// The AWS managed policies attached to an identity of [`ATTACHED_TYPES`]. Reports those that aren't known.
pub(crate) fn aws_managed<'r>(cx: &Context<'_>, identity: &'r Resource) -> Vec<AwsManaged<'r>> {
    let property =
        if identity.ty == "AWS::SSO::PermissionSet" { "ManagedPolicies" } else { "ManagedPolicyArns" };
    let mut out = Vec::new();
    for value in cx.items(identity, &[property]) {
        match aws_managed_name(value) {
            Some(name) => out.push(AwsManaged { key: format!("{property}/{name}"), name, value }),
            None if value.is_unknown() => cx.unknown(identity, value, "which policy is attached"),
            None => {}
        }
    }
    out
}

/// The name in the ARN of a policy of AWS's own, whatever the partition.
pub(crate) fn aws_managed_name(value: &Value) -> Option<String> {
    let pieces = value.pieces();
    let Some(Piece::Text(last)) = pieces.last() else { return None };
    let (_, path) = last.split_once(":iam::aws:policy/")?;
    path.rsplit('/').next().filter(|name| !name.is_empty()).map(Into::into)
}

fn inline<'r>(cx: &Context<'_>, resource: &'r Resource) -> Vec<Placed<'r>> {
    let mut out = Vec::new();
    for (n, policy) in cx.items(resource, &["Policies"]).into_iter().enumerate() {
        let Some(document) = cx.child(policy, "PolicyDocument") else {
            if policy.is_unknown() {
                cx.unknown(resource, policy, "the inline policy");
            }
            continue;
        };
        if document.as_map().is_none() {
            cx.unknown(resource, document, "the inline policy");
            continue;
        }
        let name =
            cx.child(policy, "PolicyName").and_then(Value::as_text).unwrap_or_else(|| n.to_string().into());
        out.extend(cx.statements_of(document, &format!("Policies/{name}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::text;
    use tidegate_graph::{Span, Symbol, Why};

    #[test]
    fn names_of_managed_policies() {
        let name = |value: &Value| aws_managed_name(value);
        assert_eq!(
            name(&text("arn:aws:iam::aws:policy/AdministratorAccess")).as_deref(),
            Some("AdministratorAccess")
        );
        assert_eq!(
            name(&text("arn:aws-cn:iam::aws:policy/job-function/DataScientist")).as_deref(),
            Some("DataScientist")
        );
        assert_eq!(name(&text("arn:aws:iam::123456789012:policy/AdministratorAccess")), None);
        let pieces = [
            Piece::Text("arn:".into()),
            Piece::Symbol(Symbol::new("AWS::Partition", Why::Pseudo)),
            Piece::Text(":iam::aws:policy/PowerUserAccess".into()),
        ];
        assert_eq!(name(&Value::template(pieces, Span::default())).as_deref(), Some("PowerUserAccess"));
    }
}
