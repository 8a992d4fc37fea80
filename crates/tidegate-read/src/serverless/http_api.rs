//! `httpApi` and `websocket` events: one HTTP API and one WebSocket API for the service.

use super::events::Event;
use super::functions::renamed;
use super::service::{Function, Service};
use super::{http, names, raw};
use tidegate_graph::{Span, Value};

/// Makes the route of an event, and the API around it.
pub(super) fn compile(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let api = api(service, span);
    let route = match http::route(event) {
        Some((method, path)) if method == "*" => format!("ANY {path}"),
        Some((method, path)) => format!("{} {path}", method.to_ascii_uppercase()),
        // `*`, or a map without a method.
        None => match event.get("path").and_then(Value::as_text) {
            Some(path) if path != "*" => format!("ANY {path}"),
            _ => "$default".to_owned(),
        },
    };
    let integration = format!("HttpApiIntegration{}", function.prefix);
    let payload = service.provider(&["httpApi", "payload"]).cloned();
    let properties = [
        ("ApiId", api.clone()),
        ("IntegrationType", Value::text("AWS_PROXY", span)),
        ("IntegrationUri", function.target.clone()),
        ("PayloadFormatVersion", payload.unwrap_or_else(|| Value::text("2.0", span))),
    ];
    service.add(integration.clone(), "AWS::ApiGatewayV2::Integration", Some(&function.id), properties, span);
    let source = raw::sub_with(
        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*",
        "Api",
        api.clone(),
        span,
    );
    service.permission(function, "HttpApi", "apigateway.amazonaws.com", Some(source), span);
    let target =
        raw::sub_with("integrations/${Integration}", "Integration", raw::refer(&integration, span), span);
    let mut properties =
        vec![("ApiId", api.clone()), ("RouteKey", Value::text(route.clone(), span)), ("Target", target)];
    properties.extend(authorization(service, event, &api));
    let name = match route.split_once(' ') {
        Some((method, path)) => format!("{}{}", names::method(method), names::path(path)),
        None => "Default".to_owned(),
    };
    service.add(
        format!("HttpApiRoute{name}"),
        "AWS::ApiGatewayV2::Route",
        Some(&function.id),
        properties,
        span,
    );
}

fn api(service: &mut Service, span: Span) -> Value {
    if let Some(existing) = service.provider(&["httpApi", "id"]) {
        return existing.clone();
    }
    let section = service.provider(&["httpApi"]).cloned();
    let part = |key: &str| section.as_ref().and_then(|s| s.get(key)).cloned();
    let name = format!("{}-{}", service.stage, service.name);
    let mut properties = vec![
        ("Name", part("name").unwrap_or_else(|| Value::text(name, span))),
        ("ProtocolType", Value::text("HTTP", span)),
    ];
    if let Some(cors) = part("cors").filter(|c| c.as_bool() != Some(false)) {
        properties.push(("CorsConfiguration", cors_configuration(&cors)));
    }
    properties.extend(part("disableDefaultEndpoint").map(|v| ("DisableExecuteApiEndpoint", v)));
    service.add("HttpApi", "AWS::ApiGatewayV2::Api", None, properties, span);
    let mut properties = vec![
        ("ApiId", raw::refer("HttpApi", span)),
        ("StageName", Value::text("$default", span)),
        ("AutoDeploy", Value::bool(true, span)),
    ];
    if let Some(metrics) = part("metrics") {
        properties.push(("DefaultRouteSettings", Value::object([("DetailedMetricsEnabled", metrics)], span)));
    }
    properties.extend(logs(service, "httpApi", "HttpApiLogGroup", "/aws/http-api/"));
    service.add("HttpApiStage", "AWS::ApiGatewayV2::Stage", None, properties, span);
    raw::refer("HttpApi", span)
}

/// Access logs of a stage, where the provider asks for them.
fn logs(service: &mut Service, key: &str, group: &str, prefix: &str) -> Option<(&'static str, Value)> {
    let logs = service.provider(&["logs", key]).filter(|l| l.as_bool() != Some(false))?;
    let span = logs.span;
    let format = logs.get("format").cloned().unwrap_or_else(|| Value::text("$context.requestId", span));
    let name = Value::text(format!("{prefix}{}-{}", service.name, service.stage), span);
    service.add(group, "AWS::Logs::LogGroup", None, [("LogGroupName", name)], span);
    let fields = [("DestinationArn", raw::attribute(group, "Arn", span)), ("Format", format)];
    Some(("AccessLogSettings", Value::object(fields, span)))
}

