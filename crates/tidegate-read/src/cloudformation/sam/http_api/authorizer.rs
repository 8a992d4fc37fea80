//! Authorizers of HTTP APIs.

use super::super::make::{is_null, is_true, set_opt, sub_with, truthy, value};
use super::super::shape::{Type, expect, expect_map};
use super::super::swagger::security::{Scheme, iam};
use super::super::{Res, Source};
use tidegate_graph::{Map, Problem, Span, Value};

const OF_JWT: [&str; 3] = ["AuthorizationScopes", "JwtConfiguration", "IdentitySource"];
const OF_LAMBDA: [&str; 6] = [
    "FunctionArn",
    "FunctionInvokeRole",
    "Identity",
    "AuthorizerPayloadFormatVersion",
    "EnableSimpleResponses",
    "EnableFunctionDefaultPermissions",
];
const SOURCES: [(&str, &str); 4] = [
    ("Headers", "$request.header."),
    ("QueryStrings", "$request.querystring."),
    ("StageVariables", "$stageVariables."),
    ("Context", "$context."),
];

/// All authorizers of an API.
pub(super) fn schemes(source: &Source, auth: &Map) -> Res<Vec<Scheme>> {
    let mut out = Vec::new();
    if let Some(flag) = auth.get("EnableIamAuthorizer").filter(|v| is_true(Some(v))) {
        out.push(Scheme { name: "AWS_IAM".into(), definition: iam(flag.span), scopes: None, function: None });
    }
    let Some(given) = auth.get("Authorizers").filter(|v| truthy(Some(v))) else { return Ok(out) };
    for (name, authorizer) in expect_map(given, "Auth.Authorizers")?.iter() {
        let map = expect_map(authorizer, &format!("Auth.Authorizers.{name}"))?;
        out.push(scheme(source, name, map, authorizer.span)?);
    }
    Ok(out)
}

fn scheme(source: &Source, name: &str, map: &Map, span: Span) -> Res<Scheme> {
    let of = |key: &str| map.get(key).filter(|v| !is_null(v));
    let fault =
        |at: Span, said: String| Problem::at(at, format!("authorizer `{name}` of `{}`: {said}", source.id));
    if let Some(url) = map.get("OpenIdConnectUrl") {
        return Err(fault(url.span, "`OpenIdConnectUrl` is no longer supported".into())
            .help("use `JwtConfiguration`"));
    }
    let jwt = of("JwtConfiguration").filter(|v| truthy(Some(v)));
    let jwt = jwt.map(|jwt| expect_map(jwt, "JwtConfiguration")).transpose()?;
    if let Some(scopes) = of("AuthorizationScopes") {
        expect(scopes, Type::List, "AuthorizationScopes")?;
    }
    let others: &[&str] = if jwt.is_some() { &OF_LAMBDA } else { &OF_JWT };
    if let Some((key, value)) = others.iter().find_map(|key| Some((key, of(key)?))) {
        let kind = if jwt.is_some() { "a function" } else { "JSON web tokens" };
        let help = if *key == "IdentitySource" { "use `Identity`" } else { "leave it out" };
        return Err(fault(value.span, format!("`{key}` is for authorizers with {kind}")).help(help));
    }
    let needs = |key: &str| {
        of(key).filter(|v| truthy(Some(v))).ok_or_else(|| fault(span, format!("`{key}` is required")))
    };
    if let Some(jwt) = jwt {
        let lower = jwt.fields().map(|(key, field)| (key.to_lowercase().into(), field.clone()));
        let config = Value::map(lower.collect(), span);
        let source = needs("IdentitySource")?;
        let definition = value!(span, {
            "type": "oauth2",
            "x-amazon-apigateway-authorizer": {
                "jwtConfiguration": (config), "identitySource": (source), "type": "jwt"
            }
        });
        let scopes = of("AuthorizationScopes").cloned();
        return Ok(Scheme { name: name.to_owned(), definition, scopes, function: None });
    }
    let function = needs("FunctionArn")?;
    let version = needs("AuthorizerPayloadFormatVersion")?;
    if let Some(flag) = of("EnableFunctionDefaultPermissions") {
        expect(flag, Type::Bool, &format!("Authorizers.{name}.EnableFunctionDefaultPermissions"))?;
    }
    let mut out = Map::new();
    out.insert("type", Value::text("request", span));
    let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations";
    out.insert("authorizerUri", sub_with(uri, &[("__FunctionArn__", function.clone())], span));
    let role = of("FunctionInvokeRole").filter(|v| truthy(Some(v)) && v.as_str() != Some("NONE"));
    set_opt(&mut out, "authorizerCredentials", role);
    if let Some(identity) = of("Identity").filter(|v| truthy(Some(v))) {
        let identity = expect_map(identity, &format!("Auth.Authorizers.{name}.Identity"))?;
        set_opt(&mut out, "authorizerResultTtlInSeconds", identity.get("ReauthorizeEvery"));
        let mut sources = Vec::new();
        for (key, prefix) in SOURCES {
            let Some(list) = identity.get(key).filter(|v| truthy(Some(v))) else { continue };
            expect(list, Type::ListOf(&Type::Str), &format!("Authorizers.{name}.Identity.{key}"))?;
            let items = list.items().iter().filter_map(Value::as_str);
            sources.extend(items.map(|item| Value::text(format!("{prefix}{item}"), list.span)));
        }
        out.insert("identitySource", Value::list(sources, span));
    }
    out.insert("authorizerPayloadFormatVersion", version.clone());
    set_opt(&mut out, "enableSimpleResponses", of("EnableSimpleResponses").filter(|v| truthy(Some(v))));
    let definition = value!(span, {
        "type": "apiKey", "name": "Unused", "in": "header",
        "x-amazon-apigateway-authorizer": (Value::map(out, span))
    });
    let permitted = truthy(of("EnableFunctionDefaultPermissions"));
    Ok(Scheme {
        name: name.to_owned(),
        definition,
        scopes: None,
        function: Some(function.clone()).filter(|_| permitted),
    })
}
