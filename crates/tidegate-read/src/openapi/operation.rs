//! What each operation of an API does, and who may call it.

use crate::reference::follow_local;
use tidegate_graph::{Map, Span, Str, Value};

const METHODS: [&str; 9] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace", "x-amazon-apigateway-any-method"];
/// Operations of one document.
const MAX_OPERATIONS: usize = 100_000;
/// Alternatives of one operation's security, schemes of one alternative, scopes of one scheme.
const MAX_SECURITY: usize = 64;

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation<'v> {
    /// `GET`, `POST`; `ANY` for API Gateway's catch-all.
    pub(crate) method: Str,
    /// `/users/{id}`.
    pub(crate) path: Str,
    /// What a caller needs: one of these sets, all of the set. Empty, or with an empty set, is open to everybody.
    pub(crate) security: Vec<Vec<Requirement<'v>>>,
    /// What API Gateway does with a request.
    pub(crate) integration: Option<Integration<'v>>,
    /// True when a request may have a body.
    pub(crate) body: bool,
    /// The schema of the body, one reference deep.
    pub(crate) schema: Option<&'v Value>,
    /// What API Gateway checks before it calls the integration.
    pub(crate) validator: Option<Validator>,
    /// The method's key and value.
    pub(crate) span: Span,
}

impl Operation<'_> {
    /// True when nobody is asked who they are. API keys count as asking: how good they are is a rule's matter.
    pub(crate) fn is_open(&self) -> bool {
        self.method != "OPTIONS" && (self.security.is_empty() || self.security.iter().any(Vec::is_empty))
    }
}

/// A security scheme that an operation asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Requirement<'v> {
    pub(crate) name: Str,
    pub(crate) scheme: Scheme,
    /// `x-amazon-apigateway-authorizer`: type, authorizerUri, providerARNs, jwtConfiguration ...
    pub(crate) authorizer: Option<&'v Value>,
    pub(crate) scopes: Vec<Str>,
}

/// What a scheme is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    ApiKey,
    Basic,
    Bearer,
    OAuth2,
    OpenIdConnect,
    MutualTls,
    /// AWS Signature Version 4.
    Iam,
    /// Another one, by its name in the document.
    Other(Str),
    /// Named by an operation and declared nowhere.
    Undeclared,
}

/// `x-amazon-apigateway-integration`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Integration<'v> {
    /// `aws`, `aws_proxy`, `http`, `http_proxy`, `mock`; lower case.
    pub(crate) kind: Str,
    /// `SQS-SendMessage` and the like of HTTP APIs.
    pub(crate) subtype: Option<Str>,
    pub(crate) uri: Option<&'v Value>,
    pub(crate) credentials: Option<&'v Value>,
    /// By content type.
    pub(crate) request_templates: Option<&'v Value>,
    pub(crate) request_parameters: Option<&'v Value>,
    pub(crate) connection_id: Option<&'v Value>,
    pub(crate) span: Span,
}

/// A request validator of API Gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Validator {
    pub(crate) name: Str,
    pub(crate) body: bool,
    pub(crate) parameters: bool,
}

/// Every operation of a document, in its order. Both sides of a choice count.
pub(crate) fn operations(body: &Value) -> Vec<Operation<'_>> {
    let mut out = Vec::new();
    for body in body.branches() {
        let Some(root) = body.as_map() else { continue };
        for paths in maps(root.get("paths").and_then(|p| follow_local(body, p))) {
            for (path, item) in paths.iter().filter(|(path, _)| path.starts_with(['/', '$', '*'])) {
                let items = item.branches().into_iter().filter_map(|item| follow_local(body, item));
                for item in items.flat_map(|item| maps(Some(item))) {
                    path_item(body, path, item, &mut out);
                }
            }
        }
    }
    out
}

fn path_item<'v>(root: &'v Value, path: &Str, item: &'v Map, out: &mut Vec<Operation<'v>>) {
    for method in METHODS {
        let Some(field) = item.field(method) else { continue };
        for map in maps(Some(&field.value)) {
            if out.len() >= MAX_OPERATIONS {
                return;
            }
            let (body, schema) = request_body(root, item, map);
            out.push(Operation {
                method: match method {
                    "x-amazon-apigateway-any-method" => Str::new_static("ANY"),
                    method => method.to_ascii_uppercase().into(),
                },
                path: path.clone(),
                security: security(root, map),
                integration: integration(root, map),
                body,
                schema,
                validator: validator(root, map),
                span: field.key.to(field.value.span),
            });
        }
    }
}

