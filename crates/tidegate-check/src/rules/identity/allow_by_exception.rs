//! A policy that allows all but what it names.

use crate::Context;
use crate::identity::{POLICY_TYPES, statements};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement that allows with `NotAction` or `NotResource` in an identity policy, or with `NotPrincipal` in a
    /// trust policy.
    ///
    /// ## Why it matters
    /// Every new action, resource or caller is allowed from the day it exists, and nobody decided so.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: worker
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 NotAction: "sqs:DeleteQueue"
    ///                 Resource: "arn:aws:sqs:eu-west-1:123456789012:orders"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: worker
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: "sqs:SendMessage"
    ///                 Resource: "arn:aws:sqs:eu-west-1:123456789012:orders"
    /// ```
    ///
    /// ## Limits
    /// `NotAction` beside a condition is reported too. Policies of topics are another rule's matter.
    AllowByException {
        id: "allow-by-exception",
        title: "policy that allows all but what it names",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-012",
            "guard:IAM_ROLE_OR_POLICY_NO_ALLOW_PLUS_NOT_ACTION",
        ],
        threats: ["T22"],
        profiles: [],
        why: "everything new is allowed from the day it exists",
    }
}

impl Rule for AllowByException {
    const ON: &'static [&'static str] = POLICY_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        let trust = if resource.ty == "AWS::IAM::Role" {
            cx.statements(resource, &["AssumeRolePolicyDocument"])
        } else {
            Vec::new()
        };
        for placed in statements(cx, resource).into_iter().chain(trust) {
            let statement = &placed.statement;
            let key = match statement {
                s if !s.allows() => continue,
                s if !s.not_actions.is_empty() => "NotAction",
                s if !s.not_resources.is_empty() => "NotResource",
                s if !s.not_principals.is_empty() => "NotPrincipal",
                _ => continue,
            };
            cx.finding(resource, format!("`{}` allows all but what its `{key}` names", resource.logical_id))
                .at_statement(&placed)
                .help("list what is allowed")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AllowByException;
    use crate::testing::Build;

    fn findings(statement: &str) -> usize {
        let policy = format!(r#"{{"PolicyDocument": {{"Statement": {statement}}}}}"#);
        Build::new().json("Policy", "AWS::IAM::Policy", &policy).findings::<AllowByException>().len()
    }

    #[test]
    fn each_key() {
        assert_eq!(findings(r#"{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}"#), 1);
        assert_eq!(findings(r#"{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::a"}"#), 1);
        let trust = r#"{"AssumeRolePolicyDocument": {"Statement":
            {"Effect": "Allow", "NotPrincipal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}}}"#;
        assert_eq!(
            Build::new().json("Role", "AWS::IAM::Role", trust).findings::<AllowByException>().len(),
            1
        );
    }

    #[test]
    fn denials_by_exception_are_usual() {
        assert_eq!(findings(r#"{"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}"#), 0);
        assert_eq!(findings(r#"{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}"#), 0);
    }
}
