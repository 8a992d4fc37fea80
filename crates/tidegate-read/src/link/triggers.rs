//! What starts a function, a state machine or a task: mappings, subscriptions, notifications, rules, pipes, schedules.

use super::Linker;
use super::walk::{all, flat, one};
use crate::document::document;
use std::collections::HashSet;
use tidegate_graph::{EdgeKind, Map, NodeKind, Resource, Str, Value};

pub(super) fn link(linker: &mut Linker, resource: &Resource) {
    match resource.ty.as_str() {
        "AWS::Lambda::EventSourceMapping" => event_source_mapping(linker, resource),
        "AWS::SNS::Subscription" => subscription(linker, resource, &resource.properties, "TopicArn"),
        "AWS::SNS::Topic" => topic(linker, resource),
        "AWS::S3::Bucket" => bucket(linker, resource),
        "AWS::Events::Rule" => rule(linker, resource),
        "AWS::Pipes::Pipe" => pipe(linker, resource),
        "AWS::Scheduler::Schedule" => schedule(linker, resource),
        "AWS::Logs::SubscriptionFilter" => log_filter(linker, resource),
        "AWS::Logs::AccountPolicy" => account_policy(linker, resource),
        "AWS::Cognito::UserPool" => user_pool(linker, resource),
        "AWS::SES::ReceiptRule" => deliver_all(linker, resource, "Rule.Actions", "receipt rule action"),
        "AWS::IoT::TopicRule" => {
            deliver_all(linker, resource, "TopicRulePayload", "IoT rule action");
            if let Some(rule) = linker.node(resource) {
                let devices = linker.external("iot", "");
                linker.edge(devices, rule, EdgeKind::Triggers, "device messages", resource.span);
            }
        }
        "AWS::Transfer::Workflow" => deliver_all(linker, resource, "Steps", "workflow step"),
        "AWS::Transfer::Server" => transfer(linker, resource),
        "AWS::CodeBuild::Project" | "AWS::Config::ConfigRule" | "AWS::SecretsManager::RotationSchedule" => {
            functions_within(linker, resource);
        }
        "AWS::Bedrock::Agent" => deliver_all(linker, resource, "ActionGroups", "action group"),
        _ => custom_resource(linker, resource),
    }
}

fn event_source_mapping(linker: &mut Linker, resource: &Resource) {
    let properties = &resource.properties;
    let functions: Vec<usize> = all(properties, "FunctionName")
        .into_iter()
        .flat_map(|v| linker.named(resource, v, Some("lambda")))
        .collect();
    let mut sources = Vec::new();
    for value in all(properties, "EventSourceArn") {
        sources.extend(linker.named(resource, value, None).into_iter().map(|n| (n, value.span)));
    }
    if let Some(value) = one(properties, "SelfManagedEventSource") {
        sources.push((linker.external("kafka", ""), value.span));
    }
    for function in functions {
        for (source, span) in &sources {
            linker.edge(*source, function, EdgeKind::Triggers, "event source mapping", *span);
        }
        for value in all(properties, "DestinationConfig.OnFailure.Destination") {
            linker.deliver(function, resource, value, "failure destination of an event source mapping");
        }
    }
}

fn topic(linker: &mut Linker, resource: &Resource) {
    for subscription in all(&resource.properties, "Subscription") {
        if let Some(map) = subscription.as_map() {
            endpoint(linker, resource, map, &linker.node(resource).into_iter().collect::<Vec<_>>());
        }
    }
}

fn subscription(linker: &mut Linker, resource: &Resource, map: &Map, topic: &str) {
    let topics: Vec<usize> =
        all(map, topic).into_iter().flat_map(|v| linker.named(resource, v, Some("sns"))).collect();
    endpoint(linker, resource, map, &topics);
}

fn endpoint(linker: &mut Linker, resource: &Resource, map: &Map, topics: &[usize]) {
    let protocol = one(map, "Protocol").and_then(Value::as_text).unwrap_or_default();
    for topic in topics {
        for value in all(map, "Endpoint") {
            match protocol.as_str() {
                "http" | "https" | "email" | "email-json" | "sms" => {
                    let to =
                        linker.external(&protocol.replace("email-json", "email"), &host(&value.display()));
                    linker.edge(*topic, to, EdgeKind::Egress, "subscription", value.span);
                }
                _ => linker.deliver(*topic, resource, value, "subscription"),
            }
        }
        for value in all(map, "RedrivePolicy").iter().filter_map(|v| document(v)) {
            if let Some(target) = value.get("deadLetterTargetArn") {
                linker.deliver(*topic, resource, target, "dead-letter queue of a subscription");
            }
        }
    }
}

