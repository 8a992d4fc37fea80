//! Rules and schedules of EventBridge.

use super::super::make::{allow, attribute, map_of, present, reference, trust, truthy, value};
use super::super::{Made, Res};
use super::Event;
use tidegate_graph::{Map, Value};

const SERVICE: &str = "events.amazonaws.com";

/// A schedule that calls a function.
pub(super) fn schedule(event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let rule = scheduled(event)?;
    let arn = attribute(&event.id, "Arn", event.span);
    finish(event, rule, "LambdaTarget", None, made)?;
    made.push(event.permission(SERVICE, Some(arn)));
    Ok(())
}

/// A pattern whose events call a function.
pub(super) fn pattern(event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let rule = matching(event)?;
    let arn = attribute(&event.id, "Arn", event.span);
    finish(event, rule, "LambdaTarget", None, made)?;
    made.push(event.permission(SERVICE, Some(arn)));
    Ok(())
}

/// A schedule that starts a state machine.
pub(super) fn machine_schedule(event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let rule = scheduled(event)?;
    let role = match event.get("RoleArn") {
        Some(role) => role.clone(),
        None => start_role(event, SERVICE, made),
    };
    finish(event, rule, "StepFunctionsTarget", Some(role), made)
}

/// A pattern whose events start a state machine.
pub(super) fn machine_pattern(event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let rule = matching(event)?;
    let role = start_role(event, SERVICE, made);
    finish(event, rule, "StepFunctionsTarget", Some(role), made)
}

/// Makes a role that may start the state machine; returns its ARN.
pub(super) fn start_role(event: &Event<'_>, service: &str, made: &mut Vec<Made>) -> Value {
    let id = format!("{}Role", event.id);
    let mut role = event.make(id.as_str(), "AWS::IAM::Role");
    role.set("AssumeRolePolicyDocument", trust(service, event.span));
    let start = allow(format!("{id}StartExecutionPolicy"), "states:StartExecution", event.target.arn.clone());
    role.set("Policies", vec![start]);
    role.set_opt("PermissionsBoundary", event.owner.some("PermissionsBoundary"));
    made.push(role);
    attribute(&id, "Arn", event.span)
}

/// Where undelivered events go: the ARN of a queue, made here when none is named.
pub(super) fn dead_letters(
    event: &Event<'_>,
    rule_arn: Option<&Value>,
    made: &mut Vec<Made>,
) -> Res<Option<Value>> {
    let Some(config) = event.get("DeadLetterConfig").and_then(map_of) else { return Ok(None) };
    let span = event.at("DeadLetterConfig");
    let fault = |message: &str| Err(event.fault("DeadLetterConfig", message));
    match (config.contains_key("Arn"), config.get("Type")) {
        (true, Some(_)) => return fault("`DeadLetterConfig` takes either `Arn` or `Type`, not both"),
        (false, None) => return fault("`DeadLetterConfig` needs `Arn` or `Type`"),
        (_, Some(kind)) if kind.as_str() != Some("SQS") => {
            return fault("`Type` of `DeadLetterConfig` should be `SQS`");
        }
        _ => {}
    }
    if let Some(arn) = present(config.get("Arn")) {
        return Ok(Some(arn.clone()));
    }
    let id = match present(config.get("QueueLogicalId")) {
        None => format!("{}Queue", event.id),
        Some(id) => match id.as_str() {
            Some("") => format!("{}Queue", event.id),
            Some(id) => id.to_owned(),
            None => return fault("`QueueLogicalId` should be a string"),
        },
    };
    let arn = attribute(&id, "Arn", span);
    if let Some(rule_arn) = rule_arn {
        let mut policy = event.make(format!("{}QueuePolicy", event.id), "AWS::SQS::QueuePolicy");
        policy.set(
            "PolicyDocument",
            value!(span, {
                "Version": "2012-10-17",
                "Statement": [{
                    "Action": "sqs:SendMessage", "Effect": "Allow",
                    "Principal": { "Service": "events.amazonaws.com" }, "Resource": (&arn),
                    "Condition": { "ArnEquals": { "aws:SourceArn": (rule_arn) } }
                }]
            }),
        );
        policy.set("Queues", vec![reference(&id, span)]);
        made.push(policy);
    }
    made.push(event.make(id, "AWS::SQS::Queue"));
    Ok(Some(arn))
}

fn scheduled(event: &Event<'_>) -> Res<Made> {
    let mut rule = event.make(event.id.as_str(), "AWS::Events::Rule");
    rule.set_opt("ScheduleExpression", event.get("Schedule"));
    rule.set_opt("Name", event.get("Name"));
    rule.set_opt("Description", event.get("Description"));
    state(event, &mut rule)?;
    Ok(rule)
}

fn matching(event: &Event<'_>) -> Res<Made> {
    let mut rule = event.make(event.id.as_str(), "AWS::Events::Rule");
    rule.set_opt("EventBusName", event.get("EventBusName"));
    rule.set_opt("EventPattern", event.get("Pattern"));
    rule.set_opt("Name", event.get("RuleName"));
    state(event, &mut rule)?;
    Ok(rule)
}

fn state(event: &Event<'_>, rule: &mut Made) -> Res {
    let (state, enabled) = (event.some("State"), event.get("Enabled"));
    if state.is_some() && enabled.is_some() {
        return Err(event.fault("State", "`State` and `Enabled` exclude each other"));
    }
    rule.set_opt("State", state);
    if let Some(enabled) = enabled {
        rule.set(
            "State",
            Value::text(if truthy(Some(enabled)) { "ENABLED" } else { "DISABLED" }, enabled.span),
        );
    }
    Ok(())
}

/// Gives the rule its target.
fn finish(event: &Event<'_>, mut rule: Made, suffix: &str, role: Option<Value>, made: &mut Vec<Made>) -> Res {
    // Ids of targets have 64 characters at most.
    const MOST: usize = 64;
    let span = event.span;
    let arn = attribute(&event.id, "Arn", span);
    let dead_letters = dead_letters(event, Some(&arn), made)?;
    let mut target = Map::new();
    target.insert("Arn", event.target.arn.clone());
    let own = event.get("Target").and_then(|t| t.get("Id")).cloned();
    let short: String = event.id.chars().take(MOST.saturating_sub(suffix.len())).collect();
    target.insert("Id", own.unwrap_or_else(|| Value::text(format!("{short}{suffix}"), span)));
    if let Some(role) = role {
        target.insert("RoleArn", role);
    }
    for name in ["Input", "InputPath", "RetryPolicy", "InputTransformer"] {
        super::super::make::set_opt(&mut target, name, event.get(name));
    }
    if let Some(queue) = dead_letters {
        target.insert("DeadLetterConfig", value!(queue.span, { "Arn": (queue) }));
    }
    rule.set("Targets", vec![Value::map(target, span)]);
    made.push(rule);
    Ok(())
}
