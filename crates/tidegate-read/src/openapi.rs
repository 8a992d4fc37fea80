//! OpenAPI and Swagger documents: of their own, and as bodies of API Gateway APIs.

mod operation;

pub(crate) use operation::{Operation, Scheme, operations};

use crate::Files;
use crate::cloudformation::stack_name;
use crate::reading::Reading;
use crate::reference::References;
use std::sync::Arc;
use tidegate_graph::{FileId, Map, Resource, Stack, Str, Value, Why};

/// Reads a document that no template uses as the body of an API.
pub(crate) fn read(files: &Files, file: FileId, root: Value) -> Vec<Reading> {
    let name = stack_name(files, file);
    let path = files.source(file).map(|s| s.path().clone()).unwrap_or_default();
    let (root, unresolved) = draw_in(files, file, root);
    let found = operations(&root);
    let span = root.get("info").map_or(root.span, |info| info.span);
    let mut properties = Map::new();
    let info = |key: &str| root.get("info").and_then(|i| i.get(key)).cloned();
    let title = info("title").unwrap_or_else(|| Value::text(name.clone(), span));
    properties.insert("Title", title);
    if let Some(version) = info("version") {
        properties.insert("Version", version);
    }
    properties.insert("Servers", servers(&root));
    // Paths that couldn't be read aren't known to ask for anything.
    let open = !unresolved.is_empty() || found.iter().any(Operation::is_open);
    properties.insert("Anonymous", Value::bool(open, span));
    if !unresolved.is_empty() {
        properties.insert("Unresolved", Value::list(unresolved, span));
    }
    let shown = found.iter().map(shown).collect();
    properties.insert("Operations", Value::list(shown, span));
    properties.insert("Body", root);
    let logical_id = Str::new_static("Api");
    let ty = Str::new_static("OpenAPI::Api");
    let resource = Resource {
        id: format!("{name}/{logical_id}").into(),
        logical_id,
        declared_type: ty.clone(),
        ty,
        stack: 0,
        properties,
        attributes: Map::new(),
        condition: None,
        span,
        made_from: None,
    };
    let stack = Stack { name, format: "openapi", path };
    vec![Reading { stack, resources: vec![resource], ..Reading::default() }]
}

/// Path items of other files in their places, and what couldn't be found.
fn draw_in(files: &Files, file: FileId, root: Value) -> (Value, Vec<Value>) {
    let root = Arc::new(root);
    let mut references = References::new(files, file, Arc::clone(&root));
    let mut unresolved = Vec::new();
    let mut out = (*root).clone();
    let Some(paths) = root.get("paths").and_then(|paths| references.follow(file, paths)) else {
        if let Some(paths) = root.get("paths") {
            unresolved.push(Value::unknown("paths", Why::Import, paths.span));
        }
        return (out, unresolved);
    };
    let (file, mut paths) = paths;
    for (name, item) in paths.as_map_mut().into_iter().flat_map(Map::iter_mut) {
        if item.get("$ref").is_none() {
            continue;
        }
        match references.follow(file, item) {
            Some((_, found)) => *item = found,
            None => unresolved.push(Value::unknown(name.clone(), Why::Import, item.span)),
        }
    }
    if let Some(map) = out.as_map_mut() {
        map.insert("paths", paths);
    }
    (out, unresolved)
}

/// Addresses: `servers` of 3.x, `schemes`, `host` and `basePath` of 2.0.
fn servers(root: &Value) -> Value {
    if let Some(servers) = root.get("servers") {
        let urls = servers.items().iter().filter_map(|s| s.get("url").cloned());
        return Value::list(urls.collect(), servers.span);
    }
    let Some(host) = root.get("host") else { return Value::list(Vec::new(), root.span) };
    let base = root.get("basePath").and_then(Value::as_text).unwrap_or_default();
    let address = host.display();
    let schemes = root.get("schemes").map(Value::items).unwrap_or_default();
    let urls = schemes
        .iter()
        .filter_map(|s| Some(Value::text(format!("{}://{address}{base}", s.as_text()?), s.span)));
    let urls: Vec<Value> = urls.collect();
    let urls =
        if urls.is_empty() { vec![Value::text(format!("https://{address}{base}"), host.span)] } else { urls };
    Value::list(urls, host.span)
}

fn shown(operation: &Operation) -> Value {
    let span = operation.span;
    let names = operation.security.iter().flatten().map(|r| Value::text(r.name.clone(), span));
    Value::object(
        [
            ("Method", Value::text(operation.method.clone(), span)),
            ("Path", Value::text(operation.path.clone(), span)),
            ("Anonymous", Value::bool(operation.is_open(), span)),
            ("Security", Value::list(names.collect(), span)),
            ("Body", Value::bool(operation.body, span)),
            ("Schema", Value::bool(operation.schema.is_some(), span)),
        ],
        span,
    )
}
