//! A state machine that keeps no log.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A state machine whose `LoggingConfiguration.Level` is absent or `OFF`; an express one also when it isn't `ALL`. Medium
    /// for express state machines, low for standard ones, whose history Step Functions keeps for 90 days.
    ///
    /// ## Why it matters
    /// Of an express execution nothing remains but its log: which input it had, which branch it took, what failed. Nor can
    /// history be searched, alarmed on, or kept longer.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Flow:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       StateMachineType: EXPRESS
    ///       RoleArn: arn:aws:iam::123456789012:role/flow
    ///       Definition: {StartAt: Done, States: {Done: {Type: Succeed}}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Flow:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       StateMachineType: EXPRESS
    ///       RoleArn: arn:aws:iam::123456789012:role/flow
    ///       Definition: {StartAt: Done, States: {Done: {Type: Succeed}}}
    ///       LoggingConfiguration:
    ///         Level: ALL
    ///         Destinations:
    ///           - CloudWatchLogsLogGroup:
    ///               LogGroupArn: arn:aws:logs:eu-west-1:123456789012:log-group:flow:*
    /// ```
    ///
    /// ## Limits
    /// `IncludeExecutionData: true` writes inputs and outputs into the log; whether they hold what shouldn't be there isn't
    /// known.
    StateMachineWithoutLog {
        id: "state-machine-without-log",
        title: "state machine without log",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SFN-001", "CKV_AWS_285", "trivy:AVD-AWS-0119", "cdk-nag:AwsSolutions-SF1"],
        threats: ["T53"],
        profiles: [],
        why: "nobody can say what an execution did",
    }
}

impl Rule for StateMachineWithoutLog {
    const ON: &'static [&'static str] = &["AWS::StepFunctions::StateMachine"];

    fn check(machine: &Resource, cx: &Context<'_>) {
        let express = match cx.get(machine, &["StateMachineType"]) {
            None => false,
            Some(kind) => match kind.as_str() {
                Some(kind) => kind == "EXPRESS",
                None => return cx.unknown(machine, kind, "`StateMachineType`"),
            },
        };
        let configuration = cx.get(machine, &["LoggingConfiguration"]);
        let level = configuration.and_then(|c| cx.child(c, "Level"));
        if let Some(unknown) = [configuration, level].into_iter().flatten().find(|v| v.is_unknown()) {
            return cx.unknown(machine, unknown, "the log level");
        }
        let level = level.and_then(Value::as_str).unwrap_or("OFF");
        let message = match level {
            "OFF" if express => "the express state machine keeps no log, and no history either",
            "OFF" => "the state machine keeps no log",
            "ALL" => return,
            _ if express => "the express state machine logs failures only, and keeps no history",
            _ => return,
        };
        cx.finding(machine, message)
            .at(&["LoggingConfiguration", "Level"])
            .severity(if express { Severity::Medium } else { Severity::Low })
            .help("set `LoggingConfiguration` with a log group, and `Level: ALL`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::StateMachineWithoutLog;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn severities(properties: &str) -> Vec<Severity> {
        let build = Build::new().json("Flow", "AWS::StepFunctions::StateMachine", properties);
        build.run::<StateMachineWithoutLog>().findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn none_or_off() {
        assert_eq!(severities("{}"), [Severity::Low]);
        assert_eq!(severities(r#"{"LoggingConfiguration": {"Level": "OFF"}}"#), [Severity::Low]);
        assert_eq!(severities(r#"{"StateMachineType": "EXPRESS"}"#), [Severity::Medium]);
    }

    #[test]
    fn errors_are_enough_only_beside_a_history() {
        let errors = r#""LoggingConfiguration": {"Level": "ERROR"}"#;
        assert!(severities(&format!("{{{errors}}}")).is_empty());
        assert_eq!(
            severities(&format!(r#"{{{errors}, "StateMachineType": "EXPRESS"}}"#)),
            [Severity::Medium]
        );
        assert!(
            severities(r#"{"StateMachineType": "EXPRESS", "LoggingConfiguration": {"Level": "ALL"}}"#)
                .is_empty()
        );
    }
}
