//! A queue that any principal may change.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_graph::policy::Principal;

declare_rule! {
    /// ## What it finds
    /// A statement of a queue policy that allows every principal (`*`) to change the queue: `sqs:AddPermission`,
    /// `sqs:DeleteQueue`, `sqs:SetQueueAttributes` and the like, or `sqs:*`, whatever its conditions say.
    ///
    /// ## Why it matters
    /// Who sends and receives needs no right to empty the queue, to delete it, or to let others in. A condition is one
    /// edit away from being lost.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Policy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: ["https://sqs.eu-west-1.amazonaws.com/123456789012/orders"]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: sqs:*
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    ///             Condition: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sqs_queue_policy" "orders" {
    ///   queue_url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect    = "Allow"
    ///       Principal = "*"
    ///       Action    = "sqs:PurgeQueue"
    ///       Resource  = "arn:aws:sqs:eu-west-1:123456789012:orders"
    ///       Condition = { IpAddress = { "aws:SourceIp" = "203.0.113.0/24" } }
    ///     }]
    ///   })
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Policy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: ["https://sqs.eu-west-1.amazonaws.com/123456789012/orders"]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: sqs:SendMessage
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    ///             Condition: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_sqs_queue_policy" "orders" {
    ///   queue_url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect    = "Allow"
    ///       Principal = { AWS = "123456789012" }
    ///       Action    = "sqs:*"
    ///       Resource  = "arn:aws:sqs:eu-west-1:123456789012:orders"
    ///       Condition = { IpAddress = { "aws:SourceIp" = "203.0.113.0/24" } }
    ///     }]
    ///   })
    /// }
    /// ```
    ///
    /// ## Limits
    /// What is open to strangers now is `public-queue-policy`, which reports the statement as well; every action for a few
    /// is `queue-policy-with-any-action`.
    QueueChangedByEveryPrincipal {
        id: "queue-changed-by-every-principal",
        title: "queue policy that lets every principal change the queue",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SQS-012", "kics:9b6a3f5b-5fd6-40ee-9bc0-ed604911212d", "kics:730675f9-52ed-49b6-8ead-0acb5dd7df7f"],
        threats: ["T17", "T46"],
        profiles: [],
        why: "one lost condition lets the world empty or delete the queue",
    }
}

impl Rule for QueueChangedByEveryPrincipal {
    const ON: &'static [&'static str] = &["AWS::SQS::QueuePolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        const CHANGES: &[&str] = &[
            "sqs:AddPermission",
            "sqs:CreateQueue",
            "sqs:DeleteQueue",
            "sqs:PurgeQueue",
            "sqs:RemovePermission",
            "sqs:SetQueueAttributes",
        ];
        for placed in cx.statements(policy, &["PolicyDocument"]) {
            let statement = &placed.statement;
            let everyone = statement.allows() && statement.principals.iter().any(Principal::is_anyone);
            if everyone && CHANGES.iter().any(|action| statement.covers_action(action)) {
                cx.finding(policy, "every principal is allowed to change the queue")
                    .at_statement(&placed)
                    .help("name the principals, and list the actions that are needed, such as `sqs:SendMessage`")
                    .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::QueueChangedByEveryPrincipal;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::SQS::QueuePolicy", properties)
            .findings::<QueueChangedByEveryPrincipal>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(
                r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"AWS": ["1", "*"]}, "Action": ["sqs:SendMessage", "sqs:AddPermission"]}}}"#
            ),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(
            findings(
                r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}}}"#
            ),
            0
        );
        assert_eq!(
            findings(
                r#"{"PolicyDocument": {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sqs:*"}}}"#
            ),
            0
        );
    }
}
