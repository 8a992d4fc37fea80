//! Routes that events add to APIs, and the APIs that exist because of such events alone.

use super::make::{conditional, map_of, present, reference, truthy, value};
use super::shape::expect_map;
use super::{Res, Transform, swagger};
use std::collections::{BTreeSet, HashMap};
use tidegate_graph::{Data, Map, Problem, Span, Str, Value};

/// What tells REST and HTTP APIs apart here.
pub(super) struct Flavour {
    /// Property of an event that names its API.
    property: &'static str,
    /// Id of the implicit API.
    implicit: &'static str,
    event: &'static str,
    resource: &'static str,
    http: bool,
}

pub(super) const REST: Flavour = Flavour {
    property: "RestApiId",
    implicit: "ServerlessRestApi",
    event: "Api",
    resource: "AWS::Serverless::Api",
    http: false,
};

pub(super) const HTTP: Flavour = Flavour {
    property: "ApiId",
    implicit: "ServerlessHttpApi",
    event: "HttpApi",
    resource: "AWS::Serverless::HttpApi",
    http: true,
};

/// Marks an API whose body is made from events.
pub(super) const MANAGED: &str = "__MANAGE_SWAGGER";

/// Conditions of methods, by path and method, and policies of the functions behind an API.
#[derive(Default)]
struct Seen {
    conditions: HashMap<Str, HashMap<Str, Vec<Option<Str>>>>,
    deletion: HashMap<Str, BTreeSet<Str>>,
    replacement: HashMap<Str, BTreeSet<Str>>,
}

/// Gives every API without a definition an empty one.
pub(super) fn default_bodies(run: &mut Transform<'_>) {
    for (_, resource) in run.source.iter_mut() {
        let kind = resource.get("Type").and_then(Value::as_str).map(Str::from);
        let span = resource.span;
        let Some(properties) = resource.as_map_mut().and_then(|r| r.get_mut("Properties")) else { continue };
        let Some(properties) = properties.as_map_mut() else { continue };
        if truthy(properties.get("DefinitionBody")) || truthy(properties.get("DefinitionUri")) {
            continue;
        }
        let body = match kind.as_deref() {
            Some("AWS::Serverless::Api") => swagger::skeleton(span),
            Some("AWS::Serverless::HttpApi") => swagger::openapi_skeleton(span),
            _ => continue,
        };
        properties.insert("DefinitionBody", body);
        properties.insert(MANAGED, Value::bool(true, span));
    }
}

/// Makes a generated body one of OpenAPI 3 when the API asks for it.
pub(super) fn set_version(properties: &mut Map) {
    let version = properties.get("OpenApiVersion").filter(|v| swagger::is_version_3(Some(v))).cloned();
    let Some(version) = version.filter(|_| properties.contains_key(MANAGED)) else { return };
    let version = Value::text(version.as_text().unwrap_or_default(), version.span);
    if let Some(doc) = properties.get_mut("DefinitionBody").and_then(Value::as_map_mut) {
        doc.remove("swagger");
        doc.insert("openapi", version.clone());
    }
    properties.insert("OpenApiVersion", version);
}

/// Adds the routes of all events of a flavour.
pub(super) fn routes(run: &mut Transform<'_>, flavour: &Flavour) {
    let mut seen = Seen::default();
    let mut made = false;
    for id in run.source.keys().cloned().collect::<Vec<_>>() {
        let kind = run.kind_of(&id);
        if !matches!(kind.as_deref(), Some("AWS::Serverless::Function" | "AWS::Serverless::StateMachine")) {
            continue;
        }
        let events = run.properties_of(&id).and_then(|p| p.get("Events")).and_then(map_of);
        let names: Vec<Str> = events
            .iter()
            .flat_map(|events| events.iter())
            .filter(|(_, event)| event.get("Type").and_then(Value::as_str) == Some(flavour.event))
            .map(|(name, _)| name.clone())
            .collect();
        let owner = Owner::of(run, &id);
        for name in names {
            let result = route(run, flavour, &owner, &name, &mut seen, &mut made);
            if run.tried(result).is_none() {
                // The fault is told; the event would only repeat it.
                let events = run.properties_mut(&id).and_then(|p| p.get_mut("Events"));
                events.and_then(Value::as_map_mut).map(|events| events.remove(&name));
            }
        }
    }
    conditions(run, flavour, &seen);
}

/// The function or state machine whose events are looked at.
struct Owner {
    id: Str,
    condition: Option<Str>,
    deletion: Option<Str>,
    replacement: Option<Str>,
    /// Tags that an implicit API takes over.
    tags: Option<Value>,
}

