//! `AWS::Serverless::GraphQLApi`

mod sources;

use super::connector::{self, End};
use super::make::{attribute, map_of, present, reference, set_opt, sub, tag_list, trust, truthy, value};
use super::shape::Type::{Any, Bool, List, ListOf, Map as AMap, Number, OneOf, Str as AStr};
use super::shape::{self, Property, expect_map, opt, req};
use super::{Made, Res, Source, Transform, tables};
use std::collections::HashMap;
use tidegate_graph::{Data, Map, Problem, Span, Str, Value};

const KINDS: [&str; 5] = ["AWS_IAM", "API_KEY", "AWS_LAMBDA", "OPENID_CONNECT", "AMAZON_COGNITO_USER_POOLS"];
/// Ways to authenticate: type, property here, property there, and what it takes.
const CONFIGS: [(&str, &str, &str, &[Property]); 3] = [
    (
        "AWS_LAMBDA",
        "LambdaAuthorizer",
        "LambdaAuthorizerConfig",
        &[
            opt("AuthorizerResultTtlInSeconds", Any),
            req("AuthorizerUri", Any),
            opt("IdentityValidationExpression", Any),
        ],
    ),
    (
        "OPENID_CONNECT",
        "OpenIDConnect",
        "OpenIDConnectConfig",
        &[opt("AuthTTL", Any), opt("ClientId", Any), opt("IatTTL", Any), opt("Issuer", Any)],
    ),
    (
        "AMAZON_COGNITO_USER_POOLS",
        "UserPool",
        "UserPoolConfig",
        &[
            opt("AppIdClientRegex", Any),
            opt("AwsRegion", Any),
            opt("DefaultAction", Any),
            req("UserPoolId", Any),
        ],
    ),
];
const CACHING: &[Property] =
    &[req("Ttl", Any), opt("CachingKeys", ListOf(&OneOf(&[AStr, Number, Bool, AMap])))];
const CACHE: &[Property] = &[
    req("ApiCachingBehavior", Any),
    req("Ttl", Any),
    req("Type", Any),
    opt("AtRestEncryptionEnabled", Any),
    opt("TransitEncryptionEnabled", Any),
];
const DOMAIN: &[Property] = &[req("CertificateArn", Any), req("DomainName", Any), opt("Description", Any)];
const LOGGING: &[Property] =
    &[opt("CloudWatchLogsRoleArn", Any), opt("ExcludeVerboseContent", Any), opt("FieldLogLevel", Any)];
const KEY: &[Property] = &[opt("ApiKeyId", Any), opt("Description", Any), opt("ExpiresOn", Any)];
const FUNCTION: &[Property] = &[
    opt("DataSource", OneOf(&[AStr, AMap])),
    opt("Runtime", AMap),
    opt("InlineCode", Any),
    opt("CodeUri", Any),
    opt("Description", Any),
    opt("MaxBatchSize", Any),
    opt("Name", AStr),
    opt("Id", Any),
    opt("Sync", AMap),
];
const RESOLVER: &[Property] = &[
    opt("FieldName", AStr),
    opt("Caching", AMap),
    opt("InlineCode", Any),
    opt("CodeUri", Any),
    opt("MaxBatchSize", Any),
    opt("Pipeline", List),
    opt("Runtime", AMap),
    opt("Sync", AMap),
];
/// What a pipeline runs that brings no code: the result of the last function.
const PASS_ON: &str = "export function request(ctx) { return {}; }\nexport function response(ctx) { return ctx.prev.result; }\n";

/// Names of data sources and ids of functions, by the names that the template has for them.
#[derive(Default)]
struct Names {
    sources: HashMap<Str, Value>,
    functions: HashMap<Str, Value>,
    /// The source of functions that need none.
    none: Option<Made>,
}

