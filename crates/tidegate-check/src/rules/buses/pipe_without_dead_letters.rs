//! A pipe from a stream that drops what it cannot deliver.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A pipe that reads a Kinesis or DynamoDB stream without `DeadLetterConfig`.
    ///
    /// ## Why it matters
    /// A record that the target refuses is tried again until it is too old, a day by default, while everything behind it
    /// in the shard waits. Then it is dropped.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Forward:
    ///     Type: AWS::Pipes::Pipe
    ///     Properties:
    ///       RoleArn: arn:aws:iam::123456789012:role/forward
    ///       Source: arn:aws:kinesis:eu-west-1:123456789012:stream/orders
    ///       Target: arn:aws:lambda:eu-west-1:123456789012:function:worker
    ///       SourceParameters:
    ///         KinesisStreamParameters:
    ///           StartingPosition: LATEST
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_pipes_pipe" "forward" {
    ///   name     = "forward"
    ///   role_arn = "arn:aws:iam::123456789012:role/forward"
    ///   source   = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
    ///   target   = "arn:aws:lambda:eu-west-1:123456789012:function:worker"
    ///   source_parameters {
    ///     kinesis_stream_parameters {
    ///       starting_position = "LATEST"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Forward:
    ///     Type: AWS::Pipes::Pipe
    ///     Properties:
    ///       RoleArn: arn:aws:iam::123456789012:role/forward
    ///       Source: arn:aws:kinesis:eu-west-1:123456789012:stream/orders
    ///       Target: arn:aws:lambda:eu-west-1:123456789012:function:worker
    ///       SourceParameters:
    ///         KinesisStreamParameters:
    ///           StartingPosition: LATEST
    ///           DeadLetterConfig: {Arn: "arn:aws:sqs:eu-west-1:123456789012:failed"}
    ///           MaximumRetryAttempts: 5
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_pipes_pipe" "forward" {
    ///   name     = "forward"
    ///   role_arn = "arn:aws:iam::123456789012:role/forward"
    ///   source   = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
    ///   target   = "arn:aws:lambda:eu-west-1:123456789012:function:worker"
    ///   source_parameters {
    ///     kinesis_stream_parameters {
    ///       starting_position = "LATEST"
    ///       dead_letter_config {
    ///         arn = "arn:aws:sqs:eu-west-1:123456789012:failed"
    ///       }
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// A pipe from a queue leaves what failed in the queue, whose own dead-letter queue counts
    /// (`queue-without-dead-letters`); Kafka and MQ have none. Schedules are `target-without-dead-letters`; what the role
    /// may do is weighed by the rules on identities.
    PipeWithoutDeadLetters {
        id: "pipe-without-dead-letters",
        title: "pipe from a stream without dead-letter queue",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-EVB-009"],
        threats: ["T44"],
        profiles: [Baseline],
        why: "records that cannot be delivered block the shard, and are dropped at last",
    }
}

impl Rule for PipeWithoutDeadLetters {
    const ON: &'static [&'static str] = &["AWS::Pipes::Pipe"];

    fn check(pipe: &Resource, cx: &Context<'_>) {
        if let Some(parameters) = cx.get(pipe, &["SourceParameters"]).filter(|v| v.is_unknown()) {
            return cx.unknown(pipe, parameters, "`SourceParameters`");
        }
        for kind in ["KinesisStreamParameters", "DynamoDBStreamParameters"] {
            let Some(stream) = cx.get(pipe, &["SourceParameters", kind]) else { continue };
            if stream.as_map().is_none() {
                return cx.unknown(pipe, stream, &format!("`{kind}`"));
            }
            if cx.child(stream, "DeadLetterConfig").is_some() {
                continue;
            }
            let message = match cx
                .child(stream, "MaximumRetryAttempts")
                .and_then(tidegate_graph::Value::as_i64)
            {
                Some(0..) => "records that can't be delivered are dropped",
                _ => {
                    "records that can't be delivered block the shard until they are too old, and are dropped"
                }
            };
            cx.finding(pipe, message)
                .at(&["SourceParameters", kind])
                .help("set `DeadLetterConfig` and `MaximumRetryAttempts` for the source")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PipeWithoutDeadLetters;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::Pipes::Pipe", properties).findings::<PipeWithoutDeadLetters>().len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(r#"{"SourceParameters": {"KinesisStreamParameters": {"StartingPosition": "LATEST"}}}"#),
            1
        );
        assert_eq!(
            findings(r#"{"SourceParameters": {"DynamoDBStreamParameters": {"MaximumRetryAttempts": 2}}}"#),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"SourceParameters": {"SqsQueueParameters": {"BatchSize": 1}}}"#), 0);
        assert_eq!(
            findings(
                r#"{"SourceParameters": {"DynamoDBStreamParameters": {"DeadLetterConfig": {"Arn": "q"}}}}"#
            ),
            0
        );
    }
}
