//! An identity that can read every secret or become any role.

use crate::Context;
use crate::identity::{POLICY_TYPES, allowed_on_everything};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of an identity policy that allows, on every resource, to read secrets or parameters, to assume
    /// roles, or to get passwords and tokens of databases and registries' likes.
    ///
    /// ## Why it matters
    /// Whoever gets code to run with this identity takes away all credentials of the account, and goes on from there.
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
    ///                 Action: secretsmanager:Get*
    ///                 Resource: "*"
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
    ///                 Action: secretsmanager:GetSecretValue
    ///                 Resource: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-??????"
    /// ```
    ///
    /// ## Limits
    /// Statements with a condition are left alone, and so are those that allow every action, which `admin-policy`
    /// reports. `Deny` statements aren't weighed. AWS's managed policies aren't looked into.
    EverySecretReadable {
        id: "every-secret-readable",
        title: "identity that can read every secret",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-007",
            "CKV_AWS_107",
            "CKV_AWS_108",
            "CKV_AWS_287",
            "CKV_AWS_288",
            "kics:e835bd0d-65da-49f7-b6d1-b646da8727e6",
        ],
        threats: ["T27", "T33"],
        profiles: [Baseline],
        why: "all credentials of the account are one call away",
    }
}

/// Actions that hand out credentials.
const ACTIONS: &[&str] = &[
    "secretsmanager:GetSecretValue",
    "secretsmanager:BatchGetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "ssm:GetParameterHistory",
    "sts:AssumeRole",
    "sts:AssumeRoot",
    "sts:GetFederationToken",
    "rds-db:connect",
    "redshift:GetClusterCredentials",
    "cognito-identity:GetOpenIdTokenForDeveloperIdentity",
    "ec2:GetPasswordData",
    "codecommit:GetFile",
];

impl Rule for EverySecretReadable {
    const ON: &'static [&'static str] = POLICY_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        for (placed, action) in allowed_on_everything(cx, resource, ACTIONS) {
            cx.finding(
                resource,
                format!("`{}` can take credentials: `{action}` on every resource", resource.logical_id),
            )
            .at_statement(&placed)
            .help("name the resources that are needed")
            .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EverySecretReadable;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy = format!(r#"{{"PolicyDocument": {{"Statement": {statement}}}}}"#);
        Build::new().json("Policy", "AWS::IAM::Policy", &policy).findings::<EverySecretReadable>()
    }

    #[test]
    fn on_everything() {
        assert_eq!(
            findings(r#"{"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": "*"}"#),
            ["Policy: `Policy` can take credentials: `secretsmanager:GetSecretValue` on every resource"]
        );
    }

    #[test]
    fn named_conditional_denied_or_everything() {
        for statement in [
            r#"{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-??????"}"#,
            r#"{"Effect": "Deny", "Action": "secretsmanager:Get*", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": "orders"}}}"#,
        ] {
            assert!(findings(statement).is_empty(), "{statement}");
        }
    }
}
