//! A function that starts itself.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use std::collections::{HashMap, VecDeque};
use tidegate_graph::{Confidence, Edge, EdgeKind, Graph, NodeKind, Resource, Severity, Str, Value};

declare_rule! {
    /// ## What it finds
    /// A function that may write to what starts it: to the bucket, queue, topic, stream, table or bus whose events it gets,
    /// directly or through further topics, queues and rules, or by calling itself.
    ///
    /// High where nothing stops the loop: behind a table, a stream or a bus, and wherever `RecursiveLoop: Allow` is set.
    /// Medium where Lambda notices the loop and stops it after some 16 rounds: queues, topics, buckets, direct calls.
    ///
    /// A filter on the way is taken for the way out: an event pattern that names a source or a detail type, filter criteria
    /// of a mapping, a filter policy of a subscription. A bucket notification with a prefix or suffix is medium, and unsure:
    /// under which key the function writes isn't in the template.
    ///
    /// ## Why it matters
    /// Each event makes the next one. The loop runs until somebody notices the bill, and uses up the concurrency of the
    /// account on the way.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Images:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: our-images
    ///       NotificationConfiguration:
    ///         LambdaConfigurations:
    ///           - Event: s3:ObjectCreated:*
    ///             Function: !GetAtt Resize.Arn
    ///   Resize:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: images
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: s3:PutObject
    ///                 Resource: arn:aws:s3:::our-images/*
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Images:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: our-images
    ///       NotificationConfiguration:
    ///         LambdaConfigurations:
    ///           - Event: s3:ObjectCreated:*
    ///             Function: !GetAtt Resize.Arn
    ///   Thumbnails:
    ///     Type: AWS::S3::Bucket
    ///   Resize:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: images
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: s3:PutObject
    ///                 Resource: !Sub ${Thumbnails.Arn}/*
    /// ```
    ///
    /// ## Limits
    /// A permission says that the function may write there, not that it does. Loops through two functions aren't reported.
    RecursiveLoop {
        id: "recursive-loop",
        title: "function that may start itself",
        severity: High,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-FN-027"],
        threats: ["T41"],
        profiles: [Baseline, DenialOfWallet],
        why: "each event makes the next one, until somebody notices the bill",
    }
}

impl Rule for RecursiveLoop {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let Some(start) = cx.graph.index(&function.id) else { return };
        // The worst stands for the function, the shortest of the equally bad ones.
        let loops = loops(start, function, cx).into_iter().map(|way| (weight(function, &way, cx), way));
        let Some(((severity, confidence), way)) = loops.rev().max_by_key(|(weight, _)| *weight) else {
            return;
        };
        let nodes: Vec<_> = way.iter().filter_map(|edge| cx.graph.node(edge.from)).collect();
        // What the function writes to, and the rest of the way back.
        let names: Vec<String> = nodes.iter().skip(1).map(|node| format!("`{}`", node.name)).collect();
        let name = &function.logical_id;
        let message = match names.as_slice() {
            [] => format!("`{name}` may call itself"),
            names => format!("`{name}` may write to what starts it: {}", names.join(", then ")),
        };
        let mut path: Vec<Str> = nodes.iter().map(|node| node.id.clone()).collect();
        path.push(function.id.clone());
        let mut report =
            cx.finding(function, message).at(&["RecursiveLoop"]).severity(severity).confidence(confidence);
        for (label, edge) in [("lets it write there", way.first()), ("starts it", way.last())] {
            report = report.related(edge.and_then(|edge| edge.span), label);
        }
        report
            .path(path)
            .help("write somewhere else than where events come from, or narrow the permission; keep `RecursiveLoop: Terminate`")
            .report();
    }
}

/// Ways from a function back to itself without another function between, as edges, the shortest first.
fn loops<'a>(start: usize, function: &Resource, cx: &Context<'a>) -> Vec<Vec<&'a Edge>> {
    // A bus with thousands of rules must not cost each of its producers a walk through all of them.
    const MOST_STEPS: usize = 4_096;
    const MOST_LOOPS: usize = 16;
    let graph: &'a Graph = cx.graph;
    let mut found = Vec::new();
    let mut before: HashMap<usize, &'a Edge> = HashMap::new();
    let mut todo = VecDeque::from([start]);
    let mut steps = 0;
    while let Some(at) = todo.pop_front() {
        for edge in graph.outgoing(at) {
            steps += 1;
            if steps > MOST_STEPS || found.len() == MOST_LOOPS {
                return found;
            }
            if !moves_events(edge) || !goes_on(edge, function, cx) {
                continue;
            }
            if edge.to == start {
                found.extend(way_back(start, edge, &before));
                continue;
            }
            let carries = graph.node(edge.to).is_some_and(|node| {
                matches!(
                    node.kind,
                    NodeKind::Bus
                        | NodeKind::Rule
                        | NodeKind::Queue
                        | NodeKind::Topic
                        | NodeKind::Stream
                        | NodeKind::Store
                )
            });
            if carries && !before.contains_key(&edge.to) {
                before.insert(edge.to, edge);
                todo.push_back(edge.to);
            }
        }
    }
    found
}

