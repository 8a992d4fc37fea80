//! State machines of the step functions plugin.

use super::events::Event;
use super::service::Service;
use super::{http, names, raw};
use crate::asl;
use tidegate_graph::{Data, Field, Piece, Span, Str, Value};

/// Makes the state machines, if the service has any.
pub(super) fn compile(service: &mut Service) {
    let Some(section) = service.config.get("stepFunctions").cloned() else { return };
    for (number, name) in section.get("activities").map(Value::items).unwrap_or_default().iter().enumerate() {
        let shown: String = name.pieces().iter().map(Piece::display).collect();
        let id = match names::function(&names::alphanumeric(&shown)) {
            id if id.is_empty() => format!("Activity{number}"),
            id => id,
        };
        let id = format!("{id}StepFunctionsActivity");
        service.add(id, "AWS::StepFunctions::Activity", None, [("Name", name.clone())], name.span);
    }
    let machines = raw::merged(section.get("stateMachines"));
    for (key, field) in machines.fields() {
        machine(service, key, field);
    }
}

fn machine(service: &mut Service, key: &Str, field: &Field) {
    let span = field.key;
    let config = &field.value;
    let text = |key: &str| config.get(key).and_then(Value::as_text);
    let name = config.get("name").cloned();
    let id: Str = match (text("id"), name.as_ref().and_then(Value::as_text)) {
        (Some(id), _) => id,
        (None, Some(name)) => names::function(&name).replace(|c: char| !c.is_ascii_alphanumeric(), "").into(),
        (None, None) => format!("{}StepFunctionsStateMachine", names::function(key)).into(),
    };
    let definition = config.get("definition").map(|d| localise(service, d, 0));
    let role = match config.get("role") {
        Some(role) => match role.as_str() {
            Some(id) if !id.contains(':') => raw::attribute(id, "Arn", role.span),
            _ => role.clone(),
        },
        None => own_role(service, &id, config, definition.as_ref(), span),
    };
    let mut properties = vec![("RoleArn", role)];
    properties.extend(definition.map(|d| match d.data {
        Data::Map(_) => ("Definition", d),
        _ => ("DefinitionString", d),
    }));
    properties.extend(name.map(|name| ("StateMachineName", name)));
    properties.extend(text("type").map(|t| ("StateMachineType", Value::text(t.to_ascii_uppercase(), span))));
    if let Some(logging) = config.get("loggingConfig") {
        let level = [("level", "Level"), ("includeExecutionData", "IncludeExecutionData")];
        let mut fields =
            super::functions::pick(logging.as_map().unwrap_or(&tidegate_graph::Map::new()), &level);
        if let Some(destinations) = logging.get("destinations") {
            let one = |arn: &Value| {
                let group = Value::object([("LogGroupArn", arn.clone())], arn.span);
                Value::object([("CloudWatchLogsLogGroup", group)], arn.span)
            };
            let all = destinations.items().iter().map(one).collect();
            fields.push(("Destinations", Value::list(all, destinations.span)));
        }
        properties.push(("LoggingConfiguration", Value::object(fields, logging.span)));
    }
    if let Some(tracing) = config.get("tracingConfig") {
        properties
            .push(("TracingConfiguration", super::functions::renamed(tracing, &[("enabled", "Enabled")])));
    }
    service.add(id.clone(), "AWS::StepFunctions::StateMachine", None, properties, span);
    for event in config.get("events").map(Value::items).unwrap_or_default().to_vec() {
        trigger(service, &id, &event);
    }
}

/// Names of functions of the service as logical ids: the plugin lets a definition use both.
fn localise(service: &Service, value: &Value, depth: usize) -> Value {
    const MAX_DEPTH: usize = 200;
    if depth > MAX_DEPTH {
        return value.clone();
    }
    let logical = |key: &str| Value::text(format!("{}LambdaFunction", names::function(key)), value.span);
    let data = match &value.data {
        Data::List(items) => Data::List(items.iter().map(|v| localise(service, v, depth + 1)).collect()),
        Data::Map(map) => {
            let local = |v: &Value| v.as_str().filter(|key| service.function_key(key)).map(logical);
            match map.only() {
                Some((key, target)) if key == "Ref" => {
                    let target = local(target).unwrap_or_else(|| target.clone());
                    return Value::object([("Ref", target)], value.span);
                }
                Some((key, parts)) if key == "Fn::GetAtt" => {
                    let parts = parts.items().iter().enumerate();
                    let parts = parts.map(|(i, p)| local(p).filter(|_| i == 0).unwrap_or_else(|| p.clone()));
                    let list = Value::list(parts.collect(), value.span);
                    return Value::object([("Fn::GetAtt", list)], value.span);
                }
                _ => {}
            }
            let fields = map.fields().map(|(k, f)| {
                (k.clone(), Field { key: f.key, value: localise(service, &f.value, depth + 1) })
            });
            Data::Map(fields.collect())
        }
        other => other.clone(),
    };
    Value::new(data, value.span)
}

