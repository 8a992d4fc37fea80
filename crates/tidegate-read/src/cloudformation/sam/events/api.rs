//! Routes of REST APIs.

use super::super::function::under_condition;
use super::super::implicit::MANAGED;
use super::super::make::{argument, logical_id, map_of, present, set_opt, sub, sub_with, truthy, value};
use super::super::refs::Known;
use super::super::shape::{Type, expect, expect_map};
use super::super::swagger::{self, INTEGRATION, policy, security};
use super::super::{Made, Res, Transform};
use super::{Event, rule};
use tidegate_graph::{Data, Map, Problem, Str, Value};

const PARAMETERS: [&str; 3] =
    ["method.request.querystring.", "method.request.path.", "method.request.header."];

/// A route that calls a function.
pub(super) fn function(run: &mut Transform<'_>, event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let (id, suffix) = api_of(run, event)?;
    let (path, method) = (event.text("Path").to_owned(), event.text("Method").to_ascii_lowercase());
    made.push(permission(event, &path, &method, &suffix));
    let Some(mut api) = run.properties_mut(&id).map(std::mem::take) else { return Ok(()) };
    let body = take(&mut api, "DefinitionBody");
    let route = Route { event, path: &path, method: &method, stage: &suffix, known: &run.known };
    let mut result = Ok(());
    if let Some(mut body) = body {
        let own = event.get("Auth").and_then(map_of).filter(|auth| truthy(auth.get("OverrideApiAuth")));
        if truthy(api.get(MANAGED)) || truthy(api.get("MergeDefinitions")) {
            result = route.to_function(&api, &mut body);
        }
        if let (Ok(()), Some(auth)) = (&result, own) {
            result = route.override_auth(&api, &mut body, auth);
        }
        api.insert("DefinitionBody", body);
    }
    if let Some(properties) = run.properties_mut(&id) {
        *properties = api;
    }
    result
}

/// A route that starts a state machine.
pub(super) fn machine(run: &mut Transform<'_>, event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let (id, stage) = api_of(run, event)?;
    let role = rule::start_role(event, "apigateway.amazonaws.com", made);
    let (path, method) = (event.text("Path").to_owned(), event.text("Method").to_ascii_lowercase());
    let Some(mut api) = run.properties_mut(&id).map(std::mem::take) else { return Ok(()) };
    let body = take(&mut api, "DefinitionBody");
    let route = Route { event, path: &path, method: &method, stage: &stage, known: &run.known };
    let mut result = Ok(());
    if let Some(mut body) = body {
        if truthy(api.get(MANAGED)) {
            result = route.to_machine(&api, &mut body, role);
        }
        api.insert("DefinitionBody", body);
    }
    if let Some(properties) = run.properties_mut(&id) {
        *properties = api;
    }
    result
}

/// The API of the event, and what the id of its permission ends with.
fn api_of(run: &Transform<'_>, event: &Event<'_>) -> Res<(Str, String)> {
    let given = event.get("RestApiId");
    let id = given.map(|v| argument(v, "Ref").unwrap_or(v)).and_then(Value::as_str);
    let Some(id) = id else {
        return Err(event.fault("RestApiId", "`RestApiId` should refer to an API"));
    };
    let Some(resource) = run.source.get(id).and_then(map_of) else {
        return Err(event.fault("RestApiId", "`RestApiId` should refer to an API of the same template"));
    };
    if let Some(properties) = resource.get("Properties") {
        expect_map(properties, "Properties")?;
    }
    let stage = resource.get("Properties").and_then(|p| p.get("StageName"));
    let suffix = match stage.and_then(Value::as_str) {
        Some("") => {
            let at = stage.map_or(event.span, |v| v.span);
            return Err(Problem::at(at, format!("`StageName` of `{id}` should not be empty")));
        }
        Some(stage) => stage.to_owned(),
        None => "Stage".to_owned(),
    };
    Ok((id.into(), suffix))
}

