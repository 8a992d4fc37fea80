//! A trust policy that allows more than assuming the role.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A trust policy (`AssumeRolePolicyDocument`) with a statement that allows every action.
    ///
    /// ## Why it matters
    /// The trusted service or account may do with the role whatever trust policies can allow: tag sessions, set the
    /// source identity, assume it by any federation.
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
    ///             Action: "*"
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
    /// ```
    ///
    /// ## Limits
    /// `sts:*` is treated like `*`.
    TrustWithAnyAction {
        id: "trust-with-any-action",
        title: "trust policy with any action",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-026",
            "kics:b1ffa705-19a3-4b73-b9d0-0c97d0663842",
        ],
        threats: ["T30"],
        profiles: [],
        why: "the trusted party may do more than assume the role",
    }
}

impl Rule for TrustWithAnyAction {
    const ON: &'static [&'static str] = &["AWS::IAM::Role"];

    fn check(role: &Resource, cx: &Context<'_>) {
        let path = ["AssumeRolePolicyDocument"];
        let wide = cx.statements(role, &path).into_iter().find(|placed| {
            let statement = &placed.statement;
            statement.allows() && statement.actions.iter().any(|a| matches!(a.as_str(), Some("*" | "sts:*")))
        });
        if let Some(placed) = wide {
            cx.finding(role, format!("the trust policy of `{}` allows every action", role.logical_id))
                .at(&path)
                .related(Some(placed.statement.span), "this statement")
                .help("allow `sts:AssumeRole` only")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TrustWithAnyAction;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::IAM::Role", properties).findings::<TrustWithAnyAction>().len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(
                r#"{"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": ["*"]}}}"#
            ),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(
            findings(
                r#"{"AssumeRolePolicyDocument": {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*"}}}"#
            ),
            0
        );
        assert_eq!(
            findings(
                r#"{"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}}"#
            ),
            0
        );
    }
}
