//! A policy that AWS refuses.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, report};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_iam::lint;

declare_rule! {
    /// ## What it finds
    /// A policy document that breaks the grammar: keys that don't exist, an effect in small letters, an action without a
    /// service, a resource that is no ARN, an unknown condition operator, a date that is none, an id given twice, a
    /// principal in an identity policy, a managed policy that isn't of version 2012-10-17, and a document that is no JSON.
    ///
    /// ## Why it matters
    /// AWS refuses it, so that the deployment stops half way; where a tool mends it silently, it means something else.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Send:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: allow
    ///             Action: sqs:SendMessage
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Send:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sqs:SendMessage
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Limits
    /// Values that are known at deployment only are passed over. Whether named principals exist can't be seen.
    InvalidPolicy {
        id: "invalid-policy",
        title: "policy that AWS refuses",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-001"],
        threats: [],
        profiles: [Baseline],
        why: "the deployment stops, or the policy isn't the one that was meant",
    }
}

impl Rule for InvalidPolicy {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        // Of all kinds, AWS wants the version of managed policies only.
        let managed = resource.ty == "AWS::IAM::ManagedPolicy";
        report(cx, resource, |document| {
            let version = managed.then(|| lint::old_version(cx.world, document.value)).flatten();
            let refused = lint::refused(cx.world, document.value, document.kind);
            version.into_iter().chain(refused).collect()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::InvalidPolicy;
    use crate::testing::Build;

    #[test]
    fn each_document_of_a_role() {
        let role = r#"{"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda"}, "Action": "sts:AssumeRole"}},
            "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "Send", "Resource": "*"}}}]}"#;
        assert_eq!(
            Build::new().json("R", "AWS::IAM::Role", role).findings::<InvalidPolicy>(),
            [
                "R: `R`: `Send` names no service: an action is `service:Name` or `*`",
                "R: `R`: `lambda` is no service principal: those look like `lambda.amazonaws.com`",
            ]
        );
    }

    #[test]
    fn what_is_known_at_deployment_is_passed_over() {
        let policy = r#"{"PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": {"Ref": "Q"}}}}"#;
        assert!(
            Build::new().json("P", "AWS::IAM::ManagedPolicy", policy).findings::<InvalidPolicy>().is_empty()
        );
    }
}
