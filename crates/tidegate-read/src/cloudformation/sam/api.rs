//! `AWS::Serverless::Api`

mod authorizer;
mod usage_plan;

use super::make::{
    digest, digested, is_alphanumeric, is_intrinsic, is_null, is_true, map_of, present, reference, set_opt,
    sub_with, tag_list, truthy, value,
};
use super::shape::{Type, expect, expect_map, quoted};
use super::swagger::cors::Cors;
use super::swagger::security::Scheme;
use super::swagger::{self, cors, policy, security};
use super::{Made, Res, Source, Transform, domain, propagate_tags, s3_location, tables};
use tidegate_graph::{Data, Map, Problem, Value};
pub(super) use usage_plan::SharedPlan;

const AUTH: [&str; 8] = [
    "Authorizers",
    "DefaultAuthorizer",
    "InvokeRole",
    "AddDefaultAuthorizerToCorsPreflight",
    "AddApiKeyRequiredToCorsPreflight",
    "ApiKeyRequired",
    "ResourcePolicy",
    "UsagePlan",
];
const CORS: [&str; 5] = ["AllowMethods", "AllowHeaders", "AllowOrigin", "MaxAge", "AllowCredentials"];
const NO_BODY: &str = "works with an inline `DefinitionBody` alone";

/// Makes the API, its deployment and stage, and what stands beside them.
pub(super) fn transform(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    let mut source = source.clone();
    for name in ["BinaryMediaTypes", "Domain", "Auth"] {
        if let Some(value) = source.get(name).map(|v| run.known.resolve(v)) {
            source.properties.insert(name, value);
        }
    }
    let source = &source;
    run.check(source, tables::API);
    let rest = rest_api(run, source);
    let mut made = Vec::new();

    let mut deployment =
        source.beside(format!("{}Deployment", source.id), "AWS::ApiGateway::Deployment", source.span);
    let mut stage = stage(source);
    if let Some(body) = rest.properties.get("Body").or(rest.properties.get("BodyS3Location")) {
        let version = Value::text(
            source.get("OpenApiVersion").and_then(Value::as_text).unwrap_or_default(),
            source.span,
        );
        let domain = source.get("Domain").cloned().unwrap_or_else(|| Value::text("", source.span));
        let hash = digest(&[body, &version, &domain]);
        deployment.set("Description", format!("RestApi deployment id: {hash}"));
        deployment.id = format!("{}{hash}", deployment.id).into();
    }
    deployment.set("RestApiId", reference(&source.id, source.span));
    if !truthy(source.get("OpenApiVersion")) {
        deployment.set("StageName", "Stage");
    }
    stage.set("DeploymentId", reference(&deployment.id, source.span));
    let stage_id = stage.id.clone();
    made.extend([rest, deployment, stage]);

    if let Some(auth) = source.some("Auth").and_then(map_of) {
        let schemes = authorizer::schemes(source, auth).unwrap_or_default();
        made.extend(schemes.iter().filter_map(|scheme| permission(source, scheme)));
    }
    let result = domain::rest(run, source, &mut made);
    run.tried(result);
    let result = usage_plan::make(run, source, &stage_id, &mut made);
    run.tried(result);
    propagate_tags(&mut made, source.get("Tags"), truthy(source.get("PropagateTags")));
    made
}

fn stage(source: &Source) -> Made {
    let name = source.get("StageName");
    let text = name.and_then(Value::as_str).unwrap_or_default();
    let id = if is_alphanumeric(text) {
        format!("{}{text}Stage", source.id)
    } else {
        digested(&format!("{}Stage", source.id), &Value::text(text, source.span))
    };
    let mut stage = source.beside(id, "AWS::ApiGateway::Stage", source.at("StageName"));
    stage.set("RestApiId", reference(&source.id, source.span));
    stage.copy(
        source,
        &[
            "StageName",
            "CacheClusterEnabled",
            "CacheClusterSize",
            "Variables",
            "MethodSettings",
            "AccessLogSetting",
            "CanarySetting",
            "TracingEnabled",
        ],
    );
    if let Some(tags) = source.get("Tags") {
        stage.set("Tags", tag_list(Some(tags)));
    }
    stage
}

