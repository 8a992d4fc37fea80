//! OpenAPI bodies: paths, methods and their integrations.

pub(super) mod cors;
pub(super) mod policy;
pub(super) mod security;

use super::Res;
use super::make::{conditional, is_no_value, map_of, reference, truthy, value};
use super::shape::{Type, expect_map};
use tidegate_graph::{Data, Map, Problem, Span, Value};

pub(super) const ANY: &str = "x-amazon-apigateway-any-method";
pub(super) const INTEGRATION: &str = "x-amazon-apigateway-integration";
/// Route of an HTTP API that takes what no other route takes.
pub(super) const DEFAULT_PATH: &str = "$default";

/// Keys of a path item that are no methods.
const NO_METHODS: &[&str] = &["summary", "description", "parameters"];

/// An empty Swagger 2 body.
pub(super) fn skeleton(span: Span) -> Value {
    let title = reference("AWS::StackName", span);
    value!(span, { "swagger": "2.0", "info": { "version": "1.0", "title": (title) }, "paths": {} })
}

/// An empty OpenAPI 3 body.
pub(super) fn openapi_skeleton(span: Span) -> Value {
    let title = reference("AWS::StackName", span);
    value!(span, { "openapi": "3.0.1", "info": { "version": "1.0", "title": (title) }, "paths": {} })
}

/// True for versions `3`, `3.0`, `3.0.1`.
pub(super) fn is_version_3(version: Option<&Value>) -> bool {
    version.and_then(Value::as_text).is_some_and(|text| is_version(&text, "3"))
}

/// True for version text whose major version is one of the digits in `majors`.
pub(super) fn is_version(text: &str, majors: &str) -> bool {
    let mut parts = text.split('.');
    let digit = |part: &str| part.len() == 1 && part.chars().all(|c| c.is_ascii_digit());
    parts.next().is_some_and(|major| digit(major) && majors.contains(major))
        && parts.clone().count() <= 2
        && parts.all(digit)
}

/// True for a body of Swagger 2 or OpenAPI 3 with paths.
pub(super) fn is_swagger(body: Option<&Value>) -> bool {
    body.and_then(map_of).is_some_and(|doc| {
        doc.get("paths").and_then(map_of).is_some()
            && (truthy(doc.get("swagger")) || is_version_3(doc.get("openapi")))
    })
}

/// True for a body of OpenAPI 3 with paths.
pub(super) fn is_openapi(body: Option<&Value>) -> bool {
    body.and_then(map_of)
        .is_some_and(|doc| doc.get("paths").and_then(map_of).is_some() && is_version_3(doc.get("openapi")))
}

/// The name under which a method stands in a body.
pub(super) fn method_name(method: &str) -> String {
    let lower = method.to_ascii_lowercase();
    if lower == "any" { ANY.to_owned() } else { lower }
}

/// Paths of a body.
pub(super) fn paths(doc: &Map) -> Vec<String> {
    doc.get("paths").and_then(map_of).iter().flat_map(|map| map.keys()).map(ToString::to_string).collect()
}

/// A value, or the branches of its `Fn::If` that are there.
pub(super) fn branches_mut(value: &mut Value) -> Res<Vec<&mut Value>> {
    let span = value.span;
    if !map_of(value).is_some_and(|map| map.contains_key("Fn::If")) {
        return Ok(vec![value]);
    }
    match value.as_map_mut().and_then(|map| map.get_mut("Fn::If")).map(|v| &mut v.data) {
        Some(Data::List(items)) => Ok(items.iter_mut().skip(1).filter(|v| !is_no_value(v)).collect()),
        _ => Err(Problem::at(span, "`Fn::If` should be a list")),
    }
}

/// The same for reading.
pub(super) fn branches(value: &Value) -> Vec<&Value> {
    match map_of(value).and_then(|map| map.get("Fn::If")) {
        None => vec![value],
        Some(parts) => {
            parts.as_list().unwrap_or_default().iter().skip(1).filter(|v| !is_no_value(v)).collect()
        }
    }
}

/// Every path item must be a map.
pub(super) fn check_paths(doc: &Map) -> Res {
    let Some(items) = doc.get("paths").and_then(map_of) else { return Ok(()) };
    for (path, item) in items.iter() {
        for branch in branches(item) {
            path_item(branch, path)?;
        }
    }
    Ok(())
}

