//! `AWS::Include`: snippets from local files.

use super::Template;
use crate::{Files, yaml};
use tidegate_graph::{Data, Field, Map, Problem, Str, Value};

/// Snippets within snippets.
const MAX_DEPTH: usize = 8;

/// Puts local snippets in place, at the top level, in the resources and anywhere in their properties. A snippet that
/// isn't here stays as it is and evaluates to unknown; where it would hold resources, they are missing, and that is told.
pub(super) fn expand(files: &Files, template: &mut Template) {
    let mut root = std::mem::take(&mut template.root);
    if !files.text(template.file).contains("AWS::Include") {
        template.root = root;
        return;
    }
    for transform in root.get("Transform").cloned().into_iter().flat_map(|t| t.items().to_vec()) {
        match snippet(files, template, &transform, 0) {
            Some(snippet) => merge(&mut root, snippet),
            // What lies elsewhere is drawn in by CloudFormation; it may hold anything, or only outputs.
            None => template
                .problems
                .extend(missing(files, template, &transform).filter(|_| is_local(&transform))),
        }
    }
    lost_resources(files, template, &mut root);
    let value = within(files, template, Value::map(root, Default::default()), 0);
    if let Data::Map(map) = value.data {
        template.root = map;
    }
}

/// Takes an inclusion out of the resources whose snippet isn't here: it is no resource itself.
fn lost_resources(files: &Files, template: &mut Template, root: &mut Map) {
    let Some(resources) = root.get_mut("Resources").and_then(Value::as_map_mut) else { return };
    let Some(transform) = resources.get("Fn::Transform").filter(|t| is_include(t)).cloned() else { return };
    if let Some(problem) = missing(files, template, &transform) {
        template.problems.push(problem);
        resources.remove("Fn::Transform");
    }
}

/// Why there is no snippet, if there is none.
fn missing(files: &Files, template: &Template, transform: &Value) -> Option<Problem> {
    if !is_include(transform) {
        return None;
    }
    let place = transform.get("Parameters").and_then(|parameters| parameters.get("Location"));
    let span = place.unwrap_or(transform).span;
    let help = "resources in it are missing here; the path begins at the folder of the template";
    match place.and_then(Value::as_text) {
        Some(location) if !location.contains("://") => {
            let error = files.load(&files.beside(template.file, &location)).err()?;
            Some(Problem::at(span, format!("failed to include `{location}`: {error}")).help(help))
        }
        _ => Some(
            Problem::at(span, "what is included here isn't known before deployment")
                .help("resources in it are missing here; include a file of the project"),
        ),
    }
}

fn is_include(transform: &Value) -> bool {
    transform.get("Name").and_then(Value::as_str) == Some("AWS::Include")
}

fn is_local(transform: &Value) -> bool {
    let place = transform.get("Parameters").and_then(|parameters| parameters.get("Location"));
    place.and_then(Value::as_text).is_some_and(|location| !location.contains("://"))
}

fn within(files: &Files, template: &mut Template, value: Value, depth: usize) -> Value {
    const MAX_NESTING: usize = 200;
    if depth > MAX_NESTING {
        return value;
    }
    let data = match value.data {
        Data::List(items) => {
            Data::List(items.into_iter().map(|v| within(files, template, v, depth + 1)).collect())
        }
        Data::Map(mut map) => {
            if let Some(snippet) =
                map.get("Fn::Transform").cloned().and_then(|t| snippet(files, template, &t, 0))
            {
                map.remove("Fn::Transform");
                if map.is_empty() {
                    return snippet;
                }
                merge(&mut map, snippet);
            }
            let fields = map
                .into_fields()
                .map(|(k, f)| (k, Field { key: f.key, value: within(files, template, f.value, depth + 1) }));
            Data::Map(fields.collect::<Map>())
        }
        other => other,
    };
    Value::new(data, value.span)
}

fn snippet(files: &Files, template: &mut Template, transform: &Value, depth: usize) -> Option<Value> {
    if !is_include(transform) || depth > MAX_DEPTH {
        return None;
    }
    let location: Str =
        transform.get("Parameters")?.get("Location")?.as_text().filter(|l| !l.contains("://"))?;
    let file = files.load(&files.beside(template.file, &location)).ok()?;
    let (value, problems) = yaml::parse_one(file, &files.text(file));
    template.problems.extend(problems);
    let value = value?;
    match value.get("Fn::Transform").cloned().and_then(|inner| snippet(files, template, &inner, depth + 1)) {
        Some(inner) => Some(inner),
        None => Some(value),
    }
}

/// Adds what isn't there yet.
fn merge(map: &mut Map, snippet: Value) {
    let Data::Map(snippet) = snippet.data else { return };
    for (key, field) in snippet.into_fields() {
        match (map.get_mut(&key), field.value) {
            (Some(Value { data: Data::Map(mine), .. }), theirs @ Value { data: Data::Map(_), .. }) => {
                merge(mine, theirs);
            }
            (Some(_), _) => {}
            (None, value) => {
                map.insert_field(key, Field { key: field.key, value });
            }
        }
    }
}
