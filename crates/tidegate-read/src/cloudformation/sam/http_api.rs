//! `AWS::Serverless::HttpApi`

mod authorizer;

use super::make::{
    digested, is_alphanumeric, is_intrinsic, is_no_value, is_null, is_true, map_of, present, reference, same,
    sub_with, truthy, value,
};
use super::shape::expect_map;
use super::swagger::security::{Scheme, requirement};
use super::swagger::{self, DEFAULT_PATH, INTEGRATION};
use super::{Made, Res, Source, Transform, api, domain, propagate_tags, s3_location, tables};
use tidegate_graph::{Data, Map, Problem, Span, Value};

const TAG: &str = "httpapi:createdBy";
const AUTH: [&str; 3] = ["Authorizers", "DefaultAuthorizer", "EnableIamAuthorizer"];
const CORS: [(&str, &str); 6] = [
    ("AllowOrigins", "allowOrigins"),
    ("AllowHeaders", "allowHeaders"),
    ("AllowMethods", "allowMethods"),
    ("ExposeHeaders", "exposeHeaders"),
    ("MaxAge", "maxAge"),
    ("AllowCredentials", "allowCredentials"),
];

/// Makes the API, its stage, and what stands beside them.
pub(super) fn transform(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    let mut source = source.clone();
    for name in ["CorsConfiguration", "Domain"] {
        if let Some(value) = source.get(name).map(|v| run.known.resolve(v)) {
            source.properties.insert(name, value);
        }
    }
    let source = &source;
    run.check(source, tables::HTTP_API);
    let mut tags = source.some("Tags").and_then(map_of).cloned().unwrap_or_default();
    let mut http = source.main("AWS::ApiGatewayV2::Api");
    let mut body = source.some("DefinitionBody").cloned();
    let uri = source.some("DefinitionUri");
    if let (Some(_), Some(_)) = (uri, &body) {
        let said = "`DefinitionUri` and `DefinitionBody` exclude each other";
        run.problems.push(source.fault("DefinitionUri", said));
    }
    if body.as_ref().is_some_and(|body| swagger::is_openapi(Some(body))) {
        tags.insert(TAG, Value::text("SAM", source.span));
    }
    let steps: [fn(&Source, &mut Option<Value>) -> Res; 5] =
        [add_cors, add_auth, add_tags, add_endpoint, add_texts];
    for step in steps {
        let result = step(source, &mut body);
        run.tried(result);
    }
    if source.some("FailOnWarnings").is_some() {
        http.set_opt("FailOnWarnings", source.get("FailOnWarnings"));
        rename_default(&mut body);
    }
    match (uri, body) {
        (Some(uri), _) => match s3_location(source, "DefinitionUri", ["Bucket", "Key", "Version"]) {
            Ok(Some(location)) => http.set("BodyS3Location", location),
            Ok(None) => {
                if let Some(Some(document)) = run.load(uri).map(|result| run.tried(result)) {
                    http.set("Body", document);
                }
            }
            Err(problem) => run.problems.push(problem),
        },
        (None, Some(body)) => http.set("Body", body),
        (None, None) => {
            let said = format!(
                "`{}` needs `DefinitionUri`, `DefinitionBody`, or an event of type `HttpApi`",
                source.id
            );
            run.problems.push(Problem::at(source.span, said));
        }
    }
    let mut made = vec![http];
    if let Some(auth) = source.some("Auth").and_then(map_of) {
        let schemes = authorizer::schemes(source, auth).unwrap_or_default();
        made.extend(schemes.iter().filter_map(|scheme| permission(source, scheme)));
    }
    let result = domain::version_2(run, source, source.get("Domain"), TAG, &mut made);
    run.tried(result);
    let tags = Value::map(tags, source.at("Tags"));
    made.push(stage(source, &tags));
    propagate_tags(&mut made, Some(&tags), source.get("DefinitionBody").is_some());
    made
}

fn stage(source: &Source, tags: &Value) -> Made {
    let default = Value::text("$default", source.span);
    let name = source.some("StageName").unwrap_or(&default);
    let text = name.as_str().unwrap_or_default();
    let id = if is_alphanumeric(text) {
        format!("{}{text}Stage", source.id)
    } else if text == "$default" {
        format!("{}ApiGatewayDefaultStage", source.id)
    } else {
        digested(&format!("{}Stage", source.id), &Value::text(text, source.span))
    };
    let mut stage = source.beside(id, "AWS::ApiGatewayV2::Stage", name.span);
    stage.set("ApiId", reference(&source.id, source.span));
    stage.set("StageName", name);
    stage.copy(source, &["StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"]);
    stage.set_opt("Tags", Some(tags).filter(|v| truthy(Some(v))));
    stage.set("AutoDeploy", true);
    stage
}