/// The role that the plugin makes: what the definition calls, and the statements given.
fn own_role(
    service: &mut Service,
    machine: &Str,
    config: &Value,
    definition: Option<&Value>,
    span: Span,
) -> Value {
    let mut statements = Vec::new();
    for call in definition.map(asl::calls).unwrap_or_default() {
        if call.service == "http" || call.action == "GetActivityTask" {
            continue;
        }
        let resource = match call.target {
            Some(target) if !call.dynamic && is_arn(&target) => target,
            _ => Value::text("*", call.span),
        };
        let action = Value::text(format!("{}:{}", call.service, call.action), call.span);
        let fields =
            [("Effect", Value::text("Allow", call.span)), ("Action", action), ("Resource", resource)];
        statements.push(Value::object(fields, call.span));
    }
    statements.extend(config.get("iamRoleStatements").map(Value::items).unwrap_or_default().iter().cloned());
    let policy = Value::object(
        [
            ("PolicyName", Value::text(format!("{}-{}-statemachine", service.stage, service.name), span)),
            ("PolicyDocument", raw::policy(statements, span)),
        ],
        span,
    );
    let id = format!("{machine}Role");
    let properties = [
        ("AssumeRolePolicyDocument", raw::trust("states.amazonaws.com", span)),
        ("Policies", Value::list(vec![policy], span)),
    ];
    service.add(id.clone(), "AWS::IAM::Role", Some(machine), properties, span);
    raw::attribute(&id, "Arn", span)
}

fn is_arn(value: &Value) -> bool {
    match value.as_str() {
        Some(text) => text.starts_with("arn:"),
        None => raw::is_intrinsic(value),
    }
}

fn trigger(service: &mut Service, machine: &Str, event: &Value) {
    let Some((kind, config)) = event.as_map().and_then(|m| m.iter().next()) else { return };
    let span = config.span;
    let event = Event { config, span };
    match kind.as_str() {
        "http" => {
            let role =
                starter(service, machine, "ApiGatewayToStepFunctionsRole", "apigateway.amazonaws.com", span);
            let synchronous = event.get("action").and_then(Value::as_text);
            let action = synchronous.unwrap_or(Str::new_static("StartExecution"));
            let uri = format!("arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:states:action/{action}");
            let template = raw::sub_with(
                "{\"input\": \"$util.escapeJavaScript($input.json('$'))\", \"stateMachineArn\": \"${Machine}\"}",
                "Machine",
                raw::refer(machine, span),
                span,
            );
            let integration = Value::object(
                [
                    ("IntegrationHttpMethod", Value::text("POST", span)),
                    ("Type", Value::text("AWS", span)),
                    ("Credentials", role),
                    ("Uri", raw::sub(uri, span)),
                    ("RequestTemplates", Value::object([("application/json", template)], span)),
                ],
                span,
            );
            let authorization = match event.get("authorizer") {
                None => vec![("AuthorizationType", Value::text("NONE", span))],
                Some(a)
                    if a.get("type")
                        .or(Some(a))
                        .and_then(Value::as_text)
                        .is_some_and(|t| t.eq_ignore_ascii_case("aws_iam")) =>
                {
                    vec![("AuthorizationType", Value::text("AWS_IAM", span))]
                }
                Some(a) => match a.get("authorizerId") {
                    Some(id) => {
                        vec![("AuthorizationType", Value::text("CUSTOM", span)), ("AuthorizerId", id.clone())]
                    }
                    None => {
                        vec![("AuthorizationType", Value::text("CUSTOM", span)), ("AuthorizerId", a.clone())]
                    }
                },
            };
            http::method_for(service, &event, machine, integration, authorization);
        }
        "schedule" | "cloudwatchEvent" | "eventBridge" => {
            let role = starter(service, machine, "EventToStepFunctionsRole", "events.amazonaws.com", span);
            let number = service.count(format!("{machine}Rule"));
            let target = [
                ("Arn", raw::refer(machine, span)),
                ("Id", Value::text(format!("{machine}{number}"), span)),
                ("RoleArn", role),
            ];
            let disabled = event.get("enabled").and_then(Value::as_bool) == Some(false);
            let mut properties = vec![
                ("State", Value::text(if disabled { "DISABLED" } else { "ENABLED" }, span)),
                ("Targets", Value::list(vec![Value::object(target, span)], span)),
            ];
            if kind == "schedule" {
                properties.extend(event.main("rate").map(|rate| ("ScheduleExpression", rate.clone())));
            } else {
                let pattern = event.get("event").or_else(|| event.get("pattern"));
                properties.extend(pattern.map(|pattern| ("EventPattern", pattern.clone())));
                properties.extend(
                    event
                        .get("eventBusName")
                        .or_else(|| event.get("eventBus"))
                        .map(|b| ("EventBusName", b.clone())),
                );
            }
            let id = format!("{machine}EventsRule{number}");
            service.add(id, "AWS::Events::Rule", Some(machine), properties, span);
        }
        _ => {}
    }
}

/// A role with which a service starts the machine.
fn starter(service: &mut Service, machine: &Str, suffix: &str, principal: &str, span: Span) -> Value {
    let id = format!("{machine}{suffix}");
    let actions = ["states:StartExecution", "states:StartSyncExecution"];
    let statement = raw::allow(&actions, raw::refer(machine, span), span);
    let policy = Value::object(
        [("PolicyName", Value::text("start", span)), ("PolicyDocument", raw::policy(vec![statement], span))],
        span,
    );
    let properties = [
        ("AssumeRolePolicyDocument", raw::trust(principal, span)),
        ("Policies", Value::list(vec![policy], span)),
    ];
    service.add(id.clone(), "AWS::IAM::Role", Some(machine), properties, span);
    raw::attribute(&id, "Arn", span)
}
