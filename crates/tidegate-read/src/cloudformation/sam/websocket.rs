//! `AWS::Serverless::WebSocketApi`

use super::make::{is_intrinsic, map_of, present, reference, sub, sub_with, truthy, value};
use super::shape::expect_map;
use super::{Made, Res, Source, Transform, domain, http_api, propagate_tags, tables};
use tidegate_graph::{Map, Problem, Value};

const TAG: &str = "websocketapi:createdBy";

/// Makes the API, its stage, and for each route what it needs.
pub(super) fn transform(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    let mut source = source.clone();
    for name in ["Auth", "Domain", "Routes"] {
        if let Some(value) = source.get(name).map(|v| run.known.resolve(v)) {
            source.properties.insert(name, value);
        }
    }
    let source = &source;
    run.check(source, tables::WEB_SOCKET_API);
    let faults = faults(source);
    run.problems.extend(faults);
    let span = source.span;
    let mut tags = source.some("Tags").and_then(map_of).cloned().unwrap_or_default();
    tags.insert(TAG, Value::text("SAM", span));
    let tags = Value::map(tags, span);
    let mut api = source.main("AWS::ApiGatewayV2::Api");
    api.copy(
        source,
        &[
            "ApiKeySelectionExpression",
            "Description",
            "DisableExecuteApiEndpoint",
            "DisableSchemaValidation",
            "IpAddressType",
            "Name",
            "RouteSelectionExpression",
        ],
    );
    if source.get("Name").is_none() {
        api.set("Name", &source.id);
    }
    api.set("Tags", &tags);
    api.set("ProtocolType", "WEBSOCKET");
    let mut made = vec![api];

    let auth = source.some("Auth").and_then(map_of);
    let auth = auth.and_then(|auth| run.tried(check_auth(source, auth)).map(|()| auth));
    let mut routes = Vec::new();
    for (key, spec) in source.get("Routes").and_then(map_of).iter().flat_map(|routes| routes.iter()) {
        let result = route(source, key, spec, auth, &mut made);
        routes.extend(run.tried(result));
    }
    let own_tag = Value::object([(TAG, Value::text("SAM", span))], span);
    let result = domain::version_2(run, source, source.get("Domain"), TAG, &mut made);
    run.tried(result);
    let mut stage = stage(source, &own_tag);
    if source.some("RouteSettings").is_some() && !routes.is_empty() {
        stage.depends(&routes.iter().map(String::as_str).collect::<Vec<_>>());
    }
    made.push(stage);
    let custom = auth.filter(|auth| kind(auth) == Some("CUSTOM"));
    if let Some(auth) =
        custom.filter(|_| source.get("Routes").is_some_and(|routes| routes.get("$connect").is_some()))
    {
        authorizer(source, auth, &mut made);
    }
    let passed = source.some("Tags").map(|_| &tags);
    propagate_tags(&mut made, passed, truthy(source.get("PropagateTags")));
    made
}

fn faults(source: &Source) -> Vec<Problem> {
    let mut out = Vec::new();
    if source.get("Routes").is_some_and(|routes| !truthy(Some(routes))) {
        out.push(source.fault("Routes", "`Routes` should have one route at least"));
    }
    let address = source.get("IpAddressType").filter(|v| !is_intrinsic(v));
    if address.is_some_and(|v| !matches!(v.as_str(), Some("ipv4" | "dualstack"))) {
        out.push(source.fault("IpAddressType", "`IpAddressType` should be `ipv4` or `dualstack`"));
    }
    if source.get("Domain").is_some_and(|domain| truthy(domain.get("MutualTlsAuthentication"))) {
        out.push(source.fault("Domain", "`MutualTlsAuthentication` doesn't go with WebSocket APIs"));
    }
    if source.get("StageName").and_then(Value::as_str) == Some("$default") {
        out.push(source.fault("StageName", "the stage of a WebSocket API cannot be `$default`"));
    }
    let connects = source.get("Routes").is_some_and(|routes| routes.get("$connect").is_some());
    if source.some("Auth").is_some() && !connects {
        out.push(source.fault("Auth", "`Auth` needs a route `$connect`"));
    }
    out
}

fn kind(auth: &Map) -> Option<&str> {
    auth.get("AuthType").and_then(Value::as_str)
}

fn check_auth(source: &Source, auth: &Map) -> Res {
    match kind(auth) {
        Some("CUSTOM") if !truthy(auth.get("AuthArn")) => {
            Err(source.fault("Auth", "`AuthType: CUSTOM` needs `AuthArn`"))
        }
        Some("CUSTOM") => Ok(()),
        Some(kind @ ("NONE" | "AWS_IAM")) if auth.len() > 1 => {
            Err(source.fault("Auth", format!("`AuthType: {kind}` takes nothing beside it")))
        }
        Some("NONE" | "AWS_IAM") => Ok(()),
        Some(_) => Err(source.fault("Auth", "`AuthType` should be `AWS_IAM`, `CUSTOM` or `NONE`")),
        None => Err(source.fault("Auth", "`Auth` lacks the required property `AuthType`")),
    }
}

