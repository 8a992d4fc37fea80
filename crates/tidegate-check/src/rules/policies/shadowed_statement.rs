//! A statement that changes nothing.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, report};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_iam::lint;

declare_rule! {
    /// ## What it finds
    /// A statement of which another one of the same document says all already: it allows or denies no more, or it allows what is
    /// denied without a condition.
    ///
    /// ## Why it matters
    /// Taking it out, or narrowing it, changes nothing, and whoever does so thinks that it did.
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
    ///             Action: sqs:*
    ///             Resource: "*"
    ///           - Effect: Allow
    ///             Action: sqs:SendMessage
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
    ///           - Effect: Allow
    ///             Action: sqs:ReceiveMessage
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Limits
    /// Only single statements are compared, not what several say together. Statements with `NotAction`, `NotResource` or
    /// `NotPrincipal` are passed over, and so are documents of more than 120 statements.
    ShadowedStatement {
        id: "shadowed-statement",
        title: "statement that changes nothing",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-008"],
        threats: [],
        profiles: [],
        why: "whoever reads or edits it is misled",
    }
}

impl Rule for ShadowedStatement {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        report(cx, resource, |document| lint::shadowed(&document.reading(cx)));
    }
}

#[cfg(test)]
mod tests {
    use super::ShadowedStatement;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<ShadowedStatement>()
    }

    #[test]
    fn allowed_in_vain() {
        assert_eq!(
            findings(
                r#"[{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}, {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]"#
            ),
            ["P: `P`: statement 1 denies all that this one allows"]
        );
        assert!(findings(r#"[{"Effect": "Deny", "Action": "sqs:Send*", "Resource": "*"}, {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]"#).is_empty());
    }
}
