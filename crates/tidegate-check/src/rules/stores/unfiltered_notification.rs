//! A bucket that starts something for each object, whoever wrote it.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use std::collections::{BTreeSet, VecDeque};
use tidegate_graph::{EdgeKind, Node, NodeKind, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A bucket notification about new objects without a prefix or suffix, on a bucket that functions of the system write to:
    /// medium where what it starts leads on to one of them, so that each object makes the next; low where another function
    /// writes there, so that its objects start the same as those they were meant for.
    ///
    /// A function that writes to the bucket by which it is started itself is the matter of `recursive-loop`.
    ///
    /// ## Why it matters
    /// Reports, thumbnails and leftovers start the function like uploads do. In a loop through several functions Lambda's own
    /// detection helps only as long as all of them pass its trace on.
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
    ///           - {Event: "s3:ObjectCreated:*", Function: !GetAtt Resize.Arn}
    ///   Resize:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/resize
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Report:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Reports.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Reports:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: reports
    ///           PolicyDocument:
    ///             Statement:
    ///               - {Effect: Allow, Action: "s3:PutObject", Resource: "arn:aws:s3:::our-images/*"}
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
    ///             Filter: {S3Key: {Rules: [{Name: prefix, Value: uploads/}]}}
    ///   Resize:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/resize
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Report:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Reports.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Reports:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: reports
    ///           PolicyDocument:
    ///             Statement:
    ///               - {Effect: Allow, Action: "s3:PutObject", Resource: "arn:aws:s3:::our-images/*"}
    /// ```
    ///
    /// ## Limits
    /// A permission says that a function may write there, not that it does. A function behind an API that takes uploads for
    /// the bucket is just such a writer, and reported as low. Rules of EventBridge on the bucket aren't looked at.
    UnfilteredNotification {
        id: "unfiltered-notification",
        title: "notification about every object, whoever wrote it",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-S3-008"],
        threats: ["T02", "T41"],
        profiles: [],
        why: "leftovers and results start the function like uploads do",
    }
}

const KINDS: &[(&str, &str)] = &[
    ("LambdaConfigurations", "Function"),
    ("QueueConfigurations", "Queue"),
    ("TopicConfigurations", "Topic"),
];

impl Rule for UnfilteredNotification {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        let writers: Vec<&Node> = cx
            .incoming(bucket, EdgeKind::Writes)
            .into_iter()
            .map(|(_, node)| node)
            .filter(|node| node.kind == NodeKind::Function)
            .collect();
        if writers.is_empty() {
            return;
        }
        for (kind, target) in KINDS {
            let all = cx.items(bucket, &["NotificationConfiguration", kind]);
            for (n, configuration) in all.into_iter().enumerate() {
                if !is_about_new_objects(configuration, cx) || is_filtered(configuration, cx) {
                    continue;
                }
                let Some(started) = cx.child(configuration, target) else { continue };
                let started = started.references().into_iter().map(|(r, _)| r.target.clone()).next();
                let Some(first) = started.as_ref().and_then(|id| cx.graph.index(id)) else { continue };
                report(bucket, (kind, n), first, &writers, cx);
            }
        }
    }
}

fn report(bucket: &Resource, (kind, n): (&str, usize), first: usize, writers: &[&Node], cx: &Context<'_>) {
    let reached = reached_from(first, cx);
    let consumers: Vec<&Node> = reached.iter().filter_map(|n| cx.graph.node(*n)).collect();
    let Some(started) = cx.graph.node(first) else { return };
    // What the event starts first writes by itself: another rule's matter.
    let direct = |node: &Node| node.id == started.id || consumers.first().is_some_and(|c| c.id == node.id);
    let others: Vec<&&Node> = writers.iter().filter(|writer| !direct(writer)).collect();
    let in_loop = others.iter().find(|writer| consumers.iter().any(|consumer| consumer.id == writer.id));
    let (severity, message) = match (in_loop, others.first()) {
        (Some(writer), _) => (
            Severity::Medium,
            format!(
                "each object starts `{}`, which leads on to `{}`, which may write the next",
                started.name, writer.name
            ),
        ),
        (None, Some(writer)) => (
            Severity::Low,
            format!("what `{}` writes to `{}` starts `{}` too", writer.name, bucket.logical_id, started.name),
        ),
        (None, None) => return,
    };
    let at = n.to_string();
    cx.finding(bucket, message)
        .at(&["NotificationConfiguration", kind, at.as_str()])
        .severity(severity)
        .path([bucket.id.clone(), started.id.clone()])
        .help("add a filter with a prefix that only uploads have, or write elsewhere")
        .report();
}

