//! API routes: what an API calls for a request.

use super::Linker;
use super::resolve::spelled;
use super::triggers::host;
use super::walk::{all, one};
use crate::document::document;
use tidegate_graph::{EdgeKind, Map, NodeKind, Resource, Value};

pub(super) fn link(linker: &mut Linker, resource: &Resource) {
    match resource.ty.as_str() {
        "AWS::ApiGateway::Method" => {
            if let Some(api) = linker.node(resource) {
                for value in all(&resource.properties, "Integration") {
                    value.as_map().into_iter().for_each(|map| integration(linker, resource, api, map, value));
                }
            }
        }
        "AWS::ApiGatewayV2::Integration" => {
            if let Some(api) = linker.node(resource) {
                let whole = Value::map(resource.properties.clone(), resource.span);
                integration(linker, resource, api, &resource.properties, &whole);
            }
        }
        "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api" => body(linker, resource),
        "AWS::ApiGateway::Authorizer" | "AWS::ApiGatewayV2::Authorizer" => {
            if let Some(api) = linker.node(resource) {
                authorizer(linker, resource, api, &resource.properties);
            }
        }
        _ => {}
    }
}

fn body(linker: &mut Linker, resource: &Resource) {
    let Some(api) = linker.node(resource) else { return };
    for body in all(&resource.properties, "Body").into_iter().filter_map(document) {
        let mut integrations = Vec::new();
        let mut authorizers = Vec::new();
        body.walk(&mut |v| {
            integrations.extend(v.get("x-amazon-apigateway-integration"));
            authorizers.extend(v.get("x-amazon-apigateway-authorizer"));
        });
        for value in integrations {
            value.as_map().into_iter().for_each(|map| integration(linker, resource, api, map, value));
        }
        for value in authorizers {
            value.as_map().into_iter().for_each(|map| authorizer(linker, resource, api, map));
        }
    }
}

/// A property under CloudFormation's or OpenAPI's name for it.
fn either<'a>(map: &'a Map, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| one(map, name))
}

fn authorizer(linker: &mut Linker, resource: &Resource, api: usize, map: &Map) {
    if let Some(uri) = either(map, &["AuthorizerUri", "authorizerUri"]) {
        for to in linker.targets(resource, uri, Some("lambda")).nodes {
            linker.edge(api, to, EdgeKind::Invokes, "authorizer", uri.span);
        }
    }
    for path in ["ProviderARNs", "providerARNs", "JwtConfiguration.Issuer", "jwtConfiguration.issuer"] {
        for value in all(map, path) {
            for to in linker.targets(resource, value, None).nodes {
                linker.edge(api, to, EdgeKind::Trusts, "authorizer", value.span);
            }
        }
    }
}

fn integration(linker: &mut Linker, resource: &Resource, api: usize, map: &Map, whole: &Value) {
    if let Some(subtype) = either(map, &["IntegrationSubtype", "integrationSubtype"]).and_then(Value::as_text)
    {
        let (service, action) = subtype.split_once('-').unwrap_or((&subtype, ""));
        let service = match service {
            "EventBridge" => "events",
            "StepFunctions" => "states",
            other => other,
        };
        let span = whole.span;
        service_call(linker, resource, api, &service.to_lowercase(), action, Vec::new(), whole, span);
        return;
    }
    let Some(uri) = either(map, &["Uri", "IntegrationUri", "uri"]) else { return };
    let shown = spelled(uri);
    let parts: Vec<&str> = shown.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "apigateway", _, service, call] => {
            let named = linker.targets(resource, uri, Some(service)).nodes;
            if *service == "lambda" {
                function(linker, resource, api, uri, named, call);
            } else {
                let action =
                    call.strip_prefix("action/").or_else(|| call.split("Action=").nth(1)).unwrap_or("");
                let action = action.split(['&', '/']).next().unwrap_or(action);
                let method = either(map, &["IntegrationHttpMethod", "httpMethod"])
                    .and_then(Value::as_text)
                    .unwrap_or_default();
                let action = if action.is_empty() { method.as_str() } else { action };
                service_call(linker, resource, api, service, action, named, whole, uri.span);
            }
        }
        ["arn", ..] => linker.deliver(api, resource, uri, "integration"),
        _ => http(linker, resource, api, map, uri, &shown),
    }
}

fn function(
    linker: &mut Linker,
    resource: &Resource,
    api: usize,
    uri: &Value,
    named: Vec<usize>,
    call: &str,
) {
    let functions: Vec<usize> = named.into_iter().filter(|n| linker.kind(*n) == NodeKind::Function).collect();
    if !functions.is_empty() {
        for to in functions {
            linker.edge(api, to, EdgeKind::Triggers, "integration", uri.span);
        }
        return;
    }
    // `path/2015-03-31/functions/<ARN or name>/invocations`
    let Some(name) = call.split("functions/").nth(1).and_then(|rest| rest.split("/invocations").next())
    else {
        return;
    };
    let value = Value::text(name, uri.span);
    for to in linker.named(resource, &value, Some("lambda")) {
        linker.edge(api, to, EdgeKind::Triggers, "integration", uri.span);
    }
}

