//! A policy that names an action that does not exist.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, report};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_iam::{Catalogue, lint};

declare_rule! {
    /// ## What it finds
    /// An action, or a pattern of actions, that fits none that AWS has: a slip of the pen, the name of an operation in place of its
    /// action, a service by another name.
    ///
    /// ## Why it matters
    /// What was meant to be allowed is refused at run time, and what was meant to be denied is not.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sqs:SendMesage
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
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
    /// The catalogue has a date: an action that AWS added later is unknown to it. `tidegate iam data` says how old it is.
    UnknownAction {
        id: "unknown-action",
        title: "policy that names an action that does not exist",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-POL-002"],
        threats: [],
        profiles: [Baseline],
        why: "what was meant to be allowed or denied is not",
    }
}

impl Rule for UnknownAction {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        report(cx, resource, |document| lint::unknown_actions(&document.reading(cx), Catalogue::current()));
    }
}

#[cfg(test)]
mod tests {
    use super::UnknownAction;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<UnknownAction>()
    }

    #[test]
    fn names_and_near_misses() {
        assert_eq!(
            findings(r#"{"Effect": "Allow", "Action": "lambda:Invoke", "Resource": "*"}"#),
            ["P: `P`: AWS Lambda has no action `Invoke`"]
        );
        assert!(
            findings(r#"{"Effect": "Allow", "Action": ["lambda:Invoke*", "*"], "Resource": "*"}"#).is_empty()
        );
    }
}
