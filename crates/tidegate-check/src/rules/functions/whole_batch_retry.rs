//! One bad record brings the whole batch back.

use crate::Context;
use crate::mapping::{self, Source};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// An event source mapping on a queue or stream whose `FunctionResponseTypes` has no `ReportBatchItemFailures`.
    ///
    /// ## Why it matters
    /// When one record of a batch fails, all of them come back: one bad message makes good ones run again, and may
    /// drive them into the dead-letter queue.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: worker
    ///       EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: worker
    ///       EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders
    ///       FunctionResponseTypes: [ReportBatchItemFailures]
    /// ```
    ///
    /// ## Limits
    /// A batch of one has nothing to tell apart and is left alone; Kafka, MQ and DocumentDB too. Whether the code
    /// answers with the failed records is not seen.
    WholeBatchRetry {
        id: "whole-batch-retry",
        title: "consumer that retries whole batches",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-006"],
        threats: ["T44"],
        profiles: [],
        why: "one bad message makes good ones run again and again",
    }
}

impl Rule for WholeBatchRetry {
    const ON: &'static [&'static str] = &["AWS::Lambda::EventSourceMapping"];

    fn check(mapping: &Resource, cx: &Context<'_>) {
        let kafka = ["SelfManagedEventSource", "Topics"].iter().any(|key| cx.get(mapping, &[key]).is_some());
        let one = cx.get(mapping, &["BatchSize"]).and_then(Value::as_i64) == Some(1);
        if kafka || one || !matches!(mapping::source(cx, mapping), Source::Queue(_) | Source::Stream) {
            return;
        }
        let types = cx.items(mapping, &["FunctionResponseTypes"]);
        if types.iter().any(|t| t.as_str() == Some("ReportBatchItemFailures")) {
            return;
        }
        if let Some(unknown) = types.iter().find(|t| t.is_unknown()) {
            return cx.unknown(mapping, unknown, "`FunctionResponseTypes`");
        }
        cx.finding(mapping, "one failed record brings the whole batch back")
            .at(&["FunctionResponseTypes"])
            .help("set `FunctionResponseTypes: [ReportBatchItemFailures]` and answer with the failed records")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::WholeBatchRetry;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("R", "AWS::Lambda::EventSourceMapping", properties)
            .findings::<WholeBatchRetry>()
            .len()
    }

    #[test]
    fn bad() {
        for properties in [
            r##"{"EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:a"}"##,
            r##"{"EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/a"}"##,
        ] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{"EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:a", "BatchSize": 1}"##,
            r##"{"EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:a", "FunctionResponseTypes": ["ReportBatchItemFailures"]}"##,
            r##"{"EventSourceArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/a", "Topics": ["t"]}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
