//! Cross-origin requests: an `options` method for each path.

use super::super::Res;
use super::super::make::{is_true, truthy, value};
use super::{ANY, branches_mut, path_item, paths};
use tidegate_graph::{Map, Problem, Span, Value};

/// What the `Cors` property says.
#[derive(Debug, Default)]
pub(in super::super) struct Cors {
    pub(in super::super) origin: Option<Value>,
    pub(in super::super) headers: Option<Value>,
    pub(in super::super) methods: Option<Value>,
    pub(in super::super) max_age: Option<Value>,
    pub(in super::super) credentials: Option<Value>,
}

/// Adds an `options` method to each path that has none.
pub(in super::super) fn add(doc: &mut Map, cors: &Cors, span: Span) -> Res {
    let mut seen = Vec::new();
    for path in paths(doc) {
        let plain = if path == "/" { "/" } else { path.trim_end_matches('/') }.to_owned();
        if seen.contains(&plain) {
            continue;
        }
        seen.push(plain);
        let Some(item) = doc.get_mut("paths").and_then(Value::as_map_mut).and_then(|m| m.get_mut(&path))
        else {
            continue;
        };
        for branch in branches_mut(item)? {
            path_item(branch, &path)?;
            let Some(item) = branch.as_map_mut().filter(|item| !item.contains_key("options")) else {
                continue;
            };
            if !truthy(cors.origin.as_ref()) {
                return Err(Problem::at(span, "`Cors` lacks a value for `AllowOrigin`"));
            }
            let methods = cors.methods.clone().filter(|m| truthy(Some(m)));
            let methods = methods.unwrap_or_else(|| Value::text(format!("'{}'", allowed(item)), span));
            item.insert("options", options(cors, methods, span));
        }
    }
    Ok(())
}

fn allowed(item: &Map) -> String {
    let mut methods: Vec<String> = if item.contains_key(ANY) {
        ["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"].map(String::from).into()
    } else {
        item.keys().map(|k| k.to_ascii_uppercase()).chain(["OPTIONS".to_owned()]).collect()
    };
    methods.sort();
    methods.dedup();
    methods.join(",")
}

fn options(cors: &Cors, methods: Value, span: Span) -> Value {
    let mut parameters = Map::new();
    let mut headers = Map::new();
    let mut set = |name: &str, value: Value, kind: &str| {
        parameters.insert(format!("method.response.header.Access-Control-{name}"), value);
        headers.insert(format!("Access-Control-{name}"), value!(span, { "type": (kind) }));
    };
    if let Some(origin) = &cors.origin {
        set("Allow-Origin", origin.clone(), "string");
    }
    if let Some(allowed) = cors.headers.clone().filter(|v| truthy(Some(v))) {
        set("Allow-Headers", allowed, "string");
    }
    set("Allow-Methods", methods, "string");
    if let Some(age) = &cors.max_age {
        set("Max-Age", age.clone(), "integer");
    }
    if is_true(cors.credentials.as_ref()) {
        set("Allow-Credentials", Value::text("'true'", span), "string");
    }
    value!(span, {
        "summary": "CORS support",
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": { "application/json": "{\n  \"statusCode\" : 200\n}\n" },
            "responses": { "default": {
                "statusCode": "200",
                "responseParameters": (Value::map(parameters, span)),
                "responseTemplates": { "application/json": "{}\n" }
            } }
        },
        "responses": { "200": {
            "description": "Default response for CORS method",
            "headers": (Value::map(headers, span))
        } }
    })
}
