//! A policy that lets pass any role.

use crate::Context;
use crate::identity::{POLICY_TYPES, statements};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement that allows `iam:PassRole` on every role (`*`, or an ARN that ends in `role/*`), without a
    /// condition on `iam:PassedToService`.
    ///
    /// ## Why it matters
    /// Who may hand any role to a service has that role: he starts something that runs with it.
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
    ///                 Action: iam:PassRole
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
    ///                 Action: iam:PassRole
    ///                 Resource: arn:aws:iam::123456789012:role/worker
    /// ```
    ///
    /// ## Limits
    /// `iam:*` and `*` are what other rules speak of. A condition on `iam:PassedToService` is enough here,
    /// though the roles may still be more than needed.
    PassAnyRole {
        id: "pass-any-role",
        title: "policy that lets pass any role",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-IAM-006", "trivy:AVD-AWS-0342", "kics:e39bee8c-fe54-4a3f-824d-e5e2d1cca40a"],
        threats: ["T24"],
        profiles: [Baseline],
        why: "who passes any role to a service has that role",
    }
}

impl Rule for PassAnyRole {
    const ON: &'static [&'static str] = POLICY_TYPES;

    fn check(policy: &Resource, cx: &Context<'_>) {
        if cx.only_boundary(policy) {
            return;
        }
        for placed in statements(cx, policy) {
            let statement = &placed.statement;
            let passes = statement
                .actions
                .iter()
                .filter_map(|a| a.as_str())
                .any(|a| a.len() > "iam:*".len() && tidegate_graph::policy::matches(a, "iam:PassRole"));
            let narrowed = statement.condition_keys(cx.world).iter().any(|(_, key, _)| {
                key.eq_ignore_ascii_case("iam:PassedToService")
                    || key.eq_ignore_ascii_case("iam:AssociatedResourceArn")
            });
            let any_role = statement.on_everything()
                || statement.resources.iter().any(|r| r.display().ends_with(":role/*"));
            if statement.allows() && passes && any_role && !narrowed {
                cx.finding(policy, "allows passing any role to any service")
                    .at_statement(&placed)
                    .help("name the role in `Resource`, and the service in a condition on `iam:PassedToService`")
                    .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PassAnyRole;
    use crate::testing::Build;

    const TRUST: &str = r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#;

    fn findings(statement: &str) -> Vec<String> {
        let role = format!(
            r#"{{"AssumeRolePolicyDocument": {TRUST}, "Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement": {statement}}}}}]}}"#
        );
        Build::new().json("Worker", "AWS::IAM::Role", &role).findings::<PassAnyRole>()
    }

    #[test]
    fn any_role_to_any_service() {
        assert_eq!(
            findings(r#"{"Effect": "Allow", "Action": "iam:Pass*", "Resource": "*"}"#),
            ["Worker: allows passing any role to any service"]
        );
        let narrowed = r#"{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
            "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}"#;
        assert!(findings(narrowed).is_empty());
    }
}
