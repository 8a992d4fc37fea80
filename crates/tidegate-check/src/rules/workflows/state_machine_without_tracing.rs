//! A state machine that leaves no trace.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A state machine without `TracingConfiguration.Enabled: true` (SAM: `Tracing`).
    ///
    /// ## Why it matters
    /// Where an execution calls functions and queues, nobody sees the request as one piece.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Flow:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       RoleArn: arn:aws:iam::123456789012:role/flow
    ///       Definition:
    ///         StartAt: Done
    ///         States: {Done: {Type: Succeed}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Flow:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       RoleArn: arn:aws:iam::123456789012:role/flow
    ///       Definition:
    ///         StartAt: Done
    ///         States: {Done: {Type: Succeed}}
    ///       TracingConfiguration: {Enabled: true}
    /// ```
    ///
    /// ## Limits
    /// Traces of other tools aren't seen.
    StateMachineWithoutTracing {
        id: "state-machine-without-tracing",
        title: "state machine without tracing",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SFN-002",
            "CKV_AWS_284",
            "trivy:AVD-AWS-0117",
            "cdk-nag:AwsSolutions-SF2",
        ],
        threats: ["T53"],
        profiles: [],
        why: "nobody sees a request that runs through it as one piece",
    }
}

impl Rule for StateMachineWithoutTracing {
    const ON: &'static [&'static str] = &["AWS::StepFunctions::StateMachine"];

    fn check(machine: &Resource, cx: &Context<'_>) {
        let path = ["TracingConfiguration", "Enabled"];
        match cx.get(machine, &path).map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(machine, value, "`TracingConfiguration`"),
            None | Some((_, Some(false))) => {}
        }
        if let Some(value) = cx.get(machine, &["TracingConfiguration"]).filter(|value| value.is_unknown()) {
            return cx.unknown(machine, value, "`TracingConfiguration`");
        }
        cx.finding(machine, "the state machine isn't traced")
            .at(&path)
            .help("set `TracingConfiguration: {Enabled: true}`")
            .fix(Fix::risky("trace it").set(&machine.id, &path, true))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::StateMachineWithoutTracing;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::StepFunctions::StateMachine", properties)
            .findings::<StateMachineWithoutTracing>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"TracingConfiguration": {"Enabled": false}}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"TracingConfiguration": {"Enabled": "true"}}"#), 0);
    }
}
