//! Schedules and rules on buses.

use super::{Event, state, target};
use crate::serverless::service::{Function, Service};
use crate::serverless::{names, raw, roles};
use tidegate_graph::{Data, Span, Value};

pub(super) fn schedule(
    service: &mut Service,
    function: &Function,
    event: &Event,
    statements: &mut Vec<Value>,
) {
    let rates = event.main("rate").map(Value::items).unwrap_or_default().to_vec();
    let scheduler = event.get("method").and_then(Value::as_text).as_deref() == Some("scheduler");
    for rate in rates {
        let number = service.count(format!("{}Schedule", function.prefix));
        let id = format!("{}EventsRuleSchedule{number}", function.prefix);
        if scheduler {
            by_scheduler(service, function, event, statements, &id, rate);
            continue;
        }
        let mut target = target(function, format!("{}Schedule", function.key).into(), event.span);
        target.extend(input(event));
        let mut properties = vec![
            ("ScheduleExpression", rate),
            ("State", state(event)),
            ("Targets", Value::list(vec![Value::object(target, event.span)], event.span)),
        ];
        properties.extend(event.pick(&[("name", "Name"), ("description", "Description")]));
        service.add(id.clone(), "AWS::Events::Rule", Some(&function.id), properties, event.span);
        permission(service, function, &format!("EventsRuleSchedule{number}"), &id, event.span);
    }
}

fn by_scheduler(
    service: &mut Service,
    function: &Function,
    event: &Event,
    statements: &mut Vec<Value>,
    id: &str,
    rate: Value,
) {
    let span = event.span;
    let role = roles::expected(service, function);
    statements.push(raw::allow(&["lambda:InvokeFunction"], function.target.clone(), span));
    let mut target = vec![("Arn", function.target.clone()), ("RoleArn", role)];
    target.extend(input(event));
    let mode = Value::object([("Mode", Value::text("OFF", span))], span);
    let mut properties = vec![
        ("ScheduleExpression", rate),
        ("State", state(event)),
        ("FlexibleTimeWindow", mode),
        ("Target", Value::object(target, span)),
    ];
    let keys = [("name", "Name"), ("description", "Description"), ("timezone", "ScheduleExpressionTimezone")];
    properties.extend(event.pick(&keys));
    service.add(id, "AWS::Scheduler::Schedule", Some(&function.id), properties, span);
}

pub(super) fn cloudwatch(service: &mut Service, function: &Function, event: &Event) {
    let number = service.count(format!("{}CloudWatchEvent", function.prefix));
    let id = format!("{}EventsRuleCloudWatchEvent{number}", function.prefix);
    let mut target = target(function, format!("{}CloudWatchEvent", function.key).into(), event.span);
    target.extend(input(event));
    let mut properties = vec![
        ("State", state(event)),
        ("Targets", Value::list(vec![Value::object(target, event.span)], event.span)),
    ];
    let keys = [("event", "EventPattern"), ("name", "Name"), ("description", "Description")];
    properties.extend(event.pick(&keys));
    service.add(id.clone(), "AWS::Events::Rule", Some(&function.id), properties, event.span);
    permission(service, function, &format!("EventsRuleCloudWatchEvent{number}"), &id, event.span);
}

pub(super) fn event_bridge(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let number = service.count(format!("{}EventBridge", function.prefix));
    let rule = format!("{}-{}-{}-rule-{number}", service.name, service.stage, function.key);
    let id = format!("{}EventBridgeRule", names::alphanumeric(&rule));
    let mut target = target(function, format!("{rule}-target").into(), span);
    target.extend(input(event));
    if let Some(queue) = event.get("deadLetterQueueArn") {
        target.push(("DeadLetterConfig", Value::object([("Arn", queue.clone())], queue.span)));
    }
    if let Some(retry) = event.get("retryPolicy") {
        let keys = [
            ("maximumEventAge", "MaximumEventAgeInSeconds"),
            ("maximumRetryAttempts", "MaximumRetryAttempts"),
        ];
        target.push(("RetryPolicy", crate::serverless::functions::renamed(retry, &keys)));
    }
    let mut properties = vec![
        ("Name", event.get("name").cloned().unwrap_or_else(|| Value::text(rule, span))),
        ("State", state(event)),
        ("Targets", Value::list(vec![Value::object(target, span)], span)),
    ];
    properties.extend(event.pick(&[("pattern", "EventPattern"), ("schedule", "ScheduleExpression")]));
    if let Some(bus) = event.get("eventBus") {
        let bus = bus_of(service, function, bus);
        properties.push(("EventBusName", bus));
    }
    service.add(id.clone(), "AWS::Events::Rule", Some(&function.id), properties, span);
    let suffix = format!("{}EventBridgeLambdaPermission{number}", function.prefix);
    let properties = [
        ("FunctionName", function.target.clone()),
        ("Action", Value::text("lambda:InvokeFunction", span)),
        ("Principal", Value::text("events.amazonaws.com", span)),
        ("SourceArn", raw::attribute(&id, "Arn", span)),
    ];
    service.add(suffix, "AWS::Lambda::Permission", Some(&function.id), properties, span);
}

/// A bus by ARN or reference as it is; a plain name makes one.
fn bus_of(service: &mut Service, function: &Function, bus: &Value) -> Value {
    match bus.as_str() {
        Some("default") | None => bus.clone(),
        Some(text) if text.starts_with("arn:") => bus.clone(),
        Some(name) => {
            let id = format!("{}EventBridgeEventBus", names::alphanumeric(name));
            service.add(
                id.clone(),
                "AWS::Events::EventBus",
                Some(&function.id),
                [("Name", bus.clone())],
                bus.span,
            );
            raw::refer(&id, bus.span)
        }
    }
}

fn permission(service: &mut Service, function: &Function, suffix: &str, rule: &str, span: Span) {
    service.permission(
        function,
        suffix,
        "events.amazonaws.com",
        Some(raw::attribute(rule, "Arn", span)),
        span,
    );
}

fn input(event: &Event) -> Vec<(&'static str, Value)> {
    let mut out = Vec::new();
    if let Some(input) = event.get("input") {
        let text = match input.data {
            Data::Map(_) => Value::new(Data::Json(Box::new(input.clone())), input.span),
            _ => input.clone(),
        };
        out.push(("Input", text));
    }
    out.extend(event.pick(&[("inputPath", "InputPath")]));
    if let Some(transformer) = event.get("inputTransformer") {
        let keys = [("inputPathsMap", "InputPathsMap"), ("inputTemplate", "InputTemplate")];
        out.push(("InputTransformer", crate::serverless::functions::renamed(transformer, &keys)));
    }
    out
}
