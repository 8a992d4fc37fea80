//! A topic that another account may use.

use crate::Context;
use crate::access::{Account, account_of, named_actions};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of a topic policy that lets in an account whose number is written out.
    ///
    /// ## Why it matters
    /// Whatever runs over there may publish events that the subscribers take for genuine, or listen in. It should be so on
    /// purpose, and somebody should know why.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///   Policy:
    ///     Type: AWS::SNS::TopicPolicy
    ///     Properties:
    ///       Topics: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: arn:aws:iam::123456789012:root}
    ///             Action: sns:Publish
    ///             Resource: !Ref Orders
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sns_topic" "orders" {}
    ///
    /// resource "aws_sns_topic_policy" "orders" {
    ///   arn = aws_sns_topic.orders.arn
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect    = "Allow"
    ///       Principal = { AWS = "arn:aws:iam::123456789012:role/partner" }
    ///       Action    = "sns:Publish"
    ///       Resource  = aws_sns_topic.orders.arn
    ///     }]
    ///   })
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///   Policy:
    ///     Type: AWS::SNS::TopicPolicy
    ///     Properties:
    ///       Topics: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: !Ref AWS::AccountId}
    ///             Action: sns:Publish
    ///             Resource: !Ref Orders
    /// ```
    ///
    /// ```hcl,clean
    /// data "aws_caller_identity" "me" {}
    ///
    /// resource "aws_sns_topic" "orders" {}
    ///
    /// resource "aws_sns_topic_policy" "orders" {
    ///   arn = aws_sns_topic.orders.arn
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect    = "Allow"
    ///       Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }
    ///       Action    = "sns:Publish"
    ///       Resource  = aws_sns_topic.orders.arn
    ///     }]
    ///   })
    /// }
    /// ```
    ///
    /// ## Limits
    /// A list to go through, not a list of mistakes; so it is low, and off by default. The account's own number, written
    /// out, is told apart only when the statement's `Resource` has it, too. Everyone at all is `public-topic-policy`.
    TopicSharedWithAccount {
        id: "topic-shared-with-account",
        title: "topic shared with another account",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-SNS-005", "CKV_AWS_385"],
        threats: ["T17"],
        profiles: [],
        why: "somebody outside the account publishes or listens",
    }
}

impl Rule for TopicSharedWithAccount {
    const ON: &'static [&'static str] = &["AWS::SNS::TopicPolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for placed in cx.statements(policy, &["PolicyDocument"]) {
            let statement = &placed.statement;
            if !statement.allows() {
                continue;
            }
            let mut accounts = Vec::new();
            for principal in statement.principals.iter().filter(|p| p.kind == "AWS") {
                match account_of(cx, statement, principal.value) {
                    Some(Account::Written(account)) if !accounts.contains(&account) => accounts.push(account),
                    Some(Account::Unknown) => {
                        cx.unknown(policy, principal.value, "the account of a principal");
                    }
                    _ => {}
                }
            }
            let Some(first) = accounts.first() else { continue };
            let actions = named_actions(statement);
            let more = match accounts.len() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            cx.finding(policy, format!("account {first}{more} is allowed {actions}"))
                .at_statement(&placed)
                .help("keep it if it is meant; otherwise take the account out of the policy")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TopicSharedWithAccount;
    use crate::testing::Build;

    fn findings(principal: &str, resource: &str) -> Vec<String> {
        let policy = format!(
            r#"{{"PolicyDocument": {{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "sns:Publish", "Resource": "{resource}"}}}}}}"#
        );
        Build::new().json("Policy", "AWS::SNS::TopicPolicy", &policy).findings::<TopicSharedWithAccount>()
    }

    #[test]
    fn others() {
        assert_eq!(
            findings(r#"{"AWS": ["123456789012", "arn:aws:iam::210987654321:role/r"]}"#, "*"),
            ["Policy: account 123456789012 and 1 more is allowed `sns:Publish`"]
        );
    }

    #[test]
    fn own_services_and_everyone() {
        assert!(
            findings(r#"{"AWS": "123456789012"}"#, "arn:aws:sns:eu-west-1:123456789012:orders").is_empty()
        );
        assert!(findings(r#"{"Service": "events.amazonaws.com"}"#, "*").is_empty());
        assert!(findings(r#""*""#, "*").is_empty());
    }
}
