//! A topic policy that allows all but what it names.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of a topic policy that allows `NotAction`: every action but those it names.
    ///
    /// ## Why it matters
    /// What is not named is allowed, also actions that AWS adds next year, and `sns:SetTopicAttributes`, which
    /// changes the policy itself. The author meant to forbid something, and allowed the rest.
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
    ///             Principal: {AWS: "111122223333"}
    ///             NotAction: sns:DeleteTopic
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
    ///             Principal: {AWS: "111122223333"}
    ///             Action: sns:Publish
    ///             Resource: "*"
    /// ```
    ///
    /// ## Limits
    /// `NotPrincipal` with `Allow` is what `public-topic-policy` reports.
    TopicPolicyByException {
        id: "topic-policy-by-exception",
        title: "topic policy that allows all but a few actions",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SNS-004", "kics:818f38ed-8446-4132-9c03-474d49e10195", "kics:5ea624e4-c8b1-4bb3-87a4-4235a776adcc"],
        threats: ["T17"],
        profiles: [Baseline],
        why: "what is not named is allowed, changing the policy included",
    }
}

impl Rule for TopicPolicyByException {
    const ON: &'static [&'static str] = &["AWS::SNS::TopicPolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for placed in cx.statements(policy, &["PolicyDocument"]) {
            if placed.statement.allows() && !placed.statement.not_actions.is_empty() {
                cx.finding(policy, "the policy allows every action but those it names")
                    .at_statement(&placed)
                    .help("list the actions that are needed in `Action`")
                    .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TopicPolicyByException;
    use crate::testing::Build;

    fn findings(effect: &str) -> usize {
        let policy = format!(
            r#"{{"PolicyDocument": {{"Statement": {{"Effect": "{effect}", "Principal": "*", "NotAction": "sns:Publish"}}}}}}"#
        );
        Build::new()
            .json("Policy", "AWS::SNS::TopicPolicy", &policy)
            .findings::<TopicPolicyByException>()
            .len()
    }

    #[test]
    fn only_where_it_allows() {
        assert_eq!(findings("Allow"), 1);
        assert_eq!(findings("Deny"), 0);
    }
}
