//! Whose pages may read the answers of an entry, as the entry declares it.

use tidegate_graph::contract::Cors;
use tidegate_graph::{Map, Resource, System, Value};

/// What an HTTP API, in its properties or its OpenAPI document, a function URL, the listeners of a load balancer, or the
/// answers that a REST API gives by itself declare. Origins that aren't known are left out: no page of theirs reads a refusal.
pub(super) fn of(entry: &Resource, system: &System) -> Option<Cors> {
    let (cors, origins, credentials) = match entry.ty.as_str() {
        "AWS::ApiGatewayV2::Api" => match entry.property("CorsConfiguration") {
            Some(cors) => (cors, "AllowOrigins", "AllowCredentials"),
            None => {
                let body = entry.property("Body")?.as_map()?;
                (body.get("x-amazon-apigateway-cors")?, "allowOrigins", "allowCredentials")
            }
        },
        "AWS::Lambda::Url" => (entry.property("Cors")?, "AllowOrigins", "AllowCredentials"),
        "AWS::ApiGateway::RestApi" => return of_rest(entry, system),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => return of_balancer(entry, system),
        _ => return None,
    };
    let cors = cors.as_map()?;
    let declared = cors.get(origins).map(Value::items).unwrap_or_default();
    let origins: Vec<String> = declared.iter().filter_map(|o| o.as_str()).map(str::to_string).collect();
    let credentials = cors.get(credentials).and_then(Value::as_bool).unwrap_or_default();
    (!origins.is_empty()).then_some(Cors { origins, credentials })
}

/// A REST API has no place for it: what its own errors say counts, or else what its answers to `OPTIONS` say. Where those
/// differ from each other nobody knows which one a refusal would have.
fn of_rest(api: &Resource, system: &System) -> Option<Cors> {
    let of_api = |ty| system.of_type(ty).filter(|part| is_of(part, "RestApiId", api));
    let body = api.property("Body");
    let errors = body.and_then(|b| b.get("x-amazon-apigateway-gateway-responses")).into_iter();
    let errors = errors.flat_map(values).filter_map(|response| response.get("responseParameters"));
    let others = of_api("AWS::ApiGateway::GatewayResponse").filter_map(|r| r.property("ResponseParameters"));
    let errors: Vec<_> = errors.chain(others).filter_map(declared).collect();

    let asked = body.and_then(|b| b.get("paths")).into_iter().flat_map(values);
    let asked = asked.filter_map(|path| path.get("options")?.get("x-amazon-apigateway-integration"));
    let asked = asked.filter_map(|integration| integration.get("responses")).flat_map(values);
    let asked = asked.filter_map(|response| response.get("responseParameters"));
    let others = of_api("AWS::ApiGateway::Method")
        .filter(|method| method.property("HttpMethod").and_then(Value::as_str) == Some("OPTIONS"))
        .filter_map(|method| method.property("Integration")?.get("IntegrationResponses"))
        .flat_map(Value::items)
        .filter_map(|response| response.get("ResponseParameters"));
    let asked: Vec<_> = asked.chain(others).filter_map(declared).collect();

    agreed(&if errors.is_empty() { asked } else { errors })
}

/// Headers that its listeners add to every answer. Which listener a request came through, nobody tells a function.
fn of_balancer(balancer: &Resource, system: &System) -> Option<Cors> {
    let listeners = system.of_type("AWS::ElasticLoadBalancingV2::Listener");
    let listeners = listeners.filter(|listener| is_of(listener, "LoadBalancerArn", balancer));
    let declared: Vec<_> = listeners.filter_map(added).collect();
    agreed(&declared)
}

/// What a listener adds, where it adds an origin at all; `Some(None)` when it isn't known.
fn added(listener: &Resource) -> Option<Option<Cors>> {
    let attributes = listener.property("ListenerAttributes").map(Value::items).unwrap_or_default();
    let value = |header: &str| {
        let key = format!("routing.http.response.{header}.header_value");
        let own = attributes.iter().find(|a| a.get("Key").and_then(Value::as_str) == Some(&key))?;
        own.get("Value")
    };
    let origin = value("access_control_allow_origin")?;
    let credentials = value("access_control_allow_credentials").and_then(Value::as_bool).unwrap_or_default();
    Some(origin.as_str().map(|origin| Cors { origins: vec![origin.to_string()], credentials }))
}

/// What all say; nothing where they differ.
fn agreed(said: &[Option<Cors>]) -> Option<Cors> {
    let (first, rest) = said.split_first()?;
    if rest.iter().all(|other| other == first) { first.clone() } else { None }
}

/// What the headers of an answer declare, where they name an origin at all; `Some(None)` when it isn't a literal.
fn declared(parameters: &Value) -> Option<Option<Cors>> {
    let parameters = parameters.as_map()?;
    let literal = |value: &Value| Some(value.as_str()?.strip_prefix('\'')?.strip_suffix('\'')?.to_string());
    let origin = header(parameters, "access-control-allow-origin")?;
    let credentials = header(parameters, "access-control-allow-credentials").and_then(literal);
    let credentials = credentials.as_deref() == Some("true");
    Some(literal(origin).map(|origin| Cors { origins: vec![origin], credentials }))
}

/// Keys are `method.response.header.Name` and `gatewayresponse.header.Name`.
fn header<'v>(parameters: &'v Map, name: &str) -> Option<&'v Value> {
    let is = |key: &str| key.rsplit_once(".header.").is_some_and(|(_, own)| own.eq_ignore_ascii_case(name));
    parameters.iter().find(|(key, _)| is(key.as_str())).map(|(_, value)| value)
}

fn values(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_map().into_iter().flat_map(|map| map.iter().map(|(_, value)| value))
}

fn is_of(part: &Resource, property: &str, whole: &Resource) -> bool {
    let references = part.property(property).into_iter().flat_map(Value::references);
    references.into_iter().any(|(reference, _)| reference.target == whole.id)
}