/// Makes a route with its integration and permission; returns its id.
fn route(source: &Source, key: &str, spec: &Value, auth: Option<&Map>, made: &mut Vec<Made>) -> Res<String> {
    let span = spec.span;
    let spec = expect_map(spec, &format!("Routes.{key}"))?;
    let name = match key {
        "$connect" | "$disconnect" | "$default" => capital(key.trim_start_matches('$')),
        _ if super::make::is_alphanumeric(key) => capital(key),
        _ => {
            let said = format!("route `{key}` of `{}` should be made of letters and digits alone", source.id);
            return Err(Problem::at(span, said));
        }
    };
    let base = format!("{}{name}", source.id);
    let Some(function) = present(spec.get("FunctionArn")) else {
        return Err(Problem::at(
            span,
            format!("route `{key}` of `{}` lacks the required property `FunctionArn`", source.id),
        ));
    };
    let api = reference(&source.id, source.span);
    let integration_id = format!("{base}Integration");
    let mut route = source.beside(format!("{base}Route"), "AWS::ApiGatewayV2::Route", span);
    route.set("RouteKey", key);
    route.set("ApiId", &api);
    for name in [
        "ApiKeyRequired",
        "ModelSelectionExpression",
        "OperationName",
        "RequestModels",
        "RouteResponseSelectionExpression",
    ] {
        route.set_opt(name, spec.get(name));
    }
    let parameters = spec.get("RequestParameters").filter(|v| truthy(Some(v)));
    if let Some(parameters) = parameters.filter(|_| key != "$connect") {
        let said = format!("`RequestParameters` of `{}` go with route `$connect` alone", source.id);
        return Err(Problem::at(parameters.span, said));
    }
    route.set_opt("RequestParameters", parameters);
    route.set(
        "Target",
        value!(span, { "Fn::Join": ["/", ["integrations", (reference(&integration_id, span))]] }),
    );
    if let Some(auth) = auth.filter(|_| key == "$connect") {
        route.set("AuthorizationType", kind(auth).unwrap_or("NONE"));
        if kind(auth) == Some("CUSTOM") {
            route.set("AuthorizerId", reference(&format!("{}ConnectAuthorizer", source.id), span));
        }
    }
    let mut integration = source.beside(integration_id, "AWS::ApiGatewayV2::Integration", span);
    integration.set("ApiId", &api);
    integration.set("IntegrationType", "AWS_PROXY");
    let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations";
    integration.set("IntegrationUri", sub_with(uri, &[("FunctionArn", function.clone())], span));
    integration.set_opt("TimeoutInMillis", spec.get("IntegrationTimeout"));
    let mut permission = source.beside(format!("{base}Permission"), "AWS::Lambda::Permission", span);
    permission.set("Action", "lambda:InvokeFunction");
    permission.set("FunctionName", function);
    permission.set("Principal", "apigateway.amazonaws.com");
    let api_arn = format!(
        "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{}.ApiId}}",
        source.id
    );
    permission.set(
        "SourceArn",
        match source.get("StageName") {
            Some(stage) if stage.as_str().is_none() => sub_with(
                format!("{api_arn}/${{__StageName__}}/{key}"),
                &[("__StageName__", stage.clone())],
                span,
            ),
            stage => {
                sub(format!("{api_arn}/{}/{key}", stage.and_then(Value::as_str).unwrap_or("default")), span)
            }
        },
    );
    let id = route.id.to_string();
    made.extend([route, integration, permission]);
    Ok(id)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(chars.map(|c| c.to_ascii_lowercase()))
        .collect()
}

fn authorizer(source: &Source, auth: &Map, made: &mut Vec<Made>) {
    let span = source.at("Auth");
    let id = format!("{}ConnectAuthorizer", source.id);
    let mut authorizer = source.beside(id.as_str(), "AWS::ApiGatewayV2::Authorizer", span);
    authorizer.set("ApiId", reference(&source.id, span));
    authorizer.set_opt("AuthorizerCredentialsArn", auth.get("InvokeRole"));
    authorizer.set("AuthorizerType", "REQUEST");
    let function = auth.get("AuthArn").cloned().unwrap_or_else(|| Value::text("", span));
    let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${AuthArn}/invocations";
    authorizer.set("AuthorizerUri", sub_with(uri, &[("AuthArn", function.clone())], span));
    authorizer.set_opt("IdentitySource", auth.get("IdentitySource"));
    let name = auth.get("Name").filter(|v| truthy(Some(v))).cloned();
    authorizer.set("Name", name.unwrap_or_else(|| Value::text(id, span)));
    made.push(authorizer);
    if !truthy(auth.get("InvokeRole")) {
        made.push(http_api::authorizer_permission(
            source,
            format!("{}AuthorizerPermission", source.id),
            &function,
        ));
    }
}

fn stage(source: &Source, tags: &Value) -> Made {
    let name = source.get("StageName");
    let text = name.map_or(Some("default"), Value::as_str).unwrap_or_default();
    let id = if text == "default" {
        format!("{}DefaultStage", source.id)
    } else {
        format!("{}{text}Stage", source.id)
    };
    let mut stage = source.beside(id, "AWS::ApiGatewayV2::Stage", source.at("StageName"));
    stage.set("ApiId", reference(&source.id, source.span));
    match name {
        Some(name) => stage.set("StageName", name),
        None => stage.set("StageName", "default"),
    }
    stage.copy(source, &["StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"]);
    stage.set("Tags", tags);
    stage.set("AutoDeploy", true);
    stage
}
