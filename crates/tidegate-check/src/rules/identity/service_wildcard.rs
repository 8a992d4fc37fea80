//! A role of code that may do everything with a service.

use crate::Context;
use crate::identity::{POLICY_TYPES, statements, works_for_code};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A statement with `dynamodb:*`, `s3:*` and the like in a policy of a role that a function, a workflow, a
    /// schedule or a pipe takes. High when it is for every resource, medium when it names resources.
    ///
    /// ## Why it matters
    /// Code needs a few actions. With all of them, who breaks into it also deletes the table or changes who may
    /// read the bucket.
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
    ///                 Action: dynamodb:*
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
    ///                 Action: dynamodb:GetItem
    ///                 Resource: arn:aws:dynamodb:eu-west-1:123456789012:table/orders
    /// ```
    ///
    /// ## Limits
    /// `logs:*` and `xray:*` are medium at most. Roles for people and pipelines are left alone.
    ServiceWildcard {
        id: "service-wildcard",
        title: "role of code with every action of a service",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-IAM-002", "trivy:AVD-AWS-0345", "kics:a0ae0a4e-712b-4115-8112-51b9eeed9d69", "cdk-nag:AwsSolutions-IAM5"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "who breaks into the function also deletes and opens what it only reads",
    }
}

impl Rule for ServiceWildcard {
    const ON: &'static [&'static str] = POLICY_TYPES;

    fn check(policy: &Resource, cx: &Context<'_>) {
        if !works_for_code(cx, policy) {
            return;
        }
        for placed in statements(cx, policy) {
            let statement = &placed.statement;
            if !statement.allows() {
                continue;
            }
            let wild: Vec<&str> = statement
                .actions
                .iter()
                .filter_map(|a| a.as_str())
                .filter(|a| match a.split_once(':') {
                    Some((service, name)) => name == "*" && service != "*",
                    // On every resource that is administration, which is another rule's.
                    None => *a == "*" && !statement.on_everything(),
                })
                .collect();
            if wild.is_empty() {
                continue;
            }
            let harmless = |a: &&str| a.starts_with("logs:") || a.starts_with("xray:");
            let severe = statement.on_everything() && !wild.iter().all(harmless);
            let names: Vec<String> = wild.iter().map(|a| format!("`{a}`")).collect();
            let on = if statement.on_everything() { " on every resource" } else { "" };
            cx.finding(policy, format!("code with this policy is allowed {}{on}", names.join(", ")))
                .at_statement(&placed)
                .severity(if severe { Severity::High } else { Severity::Medium })
                .help("list the actions that the code calls")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ServiceWildcard;
    use crate::testing::Build;

    const TRUST: &str = r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#;

    fn findings(statement: &str) -> Vec<String> {
        let role = format!(
            r#"{{"AssumeRolePolicyDocument": {TRUST}, "Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement": {statement}}}}}]}}"#
        );
        Build::new().json("Worker", "AWS::IAM::Role", &role).findings::<ServiceWildcard>()
    }

    #[test]
    fn wild_and_narrow() {
        let wild = r#"{"Effect": "Allow", "Action": ["s3:*", "sqs:SendMessage"], "Resource": "*"}"#;
        assert_eq!(findings(wild), ["Worker: code with this policy is allowed `s3:*` on every resource"]);
        assert!(findings(r#"{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}"#).is_empty());
        assert!(findings(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#).is_empty());
    }
}