/// The edges of the loop that `last` closes.
fn way_back<'a>(start: usize, last: &'a Edge, before: &HashMap<usize, &'a Edge>) -> Option<Vec<&'a Edge>> {
    let mut way = vec![last];
    let mut from = last.from;
    while from != start {
        let edge = before.get(&from)?;
        way.push(edge);
        from = edge.from;
    }
    way.reverse();
    Some(way)
}

/// True for edges along which an event makes another one. What failed and is put aside is no new event.
fn moves_events(edge: &Edge) -> bool {
    let aside =
        ["dead-letter", "failure destination", "redrive"].iter().any(|word| edge.evidence.contains(word));
    matches!(edge.kind, EdgeKind::Triggers | EdgeKind::Publishes | EdgeKind::Writes | EdgeKind::Invokes)
        && !aside
}

/// False where a filter stands in the way, and where an end of the edge isn't there in this world.
fn goes_on(edge: &Edge, function: &Resource, cx: &Context<'_>) -> bool {
    let resource = |n: usize| cx.graph.node(n).and_then(|node| cx.system.resource(&node.id));
    let (from, to) = (resource(edge.from), resource(edge.to));
    if [from, to].into_iter().flatten().any(|r| !cx.exists(r)) {
        return false;
    }
    let Some(to) = to else { return true };
    match to.ty.as_str() {
        // A custom pattern or one on AWS's own events: what the function sends either doesn't match, or is meant to.
        "AWS::Events::Rule" => cx.get(to, &["EventPattern"]).is_some_and(|pattern| {
            pattern
                .as_map()
                .is_some_and(|map| !map.contains_key("source") && !map.contains_key("detail-type"))
        }),
        "AWS::Lambda::Function" if to.id == function.id => {
            !from.is_some_and(|from| is_filtered(from, function, cx))
        }
        "AWS::SQS::Queue" => !from.is_some_and(|from| is_filtered(from, to, cx)),
        _ => true,
    }
}

/// True if every mapping or subscription from `from` to `to` has a filter.
fn is_filtered(from: &Resource, to: &Resource, cx: &Context<'_>) -> bool {
    let filters = |ty: &str, target: &str, source: &str, filter: &str| -> Vec<bool> {
        cx.referrers(to, ty, target)
            .into_iter()
            .filter(|r| {
                cx.get(r, &[source]).is_some_and(|v| v.references().iter().any(|(r, _)| r.target == from.id))
            })
            .map(|r| cx.get(r, &[filter]).is_some())
            .collect()
    };
    let mut found =
        filters("AWS::Lambda::EventSourceMapping", "FunctionName", "EventSourceArn", "FilterCriteria");
    found.extend(filters("AWS::SNS::Subscription", "Endpoint", "TopicArn", "FilterPolicy"));
    !found.is_empty() && found.iter().all(|filtered| *filtered)
}

/// How bad a loop is, and how sure that it is one.
fn weight(function: &Resource, way: &[&Edge], cx: &Context<'_>) -> (Severity, Confidence) {
    let allowed = cx.get(function, &["RecursiveLoop"]).and_then(Value::as_str) == Some("Allow");
    let kind = |n: usize| cx.graph.node(n).map_or(NodeKind::External, |node| node.kind);
    let source = way.last().and_then(|edge| cx.graph.node(edge.from)).and_then(|n| cx.system.resource(&n.id));
    if source.is_some_and(|bucket| bucket.ty == "AWS::S3::Bucket" && all_filtered(bucket, function, cx)) {
        return (Severity::Medium, Confidence::Low);
    }
    // Lambda sees loops through SQS, SNS, S3 and direct calls, and stops them unless told otherwise.
    let stopped = way.iter().skip(1).all(|edge| match kind(edge.from) {
        NodeKind::Queue | NodeKind::Topic => true,
        NodeKind::Store => cx.graph.node(edge.from).is_some_and(|node| node.ty == "AWS::S3::Bucket"),
        _ => false,
    });
    (if stopped && !allowed { Severity::Medium } else { Severity::High }, Confidence::Medium)
}

/// True if a bucket tells this function only of keys with a prefix or suffix.
fn all_filtered(bucket: &Resource, function: &Resource, cx: &Context<'_>) -> bool {
    let configurations = cx.items(bucket, &["NotificationConfiguration", "LambdaConfigurations"]);
    let mut own = configurations
        .into_iter()
        .filter(|c| {
            cx.child(c, "Function")
                .and_then(|v| cx.target(bucket, v, "AWS::Lambda::Function"))
                .is_some_and(|f| f.id == function.id)
        })
        .peekable();
    own.peek().is_some() && own.all(|c| cx.child(c, "Filter").is_some())
}