impl Owner {
    fn of(run: &Transform<'_>, id: &Str) -> Self {
        let attribute = |name: &str| run.source.get(id)?.get(name)?.as_str().map(Str::from);
        let kind = run.kind_of(id).unwrap_or_default();
        let either = |name: &str| {
            let own = run.properties_of(id).and_then(|p| p.get(name)).filter(|v| truthy(Some(v)));
            own.or_else(|| run.globals.property(&kind, name)).filter(|v| truthy(Some(v)))
        };
        Self {
            id: id.clone(),
            condition: attribute("Condition"),
            deletion: attribute("DeletionPolicy"),
            replacement: attribute("UpdateReplacePolicy"),
            tags: either("Tags").filter(|_| either("PropagateTags").is_some()).cloned(),
        }
    }
}

fn route(
    run: &mut Transform<'_>,
    flavour: &Flavour,
    owner: &Owner,
    name: &str,
    seen: &mut Seen,
    made: &mut bool,
) -> Res {
    let id = &owner.id;
    let events = run.properties_of(id).and_then(|p| p.get("Events"));
    let Some(event) = events.and_then(|events| events.get(name)) else { return Ok(()) };
    let at = event.span;
    let mut properties = match event.get("Properties") {
        Some(value) if truthy(Some(value)) || (flavour.http && map_of(value).is_none()) => {
            let said = || {
                Problem::at(value.span, format!("`Properties` of event `{name}` of `{id}` should be a map"))
            };
            map_of(value).cloned().ok_or_else(said)?
        }
        _ if flavour.http => Map::new(),
        _ => return Ok(()),
    };
    let implicit = !properties.contains_key(flavour.property);
    if implicit {
        properties.insert(flavour.property, reference(flavour.implicit, at));
    }
    let no_route = !truthy(properties.get("Path")) && !truthy(properties.get("Method"));
    if flavour.http && no_route {
        properties.insert("Path", Value::text(swagger::DEFAULT_PATH, at));
        properties.insert("Method", Value::text(swagger::ANY, at));
    }
    let text = |property: &str| -> Res<Str> {
        let value = present(properties.get(property)).ok_or_else(|| {
            Problem::at(at, format!("event `{name}` of `{id}` lacks the required property `{property}`"))
        })?;
        value.as_str().map(Str::from).ok_or_else(|| {
            Problem::at(value.span, format!("`{property}` of event `{name}` of `{id}` should be a string"))
        })
    };
    let (path, method) = (text("Path")?, text("Method")?);
    let api = properties.get(flavour.property).map(|v| super::make::argument(v, "Ref").unwrap_or(v).clone());
    let api = api.filter(|v| v.as_str().is_some()).ok_or_else(|| {
        let at = properties.get(flavour.property).map_or(at, |v| v.span);
        Problem::at(at, format!("`{}` of event `{name}` of `{id}` should refer to an API", flavour.property))
    })?;
    let api_at = api.span;
    let api = Str::from(api.as_str().unwrap_or_default());
    if api == flavour.implicit && !*made {
        make_implicit(run, flavour, id, at);
        *made = true;
    }
    if implicit {
        pass_tags(run, flavour, owner);
    }
    let paths = seen.conditions.entry(api.clone()).or_default();
    paths.entry(path.clone()).or_default().push(owner.condition.clone());
    seen.deletion.entry(api.clone()).or_default().extend(owner.deletion.clone());
    seen.replacement.entry(api.clone()).or_default().extend(owner.replacement.clone());

    let api_kind = run.kind_of(&api);
    if !run.source.contains_key(&api) || (api_kind.as_deref() == Some(HTTP.resource) && !flavour.http) {
        let said = format!(
            "`{}` of event `{name}` of `{id}` should refer to an `{}`",
            flavour.property, flavour.resource
        );
        return Err(Problem::at(api_at, said));
    }
    if let Some(event) = run
        .properties_mut(id)
        .and_then(|p| p.get_mut("Events"))
        .and_then(Value::as_map_mut)
        .and_then(|events| events.get_mut(name))
        .and_then(Value::as_map_mut)
    {
        event.insert("Properties", Value::map(properties.clone(), at));
    }
    let Some(target) = run.properties_mut(&api) else { return Ok(()) };
    let body = target.get("DefinitionBody");
    let valid = if flavour.http { swagger::is_openapi(body) } else { swagger::is_swagger(body) };
    if valid
        && truthy(target.get(MANAGED))
        && let Some(doc) = target.get_mut("DefinitionBody").and_then(Value::as_map_mut)
    {
        swagger::add_path(doc, &path, &method, at)?;
    }
    if let Some(settings) = present(properties.get("RouteSettings")).filter(|_| flavour.http && valid) {
        let route = if method == swagger::ANY {
            path.to_string()
        } else {
            format!("{} {path}", method.to_uppercase())
        };
        let settings = match &owner.condition {
            Some(condition) => conditional(condition, settings.clone()),
            None => settings.clone(),
        };
        let settings = expect_map(&settings, "RouteSettings")?.clone();
        let known = swagger::section(target, "RouteSettings", at)?;
        let entry = swagger::section(known, &route, at)?;
        settings.into_fields().for_each(|(key, field)| {
            entry.insert_field(key, field);
        });
    }
    Ok(())
}

