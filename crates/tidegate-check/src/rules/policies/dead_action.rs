//! An action that cannot act on the resources beside it.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, report};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_iam::{Catalogue, lint};

declare_rule! {
    /// ## What it finds
    /// An action beside resources on which it never works: `s3:ListBucket` on objects, `s3:GetObject` on the bucket itself, a queue's
    /// action on a topic, or a named resource for an action that only knows `*`.
    ///
    /// ## Why it matters
    /// The statement allows less than it says, which is noticed at run time; in a denial it is a hole that looks closed.
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
    ///             Resource: arn:aws:s3:::orders
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
    ///             Action: s3:GetObject
    ///             Resource: arn:aws:s3:::orders/*
    /// ```
    ///
    /// ## Limits
    /// The forms of ARNs are those that AWS documents; some actions work on more than that. A pattern of actions is reported only when
    /// none of them works. Resources that are known at deployment only fit everything.
    DeadAction {
        id: "dead-action",
        title: "action that cannot act on the resources beside it",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-POL-003"],
        threats: [],
        profiles: [],
        why: "the permission is not there, although it is written",
    }
}

impl Rule for DeadAction {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        report(cx, resource, |document| {
            lint::dead_actions(&document.reading(cx), document.kind, Catalogue::current())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::DeadAction;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<DeadAction>()
    }

    #[test]
    fn buckets_and_objects() {
        assert_eq!(
            findings(
                r#"{"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "arn:aws:s3:::orders/*"}"#
            ),
            [
                "P: `P`: `s3:ListBucket` is never allowed by this: it can't act on the resources that are named"
            ]
        );
        assert!(
            findings(r#"{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": {"Ref": "B"}}"#)
                .is_empty()
        );
    }
}