/// Functions that an event of this node gets to, the nearest first, itself among them.
fn reached_from(first: usize, cx: &Context<'_>) -> Vec<usize> {
    const MOST_STEPS: usize = 4_096;
    let mut seen = BTreeSet::from([first]);
    let mut todo = VecDeque::from([first]);
    let mut functions = Vec::new();
    let mut steps = 0;
    while let Some(at) = todo.pop_front() {
        if cx.graph.node(at).is_some_and(|node| node.kind == NodeKind::Function) {
            functions.push(at);
        }
        for edge in cx.graph.outgoing(at) {
            steps += 1;
            if steps > MOST_STEPS {
                return functions;
            }
            let moves = matches!(
                edge.kind,
                EdgeKind::Triggers | EdgeKind::Publishes | EdgeKind::Invokes | EdgeKind::Writes
            );
            if moves && seen.insert(edge.to) {
                todo.push_back(edge.to);
            }
        }
    }
    functions
}

fn is_about_new_objects(configuration: &Value, cx: &Context<'_>) -> bool {
    let events = cx.child(configuration, "Event").map(|e| cx.world.items(e)).unwrap_or_default();
    events.iter().any(|event| event.as_str().is_some_and(|event| event.starts_with("s3:ObjectCreated:")))
}

fn is_filtered(configuration: &Value, cx: &Context<'_>) -> bool {
    let rules = cx
        .child(configuration, "Filter")
        .and_then(|f| cx.child(f, "S3Key"))
        .and_then(|k| cx.child(k, "Rules"));
    rules.is_some_and(|rules| {
        let named = |rule: &&Value| cx.child(rule, "Value").is_none_or(|value| value.as_str() != Some(""));
        cx.world.items(rules).iter().any(named)
    })
}

#[cfg(test)]
mod tests {
    use super::UnfilteredNotification;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::{Invokes, Writes};
    use tidegate_graph::{Exposure, NodeKind};

    fn bucket(filter: &str) -> Build {
        let properties = format!(
            r#"{{"NotificationConfiguration": {{"LambdaConfigurations": [
                {{"Event": "s3:ObjectCreated:*", "Function": {{"Fn::GetAtt": ["Resize", "Arn"]}}{filter}}}]}}}}"#
        );
        Build::new()
            .json("Images", "AWS::S3::Bucket", &properties)
            .json("Resize", "AWS::Lambda::Function", "{}")
            .json("Report", "AWS::Lambda::Function", "{}")
            .exposed("Resize", NodeKind::Function, Exposure::Internal)
            .exposed("Report", NodeKind::Function, Exposure::Internal)
    }

    #[test]
    fn another_writer_and_a_loop_through_it() {
        let other = bucket("").edge("Report", Writes, "Images");
        let expected = ["Images: what `Report` writes to `Images` starts `Resize` too"];
        assert_eq!(other.findings::<UnfilteredNotification>(), expected);
        let in_loop = other.edge("Resize", Invokes, "Report");
        let expected =
            ["Images: each object starts `Resize`, which leads on to `Report`, which may write the next"];
        assert_eq!(in_loop.findings::<UnfilteredNotification>(), expected);
    }

    #[test]
    fn filtered_or_written_by_itself() {
        let filter = r#", "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "uploads/"}]}}"#;
        assert!(
            bucket(filter).edge("Report", Writes, "Images").findings::<UnfilteredNotification>().is_empty()
        );
        assert!(bucket("").edge("Resize", Writes, "Images").findings::<UnfilteredNotification>().is_empty());
    }
}
