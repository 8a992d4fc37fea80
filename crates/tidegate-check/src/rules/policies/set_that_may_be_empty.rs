//! A condition that holds for requests without a value.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, report};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_iam::lint;

declare_rule! {
    /// ## What it finds
    /// A statement that allows with `ForAllValues:` and doesn't ask for a value besides.
    ///
    /// ## Why it matters
    /// Of nothing, all is true: a request that has no value of that key at all meets the condition. A caller who leaves out his tags
    /// passes a check of tags.
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
    ///             Action: sqs:CreateQueue
    ///             Resource: "*"
    ///             Condition:
    ///               ForAllValues:StringEquals: {"aws:TagKeys": [team, stage]}
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
    ///             Action: sqs:CreateQueue
    ///             Resource: "*"
    ///             Condition:
    ///               ForAllValues:StringEquals: {"aws:TagKeys": [team, stage]}
    ///               "Null": {"aws:TagKeys": "false"}
    /// ```
    ///
    /// ## Limits
    /// Where requests without a value are meant to pass, accept the finding. Negated operators are passed over.
    SetThatMayBeEmpty {
        id: "set-that-may-be-empty",
        title: "condition that holds for requests without a value",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-010"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "whoever sends no value at all is let in",
    }
}

impl Rule for SetThatMayBeEmpty {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        report(cx, resource, |document| lint::empty_sets(&document.reading(cx), document.kind));
    }
}

#[cfg(test)]
mod tests {
    use super::SetThatMayBeEmpty;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<SetThatMayBeEmpty>()
    }

    #[test]
    fn guarded_and_not() {
        let with = |c: &str| {
            findings(&format!(
                r#"{{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {c}}}"#
            ))
        };
        assert_eq!(
            with(r#"{"ForAllValues:StringLike": {"aws:TagKeys": "a*"}}"#),
            ["P: `P`: a request without `aws:TagKeys` passes `ForAllValues:StringLike`"]
        );
        assert!(
            with(r#"{"ForAllValues:StringLike": {"aws:TagKeys": "a*"}, "Null": {"aws:TagKeys": false}}"#)
                .is_empty()
        );
    }
}
