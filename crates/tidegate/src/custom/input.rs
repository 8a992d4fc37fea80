//! What rules in Rego see: resources and graph in one world, as JSON. `docs/schemas/rules-input.json` describes it.

use super::tags;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use tidegate_graph::{Data, Graph, Piece, Resource, Str, System, Why, World};

/// Resources and graph in a world.
pub(super) fn document(system: &System, graph: &Graph, world: &World) -> Value {
    let exists = |resource: &Resource| resource.condition.as_ref().is_none_or(|c| c.holds(world));
    let there = |id: &str| system.resource(id).is_none_or(exists);
    let resources: Vec<Value> =
        system.resources().iter().filter(|r| exists(r)).map(|r| resource(system, r, world)).collect();
    let nodes: Vec<Value> = graph
        .nodes()
        .iter()
        .filter(|n| there(&n.id))
        .map(|n| {
            json!({
                "id": n.id, "kind": n.kind, "type": n.ty, "service": n.service, "name": n.name, "stack": n.stack,
                "exposure": n.exposure,
            })
        })
        .collect();
    let id = |index| graph.node(index).map(|n| n.id.as_str()).unwrap_or_default();
    let edges: Vec<Value> = graph
        .edges()
        .iter()
        .filter(|e| there(id(e.from)) && there(id(e.to)))
        .map(|e| json!({"from": id(e.from), "to": id(e.to), "kind": e.kind, "evidence": e.evidence}))
        .collect();
    let stacks: Vec<Value> =
        system.stacks.iter().map(|s| json!({"name": s.name, "format": s.format, "path": s.path})).collect();
    json!({
        "version": 1,
        "stacks": stacks,
        "resources": resources,
        "graph": {"nodes": nodes, "edges": edges},
    })
}

fn resource(system: &System, resource: &Resource, world: &World) -> Value {
    let at = system.sources.location(resource.span);
    let tags = match tags::of(resource, world) {
        Ok(tags) => object(&tags, world),
        Err(unknown) => value(unknown, world).unwrap_or(Value::Null),
    };
    json!({
        "id": resource.id,
        "name": resource.logical_id,
        "type": resource.ty,
        "declared_type": resource.declared_type,
        "stack": system.stack_of(resource).map(|s| &s.name),
        "file": at.file,
        "line": at.line,
        "properties": object(&resource.properties, world),
        "attributes": object(&resource.attributes, world),
        "tags": tags,
    })
}

fn object(map: &tidegate_graph::Map, world: &World) -> Value {
    let entries = map.iter().filter_map(|(key, inner)| Some((key.to_string(), value(inner, world)?)));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// A value in a world; `None` when it is absent there. What isn't known is an object that says so.
pub(super) fn value(found: &tidegate_graph::Value, world: &World) -> Option<Value> {
    let found = world.resolve(found)?;
    Some(match &found.data {
        Data::Null | Data::Choice(_) => Value::Null,
        Data::Bool(flag) => Value::Bool(*flag),
        Data::Number(text) => number(text),
        Data::Text(text) => Value::String(text.to_string()),
        Data::Template(pieces) => match pieces.as_slice() {
            [only] => piece(only),
            several => json!({"$template": several.iter().map(piece).collect::<Vec<_>>()}),
        },
        Data::Json(inner) => return value(inner, world),
        Data::List(items) => items.iter().filter_map(|item| value(item, world)).collect(),
        Data::Map(map) => object(map, world),
        Data::Unknown(symbol) => piece(&Piece::Symbol(symbol.clone())),
    })
}

fn piece(piece: &Piece) -> Value {
    match piece {
        Piece::Text(text) => Value::String(text.to_string()),
        Piece::Reference(reference) => {
            json!({"$reference": reference.target, "attribute": reference.attribute})
        }
        Piece::Symbol(symbol) if symbol.why == Why::Pseudo => json!({"$symbol": symbol.name}),
        Piece::Symbol(symbol) => json!({"$unknown": symbol.name, "why": symbol.why.phrase()}),
    }
}

fn number(text: &Str) -> Value {
    serde_json::from_str(text)
        .ok()
        .filter(Value::is_number)
        .unwrap_or_else(|| Value::String(text.to_string()))
}

/// The variables that a resource's values and its being there hang on.
pub(super) fn variables(resource: &Resource) -> BTreeSet<Str> {
    let mut out = BTreeSet::new();
    if let Some(cond) = &resource.condition {
        cond.variables(&mut out);
    }
    for found in resource.properties.values().chain(resource.attributes.values()) {
        found.walk(&mut |v| {
            if let Data::Choice(choice) = &v.data {
                choice.cond.variables(&mut out);
            }
        });
    }
    out
}

/// Values of a property that aren't known before deployment, with their names.
pub(super) fn unknown_in(found: &tidegate_graph::Value) -> Option<(String, tidegate_graph::Span)> {
    let mut out = None;
    found.walk(&mut |v| {
        let symbol = match &v.data {
            Data::Unknown(symbol) => Some(symbol),
            Data::Template(pieces) => pieces.iter().find_map(|p| match p {
                Piece::Symbol(symbol) => Some(symbol),
                _ => None,
            }),
            _ => None,
        };
        if let Some(symbol) = symbol.filter(|s| s.why != Why::Pseudo)
            && out.is_none()
        {
            out = Some((format!("{}, {}", symbol.name, symbol.why.phrase()), v.span));
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn schema() -> jsonschema::Validator {
        let text = include_str!("../../../../docs/schemas/rules-input.json");
        jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn the_document_fits_its_schema() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        for name in ["orders", "orders-terraform"] {
            let system = tidegate_read::read(&root.join(name), &tidegate_read::Options::default());
            let graph = tidegate_read::link(&system);
            let asked = system.resources().iter().flat_map(variables).collect();
            for world in World::sample(&system.variables, &asked, 4) {
                let mut document = document(&system, &graph, &world);
                let wrong: Vec<String> =
                    schema().iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
                assert_eq!(wrong, Vec::<String>::new(), "{name}");
                assert!(document["resources"].as_array().unwrap().len() > 5, "{name}");
                document["resources"][0]["properties"] = json!({"A": {"$unknown": 3}});
                assert!(!schema().is_valid(&document), "the schema can refuse");
            }
        }
    }

    #[test]
    fn what_is_not_known_says_so() {
        use tidegate_graph::{Reference, Span, Symbol, Value as Found};
        let world = World::default();
        let said = |found: Found| value(&found, &world).unwrap();
        let at = Span::default();
        let unknown = Piece::Symbol(Symbol::new("Env", Why::Parameter));
        let account = Piece::Symbol(Symbol::new("AWS::AccountId", Why::Pseudo));
        assert_eq!(said(Found::unknown("Env", Why::Parameter, at))["$unknown"], "Env");
        assert_eq!(
            said(Found::reference(Reference::attribute("s/Q", "Arn"), at)),
            json!({"$reference": "s/Q", "attribute": "Arn"})
        );
        let mixed = said(Found::template([Piece::Text("a-".into()), account, unknown], at));
        assert_eq!(mixed["$template"][0], "a-");
        assert_eq!(mixed["$template"][1], json!({"$symbol": "AWS::AccountId"}));
        assert_eq!(mixed["$template"][2]["$unknown"], "Env");
    }
}