/// Makes the API and everything that belongs to it.
pub(super) fn transform(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    let span = source.span;
    let known =
        source.properties.fields().filter(|(key, _)| tables::GRAPHQL_API.iter().any(|p| *key == p.name));
    let known: Map = known.map(|(key, field)| (key.clone(), field.clone())).collect();
    let what = format!("`{}` ({})", source.id, source.kind);
    shape::check(&what, span, &known, &[tables::GRAPHQL_API], &mut run.problems);
    if let Some(flag) = source.get("XrayEnabled").filter(|v| v.as_bool().is_none()) {
        run.problems
            .push(Problem::at(flag.span, format!("`XrayEnabled` of `{}` should be a boolean", source.id)));
    }
    let mut names = Names::default();
    let mut made = Vec::new();
    let mut api = source.main("AWS::AppSync::GraphQLApi");
    match source.some("Name") {
        Some(name) => api.set("Name", name),
        None => api.set("Name", &source.id),
    }
    for name in [
        "Visibility",
        "OwnerContact",
        "XrayEnabled",
        "IntrospectionConfig",
        "QueryDepthLimit",
        "ResolverCountLimit",
    ] {
        api.set_opt(name, source.get(name));
    }
    let mut tags = source.get("Tags").and_then(map_of).cloned().unwrap_or_default();
    tags.insert("graphqlapi:createdBy", Value::text("SAM", span));
    api.set("Tags", tag_list(Some(&Value::map(tags, span))));
    if let Some(auth) = source.get("Auth").and_then(map_of) {
        let result = authenticate(run, source, auth, &mut api, &mut made);
        run.tried(result);
    }
    logging(run, source, &mut api, &mut made);
    made.push(api);
    let result = schema(source);
    made.extend(run.tried(result));
    let api_id = attribute(&source.id, "ApiId", span);
    each(
        run,
        source,
        "ApiKeys",
        &[KEY],
        |_, name, key, _| {
            let mut made = beside(source, name, "AWS::AppSync::ApiKey", span);
            made.set("ApiId", &api_id);
            made.set_opt("ApiKeyId", key.get("ApiKeyId"));
            made.set_opt("Description", key.get("Description"));
            made.set_opt("Expires", key.get("ExpiresOn"));
            Ok(vec![made])
        },
        &mut made,
    );
    cache(run, source, &api_id, &mut made);
    sources::make(run, source, &mut names.sources, &mut made);
    domain(run, source, &api_id, &mut made);
    each(
        run,
        source,
        "Functions",
        &[FUNCTION],
        |_, name, function, at| {
            Ok(configuration(source, &mut names, name, function, at)?.into_iter().collect())
        },
        &mut made,
    );
    let resolvers = source.get("Resolvers").and_then(map_of).cloned().unwrap_or_default();
    for (kind, fields) in resolvers.iter() {
        let Some(fields) = map_of(fields) else {
            run.problems.push(Problem::at(
                fields.span,
                format!("`Resolvers.{kind}` of `{}` should be a map", source.id),
            ));
            continue;
        };
        for (field, resolver) in fields.iter() {
            let result = resolver_of(run, source, &names, (kind, field), resolver);
            made.extend(run.tried(result));
        }
    }
    made.extend(names.none);
    made
}

/// A resource of the API with all of its attributes.
fn beside(source: &Source, suffix: &str, kind: &'static str, span: Span) -> Made {
    let mut made = Made::new(format!("{}{suffix}", source.id), kind, span).with(&source.attributes);
    made.depends_on = source.depends_on.clone();
    made
}

