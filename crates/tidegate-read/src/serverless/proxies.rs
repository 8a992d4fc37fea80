//! Routes that the service proxy plugin takes straight to a queue, topic, stream, bucket, table or bus.

use super::events::Event;
use super::service::Service;
use super::{http, raw};
use tidegate_graph::{Map, Span, Str, Value};

/// How the plugin reaches one service.
struct Proxy {
    /// Its key in the service's text.
    key: &'static str,
    /// Key of the name of what is reached.
    name: &'static str,
    /// Action of the role.
    action: &'static str,
    /// What the role may reach; `${Name}` is the name.
    arn: &'static str,
    /// What follows `arn:${AWS::Partition}:apigateway:${AWS::Region}:`.
    uri: &'static str,
    /// Request template.
    template: &'static str,
}

const PROXIES: &[Proxy] = &[
    Proxy {
        key: "sqs",
        name: "queueName",
        action: "sqs:SendMessage",
        arn: "sqs:${AWS::Region}:${AWS::AccountId}:${Name}",
        uri: "sqs:path/${AWS::AccountId}/${Name}",
        template: "Action=SendMessage&MessageBody=$util.urlEncode($input.body)",
    },
    Proxy {
        key: "sns",
        name: "topicName",
        action: "sns:Publish",
        arn: "sns:${AWS::Region}:${AWS::AccountId}:${Name}",
        uri: "sns:path//",
        template: "Action=Publish&Message=$util.urlEncode($input.body)&TopicArn=arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${Name}",
    },
    Proxy {
        key: "kinesis",
        name: "streamName",
        action: "kinesis:PutRecord",
        arn: "kinesis:${AWS::Region}:${AWS::AccountId}:stream/${Name}",
        uri: "kinesis:action/PutRecord",
        template: "{\"StreamName\": \"${Name}\", \"Data\": \"$util.base64Encode($input.body)\"}",
    },
    Proxy {
        key: "s3",
        name: "bucket",
        action: "s3:PutObject",
        arn: "s3:::${Name}/*",
        uri: "s3:path/${Name}/{object}",
        template: "",
    },
    Proxy {
        key: "dynamodb",
        name: "tableName",
        action: "dynamodb:PutItem",
        arn: "dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Name}",
        uri: "dynamodb:action/PutItem",
        template: "{\"TableName\": \"${Name}\"}",
    },
    Proxy {
        key: "eventbridge",
        name: "eventBusName",
        action: "events:PutEvents",
        arn: "events:${AWS::Region}:${AWS::AccountId}:event-bus/${Name}",
        uri: "events:action/PutEvents",
        template: "{\"Entries\": [{\"EventBusName\": \"${Name}\", \"Detail\": \"$util.escapeJavaScript($input.body)\"}]}",
    },
];

/// Makes the routes, if the service has any.
pub(super) fn compile(service: &mut Service) {
    if !service.has_plugin("serverless-apigateway-service-proxy") {
        return;
    }
    let proxies = raw::at(&service.config, &["custom", "apiGatewayServiceProxies"]).cloned();
    for entry in proxies.as_ref().map(Value::items).unwrap_or_default() {
        let Some((key, config)) = entry.as_map().and_then(|m| m.iter().next()) else { continue };
        if let Some(proxy) = PROXIES.iter().find(|proxy| proxy.key == key) {
            route(service, proxy, config);
        }
    }
}

fn route(service: &mut Service, proxy: &Proxy, config: &Value) {
    let span = config.span;
    let event = Event { config, span };
    let unknown = || Value::unknown(proxy.name, tidegate_graph::Why::Undeclared, span);
    let name = event.get(proxy.name).cloned().unwrap_or_else(unknown);
    let put = |text: &str| raw::sub_with(text, "Name", name.clone(), span);
    let credentials = match event.get("roleArn") {
        Some(role) => role.clone(),
        None => role(service, proxy, put(&format!("arn:${{AWS::Partition}}:{}", proxy.arn)), span),
    };
    let action = event.get("action").and_then(Value::as_text).filter(|_| proxy.uri.contains(":action/"));
    let uri = match action {
        Some(action) => proxy.uri.replace("PutItem", &action).replace("PutRecord", &action),
        None => proxy.uri.to_owned(),
    };
    let mut integration = vec![
        ("Type", Value::text("AWS", span)),
        ("IntegrationHttpMethod", Value::text(if proxy.key == "s3" { "PUT" } else { "POST" }, span)),
        ("Credentials", credentials),
        ("Uri", put(&format!("arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:{uri}"))),
    ];
    if !proxy.template.is_empty() {
        let templates = Value::object([("application/json", put(proxy.template))], span);
        integration.push(("RequestTemplates", templates));
    }
    let kind = event.get("authorizationType").cloned().unwrap_or_else(|| Value::text("NONE", span));
    let mut authorization = vec![("AuthorizationType", kind)];
    authorization.extend(
        event.pick(&[("authorizerId", "AuthorizerId"), ("authorizationScopes", "AuthorizationScopes")]),
    );
    let made_from = Str::new_static("ApiGatewayRestApi");
    http::method_for(service, &event, &made_from, Value::object(integration, span), authorization);
}

/// The role with which the API reaches a service: one for all routes to it.
fn role(service: &mut Service, proxy: &Proxy, resource: Value, span: Span) -> Value {
    let id = format!("ApigatewayTo{}Role", super::names::upper_first(proxy.key));
    let statement = raw::allow(&[proxy.action], resource, span);
    let known = service.property_mut(&id, "Policies").and_then(|policies| {
        let tidegate_graph::Data::List(policies) = &mut policies.data else { return None };
        policies.first_mut()?.as_map_mut()?.get_mut("PolicyDocument")?.as_map_mut()?.get_mut("Statement")
    });
    if let Some(tidegate_graph::Data::List(statements)) = known.map(|v| &mut v.data) {
        statements.push(statement);
        return raw::attribute(&id, "Arn", span);
    }
    let policy: Map = [
        ("PolicyName", Value::text(format!("apigateway-to-{}", proxy.key), span)),
        ("PolicyDocument", raw::policy(vec![statement], span)),
    ]
    .into_iter()
    .map(|(key, value)| (key.into(), tidegate_graph::Field { key: span, value }))
    .collect();
    let properties = [
        ("AssumeRolePolicyDocument", raw::trust("apigateway.amazonaws.com", span)),
        ("Policies", Value::list(vec![Value::map(policy, span)], span)),
    ];
    service.add(id.clone(), "AWS::IAM::Role", None, properties, span);
    raw::attribute(&id, "Arn", span)
}
