//! A function whose failed events vanish.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, Resource};

declare_rule! {
    /// ## What it finds
    /// A function that something starts asynchronously (a topic, a bus rule, a schedule, a bucket) and that has neither a
    /// dead-letter queue nor an on-failure destination.
    ///
    /// ## Why it matters
    /// Lambda tries an asynchronous event three times and then drops it. Nobody learns of it: a lost order for the
    /// business, a way to make evidence disappear for an attacker.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///     Properties:
    ///       Subscription:
    ///         - Protocol: lambda
    ///           Endpoint: !GetAtt Worker.Arn
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::Topic
    ///     Properties:
    ///       Subscription:
    ///         - Protocol: lambda
    ///           Endpoint: !GetAtt Worker.Arn
    ///   Failed:
    ///     Type: AWS::SQS::Queue
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       DeadLetterConfig:
    ///         TargetArn: !GetAtt Failed.Arn
    /// ```
    ///
    /// ## Limits
    /// Asynchronous calls from code that isn't read (`InvocationType: Event`) aren't seen. A function that only APIs, queues
    /// and streams start is left alone: there the source keeps the event.
    AsyncFunctionWithoutFailureDestination {
        id: "async-function-without-failure-destination",
        title: "asynchronous function without failure destination",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-FN-003",
            "CKV_AWS_116",
            "cfn-lint-serverless:ES1007",
            "cdk-nag:Serverless-LambdaDLQ",
            "cdk-nag:Serverless-LambdaAsyncFailureDestination",
        ],
        threats: ["T44"],
        profiles: [Baseline],
        why: "an event that fails three times is dropped and nobody learns of it",
    }
}

/// Types that hand an event to Lambda and forget it. Queues, streams and tables are polled and keep theirs.
const ASYNCHRONOUS: &[&str] = &[
    "AWS::CodeCommit::Repository",
    "AWS::Config::ConfigRule",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IoT::TopicRule",
    // A function whose destination this one is.
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::Bucket",
    "AWS::SES::ReceiptRule",
    "AWS::SNS::Topic",
    "AWS::Scheduler::Schedule",
];

impl Rule for AsyncFunctionWithoutFailureDestination {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let triggers = cx.incoming(function, EdgeKind::Triggers);
        let triggers: Vec<_> =
            triggers.into_iter().filter(|(_, n)| ASYNCHRONOUS.contains(&n.ty.as_str())).collect();
        let Some((edge, source)) = triggers.first() else { return };
        if cx.get(function, &["DeadLetterConfig", "TargetArn"]).is_some() || has_destination(function, cx) {
            return;
        }
        let message = match triggers.len() {
            1 => format!("events from `{}` that fail are dropped", source.name),
            n => format!("events from `{}` and {} more that fail are dropped", source.name, n - 1),
        };
        cx.finding(function, message)
            .at(&["DeadLetterConfig"])
            .related(edge.span, "starts the function asynchronously")
            .path([source.id.clone(), function.id.clone()])
            .help("set `DeadLetterConfig`, or an `AWS::Lambda::EventInvokeConfig` with an `OnFailure` destination")
            .report();
    }
}

fn has_destination(function: &Resource, cx: &Context<'_>) -> bool {
    let configs = cx.referrers(function, "AWS::Lambda::EventInvokeConfig", "FunctionName");
    configs.iter().any(|config| cx.get(config, &["DestinationConfig", "OnFailure", "Destination"]).is_some())
}

#[cfg(test)]
mod tests {
    use super::AsyncFunctionWithoutFailureDestination as Rule;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::Triggers;

    fn worker(source: &str, properties: &str) -> Build {
        Build::new()
            .add("Source", source, &[])
            .json("Worker", "AWS::Lambda::Function", properties)
            .edge("Source", Triggers, "Worker")
    }

    #[test]
    fn a_topic_starts_it() {
        assert_eq!(
            worker("AWS::SNS::Topic", "{}").findings::<Rule>(),
            ["Worker: events from `Source` that fail are dropped"]
        );
    }

    #[test]
    fn a_queue_keeps_its_events() {
        assert!(worker("AWS::SQS::Queue", "{}").findings::<Rule>().is_empty());
        assert!(Build::new().add("Worker", "AWS::Lambda::Function", &[]).findings::<Rule>().is_empty());
    }

    #[test]
    fn dead_letter_queue_or_destination() {
        let queue = r#"{"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:failed"}}"#;
        assert!(worker("AWS::SNS::Topic", queue).findings::<Rule>().is_empty());
        let config = r#"{"FunctionName": {"Ref": "Worker"}, "Qualifier": "$LATEST",
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:123456789012:failed"}}}"#;
        let with = worker("AWS::SNS::Topic", "{}").json("Config", "AWS::Lambda::EventInvokeConfig", config);
        assert!(with.findings::<Rule>().is_empty());
        let only_success = config.replace("OnFailure", "OnSuccess");
        let without =
            worker("AWS::SNS::Topic", "{}").json("Config", "AWS::Lambda::EventInvokeConfig", &only_success);
        assert_eq!(without.findings::<Rule>().len(), 1);
    }
}