/// Makes something for each entry of a map of maps.
fn each(
    run: &mut Transform<'_>,
    source: &Source,
    property: &str,
    tables: &[&[Property]],
    mut make: impl FnMut(&mut Transform<'_>, &str, &Map, Span) -> Res<Vec<Made>>,
    made: &mut Vec<Made>,
) {
    let entries = source.get(property).and_then(map_of).cloned().unwrap_or_default();
    for (name, entry) in entries.iter() {
        let what = format!("`{property}.{name}` of `{}`", source.id);
        let Some(map) = map_of(entry) else {
            run.problems.push(Problem::at(entry.span, format!("{what} should be a map")));
            continue;
        };
        if shape::check(&what, entry.span, map, tables, &mut run.problems) {
            let result = make(run, name, map, entry.span);
            made.extend(run.tried(result).into_iter().flatten());
        }
    }
}

fn authenticate(
    run: &mut Transform<'_>,
    source: &Source,
    auth: &Map,
    api: &mut Made,
    made: &mut Vec<Made>,
) -> Res {
    let span = source.at("Auth");
    let mut functions = Vec::new();
    let (kind, config) = authorizer(source, auth, span, &["Additional"])?;
    api.set("AuthenticationType", kind);
    if let Some((name, config)) = config {
        functions.extend(config.get("AuthorizerUri").cloned());
        api.set(name, config);
    }
    let mut more = Vec::new();
    for other in auth.get("Additional").map(Value::items).unwrap_or_default() {
        let map = expect_map(other, "Auth.Additional")?;
        let (kind, config) = authorizer(source, map, other.span, &[])?;
        let mut out = Map::new();
        out.insert("AuthenticationType", kind.clone());
        if let Some((name, config)) = config {
            functions.extend(config.get("AuthorizerUri").cloned());
            let mut config = config.clone();
            config.as_map_mut().map(|config| config.remove("DefaultAction"));
            out.insert(name, config);
        }
        more.push(Value::map(out, other.span));
    }
    if !more.is_empty() {
        api.set("AdditionalAuthenticationProviders", more);
    }
    for (index, function) in functions.into_iter().enumerate() {
        let from = End {
            kind: "AWS::AppSync::GraphQLApi".into(),
            arn: Some(reference(&source.id, span)),
            resource_id: Some(attribute(&source.id, "ApiId", span)),
            ..End::default()
        };
        let to = End { kind: "AWS::Lambda::Function".into(), arn: Some(function), ..End::default() };
        let id = format!("{}ToLambdaAuthConnector{}", source.id, index + 1);
        made.extend(connector::connect(run, &connecting(source, id), (&from, &to), &["Write".into()], "")?);
    }
    Ok(())
}

/// A connector that nobody wrote.
fn connecting(source: &Source, id: String) -> Source {
    Source {
        id: id.into(),
        kind: source.kind.clone(),
        span: source.span,
        properties: Map::new(),
        depends_on: None,
        attributes: Map::new(),
    }
}

/// Type of authentication, and its settings if it has any.
fn authorizer<'a>(
    source: &Source,
    auth: &'a Map,
    span: Span,
    beside: &[&str],
) -> Res<(&'a Value, Option<(&'static str, &'a Value)>)> {
    let fault = |at: Span, said: String| Problem::at(at, format!("`Auth` of `{}`: {said}", source.id));
    let Some(kind) = auth.get("Type") else { return Err(fault(span, "`Type` is required".into())) };
    let Some(name) = kind.as_str().filter(|name| KINDS.contains(name)) else {
        return Err(fault(kind.span, format!("`Type` should be one of {}", shape::quoted(&KINDS))));
    };
    let known = |key: &str| {
        key == "Type" || beside.contains(&key) || CONFIGS.iter().any(|(_, here, ..)| *here == key)
    };
    if let Some((key, field)) = auth.fields().find(|(key, _)| !known(key)) {
        return Err(fault(field.key, format!("it doesn't take `{key}`")));
    }
    if CONFIGS.iter().filter(|(_, here, ..)| present(auth.get(here)).is_some()).count() > 1 {
        return Err(fault(span, "it should have the settings of one way to authenticate".into()));
    }
    let Some((_, here, there, table)) = CONFIGS.iter().find(|(of, ..)| *of == name) else {
        return Ok((kind, None));
    };
    let Some(config) = present(auth.get(here)) else {
        return Err(fault(span, format!("`Type: {name}` needs `{here}`")));
    };
    let map = expect_map(config, &format!("Auth.{here}"))?;
    let mut faults = Vec::new();
    shape::check(&format!("`Auth.{here}` of `{}`", source.id), config.span, map, &[table], &mut faults);
    if let Some(first) = faults.into_iter().next() {
        return Err(first);
    }
    Ok((kind, Some((there, config))))
}

fn logging(run: &mut Transform<'_>, source: &Source, api: &mut Made, made: &mut Vec<Made>) {
    let given = source.get("Logging");
    if given.is_some_and(|v| matches!(v.data, Data::Bool(false))) {
        return;
    }
    let span = source.at("Logging");
    let settings = given.and_then(map_of).cloned().unwrap_or_default();
    shape::check(&format!("`Logging` of `{}`", source.id), span, &settings, &[LOGGING], &mut run.problems);
    let mut out = Map::new();
    set_opt(
        &mut out,
        "ExcludeVerboseContent",
        settings.get("ExcludeVerboseContent").filter(|v| truthy(Some(v))),
    );
    let level = settings.get("FieldLogLevel").filter(|v| truthy(Some(v))).cloned();
    out.insert("FieldLogLevel", level.unwrap_or_else(|| Value::text("ALL", span)));
    let role = settings.get("CloudWatchLogsRoleArn").filter(|v| truthy(Some(v))).cloned();
    out.insert(
        "CloudWatchLogsRoleArn",
        role.unwrap_or_else(|| {
            let mut role = beside(source, "CloudWatchRole", "AWS::IAM::Role", span);
            role.set("AssumeRolePolicyDocument", trust("appsync.amazonaws.com", span));
            let policy = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSAppSyncPushToCloudWatchLogs";
            role.set("ManagedPolicyArns", vec![sub(policy, span)]);
            let arn = attribute(&role.id, "Arn", span);
            made.push(role);
            arn
        }),
    );
    api.set("LogConfig", Value::map(out, span));
}

