//! One bad record holds up a stream.

use crate::Context;
use crate::mapping::{self, Source};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// An event source mapping on a Kinesis stream or a table's stream that bounds neither `MaximumRetryAttempts` nor
    /// `MaximumRecordAgeInSeconds`.
    ///
    /// ## Why it matters
    /// A record that can never be processed is tried until it expires, a day or a year later. Until then nothing behind
    /// it in the shard runs, and every try is paid for.
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
    ///       MaximumRetryAttempts: 3
    /// ```
    ///
    /// ## Limits
    /// One of the two bounds is enough, because it ends the retries. Kafka is left alone.
    EndlessStreamRetry {
        id: "endless-stream-retry",
        title: "stream consumer with unbounded retries",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-005"],
        threats: ["T44"],
        profiles: [DenialOfWallet],
        why: "one bad record holds up its shard and runs up the bill",
    }
}

impl Rule for EndlessStreamRetry {
    const ON: &'static [&'static str] = &["AWS::Lambda::EventSourceMapping"];

    fn check(mapping: &Resource, cx: &Context<'_>) {
        let kafka = ["SelfManagedEventSource", "Topics"].iter().any(|key| cx.get(mapping, &[key]).is_some());
        if kafka || !matches!(mapping::source(cx, mapping), Source::Stream) {
            return;
        }
        let bounds: Vec<&Value> = ["MaximumRetryAttempts", "MaximumRecordAgeInSeconds"]
            .into_iter()
            .filter_map(|key| cx.get(mapping, &[key]))
            .collect();
        if bounds.iter().any(|bound| bound.as_i64().is_some_and(|n| n >= 0)) {
            return;
        }
        if let Some(unknown) = bounds.iter().find(|bound| bound.as_i64().is_none()) {
            return cx.unknown(mapping, unknown, "how often a record is tried");
        }
        cx.finding(mapping, "a record that fails is tried until it expires")
            .at(&["MaximumRetryAttempts"])
            .help("set `MaximumRetryAttempts` and `MaximumRecordAgeInSeconds`, and `BisectBatchOnFunctionError`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::EndlessStreamRetry;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("R", "AWS::Lambda::EventSourceMapping", properties)
            .findings::<EndlessStreamRetry>()
            .len()
    }

    #[test]
    fn bad() {
        for properties in [
            r##"{"EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/a"}"##,
            r##"{"EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/a", "MaximumRetryAttempts": -1}"##,
        ] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{"EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/a", "MaximumRetryAttempts": 0}"##,
            r##"{"EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:a"}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