/// True if each branch of the path has the method with an integration.
pub(super) fn has_integration(doc: &Map, path: &str, method: &str) -> Res<bool> {
    let method = method_name(method);
    let Some(item) = doc.get("paths").and_then(map_of).and_then(|paths| paths.get(path)) else {
        return Ok(false);
    };
    for branch in branches(item) {
        let Some(definition) = path_item(branch, path)?.get(&method) else { return Ok(false) };
        if !truthy(Some(definition)) {
            return Ok(false);
        }
        let mut integrated = false;
        for definition in branches(definition) {
            integrated |= truthy(method_map(definition, path, &method)?.get(INTEGRATION));
        }
        if !integrated {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Adds an empty method where there is none.
pub(super) fn add_path(doc: &mut Map, path: &str, method: &str, span: Span) -> Res {
    let method = method_name(method);
    let Some(paths) = doc.get_mut("paths").and_then(Value::as_map_mut) else { return Ok(()) };
    if !paths.contains_key(path) {
        paths.insert(path, value!(span, {}));
    }
    let Some(item) = paths.get_mut(path) else { return Ok(()) };
    for branch in branches_mut(item)? {
        path_item(branch, path)?;
        if let Some(item) = branch.as_map_mut().filter(|item| !item.contains_key(&method)) {
            item.insert(method.clone(), value!(span, {}));
        }
    }
    Ok(())
}

/// Gives a method its integration and, when there is none, its responses.
pub(super) fn integrate(
    doc: &mut Map,
    (path, method): (&str, &str),
    integration: Value,
    more: Vec<(&'static str, Value)>,
    condition: Option<&str>,
) -> Res {
    let span = integration.span;
    let method = method_name(method);
    add_path(doc, path, &method, span)?;
    let Some(item) = doc.get_mut("paths").and_then(Value::as_map_mut).and_then(|paths| paths.get_mut(path))
    else {
        return Ok(());
    };
    for branch in branches_mut(item)? {
        path_item(branch, path)?;
        let Some(definition) = branch.as_map_mut().and_then(|item| item.get_mut(&method)) else { continue };
        if map_of(definition).is_none() {
            *definition = value!(span, {});
        }
        if let Some(map) = definition.as_map_mut() {
            map.insert(INTEGRATION, integration.clone());
            for (key, value) in &more {
                if !map.contains_key(key) {
                    map.insert(*key, value.clone());
                }
            }
        }
        if let Some(condition) = condition {
            let whole = std::mem::replace(definition, Value::new(Data::Null, span));
            *definition = conditional(condition, whole);
        }
    }
    Ok(())
}

/// Definitions of one method, those with an integration.
pub(super) fn definitions<'d>(doc: &'d mut Map, path: &str, method: &str) -> Res<Vec<&'d mut Map>> {
    let method = method_name(method);
    let mut out = Vec::new();
    let Some(item) = doc.get_mut("paths").and_then(Value::as_map_mut).and_then(|paths| paths.get_mut(path))
    else {
        return Ok(out);
    };
    for branch in branches_mut(item)? {
        path_item(branch, path)?;
        let Some(definition) = branch.as_map_mut().and_then(|item| item.get_mut(&method)) else { continue };
        for definition in branches_mut(definition)? {
            method_map(definition, path, &method)?;
            out.extend(definition.as_map_mut().filter(|map| truthy(map.get(INTEGRATION))));
        }
    }
    Ok(out)
}

/// Definitions of all methods of a path, those with an integration, with the name of their method.
pub(super) fn all_definitions<'d>(doc: &'d mut Map, path: &str) -> Res<Vec<(String, &'d mut Map)>> {
    let mut out = Vec::new();
    let Some(item) = doc.get_mut("paths").and_then(Value::as_map_mut).and_then(|paths| paths.get_mut(path))
    else {
        return Ok(out);
    };
    for branch in branches_mut(item)? {
        path_item(branch, path)?;
        let Some(item) = branch.as_map_mut() else { continue };
        for (method, definition) in item.iter_mut() {
            if NO_METHODS.contains(&method.as_str()) {
                continue;
            }
            for definition in branches_mut(definition)? {
                method_map(definition, path, method)?;
                let map = definition.as_map_mut().filter(|map| truthy(map.get(INTEGRATION)));
                out.extend(map.map(|map| (method_name(method), map)));
            }
        }
    }
    Ok(out)
}

/// Puts a path under a condition.
pub(super) fn make_conditional(doc: &mut Map, path: &str, condition: &str) {
    let paths = doc.get_mut("paths").and_then(Value::as_map_mut);
    if let Some(item) = paths.and_then(|paths| paths.get_mut(path)) {
        let whole = item.clone();
        *item = conditional(condition, whole);
    }
}

/// The path with its parameters as wildcards, as it stands in the ARN of a method.
pub(super) fn wildcard_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if !name.is_empty() && !name.contains('{') => {
                out.push('*');
                rest = tail;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// A map within the document, made when it isn't there; reported when something else is.
pub(super) fn section<'d>(doc: &'d mut Map, key: &str, span: Span) -> Res<&'d mut Map> {
    if !truthy(doc.get(key)) {
        doc.insert(key, value!(span, {}));
    }
    let at = doc.get(key).map_or(span, |v| v.span);
    doc.get_mut(key)
        .and_then(Value::as_map_mut)
        .ok_or_else(|| Problem::at(at, format!("`{key}` of the API's definition should be a map")))
}