fn schema(source: &Source) -> Res<Made> {
    let (inline, uri) = (source.some("SchemaInline"), source.some("SchemaUri"));
    match (inline, uri) {
        (None, None) => {
            return Err(Problem::at(
                source.span,
                format!("`{}` needs `SchemaInline` or `SchemaUri`", source.id),
            ));
        }
        (Some(_), Some(_)) => {
            return Err(source.fault("SchemaInline", "`SchemaInline` and `SchemaUri` exclude each other"));
        }
        _ => {}
    }
    let mut schema = beside(source, "Schema", "AWS::AppSync::GraphQLSchema", source.span);
    schema.set("ApiId", attribute(&source.id, "ApiId", source.span));
    schema.set_opt("Definition", inline);
    schema.set_opt("DefinitionS3Location", uri);
    Ok(schema)
}

fn cache(run: &mut Transform<'_>, source: &Source, api: &Value, made: &mut Vec<Made>) {
    let Some(settings) = source.some("Cache").and_then(map_of) else { return };
    let span = source.at("Cache");
    shape::check(&format!("`Cache` of `{}`", source.id), span, settings, &[CACHE], &mut run.problems);
    let mut cache = beside(source, "ApiCache", "AWS::AppSync::ApiCache", span);
    cache.set("ApiId", api);
    CACHE.iter().for_each(|p| cache.set_opt(p.name, settings.get(p.name)));
    made.push(cache);
}

fn domain(run: &mut Transform<'_>, source: &Source, api: &Value, made: &mut Vec<Made>) {
    let Some(settings) = source.some("DomainName").and_then(map_of) else { return };
    let span = source.at("DomainName");
    shape::check(&format!("`DomainName` of `{}`", source.id), span, settings, &[DOMAIN], &mut run.problems);
    let mut domain = beside(source, "DomainName", "AWS::AppSync::DomainName", span);
    DOMAIN.iter().for_each(|p| domain.set_opt(p.name, settings.get(p.name)));
    let mut association =
        beside(source, "DomainNameApiAssociation", "AWS::AppSync::DomainNameApiAssociation", span);
    association.set("ApiId", api);
    association.set("DomainName", attribute(&domain.id, "DomainName", span));
    made.extend([domain, association]);
}

fn configuration(
    source: &Source,
    names: &mut Names,
    name: &str,
    function: &Map,
    at: Span,
) -> Res<Option<Made>> {
    let fault = |said: String| Problem::at(at, format!("function `{name}` of `{}`: {said}", source.id));
    let of = |key: &str| function.get(key).filter(|v| truthy(Some(v)));
    if let Some(id) = of("Id") {
        if function.len() > 1 {
            return Err(fault("`Id` takes nothing beside it".into()));
        }
        names.functions.insert(name.into(), id.clone());
        return Ok(None);
    }
    let api = attribute(&source.id, "ApiId", source.span);
    let mut made = beside(source, name, "AWS::AppSync::FunctionConfiguration", at);
    made.set("ApiId", &api);
    match of("Name") {
        Some(own) => made.set("Name", own),
        None => made.set("Name", name),
    }
    code(&mut made, function, &fault)?;
    if !made.properties.contains_key("Code") && !made.properties.contains_key("CodeS3Location") {
        return Err(fault("it needs `InlineCode` or `CodeUri`".into()));
    }
    let Some(given) = of("DataSource") else { return Err(fault("it needs `DataSource`".into())) };
    let data_source = match given.as_str() {
        Some(text) if text.eq_ignore_ascii_case("none") => {
            let id = format!("{}NoneDataSource", source.id);
            if names.none.is_none() {
                let mut none = beside(source, "NoneDataSource", "AWS::AppSync::DataSource", at);
                none.set("ApiId", &api);
                none.set("Name", id.as_str());
                none.set("Type", "NONE");
                names.none = Some(none);
            }
            attribute(&id, "Name", at)
        }
        Some(text) => match names.sources.get(text) {
            Some(known) => known.clone(),
            None => return Err(fault(format!("data source `{text}` is not defined by `DataSources`"))),
        },
        None => given.clone(),
    };
    made.set("DataSourceName", data_source);
    made.set_opt("MaxBatchSize", function.get("MaxBatchSize"));
    made.set_opt("Description", function.get("Description"));
    runtime(&mut made, function, &fault)?;
    made.set_opt("SyncConfig", of("Sync"));
    names.functions.insert(name.into(), attribute(&made.id, "FunctionId", at));
    Ok(Some(made))
}

