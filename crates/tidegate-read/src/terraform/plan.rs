//! `terraform show -json`: plans and states.
//!
//! Values are those of the plan. Where a plan says no more than "known after apply", its `configuration` says what the
//! value refers to; where a state says an identifier, the resource that has it is what is meant.

mod configuration;

use super::data;
use super::instance::Instance;
use super::lower;
use crate::Files;
use crate::reading::Reading;
use configuration::Configuration;
use std::collections::HashMap;
use tidegate_graph::{Data, FileId, Map, Reference, Span, Stack, Str, Value, Why};

/// Modules within each other.
const MAX_DEPTH: usize = 32;
/// Attributes by which other resources name a resource.
const IDENTITIES: [&str; 8] =
    ["arn", "invoke_arn", "qualified_arn", "execution_arn", "url", "stream_arn", "id", "unique_id"];
/// Identifiers shorter than this may be equal by chance.
const MIN_IDENTITY: usize = 8;

pub(super) fn read(files: &Files, file: FileId, root: &Value) -> Option<Reading> {
    let shown = files.path(file).map(|path| files.shown(&path)).unwrap_or_default();
    let name: Str = shown.strip_suffix(".json").unwrap_or(&shown).into();
    let instances = instances(&name, root);
    let mut problems = Vec::new();
    let resources = lower::lower(&name, instances, &mut problems);
    let stack = Stack { name, format: "terraform", path: shown };
    Some(Reading { stack, resources, problems, ..Reading::default() })
}

/// Every instance of a plan or state.
pub(super) fn instances(stack: &Str, root: &Value) -> Vec<Instance> {
    let planned = root.get("planned_values").is_some();
    let values = if planned { root.get("planned_values") } else { root.get("values") };
    let mut found = Vec::new();
    if let Some(module) = values.and_then(|v| v.get("root_module")) {
        collect(module, &mut found, 0);
    }
    // Data sources that were read already stand in the state before.
    if let Some(module) =
        root.get("prior_state").and_then(|s| s.get("values")).and_then(|v| v.get("root_module"))
    {
        let mut before = Vec::new();
        collect(module, &mut before, 0);
        let known: std::collections::HashSet<Str> = found.iter().map(|f| f.address.clone()).collect();
        found.extend(before.into_iter().filter(|f| f.data && !known.contains(&f.address)));
    }
    let unknown = unknown_values(root);
    let configuration = Configuration::new(stack, root, found.iter().map(|f| f.address.clone()));
    let mut documents = HashMap::new();
    let mut out = Vec::new();
    for item in found {
        let mut attributes = item.values;
        if let Some(marks) = unknown.get(&item.address) {
            fill(&mut attributes, marks, &configuration, &item.address, &mut Vec::new(), item.span, 0);
        }
        clean(&mut attributes);
        if item.data && data::is_pure(&item.ty) {
            documents.insert(
                Str::from(format!("{stack}/{}", item.address)),
                computed(&item.ty, attributes, item.span),
            );
            continue;
        }
        out.push(Instance {
            id: format!("{stack}/{}", item.address).into(),
            address: item.address,
            ty: item.ty,
            name: item.name,
            attributes,
            condition: None,
            span: item.span,
            data: item.data,
        });
    }
    put_documents(&mut out, &documents);
    put_references(&mut out);
    out
}

struct Found {
    address: Str,
    ty: Str,
    name: Str,
    values: Map,
    span: Span,
    data: bool,
}

fn collect(module: &Value, out: &mut Vec<Found>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    for resource in module.get("resources").map(Value::items).unwrap_or_default() {
        let text = |key: &str| resource.get(key).and_then(Value::as_str).map(Str::from);
        let (Some(address), Some(ty), Some(name)) = (text("address"), text("type"), text("name")) else {
            continue;
        };
        let values = resource.get("values").and_then(Value::as_map).cloned().unwrap_or_default();
        let span = resource.get("address").map_or(resource.span, |a| a.span);
        let data = resource.get("mode").and_then(Value::as_str) == Some("data");
        out.push(Found { address, ty, name, values, span, data });
    }
    for child in module.get("child_modules").map(Value::items).unwrap_or_default() {
        collect(child, out, depth + 1);
    }
}

/// `after_unknown` of each change, by address.
fn unknown_values(root: &Value) -> HashMap<Str, Value> {
    let changes = root.get("resource_changes").map(Value::items).unwrap_or_default();
    let marks = |change: &Value| {
        Some((change.get("address")?.as_text()?, change.get("change")?.get("after_unknown")?.clone()))
    };
    changes.iter().filter_map(marks).collect()
}

