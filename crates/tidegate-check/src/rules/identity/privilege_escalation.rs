//! An identity that can give itself more.

use crate::Context;
use crate::identity::{ATTACHED_TYPES, all_statements};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_graph::policy::{Statement, matches};

declare_rule! {
    /// ## What it finds
    /// A role, user, group or permission set whose policies together allow one of the known ways to more
    /// permissions: changing policies, trust or keys of any identity, changing the code of any function, or
    /// passing any role to something that it may create and start.
    ///
    /// ## Why it matters
    /// What breaks into such an identity is administrator a moment later.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Service: lambda.amazonaws.com}
    ///             Action: sts:AssumeRole
    ///       Policies:
    ///         - PolicyName: work
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: iam:AttachRolePolicy
    ///                 Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Service: lambda.amazonaws.com}
    ///             Action: sts:AssumeRole
    ///       Policies:
    ///         - PolicyName: work
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: iam:AttachRolePolicy
    ///                 Resource: arn:aws:iam::123456789012:role/team/worker
    /// ```
    ///
    /// ## Limits
    /// A compact list of ways. Permissions on named resources and statements with conditions are left alone,
    /// and so are policies that are administrator already.
    PrivilegeEscalation {
        id: "privilege-escalation",
        title: "identity that can give itself more permissions",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-IAM-005", "CKV_AWS_110", "CKV_AWS_286"],
        threats: ["T24", "T25"],
        profiles: [Baseline],
        why: "what breaks into it is administrator a moment later",
    }
}

/// Actions that together lead to more.
const WAYS: &[&[&str]] = &[
    &["iam:AttachRolePolicy"],
    &["iam:AttachUserPolicy"],
    &["iam:AttachGroupPolicy"],
    &["iam:PutRolePolicy"],
    &["iam:PutUserPolicy"],
    &["iam:PutGroupPolicy"],
    &["iam:CreatePolicyVersion"],
    &["iam:SetDefaultPolicyVersion"],
    &["iam:AddUserToGroup"],
    &["iam:UpdateAssumeRolePolicy"],
    &["iam:CreateAccessKey"],
    &["iam:CreateLoginProfile"],
    &["iam:UpdateLoginProfile"],
    &["lambda:UpdateFunctionCode"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"],
    &["iam:PassRole", "states:CreateStateMachine", "states:StartExecution"],
    &["iam:PassRole", "states:UpdateStateMachine"],
    &["iam:PassRole", "scheduler:CreateSchedule"],
    &["iam:PassRole", "pipes:CreatePipe"],
    &["iam:PassRole", "cloudformation:CreateStack"],
    &["iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"],
    &["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"],
    &["iam:PassRole", "ec2:RunInstances"],
    &["iam:PassRole", "glue:CreateJob", "glue:StartJobRun"],
];

impl Rule for PrivilegeEscalation {
    const ON: &'static [&'static str] = ATTACHED_TYPES;

    fn check(identity: &Resource, cx: &Context<'_>) {
        let all = all_statements(cx, identity);
        let open: Vec<_> = all
            .iter()
            .filter(|o| o.placed.statement.allows() && on_all(&o.placed.statement))
            .filter(|o| o.placed.statement.conditions.is_none())
            .collect();
        if open.iter().any(|o| o.placed.statement.actions.iter().any(|a| a.as_str() == Some("*"))) {
            return;
        }
        let grants = |action: &&&str| {
            open.iter().copied().find(|o| {
                o.placed.statement.actions.iter().filter_map(|a| a.as_str()).any(|a| matches(a, action))
            })
        };
        let ways: Vec<&&[&str]> =
            WAYS.iter().filter(|way| way.iter().all(|action| grants(&action).is_some())).collect();
        let Some(first) = ways.first() else { return };
        let Some(at) = first.iter().find_map(|action| grants(&action)) else { return };
        let names: Vec<String> = first.iter().map(|a| format!("`{a}`")).collect();
        let more = match ways.len() {
            1 => String::new(),
            n => format!(", and in {} more ways", n - 1),
        };
        cx.finding(
            identity,
            format!("`{}` can give itself more with {}{more}", identity.logical_id, names.join(", ")),
        )
        .at_place("escalation", identity.span)
        .related(Some(at.placed.statement.span), format!("`{}` allows it", at.owner.logical_id))
        .help("name the resources, and leave changes of identities and code to the pipeline")
        .report();
    }
}

fn on_all(statement: &Statement<'_>) -> bool {
    let wide = [":role/*", ":user/*", ":policy/*", ":group/*", ":function:*"];
    statement.on_everything()
        || statement.resources.iter().any(|r| wide.iter().any(|end| r.display().ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::PrivilegeEscalation;
    use crate::testing::Build;

    const TRUST: &str = r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#;

    fn findings(statement: &str) -> Vec<String> {
        let role = format!(
            r#"{{"AssumeRolePolicyDocument": {TRUST}, "Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement": {statement}}}}}]}}"#
        );
        Build::new().json("Worker", "AWS::IAM::Role", &role).findings::<PrivilegeEscalation>()
    }

    #[test]
    fn alone_and_together() {
        assert_eq!(
            findings(r#"{"Effect": "Allow", "Action": "iam:PutRole*", "Resource": "*"}"#),
            ["Worker: `Worker` can give itself more with `iam:PutRolePolicy`"]
        );
        let together = r#"[{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/*"},
            {"Effect": "Allow", "Action": "scheduler:*", "Resource": "*"}]"#;
        assert_eq!(
            findings(together),
            ["Worker: `Worker` can give itself more with `iam:PassRole`, `scheduler:CreateSchedule`"]
        );
        assert!(findings(r#"{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}"#).is_empty());
    }
}
