//! A consumed queue whose poison messages come back until they expire.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, Resource};

declare_rule! {
    /// ## What it finds
    /// A queue that starts a function or the like and has no `RedrivePolicy`. Queues that nothing here
    /// consumes, and queues that are dead-letter queues themselves, are left alone.
    ///
    /// ## Why it matters
    /// A message that makes its consumer fail comes back until it expires, for four days by default. It costs
    /// each time, takes the place of others, and is lost in the end.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: !Ref Worker
    ///       EventSourceArn: !GetAtt Orders.Arn
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       RedrivePolicy:
    ///         deadLetterTargetArn: !GetAtt Failed.Arn
    ///         maxReceiveCount: 5
    ///   Failed:
    ///     Type: AWS::SQS::Queue
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: !Ref Worker
    ///       EventSourceArn: !GetAtt Orders.Arn
    /// ```
    ///
    /// ## Limits
    /// Consumers that are not in the code are not seen.
    QueueWithoutDeadLetters {
        id: "queue-without-dead-letters",
        title: "consumed queue without dead-letter queue",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SQS-006", "cfn-lint-serverless:ES6000", "cdk-nag:AwsSolutions-SQS3", "cdk-nag:Serverless-SQSRedrivePolicy"],
        threats: ["T44"],
        profiles: [Baseline],
        why: "a message that fails comes back until it is lost",
    }
}

impl Rule for QueueWithoutDeadLetters {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        let consumers = cx.outgoing(queue, EdgeKind::Triggers);
        let Some((edge, consumer)) = consumers.first() else { return };
        if cx.get(queue, &["RedrivePolicy"]).is_some() || cx.takes_failed(queue) {
            return;
        }
        cx.finding(queue, format!("messages on which `{}` fails come back until they expire", consumer.name))
            .at(&["RedrivePolicy"])
            .related(edge.span, "consumes the queue")
            .path([queue.id.clone(), consumer.id.clone()])
            .help("set `RedrivePolicy` with a dead-letter queue and a `maxReceiveCount` of 5 or so")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::QueueWithoutDeadLetters;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::Triggers;

    fn consumed(queue: &str) -> Build {
        Build::new()
            .json("Orders", "AWS::SQS::Queue", queue)
            .add("Worker", "AWS::Lambda::Function", &[])
            .edge("Orders", Triggers, "Worker")
    }

    #[test]
    fn consumed_or_not() {
        assert_eq!(
            consumed("{}").findings::<QueueWithoutDeadLetters>(),
            ["Orders: messages on which `Worker` fails come back until they expire"]
        );
        assert!(
            consumed(r#"{"RedrivePolicy": {"maxReceiveCount": 5}}"#)
                .findings::<QueueWithoutDeadLetters>()
                .is_empty()
        );
        assert!(
            Build::new()
                .add("Orders", "AWS::SQS::Queue", &[])
                .findings::<QueueWithoutDeadLetters>()
                .is_empty()
        );
    }

    #[test]
    fn a_dead_letter_queue_needs_none() {
        let other = r#"{"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Orders", "Arn"]}, "maxReceiveCount": 5}}"#;
        assert!(
            consumed("{}")
                .json("Other", "AWS::SQS::Queue", other)
                .findings::<QueueWithoutDeadLetters>()
                .is_empty()
        );
    }
}
