//! A condition whose operator does not fit its key.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, report};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_iam::{Catalogue, lint};

declare_rule! {
    /// ## What it finds
    /// An operator for other values than the key has (`StringEquals` on an address, `NumericEquals` on an account id), one that compares a
    /// single value with a key that has several, `ForAllValues:` on a key that has one, and values that are no booleans, numbers, networks
    /// or ARNs where those are compared.
    ///
    /// ## Why it matters
    /// The comparison is false whatever comes in, or in the case of `ForAllValues:` true when nothing does.
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
    ///             Action: sqs:SendMessage
    ///             Resource: "*"
    ///             Condition:
    ///               StringEquals: {"aws:SourceIp": 203.0.113.0/24}
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
    ///             Resource: "*"
    ///             Condition:
    ///               IpAddress: {"aws:SourceIp": 203.0.113.0/24}
    /// ```
    ///
    /// ## Limits
    /// Comparing ARNs, booleans and numbers as text works for exact values and isn't reported.
    MistypedCondition {
        id: "mistyped-condition",
        title: "condition whose operator does not fit its key",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-POL-005"],
        threats: [],
        profiles: [],
        why: "the condition never holds, or holds without a value",
    }
}

impl Rule for MistypedCondition {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        report(cx, resource, |document| {
            lint::mistyped_conditions(&document.reading(cx), Catalogue::current())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::MistypedCondition;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<MistypedCondition>()
    }

    #[test]
    fn operators_and_values() {
        let with = |c: &str| {
            findings(&format!(
                r#"{{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {c}}}"#
            ))
        };
        assert_eq!(
            with(r#"{"StringEquals": {"aws:TagKeys": "team"}}"#),
            ["P: `P`: `aws:TagKeys` has several values, and `StringEquals` compares one"]
        );
        assert_eq!(with(r#"{"Bool": {"aws:SecureTransport": "on"}}"#).len(), 1);
        assert!(with(r#"{"Bool": {"aws:SecureTransport": true}}"#).is_empty());
    }
}
