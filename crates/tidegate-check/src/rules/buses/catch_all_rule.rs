//! A rule that takes every event of its bus.

use crate::Context;
use crate::pattern;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{NodeKind, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A rule with a function or workflow as target whose pattern lets everything through: it says nothing but `account`,
    /// `region` or `version`, or says it with `prefix: ""`, `wildcard: "*"` or `exists: true` (medium). Low is a pattern
    /// without `source` that has other fields: whoever may put events on the bus meets it.
    ///
    /// ## Why it matters
    /// Every event of the account, or of whoever may put events on the bus, starts the code and is paid for. The code has
    /// to tell by itself what was made for it, and mostly doesn't.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Placed:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: {account: ["123456789012"]}
    ///       Targets: [{Id: worker, Arn: "arn:aws:lambda:eu-west-1:123456789012:function:worker"}]
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_rule" "placed" {
    ///   event_pattern = jsonencode({ source = [{ prefix = "" }] })
    /// }
    ///
    /// resource "aws_cloudwatch_event_target" "worker" {
    ///   rule = aws_cloudwatch_event_rule.placed.name
    ///   arn  = "arn:aws:lambda:eu-west-1:123456789012:function:worker"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Placed:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: {source: [shop], detail-type: [placed]}
    ///       Targets: [{Id: worker, Arn: "arn:aws:lambda:eu-west-1:123456789012:function:worker"}]
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_cloudwatch_event_rule" "placed" {
    ///   event_pattern = jsonencode({ source = ["shop"] })
    /// }
    ///
    /// resource "aws_cloudwatch_event_target" "worker" {
    ///   rule = aws_cloudwatch_event_rule.placed.name
    ///   arn  = "arn:aws:lambda:eu-west-1:123456789012:function:worker"
    /// }
    /// ```
    ///
    /// ## Limits
    /// Targets that keep or pass on (a log group, a stream, a queue, another bus) are meant to take everything and aren't
    /// reported.
    CatchAllRule {
        id: "catch-all-rule",
        title: "rule that takes every event of its bus",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-EVB-004"],
        threats: ["T15", "T42", "T09"],
        profiles: [Baseline, DenialOfWallet],
        why: "whatever anyone puts on the bus starts the code",
    }
}

impl Rule for CatchAllRule {
    const ON: &'static [&'static str] = &["AWS::Events::Rule"];

    fn check(rule: &Resource, cx: &Context<'_>) {
        let Some(target) = code(rule, cx) else { return };
        let Some(pattern) = pattern::of(cx, rule) else { return };
        if pattern::narrows(cx, pattern, "source") {
            return;
        }
        let narrow = ["detail-type", "detail", "resources"].iter().any(|f| pattern::narrows(cx, pattern, f));
        // A filter that isn't known may be any filter.
        if let Some(source) = cx.child(pattern, "source").filter(|v| v.is_unknown()) {
            return cx.unknown(rule, source, "the source");
        }
        let (message, severity) = if narrow {
            (
                format!("events start `{target}` whoever they come from: the pattern names no source"),
                Severity::Low,
            )
        } else {
            (format!("every event of the bus starts `{target}`"), Severity::Medium)
        };
        cx.finding(rule, message)
            .at(&["EventPattern"])
            .severity(severity)
            .help("name the `source` and `detail-type` of the events that the code is made for")
            .report();
    }
}

/// The name of the first target that runs code.
fn code(rule: &Resource, cx: &Context<'_>) -> Option<String> {
    use tidegate_graph::EdgeKind::{Invokes, Triggers};
    let known = [Triggers, Invokes].into_iter().flat_map(|kind| cx.outgoing(rule, kind));
    let known = known.into_iter().find(|(edge, node)| {
        matches!(node.kind, NodeKind::Function | NodeKind::Workflow) && !edge.evidence.contains("dead-letter")
    });
    known.map(|(_, node)| node.name.to_string()).or_else(|| {
        let arns = cx.items(rule, &["Targets"]).into_iter().filter_map(|t| cx.child(t, "Arn"));
        let arns = arns.filter_map(Value::as_text);
        let mut code = arns.filter(|arn| arn.contains(":lambda:") || arn.contains(":states:"));
        code.next().and_then(|arn| Some(arn.rsplit(':').next()?.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::CatchAllRule;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn run(pattern: &str, target: &str) -> Vec<Severity> {
        let rule = format!(r#"{{"EventPattern": {pattern}, "Targets": [{{"Id": "t", "Arn": "{target}"}}]}}"#);
        let outcome = Build::new().json("Rule", "AWS::Events::Rule", &rule).run::<CatchAllRule>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    const WORKER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:worker";

    #[test]
    fn everything() {
        for pattern in [
            r#"{"account": ["123456789012"]}"#,
            r#"{"source": [{"prefix": ""}]}"#,
            r#"{"source": [{"exists": true}], "detail": {"id": [{"exists": true}]}}"#,
        ] {
            assert_eq!(run(pattern, WORKER), [Severity::Medium], "{pattern}");
        }
    }

    #[test]
    fn without_source() {
        assert_eq!(run(r#"{"detail-type": ["placed"]}"#, WORKER), [Severity::Low]);
        assert_eq!(run(r#"{"detail": {"order": {"state": ["placed"]}}}"#, WORKER), [Severity::Low]);
    }

    #[test]
    fn narrow_or_kept() {
        assert!(run(r#"{"source": ["shop"]}"#, WORKER).is_empty());
        assert!(run(r#"{"source": [{"prefix": "shop."}]}"#, WORKER).is_empty());
        assert!(run(r#"{"account": ["1"]}"#, "arn:aws:logs:eu-west-1:123456789012:log-group:all").is_empty());
        assert!(Build::new().add("Rule", "AWS::Events::Rule", &[]).findings::<CatchAllRule>().is_empty());
    }
}
