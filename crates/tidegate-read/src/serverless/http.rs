//! `http` events: one REST API for the service.

use super::events::Event;
use super::service::{Function, Service};
use super::{names, raw};
use tidegate_graph::{Piece, Span, Str, Value};

const API: &str = "ApiGatewayRestApi";

/// Makes the method of an event, and the API around it.
pub(super) fn compile(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let Some((method, path)) = route(event) else { return };
    let api = api(service);
    let source = raw::sub_with(
        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*",
        "Api",
        api.clone(),
        span,
    );
    service.permission(function, "ApiGateway", "apigateway.amazonaws.com", Some(source), span);
    let mut properties = vec![
        ("RestApiId", api.clone()),
        ("ResourceId", resource(service, &api, &path, span)),
        ("HttpMethod", Value::text(method.to_ascii_uppercase(), span)),
        ("Integration", integration(function, event)),
    ];
    let private = event.get("private").and_then(Value::as_bool) == Some(true);
    if private {
        properties.push(("ApiKeyRequired", Value::bool(true, span)));
    }
    properties.extend(authorization(service, function, event, &api));
    let id = format!("ApiGatewayMethod{}{}", names::path(&path), names::method(&method));
    properties.extend(request(service, event, &api, &id));
    service.add(id.clone(), "AWS::ApiGateway::Method", Some(&function.id), properties, span);
    if let Some(cors) = event.get("cors").filter(|c| c.as_bool() != Some(false)) {
        preflight(service, function, &api, &path, cors);
    }
    depend(service, &id, span);
}

/// Makes the API of a file that says how the API is and nothing of functions: they are kept elsewhere.
pub(super) fn for_functions_elsewhere(service: &mut Service) {
    if service.config.get("functions").is_some() || service.resources.contains_key(API) {
        return;
    }
    let provider = service.config.get("provider").and_then(Value::as_map);
    let section = provider.is_some_and(|p| p.contains_key("apiGateway"));
    if section || service.provider(&["logs", "restApi"]).is_some() {
        api(service);
    }
}