fn cors_configuration(cors: &Value) -> Value {
    let span = cors.span;
    if cors.as_bool() == Some(true) {
        let list =
            |items: &[&'static str]| Value::list(items.iter().map(|i| Value::text(*i, span)).collect(), span);
        let headers = [
            "Content-Type",
            "X-Amz-Date",
            "Authorization",
            "X-Api-Key",
            "X-Amz-Security-Token",
            "X-Amz-User-Agent",
            "X-Amzn-Trace-Id",
        ];
        return Value::object(
            [
                ("AllowOrigins", list(&["*"])),
                ("AllowHeaders", list(&headers)),
                ("AllowMethods", list(&["OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE"])),
            ],
            span,
        );
    }
    const KEYS: &[(&str, &str)] = &[
        ("allowedOrigins", "AllowOrigins"),
        ("allowedHeaders", "AllowHeaders"),
        ("allowedMethods", "AllowMethods"),
        ("allowCredentials", "AllowCredentials"),
        ("exposedResponseHeaders", "ExposeHeaders"),
        ("maxAge", "MaxAge"),
    ];
    renamed(cors, KEYS)
}

fn authorization(service: &mut Service, event: &Event, api: &Value) -> Vec<(&'static str, Value)> {
    let kind = |kind: &'static str| ("AuthorizationType", Value::text(kind, event.span));
    let Some(authorizer) = event.get("authorizer").filter(|a| a.as_bool() != Some(false)) else {
        return vec![kind("NONE")];
    };
    let ty = authorizer.get("type").and_then(Value::as_text).unwrap_or_default();
    let name = authorizer.get("name").and_then(Value::as_text).or_else(|| authorizer.as_text());
    let scopes = authorizer.get("scopes").map(|scopes| ("AuthorizationScopes", scopes.clone()));
    if ty.eq_ignore_ascii_case("aws_iam")
        || name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case("aws_iam"))
    {
        return vec![kind("AWS_IAM")];
    }
    if let Some(id) = authorizer.get("id") {
        let ty = if ty.eq_ignore_ascii_case("request") { "CUSTOM" } else { "JWT" };
        return [kind(ty), ("AuthorizerId", id.clone())].into_iter().chain(scopes).collect();
    }
    let declared = name.as_deref().and_then(|n| service.provider(&["httpApi", "authorizers", n])).cloned();
    let (Some(name), Some(declared)) = (name, declared) else {
        let why = tidegate_graph::Why::Undeclared;
        return vec![("AuthorizationType", Value::unknown(authorizer.display(), why, authorizer.span))];
    };
    let span = declared.span;
    let id = format!("HttpApiAuthorizer{}", names::function(&name));
    let request =
        declared.get("type").and_then(Value::as_text).is_some_and(|t| t.eq_ignore_ascii_case("request"));
    let source = declared.get("identitySource").map(|s| Value::list(s.items().to_vec(), s.span));
    let default = || Value::list(vec![Value::text("$request.header.Authorization", span)], span);
    let mut properties = vec![
        ("ApiId", api.clone()),
        ("Name", Value::text(name, span)),
        ("IdentitySource", source.unwrap_or_else(default)),
    ];
    if request {
        let function = match declared.get("functionName").and_then(Value::as_text) {
            Some(key) => raw::attribute(&format!("{}LambdaFunction", names::function(&key)), "Arn", span),
            None => declared.get("functionArn").cloned().unwrap_or_else(|| declared.clone()),
        };
        let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations";
        properties.push(("AuthorizerType", Value::text("REQUEST", span)));
        properties.push(("AuthorizerUri", raw::sub_with(uri, "Function", function.clone(), span)));
        properties
            .extend(declared.get("resultTtlInSeconds").map(|v| ("AuthorizerResultTtlInSeconds", v.clone())));
        let permission = [
            ("FunctionName", function),
            ("Action", Value::text("lambda:InvokeFunction", span)),
            ("Principal", Value::text("apigateway.amazonaws.com", span)),
        ];
        service.add(format!("{id}LambdaPermission"), "AWS::Lambda::Permission", None, permission, span);
    } else {
        let audience = declared.get("audience").map(|a| Value::list(a.items().to_vec(), a.span));
        let fields = [("Issuer", declared.get("issuerUrl").cloned()), ("Audience", audience)];
        let jwt = Value::object(fields.into_iter().filter_map(|(k, v)| Some((k, v?))), span);
        properties.push(("AuthorizerType", Value::text("JWT", span)));
        properties.push(("JwtConfiguration", jwt));
    }
    service.add(id.clone(), "AWS::ApiGatewayV2::Authorizer", None, properties, span);
    let ty = kind(if request { "CUSTOM" } else { "JWT" });
    [ty, ("AuthorizerId", raw::refer(&id, span))].into_iter().chain(scopes).collect()
}