fn http(linker: &mut Linker, resource: &Resource, api: usize, map: &Map, uri: &Value, shown: &str) {
    let mut found = linker.targets(resource, uri, None).nodes;
    let connection = if found.is_empty() { either(map, &["ConnectionId", "connectionId"]) } else { None };
    if let Some(value) = connection {
        let links = value.references().into_iter().filter_map(|(r, _)| linker.system.resource(&r.target));
        for link in links.collect::<Vec<_>>() {
            found.extend(
                all(&link.properties, "TargetArns")
                    .into_iter()
                    .flat_map(|v| linker.targets(link, v, None).nodes),
            );
        }
    }
    let over_http = either(map, &["Type", "IntegrationType", "type"])
        .and_then(Value::as_text)
        .is_some_and(|t| t.to_ascii_lowercase().starts_with("http"));
    if found.is_empty() && (over_http || shown.contains("://")) {
        found.push(linker.external("http", &host(shown)));
    }
    for to in found {
        let kind = match linker.kind(to) {
            NodeKind::External => EdgeKind::Egress,
            NodeKind::Function => EdgeKind::Triggers,
            _ => EdgeKind::Invokes,
        };
        linker.edge(api, to, kind, "integration", uri.span);
    }
}

/// A call of an AWS service: the resource is in the URI, in the parameters, or in the text of the request templates.
#[expect(clippy::too_many_arguments, reason = "the parts of one call, used in one place")]
fn service_call(
    linker: &mut Linker,
    resource: &Resource,
    api: usize,
    service: &str,
    action: &str,
    mut found: Vec<usize>,
    whole: &Value,
    span: tidegate_graph::Span,
) {
    let service = iam_prefix(service);
    let of_service = |linker: &Linker, n: &usize| {
        let own = linker.service(*n);
        own == service && linker.kind(*n) != NodeKind::Rule
            || matches!((service, own), ("states", "states") | ("s3", "s3express"))
    };
    found.retain(|n| of_service(linker, n));
    if found.is_empty() {
        whole.walk(&mut |v| {
            if v.as_map().is_none() && v.as_list().is_none() {
                found.extend(linker.targets(resource, v, Some(service)).nodes);
                found.extend(linker.mentioned(resource, v, service));
            }
        });
        found.retain(|n| of_service(linker, n));
        found.sort_unstable();
        found.dedup();
    }
    if found.is_empty() {
        // A path or template that the request fills in: the only resource of that service is what it can mean.
        found.extend(linker.only_of_service(resource, service));
    }
    if found.is_empty() {
        found.push(if service == "events" { linker.default_bus() } else { linker.external(service, "") });
    }
    for to in found {
        call(linker, api, to, service, action, span);
    }
}

/// The IAM prefix behind the first label of a service's endpoint.
pub(super) fn iam_prefix(label: &str) -> &str {
    match label {
        "sync-states" => "states",
        "bedrock-runtime" => "bedrock",
        "email" => "ses",
        "runtime.sagemaker" => "sagemaker",
        "monitoring" => "cloudwatch",
        "runtime.lex" => "lex",
        "iotdata" | "data.iot" => "iot",
        other => other,
    }
}

/// One call of a service action by an API or a state machine, in the direction in which the data moves.
pub(super) fn call(
    linker: &mut Linker,
    from: usize,
    to: usize,
    service: &str,
    action: &str,
    span: tidegate_graph::Span,
) {
    let evidence = format!("{service}:{action}");
    let access = super::access::of_action(service, &action.to_ascii_lowercase());
    let stored = matches!(
        linker.kind(to),
        NodeKind::Store | NodeKind::Secret | NodeKind::Queue | NodeKind::Stream | NodeKind::Log
    );
    if stored && access.reads {
        linker.edge(to, from, EdgeKind::Reads, evidence.clone(), span);
    }
    if !stored || access.writes || !access.reads {
        let kind = match linker.kind(to) {
            NodeKind::Workflow | NodeKind::Function => EdgeKind::Invokes,
            NodeKind::External => EdgeKind::Invokes,
            kind => super::delivery(kind),
        };
        linker.edge(from, to, kind, evidence, span);
    }
}

impl Linker<'_> {
    /// Nodes of a service in the same stack whose physical name occurs in a text, such as a request template.
    pub(super) fn mentioned(&self, resource: &Resource, value: &Value, service: &str) -> Vec<usize> {
        let pieces = value.pieces();
        let text: String = pieces.iter().map(tidegate_graph::Piece::display).collect();
        if text.len() < 8 {
            return Vec::new();
        }
        let mentioned = |n: &&usize| {
            self.graph.node(**n).is_some_and(|n| n.name.len() >= 3 && text.contains(n.name.as_str()))
        };
        self.of_service(resource, service).iter().filter(mentioned).copied().collect()
    }
}
