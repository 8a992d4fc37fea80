//! The graph as a document for other tools. `docs/schemas/graph.json` describes it.

use super::View;
use crate::output::json;
use serde_json::{Value, json};
use tidegate_graph::{Cond, Graph, System};

/// The whole document, with a line break at its end.
pub(super) fn render(system: &System, graph: &Graph, view: &View) -> String {
    format!("{:#}\n", document(system, graph, view))
}

fn document(system: &System, graph: &Graph, view: &View) -> Value {
    let place = |span: Option<tidegate_graph::Span>| span.map(|s| system.sources.location(s));
    let id = |index| graph.node(index).map(|n| n.id.as_str()).unwrap_or_default();
    let nodes: Vec<Value> = graph
        .nodes()
        .iter()
        .map(|n| {
            json!({
                "id": n.id, "kind": n.kind, "type": n.ty, "service": n.service, "name": n.name, "stack": n.stack,
                "exposure": n.exposure, "location": place(n.span),
            })
        })
        .collect();
    let edges: Vec<Value> = graph
        .edges()
        .iter()
        .map(|e| {
            json!({
                "from": id(e.from), "to": id(e.to), "kind": e.kind, "evidence": e.evidence, "location": place(e.span),
            })
        })
        .collect();
    let mut out = json!({
        "version": 1,
        "nodes": nodes,
        "edges": edges,
        "problems": json::problems(system),
        "coverage": json::coverage(system),
    });
    if view.resources
        && let Some(map) = out.as_object_mut()
    {
        let resources = system.resources().iter().map(|r| {
            json!({
                "logical_id": r.logical_id, "type": r.ty, "location": system.sources.location(r.span),
                "condition": r.condition.as_ref().map(condition),
            })
        });
        map.insert("resources".into(), resources.collect());
    }
    out
}

/// A condition in words.
fn condition(cond: &Cond) -> String {
    let join = |conds: &[Cond], word: &str| conds.iter().map(condition).collect::<Vec<_>>().join(word);
    match cond {
        Cond::Constant(value) => value.to_string(),
        Cond::Equals(variable, value) => {
            format!("{}={value}", variable.rsplit('/').next().unwrap_or(variable))
        }
        Cond::Free(name) => name.to_string(),
        Cond::Not(inner) => format!("not ({})", condition(inner)),
        Cond::All(conds) => format!("({})", join(conds, " and ")),
        Cond::Any(conds) => format!("({})", join(conds, " or ")),
    }
}

#[cfg(test)]
mod tests {
    use crate::picture::{View, samples};
    use serde_json::Value;
    use tidegate_graph::{Cond, Map, Resource, Span};

    fn schema() -> jsonschema::Validator {
        let text = include_str!("../../../../docs/schemas/graph.json");
        jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn the_document_fits_its_schema() {
        let mut system = samples::system();
        system.add(Resource {
            id: "s/Queue".into(),
            logical_id: "Queue".into(),
            ty: "AWS::SQS::Queue".into(),
            declared_type: "AWS::SQS::Queue".into(),
            stack: 0,
            properties: Map::new(),
            attributes: Map::new(),
            condition: Some(Cond::Equals("s/Env".into(), "prod".into())),
            span: Span::default(),
            made_from: None,
        });
        let view = View { resources: true, width: 80, color: false };
        let mut document: Value =
            serde_json::from_str(&super::render(&system, &samples::orders(), &view)).unwrap();
        let wrong: Vec<String> =
            schema().iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(document["resources"][0]["condition"], "Env=prod");
        assert_eq!(document["nodes"][0]["exposure"], "anonymous");
        document["nodes"][0]["kind"] = "lambda".into();
        assert!(!schema().is_valid(&document), "the schema can refuse");
    }
}
