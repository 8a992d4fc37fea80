//! A topic policy that lets anyone in.

use crate::Context;
use crate::access::{named_actions, open_to_anyone};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of the policy of a topic that allows `Principal: "*"` (or everyone but a few with
    /// `NotPrincipal`), and no condition that leaves only callers somebody chose.
    ///
    /// ## Why it matters
    /// Anyone with an AWS account publishes messages that every subscriber takes for genuine, or subscribes and
    /// reads along.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Policy:
    ///     Type: AWS::SNS::TopicPolicy
    ///     Properties:
    ///       Topics: [arn:aws:sns:eu-west-1:123456789012:orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: sns:Publish
    ///             Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Policy:
    ///     Type: AWS::SNS::TopicPolicy
    ///     Properties:
    ///       Topics: [arn:aws:sns:eu-west-1:123456789012:orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: sns:Publish
    ///             Resource: "*"
    ///             Condition:
    ///               StringEquals:
    ///                 aws:PrincipalOrgID: o-abcdef1234
    /// ```
    ///
    /// ## Limits
    /// Policies that are set after deployment are not seen.
    PublicTopicPolicy {
        id: "public-topic-policy",
        title: "topic open to anyone",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SNS-003", "CKV_AWS_169", "kics:ae53ce91-42b5-46bf-a84f-9a13366a4f13", "kics:b26d2b7e-60f6-413d-a3a1-a57db24aa2b3"],
        threats: ["T17", "T02"],
        profiles: [Baseline],
        why: "anyone publishes forged events or subscribes to the real ones",
    }
}

impl Rule for PublicTopicPolicy {
    const ON: &'static [&'static str] = &["AWS::SNS::TopicPolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for open in open_to_anyone(cx, policy, &["PolicyDocument"]) {
            cx.finding(policy, format!("anyone is allowed {} on the topic", named_actions(&open.statement)))
                .at_statement(&open)
                .help("name the principals, or add a condition on `aws:PrincipalOrgID`, `aws:SourceArn` or `aws:SourceAccount`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicTopicPolicy;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let properties = format!(r#"{{"PolicyDocument": {{"Statement": {statement}}}}}"#);
        Build::new().json("Policy", "AWS::SNS::TopicPolicy", &properties).findings::<PublicTopicPolicy>()
    }

    #[test]
    fn anyone() {
        assert_eq!(
            findings(r#"{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish"}"#),
            ["Policy: anyone is allowed `sns:Publish` on the topic"]
        );
    }

    #[test]
    fn an_organization_and_an_account() {
        let narrow = r#"{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdef1234"}}}"#;
        assert!(findings(narrow).is_empty());
        let named = r#"{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sns:Publish"}"#;
        assert!(findings(named).is_empty());
    }
}
