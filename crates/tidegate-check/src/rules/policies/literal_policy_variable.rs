//! A policy variable that is plain text.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, report};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_iam::lint;

declare_rule! {
    /// ## What it finds
    /// A policy variable such as `${aws:username}` in a document that isn't of version 2012-10-17.
    ///
    /// ## Why it matters
    /// The older version knows no variables: the text stands for itself, so that an `Allow` allows nothing, and a `Deny` denies nothing.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2008-10-17"
    ///         Statement:
    ///           - Effect: Deny
    ///             Action: s3:*
    ///             NotResource: "arn:aws:s3:::home/${aws:username}/*"
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
    ///           - Effect: Deny
    ///             Action: s3:*
    ///             NotResource: "arn:aws:s3:::home/${aws:username}/*"
    /// ```
    ///
    /// ## Limits
    /// Variables without a colon in their name are taken for text.
    LiteralPolicyVariable {
        id: "literal-policy-variable",
        title: "policy variable that is plain text",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-007"],
        threats: [],
        profiles: [Baseline],
        why: "the statement is about a thing that does not exist",
    }
}

impl Rule for LiteralPolicyVariable {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        report(cx, resource, |document| lint::literal_variables(cx.world, document.value));
    }
}

#[cfg(test)]
mod tests {
    use super::LiteralPolicyVariable;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<LiteralPolicyVariable>()
    }

    #[test]
    fn versions() {
        let policy = |version: &str| {
            let policy = format!(
                r#"{{"PolicyDocument": {{{version} "Statement": {{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a/${{aws:userid}}"}}}}}}"#
            );
            Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<LiteralPolicyVariable>().len()
        };
        assert_eq!(policy(""), 1);
        assert_eq!(policy(r#""Version": "2012-10-17","#), 0);
        assert!(findings(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "${aws:userid}"}"#).is_empty());
    }
}