/// The operation's own security, or the document's.
fn security<'v>(root: &'v Value, operation: &'v Map) -> Vec<Vec<Requirement<'v>>> {
    let Some(security) = operation.get("security").or_else(|| root.get("security")) else {
        return Vec::new();
    };
    let alternatives = security.branches().into_iter().flat_map(Value::items).take(MAX_SECURITY);
    alternatives
        .flat_map(|alternative| maps(Some(alternative)))
        .map(|names| {
            // SAM writes `NONE` for "no authorizer".
            let names = names.iter().filter(|(name, _)| *name != "NONE").take(MAX_SECURITY);
            names.map(|(name, scopes)| requirement(root, name, scopes)).collect()
        })
        .collect()
}

fn requirement<'v>(root: &'v Value, name: &Str, scopes: &Value) -> Requirement<'v> {
    let schemes =
        [root.get("components").and_then(|c| c.get("securitySchemes")), root.get("securityDefinitions")];
    let declared = schemes.into_iter().flatten().find_map(|s| s.get(name));
    let declared = declared.and_then(|scheme| follow_local(root, scheme));
    let text = |key: &str| declared.and_then(|d| d.get(key)).and_then(Value::as_text).unwrap_or_default();
    let signed = text("x-amazon-apigateway-authtype").eq_ignore_ascii_case("awssigv4");
    let scheme = match (declared, text("type").to_ascii_lowercase().as_str()) {
        (None, _) => Scheme::Undeclared,
        _ if signed => Scheme::Iam,
        (_, "apikey") => Scheme::ApiKey,
        (_, "basic") => Scheme::Basic,
        (_, "http") => match text("scheme").to_ascii_lowercase().as_str() {
            "basic" => Scheme::Basic,
            "bearer" => Scheme::Bearer,
            other => Scheme::Other(other.into()),
        },
        (_, "oauth2") => Scheme::OAuth2,
        (_, "openidconnect") => Scheme::OpenIdConnect,
        (_, "mutualtls") => Scheme::MutualTls,
        (_, other) => Scheme::Other(other.into()),
    };
    let authorizer = declared.and_then(|d| d.get("x-amazon-apigateway-authorizer"));
    Requirement {
        name: name.clone(),
        scheme,
        authorizer: authorizer.and_then(|a| follow_local(root, a)),
        scopes: scopes.items().iter().take(MAX_SECURITY).filter_map(Value::as_text).collect(),
    }
}

fn integration<'v>(root: &'v Value, operation: &'v Map) -> Option<Integration<'v>> {
    let written = operation.get("x-amazon-apigateway-integration")?;
    let value = follow_local(root, written)?;
    let part = |key: &str| value.get(key);
    let text = |key: &str| value.get(key).and_then(Value::as_text);
    Some(Integration {
        kind: text("type").unwrap_or_default().to_ascii_lowercase().into(),
        subtype: text("integrationSubtype"),
        uri: part("uri"),
        credentials: part("credentials"),
        request_templates: part("requestTemplates"),
        request_parameters: part("requestParameters"),
        connection_id: part("connectionId"),
        span: written.span,
    })
}

/// Whether a request may have a body, and its schema: `requestBody` of 3.x, the parameter `in: body` of 2.0.
fn request_body<'v>(root: &'v Value, item: &'v Map, operation: &'v Map) -> (bool, Option<&'v Value>) {
    let resolved = |value| follow_local(root, value);
    if let Some(body) = operation.get("requestBody").and_then(|b| follow_local(root, b)) {
        let kinds = body.get("content").and_then(Value::as_map);
        let schema = kinds.into_iter().flat_map(Map::values).find_map(|kind| resolved(kind.get("schema")?));
        return (true, schema);
    }
    let parameters = [operation.get("parameters"), item.get("parameters")];
    let parameters = parameters.into_iter().flatten().flat_map(Value::items);
    let body = parameters
        .filter_map(|p| follow_local(root, p))
        .find(|p| p.get("in").and_then(Value::as_str) == Some("body"));
    match body {
        Some(body) => (true, body.get("schema").and_then(resolved)),
        None => (false, None),
    }
}