/// Moves what Swagger 2 keeps at the top to where OpenAPI 3 has it.
pub(super) fn to_version_3(doc: &mut Map, wanted: Option<&Value>) -> Res {
    if super::make::present(doc.get("swagger")).is_some() {
        return Ok(());
    }
    let version = super::make::present(doc.get("openapi")).or(wanted).cloned();
    if !is_version_3(version.as_ref()) {
        return Ok(());
    }
    for (old, new) in [("securityDefinitions", "securitySchemes"), ("definitions", "schemas")] {
        if !truthy(doc.get(old)) {
            continue;
        }
        if let Some(moved) = doc.remove(old) {
            let Data::Map(entries) = moved.data else { continue };
            let known = section(section(doc, "components", moved.span)?, new, moved.span)?;
            entries.into_fields().for_each(|(key, field)| {
                known.insert_field(key, field);
            });
        }
    }
    if let Some(paths) = doc.get("paths").filter(|v| truthy(Some(v))) {
        expect_map(paths, "paths")?;
    }
    let Some(paths) = doc.get_mut("paths").and_then(Value::as_map_mut) else { return Ok(()) };
    for (path, item) in paths.iter_mut() {
        path_item(item, path)?;
        let Some(options) = item.as_map_mut().and_then(|m| m.get_mut("options")).filter(|v| truthy(Some(v)))
        else {
            continue;
        };
        let at = options.span;
        let Some(options) = options.as_map_mut() else {
            return Err(Problem::at(at, format!("method `options` of path `{path}` should be a map")));
        };
        options.remove("produces");
        options.remove("consumes");
        let Some(headers) = options
            .get_mut("responses")
            .and_then(Value::as_map_mut)
            .and_then(|responses| responses.get_mut("200"))
            .and_then(Value::as_map_mut)
            .and_then(|ok| ok.get_mut("headers"))
            .filter(|v| truthy(Some(v)))
        else {
            continue;
        };
        let at = headers.span;
        let Some(headers) = headers.as_map_mut() else {
            return Err(Problem::at(
                at,
                format!("headers of the responses of `options` at `{path}` should be a map"),
            ));
        };
        for (_, header) in headers.iter_mut() {
            let span = header.span;
            let schema = std::mem::replace(header, Value::new(Data::Null, span));
            *header = value!(span, { "schema": (schema) });
        }
    }
    Ok(())
}

fn path_item<'v>(item: &'v Value, path: &str) -> Res<&'v Map> {
    map_of(item)
        .ok_or_else(|| Problem::at(item.span, format!("path `{path}` should be {}", Type::Map.phrase())))
}

fn method_map<'v>(definition: &'v Value, path: &str, method: &str) -> Res<&'v Map> {
    map_of(definition).ok_or_else(|| {
        Problem::at(definition.span, format!("method `{method}` of path `{path}` should be a map"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert!(is_version("3.0.1", "3") && is_version("3", "3") && is_version("2.0", "23"));
        assert!(!is_version("3.0.1.1", "3") && !is_version("30", "3") && !is_version("", "3"));
    }

    #[test]
    fn integrations_are_found_under_conditions() {
        let s = Span::default();
        let mut body = skeleton(s);
        let doc = body.as_map_mut().unwrap();
        integrate(doc, ("/a", "ANY"), value!(s, { "type": "mock" }), vec![], Some("C")).unwrap();
        assert!(has_integration(doc, "/a", "any").unwrap());
        assert!(!has_integration(doc, "/a", "get").unwrap());
        make_conditional(doc, "/a", "D");
        assert_eq!(definitions(doc, "/a", "any").unwrap().len(), 1);
        assert_eq!(wildcard_path("/a/{b+}/c{d}"), "/a/*/c*");
    }

    #[test]
    fn a_path_that_is_no_map_is_reported() {
        let s = Span::default();
        let body = value!(s, { "swagger": "2.0", "paths": { "/a": "x" } });
        assert!(check_paths(body.as_map().unwrap()).is_err());
    }
}
