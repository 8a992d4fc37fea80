//! A dead-letter queue that forgets sooner than its source.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A queue that puts failed messages into a dead-letter queue whose `MessageRetentionPeriod` (4 days by default) is
    /// shorter than its own.
    ///
    /// ## Why it matters
    /// A standard queue keeps the time at which a message was first sent. One that has waited in the source for longer
    /// than the dead-letter queue keeps anything is deleted the moment it gets there.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Failed:
    ///     Type: AWS::SQS::Queue
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       MessageRetentionPeriod: 1209600
    ///       RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_sqs_queue" "failed" {
    ///   message_retention_seconds = 3600
    /// }
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
    ///       MessageRetentionPeriod: 1209600
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}
    /// ```
    ///
    /// ## Limits
    /// Equal times are not reported, though longer is better. FIFO queues start anew in the dead-letter queue: there it is
    /// low.
    ShortDeadLetterRetention {
        id: "short-dead-letter-retention",
        title: "dead-letter queue that forgets sooner than its source",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SQS-007"],
        threats: ["T44"],
        profiles: [Baseline],
        why: "failed messages are gone before anybody looks at them",
    }
}

impl Rule for ShortDeadLetterRetention {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        const ARN: &[&str] = &["RedrivePolicy", "deadLetterTargetArn"];
        let Some(arn) = cx.get(queue, ARN) else { return };
        let Some(failed) = cx.target(queue, arn, "AWS::SQS::Queue") else { return };
        let (Some(source), Some(kept)) = (retention(queue, cx), retention(failed, cx)) else { return };
        if kept >= source {
            return;
        }
        let message = format!(
            "the dead-letter queue keeps messages for {}, its source `{}` for {}",
            span(kept),
            queue.logical_id,
            span(source)
        );
        let fifo = cx.get(queue, &["FifoQueue"]).and_then(tidegate_graph::Value::as_bool) == Some(true);
        cx.finding(failed, message)
            .within(&["MessageRetentionPeriod"])
            .severity(if fifo { Severity::Low } else { Severity::Medium })
            .related(Some(queue.key_span("RedrivePolicy")), "puts failed messages there")
            .path([queue.id.clone(), failed.id.clone()])
            .help("set `MessageRetentionPeriod: 1209600`, the most there is, on the dead-letter queue")
            .fix(Fix::safe("keep failed messages for 14 days").set(
                &failed.id,
                &["MessageRetentionPeriod"],
                1_209_600,
            ))
            .report();
    }
}

/// Seconds for which a queue keeps a message; `None`, and reported, when it isn't known.
fn retention(queue: &Resource, cx: &Context<'_>) -> Option<i64> {
    const DEFAULT: i64 = 345_600;
    let Some(value) = cx.get(queue, &["MessageRetentionPeriod"]) else { return Some(DEFAULT) };
    let seconds = value.as_i64();
    if seconds.is_none() {
        cx.unknown(queue, value, "`MessageRetentionPeriod`");
    }
    seconds
}

fn span(seconds: i64) -> String {
    match seconds {
        86_400.. if seconds % 86_400 == 0 => format!("{} d", seconds / 86_400),
        3_600.. if seconds % 3_600 == 0 => format!("{} h", seconds / 3_600),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::ShortDeadLetterRetention;
    use crate::testing::Build;

    fn findings(failed: &str, rest: &str) -> Vec<String> {
        let orders = format!(
            r#"{{"RedrivePolicy": {{"deadLetterTargetArn": {{"Fn::GetAtt": ["Failed", "Arn"]}}, "maxReceiveCount": 5}}{rest}}}"#
        );
        Build::new()
            .json("Failed", "AWS::SQS::Queue", failed)
            .json("Orders", "AWS::SQS::Queue", &orders)
            .findings::<ShortDeadLetterRetention>()
    }

    #[test]
    fn shorter() {
        assert_eq!(
            findings("{}", r#", "MessageRetentionPeriod": 1209600"#),
            ["Failed: the dead-letter queue keeps messages for 4 d, its source `Orders` for 14 d"]
        );
        assert_eq!(findings(r#"{"MessageRetentionPeriod": "60"}"#, "").len(), 1);
    }

    #[test]
    fn as_long_or_longer() {
        assert!(findings("{}", "").is_empty());
        assert!(
            findings(r#"{"MessageRetentionPeriod": 1209600}"#, r#", "MessageRetentionPeriod": 60"#)
                .is_empty()
        );
    }
}
