//! A stranger's request that ends in an all-powerful function.

use crate::Context;
use crate::identity::{all_statements, aws_managed};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Exposure, Resource};

declare_rule! {
    /// ## What it finds
    /// A function that a request without login can start, directly or through topics, queues and other functions, and
    /// whose role is an administrator or reads every secret: `Action: "*"`, `iam:*` or `secretsmanager:*` on every
    /// resource, or a managed policy like `AdministratorAccess`. One finding per function, with the way.
    ///
    /// ## Why it matters
    /// One injection or one bad package in this function gives a stranger the whole account.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Statement:
    ///               - {Effect: Allow, Action: "*", Resource: "*"}
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Url:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: !GetAtt Orders.Arn
    ///       AuthType: NONE
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Statement:
    ///               - {Effect: Allow, Action: "dynamodb:PutItem", Resource: "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"}
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Url:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: !GetAtt Orders.Arn
    ///       AuthType: NONE
    /// ```
    ///
    /// ## Limits
    /// Rights to a single named secret are left alone: many functions need one. Entries that aren't in the code aren't
    /// seen.
    StrangerReachesAdministrator {
        id: "stranger-reaches-administrator",
        title: "way from strangers to an administrator",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-015",
        ],
        threats: ["T22", "T33"],
        profiles: [Baseline],
        why: "one injection gives a stranger the whole account",
    }
}

/// Actions that only an identity with far-reaching rights is allowed on everything.
const MIGHTY: &[&str] = &["any:Action", "iam:AnyAction", "secretsmanager:GetSecretValue"];
const MANAGED: &[&str] =
    &["AdministratorAccess", "IAMFullAccess", "PowerUserAccess", "SecretsManagerReadWrite"];

impl Rule for StrangerReachesAdministrator {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let Some(role) =
            cx.get(function, &["Role"]).and_then(|role| cx.target(function, role, "AWS::IAM::Role"))
        else {
            return;
        };
        let Some(way) = cx.way_from_entry(function) else { return };
        let Some(entry) = way.first().filter(|entry| entry.exposure == Exposure::Anonymous) else { return };
        let statement = all_statements(cx, role).into_iter().find(|owned| {
            let statement = &owned.placed.statement;
            statement.allows()
                && statement.conditions.is_none()
                && statement.on_everything()
                && MIGHTY.iter().any(|action| statement.covers_action(action))
        });
        let place = match statement {
            Some(owned) => Some(owned.placed.statement.span),
            None => aws_managed(cx, role)
                .into_iter()
                .find(|policy| MANAGED.contains(&policy.name.as_str()))
                .map(|policy| policy.value.span),
        };
        let Some(place) = place else { return };
        let message = format!(
            "strangers can reach `{}` through `{}`, and its role may do almost anything",
            function.logical_id, entry.name
        );
        cx.finding(function, message)
            .at(&["Role"])
            .related(Some(place), "allowed here")
            .path(way.iter().map(|node| node.id.clone()))
            .help("give the function a role with what it needs, or demand a login at the entry")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::StrangerReachesAdministrator;
    use crate::testing::Build;

    use tidegate_graph::EdgeKind::Triggers;
    use tidegate_graph::{Exposure, NodeKind};

    fn behind(exposure: Exposure, action: &str, resource: &str) -> usize {
        let role = format!(
            r#"{{"Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement":
                {{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}}}}}]}}"#
        );
        Build::new()
            .json("Role", "AWS::IAM::Role", &role)
            .json("Orders", "AWS::Lambda::Function", r#"{"Role": {"Fn::GetAtt": ["Role", "Arn"]}}"#)
            .edge("Api", Triggers, "Orders")
            .exposed("Api", NodeKind::Api, exposure)
            .findings::<StrangerReachesAdministrator>()
            .len()
    }

    #[test]
    fn mighty_roles_behind_open_entries() {
        assert_eq!(behind(Exposure::Anonymous, "*", "*"), 1);
        assert_eq!(behind(Exposure::Anonymous, "secretsmanager:Get*", "*"), 1);
        assert_eq!(behind(Exposure::Authenticated, "*", "*"), 0);
        assert_eq!(behind(Exposure::Anonymous, "*", "arn:aws:s3:::orders/*"), 0);
        assert_eq!(behind(Exposure::Anonymous, "iam:ListRoles", "*"), 0);
    }
}
