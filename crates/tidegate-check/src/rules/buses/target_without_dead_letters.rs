//! A rule whose undelivered events vanish.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A target of a rule with an event pattern, or of a schedule, without `DeadLetterConfig`. Schedules are
    /// low: the next run comes anyway.
    ///
    /// ## Why it matters
    /// What EventBridge cannot deliver for a day, because the target is throttled, gone, or its policy says no,
    /// is dropped.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   OrderPlaced:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: {source: [shop]}
    ///       Targets:
    ///         - Id: worker
    ///           Arn: arn:aws:lambda:eu-west-1:123456789012:function:worker
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   OrderPlaced:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: {source: [shop]}
    ///       Targets:
    ///         - Id: worker
    ///           Arn: arn:aws:lambda:eu-west-1:123456789012:function:worker
    ///           DeadLetterConfig: {Arn: "arn:aws:sqs:eu-west-1:123456789012:failed"}
    /// ```
    ///
    /// ## Limits
    /// A dead-letter queue of the function itself takes what the function fails on, not what never reached it.
    TargetWithoutDeadLetters {
        id: "target-without-dead-letters",
        title: "rule target without dead-letter queue",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-EVB-003", "cfn-lint-serverless:ES4000", "cdk-nag:Serverless-EventBusDLQ"],
        threats: ["T44"],
        profiles: [Baseline],
        why: "events that cannot be delivered are dropped",
    }
}

impl Rule for TargetWithoutDeadLetters {
    const ON: &'static [&'static str] = &["AWS::Events::Rule", "AWS::Scheduler::Schedule"];

    fn check(rule: &Resource, cx: &Context<'_>) {
        let schedule = rule.ty == "AWS::Scheduler::Schedule";
        let key = if schedule { "Target" } else { "Targets" };
        let targets = cx.items(rule, &[key]);
        let without: Vec<&Value> = targets
            .into_iter()
            .filter(|t| t.as_map().is_some() && cx.child(t, "DeadLetterConfig").is_none())
            .collect();
        let Some(first) = without.first() else { return };
        let message = match without.len() {
            1 => "events that can't be delivered to the target are dropped".to_string(),
            n => format!("events that can't be delivered to {n} targets are dropped"),
        };
        let patterned = cx.get(rule, &["EventPattern"]).is_some();
        cx.finding(rule, message)
            .at_place(key, first.span)
            .severity(if patterned { Severity::Medium } else { Severity::Low })
            .help("set `DeadLetterConfig` on the target")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TargetWithoutDeadLetters;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> Vec<String> {
        Build::new().json("Rule", ty, properties).findings::<TargetWithoutDeadLetters>()
    }

    #[test]
    fn with_and_without() {
        let rule = r#"{"EventPattern": {"source": ["shop"]}, "Targets": [{"Id": "a"}, {"Id": "b"}, {"Id": "c", "DeadLetterConfig": {"Arn": "q"}}]}"#;
        assert_eq!(
            findings("AWS::Events::Rule", rule),
            ["Rule: events that can't be delivered to 2 targets are dropped"]
        );
        assert_eq!(findings("AWS::Scheduler::Schedule", r#"{"Target": {"Arn": "a"}}"#).len(), 1);
        assert!(
            findings("AWS::Scheduler::Schedule", r#"{"Target": {"DeadLetterConfig": {"Arn": "q"}}}"#)
                .is_empty()
        );
    }
}
