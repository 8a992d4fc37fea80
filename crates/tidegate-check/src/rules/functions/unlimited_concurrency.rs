//! A function that strangers can start as often as the account can bear.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Exposure, Fix, Node, NodeKind, Resource};

declare_rule! {
    /// ## What it finds
    /// A function without a concurrency limit of its own (`ReservedConcurrentExecutions`) that a request from outside can
    /// start: through an API, a URL or a login, or further on through the topics, buses, queues and functions that such a
    /// request reaches. At most one finding per function.
    ///
    /// Functions that only schedules, buckets or other internals start are left alone. So is what lies behind a stream or a
    /// table (its shards are the limit) and behind a queue whose mapping sets `MaximumConcurrency`.
    ///
    /// ## Why it matters
    /// A flood of requests starts as many copies as the account allows (1,000 by default): the bill grows with it, and
    /// every other function in the region is starved.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Url:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: !GetAtt Orders.Arn
    ///       AuthType: NONE
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       ReservedConcurrentExecutions: 20
    ///   Url:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: !GetAtt Orders.Arn
    ///       AuthType: NONE
    /// ```
    ///
    /// ## Limits
    /// Throttling of the API before it isn't counted: see `unthrottled-stage`. Entries that aren't in the code aren't seen.
    UnlimitedConcurrency {
        id: "unlimited-concurrency",
        title: "function without concurrency limit behind an entry",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-001", "CKV_AWS_115", "guard:LAMBDA_CONCURRENCY_CHECK"],
        threats: ["T40", "T43"],
        profiles: [Baseline, DenialOfWallet],
        why: "a flood of requests runs up the bill and starves every other function",
    }
}

impl Rule for UnlimitedConcurrency {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let limit = cx.get(function, &["ReservedConcurrentExecutions"]);
        match limit.map(|limit| (limit, limit.as_i64())) {
            // Terraform writes -1 for "no limit".
            None | Some((_, Some(..0))) => {}
            Some((_, Some(_))) => return,
            Some((limit, None)) => return cx.unknown(function, limit, "`ReservedConcurrentExecutions`"),
        }
        let Some(way) = cx.way_from_entry(function) else { return };
        let Some(entry) = way.first() else { return };
        if held_by_mapping(function, &way, cx) {
            return;
        }
        // The entry as a whole is open; whether its way to this function is, other rules say.
        let caller = if entry.exposure == Exposure::Anonymous { "strangers" } else { "whoever can log in" };
        let through = if entry.id == function.id { "it".into() } else { format!("`{}`", entry.name) };
        let name = &function.logical_id;
        let message = format!("any number of copies of `{name}` may run: {caller} can reach {through}");
        cx.finding(function, message)
            .at(&["ReservedConcurrentExecutions"])
            .path(way.iter().map(|node| node.id.clone()))
            .help("set `ReservedConcurrentExecutions` to what the function and all behind it can bear")
            .fix(Fix::risky("at most 100 copies").set(&function.id, &["ReservedConcurrentExecutions"], 100))
            .report();
    }
}

/// True when the last step is a queue whose mapping bounds how many copies run.
fn held_by_mapping(function: &Resource, way: &[&Node], cx: &Context<'_>) -> bool {
    let last = way.iter().rev().nth(1);
    last.is_some_and(|node| node.kind == NodeKind::Queue)
        && cx
            .referrers(function, "AWS::Lambda::EventSourceMapping", "FunctionName")
            .iter()
            .any(|mapping| cx.get(mapping, &["ScalingConfig", "MaximumConcurrency"]).is_some())
}

#[cfg(test)]
mod tests {
    use super::UnlimitedConcurrency;
    use crate::testing::{Build, text};
    use tidegate_graph::EdgeKind::{Publishes, Triggers};
    use tidegate_graph::{Exposure, NodeKind};

    fn behind_api(properties: &str) -> Vec<String> {
        Build::new()
            .add("Api", "AWS::ApiGatewayV2::Api", &[])
            .json("Worker", "AWS::Lambda::Function", properties)
            .edge("Api", Triggers, "Worker")
            .exposed("Api", NodeKind::Api, Exposure::Anonymous)
            .findings::<UnlimitedConcurrency>()
    }

    #[test]
    fn behind_an_open_api() {
        let expected = ["Worker: any number of copies of `Worker` may run: strangers can reach `Api`"];
        assert_eq!(behind_api("{}"), expected);
        assert_eq!(behind_api(r#"{"ReservedConcurrentExecutions": -1}"#), expected);
        assert!(behind_api(r#"{"ReservedConcurrentExecutions": "5"}"#).is_empty());
        assert!(behind_api(r#"{"ReservedConcurrentExecutions": 0}"#).is_empty());
    }

    #[test]
    fn behind_a_topic_and_a_queue_unless_the_mapping_bounds_it() {
        let mapping = |scaling: &str| {
            let properties = format!(r#"{{"FunctionName": {{"Ref": "Worker"}}{scaling}}}"#);
            Build::new()
                .add("Worker", "AWS::Lambda::Function", &[])
                .json("Mapping", "AWS::Lambda::EventSourceMapping", &properties)
                .edge("Api", Publishes, "Queue")
                .edge("Queue", Triggers, "Worker")
                .exposed("Api", NodeKind::Api, Exposure::Authenticated)
                .exposed("Queue", NodeKind::Queue, Exposure::Internal)
                .findings::<UnlimitedConcurrency>()
        };
        assert_eq!(
            mapping(""),
            ["Worker: any number of copies of `Worker` may run: whoever can log in can reach `Api`"]
        );
        assert!(mapping(r#", "ScalingConfig": {"MaximumConcurrency": 5}"#).is_empty());
    }

    #[test]
    fn a_schedule_or_a_stream_is_no_entry() {
        let build = Build::new().add("Worker", "AWS::Lambda::Function", &[("MemorySize", text("128"))]);
        let build = build.edge("Nightly", Triggers, "Worker");
        assert!(build.findings::<UnlimitedConcurrency>().is_empty());
        let build = Build::new()
            .add("Worker", "AWS::Lambda::Function", &[])
            .edge("Api", Publishes, "Stream")
            .edge("Stream", Triggers, "Worker")
            .exposed("Api", NodeKind::Api, Exposure::Anonymous)
            .exposed("Stream", NodeKind::Stream, Exposure::Internal);
        assert!(build.findings::<UnlimitedConcurrency>().is_empty());
    }
}
