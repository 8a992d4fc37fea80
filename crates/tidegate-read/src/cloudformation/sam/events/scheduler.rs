//! Schedules of EventBridge Scheduler, with a role of their own.

use super::super::make::{allow, attribute, map_of, set_opt, trust, truthy, value};
use super::super::{Made, Res};
use super::{Event, rule};
use tidegate_graph::Map;

const SAME: [&str; 8] = [
    "ScheduleExpression",
    "State",
    "Description",
    "StartDate",
    "EndDate",
    "ScheduleExpressionTimezone",
    "GroupName",
    "KmsKeyArn",
];

/// A schedule that calls a function or starts a state machine.
pub(super) fn schedule(event: &Event<'_>, machine: bool, made: &mut Vec<Made>) -> Res {
    let span = event.span;
    let mut schedule = event.make(event.id.as_str(), "AWS::Scheduler::Schedule");
    SAME.iter().for_each(|name| schedule.set_opt(name, event.get(name)));
    match (truthy(event.get("OmitName")), event.some("Name")) {
        (true, Some(_)) => return Err(event.fault("Name", "`Name` and `OmitName` exclude each other")),
        (true, None) => {}
        (false, Some(name)) => schedule.set("Name", name),
        (false, None) => schedule.set("Name", event.id.as_str()),
    }
    match event.some("FlexibleTimeWindow") {
        Some(window) => schedule.set("FlexibleTimeWindow", window),
        None => schedule.set("FlexibleTimeWindow", value!(span, { "Mode": "OFF" })),
    }
    let dead_letters = rule::dead_letters(event, None, made)?;
    let role = match event.some("RoleArn") {
        Some(role) => role.clone(),
        None => {
            let id = format!("{}Role", event.id);
            let mut role = event.make(id.as_str(), "AWS::IAM::Role");
            role.set("AssumeRolePolicyDocument", trust("scheduler.amazonaws.com", span));
            let (name, action) = match machine {
                true => ("StartExecutionPolicy", "states:StartExecution"),
                false => ("LambdaPolicy", "lambda:InvokeFunction"),
            };
            let mut policies = vec![allow(format!("{}{name}", event.id), action, event.target.arn.clone())];
            policies.extend(
                dead_letters
                    .iter()
                    .map(|arn| allow(format!("{}SQSPolicy", event.id), "sqs:SendMessage", arn.clone())),
            );
            role.set("Policies", policies);
            role.set_opt("PermissionsBoundary", event.some("PermissionsBoundary"));
            made.push(role);
            attribute(&id, "Arn", span)
        }
    };
    let mut target = Map::new();
    target.insert("Arn", event.target.arn.clone());
    target.insert("RoleArn", role);
    set_opt(&mut target, "Input", event.get("Input"));
    if let Some(queue) = dead_letters.filter(|_| event.get("DeadLetterConfig").and_then(map_of).is_some()) {
        target.insert("DeadLetterConfig", value!(queue.span, { "Arn": (queue) }));
    }
    set_opt(&mut target, "RetryPolicy", event.get("RetryPolicy"));
    schedule.set("Target", tidegate_graph::Value::map(target, span));
    made.push(schedule);
    Ok(())
}
