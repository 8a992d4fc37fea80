//! Schemas of EventBridge's registry.

use super::{Found, Within, text, token, written};
use tidegate_decide::schema::compile::Draft;
use tidegate_graph::contract::schema::{Schema, When};
use tidegate_graph::{Resource, System, Value};

pub(super) fn find(system: &System, found: &mut Found) {
    for resource in system.of_type("AWS::EventSchemas::Schema") {
        for content in resource.property("Content").into_iter().flat_map(Value::branches) {
            let Some(root) = tidegate_read::inside(content) else { continue };
            for schema in schemas(resource, &root) {
                match (&schema.when.source, &schema.when.detail_type) {
                    (Some(source), _) => found.by_source.entry(source.clone()).or_default().push(schema),
                    (None, Some(ty)) => found.by_type.entry(ty.clone()).or_default().push(schema),
                    // Of which events it speaks is nowhere said.
                    (None, None) => {}
                }
            }
        }
    }
}

fn schemas(resource: &Resource, root: &Value) -> Vec<Schema> {
    let (document, unknown) = written::in_part(root);
    let name = text(resource.property("SchemaName"));
    // `shop.pay@PaymentTaken` is how the registry names what it discovers.
    let named = name.as_deref().and_then(|n| n.split_once('@'));
    let open_api = root.get("openapi").is_some();
    let places: Vec<(String, &Value)> = if open_api {
        let all = root.get("components").and_then(|c| c.get("schemas")).and_then(Value::as_map);
        let all = all.into_iter().flat_map(tidegate_graph::Map::iter);
        let events = all.filter(|(name, schema)| *name == "AWSEvent" || is_event(schema));
        events.map(|(name, schema)| (format!("/components/schemas/{}", token(name)), schema)).collect()
    } else {
        vec![(String::new(), root)]
    };
    let mut out = Vec::new();
    for (pointer, schema) in places {
        let said = |key: &str| text(schema.get(key)).filter(|t| !t.is_empty());
        let when = When {
            route: None,
            source: said("x-amazon-events-source").or_else(|| named.map(|(s, _)| s.to_string())),
            detail_type: said("x-amazon-events-detail-type").or_else(|| named.map(|(_, t)| t.to_string())),
            topic: None,
        };
        let within = Within {
            source: &resource.id,
            document: &document,
            unknown: &unknown,
            pointer: &pointer,
            draft: if open_api { Draft::OpenApi30 } else { Draft::Draft4 },
            others: &|_| None,
        };
        let whole = is_event(schema);
        out.extend(within.compile(when).map(|schema| Schema { whole, ..schema }));
    }
    out
}

/// It speaks of an event with its envelope.
pub(super) fn is_event(schema: &Value) -> bool {
    schema.get("properties").is_some_and(|p| p.get("detail").is_some() && p.get("detail-type").is_some())
}
