//! A stream policy that lets anyone in.

use crate::Context;
use crate::access::{named_actions, open_to_anyone};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of the policy of a stream that allows `Principal: "*"` (or everyone but a few with
    /// `NotPrincipal`), and no condition that leaves only callers somebody chose.
    ///
    /// ## Why it matters
    /// Anyone with an AWS account puts records that the consumers take for genuine, or reads the stream.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Policy:
    ///     Type: AWS::Kinesis::ResourcePolicy
    ///     Properties:
    ///       ResourceArn: arn:aws:kinesis:eu-west-1:123456789012:stream/sales
    ///       ResourcePolicy:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: kinesis:PutRecord
    ///             Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Policy:
    ///     Type: AWS::Kinesis::ResourcePolicy
    ///     Properties:
    ///       ResourceArn: arn:aws:kinesis:eu-west-1:123456789012:stream/sales
    ///       ResourcePolicy:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: kinesis:PutRecord
    ///             Resource: "*"
    ///             Condition:
    ///               StringEquals:
    ///                 aws:PrincipalOrgID: o-abcdef1234
    /// ```
    ///
    /// ## Limits
    /// Policies that are set after deployment are not seen.
    PublicStreamPolicy {
        id: "public-stream-policy",
        title: "stream open to anyone",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-KIN-002"],
        threats: ["T17", "T02"],
        profiles: [Baseline],
        why: "anyone writes forged records or reads the real ones",
    }
}

impl Rule for PublicStreamPolicy {
    const ON: &'static [&'static str] = &["AWS::Kinesis::ResourcePolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for open in open_to_anyone(cx, policy, &["ResourcePolicy"]) {
            cx.finding(policy, format!("anyone is allowed {} on the stream", named_actions(&open.statement)))
                .at_statement(&open)
                .help("name the principals, or add a condition on `aws:PrincipalOrgID`, `aws:SourceArn` or `aws:SourceAccount`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicStreamPolicy;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let properties = format!(r#"{{"ResourcePolicy": {{"Statement": {statement}}}}}"#);
        Build::new()
            .json("Policy", "AWS::Kinesis::ResourcePolicy", &properties)
            .findings::<PublicStreamPolicy>()
    }

    #[test]
    fn anyone() {
        assert_eq!(
            findings(r#"{"Effect": "Allow", "Principal": "*", "Action": "kinesis:PutRecord"}"#),
            ["Policy: anyone is allowed `kinesis:PutRecord` on the stream"]
        );
    }

    #[test]
    fn an_organization_and_an_account() {
        let narrow = r#"{"Effect": "Allow", "Principal": "*", "Action": "kinesis:PutRecord",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdef1234"}}}"#;
        assert!(findings(narrow).is_empty());
        let named =
            r#"{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "kinesis:PutRecord"}"#;
        assert!(findings(named).is_empty());
    }
}
