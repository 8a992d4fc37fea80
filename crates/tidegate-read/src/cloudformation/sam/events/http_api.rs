//! Routes of HTTP APIs.

use super::super::function::under_condition;
use super::super::implicit::MANAGED;
use super::super::make::{argument, is_true, map_of, present, sub_with, truthy, value};
use super::super::shape::expect_map;
use super::super::swagger::{self, ANY, DEFAULT_PATH, INTEGRATION, security};
use super::super::{Made, Res, Transform};
use super::{Event, api};
use tidegate_graph::{Data, Map, Problem, Str, Value};

/// A route that calls a function.
pub(super) fn function(run: &mut Transform<'_>, event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let id = event.get("ApiId").map(|v| argument(v, "Ref").unwrap_or(v)).and_then(Value::as_str);
    let Some(id) = id.map(Str::from).filter(|id| run.source.contains_key(id)) else {
        return Err(event.fault("ApiId", "`ApiId` should refer to an API of the same template"));
    };
    let Some(mut api) = run.properties_mut(&id).map(std::mem::take) else { return Ok(()) };
    let mut body = api::take(&mut api, "DefinitionBody");
    let result = route(event, &api, body.as_mut().filter(|v| truthy(Some(v))), made);
    if let Some(body) = body {
        api.insert("DefinitionBody", body);
    }
    if let Some(properties) = run.properties_mut(&id) {
        *properties = api;
    }
    result
}

fn route(event: &Event<'_>, api: &Map, body: Option<&mut Value>, made: &mut Vec<Made>) -> Res {
    let (path, method) = (event.text("Path").to_owned(), event.text("Method").to_ascii_lowercase());
    if let Some(body) = &body
        && !swagger::is_openapi(Some(body))
    {
        return Err(Problem::at(body.span, "`DefinitionBody` should be an OpenAPI 3 document with `paths`"));
    }
    let doc = body.as_deref().and_then(map_of);
    let covered = path != DEFAULT_PATH && doc.is_some_and(|doc| default_calls(doc, &event.target.id));
    if !covered {
        made.push(permission(event, &path, &method));
    }
    let Some(doc) = body.and_then(Value::as_map_mut) else { return Ok(()) };
    let taken = swagger::has_integration(doc, &path, &method)?;
    if taken && truthy(api.get(MANAGED)) {
        return Err(
            event.fault("Path", format!("method `{method}` of path `{path}` is defined more than once"))
        );
    }
    let span = event.span;
    if !taken {
        let uri = under_condition(event.target, api::function_uri(event, false));
        let integration = value!(span, {
            "type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0", "uri": (uri)
        });
        let mut more = vec![("responses", value!(span, {}))];
        if path == DEFAULT_PATH && swagger::method_name(&method) == ANY {
            more.push(("isDefaultRoute", Value::bool(true, span)));
        }
        swagger::integrate(doc, (&path, &method), integration, more, event.target.condition())?;
    }
    if let Some(auth) = event.some("Auth") {
        authorize(event, doc, api, (&path, &method), auth)?;
    }
    let names = parameters(&path);
    for definition in swagger::definitions(doc, &path, &method)? {
        for (name, key) in
            [("TimeoutInMillis", "timeoutInMillis"), ("PayloadFormatVersion", "payloadFormatVersion")]
        {
            if let (Some(value), Some(integration)) =
                (event.some(name), definition.get_mut(INTEGRATION).and_then(Value::as_map_mut))
            {
                integration.insert(key, value.clone());
            }
        }
        if names.is_empty() {
            continue;
        }
        if definition.get("parameters").is_none_or(|v| v.as_list().is_none()) {
            definition.insert("parameters", Value::list(Vec::new(), span));
        }
        let Some(Data::List(known)) = definition.get_mut("parameters").map(|v| &mut v.data) else { continue };
        for name in &names {
            let known_one = known.iter_mut().find(|p| p.get("name").and_then(Value::as_str) == Some(name));
            match known_one.and_then(Value::as_map_mut) {
                Some(parameter) => {
                    parameter.insert("in", Value::text("path", span));
                    parameter.insert("required", Value::bool(true, span));
                }
                None => known.push(value!(span, { "name": (name.as_str()), "in": "path", "required": true })),
            }
        }
    }
    Ok(())
}