fn code(made: &mut Made, given: &Map, fault: &dyn Fn(String) -> Problem) -> Res {
    let of = |key: &str| given.get(key).filter(|v| truthy(Some(v)));
    if of("InlineCode").is_some() && of("CodeUri").is_some() {
        return Err(fault("`InlineCode` and `CodeUri` exclude each other".into()));
    }
    made.set_opt("Code", of("InlineCode"));
    made.set_opt("CodeS3Location", of("CodeUri"));
    Ok(())
}

fn runtime(made: &mut Made, given: &Map, fault: &dyn Fn(String) -> Problem) -> Res {
    let Some(runtime) = given.get("Runtime").and_then(map_of) else {
        return Err(fault("it needs `Runtime`".into()));
    };
    let (Some(name), Some(version)) = (runtime.get("Name"), runtime.get("Version")) else {
        return Err(fault("`Runtime` needs `Name` and `Version`".into()));
    };
    let span = name.span;
    made.set("Runtime", value!(span, { "Name": (name), "RuntimeVersion": (version) }));
    Ok(())
}

fn resolver_of(
    run: &mut Transform<'_>,
    source: &Source,
    names: &Names,
    (kind, field): (&str, &str),
    given: &Value,
) -> Res<Made> {
    let at = given.span;
    let fault = |said: String| Problem::at(at, format!("resolver `{field}` of `{}`: {said}", source.id));
    let map = expect_map(given, &format!("Resolvers.{kind}.{field}"))?;
    let what = format!("resolver `{field}` of `{}`", source.id);
    shape::check(&what, at, map, &[RESOLVER], &mut run.problems);
    let of = |key: &str| map.get(key).filter(|v| truthy(Some(v)));
    let mut made = Made::new(format!("{}{kind}{field}", source.id), "AWS::AppSync::Resolver", at)
        .with(&source.attributes);
    made.depends(&[&format!("{}Schema", source.id)]);
    code(&mut made, map, &fault)?;
    if made.properties.is_empty() {
        made.set("Code", PASS_ON);
        made.set("Runtime", value!(at, { "Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0" }));
    } else {
        runtime(&mut made, map, &fault)?;
    }
    made.set("ApiId", attribute(&source.id, "ApiId", source.span));
    match of("FieldName") {
        Some(name) => made.set("FieldName", name),
        None => made.set("FieldName", field),
    }
    made.set("TypeName", kind);
    let Some(pipeline) = of("Pipeline") else {
        return Err(
            fault("it needs `Pipeline`".into()).help("write unit resolvers as `AWS::AppSync::Resolver`")
        );
    };
    made.set("Kind", "PIPELINE");
    let mut functions = Vec::new();
    for name in pipeline.items() {
        let known = name.as_str().and_then(|name| names.functions.get(name));
        functions.push(
            known.ok_or_else(|| fault(format!("function `{}` is not defined", name.display())))?.clone(),
        );
    }
    made.set("PipelineConfig", value!(at, { "Functions": (functions) }));
    if let Some(caching) = of("Caching") {
        let map = expect_map(caching, "Caching")?;
        shape::check(&format!("`Caching` of {what}"), caching.span, map, &[CACHING], &mut run.problems);
        made.set("CachingConfig", caching);
    }
    made.set_opt("MaxBatchSize", of("MaxBatchSize"));
    Ok(made)
}