/// Host of a URL, or the whole text.
pub(super) fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest).to_string()
}

fn bucket(linker: &mut Linker, resource: &Resource) {
    let Some(from) = linker.node(resource) else { return };
    let properties = &resource.properties;
    for path in ["LambdaConfigurations.Function", "QueueConfigurations.Queue", "TopicConfigurations.Topic"] {
        for value in all(properties, &format!("NotificationConfiguration.{path}")) {
            linker.deliver(from, resource, value, "bucket notification");
        }
    }
    if let Some(value) = one(properties, "NotificationConfiguration.EventBridgeConfiguration") {
        let on = value.get("EventBridgeEnabled").and_then(Value::as_bool).unwrap_or(true);
        if on && value.as_bool() != Some(false) {
            let bus = linker.default_bus();
            linker.edge(from, bus, EdgeKind::Publishes, "bucket events to EventBridge", value.span);
        }
    }
}

fn rule(linker: &mut Linker, resource: &Resource) {
    let Some(rule) = linker.node(resource) else { return };
    let properties = &resource.properties;
    if let Some(pattern) = one(properties, "EventPattern") {
        let buses: Vec<usize> = all(properties, "EventBusName")
            .into_iter()
            .filter(|v| v.as_str() != Some("default"))
            .flat_map(|v| linker.named(resource, v, Some("events")))
            .collect();
        let buses = if buses.is_empty() { vec![linker.default_bus()] } else { buses };
        for bus in buses {
            linker.edge(bus, rule, EdgeKind::Triggers, "event pattern", pattern.span);
        }
        sources_in_pattern(linker, resource, rule, pattern);
    }
    for target in all(properties, "Targets") {
        let Some(map) = target.as_map() else { continue };
        for value in target_values(map) {
            linker.deliver(rule, resource, value, "rule target");
        }
        for value in all(map, "DeadLetterConfig.Arn") {
            linker.deliver(rule, resource, value, "dead-letter queue of a rule target");
        }
    }
}

/// A target's ARN; for a container task the task, since the ARN is only the cluster it runs on.
fn target_values(target: &Map) -> Vec<&Value> {
    let task = all(target, "EcsParameters.TaskDefinitionArn");
    if task.is_empty() { all(target, "Arn") } else { task }
}

/// Buckets and other resources that a pattern on AWS events names: they are where the event comes from.
fn sources_in_pattern(linker: &mut Linker, resource: &Resource, rule: usize, pattern: &Value) {
    let Some(pattern) = document(pattern) else { return };
    let Some(map) = pattern.as_map() else { return };
    let sources: Vec<Str> = all(map, "source").into_iter().filter_map(Value::as_text).collect();
    if !sources.iter().any(|s| s.starts_with("aws.")) {
        return;
    }
    let service = sources.iter().find_map(|s| s.strip_prefix("aws.")).map(ToString::to_string);
    let mut found = false;
    let mut named = all(map, "resources");
    if let Some(detail) = map.get("detail") {
        detail.walk(&mut |v| named.push(v));
    }
    for value in named {
        if value.as_map().is_some() || value.as_list().is_some() {
            continue;
        }
        for from in linker.targets(resource, value, service.as_deref()).nodes {
            if from != rule && linker.kind(from) != NodeKind::Rule {
                linker.edge(from, rule, EdgeKind::Triggers, "resource named by an event pattern", value.span);
                found = true;
            }
        }
    }
    if !found {
        // Whatever of that service there is: the only resource of the stack, or the service as such.
        for service in sources
            .iter()
            .filter_map(|s| s.strip_prefix("aws."))
            .filter(|s| !matches!(*s, "events" | "partner"))
        {
            let from =
                linker.only_of_service(resource, service).unwrap_or_else(|| linker.external(service, ""));
            if from != rule {
                linker.edge(from, rule, EdgeKind::Triggers, "source of an event pattern", pattern.span);
            }
        }
    }
}