fn permission(event: &Event<'_>, path: &str, method: &str, suffix: &str) -> Made {
    let span = event.span;
    let path = match path.strip_suffix('/') {
        Some(rest) if !rest.is_empty() => rest,
        _ => path,
    };
    let verb = if method == "any" { "*".to_owned() } else { method.to_ascii_uppercase() };
    let arn = format!(
        "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/${{__Stage__}}/{verb}{}",
        swagger::wildcard_path(path)
    );
    let api = event.get("RestApiId").cloned().unwrap_or_else(|| Value::text("", span));
    let arn = sub_with(arn, &[("__ApiId__", api), ("__Stage__", Value::text("*", span))], span);
    event.permission_of(&event.id, "apigateway.amazonaws.com", Some(arn), suffix)
}

/// The URI that calls a function from an API.
pub(super) fn function_uri(event: &Event<'_>, stream: bool) -> Value {
    let (version, tail) =
        if stream { ("2021-11-15", "response-streaming-invocations") } else { ("2015-03-31", "invocations") };
    let id = logical_id(&event.target.arn).unwrap_or_default();
    let arn = if argument(&event.target.arn, "Ref").is_some() {
        format!("${{{id}}}")
    } else {
        format!("${{{id}.Arn}}")
    };
    let uri = format!(
        "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/{version}/functions/{arn}/{tail}"
    );
    sub(uri, event.span)
}

struct Route<'r> {
    event: &'r Event<'r>,
    path: &'r str,
    method: &'r str,
    stage: &'r str,
    known: &'r Known,
}

