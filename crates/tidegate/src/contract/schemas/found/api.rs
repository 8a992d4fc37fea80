//! Bodies and parameters of requests: OpenAPI bodies of APIs, and models of API Gateway.

use super::parameters::{self, Around, Asked};
use super::{Found, Within, is_json, text, token, written};
use std::collections::{BTreeMap, HashMap};
use tidegate_decide::schema::compile::Draft;
use tidegate_graph::contract::Function;
use tidegate_graph::contract::schema::{Schema, When};
use tidegate_graph::{Resource, System, Value};

const METHODS: [&str; 8] =
    ["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"];
const INTEGRATION: &str = "x-amazon-apigateway-integration";

pub(super) fn find(system: &System, functions: &BTreeMap<String, Function>, found: &mut Found) {
    let names = functions.iter().filter_map(|(id, f)| Some((f.name.as_deref()?, id.as_str())));
    let called = Called { system, functions, names: names.collect() };
    for ty in ["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"] {
        for api in system.of_type(ty) {
            for body in api.property("Body").into_iter().flat_map(Value::branches) {
                if let Some(root) = tidegate_read::inside(body) {
                    of_body(&called, api, &root, found);
                }
            }
        }
    }
    let models = Models::of(system);
    for method in system.of_type("AWS::ApiGateway::Method") {
        of_method(&called, &models, method, found);
    }
}

/// Who is called.
struct Called<'s> {
    system: &'s System,
    functions: &'s BTreeMap<String, Function>,
    names: HashMap<&'s str, &'s str>,
}

impl Called<'_> {
    /// The function behind a URI.
    fn by(&self, uri: &Value) -> Option<String> {
        for (reference, _) in uri.references() {
            let resource = self.system.resource(&reference.target);
            let alias = resource.filter(|r| r.ty == "AWS::Lambda::Alias" || r.ty == "AWS::Lambda::Version");
            let behind = alias.and_then(|a| a.property("FunctionName")).map(Value::references);
            let ids = behind.into_iter().flatten().map(|(r, _)| r.target.to_string());
            let ids = ids.chain([reference.target.to_string()]);
            if let Some(id) = ids.into_iter().find(|id| self.functions.contains_key(id)) {
                return Some(id);
            }
        }
        let uri = uri.display();
        let name = uri.split(":function:").nth(1)?.split(['/', ':']).next()?;
        self.names.get(name).map(ToString::to_string)
    }
}

fn of_body(called: &Called<'_>, api: &Resource, root: &Value, found: &mut Found) {
    let (document, unknown) = written::in_part(root);
    let Ok(json) = serde_json::from_str::<serde_json::Value>(&document) else { return };
    let version = text(root.get("openapi")).unwrap_or_default();
    let draft = if version.starts_with("3.1") { Draft::Draft202012 } else { Draft::OpenApi30 };
    let within = |pointer: &str, when: When| {
        let others = &|_: &str| None;
        Within { source: &api.id, document: &document, unknown: &unknown, pointer, draft, others }
            .compile(when)
    };
    for (path, item) in
        root.get("paths").and_then(Value::as_map).into_iter().flat_map(tidegate_graph::Map::iter)
    {
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let uri = operation.get(INTEGRATION).and_then(|i| i.get("uri"));
            let Some(function) = uri.and_then(|uri| called.by(uri)) else { continue };
            let verb = if method.starts_with("x-") { "ANY".to_string() } else { method.to_ascii_uppercase() };
            let when = When { route: Some(format!("{verb} {path}")), ..When::default() };
            let at = format!("/paths/{}/{method}", token(path));
            let schemas = found.requests.entry((api.id.to_string(), function)).or_default();
            if let Some((pointer, optional)) = body(&json, &at) {
                schemas.extend(within(&pointer, when.clone()).map(|s| Schema { optional, ..s }));
            }
            let (name, root, others) = (api.id.as_str(), &json, &|_: &str| None);
            let around = Around { name, root, draft, unknown: &unknown, others };
            let asked = Asked::of_operation(&around, &parameters::lists(path, method));
            schemas.extend(asked.compiled(&parameters::source(name, &at), &around, when));
        }
    }
}

/// Pointer to the schema of an operation's body, and whether there may be none. Where other things than JSON may come, the
/// schema isn't one of all bodies.
fn body(root: &serde_json::Value, at: &str) -> Option<(String, bool)> {
    let operation = root.pointer(at)?;
    if let Some(body) = operation.get("requestBody") {
        let reference = body.get("$ref").and_then(serde_json::Value::as_str);
        let at = reference.and_then(|r| r.strip_prefix('#')).map_or(format!("{at}/requestBody"), Into::into);
        let body = root.pointer(&at)?;
        let content = body.get("content")?.as_object()?;
        let (kind, media) = content.iter().next().filter(|_| content.keys().all(|kind| is_json(kind)))?;
        media.get("schema")?;
        let optional = body.get("required").and_then(serde_json::Value::as_bool) != Some(true);
        return Some((format!("{at}/content/{}/schema", token(kind)), optional));
    }
    let consumes = operation.get("consumes").or_else(|| root.get("consumes"));
    let others = consumes.and_then(serde_json::Value::as_array).into_iter().flatten();
    if others.filter_map(serde_json::Value::as_str).any(|kind| !kind.contains("json")) {
        return None;
    }
    let parameters = operation.get("parameters")?.as_array()?;
    let (index, body) =
        parameters.iter().enumerate().find(|(_, p)| p.get("in").is_some_and(|place| place == "body"))?;
    body.get("schema")?;
    let optional = body.get("required").and_then(serde_json::Value::as_bool) != Some(true);
    Some((format!("{at}/parameters/{index}/schema"), optional))
}

