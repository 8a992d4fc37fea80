//! A state that fails hard, waits forever or runs without bound.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use crate::states::{definition, states};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// States of a state machine's definition: a Task with neither `Retry` nor `Catch`; a Task that waits for a token
    /// or an activity without `TimeoutSeconds`; a Map without `MaxConcurrency`. One finding per machine names them.
    ///
    /// ## Why it matters
    /// A passing error ends the whole execution half way; a lost token keeps it open for a year; a long list starts as
    /// many copies of what stands behind it as the account bears.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Flow:
    ///     Type: AWS::StepFunctions::StateMachine
    ///     Properties:
    ///       RoleArn: arn:aws:iam::123456789012:role/flow
    ///       Definition:
    ///         StartAt: Send
    ///         States: {Send: {Type: Task, Resource: "arn:aws:states:::sqs:sendMessage", Parameters: {QueueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"}, End: true}}
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
    ///         StartAt: Send
    ///         States: {Send: {Type: Task, Resource: "arn:aws:states:::sqs:sendMessage", Parameters: {QueueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"}, End: true, Retry: [{ErrorEquals: ["States.ALL"]}]}}
    /// ```
    ///
    /// ## Limits
    /// A `Catch` of an enclosing Parallel or Map state counts. Definitions that can't be read as an object are reported
    /// as unknown.
    UnguardedState {
        id: "unguarded-state",
        title: "state without retry, timeout or bound",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SFN-003",
        ],
        threats: ["T42", "T44"],
        profiles: [DenialOfWallet],
        why: "an error ends the execution half way, and a long list runs up the bill",
    }
}

impl Rule for UnguardedState {
    const ON: &'static [&'static str] = &["AWS::StepFunctions::StateMachine"];

    fn check(machine: &Resource, cx: &Context<'_>) {
        let Some(definition) = definition(machine, cx) else { return };
        let timed = cx.child(definition, "TimeoutSeconds").is_some();
        let mut weak = Vec::new();
        for state in states(definition, cx) {
            let has = |key: &str| cx.child(state.value, key).is_some();
            let kind = cx.child(state.value, "Type").and_then(Value::as_str).unwrap_or_default();
            let resource = cx.child(state.value, "Resource").map(Value::display).unwrap_or_default();
            let waits = resource.ends_with(".waitForTaskToken") || resource.contains(":activity:");
            let timeout =
                timed || ["TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds"].into_iter().any(has);
            let bounded = ["MaxConcurrency", "MaxConcurrencyPath"].into_iter().any(has);
            match kind {
                "Task" if !(has("Retry") || has("Catch") || state.caught) => {
                    weak.push(format!("`{}` neither retries nor catches", state.name));
                }
                "Task" if waits && !timeout => weak.push(format!("`{}` may wait forever", state.name)),
                "Map" if !bounded => weak.push(format!("`{}` has no `MaxConcurrency`", state.name)),
                _ => {}
            }
        }
        let Some(first) = weak.first() else { return };
        let message = match weak.len() {
            1 => first.clone(),
            n => format!("{first}, and {} more states are unguarded", n - 1),
        };
        cx.finding(machine, message)
            .at(&["Definition"])
            .help("add `Retry` or `Catch` to tasks, `TimeoutSeconds` to those that wait, `MaxConcurrency` to maps")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnguardedState;
    use crate::testing::Build;

    fn one(state: &str) -> usize {
        let definition = format!(r#"{{"Definition": {{"States": {{"A": {state}}}}}}}"#);
        Build::new()
            .json("Flow", "AWS::StepFunctions::StateMachine", &definition)
            .findings::<UnguardedState>()
            .len()
    }

    #[test]
    fn each_kind() {
        assert_eq!(one(r#"{"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}"#), 1);
        let waits =
            r#""Type": "Task", "Retry": [], "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken""#;
        assert_eq!(one(&format!("{{{waits}}}")), 1);
        assert_eq!(one(&format!(r#"{{{waits}, "TimeoutSeconds": 60}}"#)), 0);
        assert_eq!(one(r#"{"Type": "Map"}"#), 1);
        assert_eq!(one(r#"{"Type": "Map", "MaxConcurrency": 5}"#), 0);
        assert_eq!(one(r#"{"Type": "Pass"}"#), 0);
    }

    #[test]
    fn within_branches_a_catch_around_counts() {
        let inner = r#""Branches": [{"States": {"B": {"Type": "Task"}}}]"#;
        assert_eq!(one(&format!(r#"{{"Type": "Parallel", {inner}}}"#)), 1);
        assert_eq!(one(&format!(r#"{{"Type": "Parallel", "Catch": [], {inner}}}"#)), 0);
    }

    #[test]
    fn text_is_unknown() {
        let build =
            Build::new().json("Flow", "AWS::StepFunctions::StateMachine", r#"{"DefinitionString": "{}"}"#);
        assert_eq!(build.run::<UnguardedState>().unknown.len(), 1);
    }
}