fn permission(source: &Source, scheme: &Scheme) -> Option<Made> {
    let function = scheme.function.as_ref()?;
    let id = format!("{}{}AuthorizerPermission", source.id, scheme.name);
    Some(authorizer_permission(source, id, function))
}

/// Leave for an API to call the function that decides.
pub(super) fn authorizer_permission(source: &Source, id: String, function: &Value) -> Made {
    let span = function.span;
    let mut made = source.beside(id, "AWS::Lambda::Permission", span);
    let arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*";
    made.set("Action", "lambda:InvokeFunction");
    made.set("FunctionName", function);
    made.set("Principal", "apigateway.amazonaws.com");
    made.set("SourceArn", sub_with(arn, &[("__ApiId__", reference(&source.id, span))], span));
    made
}

/// The body as a document that a property can be worked into.
fn document<'b>(source: &Source, name: &str, body: &'b mut Option<Value>) -> Res<&'b mut Map> {
    let Some(body) = body else {
        return Err(source.fault(name, format!("`{name}` works with an inline `DefinitionBody` alone")));
    };
    if !swagger::is_openapi(Some(body)) {
        let said = format!("`{name}` needs a `DefinitionBody` of OpenAPI 3 with `paths`");
        return Err(source.fault(name, said));
    }
    let at = body.span;
    body.as_map_mut().ok_or_else(|| Problem::at(at, "`DefinitionBody` should be a map"))
}

fn add_cors(source: &Source, body: &mut Option<Value>) -> Res {
    let name = "CorsConfiguration";
    let Some(given) = source.some(name) else { return Ok(()) };
    let span = given.span;
    let doc = document(source, name, body)?;
    let mut out = Map::new();
    if let Data::Bool(_) = given.data {
        out.insert("allowOrigins", value!(span, ["*"]));
    } else if is_intrinsic(given) {
        doc.insert("x-amazon-apigateway-cors", lowered(given));
        return Ok(());
    } else {
        let map = expect_map(given, name)?;
        if let Some((key, field)) = map.fields().find(|(key, _)| !CORS.iter().any(|(known, _)| key == known))
        {
            return Err(Problem::at(field.key, format!("`{name}` of `{}` doesn't take `{key}`", source.id)));
        }
        let everyone = map.get("AllowOrigins").is_some_and(|v| same(v, &value!(span, ["*"])));
        if is_true(map.get("AllowCredentials")) && everyone {
            return Err(source.fault(name, "`AllowCredentials` needs `AllowOrigins` other than `*`"));
        }
        for (from, to) in CORS {
            let value =
                map.get(from).filter(|v| if from == "MaxAge" { !is_null(v) } else { truthy(Some(v)) });
            super::make::set_opt(&mut out, to, value);
        }
    }
    let section = swagger::section(doc, "x-amazon-apigateway-cors", span)?;
    out.into_fields().for_each(|(key, field)| {
        section.insert_field(key, field);
    });
    Ok(())
}

/// The names of CORS settings as the body has them, wherever they stand.
fn lowered(value: &Value) -> Value {
    let data = match &value.data {
        Data::List(items) => Data::List(items.iter().map(lowered).collect()),
        Data::Map(map) => {
            let fields = map.fields().map(|(key, field)| {
                let known = CORS.iter().find(|(known, _)| key == known);
                let key = known.map_or_else(|| key.clone(), |(_, lower)| (*lower).into());
                let mut field = field.clone();
                field.value = lowered(&field.value);
                (key, field)
            });
            Data::Map(fields.collect())
        }
        other => other.clone(),
    };
    Value::new(data, value.span)
}

fn add_auth(source: &Source, body: &mut Option<Value>) -> Res {
    let Some(auth) = source.some("Auth").and_then(map_of) else { return Ok(()) };
    let span = source.at("Auth");
    let doc = document(source, "Auth", body)?;
    swagger::check_paths(doc)?;
    api::only(auth, &AUTH, &format!("`Auth` of `{}`", source.id))?;
    let schemes = authorizer::schemes(source, auth)?;
    if !schemes.is_empty() {
        let components = swagger::section(doc, "components", span)?;
        let definitions = swagger::section(components, "securitySchemes", span)?;
        for scheme in &schemes {
            definitions.insert(scheme.name.as_str(), scheme.definition.clone());
        }
    }
    let Some(default) = auth.get("DefaultAuthorizer").filter(|v| truthy(Some(v)) && !is_no_value(v)) else {
        return Ok(());
    };
    let Some(name) = default.as_str() else {
        return Err(Problem::at(
            default.span,
            format!("`DefaultAuthorizer` of `{}` should be a string", source.id),
        ));
    };
    let Some(scheme) = schemes.iter().find(|s| s.name == name) else {
        let said =
            format!("`DefaultAuthorizer` of `{}` is `{name}`, which `Authorizers` doesn't define", source.id);
        return Err(Problem::at(default.span, said));
    };
    set_default(doc, scheme, default.span)
}