fn permission(source: &Source, scheme: &Scheme) -> Option<Made> {
    let function = scheme.function.as_ref()?;
    let span = function.span;
    let id = format!("{}{}AuthorizerPermission", source.id, scheme.name);
    let mut made = source.beside(id, "AWS::Lambda::Permission", span);
    let arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*";
    made.set("Action", "lambda:InvokeFunction");
    made.set("FunctionName", function);
    made.set("Principal", "apigateway.amazonaws.com");
    made.set("SourceArn", sub_with(arn, &[("__ApiId__", reference(&source.id, span))], span));
    Some(made)
}

fn rest_api(run: &mut Transform<'_>, source: &Source) -> Made {
    let mut rest = source.main("AWS::ApiGateway::RestApi");
    let faults = exclusive(source);
    run.problems.extend(faults);
    rest.copy(source, &["BinaryMediaTypes", "MinimumCompressionSize"]);
    let result = endpoints(source, &mut rest);
    run.tried(result);
    let mut body = source.some("DefinitionBody").cloned();
    let steps: [fn(&Source, &mut Option<Value>) -> Res; 6] =
        [add_cors, add_auth, add_responses, add_media_types, add_models, add_endpoint];
    for step in steps {
        let result = step(source, &mut body);
        run.tried(result);
    }
    if let Some(uri) = source.some("DefinitionUri") {
        match s3_location(source, "DefinitionUri", ["Bucket", "Key", "Version"]) {
            Ok(Some(location)) => rest.set("BodyS3Location", location),
            Ok(None) => {
                if let Some(Some(document)) = run.load(uri).map(|result| run.tried(result)) {
                    rest.set("Body", document);
                }
            }
            Err(problem) => run.problems.push(problem),
        }
    } else if let Some(mut body) = body {
        if let Some(doc) = body.as_map_mut() {
            let result = swagger::to_version_3(doc, source.get("OpenApiVersion"));
            run.tried(result);
        }
        rest.set("Body", body);
    }
    for name in [
        "Name",
        "Description",
        "Mode",
        "ApiKeySourceType",
        "Policy",
        "SecurityPolicy",
        "EndpointAccessMode",
        "FailOnWarnings",
    ] {
        rest.set_opt(name, source.some(name));
    }
    rest
}

fn exclusive(source: &Source) -> Vec<Problem> {
    let mut out = Vec::new();
    if source.some("DefinitionUri").is_some() {
        if source.some("DefinitionBody").is_some() {
            out.push(
                source.fault("DefinitionUri", "`DefinitionUri` and `DefinitionBody` exclude each other"),
            );
        }
        if source.some("MergeDefinitions").is_some() {
            out.push(source.fault("MergeDefinitions", "`MergeDefinitions` doesn't go with `DefinitionUri`"));
        }
    }
    let version = source.some("OpenApiVersion");
    if version.is_some_and(|v| {
        !v.as_text().is_some_and(|text| swagger::is_version(&text, "23") && text.contains('.'))
    }) {
        out.push(source.fault("OpenApiVersion", "`OpenApiVersion` should be like `3.0.0`"));
    }
    out
}

