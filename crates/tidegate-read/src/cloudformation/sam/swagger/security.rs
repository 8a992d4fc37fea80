//! Who may call a method: authorizers and API keys in a body.

use super::super::Res;
use super::super::make::{map_of, present, truthy, value};
use super::{all_definitions, definitions, method_name, paths, section};
use tidegate_graph::{Map, Problem, Span, Value};

/// An authorizer in the words of OpenAPI.
#[derive(Debug)]
pub(in super::super) struct Scheme {
    pub(in super::super) name: String,
    pub(in super::super) definition: Value,
    pub(in super::super) scopes: Option<Value>,
    /// The function that decides, when the API needs a permission to call it.
    pub(in super::super) function: Option<Value>,
}

/// The scheme of calls that are signed with IAM credentials.
pub(in super::super) fn iam(span: Span) -> Value {
    value!(span, {
        "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"
    })
}

/// Adds schemes to the security definitions of a Swagger body.
pub(in super::super) fn define(doc: &mut Map, schemes: &[Scheme], span: Span) -> Res {
    let definitions = section(doc, "securityDefinitions", span)?;
    for scheme in schemes {
        definitions.insert(scheme.name.as_str(), scheme.definition.clone());
    }
    Ok(())
}

fn define_iam(doc: &mut Map, span: Span) -> Res {
    let definitions = section(doc, "securityDefinitions", span)?;
    if !definitions.contains_key("AWS_IAM") {
        definitions.insert("AWS_IAM", iam(span));
    }
    Ok(())
}

/// Adds the scheme of API keys.
pub(in super::super) fn define_key(doc: &mut Map, span: Span) -> Res {
    let definitions = section(doc, "securityDefinitions", span)?;
    if !definitions.contains_key("api_key") {
        definitions
            .insert("api_key", value!(span, { "type": "apiKey", "name": "x-api-key", "in": "header" }));
    }
    Ok(())
}

/// Sets the default authorizer on every method that chose none.
pub(in super::super) fn set_default(
    doc: &mut Map,
    name: &str,
    schemes: &[Scheme],
    preflight: bool,
    span: Span,
) -> Res {
    let scopes = schemes.iter().find(|s| s.name == name).and_then(|s| s.scopes.clone());
    let is_authorizer = |key: &str| key == "AWS_IAM" || schemes.iter().any(|s| s.name == key);
    let mut needs_iam = false;
    for path in paths(doc) {
        for (method, definition) in all_definitions(doc, &path)? {
            if method == "options" && !preflight {
                continue;
            }
            let existing = requirements(definition, &path, &method)?;
            let (mut authorizers, mut others) = (Vec::new(), Vec::new());
            for requirement in existing {
                let map = map_of(&requirement).ok_or_else(|| not_a_map(&requirement, &path, &method))?;
                if map.keys().any(|key| is_authorizer(key)) {
                    authorizers.push(requirement);
                } else {
                    others.push(requirement);
                }
            }
            let none = others.iter().position(|r| map_of(r).is_some_and(|map| map.contains_key("NONE")));
            if let Some(at) = none {
                others.remove(at);
                authorizers.clear();
            } else if authorizers.is_empty() {
                authorizers.push(requirement(name, scopes.clone(), span));
            }
            others.append(&mut authorizers);
            if !others.is_empty() {
                needs_iam |= others.first().and_then(map_of).is_some_and(|map| map.contains_key("AWS_IAM"));
                definition.insert("security", Value::list(others, span));
            }
        }
    }
    if needs_iam { define_iam(doc, span) } else { Ok(()) }
}

/// Requires an API key of every method that doesn't refuse to.
pub(in super::super) fn set_default_key(doc: &mut Map, preflight: bool, span: Span) -> Res {
    for path in paths(doc) {
        for (method, definition) in all_definitions(doc, &path)? {
            let existing = requirements(definition, &path, &method)?;
            let (mut keys, mut others) = (Vec::new(), Vec::new());
            for requirement in existing {
                let map = map_of(&requirement).ok_or_else(|| not_a_map(&requirement, &path, &method))?;
                if map.contains_key("api_key") || map.contains_key("api_key_false") {
                    keys.push(map.contains_key("api_key_false"));
                } else {
                    others.push(requirement);
                }
            }
            let refused = keys.contains(&true) || (method == "options" && !preflight);
            if !refused {
                others.push(requirement("api_key", None, span));
            }
            if !others.is_empty() || definition.contains_key("security") {
                definition.insert("security", Value::list(others, span));
            }
        }
    }
    Ok(())
}

/// What an event's `Auth` says of its method.
pub(in super::super) fn set_method(
    doc: &mut Map,
    (path, method): (&str, &str),
    auth: &Map,
    authorizers: Option<&Value>,
) -> Res {
    if let Some(name) = present(auth.get("Authorizer")).filter(|v| truthy(Some(v)))
        && let Some(text) = name.as_str()
    {
        set_authorizer(doc, (path, method), text, name.span, auth, authorizers)?;
    }
    let Some(key) = present(auth.get("ApiKeyRequired")) else { return Ok(()) };
    let wanted = truthy(Some(key));
    if wanted {
        define_key(doc, key.span)?;
    }
    for definition in definitions(doc, path, method)? {
        let mut security = requirements(definition, path, &method_name(method))?;
        let name = if wanted { "api_key" } else { "api_key_false" };
        security.push(requirement(name, None, key.span));
        definition.insert("security", Value::list(security, key.span));
    }
    Ok(())
}

fn set_authorizer(
    doc: &mut Map,
    (path, method): (&str, &str),
    name: &str,
    span: Span,
    auth: &Map,
    authorizers: Option<&Value>,
) -> Res {
    let mut scopes = None;
    if let Some(authorizer) = authorizers.and_then(|a| a.get(name)).filter(|_| name != "NONE") {
        let map = map_of(authorizer)
            .ok_or_else(|| Problem::at(authorizer.span, format!("authorizer `{name}` should be a map")))?;
        scopes = present(auth.get("AuthorizationScopes")).or_else(|| map.get("AuthorizationScopes")).cloned();
    }
    let mut needs_iam = false;
    for definition in definitions(doc, path, method)? {
        let mut security = requirements(definition, path, &method_name(method))?;
        security.push(requirement(name, scopes.clone(), span));
        needs_iam |= security.first().and_then(map_of).is_some_and(|map| map.contains_key("AWS_IAM"));
        definition.insert("security", Value::list(security, span));
    }
    if needs_iam { define_iam(doc, span) } else { Ok(()) }
}

/// The security requirements that a method has.
pub(in super::super) fn requirements(definition: &Map, path: &str, method: &str) -> Res<Vec<Value>> {
    let Some(existing) = definition.get("security") else { return Ok(Vec::new()) };
    existing.as_list().map(<[Value]>::to_vec).ok_or_else(|| {
        Problem::at(
            existing.span,
            format!("`security` of method `{method}` of path `{path}` should be a list"),
        )
    })
}

/// One requirement: a scheme and the scopes it must grant.
pub(in super::super) fn requirement(name: &str, scopes: Option<Value>, span: Span) -> Value {
    Value::object([(name, scopes.unwrap_or_else(|| Value::list(Vec::new(), span)))], span)
}

fn not_a_map(requirement: &Value, path: &str, method: &str) -> Problem {
    Problem::at(
        requirement.span,
        format!("each `security` of method `{method}` of path `{path}` should be a map"),
    )
}
