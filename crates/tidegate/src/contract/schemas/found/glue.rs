//! Schemas of AWS Glue's registry. Its serializers look a schema up by the name of the stream or topic, so that is what it
//! speaks of.

use super::channels::{Topics, names, topics};
use super::{Found, Within, avro, either, text, written};
use std::collections::{BTreeMap, HashMap};
use tidegate_decide::schema::compile::Draft;
use tidegate_graph::contract::schema::{Schema, When};
use tidegate_graph::contract::{Edge, Function};
use tidegate_graph::{Resource, System, Value};

pub(super) fn find(system: &System, functions: &BTreeMap<String, Function>, found: &mut Found) {
    let mut registry: HashMap<String, Vec<&Resource>> = HashMap::new();
    for schema in system.of_type("AWS::Glue::Schema") {
        if let Some(name) = text(schema.property("Name")) {
            registry.entry(name).or_default().push(schema);
        }
    }
    if registry.is_empty() {
        return;
    }
    let versions = versions(system);
    let topics = topics(system);
    for (id, edge) in functions.iter().flat_map(|(id, f)| f.edges.iter().map(move |edge| (id, edge))) {
        if !matches!(edge.trigger.as_str(), "kafka" | "kinesis") {
            continue;
        }
        for name in names(system, &topics, id, edge) {
            for schema in registry.get(&name).into_iter().flatten() {
                lay(system, &versions, (schema, &name), (id, edge, &topics), found);
            }
        }
    }
}

fn lay(
    system: &System,
    versions: &HashMap<String, Vec<&Resource>>,
    (schema, name): (&Resource, &str),
    (function, edge, topics): (&str, &Edge, &Topics),
    found: &mut Found,
) {
    let format = text(schema.property("DataFormat")).unwrap_or_default();
    let later = [schema.id.as_str(), name].into_iter().filter_map(|key| versions.get(key)).flatten().copied();
    // Whoever writes may still use an older one.
    let all: Result<Vec<Schema>, String> =
        [schema].into_iter().chain(later).map(|r| one(r, &format)).collect();
    let all = if format == "AVRO" && topics.is_decoded(function) {
        Err("the event source hands Avro on as JSON".to_string())
    } else {
        all
    };
    match all.map(either) {
        Ok(either) => {
            let topic = (edge.trigger == "kafka").then(|| name.to_string());
            let either = either.map(|s| Schema { when: When { topic, ..When::default() }, ..s });
            found.by_edge.entry(edge.id.clone()).or_default().extend(either);
        }
        Err(why) => {
            let shown = system.resource(&schema.id).map_or(name, |r| &r.id);
            found.open.entry(edge.id.clone()).or_default().push(format!("schema {shown}: {why}"));
        }
    }
}

/// One version.
fn one(resource: &Resource, format: &str) -> Result<Schema, String> {
    let definition = resource.property("SchemaDefinition").ok_or("it has no definition")?;
    let root = tidegate_read::inside(definition).ok_or("its definition isn't known")?;
    let (document, unknown) = written::in_part(&root);
    match format {
        "AVRO" => avro(&resource.id, &document, unknown),
        "JSON" => {
            let (draft, others) = (Draft::Draft7, &|_: &str| None);
            Within {
                source: &resource.id,
                document: &document,
                unknown: &unknown,
                pointer: "",
                draft,
                others,
            }
            .compile(When::default())
            .ok_or_else(|| "its definition can't be compiled".to_string())
        }
        "" => Err("its format isn't known".to_string()),
        format => Err(format!("a schema of format {format} isn't enforced")),
    }
}

/// Versions by the id, or the name, of their schema.
fn versions(system: &System) -> HashMap<String, Vec<&Resource>> {
    let mut out: HashMap<String, Vec<&Resource>> = HashMap::new();
    for version in system.of_type("AWS::Glue::SchemaVersion") {
        let by_reference = version.path(&["Schema", "SchemaArn"]).map(Value::references).unwrap_or_default();
        let ids = by_reference.into_iter().map(|(reference, _)| reference.target.to_string());
        for key in ids.chain(text(version.path(&["Schema", "SchemaName"]))) {
            out.entry(key).or_default().push(version);
        }
    }
    out
}