fn make_implicit(run: &mut Transform<'_>, flavour: &Flavour, id: &str, at: Span) {
    let body = if flavour.http { swagger::openapi_skeleton(at) } else { swagger::skeleton(at) };
    let mut resource = value!(at, {
        "Type": (flavour.resource), "Properties": { "DefinitionBody": (body), "__MANAGE_SWAGGER": true }
    });
    if !flavour.http {
        let properties =
            resource.as_map_mut().and_then(|r| r.get_mut("Properties")).and_then(Value::as_map_mut);
        properties.map(|p| p.insert("StageName", Value::text("Prod", at)));
    }
    run.source.insert(flavour.implicit, resource);
    run.made_from.insert(flavour.implicit.into(), id.into());
}

fn pass_tags(run: &mut Transform<'_>, flavour: &Flavour, owner: &Owner) {
    let Some(Data::Map(tags)) = owner.tags.as_ref().map(|tags| tags.data.clone()) else { return };
    let Some(api) = run.properties_mut(flavour.implicit) else { return };
    let span = tags.values().next().map_or_else(Span::default, |v| v.span);
    api.insert("PropagateTags", Value::bool(true, span));
    if let Ok(known) = swagger::section(api, "Tags", span) {
        tags.into_fields().for_each(|(key, field)| {
            known.insert_field(key, field);
        });
    }
}

/// Conditions and policies of the functions behind an API, on its paths and on the implicit API itself.
fn conditions(run: &mut Transform<'_>, flavour: &Flavour, seen: &Seen) {
    let mut sorted: Vec<_> = seen.conditions.iter().collect();
    sorted.sort_by_key(|(api, _)| *api);
    for (api, paths) in sorted {
        let managed = run.kind_of(api).as_deref() == Some(flavour.resource)
            && run.properties_of(api).is_some_and(|p| truthy(p.get(MANAGED)));
        if !managed {
            continue;
        }
        let mut sorted: Vec<_> = paths.iter().collect();
        sorted.sort_by_key(|(path, _)| *path);
        for (path, methods) in sorted {
            let Some(all) = all_of(methods.iter()) else { continue };
            let text = path.replace('/', "SLASH").replace('{', "OB").replace('}', "CB");
            let condition = combine(run, &format!("{api}{text}PathCondition"), all);
            let body = run.properties_mut(api).and_then(|p| p.get_mut("DefinitionBody"));
            if let Some(doc) = body.and_then(Value::as_map_mut) {
                swagger::make_conditional(doc, path, &condition);
            }
        }
    }
    let Some(paths) = seen.conditions.get(flavour.implicit) else { return };
    let condition = all_of(paths.values().flatten())
        .map(|all| combine(run, &format!("{}Condition", flavour.implicit), all));
    let strongest = |known: &HashMap<Str, BTreeSet<Str>>, order: &[&'static str]| {
        let known = known.get(flavour.implicit)?;
        order.iter().copied().find(|policy| known.contains(*policy))
    };
    let deletion = strongest(&seen.deletion, &["Retain", "Delete"]);
    let replacement = strongest(&seen.replacement, &["Retain", "Snapshot", "Delete"]);
    let Some(resource) = run.source.get_mut(flavour.implicit) else { return };
    let span = resource.span;
    let Some(resource) = resource.as_map_mut() else { return };
    if let Some(condition) = condition {
        resource.insert("Condition", Value::text(condition, span));
    }
    for (name, policy) in [("DeletionPolicy", deletion), ("UpdateReplacePolicy", replacement)] {
        if let Some(policy) = policy {
            resource.insert(name, Value::text(policy, span));
        }
    }
}

/// The conditions, when everything has one.
fn all_of<'c>(conditions: impl Iterator<Item = &'c Option<Str>>) -> Option<Vec<Str>> {
    let all: Option<BTreeSet<Str>> = conditions.cloned().collect();
    all.filter(|all| !all.is_empty()).map(|all| all.into_iter().collect())
}

/// The one condition, or the name of a new one that holds when any of them does.
pub(super) fn combine(run: &mut Transform<'_>, name: &str, mut conditions: Vec<Str>) -> Str {
    // `Fn::Or` takes ten conditions at most.
    const MOST: usize = 10;
    let Some(first) = conditions.first().cloned().filter(|_| conditions.len() == 1) else {
        let span = run.source.values().next().map_or_else(Span::default, |v| v.span);
        let mut left = (conditions.len().saturating_sub(2)) / (MOST - 1);
        while conditions.len() > 1 {
            let made = if left > 0 { format!("{name}{left}") } else { name.to_owned() };
            left = left.saturating_sub(1);
            let rest = conditions.split_off(conditions.len().min(MOST));
            let any = conditions.iter().map(|c| value!(span, { "Condition": (c) })).collect::<Vec<_>>();
            run.conditions.insert(made.as_str(), value!(span, { "Fn::Or": (any) }));
            conditions = rest;
            conditions.push(made.into());
        }
        return conditions.pop().unwrap_or_default();
    };
    first
}