fn set_default(doc: &mut Map, scheme: &Scheme, span: Span) -> Res {
    for path in swagger::paths(doc) {
        let item = doc.get_mut("paths").and_then(Value::as_map_mut).and_then(|paths| paths.get_mut(&path));
        let Some(item) = item else { continue };
        for branch in swagger::branches_mut(item)? {
            let names: Vec<String> =
                map_of(branch).into_iter().flat_map(Map::keys).map(ToString::to_string).collect();
            for method in names {
                let normal = swagger::method_name(&method);
                if normal == "parameters" || normal == "options" {
                    continue;
                }
                let at = branch.span;
                let map = branch
                    .as_map_mut()
                    .ok_or_else(|| Problem::at(at, format!("path `{path}` should be a map")))?;
                if !map.contains_key(&normal) {
                    let said = format!("method `{method}` of path `{path}` should be written `{normal}`");
                    return Err(Problem::at(at, said));
                }
                let Some(definition) = map.get_mut(&method) else { continue };
                for definition in swagger::branches_mut(definition)? {
                    let at = definition.span;
                    let definition = definition.as_map_mut().ok_or_else(|| {
                        Problem::at(at, format!("method `{method}` of path `{path}` should be a map"))
                    })?;
                    if truthy(definition.get(INTEGRATION)) && !truthy(definition.get("security")) {
                        let one = requirement(&scheme.name, scheme.scopes.clone(), span);
                        definition.insert("security", Value::list(vec![one], span));
                    }
                }
            }
        }
    }
    Ok(())
}

fn add_tags(source: &Source, body: &mut Option<Value>) -> Res {
    let tags = source.some("Tags").and_then(map_of);
    if tags.is_none() && !swagger::is_openapi(body.as_ref()) {
        return Ok(());
    }
    let span = source.at("Tags");
    let doc = document(source, "Tags", body)?;
    let mut tags = tags.cloned().unwrap_or_default();
    tags.insert(TAG, Value::text("SAM", span));
    if !truthy(doc.get("tags")) {
        doc.insert("tags", Value::list(Vec::new(), span));
    }
    let Some(known) = doc.get_mut("tags") else { return Ok(()) };
    let at = known.span;
    let Data::List(known) = &mut known.data else {
        return Err(Problem::at(at, "`tags` of `DefinitionBody` should be a list"));
    };
    for (name, tag) in tags.iter() {
        let same = known.iter_mut().find(|t| t.get("name").and_then(Value::as_str) == Some(name));
        match same.and_then(Value::as_map_mut) {
            Some(known) => {
                known.insert("x-amazon-apigateway-tag-value", tag.clone());
            }
            None => known.push(value!(tag.span, { "name": (name), "x-amazon-apigateway-tag-value": (tag) })),
        }
    }
    Ok(())
}

fn add_endpoint(source: &Source, body: &mut Option<Value>) -> Res {
    let name = "DisableExecuteApiEndpoint";
    let Some(flag) = source.get(name) else { return Ok(()) };
    api::disable_endpoint(document(source, name, body)?, flag)
}

/// Name and description of the API, which are those of its body.
fn add_texts(source: &Source, body: &mut Option<Value>) -> Res {
    for (name, key) in [("Name", "title"), ("Description", "description")] {
        let Some(text) = source.some(name) else { continue };
        let doc = document(source, name, body)?;
        let info = swagger::section(doc, "info", text.span)?;
        let own = info.get(key).filter(|v| truthy(Some(v)));
        let default = reference("AWS::StackName", text.span);
        let free = if key == "title" { own.is_some_and(|v| same(v, &default)) } else { own.is_none() };
        if !free {
            let said = format!("`{name}` is set already, as `info.{key}` of `DefinitionBody`");
            return Err(source.fault(name, said));
        }
        info.insert(key, text.clone());
    }
    Ok(())
}

/// With warnings as faults, the default route must look like a path.
fn rename_default(body: &mut Option<Value>) {
    let paths = body.as_mut().and_then(Value::as_map_mut).and_then(|doc| doc.get_mut("paths"));
    let Some(paths) = paths.and_then(Value::as_map_mut) else { return };
    if let Some(item) = present(paths.get(DEFAULT_PATH)).cloned() {
        paths.remove(DEFAULT_PATH);
        paths.insert(format!("/{DEFAULT_PATH}"), item);
    }
}
