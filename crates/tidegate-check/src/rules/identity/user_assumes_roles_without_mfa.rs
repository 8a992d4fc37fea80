//! A user who assumes roles with a key alone.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A user's policy that allows `sts:AssumeRole` without a condition on multi-factor authentication.
    ///
    /// ## Why it matters
    /// A leaked key of the user is enough to become every role that trusts it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Assume:
    ///     Type: AWS::IAM::UserPolicy
    ///     Properties:
    ///       UserName: someone
    ///       PolicyName: assume
    ///       PolicyDocument:
    ///         Statement:
    ///           - {Effect: Allow, Action: "sts:AssumeRole", Resource: "arn:aws:iam::123456789012:role/admin"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Assume:
    ///     Type: AWS::IAM::UserPolicy
    ///     Properties:
    ///       UserName: someone
    ///       PolicyName: assume
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sts:AssumeRole
    ///             Resource: arn:aws:iam::123456789012:role/admin
    ///             Condition: {BoolIfExists: {"aws:MultiFactorAuthPresent": "true"}}
    /// ```
    ///
    /// ## Limits
    /// A condition in the role's trust policy isn't weighed. Users of machines have no second factor: give them roles.
    UserAssumesRolesWithoutMfa {
        id: "user-assumes-roles-without-mfa",
        title: "user who assumes roles without second factor",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-027",
            "kics:b5681959-6c09-4f55-b42b-c40fa12d03ec",
        ],
        threats: ["T27"],
        profiles: [],
        why: "a leaked key is enough to become every role that trusts the user",
    }
}

impl Rule for UserAssumesRolesWithoutMfa {
    const ON: &'static [&'static str] = &["AWS::IAM::UserPolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        let path = ["PolicyDocument"];
        let free = cx.statements(policy, &path).into_iter().find(|placed| {
            let statement = &placed.statement;
            let mfa = statement
                .condition_keys(cx.world)
                .iter()
                .any(|(_, key, _)| key.to_ascii_lowercase().starts_with("aws:multifactorauth"));
            let named = statement.actions.iter().any(|a| a.as_str() == Some("sts:AssumeRole"));
            // A virtual device among the principals, which identity policies otherwise don't have.
            let device = statement.principals.iter().any(|p| p.value.display().contains("mfa/"));
            statement.allows() && named && !mfa && !device
        });
        if let Some(placed) = free {
            cx.finding(policy, "the user may assume roles without a second factor")
                .at(&path)
                .related(Some(placed.statement.span), "this statement")
                .help("add a condition on `aws:MultiFactorAuthPresent`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UserAssumesRolesWithoutMfa;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::IAM::UserPolicy", properties)
            .findings::<UserAssumesRolesWithoutMfa>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(
                r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}}"#
            ),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(
            findings(
                r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}}"#
            ),
            0
        );
        assert_eq!(
            findings(
                r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}}}"#
            ),
            0
        );
    }
}