fn endpoints(source: &Source, rest: &mut Made) -> Res {
    let Some(given) = source.some("EndpointConfiguration") else { return Ok(()) };
    let span = given.span;
    let Some(kind) = given.get("Type").filter(|v| truthy(Some(v))) else {
        rest.set("EndpointConfiguration", value!(span, { "Types": [(given)] }));
        rest.set("Parameters", value!(span, { "endpointConfigurationTypes": (given) }));
        return Ok(());
    };
    let mut out = Map::new();
    out.insert("Types", value!(span, [(kind)]));
    let (old, new) = (given.get("VPCEndpointIds"), given.get("VpcEndpointIds"));
    set_opt(&mut out, "VpcEndpointIds", old.filter(|v| truthy(Some(v))).or(new));
    set_opt(&mut out, "IpAddressType", given.get("IpAddressType"));
    rest.set("EndpointConfiguration", Value::map(out, span));
    rest.set("Parameters", value!(span, { "endpointConfigurationTypes": (kind) }));
    if old.is_some() && new.is_some() {
        let said = "`VPCEndpointIds` and `VpcEndpointIds` exclude each other";
        return Err(source.fault("EndpointConfiguration", said));
    }
    Ok(())
}

/// The body as a document that a property can be worked into.
fn document<'b>(source: &Source, name: &str, body: &'b mut Option<Value>) -> Res<&'b mut Map> {
    let Some(body) = body else { return Err(source.fault(name, format!("`{name}` {NO_BODY}"))) };
    if !swagger::is_swagger(Some(body)) {
        let said = format!("`{name}` needs a `DefinitionBody` of Swagger 2 or OpenAPI 3 with `paths`");
        return Err(source.fault(name, said));
    }
    let at = body.span;
    let doc = body.as_map_mut().ok_or_else(|| Problem::at(at, "`DefinitionBody` should be a map"))?;
    swagger::check_paths(doc)?;
    Ok(doc)
}

fn add_cors(source: &Source, body: &mut Option<Value>) -> Res {
    let Some(given) = source.some("Cors") else { return Ok(()) };
    let span = given.span;
    let any = Value::text("'*'", span);
    let cors = if given.as_str().is_some() || is_intrinsic(given) {
        Cors { origin: Some(given.clone()), ..Cors::default() }
    } else {
        let map = expect_map(given, "Cors")?;
        if let Some((key, field)) = map.fields().find(|(key, _)| !CORS.contains(&key.as_str())) {
            return Err(Problem::at(field.key, format!("`Cors` of `{}` doesn't take `{key}`", source.id)));
        }
        let of = |name: &str| map.get(name).cloned();
        Cors {
            origin: Some(of("AllowOrigin").unwrap_or_else(|| any.clone())).filter(|v| !is_null(v)),
            headers: of("AllowHeaders"),
            methods: of("AllowMethods"),
            max_age: of("MaxAge").filter(|v| !is_null(v)),
            credentials: of("AllowCredentials"),
        }
    };
    let doc = document(source, "Cors", body)?;
    if is_true(cors.credentials.as_ref()) && cors.origin.as_ref().and_then(Value::as_str) == Some("'*'") {
        return Err(source.fault("Cors", "`AllowCredentials` needs an `AllowOrigin` other than `'*'`"));
    }
    cors::add(doc, &cors, span)
}