/// Makes the route of a WebSocket event, and the API around it.
pub(super) fn websocket(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let api = websocket_api(service, span);
    let route = event.main("route").and_then(Value::as_text).unwrap_or_else(|| "$default".into());
    let name = match route.strip_prefix('$') {
        Some(rest) => format!("S{rest}"),
        None => names::alphanumeric(&route),
    };
    let integration = format!("{}WebsocketsIntegration", function.prefix);
    let uri = raw::sub_with(
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations",
        "Function",
        function.target.clone(),
        span,
    );
    let properties = [
        ("ApiId", api.clone()),
        ("IntegrationType", Value::text("AWS_PROXY", span)),
        ("IntegrationUri", uri),
    ];
    service.add(integration.clone(), "AWS::ApiGatewayV2::Integration", Some(&function.id), properties, span);
    service.permission(function, "Websockets", "apigateway.amazonaws.com", None, span);
    let target =
        raw::sub_with("integrations/${Integration}", "Integration", raw::refer(&integration, span), span);
    let mut properties =
        vec![("ApiId", api.clone()), ("RouteKey", Value::text(route, span)), ("Target", target)];
    properties.extend(websocket_authorization(service, event, &api));
    service.add(
        format!("{name}WebsocketsRoute"),
        "AWS::ApiGatewayV2::Route",
        Some(&function.id),
        properties,
        span,
    );
}

fn websocket_api(service: &mut Service, span: Span) -> Value {
    if let Some(existing) = service.provider(&["apiGateway", "websocketApiId"]) {
        return existing.clone();
    }
    let selection = service.provider(&["websocketsApiRouteSelectionExpression"]).cloned();
    let name = service.provider(&["websocketsApiName"]).cloned();
    let properties = [
        (
            "Name",
            name.unwrap_or_else(|| {
                Value::text(format!("{}-{}-websockets", service.stage, service.name), span)
            }),
        ),
        ("ProtocolType", Value::text("WEBSOCKET", span)),
        ("RouteSelectionExpression", selection.unwrap_or_else(|| Value::text("$request.body.action", span))),
    ];
    service.add("WebsocketsApi", "AWS::ApiGatewayV2::Api", None, properties, span);
    let api = raw::refer("WebsocketsApi", span);
    service.add(
        "WebsocketsDeployment",
        "AWS::ApiGatewayV2::Deployment",
        None,
        [("ApiId", api.clone())],
        span,
    );
    let mut properties = vec![
        ("ApiId", api.clone()),
        ("StageName", Value::text(service.stage.clone(), span)),
        ("DeploymentId", raw::refer("WebsocketsDeployment", span)),
    ];
    properties.extend(logs(service, "websocket", "WebsocketsLogGroup", "/aws/websocket/"));
    service.add("WebsocketsDeploymentStage", "AWS::ApiGatewayV2::Stage", None, properties, span);
    api
}

fn websocket_authorization(service: &mut Service, event: &Event, api: &Value) -> Vec<(&'static str, Value)> {
    let kind = |kind: &'static str| ("AuthorizationType", Value::text(kind, event.span));
    let Some(authorizer) = event.get("authorizer") else { return vec![kind("NONE")] };
    let span = authorizer.span;
    let name = authorizer.get("name").and_then(Value::as_text).or_else(|| authorizer.as_text());
    let name = name.unwrap_or_else(|| "authorizer".into());
    if name.eq_ignore_ascii_case("aws_iam") {
        return vec![kind("AWS_IAM")];
    }
    let target = authorizer.get("arn").cloned().unwrap_or_else(|| Value::text(name.clone(), span));
    let function = service.arn_of_function(&target);
    let name = name.rsplit(':').next().unwrap_or_default();
    let id = format!("{}WebsocketsAuthorizer", names::function(name));
    let source = authorizer.get("identitySource").map(|s| Value::list(s.items().to_vec(), s.span));
    let default = || Value::list(vec![Value::text("route.request.header.Auth", span)], span);
    let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations";
    let properties = [
        ("ApiId", api.clone()),
        ("Name", Value::text(name, span)),
        ("AuthorizerType", Value::text("REQUEST", span)),
        ("AuthorizerUri", raw::sub_with(uri, "Function", function, span)),
        ("IdentitySource", source.unwrap_or_else(default)),
    ];
    service.add(id.clone(), "AWS::ApiGatewayV2::Authorizer", None, properties, span);
    vec![kind("CUSTOM"), ("AuthorizerId", raw::refer(&id, span))]
}