/// Makes a method that starts something other than a function: a state machine.
pub(super) fn method_for(
    service: &mut Service,
    event: &Event,
    made_from: &Str,
    integration: Value,
    authorization: Vec<(&'static str, Value)>,
) {
    let span = event.span;
    let Some((method, path)) = route(event) else { return };
    let api = api(service);
    let mut properties = vec![
        ("RestApiId", api.clone()),
        ("ResourceId", resource(service, &api, &path, span)),
        ("HttpMethod", Value::text(method.to_ascii_uppercase(), span)),
        ("Integration", integration),
    ];
    if event.get("private").and_then(Value::as_bool) == Some(true) {
        properties.push(("ApiKeyRequired", Value::bool(true, span)));
    }
    properties.extend(authorization);
    let id = format!("ApiGatewayMethod{}{}", names::path(&path), names::method(&method));
    service.add(id.clone(), "AWS::ApiGateway::Method", Some(made_from), properties, span);
    depend(service, &id, span);
}

/// Method and path: `GET /x`, or a map of both.
pub(super) fn route(event: &Event) -> Option<(String, String)> {
    if let Some(text) = event.config.as_str() {
        let (method, path) = text.trim().split_once(char::is_whitespace)?;
        return Some((method.to_owned(), path.trim().to_owned()));
    }
    // A path may have holes; they keep their names.
    let text = |key: &str| -> Option<String> {
        let value = event.get(key)?;
        Some(value.pieces().iter().map(Piece::display).collect())
    };
    Some((text("method")?, text("path")?))
}

/// The API: the service's own, or one that exists.
fn api(service: &mut Service) -> Value {
    if let Some(existing) = service.provider(&["apiGateway", "restApiId"]) {
        return existing.clone();
    }
    // It is the provider's section that says how the API is, whichever event calls for it first.
    let span = service.place(&["provider", "apiGateway"]);
    let section = service.provider(&["apiGateway"]).cloned();
    let part = |key: &str| section.as_ref().and_then(|s| s.get(key)).cloned();
    let text = |text: String| Value::text(text, span);
    let name = service.provider(&["apiName"]).cloned();
    let kind = part("endpointType").or_else(|| service.provider(&["endpointType"]).cloned());
    let provider = service.place(&["provider"]);
    let kind = kind.unwrap_or_else(|| Value::text("EDGE", provider));
    let kind = kind.as_text().map_or(kind.clone(), |t| Value::text(t.to_ascii_uppercase(), kind.span));
    // Shown where the service says it, or where it would.
    let place = kind.span;
    let mut endpoint = vec![("Types", Value::list(vec![kind], place))];
    let endpoints = part("vpcEndpointIds").or_else(|| service.provider(&["vpcEndpointIds"]).cloned());
    endpoint.extend(endpoints.map(|ids| ("VpcEndpointIds", ids)));
    let mut properties = vec![
        ("Name", name.unwrap_or_else(|| text(format!("{}-{}", service.stage, service.name)))),
        ("EndpointConfiguration", Value::object(endpoint, place)),
    ];
    let policy = part("resourcePolicy").or_else(|| service.provider(&["resourcePolicy"]).cloned());
    properties.extend(policy.map(|p| {
        let policy = if p.as_list().is_some() { raw::policy(p.items().to_vec(), p.span) } else { p };
        ("Policy", policy)
    }));
    let keys = [
        ("minimumCompressionSize", "MinimumCompressionSize"),
        ("apiKeySourceType", "ApiKeySourceType"),
        ("disableDefaultEndpoint", "DisableExecuteApiEndpoint"),
        ("binaryMediaTypes", "BinaryMediaTypes"),
    ];
    properties.extend(keys.into_iter().filter_map(|(from, to)| Some((to, part(from)?))));
    service.add(API, "AWS::ApiGateway::RestApi", None, properties, span);
    deployment(service, span);
    keys_and_plan(service, part("apiKeys"), part("usagePlan"));
    raw::refer(API, span)
}

fn deployment(service: &mut Service, span: Span) {
    let mut stage = Vec::new();
    if let Some(tracing) = service.provider(&["tracing", "apiGateway"]) {
        stage.push(("TracingEnabled", tracing.clone()));
    }
    if let Some(logs) = service.provider(&["logs", "restApi"]).filter(|l| l.as_bool() != Some(false)).cloned()
    {
        let level = logs.get("level").cloned().unwrap_or_else(|| Value::text("INFO", logs.span));
        stage.push(("LoggingLevel", level));
        if let Some(full) = logs.get("fullExecutionData") {
            stage.push(("DataTraceEnabled", full.clone()));
        }
        if let Some(off) = logs.get("accessLogging").filter(|v| v.as_bool() == Some(false)) {
            // Nothing logs, and this line is where it says so.
            stage.push((
                "AccessLogSetting",
                Value::object([("DestinationArn", Value::text("", off.span))], off.span),
            ));
        } else {
            let name = format!("/aws/api-gateway/{}-{}", service.name, service.stage);
            let name = [("LogGroupName", Value::text(name, logs.span))];
            service.add("ApiGatewayLogGroup", "AWS::Logs::LogGroup", None, name, logs.span);
            let setting = [("DestinationArn", raw::attribute("ApiGatewayLogGroup", "Arn", logs.span))];
            stage.push(("AccessLogSetting", Value::object(setting, logs.span)));
        }
    }
    let mut properties =
        vec![("RestApiId", raw::refer(API, span)), ("StageName", Value::text(service.stage.clone(), span))];
    if !stage.is_empty() {
        properties.push(("StageDescription", Value::object(stage, span)));
    }
    service.add("ApiGatewayDeployment", "AWS::ApiGateway::Deployment", None, properties, span);
}

fn keys_and_plan(service: &mut Service, keys: Option<Value>, plan: Option<Value>) {
    let keys = keys.or_else(|| service.provider(&["apiKeys"]).cloned());
    let plan = plan.or_else(|| service.provider(&["usagePlan"]).cloned());
    let Some(span) = keys.as_ref().or(plan.as_ref()).map(|v| v.span) else { return };
    let stage = [("ApiId", raw::refer(API, span)), ("Stage", Value::text(service.stage.clone(), span))];
    let mut properties = vec![("ApiStages", Value::list(vec![Value::object(stage, span)], span))];
    if let Some(plan) = &plan {
        use super::functions::renamed;
        if let Some(quota) = plan.get("quota") {
            let names = [("limit", "Limit"), ("offset", "Offset"), ("period", "Period")];
            properties.push(("Quota", renamed(quota, &names)));
        }
        if let Some(throttle) = plan.get("throttle") {
            properties.push((
                "Throttle",
                renamed(throttle, &[("burstLimit", "BurstLimit"), ("rateLimit", "RateLimit")]),
            ));
        }
    }
    service.add("ApiGatewayUsagePlan", "AWS::ApiGateway::UsagePlan", None, properties, span);
    for (number, key) in keys.as_ref().map(Value::items).unwrap_or_default().iter().enumerate() {
        let number = number + 1;
        let name = key.get("name").or(Some(key)).filter(|n| n.as_map().is_none()).cloned();
        let mut properties = vec![("Enabled", Value::bool(true, key.span))];
        properties.extend(name.map(|name| ("Name", name)));
        properties.extend(key.get("value").cloned().map(|value| ("Value", value)));
        let id = format!("ApiGatewayApiKey{number}");
        service.add(id.clone(), "AWS::ApiGateway::ApiKey", None, properties, key.span);
        let properties = [
            ("KeyId", raw::refer(&id, key.span)),
            ("KeyType", Value::text("API_KEY", key.span)),
            ("UsagePlanId", raw::refer("ApiGatewayUsagePlan", key.span)),
        ];
        let id = format!("ApiGatewayUsagePlanKey{number}");
        service.add(id, "AWS::ApiGateway::UsagePlanKey", None, properties, key.span);
    }
}

/// The resource of a path, with those above it.
fn resource(service: &mut Service, api: &Value, path: &str, span: Span) -> Value {
    /// Parts of a path; beyond them the rest hangs on the last.
    const MAX_PARTS: usize = 32;
    let root = service.provider(&["apiGateway", "restApiRootResourceId"]).cloned();
    let mut parent = root.unwrap_or_else(|| raw::attribute(API, "RootResourceId", span));
    let mut whole = String::new();
    for part in path.split('/').filter(|p| !p.is_empty()).take(MAX_PARTS) {
        whole.push_str(&names::path(part));
        let id = format!("ApiGatewayResource{whole}");
        let properties =
            [("ParentId", parent), ("PathPart", Value::text(part, span)), ("RestApiId", api.clone())];
        service.add(id.clone(), "AWS::ApiGateway::Resource", None, properties, span);
        parent = raw::refer(&id, span);
    }
    parent
}

fn integration(function: &Function, event: &Event) -> Value {
    let span = event.span;
    let uri = raw::sub_with(
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations",
        "Function",
        function.target.clone(),
        span,
    );
    let kind = event.get("integration").and_then(Value::as_text).unwrap_or_default().to_ascii_lowercase();
    let kind = match kind.as_str() {
        "lambda" | "aws" => "AWS",
        "mock" => "MOCK",
        "http" => "HTTP",
        "http-proxy" | "http_proxy" => "HTTP_PROXY",
        _ => "AWS_PROXY",
    };
    let mut fields =
        vec![("IntegrationHttpMethod", Value::text("POST", span)), ("Type", Value::text(kind, span))];
    let request = event.get("request");
    match kind {
        "MOCK" => {}
        "HTTP" | "HTTP_PROXY" => {
            fields.extend(request.and_then(|r| r.get("uri")).map(|uri| ("Uri", uri.clone())));
        }
        _ => fields.push(("Uri", uri)),
    }
    if let Some(templates) = request.and_then(|r| r.get("template")) {
        fields.push(("RequestTemplates", templates.clone()));
    }
    Value::object(fields, span)
}

/// `AuthorizationType`, `AuthorizerId`, and the authorizer itself.
fn authorization(
    service: &mut Service,
    function: &Function,
    event: &Event,
    api: &Value,
) -> Vec<(&'static str, Value)> {
    let kind = |kind: &'static str| ("AuthorizationType", Value::text(kind, event.span));
    let Some(authorizer) = event.get("authorizer").filter(|a| a.as_bool() != Some(false)) else {
        return vec![kind("NONE")];
    };
    let span = authorizer.span;
    let ty = authorizer.get("type").and_then(Value::as_text).unwrap_or_default();
    if ty.eq_ignore_ascii_case("aws_iam")
        || authorizer.as_str().is_some_and(|t| t.eq_ignore_ascii_case("aws_iam"))
    {
        return vec![kind("AWS_IAM")];
    }
    if let Some(id) = authorizer.get("authorizerId") {
        let ty = if ty.eq_ignore_ascii_case("COGNITO_USER_POOLS") { "COGNITO_USER_POOLS" } else { "CUSTOM" };
        return vec![kind(ty), ("AuthorizerId", id.clone())];
    }
    let target = authorizer.get("arn").or_else(|| authorizer.get("name")).unwrap_or(authorizer).clone();
    let shown: String = if raw::is_intrinsic(&target) {
        names::of_arn(&target, 1)
    } else {
        target.pieces().iter().map(Piece::display).collect()
    };
    let name = match authorizer.get("name").and_then(Value::as_text) {
        Some(name) => name,
        None => shown.rsplit([':', '/']).next().unwrap_or_default().into(),
    };
    let id = format!(
        "{}ApiGatewayAuthorizer",
        names::function(&names::alphanumeric(&name.replace('-', "Dash").replace('_', "Underscore")))
    );
    let cognito = ty.eq_ignore_ascii_case("COGNITO_USER_POOLS") || shown.contains(":cognito-idp:");
    let source = authorizer.get("identitySource").cloned();
    let mut properties = vec![
        ("RestApiId", api.clone()),
        ("Name", Value::text(name, span)),
        (
            "IdentitySource",
            source.unwrap_or_else(|| Value::text("method.request.header.Authorization", span)),
        ),
    ];
    let ttl = authorizer.get("resultTtlInSeconds").cloned();
    properties.push(("AuthorizerResultTtlInSeconds", ttl.unwrap_or_else(|| Value::number(300, span))));
    let mut out = Vec::new();
    if cognito {
        properties.push(("Type", Value::text("COGNITO_USER_POOLS", span)));
        properties.push(("ProviderARNs", Value::list(vec![target], span)));
        out.push(kind("COGNITO_USER_POOLS"));
        out.extend(authorizer.get("scopes").map(|scopes| ("AuthorizationScopes", scopes.clone())));
    } else {
        let request = ty.eq_ignore_ascii_case("request");
        let arn = service.arn_of_function(&target);
        let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations";
        properties.push(("Type", Value::text(if request { "REQUEST" } else { "TOKEN" }, span)));
        properties.push(("AuthorizerUri", raw::sub_with(uri, "Function", arn.clone(), span)));
        let permission = [
            ("FunctionName", arn),
            ("Action", Value::text("lambda:InvokeFunction", span)),
            ("Principal", Value::text("apigateway.amazonaws.com", span)),
        ];
        let permission_id = format!("{id}LambdaPermissionApiGateway");
        service.add(permission_id, "AWS::Lambda::Permission", Some(&function.id), permission, span);
        out.push(kind("CUSTOM"));
    }
    service.add(id.clone(), "AWS::ApiGateway::Authorizer", Some(&function.id), properties, span);
    out.push(("AuthorizerId", raw::refer(&id, span)));
    out
}

/// What the API checks of a request: parameters and body schemas.
fn request(service: &mut Service, event: &Event, api: &Value, method: &str) -> Vec<(&'static str, Value)> {
    let mut out = Vec::new();
    let request = event.get("request");
    if let Some(parameters) = request.and_then(|r| r.get("parameters")).and_then(Value::as_map) {
        const PLACES: &[(&str, &str)] =
            &[("querystrings", "querystring"), ("headers", "header"), ("paths", "path")];
        let mut fields = Vec::new();
        for (key, place) in PLACES {
            let Some(entries) = parameters.get(key) else { continue };
            for (name, value) in entries.as_map().into_iter().flat_map(tidegate_graph::Map::iter) {
                let required = value.get("required").unwrap_or(value).clone();
                fields.push((format!("method.request.{place}.{name}"), required));
            }
        }
        out.push(("RequestParameters", Value::object(fields, event.span)));
    }
    let schemas = request.and_then(|r| r.get("schemas").or_else(|| r.get("schema")));
    let Some(schemas) = schemas.cloned() else { return out };
    let mut models = Vec::new();
    for (kind, schema) in schemas.as_map().into_iter().flat_map(tidegate_graph::Map::iter) {
        let id = format!("{method}{}Model", names::alphanumeric(&names::path(kind)));
        let body = match schema.as_str() {
            Some(name) => {
                raw::at(&service.config, &["provider", "apiGateway", "request", "schemas", name, "schema"])
                    .cloned()
            }
            None => schema.get("schema").filter(|s| s.as_map().is_some()).cloned(),
        };
        let properties = [
            ("RestApiId", api.clone()),
            ("ContentType", Value::text(kind.clone(), schema.span)),
            ("Schema", body.unwrap_or_else(|| schema.clone())),
        ];
        service.add(id.clone(), "AWS::ApiGateway::Model", None, properties, schema.span);
        models.push((kind.clone(), raw::refer(&id, schema.span)));
    }
    let span = schemas.span;
    let id = "ApiGatewayRequestValidator";
    let properties = [
        ("RestApiId", api.clone()),
        ("ValidateRequestBody", Value::bool(true, span)),
        ("ValidateRequestParameters", Value::bool(true, span)),
    ];
    // The service's own validator of this name would win the merge; this one is then only in its place.
    service.add(id, "AWS::ApiGateway::RequestValidator", None, properties, span);
    out.push(("RequestModels", Value::object(models, span)));
    out.push(("RequestValidatorId", raw::refer(id, span)));
    out
}

fn preflight(service: &mut Service, function: &Function, api: &Value, path: &str, cors: &Value) {
    let span = cors.span;
    let origin = cors.get("origin").or_else(|| cors.get("origins").and_then(|o| o.items().first()));
    let origin = origin.and_then(Value::as_text).unwrap_or(Str::new_static("*"));
    let text = |text: String| Value::text(text, span);
    let mut parameters =
        vec![("method.response.header.Access-Control-Allow-Origin", text(format!("'{origin}'")))];
    if let Some(allow) = cors.get("allowCredentials").and_then(Value::as_bool) {
        parameters
            .push(("method.response.header.Access-Control-Allow-Credentials", text(format!("'{allow}'"))));
    }
    let response = Value::object(
        [("StatusCode", text("200".into())), ("ResponseParameters", Value::object(parameters, span))],
        span,
    );
    let integration = Value::object(
        [("Type", Value::text("MOCK", span)), ("IntegrationResponses", Value::list(vec![response], span))],
        span,
    );
    let properties = [
        ("RestApiId", api.clone()),
        ("ResourceId", resource(service, api, path, span)),
        ("HttpMethod", Value::text("OPTIONS", span)),
        ("AuthorizationType", Value::text("NONE", span)),
        ("Integration", integration),
    ];
    let id = format!("ApiGatewayMethod{}Options", names::path(path));
    service.add(id, "AWS::ApiGateway::Method", Some(&function.id), properties, span);
}

/// The deployment waits for every method.
fn depend(service: &mut Service, method: &str, span: Span) {
    let Some(deployment) = service.resources.get_mut("ApiGatewayDeployment").and_then(Value::as_map_mut)
    else {
        return;
    };
    let method = Value::text(method, span);
    match deployment.get_mut("DependsOn").map(|v| &mut v.data) {
        Some(tidegate_graph::Data::List(items)) => items.push(method),
        _ => {
            deployment.insert("DependsOn", Value::list(vec![method], span));
        }
    }
}
