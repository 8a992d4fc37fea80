//! A queue that may start as many copies of its consumer as the account can bear.

use crate::Context;
use crate::mapping::{self, Source};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// An event source mapping on a queue without `ScalingConfig.MaximumConcurrency` (or provisioned pollers with a maximum),
    /// whose function has no `ReservedConcurrentExecutions` either.
    ///
    /// ## Why it matters
    /// A queue is filled faster than it is emptied. Lambda scales its consumer up to a thousand copies and more, which
    /// starves other functions and floods the database behind.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: !Ref Worker
    ///       EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: !Ref Worker
    ///       EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders
    ///       ScalingConfig:
    ///         MaximumConcurrency: 10
    /// ```
    ///
    /// ## Limits
    /// A FIFO queue with few message groups bounds its consumer too; what groups there are isn't in the code.
    UnboundedQueueConsumer {
        id: "unbounded-queue-consumer",
        title: "queue consumer without concurrency limit",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-007"],
        threats: ["T40", "T42"],
        profiles: [Baseline, DenialOfWallet],
        why: "a full queue starts as many copies as the account can bear",
    }
}

impl Rule for UnboundedQueueConsumer {
    const ON: &'static [&'static str] = &["AWS::Lambda::EventSourceMapping"];

    fn check(mapping: &Resource, cx: &Context<'_>) {
        let Source::Queue(queue) = mapping::source(cx, mapping) else { return };
        if cx.get(mapping, &["ScalingConfig", "MaximumConcurrency"]).is_some()
            || cx.get(mapping, &["ProvisionedPollerConfig", "MaximumPollers"]).is_some()
        {
            return;
        }
        if let Some(config) = cx.get(mapping, &["ScalingConfig"]).filter(|v| v.is_unknown()) {
            return cx.unknown(mapping, config, "`ScalingConfig`");
        }
        let Some(function) = mapping::function(cx, mapping) else {
            if let Some(name) = cx.get(mapping, &["FunctionName"]) {
                cx.unknown(mapping, name, "the concurrency limit of the function");
            }
            return;
        };
        let limit = cx.get(function, &["ReservedConcurrentExecutions"]);
        match limit.map(|limit| (limit, limit.as_i64())) {
            None | Some((_, Some(..0))) => {}
            Some((_, Some(_))) => return,
            Some((limit, None)) => return cx.unknown(mapping, limit, "`ReservedConcurrentExecutions`"),
        }
        let queue_name = queue.map_or_else(|| "the queue".into(), |q| format!("`{}`", q.logical_id));
        let name = &function.logical_id;
        cx.finding(mapping, format!("{queue_name} may start any number of copies of `{name}`"))
            .at(&["ScalingConfig", "MaximumConcurrency"])
            .related(Some(function.span), "has no limit of its own")
            .path(queue.map(|q| q.id.clone()).into_iter().chain([function.id.clone()]))
            .help("set `ScalingConfig.MaximumConcurrency` on the mapping")
            .fix(Fix::risky("at most 10 copies for the queue").set(
                &mapping.id,
                &["ScalingConfig", "MaximumConcurrency"],
                10,
            ))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnboundedQueueConsumer;
    use crate::testing::Build;

    fn run(function: &str, mapping: &str) -> (Vec<String>, usize) {
        let properties = format!(
            r#"{{"FunctionName": {{"Ref": "Worker"}}, "EventSourceArn": {{"Fn::GetAtt": ["Orders", "Arn"]}}{mapping}}}"#
        );
        let build = Build::new()
            .add("Orders", "AWS::SQS::Queue", &[])
            .json("Worker", "AWS::Lambda::Function", function)
            .json("Mapping", "AWS::Lambda::EventSourceMapping", &properties);
        (build.findings::<UnboundedQueueConsumer>(), build.run::<UnboundedQueueConsumer>().unknown.len())
    }

    #[test]
    fn nothing_bounds_it() {
        let expected = vec!["Mapping: `Orders` may start any number of copies of `Worker`".to_string()];
        assert_eq!(run("{}", ""), (expected.clone(), 0));
        assert_eq!(run(r#"{"ReservedConcurrentExecutions": -1}"#, ""), (expected, 0));
    }

    #[test]
    fn either_limit_does() {
        assert_eq!(run(r#"{"ReservedConcurrentExecutions": 5}"#, ""), (vec![], 0));
        assert_eq!(run("{}", r#", "ScalingConfig": {"MaximumConcurrency": 5}"#), (vec![], 0));
        assert_eq!(run("{}", r#", "ProvisionedPollerConfig": {"MaximumPollers": 5}"#), (vec![], 0));
    }

    #[test]
    fn a_function_that_was_not_read_is_unknown() {
        let mapping =
            r#"{"FunctionName": "elsewhere", "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders"}"#;
        let outcome = Build::new()
            .json("Mapping", "AWS::Lambda::EventSourceMapping", mapping)
            .run::<UnboundedQueueConsumer>();
        assert!(outcome.findings.is_empty());
        assert_eq!(outcome.unknown.len(), 1);
    }
}