/// Models by the resource id of their API and their name.
struct Models<'s> {
    by_name: HashMap<(String, String), &'s Resource>,
}

impl<'s> Models<'s> {
    fn of(system: &'s System) -> Self {
        let models = system.of_type("AWS::ApiGateway::Model");
        let by_name = models.filter_map(|model| {
            let api = target(model.property("RestApiId"))?;
            Some(((api, text(model.property("Name"))?), model))
        });
        Self { by_name: by_name.collect() }
    }
}

fn of_method(called: &Called<'_>, models: &Models<'_>, method: &Resource, found: &mut Found) {
    let uri = method.path(&["Integration", "Uri"]);
    let Some(function) = uri.and_then(|uri| called.by(uri)) else { return };
    let Some(api) = target(method.property("RestApiId")) else { return };
    let Some(route) = route(called.system, method) else { return };
    let when = When { route: Some(route), ..When::default() };
    let validator = target(method.property("RequestValidatorId")).and_then(|id| called.system.resource(&id));
    let checks = |key: &str| validator.and_then(|v| v.property(key)).and_then(Value::as_bool) == Some(true);
    let body = of_model(called, models, (method, &api), &when);
    let body = body.map(|s| Schema { optional: !checks("ValidateRequestBody"), ..s });
    let named = method.property("RequestParameters").and_then(Value::as_map);
    let named = named.filter(|_| checks("ValidateRequestParameters"));
    let required = named.into_iter().flat_map(tidegate_graph::Map::iter);
    let required = required.filter(|(_, flag)| flag.as_bool() == Some(true)).map(|(name, _)| name.as_str());
    let (root, draft, others) = (&serde_json::Value::Null, Draft::Draft4, &|_: &str| None);
    let around = Around { name: &method.id, root, draft, unknown: &[], others };
    let parameters = Asked::required(required).compiled(&method.id, &around, when);
    found.requests.entry((api, function)).or_default().extend(body.into_iter().chain(parameters));
}

/// The model of a method's bodies.
fn of_model(
    called: &Called<'_>,
    models: &Models<'_>,
    (method, api): (&Resource, &str),
    when: &When,
) -> Option<Schema> {
    let kinds = method.property("RequestModels").and_then(Value::as_map);
    let kinds: Vec<(&str, &Value)> =
        kinds.into_iter().flat_map(tidegate_graph::Map::iter).map(|(k, v)| (k.as_str(), v)).collect();
    let [("application/json", named)] = kinds.as_slice() else { return None };
    let by_reference = target(Some(named)).and_then(|id| called.system.resource(&id));
    let by_name = text(Some(named)).and_then(|name| models.by_name.get(&(api.to_string(), name)).copied());
    let model = by_reference.or(by_name)?;
    let root = model.property("Schema").and_then(tidegate_read::inside)?;
    let (document, unknown) = written::in_part(&root);
    // `https://apigateway.amazonaws.com/restapis/<id>/models/<name>`
    let others = |uri: &str| {
        let name = uri.rsplit_once("/models/")?.1;
        let model = models.by_name.get(&(api.to_string(), name.to_string()))?;
        model.property("Schema").and_then(tidegate_read::inside).map(|root| written::in_part(&root).0)
    };
    let (pointer, draft) = ("", Draft::Draft4);
    let within =
        Within { source: &model.id, document: &document, unknown: &unknown, pointer, draft, others: &others };
    within.compile(when.clone())
}

/// Method and path of a method, whose resource names its parents.
fn route(system: &System, method: &Resource) -> Option<String> {
    const DEEPEST: usize = 64;
    let verb = text(method.property("HttpMethod"))?;
    let mut parts = Vec::new();
    let mut at = method.property("ResourceId")?;
    for _ in 0..DEEPEST {
        let reference = at.as_reference()?;
        let resource = system.resource(&reference.target)?;
        if resource.ty != "AWS::ApiGateway::Resource" {
            // The API's own root.
            parts.reverse();
            return Some(format!("{verb} /{}", parts.join("/")));
        }
        parts.push(text(resource.property("PathPart"))?);
        at = resource.property("ParentId")?;
    }
    None
}

fn target(value: Option<&Value>) -> Option<String> {
    value?.references().first().map(|(reference, _)| reference.target.to_string())
}
