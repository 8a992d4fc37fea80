//! Authorizers of REST APIs.

use super::super::make::{is_null, map_of, set_opt, sub_with, truthy, value};
use super::super::shape::{Type, expect, expect_map};
use super::super::swagger::security::{Scheme, iam};
use super::super::{Res, Source};
use tidegate_graph::{Map, Problem, Span, Value};

const SOURCES: [(&str, &str); 4] = [
    ("Headers", "method.request.header."),
    ("QueryStrings", "method.request.querystring."),
    ("StageVariables", "stageVariables."),
    ("Context", "context."),
];

/// All authorizers of an API.
pub(super) fn schemes(source: &Source, auth: &Map) -> Res<Vec<Scheme>> {
    let mut out = Vec::new();
    let default = auth.get("DefaultAuthorizer");
    if let Some(default) = default.filter(|v| v.as_str() == Some("AWS_IAM")) {
        out.push(Scheme {
            name: "AWS_IAM".into(),
            definition: iam(default.span),
            scopes: None,
            function: None,
        });
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
    let payload = of("FunctionPayloadType");
    let kind =
        payload.map_or(Some("TOKEN"), Value::as_str).filter(|kind| matches!(*kind, "TOKEN" | "REQUEST"));
    let Some(kind) = kind else {
        let at = payload.map_or(span, |v| v.span);
        return Err(fault(at, "`FunctionPayloadType` should be `TOKEN` or `REQUEST`".into()));
    };
    let given = map.get("Identity").filter(|v| truthy(Some(v)));
    if let Some(identity) = given
        && map_of(identity).is_none()
    {
        return Err(fault(identity.span, "`Identity` should be a map".into()));
    }
    let identity = given.and_then(map_of);
    if kind == "REQUEST" && payload.is_some() && lacks_source(identity) {
        let said = "`Identity` should have one of `Headers`, `QueryStrings`, `StageVariables`, `Context`";
        return Err(fault(span, said.into()));
    }
    if let Some(scopes) = of("AuthorizationScopes") {
        expect(scopes, Type::List, &format!("Authorizers.{name}.AuthorizationScopes"))?;
    }
    if let Some(flag) = of("DisableFunctionDefaultPermissions") {
        expect(flag, Type::Bool, &format!("Authorizers.{name}.DisableFunctionDefaultPermissions"))?;
    }
    let pool = map.get("UserPoolArn").filter(|v| truthy(Some(v)));
    let function = map.get("FunctionArn").filter(|v| truthy(Some(v)));
    let mut authorizer = Map::new();
    let of_identity = |key: &str| identity.and_then(|identity| identity.get(key)).filter(|v| !is_null(v));
    let validation = of_identity("ValidationExpression").filter(|v| truthy(Some(v)));
    match pool {
        Some(pool) => {
            authorizer.insert("type", Value::text("cognito_user_pools", span));
            let pools = Value::list(pool.items().to_vec(), pool.span);
            authorizer.insert("providerARNs", pools);
            set_opt(&mut authorizer, "identityValidationExpression", validation);
        }
        None => {
            authorizer.insert("type", Value::text(kind.to_lowercase(), span));
            let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations";
            let arn = function.cloned().unwrap_or_else(|| Value::text("", span));
            authorizer.insert("authorizerUri", sub_with(uri, &[("__FunctionArn__", arn)], span));
            set_opt(&mut authorizer, "authorizerResultTtlInSeconds", of_identity("ReauthorizeEvery"));
            let role =
                map.get("FunctionInvokeRole").filter(|v| truthy(Some(v)) && v.as_str() != Some("NONE"));
            set_opt(&mut authorizer, "authorizerCredentials", role);
            if kind == "REQUEST" {
                let sources = sources(name, identity)?;
                if !sources.is_empty() {
                    authorizer.insert("identitySource", Value::text(sources.join(", "), span));
                }
            } else {
                set_opt(&mut authorizer, "identityValidationExpression", validation);
            }
        }
    }
    let header = of_identity("Header").filter(|v| truthy(Some(v))).cloned();
    let header = if pool.is_none() && kind == "REQUEST" {
        Value::text("Unused", span)
    } else {
        header.unwrap_or_else(|| Value::text("Authorization", span))
    };
    let kind = if pool.is_some() { "cognito_user_pools" } else { "custom" };
    let definition = value!(span, {
        "type": "apiKey", "name": (header), "in": "header", "x-amazon-apigateway-authtype": (kind),
        "x-amazon-apigateway-authorizer": (Value::map(authorizer, span))
    });
    let permitted = !truthy(of("DisableFunctionDefaultPermissions"));
    Ok(Scheme {
        name: name.to_owned(),
        definition,
        scopes: of("AuthorizationScopes").cloned(),
        function: function.filter(|_| permitted).cloned(),
    })
}

fn lacks_source(identity: Option<&Map>) -> bool {
    let Some(identity) = identity else { return true };
    let missing = !SOURCES.iter().any(|(key, _)| truthy(identity.get(key)));
    let ttl = identity.get("ReauthorizeEvery").and_then(Value::as_i64);
    missing && ttl.is_none_or(|ttl| ttl > 0)
}

fn sources(name: &str, identity: Option<&Map>) -> Res<Vec<String>> {
    let mut out = Vec::new();
    for (key, prefix) in SOURCES {
        let Some(list) = identity.and_then(|identity| identity.get(key)).filter(|v| truthy(Some(v))) else {
            continue;
        };
        let path = format!("Auth.Authorizers.{name}.Identity.{key}");
        expect(list, Type::ListOf(&Type::Str), &path)?;
        out.extend(list.items().iter().filter_map(Value::as_str).map(|item| format!("{prefix}{item}")));
    }
    Ok(out)
}