#[cfg(test)]
mod tests {
    use super::RecursiveLoop;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::{Invokes, Publishes, Triggers, Writes};
    use tidegate_graph::{Exposure, NodeKind, Severity};

    fn through(ty: &str, kind: NodeKind, function: &str) -> Build {
        Build::new()
            .add("Carrier", ty, &[])
            .json("Worker", "AWS::Lambda::Function", function)
            .edge("Worker", Writes, "Carrier")
            .edge("Carrier", Triggers, "Worker")
            .exposed("Carrier", kind, Exposure::Internal)
            .exposed("Worker", NodeKind::Function, Exposure::Internal)
    }

    fn severities(build: &Build) -> Vec<Severity> {
        build.run::<RecursiveLoop>().findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn high_where_nothing_stops_it() {
        let queue = |function: &str| through("AWS::SQS::Queue", NodeKind::Queue, function);
        assert_eq!(
            queue("{}").findings::<RecursiveLoop>(),
            ["Worker: `Worker` may write to what starts it: `Carrier`"]
        );
        assert_eq!(severities(&queue("{}")), [Severity::Medium]);
        assert_eq!(severities(&queue(r#"{"RecursiveLoop": "Allow"}"#)), [Severity::High]);
        assert_eq!(severities(&through("AWS::DynamoDB::Table", NodeKind::Store, "{}")), [Severity::High]);
        assert_eq!(severities(&through("AWS::S3::Bucket", NodeKind::Store, "{}")), [Severity::Medium]);
    }

    #[test]
    fn itself_and_through_more_than_one() {
        let build =
            Build::new().add("Worker", "AWS::Lambda::Function", &[]).edge("Worker", Invokes, "Worker");
        assert_eq!(build.findings::<RecursiveLoop>(), ["Worker: `Worker` may call itself"]);
        let build = Build::new()
            .add("Worker", "AWS::Lambda::Function", &[])
            .edge("Worker", Publishes, "Topic")
            .edge("Topic", Publishes, "Queue")
            .edge("Queue", Triggers, "Worker")
            .exposed("Topic", NodeKind::Topic, Exposure::Internal)
            .exposed("Queue", NodeKind::Queue, Exposure::Internal);
        assert_eq!(
            build.findings::<RecursiveLoop>(),
            ["Worker: `Worker` may write to what starts it: `Topic`, then `Queue`"]
        );
    }

    #[test]
    fn the_worst_loop_is_told() {
        let build = through("AWS::SQS::Queue", NodeKind::Queue, "{}")
            .add("Table", "AWS::DynamoDB::Table", &[])
            .edge("Worker", Writes, "Table")
            .edge("Table", Triggers, "Worker")
            .exposed("Table", NodeKind::Store, Exposure::Internal);
        assert_eq!(
            build.findings::<RecursiveLoop>(),
            ["Worker: `Worker` may write to what starts it: `Table`"]
        );
    }

    #[test]
    fn another_function_or_no_way_back() {
        let build = Build::new()
            .add("One", "AWS::Lambda::Function", &[])
            .add("Two", "AWS::Lambda::Function", &[])
            .edge("One", Invokes, "Two")
            .edge("Two", Invokes, "One")
            .exposed("One", NodeKind::Function, Exposure::Internal)
            .exposed("Two", NodeKind::Function, Exposure::Internal);
        assert!(severities(&build).is_empty());
    }

    #[test]
    fn filters_are_ways_out() {
        let mapping = |filter: &str| {
            let properties = format!(
                r#"{{"FunctionName": {{"Ref": "Worker"}}, "EventSourceArn": {{"Fn::GetAtt": ["Carrier", "StreamArn"]}}{filter}}}"#
            );
            let build = through("AWS::DynamoDB::Table", NodeKind::Store, "{}");
            severities(&build.json("Mapping", "AWS::Lambda::EventSourceMapping", &properties)).len()
        };
        assert_eq!(mapping(""), 1);
        assert_eq!(mapping(r#", "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}"#), 0);
    }

    #[test]
    fn a_pattern_that_names_its_source_is_no_loop() {
        let rule = |pattern: &str| {
            let build = Build::new()
                .add("Worker", "AWS::Lambda::Function", &[])
                .json("Rule", "AWS::Events::Rule", &format!(r#"{{"EventPattern": {pattern}}}"#))
                .edge("Worker", Publishes, "Bus")
                .edge("Bus", Triggers, "Rule")
                .edge("Rule", Triggers, "Worker")
                .exposed("Bus", NodeKind::Bus, Exposure::Internal)
                .exposed("Rule", NodeKind::Rule, Exposure::Internal);
            severities(&build)
        };
        assert!(rule(r#"{"source": ["orders"], "detail-type": ["OrderPlaced"]}"#).is_empty());
        assert_eq!(rule(r#"{"account": ["123456789012"]}"#), [Severity::High]);
    }
}