impl Route<'_> {
    fn key(&self) -> (&str, &str) {
        (self.path, self.method)
    }

    fn to_function(&self, api: &Map, body: &mut Value) -> Res {
        if !truthy(api.get("MergeDefinitions")) {
            return document(body)?.map_or(Ok(()), |doc| self.integrate(doc, api));
        }
        let mut own = swagger::skeleton(self.event.span);
        if let Some(doc) = own.as_map_mut() {
            self.integrate(doc, api)?;
        }
        let item = own.get("paths").and_then(|paths| paths.get(self.path));
        self.merge(body, item.and_then(|item| item.get(&swagger::method_name(self.method))))
    }

    fn integrate(&self, doc: &mut Map, api: &Map) -> Res {
        let event = self.event;
        self.free(doc)?;
        let none = Map::new();
        let auth = match event.get("Auth") {
            Some(auth) => expect_map(auth, "Auth")?,
            None => &none,
        };
        let api_auth = match api.get("Auth").filter(|v| truthy(Some(v))) {
            Some(auth) => expect_map(auth, "Auth")?.clone(),
            None => Map::new(),
        };
        let stream = event.text("ResponseTransferMode") == "RESPONSE_STREAM";
        let uri = under_condition(event.target, function_uri(event, stream));
        let mut integration = Map::new();
        integration.insert("type", Value::text("aws_proxy", event.span));
        integration.insert("httpMethod", Value::text("POST", event.span));
        integration.insert("uri", uri);
        if stream {
            integration.insert("responseTransferMode", Value::text("STREAM", event.span));
        }
        set_opt(&mut integration, "credentials", credentials(auth, &api_auth, event).as_ref());
        set_opt(&mut integration, "timeoutInMillis", event.some("TimeoutInMillis"));
        let responses = vec![("responses", value!(event.span, {}))];
        let integration = Value::map(integration, event.span);
        swagger::integrate(doc, self.key(), integration, responses, event.target.condition())?;
        if event.some("Auth").is_some() {
            self.authorize(doc, api, auth)?;
        }
        self.model(doc, api)?;
        self.parameters(doc)
    }

    fn to_machine(&self, api: &Map, body: &mut Value, role: Value) -> Res {
        let event = self.event;
        let span = event.span;
        let Some(doc) = document(body)? else { return Ok(()) };
        self.free(doc)?;
        let uri = sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution", span);
        let uri = under_condition(event.target, uri);
        let machine = &event.target.id;
        let input = if truthy(event.get("UnescapeMappingTemplate")) {
            r#"$util.escapeJavaScript($input.json('$')).replaceAll("\\'","'")"#
        } else {
            "$util.escapeJavaScript($input.json('$'))"
        };
        let template = format!("{{\"input\": \"{input}\", \"stateMachineArn\": \"${{{machine}}}\"}}");
        let integration = value!(span, {
            "type": "aws", "httpMethod": "POST", "uri": (uri),
            "responses": { "200": { "statusCode": "200" }, "400": { "statusCode": "400" } },
            "credentials": (role),
            "requestTemplates": { "application/json": (sub(template, span)) }
        });
        let responses =
            value!(span, { "200": { "description": "OK" }, "400": { "description": "Bad Request" } });
        let more = vec![("responses", responses)];
        swagger::integrate(doc, self.key(), integration, more, event.target.condition())?;
        if let Some(auth) = event.some("Auth").and_then(map_of) {
            self.authorize(doc, api, auth)?;
        }
        Ok(())
    }

    /// No other event may have the same route.
    fn free(&self, doc: &Map) -> Res {
        if swagger::has_integration(doc, self.path, self.method)? {
            let said = format!("method `{}` of path `{}` is defined more than once", self.method, self.path);
            return Err(self.event.fault("Path", said));
        }
        Ok(())
    }

    fn override_auth(&self, api: &Map, body: &mut Value, auth: &Map) -> Res {
        if !["Authorizer", "ApiKeyRequired", "ResourcePolicy"].iter().any(|name| truthy(auth.get(name))) {
            let said = "`OverrideApiAuth` needs one of `Authorizer`, `ApiKeyRequired`, `ResourcePolicy`";
            return Err(self.event.fault("Auth", said));
        }
        match document(body)? {
            Some(doc) => self.authorize(doc, api, auth),
            None => Ok(()),
        }
    }

    /// Checks what the event says of its callers against what the API knows, and writes it down.
    fn authorize(&self, doc: &mut Map, api: &Map, auth: &Map) -> Res {
        let event = self.event;
        let api_auth = api.get("Auth").map(|auth| self.known.resolve(auth));
        let of_api =
            |name: &str| api_auth.as_ref().and_then(|auth| auth.get(name)).filter(|v| truthy(Some(v)));
        let authorizer = auth.get("Authorizer").filter(|v| truthy(Some(v)));
        if let Some(name) = authorizer {
            if let Some(authorizers) = of_api("Authorizers") {
                expect_map(authorizers, "Auth.Authorizers")?;
            }
            self.known_authorizer(name, of_api("Authorizers"), of_api("DefaultAuthorizer"))?;
        }
        if let Some(scopes) = auth.get("AuthorizationScopes").filter(|v| truthy(Some(v))) {
            expect(scopes, Type::List, "Auth.AuthorizationScopes")?;
            if authorizer.is_none() {
                return Err(event.fault("Auth", "`AuthorizationScopes` needs `Authorizer`"));
            }
        }
        let key = present(auth.get("ApiKeyRequired"));
        if key.is_some_and(|key| !truthy(Some(key))) && of_api("ApiKeyRequired").is_none() {
            return Err(event.fault("Auth", "`ApiKeyRequired: false` needs an API with `ApiKeyRequired`"));
        }
        if authorizer.is_some() || key.is_some() {
            let authorizers = api.get("Auth").and_then(|auth| auth.get("Authorizers"));
            security::set_method(doc, self.key(), auth, authorizers)?;
        }
        if let Some(resource) = auth.get("ResourcePolicy").filter(|v| truthy(Some(v))) {
            policy::add(doc, resource, self.path, &Value::text(self.stage, event.span))?;
            if let Some(custom) = resource.get("CustomStatements").filter(|v| truthy(Some(v))) {
                policy::add_custom(doc, custom);
            }
        }
        Ok(())
    }

    fn known_authorizer(&self, name: &Value, authorizers: Option<&Value>, default: Option<&Value>) -> Res {
        let event = self.event;
        let fault = |said: String| Err(event.fault("Auth", said));
        match name.as_str() {
            Some("AWS_IAM") => Ok(()),
            Some("NONE") if default.is_none() => {
                fault("`Authorizer: NONE` needs an API with a `DefaultAuthorizer`".into())
            }
            Some("NONE") => Ok(()),
            Some(text) => match authorizers.map(|a| truthy(a.get(text))) {
                Some(true) => Ok(()),
                Some(false) => fault(format!("authorizer `{text}` is not defined by the API")),
                None => fault(format!("authorizer `{text}` needs an API that defines `Authorizers`")),
            },
            None => fault("`Authorizer` should be the name of an authorizer".into()),
        }
    }

    fn model(&self, doc: &mut Map, api: &Map) -> Res {
        let event = self.event;
        let Some(request) = event.some("RequestModel") else { return Ok(()) };
        let request = expect_map(request, "RequestModel")?;
        let Some(model) = request.get("Model").filter(|v| truthy(Some(v))) else { return Ok(()) };
        let fault = |said: String| event.fault("RequestModel", said);
        let Some(models) = api.get("Models").filter(|v| truthy(Some(v))) else {
            return Err(fault("`RequestModel` needs an API that defines `Models`".into()));
        };
        let Some(models) = map_of(models) else {
            return Err(fault("`Models` of the API should be a map".into()));
        };
        let Some(name) = model.as_str() else { return Err(fault("`Model` should be a string".into())) };
        if !truthy(models.get(name)) {
            return Err(fault(format!("model `{name}` is not defined by the API")));
        }
        let lower = name.to_lowercase();
        let required = present(request.get("Required")).cloned();
        let old = truthy(doc.get("swagger"));
        for definition in swagger::definitions(doc, self.path, self.method)? {
            if old {
                let mut parameter = Map::new();
                parameter.insert("in", Value::text("body", model.span));
                parameter.insert("name", Value::text(lower.as_str(), model.span));
                let schema = format!("#/definitions/{lower}");
                parameter.insert("schema", value!(model.span, { "$ref": (schema) }));
                set_opt(&mut parameter, "required", required.as_ref());
                push(definition, "parameters", Value::map(parameter, model.span));
            } else {
                let schema = format!("#/components/schemas/{lower}");
                let mut body = value!(model.span, { "content": { "application/json": { "schema": { "$ref": (schema) } } } });
                if let (Some(required), Some(map)) = (&required, body.as_map_mut()) {
                    map.insert("required", required.clone());
                }
                definition.insert("requestBody", body);
            }
        }
        self.validator(doc, request)
    }

    fn validator(&self, doc: &mut Map, request: &Map) -> Res {
        let flag = |name: &str| match present(request.get(name)).map(|v| &v.data) {
            None => Ok(None),
            Some(Data::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.event.fault("RequestModel", format!("`{name}` should be a boolean"))),
        };
        let (body, parameters) = (flag("ValidateBody")?, flag("ValidateParameters")?);
        if body.is_none() && parameters.is_none() {
            return Ok(());
        }
        let (body, parameters) = (body.unwrap_or(false), parameters.unwrap_or(false));
        let name = match (body, parameters) {
            (true, true) => "body-and-params",
            (true, false) => "body-only",
            (false, true) => "params-only",
            (false, false) => "no-validation",
        };
        let span = self.event.at("RequestModel");
        let validators = swagger::section(doc, "x-amazon-apigateway-request-validators", span)?;
        validators.insert(
            name,
            value!(span, { "validateRequestBody": (body), "validateRequestParameters": (parameters) }),
        );
        for definition in swagger::definitions(doc, self.path, self.method)? {
            definition.insert("x-amazon-apigateway-request-validator", Value::text(name, span));
        }
        Ok(())
    }

    fn parameters(&self, doc: &mut Map) -> Res {
        let event = self.event;
        let name = "RequestParameters";
        let Some(list) = event.some(name) else { return Ok(()) };
        for given in expect(list, Type::List, name)?.items() {
            let (key, settings) = match &given.data {
                Data::Text(key) => (key.clone(), None),
                Data::Map(map) => match map.iter().next() {
                    Some((key, settings)) => (key.clone(), Some(settings)),
                    None => continue,
                },
                _ => return Err(event.fault(name, format!("each of `{name}` should be a string or a map"))),
            };
            if !PARAMETERS.iter().any(|prefix| key.starts_with(prefix)) {
                let said = format!(
                    "`{key}` should be like `method.request.header.Name`, with `querystring`, `path` or `header`"
                );
                return Err(event.fault(name, said));
            }
            let known = |map: &Map| map.keys().all(|key| key == "Required" || key == "Caching");
            if settings.is_some_and(|v| !map_of(v).is_some_and(known)) {
                return Err(event.fault(name, format!("`{key}` takes a map of `Required` and `Caching`")));
            }
            let setting = |name: &str| settings.and_then(|v| v.get(name)).cloned();
            let span = given.span;
            let mut parts = key.splitn(4, '.').skip(2);
            let (place, called) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let place = if place == "querystring" { "query" } else { place };
            let required = setting("Required").unwrap_or_else(|| Value::bool(false, span));
            let parameter =
                value!(span, { "in": (place), "name": (called), "required": (required), "type": "string" });
            for definition in swagger::definitions(doc, self.path, self.method)? {
                push(definition, "parameters", parameter.clone());
                if truthy(setting("Caching").as_ref())
                    && let Some(integration) = definition.get_mut(INTEGRATION).and_then(Value::as_map_mut)
                {
                    push(integration, "cacheKeyParameters", Value::text(key.clone(), span));
                }
            }
        }
        Ok(())
    }

    /// Lays what was made of the event over the same method of the user's definition.
    fn merge(&self, body: &mut Value, made: Option<&Value>) -> Res {
        let span = self.event.span;
        let at = body.span;
        let Some(doc) = body.as_map_mut() else {
            return Err(Problem::at(at, "`DefinitionBody` should be a map"));
        };
        let paths = swagger::section(doc, "paths", span)?;
        let item = swagger::section(paths, self.path, span)?;
        let own = swagger::section(item, self.method, span)?;
        for (key, field) in made.into_iter().filter_map(map_of).flat_map(Map::fields) {
            own.insert_field(key.clone(), field.clone());
        }
        Ok(())
    }
}

