//! A stream whose failed records vanish.

use crate::Context;
use crate::mapping::{self, Source};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An event source mapping on a Kinesis stream, a table's stream or a Kafka topic without
    /// `DestinationConfig.OnFailure`.
    ///
    /// ## Why it matters
    /// A record that can't be processed holds up its shard until it expires, and is then dropped without a trace. With a
    /// destination Lambda says which records were lost, so that they can be read again.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: worker
    ///       EventSourceArn: arn:aws:kinesis:eu-west-1:123456789012:stream/orders
    ///       StartingPosition: LATEST
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: worker
    ///       EventSourceArn: arn:aws:kinesis:eu-west-1:123456789012:stream/orders
    ///       StartingPosition: LATEST
    ///       DestinationConfig:
    ///         OnFailure:
    ///           Destination: arn:aws:sqs:eu-west-1:123456789012:failed
    /// ```
    ///
    /// ## Limits
    /// Queues keep their failed messages themselves and aren't looked at here. Whether anybody reads the destination isn't
    /// known.
    StreamWithoutFailureDestination {
        id: "stream-without-failure-destination",
        title: "stream consumer without failure destination",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-004", "cfn-lint-serverless:ES1001", "cdk-nag:Serverless-LambdaEventSourceMappingDestination"],
        threats: ["T44"],
        profiles: [],
        why: "a record that fails is dropped and nobody learns of it",
    }
}

impl Rule for StreamWithoutFailureDestination {
    const ON: &'static [&'static str] = &["AWS::Lambda::EventSourceMapping"];

    fn check(mapping: &Resource, cx: &Context<'_>) {
        if cx.get(mapping, &["DestinationConfig", "OnFailure", "Destination"]).is_some() {
            return;
        }
        match mapping::source(cx, mapping) {
            Source::Stream => {}
            Source::Queue(_) | Source::Other => return,
            Source::Unknown => {
                if let Some(arn) = cx.get(mapping, &["EventSourceArn"]) {
                    cx.unknown(mapping, arn, "the event source");
                }
                return;
            }
        }
        let config = cx.get(mapping, &["DestinationConfig"]);
        let failure = cx.get(mapping, &["DestinationConfig", "OnFailure"]);
        if let Some(unknown) = [failure, config].into_iter().flatten().find(|v| v.is_unknown()) {
            return cx.unknown(mapping, unknown, "`DestinationConfig`");
        }
        cx.finding(mapping, "records that fail are dropped")
            .at(&["DestinationConfig", "OnFailure"])
            .help("set `DestinationConfig.OnFailure.Destination` to a queue or topic, with `MaximumRetryAttempts` and `MaximumRecordAgeInSeconds`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::StreamWithoutFailureDestination;
    use crate::testing::{Build, text};
    use tidegate_graph::{Span, Value, Why};

    fn findings(properties: &str) -> Vec<String> {
        Build::new()
            .add("Table", "AWS::DynamoDB::Table", &[])
            .add("Queue", "AWS::SQS::Queue", &[])
            .json("Mapping", "AWS::Lambda::EventSourceMapping", properties)
            .findings::<StreamWithoutFailureDestination>()
    }

    #[test]
    fn streams_of_every_kind() {
        let expected = ["Mapping: records that fail are dropped"];
        assert_eq!(findings(r#"{"EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]}}"#), expected);
        assert_eq!(
            findings(r#"{"EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"}"#),
            expected
        );
        assert_eq!(findings(r#"{"SelfManagedEventSource": {"Endpoints": {}}}"#), expected);
    }

    #[test]
    fn a_destination_or_a_queue() {
        let arn = r#""EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]}"#;
        let destination = r#""DestinationConfig": {"OnFailure": {"Destination": {"Ref": "Queue"}}}"#;
        assert!(findings(&format!("{{{arn}, {destination}}}")).is_empty());
        assert!(findings(r#"{"EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}}"#).is_empty());
        assert!(findings(r#"{"EventSourceArn": "arn:aws:mq:eu-west-1:123456789012:broker:b:1"}"#).is_empty());
    }

    #[test]
    fn an_unknown_source_is_a_stream_only_with_a_position() {
        let arn = || ("EventSourceArn", Value::unknown("Arn", Why::Parameter, Span::default()));
        let run = |properties: &[(&str, Value)]| {
            let build = Build::new().add("Mapping", "AWS::Lambda::EventSourceMapping", properties);
            let outcome = build.run::<StreamWithoutFailureDestination>();
            (outcome.findings.len(), outcome.unknown.len())
        };
        assert_eq!(run(&[arn()]), (0, 1));
        assert_eq!(run(&[arn(), ("StartingPosition", text("LATEST"))]), (1, 0));
    }
}