fn validator(root: &Value, operation: &Map) -> Option<Validator> {
    const KEY: &str = "x-amazon-apigateway-request-validator";
    let name = operation.get(KEY).or_else(|| root.get(KEY))?.as_text()?;
    let declared = root.get("x-amazon-apigateway-request-validators").and_then(|v| v.get(&name));
    let on = |key: &str| declared.and_then(|d| d.get(key)).and_then(Value::as_bool) == Some(true);
    Some(Validator { body: on("validateRequestBody"), parameters: on("validateRequestParameters"), name })
}

/// The maps that a value can be, one for each branch.
fn maps(value: Option<&Value>) -> impl Iterator<Item = &Map> {
    value.into_iter().flat_map(Value::branches).filter_map(Value::as_map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;
    use tidegate_graph::FileId;

    fn parse(text: &str) -> Value {
        let (root, problems) = yaml::parse_one(FileId(0), text);
        assert!(problems.is_empty(), "{problems:?}");
        root.unwrap()
    }

    fn security(text: &str) -> Vec<String> {
        let one = |operation: &Operation| {
            let names = operation.security.iter().map(|all| {
                let names = all.iter().map(|r| format!("{} {:?}", r.name, r.scheme));
                names.collect::<Vec<_>>().join("+")
            });
            let names = names.collect::<Vec<_>>().join("|");
            format!("{} {} open={} {names}", operation.method, operation.path, operation.is_open())
        };
        operations(&parse(text)).iter().map(one).collect()
    }

    #[test]
    fn security_is_that_of_the_operation_or_the_document() {
        let text = "
openapi: 3.0.1
security: [{key: []}]
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: x-api-key}
    jwt: {type: http, scheme: bearer}
    sig: {type: apiKey, x-amazon-apigateway-authtype: awsSigv4}
paths:
  /a:
    get: {}
    post: {security: []}
    put: {security: [{jwt: [read], sig: []}, {key: []}]}
    patch: {security: [{}, {jwt: []}]}
    delete: {security: [{nobody: []}]}
    head: {security: [{NONE: []}]}
    options: {security: []}
    x-amazon-apigateway-any-method: {}
";
        assert_eq!(
            security(text),
            [
                "GET /a open=false key ApiKey",
                "PUT /a open=false jwt Bearer+sig Iam|key ApiKey",
                "POST /a open=true ",
                "DELETE /a open=false nobody Undeclared",
                "OPTIONS /a open=false ",
                "HEAD /a open=true ",
                "PATCH /a open=true |jwt Bearer",
                "ANY /a open=false key ApiKey",
            ]
        );
    }

    #[test]
    fn swagger_bodies_and_authorizers() {
        let text = "
swagger: '2.0'
securityDefinitions:
  pool: {type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authorizer: {type: cognito_user_pools}}
definitions: {Order: {type: object}}
x-amazon-apigateway-request-validators: {all: {validateRequestBody: true, validateRequestParameters: false}}
x-amazon-apigateway-request-validator: all
paths:
  /o:
    parameters: [{in: body, name: o, schema: {$ref: '#/definitions/Order'}}]
    post:
      security: [{pool: []}]
      x-amazon-apigateway-integration: {type: AWS_PROXY, uri: 'arn:f', credentials: 'arn:r'}
";
        let root = parse(text);
        let operation = operations(&root).remove(0);
        assert!(operation.security[0][0].authorizer.is_some());
        assert_eq!(operation.schema.unwrap().get("type").unwrap().display(), "object");
        assert_eq!(
            operation.validator.unwrap(),
            Validator { name: "all".into(), body: true, parameters: false }
        );
        let integration = operation.integration.unwrap();
        assert_eq!(
            (integration.kind.as_str(), integration.uri.unwrap().display()),
            ("aws_proxy", "arn:f".into())
        );
    }

    #[test]
    fn references_in_circles_end() {
        let text = "
openapi: 3.1.0
paths:
  /a: {$ref: '#/paths/~1b'}
  /b: {$ref: '#/paths/~1a'}
  /c: {$ref: '#/components/pathItems/c'}
components: {pathItems: {c: {get: {requestBody: {content: {application/json: {}}}}}}}
";
        let root = parse(text);
        let operations = operations(&root);
        assert_eq!(operations.len(), 1);
        assert!(operations[0].body && operations[0].schema.is_none());
    }
}
