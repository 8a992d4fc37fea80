//! A state whose target the input chooses.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use crate::states::{definition, states};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A Task whose function, queue, topic, state machine, table, bucket or endpoint is taken from the execution's
    /// input: `FunctionName.$: $.…` in `Parameters`, or a JSONata expression on `$states.input` in `Arguments`. Values
    /// of the context object (`$$.…`) and of variables are left alone.
    ///
    /// ## Why it matters
    /// Whoever starts an execution chooses what it calls, with the rights of the machine's role.
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
    ///         States: {Send: {Type: Task, Resource: "arn:aws:states:::sqs:sendMessage", Parameters: {"QueueUrl.$": "$.queue"}, End: true}}
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
    ///         States: {Send: {Type: Task, Resource: "arn:aws:states:::sqs:sendMessage", Parameters: {QueueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"}, End: true}}
    /// ```
    ///
    /// ## Limits
    /// Earlier states may have checked or replaced the value; that isn't seen. Role policies that name the one target
    /// hold the damage down.
    TargetFromInput {
        id: "target-from-input",
        title: "target of a call taken from the input",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-SFN-004",
        ],
        threats: ["T12", "T26"],
        profiles: [Baseline],
        why: "whoever starts an execution chooses what it calls",
    }
}

/// Arguments that say what is called.
const TARGETS: &[&str] = &[
    "ApiEndpoint",
    "Bucket",
    "ClusterArn",
    "EventBusName",
    "FunctionName",
    "JobDefinition",
    "QueueUrl",
    "StateMachineArn",
    "TableName",
    "TaskDefinition",
    "TopicArn",
];

impl Rule for TargetFromInput {
    const ON: &'static [&'static str] = &["AWS::StepFunctions::StateMachine"];

    fn check(machine: &Resource, cx: &Context<'_>) {
        let Some(definition) = definition(machine, cx) else { return };
        for state in states(definition, cx) {
            let arguments =
                ["Parameters", "Arguments"].into_iter().filter_map(|key| cx.child(state.value, key));
            for map in arguments.filter_map(Value::as_map) {
                for (key, value) in map.iter() {
                    let plain = key.strip_suffix(".$");
                    let Some(text) = cx.world.resolve(value).and_then(Value::as_str) else { continue };
                    let chosen = TARGETS.contains(&plain.unwrap_or(key))
                        && match plain {
                            Some(_) => from_input(text),
                            None => text.starts_with("{%") && text.contains("$states.input"),
                        };
                    if !chosen {
                        continue;
                    }
                    let target = plain.unwrap_or(key);
                    cx.finding(machine, format!("the input chooses `{target}` of `{}`", state.name))
                        .at_place(format!("{}/{target}", state.name), value.span)
                        .help("write the target out, or choose among known ones with a Choice state")
                        .report();
                }
            }
        }
    }
}

/// A path into the input, alone or within an intrinsic function: `$.queue`, `States.Format('{}', $.queue)`.
fn from_input(path: &str) -> bool {
    path.match_indices("$.").any(|(at, _)| !path.get(..at).is_some_and(|before| before.ends_with('$')))
}

#[cfg(test)]
mod tests {
    use super::TargetFromInput;
    use crate::testing::Build;

    fn one(state: &str) -> Vec<String> {
        let definition = format!(r#"{{"Definition": {{"States": {{"A": {state}}}}}}}"#);
        Build::new()
            .json("Flow", "AWS::StepFunctions::StateMachine", &definition)
            .findings::<TargetFromInput>()
    }

    #[test]
    fn paths_and_expressions() {
        let expected = ["Flow: the input chooses `FunctionName` of `A`"];
        assert_eq!(one(r#"{"Type": "Task", "Parameters": {"FunctionName.$": "$.name"}}"#), expected);
        assert_eq!(
            one(r#"{"Type": "Task", "Parameters": {"FunctionName.$": "States.Format('{}', $.name)"}}"#),
            expected
        );
        assert_eq!(
            one(r#"{"Type": "Task", "Arguments": {"FunctionName": "{% $states.input.name %}"}}"#),
            expected
        );
    }

    #[test]
    fn payloads_and_the_context_are_clean() {
        assert!(one(r#"{"Type": "Task", "Parameters": {"Payload.$": "$.order"}}"#).is_empty());
        assert!(one(r#"{"Type": "Task", "Parameters": {"QueueUrl.$": "$$.StateMachine.Name"}}"#).is_empty());
        assert!(one(r#"{"Type": "Task", "Parameters": {"QueueUrl": "https://queue"}}"#).is_empty());
    }
}