fn pipe(linker: &mut Linker, resource: &Resource) {
    let Some(pipe) = linker.node(resource) else { return };
    let properties = &resource.properties;
    for value in all(properties, "Source") {
        for from in linker.named(resource, value, None) {
            linker.edge(from, pipe, EdgeKind::Triggers, "pipe source", value.span);
        }
    }
    for value in all(properties, "Enrichment") {
        for to in linker.named(resource, value, None) {
            linker.edge(pipe, to, EdgeKind::Invokes, "pipe enrichment", value.span);
        }
    }
    for value in all(properties, "Target") {
        linker.deliver(pipe, resource, value, "pipe target");
    }
    if let Some(parameters) = properties.get("SourceParameters") {
        parameters.walk(&mut |v| {
            if let Some(value) = v.get("DeadLetterConfig").and_then(|d| d.get("Arn")) {
                linker.deliver(pipe, resource, value, "dead-letter queue of a pipe");
            }
        });
    }
}

fn schedule(linker: &mut Linker, resource: &Resource) {
    let Some(schedule) = linker.node(resource) else { return };
    for target in all(&resource.properties, "Target") {
        let Some(map) = target.as_map() else { continue };
        for value in target_values(map) {
            let shown = value.display();
            match shown.split_once(":aws-sdk:") {
                Some((_, call)) => universal_target(linker, resource, schedule, map, call, value),
                None => linker.deliver(schedule, resource, value, "schedule target"),
            }
        }
        for value in all(map, "DeadLetterConfig.Arn") {
            linker.deliver(schedule, resource, value, "dead-letter queue of a schedule");
        }
    }
}

/// `arn:aws:scheduler:::aws-sdk:sqs:sendMessage`: the resource is named in the input.
fn universal_target(
    linker: &mut Linker,
    resource: &Resource,
    schedule: usize,
    target: &Map,
    call: &str,
    arn: &Value,
) {
    let service = match call.split(':').next().unwrap_or(call) {
        "sfn" => "states",
        "eventbridge" => "events",
        "sesv2" => "ses",
        other => other,
    };
    let mut found = Vec::new();
    for input in all(target, "Input").iter().filter_map(|v| document(v)) {
        input.walk(&mut |v| {
            if v.as_map().is_none() && v.as_list().is_none() {
                found.extend(linker.targets(resource, v, Some(service)).nodes);
            }
        });
    }
    found.retain(|n| linker.service(*n) == service);
    if found.is_empty() {
        found.push(linker.external(service, ""));
    }
    for to in found {
        let kind = super::delivery(linker.kind(to));
        linker.edge(schedule, to, kind, format!("schedule target {call}"), arn.span);
    }
}

fn log_filter(linker: &mut Linker, resource: &Resource) {
    let properties = &resource.properties;
    for group in all(properties, "LogGroupName") {
        for from in linker.named(resource, group, Some("logs")) {
            for value in all(properties, "DestinationArn") {
                linker.deliver(from, resource, value, "log subscription");
            }
        }
    }
}

fn account_policy(linker: &mut Linker, resource: &Resource) {
    let Some(from) = linker.node(resource) else { return };
    for policy in all(&resource.properties, "PolicyDocument").iter().filter_map(|v| document(v)) {
        if let Some(value) = policy.get("DestinationArn") {
            linker.deliver(from, resource, value, "account-wide log subscription");
        }
    }
}

fn user_pool(linker: &mut Linker, resource: &Resource) {
    let Some(from) = linker.node(resource) else { return };
    for config in all(&resource.properties, "LambdaConfig") {
        config.walk(&mut |v| {
            for to in linker.targets(resource, v, Some("lambda")).nodes {
                if linker.kind(to) == NodeKind::Function {
                    linker.edge(from, to, EdgeKind::Triggers, "user pool trigger", v.span);
                }
            }
        });
    }
}

fn transfer(linker: &mut Linker, resource: &Resource) {
    let Some(from) = linker.node(resource) else { return };
    for path in [
        "WorkflowDetails.OnUpload.WorkflowId",
        "WorkflowDetails.OnPartialUpload.WorkflowId",
        "IdentityProviderDetails.Function",
    ] {
        for value in all(&resource.properties, path) {
            linker.deliver(from, resource, value, "transfer server");
        }
    }
}