fn add_auth(source: &Source, body: &mut Option<Value>) -> Res {
    let Some(auth) = source.some("Auth").and_then(map_of) else { return Ok(()) };
    let span = source.at("Auth");
    let version = source.get("OpenApiVersion");
    let doc = document(source, "Auth", body)?;
    if let Some((key, field)) = auth.fields().find(|(key, _)| !AUTH.contains(&key.as_str())) {
        return Err(Problem::at(field.key, format!("`Auth` of `{}` doesn't take `{key}`", source.id)));
    }
    let schemes = authorizer::schemes(source, auth)?;
    let flag = |name: &str| auth.get(name).is_none_or(|v| truthy(Some(v)));
    if !schemes.is_empty() {
        security::define(doc, &schemes, span)?;
        if let Some(default) = auth.get("DefaultAuthorizer").filter(|v| truthy(Some(v))) {
            let Some(name) = default.as_str() else {
                return Err(Problem::at(
                    default.span,
                    format!("`DefaultAuthorizer` of `{}` should be a string", source.id),
                ));
            };
            if name != "AWS_IAM" && !schemes.iter().any(|s| s.name == name) {
                let said = format!(
                    "`DefaultAuthorizer` of `{}` is `{name}`, which `Authorizers` doesn't define",
                    source.id
                );
                return Err(Problem::at(default.span, said));
            }
            security::set_default(
                doc,
                name,
                &schemes,
                flag("AddDefaultAuthorizerToCorsPreflight"),
                default.span,
            )?;
        }
    }
    if let Some(key) = auth.get("ApiKeyRequired").filter(|v| truthy(Some(v))) {
        security::define_key(doc, key.span)?;
        security::set_default_key(doc, flag("AddApiKeyRequiredToCorsPreflight"), key.span)?;
    }
    if let Some(given) = auth.get("ResourcePolicy").filter(|v| truthy(Some(v))) {
        expect_map(given, "Auth.ResourcePolicy")?;
        let stage = source.get("StageName").cloned().unwrap_or_else(|| Value::text("", span));
        for path in swagger::paths(doc) {
            policy::add(doc, given, &path, &stage)?;
        }
        if let Some(custom) = given.get("CustomStatements").filter(|v| truthy(Some(v))) {
            policy::add_custom(doc, custom);
        }
    }
    swagger::to_version_3(doc, version)
}

fn add_responses(source: &Source, body: &mut Option<Value>) -> Res {
    let Some(given) = source.some("GatewayResponses").and_then(map_of) else { return Ok(()) };
    let span = source.at("GatewayResponses");
    let doc = document(source, "GatewayResponses", body)?;
    let mut out = Map::new();
    for (name, response) in given.iter() {
        if is_intrinsic(response) {
            let said = format!("`GatewayResponses.{name}` of `{}` takes no intrinsic function", source.id);
            return Err(Problem::at(response.span, said));
        }
        let map = expect_map(response, &format!("GatewayResponses.{name}"))?;
        let known = ["ResponseParameters", "ResponseTemplates", "StatusCode"];
        if let Some((key, field)) = map.fields().find(|(key, _)| !known.contains(&key.as_str())) {
            return Err(Problem::at(
                field.key,
                format!("`GatewayResponses.{name}` of `{}` doesn't take `{key}`", source.id),
            ));
        }
        out.insert(name.clone(), gateway_response(source, name, map, response)?);
    }
    let responses = swagger::section(doc, "x-amazon-apigateway-gateway-responses", span)?;
    out.into_fields().for_each(|(key, field)| {
        responses.insert_field(key, field);
    });
    Ok(())
}

fn gateway_response(source: &Source, name: &str, map: &Map, response: &Value) -> Res<Value> {
    let span = response.span;
    let mut parameters = Map::new();
    if let Some(given) = map.get("ResponseParameters").filter(|v| truthy(Some(v))) {
        let given = expect_map(given, &format!("GatewayResponses.{name}.ResponseParameters"))?;
        let places = [("Headers", "header"), ("Paths", "path"), ("QueryStrings", "querystring")];
        if let Some((key, field)) =
            given.fields().find(|(key, _)| !places.iter().any(|(place, _)| key == place))
        {
            let said = format!("`ResponseParameters` of `{}` doesn't take `{key}`", source.id);
            return Err(Problem::at(field.key, said));
        }
        for (place, prefix) in places {
            let Some(values) = given.get(place) else { continue };
            for (key, field) in expect_map(values, &format!("ResponseParameters.{place}"))?.fields() {
                parameters.insert_field(format!("gatewayresponse.{prefix}.{key}"), field.clone());
            }
        }
    }
    let mut out = Map::new();
    out.insert("responseParameters", Value::map(parameters, span));
    let templates = map.get("ResponseTemplates").filter(|v| truthy(Some(v))).cloned();
    out.insert("responseTemplates", templates.unwrap_or_else(|| value!(span, {})));
    if let Some(code) = map.get("StatusCode").filter(|v| truthy(Some(v))) {
        let text = code.as_text().unwrap_or_default();
        if text.is_empty() || text.len() > 3 || !text.chars().all(|c| c.is_ascii_digit()) {
            return Err(Problem::at(
                code.span,
                format!("`StatusCode` of `GatewayResponses.{name}` should be a number"),
            ));
        }
        out.insert("statusCode", Value::text(text, code.span));
    }
    Ok(Value::map(out, span))
}