/// Puts what the configuration says in the places that are marked as unknown.
fn fill(
    values: &mut Map,
    marks: &Value,
    configuration: &Configuration<'_>,
    address: &Str,
    path: &mut Vec<Str>,
    span: Span,
    depth: usize,
) {
    let Some(marks) = marks.as_map().filter(|_| depth <= MAX_DEPTH) else { return };
    for (key, mark) in marks.iter() {
        path.push(key.clone());
        match &mark.data {
            Data::Bool(true) => {
                if let Some(value) = configuration.value(address, path, span) {
                    values.insert(key.clone(), value);
                }
            }
            Data::List(items) => {
                let span = values.get(key).map_or(span, |v| v.span);
                if let Some(Value { data: Data::List(known), .. }) = values.get_mut(key) {
                    for (index, mark) in items.iter().enumerate() {
                        match (known.get_mut(index), &mark.data) {
                            (Some(Value { data: Data::Map(map), .. }), Data::Map(_)) => {
                                path.push(index.to_string().into());
                                fill(map, mark, configuration, address, path, span, depth + 1);
                                path.pop();
                            }
                            (Some(slot), Data::Bool(true)) => {
                                if let Some(value) = configuration.value(address, path, span) {
                                    *slot = value;
                                }
                            }
                            (None, Data::Bool(true)) => {
                                known.extend(configuration.value(address, path, span));
                            }
                            _ => {}
                        }
                    }
                }
            }
            Data::Map(_) => {
                let span = values.get(key).map_or(span, |v| v.span);
                if let Some(Value { data: Data::Map(map), .. }) = values.get_mut(key) {
                    fill(map, mark, configuration, address, path, span, depth + 1);
                }
            }
            _ => {}
        }
        path.pop();
    }
}

/// Takes out what is not there: nulls, and lists of no blocks.
fn clean(map: &mut Map) {
    let absent =
        |value: &Value| matches!(&value.data, Data::Null) || value.as_list().is_some_and(<[Value]>::is_empty);
    let keys: Vec<Str> = map.iter().filter(|(_, v)| absent(v)).map(|(k, _)| k.clone()).collect();
    for key in keys {
        map.remove(&key);
    }
    for (_, value) in map.iter_mut() {
        match &mut value.data {
            Data::Map(inner) => clean(inner),
            Data::List(items) => {
                for item in items {
                    if let Data::Map(inner) = &mut item.data {
                        clean(inner);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A pure data source: what the plan knows of it, and its policy put together where that isn't known yet.
fn computed(ty: &str, mut attributes: Map, span: Span) -> Value {
    let known = attributes.get("json").is_some_and(|json| json.as_str().is_some());
    if ty == "aws_iam_policy_document" && !known {
        return data::policy_document(&attributes, span);
    }
    for name in ["account_id", "partition"] {
        // Account and partition of the run are those of the deployment: the same symbols as everywhere.
        let symbol = if name == "partition" { "AWS::Partition" } else { "AWS::AccountId" };
        if attributes.get(name).is_none() && ty != "aws_region" {
            attributes.insert(name, Value::unknown(symbol, Why::Pseudo, span));
        }
    }
    Value::map(attributes, span)
}

/// Puts the values of pure data sources in the place of references to them.
fn put_documents(instances: &mut [Instance], documents: &HashMap<Str, Value>) {
    for instance in instances {
        for (_, value) in instance.attributes.iter_mut() {
            replace(value, 0, &mut |value| {
                let reference = value.as_reference()?;
                documents.get(&reference.target)?.get(&reference.attribute).cloned()
            });
        }
    }
}

/// Puts references in the place of identifiers that one other resource has.
fn put_references(instances: &mut [Instance]) {
    let mut owners: HashMap<Str, Option<Reference>> = HashMap::new();
    for instance in instances.iter() {
        for name in IDENTITIES {
            let Some(Data::Text(text)) = instance.attributes.get(name).map(|v| &v.data) else { continue };
            if text.len() < MIN_IDENTITY {
                continue;
            }
            let reference = Reference::attribute(instance.id.clone(), name);
            owners
                .entry(text.clone())
                .and_modify(|known| {
                    if known.as_ref().is_some_and(|k| k.target != instance.id) {
                        *known = None;
                    }
                })
                .or_insert(Some(reference));
        }
    }
    for instance in instances {
        let own = instance.id.clone();
        for (key, value) in instance.attributes.iter_mut() {
            if IDENTITIES.contains(&key.as_str()) || key.starts_with("tags") {
                continue;
            }
            replace(value, 0, &mut |value| {
                let reference = owners.get(value.as_str()?)?.as_ref().filter(|r| r.target != own)?;
                Some(Value::reference(reference.clone(), value.span))
            });
        }
    }
}

fn replace(value: &mut Value, depth: usize, with: &mut dyn FnMut(&Value) -> Option<Value>) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(new) = with(value) {
        *value = new.at(value.span);
        return;
    }
    match &mut value.data {
        Data::List(items) => items.iter_mut().for_each(|v| replace(v, depth + 1, with)),
        Data::Map(map) => map.iter_mut().for_each(|(_, v)| replace(v, depth + 1, with)),
        Data::Json(inner) => replace(inner, depth + 1, with),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