/// Delivers to every node that is named anywhere below a property.
fn deliver_all(linker: &mut Linker, resource: &Resource, path: &str, evidence: &str) {
    let Some(from) = linker.node(resource) else { return };
    let mut found: Vec<(usize, &Value)> = Vec::new();
    for value in all(&resource.properties, path) {
        value.walk(&mut |v| {
            if v.as_map().is_none() && v.as_list().is_none() {
                found.extend(linker.targets(resource, v, None).nodes.into_iter().map(|n| (n, v)));
            }
        });
    }
    for (to, value) in found {
        if to != from && linker.kind(to) != NodeKind::Identity {
            let kind = super::delivery(linker.kind(to));
            linker.edge(from, to, kind, evidence, value.span);
        }
    }
}

/// Rotation functions, rule functions: called by the service itself.
fn functions_within(linker: &mut Linker, resource: &Resource) {
    let from = linker.node(resource);
    let service: Str = resource.ty.split("::").nth(1).unwrap_or_default().to_lowercase().into();
    let mut found = Vec::new();
    for value in resource.properties.values().flat_map(flat) {
        value.walk(&mut |v| {
            found.extend(linker.targets(resource, v, None).nodes.into_iter().map(|n| (n, v.span)));
        });
    }
    found.retain(|(n, _)| linker.kind(*n) == NodeKind::Function);
    for (to, span) in found {
        let from = from.unwrap_or_else(|| linker.external(&service, ""));
        if from != to {
            linker.edge(from, to, EdgeKind::Triggers, "called by the service", span);
        }
    }
}

fn custom_resource(linker: &mut Linker, resource: &Resource) {
    if !resource.ty.starts_with("Custom::") && resource.ty != "AWS::CloudFormation::CustomResource" {
        return;
    }
    for value in all(&resource.properties, "ServiceToken") {
        for to in linker.targets(resource, value, Some("lambda")).nodes {
            let from = linker.external("cloudformation", "");
            linker.edge(from, to, EdgeKind::Triggers, "custom resource", value.span);
        }
    }
}

/// Permissions say who may call a function. They add an edge only where nothing else explains the call.
pub(super) fn link_permissions(linker: &mut Linker) {
    let system = linker.system;
    for resource in system.of_type("AWS::Lambda::Permission") {
        let properties = &resource.properties;
        let Some(principal) = one(properties, "Principal").and_then(Value::as_text) else { continue };
        let Some(service) =
            principal.strip_suffix(".amazonaws.com").map(|s| s.split('.').next().unwrap_or(s).to_string())
        else {
            continue;
        };
        for value in all(properties, "FunctionName") {
            for to in linker.named(resource, value, Some("lambda")) {
                permission(linker, resource, &service, to);
            }
        }
    }
}

fn permission(linker: &mut Linker, resource: &Resource, service: &str, to: usize) {
    let graph_service = match service {
        "execute-api" => "apigateway",
        other => other,
    };
    let explained = |linker: &Linker| {
        let callers: HashSet<&str> = linker
            .graph
            .incoming(to)
            .filter(|e| matches!(e.kind, EdgeKind::Triggers | EdgeKind::Invokes))
            .map(|e| linker.service(e.from))
            .collect();
        callers.contains(graph_service)
            || graph_service == "events" && callers.contains("scheduler")
            || graph_service == "elasticloadbalancing" && callers.iter().any(|s| s.starts_with("elasticload"))
            || graph_service == "transfer" && callers.contains("transfer")
    };
    let sources = all(&resource.properties, "SourceArn");
    let mut from = Vec::new();
    for source in &sources {
        let found = linker.targets(resource, source, Some(graph_service));
        from.extend(found.nodes.into_iter().filter(|n| *n != to).map(|n| (n, source.span)));
    }
    if from.is_empty() {
        if explained(linker) {
            return;
        }
        let external = linker.external(graph_service, "");
        from.push((external, resource.span));
    }
    for (from, span) in from {
        // A permission adds nothing to an integration, an authorizer or a target that is drawn already.
        let drawn = linker.graph.outgoing(from).any(|e| e.to == to && e.kind.is_data());
        if drawn {
            continue;
        }
        linker.edge(from, to, EdgeKind::Triggers, "permission to invoke", span);
    }
}
