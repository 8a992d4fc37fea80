//! A dead-letter queue that takes messages from any queue.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A queue that serves another one as dead-letter queue and does not say which: no `RedriveAllowPolicy`, or one that
    /// allows all.
    ///
    /// ## Why it matters
    /// Whoever may make a queue in the account can point it here, and mix what he likes with failed messages that somebody
    /// will send again.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Failed:
    ///     Type: AWS::SQS::Queue
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sqs_queue" "failed" {}
    ///
    /// resource "aws_sqs_queue" "orders" {
    ///   redrive_policy = jsonencode({
    ///     deadLetterTargetArn = aws_sqs_queue.failed.arn
    ///     maxReceiveCount     = 5
    ///   })
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Failed:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       RedriveAllowPolicy: {redrivePermission: byQueue, sourceQueueArns: ['arn:aws:sqs:eu-west-1:123456789012:orders']}
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}
    /// ```
    ///
    /// ## Limits
    /// An opinion, and off by default: queues of the same account are no strangers.
    DeadLettersFromAnyQueue {
        id: "dead-letters-from-any-queue",
        title: "dead-letter queue that takes messages from any queue",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SQS-010"],
        threats: ["T44"],
        profiles: [],
        why: "any queue of the account may fill it",
    }
}

impl Rule for DeadLettersFromAnyQueue {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        const PERMISSION: &[&str] = &["RedriveAllowPolicy", "redrivePermission"];
        let sources = cx.referrers(queue, "AWS::SQS::Queue", "RedrivePolicy.deadLetterTargetArn");
        let Some(source) = sources.first() else { return };
        if let Some(policy) = cx.get(queue, &["RedriveAllowPolicy"]) {
            if policy.as_map().is_none() {
                return cx.unknown(queue, policy, "`RedriveAllowPolicy`");
            }
            match cx.get(queue, PERMISSION).map(|value| (value, value.as_str())) {
                None | Some((_, Some("allowAll"))) => {}
                Some((_, Some(_))) => return,
                Some((value, None)) => return cx.unknown(queue, value, "`redrivePermission`"),
            }
        }
        cx.finding(queue, "any queue of the account may put its failed messages here")
            .within(&["RedriveAllowPolicy"])
            .related(Some(source.key_span("RedrivePolicy")), "one that does")
            .help("name the sources in `RedriveAllowPolicy` with `redrivePermission: byQueue`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::DeadLettersFromAnyQueue;
    use crate::testing::Build;

    fn findings(failed: &str) -> usize {
        let orders = r#"{"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Failed", "Arn"]}}}"#;
        Build::new()
            .json("Failed", "AWS::SQS::Queue", failed)
            .json("Orders", "AWS::SQS::Queue", orders)
            .findings::<DeadLettersFromAnyQueue>()
            .len()
    }

    #[test]
    fn all_or_some() {
        assert_eq!(findings("{}"), 1);
        assert_eq!(findings(r#"{"RedriveAllowPolicy": {"redrivePermission": "allowAll"}}"#), 1);
        assert_eq!(
            findings(r#"{"RedriveAllowPolicy": {"redrivePermission": "byQueue", "sourceQueueArns": []}}"#),
            0
        );
        assert_eq!(findings(r#"{"RedriveAllowPolicy": {"redrivePermission": "denyAll"}}"#), 0);
    }

    #[test]
    fn nobody_uses_it() {
        assert!(
            Build::new()
                .add("Failed", "AWS::SQS::Queue", &[])
                .findings::<DeadLettersFromAnyQueue>()
                .is_empty()
        );
    }
}