/// True if the default route of the API calls the function already.
fn default_calls(doc: &Map, id: &str) -> bool {
    let item = doc.get("paths").and_then(|paths| paths.get(DEFAULT_PATH));
    let definitions = item.into_iter().flat_map(swagger::branches).filter_map(|item| item.get(ANY));
    let uris: Vec<&Value> = definitions
        .flat_map(swagger::branches)
        .filter_map(|definition| definition.get(INTEGRATION)?.get("uri"))
        .flat_map(swagger::branches)
        .collect();
    let called = format!("/${{{id}.Arn}}/");
    let calls = |uri: &&Value| {
        argument(uri, "Fn::Sub").and_then(Value::as_str).is_some_and(|text| text.contains(called.as_str()))
    };
    !uris.is_empty() && uris.iter().all(calls)
}

fn permission(event: &Event<'_>, path: &str, method: &str) -> Made {
    let span = event.span;
    let path = match path.strip_suffix('/') {
        Some(rest) if !rest.is_empty() => rest,
        _ => path,
    };
    let path = if path == DEFAULT_PATH { String::new() } else { swagger::wildcard_path(path) };
    let verb = if method == "any" || method == ANY { "*".to_owned() } else { method.to_ascii_uppercase() };
    let end =
        if method == "any" && path == format!("/{DEFAULT_PATH}") { path } else { format!("/{verb}{path}") };
    let arn = format!(
        "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/${{__Stage__}}{end}"
    );
    let api = event.get("ApiId").cloned().unwrap_or_else(|| Value::text("", span));
    let arn = sub_with(arn, &[("__ApiId__", api), ("__Stage__", Value::text("*", span))], span);
    event.permission("apigateway.amazonaws.com", Some(arn))
}

fn authorize(event: &Event<'_>, doc: &mut Map, api: &Map, (path, method): (&str, &str), auth: &Value) -> Res {
    let auth = expect_map(auth, "Auth")?;
    let none = Map::new();
    let api_auth = match present(api.get("Auth")) {
        Some(api_auth) => expect_map(api_auth, "Auth")?,
        None => &none,
    };
    let of_api = |name: &str| api_auth.get(name).filter(|v| truthy(Some(v)));
    let fault = |said: String| Err(event.fault("Auth", said));
    let chosen = auth.get("Authorizer").filter(|v| truthy(Some(v))).or_else(|| of_api("DefaultAuthorizer"));
    let Some(chosen) = chosen else {
        return fault("`Auth` needs an `Authorizer`, or an API with a `DefaultAuthorizer`".into());
    };
    let authorizers = of_api("Authorizers");
    let Some(name) = chosen.as_str() else {
        return fault("`Authorizer` should be the name of an authorizer".into());
    };
    let iam = name == "AWS_IAM" && is_true(api_auth.get("EnableIamAuthorizer"));
    let mut scopes = None;
    match name {
        "NONE" if of_api("DefaultAuthorizer").is_none() => {
            return fault("`Authorizer: NONE` needs an API with a `DefaultAuthorizer`".into());
        }
        "NONE" => {}
        _ if iam => {}
        _ => match authorizers.map(|a| a.get(name).filter(|v| truthy(Some(v)))) {
            None => return fault(format!("authorizer `{name}` needs an API that defines `Authorizers`")),
            Some(None) => return fault(format!("authorizer `{name}` is not defined by the API")),
            Some(Some(authorizer)) => {
                let map = expect_map(authorizer, &format!("Auth.Authorizers.{name}"))?;
                scopes = map.get("AuthorizationScopes").filter(|v| truthy(Some(v))).cloned();
            }
        },
    }
    if let Some(own) = auth.get("AuthorizationScopes").filter(|v| truthy(Some(v))) {
        if own.as_list().is_none() {
            return fault("`AuthorizationScopes` should be a list of strings".into());
        }
        scopes = Some(own.clone());
    }
    let scopes = scopes.filter(|_| name != "NONE" && name != "AWS_IAM");
    for definition in swagger::definitions(doc, path, method)? {
        let mut security = security::requirements(definition, path, method)?;
        security.push(security::requirement(name, scopes.clone(), chosen.span));
        definition.insert("security", Value::list(security, chosen.span));
    }
    Ok(())
}

/// Names in braces in a path.
fn parameters(path: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = path;
    while let Some((name, tail)) = rest.split_once('{').and_then(|(_, after)| after.split_once('}')) {
        out.push(name.to_owned());
        rest = tail;
    }
    out
}
