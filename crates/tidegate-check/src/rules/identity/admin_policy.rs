//! A policy that allows everything on everything.

use crate::Context;
use crate::identity::{POLICY_TYPES, statements};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::policy::Statement;
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A statement of an identity policy that allows `Action: "*"` on `Resource: "*"`: inline in a role, user or group,
    /// in a policy of its own, or among the `Policies` of a SAM function.
    ///
    /// ## Why it matters
    /// Whoever gets code to run in a function with this role, through an injected event or a bad package, owns the
    /// account.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: all
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: "*"
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
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: sqs:SendMessage
    ///                 Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Limits
    /// A statement with a condition is reported as high instead of critical. A managed policy that serves as permissions
    /// boundary only is left alone: it grants nothing. `Deny` statements beside it aren't weighed.
    AdminPolicy {
        id: "admin-policy",
        title: "policy that allows everything on everything",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-001",
            "CKV_AWS_62",
            "CKV_AWS_63",
            "CKV_AWS_1",
            "CKV_AWS_49",
            "CKV2_AWS_40",
            "trivy:AVD-AWS-0057",
            "trivy:AVD-AWS-0114",
            "trivy:AVD-AWS-0120",
            "kics:f62aa827-4ade-4dc4-89e4-1433d384a368",
            "kics:575a2155-6af1-4026-b1af-d5bc8fe2a904",
            "kics:59ebb4f3-2a6c-46dc-b4f0-cc5418dcddcd",
            "kics:953b3cdb-ce13-428a-aa12-318726506661",
            "kics:2f37c4a3-58b9-4afe-8a87-d7f1d2286f84",
        ],
        threats: ["T22", "T24"],
        profiles: [Baseline],
        why: "whoever runs code with this identity owns the account",
    }
}

impl Rule for AdminPolicy {
    const ON: &'static [&'static str] = POLICY_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        if cx.only_boundary(resource) {
            return;
        }
        for placed in statements(cx, resource) {
            let statement = &placed.statement;
            if !statement.allows() || !statement.resources.iter().any(|r| all_resources(r)) {
                continue;
            }
            if statement.actions.iter().any(|a| all_actions(a)) {
                let severity = if narrowed(statement) { Severity::High } else { Severity::Critical };
                cx.finding(
                    resource,
                    format!("`{}` is allowed every action on every resource", resource.logical_id),
                )
                .at_statement(&placed)
                .severity(severity)
                .help("list the actions that are needed and the ARNs on which they are needed")
                .report();
            } else if let Some(action) =
                statement.actions.iter().find(|a| a.pieces().is_empty() || wholly_unknown(a))
            {
                cx.unknown(resource, action, "an action");
            }
        }
    }
}

fn all_actions(action: &Value) -> bool {
    action.as_str().is_some_and(|a| a.contains('*') && a.chars().all(|c| matches!(c, '*' | ':')))
}

/// `*`, and ARNs of nothing but stars: `arn:aws:*`, `arn:*:*:*:*:*`.
fn all_resources(resource: &Value) -> bool {
    let Some(text) = resource.as_str() else { return false };
    let rest =
        text.strip_prefix("arn:").map_or(text, |arn| arn.split_once(':').map_or(arn, |(_, rest)| rest));
    rest.contains('*') && rest.chars().all(|c| matches!(c, '*' | ':' | '/'))
}

fn narrowed(statement: &Statement<'_>) -> bool {
    statement.conditions.is_some_and(|c| !c.is_empty())
}

/// True for a value without a single known piece.
fn wholly_unknown(value: &Value) -> bool {
    value.is_unknown() && value.pieces().len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Build, text};

    fn role(statement: &str) -> Build {
        let policies = format!(
            r#"{{"Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement": [{statement}]}}}}]}}"#
        );
        Build::new().json("Worker", "AWS::IAM::Role", &policies)
    }

    #[test]
    fn everything_on_everything() {
        let build = role(r#"{"Effect": "Allow", "Action": ["s3:GetObject", "*"], "Resource": "*"}"#);
        assert_eq!(
            build.findings::<AdminPolicy>(),
            ["Worker: `Worker` is allowed every action on every resource"]
        );
    }

    #[test]
    fn less_than_everything() {
        for statement in [
            r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::orders/*"}"#,
        ] {
            assert!(role(statement).findings::<AdminPolicy>().is_empty(), "{statement}");
        }
    }

    #[test]
    fn a_condition_makes_it_high() {
        let statement = r#"{"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}"#;
        let severities: Vec<_> =
            role(statement).run::<AdminPolicy>().findings.iter().map(|f| f.severity).collect();
        assert_eq!(severities, [Severity::High]);
    }

    #[test]
    fn a_boundary_grants_nothing() {
        let policy =
            r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}"#;
        let boundary = Build::new().json("Boundary", "AWS::IAM::ManagedPolicy", policy).json(
            "Worker",
            "AWS::IAM::Role",
            r#"{"PermissionsBoundary": {"Ref": "Boundary"}}"#,
        );
        assert!(boundary.findings::<AdminPolicy>().is_empty());
        let attached =
            boundary.json("Other", "AWS::IAM::Role", r#"{"ManagedPolicyArns": [{"Ref": "Boundary"}]}"#);
        assert_eq!(attached.findings::<AdminPolicy>().len(), 1);
    }

    #[test]
    fn stars_in_arns() {
        assert!(all_resources(&text("arn:aws:*")));
        assert!(all_resources(&text("arn:*:*:*:*:*")));
        assert!(!all_resources(&text("arn:aws:s3:::*")));
    }
}