fn add_media_types(source: &Source, body: &mut Option<Value>) -> Res {
    let Some(types) = source.some("BinaryMediaTypes") else { return Ok(()) };
    if body.is_none() {
        return Ok(());
    }
    let doc = document(source, "BinaryMediaTypes", body)?;
    doc.insert("x-amazon-apigateway-binary-media-types", unescaped(types));
    Ok(())
}

/// `~1` stands for a slash in media types.
fn unescaped(value: &Value) -> Value {
    let data = match &value.data {
        Data::Text(text) => Data::Text(text.replace("~1", "/").into()),
        Data::List(items) => Data::List(items.iter().map(unescaped).collect()),
        Data::Map(map) => {
            let fields = map.fields().map(|(key, field)| {
                let mut field = field.clone();
                field.value = unescaped(&field.value);
                (key.clone(), field)
            });
            Data::Map(fields.collect())
        }
        other => other.clone(),
    };
    Value::new(data, value.span)
}

fn add_models(source: &Source, body: &mut Option<Value>) -> Res {
    let Some(models) = source.some("Models").and_then(map_of) else { return Ok(()) };
    let span = source.at("Models");
    let version = source.get("OpenApiVersion");
    let doc = document(source, "Models", body)?;
    for (name, model) in models.iter() {
        let map = expect_map(model, &format!("Models.{name}"))?;
        if !truthy(map.get("type")) {
            return Err(Problem::at(model.span, format!("`Models.{name}` of `{}` lacks `type`", source.id)));
        }
        swagger::section(doc, "definitions", span)?.insert(name.to_lowercase(), model.clone());
    }
    swagger::to_version_3(doc, version)
}

fn add_endpoint(source: &Source, body: &mut Option<Value>) -> Res {
    let name = "DisableExecuteApiEndpoint";
    let Some(flag) = source.get(name) else { return Ok(()) };
    let doc = document(source, name, body)?;
    disable_endpoint(doc, flag)
}

/// Says in the body whether the API may be called by its own name.
pub(super) fn disable_endpoint(doc: &mut Map, flag: &Value) -> Res {
    const CONFIG: &str = "x-amazon-apigateway-endpoint-configuration";
    let span = flag.span;
    if !swagger::is_version_3(doc.get("openapi")) {
        swagger::section(doc, CONFIG, span)?.insert("disableExecuteApiEndpoint", flag.clone());
        return Ok(());
    }
    if present(doc.get("servers")).is_none() {
        doc.insert("servers", value!(span, [{}]));
    }
    let Some(servers) = doc.get_mut("servers") else { return Ok(()) };
    expect(servers, Type::ListOf(&Type::Map), "servers")?;
    let Data::List(servers) = &mut servers.data else { return Ok(()) };
    for server in servers.iter_mut().filter_map(Value::as_map_mut) {
        swagger::section(server, CONFIG, span)?.insert("disableExecuteApiEndpoint", flag.clone());
    }
    Ok(())
}

/// Unknown keys of a map, for messages.
pub(super) fn only(map: &Map, known: &[&str], what: &str) -> Res {
    match map.fields().find(|(key, _)| !known.contains(&key.as_str())) {
        Some((key, field)) => {
            let said = format!("{what} doesn't take `{key}`");
            Err(Problem::at(field.key, said).help(format!("it takes {}", quoted(known))))
        }
        None => Ok(()),
    }
}
