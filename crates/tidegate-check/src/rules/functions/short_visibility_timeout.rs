//! A queue that hands a message out again while it is still being worked on.

use crate::Context;
use crate::mapping;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A queue that starts a function and whose `VisibilityTimeout` (30 seconds by default) is less than six times the
    /// function's `Timeout` (3 seconds by default). Medium when it is less than the timeout itself, low above that.
    ///
    /// ## Why it matters
    /// When the time is over, the queue hands the message out again although the first try still runs, or was throttled and
    /// waits: an order is charged twice, or a good message ends in the dead-letter queue. AWS advises six times.
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
    ///       Timeout: 60
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
    ///       VisibilityTimeout: 360
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       Timeout: 60
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: !Ref Worker
    ///       EventSourceArn: !GetAtt Orders.Arn
    /// ```
    ///
    /// ## Limits
    /// How long the function really takes isn't known.
    ShortVisibilityTimeout {
        id: "short-visibility-timeout",
        title: "queue that hands messages out again too soon",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-008", "cdk-nag:LambdaEventSourceSQSVisibilityTimeout"],
        threats: ["T18", "T44"],
        profiles: [],
        why: "a message is worked on twice, or ends in the dead-letter queue although nothing is wrong with it",
    }
}

impl Rule for ShortVisibilityTimeout {
    const ON: &'static [&'static str] = &["AWS::SQS::Queue"];

    fn check(queue: &Resource, cx: &Context<'_>) {
        const ADVISED: i64 = 6;
        let mappings = cx.referrers(queue, "AWS::Lambda::EventSourceMapping", "EventSourceArn");
        let functions = mappings.into_iter().filter_map(|m| mapping::function(cx, m));
        let mut slowest: Option<(i64, &Resource)> = None;
        for function in functions {
            let seconds = match cx.get(function, &["Timeout"]) {
                None => 3,
                Some(timeout) => match timeout.as_i64() {
                    Some(seconds) => seconds,
                    None => return cx.unknown(queue, timeout, "the function's `Timeout`"),
                },
            };
            if slowest.is_none_or(|(most, _)| seconds > most) {
                slowest = Some((seconds, function));
            }
        }
        let Some((timeout, function)) = slowest else { return };
        let visibility = match cx.get(queue, &["VisibilityTimeout"]) {
            None => 30,
            Some(value) => match value.as_i64() {
                Some(seconds) => seconds,
                None => return cx.unknown(queue, value, "`VisibilityTimeout`"),
            },
        };
        if visibility >= timeout.saturating_mul(ADVISED) {
            return;
        }
        let severity = if visibility < timeout { Severity::Medium } else { Severity::Low };
        let message = format!(
            "messages are handed out again after {visibility} s, but `{}` may work on them for {timeout} s",
            function.logical_id
        );
        cx.finding(queue, message)
            .at(&["VisibilityTimeout"])
            .severity(severity)
            .related(Some(function.key_span("Timeout")), "the function's timeout")
            .path([queue.id.clone(), function.id.clone()])
            .help(format!("set `VisibilityTimeout` to {} or more", timeout.saturating_mul(ADVISED)))
            .fix(Fix::safe("wait six times as long as the function").set(
                &queue.id,
                &["VisibilityTimeout"],
                timeout.saturating_mul(ADVISED),
            ))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::ShortVisibilityTimeout;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn run(queue: &str, function: &str) -> Vec<(Severity, String)> {
        let mapping =
            r#"{"FunctionName": {"Ref": "Worker"}, "EventSourceArn": {"Fn::GetAtt": ["Orders", "Arn"]}}"#;
        let outcome = Build::new()
            .json("Orders", "AWS::SQS::Queue", queue)
            .json("Worker", "AWS::Lambda::Function", function)
            .json("Mapping", "AWS::Lambda::EventSourceMapping", mapping)
            .run::<ShortVisibilityTimeout>();
        outcome.findings.into_iter().map(|f| (f.severity, f.message)).collect()
    }

    #[test]
    fn shorter_than_the_function_or_than_advised() {
        assert_eq!(
            run("{}", r#"{"Timeout": 60}"#),
            [(
                Severity::Medium,
                "messages are handed out again after 30 s, but `Worker` may work on them for 60 s".into()
            )]
        );
        let low = run(r#"{"VisibilityTimeout": 60}"#, r#"{"Timeout": "30"}"#);
        assert_eq!(low.first().map(|f| f.0), Some(Severity::Low));
    }

    #[test]
    fn long_enough_by_default_and_by_hand() {
        assert!(run("{}", "{}").is_empty());
        assert!(run(r#"{"VisibilityTimeout": 180}"#, r#"{"Timeout": 30}"#).is_empty());
    }

    #[test]
    fn a_queue_without_function() {
        let build = Build::new().json("Orders", "AWS::SQS::Queue", r#"{"VisibilityTimeout": 0}"#);
        assert!(build.findings::<ShortVisibilityTimeout>().is_empty());
    }
}
