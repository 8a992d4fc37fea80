//! API definitions within APIs: which operations a caller needs no authorization for.

use crate::Context;
use tidegate_graph::{Map, Span, Str, Value};

/// An operation of an API definition.
#[derive(Clone, Debug)]
pub(crate) struct Operation<'v> {
    /// `GET`, or `ANY`.
    pub(crate) method: String,
    /// Its path.
    pub(crate) path: &'v Str,
    /// What it says.
    pub(crate) value: &'v Value,
    /// Where its method is written.
    pub(crate) span: Span,
    /// What a caller needs.
    pub(crate) guard: Guard<'v>,
}

/// What a caller of an operation needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Guard<'v> {
    /// Nothing.
    Open,
    /// A security scheme is named, but nothing enforces it.
    NameOnly(&'v Str),
    /// An API key.
    Key,
    /// Authorization.
    Authorized,
    /// The scheme that decides isn't known.
    Unknown(&'v Value),
}

const METHODS: &[(&str, &str)] = &[
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("x-amazon-apigateway-any-method", "ANY"),
];

/// The operations of a definition, in the order in which they are written.
pub(crate) fn operations<'v>(cx: &Context<'_>, body: &'v Value) -> Vec<Operation<'v>> {
    let mut out = Vec::new();
    let Some(paths) = cx.child(body, "paths").and_then(Value::as_map) else { return out };
    // The catch-all of an HTTP API has no slash: `$default`.
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        let Some(item) = cx.world.resolve(item).and_then(Value::as_map) else { continue };
        for (key, field) in item.fields() {
            let Some((_, method)) = METHODS.iter().find(|(name, _)| key.eq_ignore_ascii_case(name)) else {
                continue;
            };
            let Some(value) = cx.world.resolve(&field.value) else { continue };
            let guard = guard(cx, body, value);
            out.push(Operation { method: (*method).into(), path, value, span: field.key, guard });
        }
    }
    out
}

fn guard<'v>(cx: &Context<'_>, body: &'v Value, operation: &'v Value) -> Guard<'v> {
    if let Some(kind) = cx.child(operation, "x-amazon-apigateway-auth").and_then(|a| cx.child(a, "type")) {
        return match kind.as_str() {
            Some(kind) if kind.eq_ignore_ascii_case("NONE") => Guard::Open,
            Some(_) => Guard::Authorized,
            None => Guard::Unknown(kind),
        };
    }
    let Some(security) = cx.child(operation, "security").or_else(|| cx.child(body, "security")) else {
        return Guard::Open;
    };
    let mut best = Guard::Open;
    for requirement in cx.world.items(security) {
        let found: Vec<Guard<'v>> = match requirement.as_map() {
            Some(map) => map.keys().map(|name| scheme(cx, body, name, requirement)).collect(),
            None => vec![Guard::Unknown(requirement)],
        };
        // API Gateway enforces every scheme that it knows, whatever OpenAPI says of alternatives.
        best =
            found.into_iter().fold(best, |best, guard| if rank(guard) > rank(best) { guard } else { best });
    }
    best
}

fn scheme<'v>(cx: &Context<'_>, body: &'v Value, name: &'v Str, at: &'v Value) -> Guard<'v> {
    if name == "NONE" {
        return Guard::Open;
    }
    let places = [
        cx.child(body, "components").and_then(|c| cx.child(c, "securitySchemes")),
        cx.child(body, "securityDefinitions"),
    ];
    let Some(scheme) = places.into_iter().flatten().find_map(|schemes| cx.child(schemes, name)) else {
        return Guard::Unknown(at);
    };
    let Some(map) = scheme.as_map() else { return Guard::Unknown(scheme) };
    if map.contains_key("x-amazon-apigateway-authorizer") || map.contains_key("x-amazon-apigateway-authtype")
    {
        return Guard::Authorized;
    }
    if is_api_key(cx, scheme, map) { Guard::Key } else { Guard::NameOnly(name) }
}

/// API Gateway takes keys from one header only.
fn is_api_key(cx: &Context<'_>, scheme: &Value, map: &Map) -> bool {
    let text = |key: &str| cx.child(scheme, key).and_then(Value::as_str).unwrap_or_default();
    map.contains_key("type")
        && text("type").eq_ignore_ascii_case("apiKey")
        && text("name").eq_ignore_ascii_case("x-api-key")
}

fn rank(guard: Guard<'_>) -> u8 {
    match guard {
        Guard::Open => 0,
        Guard::NameOnly(_) => 1,
        Guard::Unknown(_) => 2,
        Guard::Key => 3,
        Guard::Authorized => 4,
    }
}
