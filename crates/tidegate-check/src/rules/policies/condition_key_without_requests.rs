//! A condition on a key that no request has.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, report};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_iam::{Catalogue, lint};

declare_rule! {
    /// ## What it finds
    /// A condition key that doesn't exist, or that none of the statement's actions knows.
    ///
    /// ## Why it matters
    /// A key that is absent makes a condition false, so that nothing is allowed, or nothing denied; with a negated operator or
    /// `IfExists` it is always true, and the statement is as open as without it.
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
    ///             Action: s3:GetObject
    ///             Resource: arn:aws:s3:::orders/*
    ///             Condition:
    ///               StringLike: {"s3:prefix": "open/*"}
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
    ///             Action: s3:ListBucket
    ///             Resource: arn:aws:s3:::orders
    ///             Condition:
    ///               StringLike: {"s3:prefix": "open/*"}
    /// ```
    ///
    /// ## Limits
    /// The catalogue has a date. AWS doesn't document every key of every action. Keys of identity providers are passed over.
    ConditionKeyWithoutRequests {
        id: "condition-key-without-requests",
        title: "condition on a key that no request has",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-POL-004"],
        threats: [],
        profiles: [],
        why: "the statement never applies, or always does",
    }
}

impl Rule for ConditionKeyWithoutRequests {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        report(cx, resource, |document| lint::absent_keys(&document.reading(cx), Catalogue::current()));
    }
}

#[cfg(test)]
mod tests {
    use super::ConditionKeyWithoutRequests;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<ConditionKeyWithoutRequests>()
    }

    #[test]
    fn a_key_by_another_name() {
        assert_eq!(
            findings(
                r#"{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*", "Condition": {"ArnLike": {"aws:SorceArn": "arn:aws:s3:::a"}}}"#
            ),
            ["P: `P`: there is no condition key `aws:SorceArn`"]
        );
        assert!(findings(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringLike": {"s3:prefix": "a"}}}"#).is_empty());
    }
}