/// The body as a document; `None` when there is none.
fn document(body: &mut Value) -> Res<Option<&mut Map>> {
    let span = body.span;
    match &body.data {
        Data::Null => Ok(None),
        _ if swagger::is_swagger(Some(body)) => Ok(body.as_map_mut()),
        _ => {
            let said = "`DefinitionBody` should be a Swagger 2 or OpenAPI 3 document with `paths`";
            Err(Problem::at(span, said))
        }
    }
}

/// Takes a value out of a map and leaves null in its place.
pub(super) fn take(map: &mut Map, key: &str) -> Option<Value> {
    let value = map.get_mut(key)?;
    let span = value.span;
    Some(std::mem::replace(value, Value::new(Data::Null, span)))
}

/// What the API calls the function with, when callers are IAM identities.
fn credentials(auth: &Map, api_auth: &Map, event: &Event<'_>) -> Option<Value> {
    let iam = |map: &Map, name: &str| map.get(name).and_then(Value::as_str) == Some("AWS_IAM");
    let by_default = auth.is_empty() && iam(api_auth, "DefaultAuthorizer");
    if !by_default && !iam(auth, "Authorizer") {
        return None;
    }
    let role = |map: &Map| {
        let given = map.get("InvokeRole")?;
        Some(if truthy(Some(given)) { given.clone() } else { Value::text("NONE", given.span) })
    };
    let role = role(auth).or_else(|| role(api_auth));
    match role.as_ref().map(|v| v.as_str()) {
        Some(Some("NONE")) => None,
        None | Some(Some("CALLER_CREDENTIALS")) => Some(Value::text("arn:aws:iam::*:user/*", event.span)),
        Some(_) => role,
    }
}

fn push(map: &mut Map, key: &str, value: Value) {
    let span = value.span;
    if map.get(key).is_none_or(|v| v.as_list().is_none()) {
        map.insert(key, Value::list(Vec::new(), span));
    }
    if let Some(Data::List(items)) = map.get_mut(key).map(|v| &mut v.data) {
        items.push(value);
    }
}
