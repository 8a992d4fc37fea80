//! A dead-letter queue that nobody watches.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, Resource};

declare_rule! {
    /// ## What it finds
    /// A queue that takes what failed elsewhere (of a queue, a function, a rule target, a subscription), that no alarm
    /// names and nothing in the code reads.
    ///
    /// ## Why it matters
    /// A dead-letter queue that nobody looks at is a slower way to lose messages: they are deleted after 14 days at most.
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
    /// resource "aws_sqs_queue" "failed" {
    ///   name = "failed"
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
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}
    ///   Alarm:
    ///     Type: AWS::CloudWatch::Alarm
    ///     Properties:
    ///       Namespace: AWS/SQS
    ///       MetricName: ApproximateNumberOfMessagesVisible
    ///       Dimensions: [{Name: QueueName, Value: !GetAtt Failed.QueueName}]
    ///       ComparisonOperator: GreaterThanThreshold
    ///       Threshold: 0
    ///       EvaluationPeriods: 1
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_sqs_queue" "failed" {
    ///   name = "failed"
    /// }
    ///
    /// resource "aws_sqs_queue" "orders" {
    ///   redrive_policy = jsonencode({
    ///     deadLetterTargetArn = aws_sqs_queue.failed.arn
    ///     maxReceiveCount     = 5
    ///   })
    /// }
    ///
    /// resource "aws_cloudwatch_metric_alarm" "failed" {
    ///   alarm_name          = "failed"
    ///   namespace           = "AWS/SQS"
    ///   metric_name         = "ApproximateNumberOfMessagesVisible"
    ///   dimensions          = { QueueName = aws_sqs_queue.failed.name }
    ///   comparison_operator = "GreaterThanThreshold"
    ///   evaluation_periods  = 1
    ///   threshold           = 0
    /// }
    /// ```
    ///
    /// ## Limits
    /// Alarms that are made elsewhere, by another stack or a monitoring product, aren't seen: so it is low, and off by
    /// default. Which metric the alarm is on isn't weighed.
    UnwatchedDeadLetters {
        id: "unwatched-dead-letters",
        title: "dead-letter queue that nobody watches",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-SQS-009"],
        threats: ["T44"],
        profiles: [],
        why: "failed messages expire without anybody noticing",
    }
}

impl Rule for UnwatchedDeadLetters {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        if !cx.takes_failed(queue) || cx.named_by(queue, "AWS::CloudWatch::Alarm") {
            return;
        }
        // What reads the queue sees to it.
        let read = !cx.outgoing(queue, EdgeKind::Triggers).is_empty()
            || !cx.incoming(queue, EdgeKind::Reads).is_empty();
        if read {
            return;
        }
        cx.finding(queue, "nobody is told when messages fail and end here")
            .at(&[])
            .help("set an alarm on `ApproximateNumberOfMessagesVisible` of this queue")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnwatchedDeadLetters;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::Triggers;

    fn failed() -> Build {
        let orders = r#"{"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Failed", "Arn"]}}}"#;
        Build::new().json("Failed", "AWS::SQS::Queue", r#"{"QueueName": "failed"}"#).json(
            "Orders",
            "AWS::SQS::Queue",
            orders,
        )
    }

    #[test]
    fn nobody_looks() {
        assert_eq!(
            failed().findings::<UnwatchedDeadLetters>(),
            ["Failed: nobody is told when messages fail and end here"]
        );
    }

    #[test]
    fn an_alarm_or_a_reader() {
        let alarm = r#"{"Dimensions": [{"Name": "QueueName", "Value": "failed"}]}"#;
        let watched = failed().json("Alarm", "AWS::CloudWatch::Alarm", alarm);
        assert!(watched.findings::<UnwatchedDeadLetters>().is_empty());
        let read = failed().add("Again", "AWS::Lambda::Function", &[]).edge("Failed", Triggers, "Again");
        assert!(read.findings::<UnwatchedDeadLetters>().is_empty());
    }
}
