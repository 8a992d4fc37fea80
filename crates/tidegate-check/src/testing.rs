//! Systems built by hand, for tests.

use crate::rule::{Entry, Rule};
use crate::{Guardrails, Outcome, engine};
use tidegate_graph::{
    Cond, Edge, EdgeKind, Exposure, Graph, Map, Node, NodeKind, Reference, Resource, Span, Stack, Str,
    System, Value,
};

/// A system of one stack `t`, and its graph.
#[derive(Default)]
pub(crate) struct Build {
    system: System,
    graph: Graph,
}

impl Build {
    pub(crate) fn new() -> Self {
        let mut build = Self::default();
        build.system.stacks.push(Stack { name: "t".into(), format: "cloudformation", path: "t.yaml".into() });
        build
    }

    /// Adds a resource with these properties.
    pub(crate) fn add(self, name: &str, ty: &str, properties: &[(&str, Value)]) -> Self {
        self.add_if(None, name, ty, properties)
    }

    /// Adds a resource whose properties are written as JSON.
    pub(crate) fn json(self, name: &str, ty: &str, properties: &str) -> Self {
        let properties = json(properties);
        let map = properties.as_map().unwrap();
        let properties: Vec<(&str, Value)> = map.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
        self.add(name, ty, &properties)
    }

    /// Adds a resource that exists under a condition.
    pub(crate) fn add_if(
        mut self,
        condition: Option<Cond>,
        name: &str,
        ty: &str,
        properties: &[(&str, Value)],
    ) -> Self {
        let mut map = Map::new();
        for (key, value) in properties {
            map.insert(*key, value.clone());
        }
        self.system.add(Resource {
            id: id(name),
            logical_id: name.into(),
            ty: ty.into(),
            declared_type: ty.into(),
            stack: 0,
            properties: map,
            attributes: Map::new(),
            condition,
            span: Span::default(),
            made_from: None,
        });
        self
    }

    /// Adds an edge, and its nodes unless they are there.
    pub(crate) fn edge(mut self, from: &str, kind: EdgeKind, to: &str) -> Self {
        let (from, to) = (self.node(from), self.node(to));
        self.graph.add_edge(Edge { from, to, kind, evidence: "test".into(), span: None });
        self
    }

    /// Says what a node is, and who can reach it.
    pub(crate) fn exposed(mut self, name: &str, kind: NodeKind, exposure: Exposure) -> Self {
        let node = self.node(name);
        let node = self.graph.node_mut(node).unwrap();
        (node.kind, node.exposure) = (kind, exposure);
        self
    }

    fn node(&mut self, name: &str) -> usize {
        let ty = self.system.resource(&id(name)).map_or_else(Str::default, |r| r.ty.clone());
        self.graph.add_node(Node {
            id: id(name),
            kind: NodeKind::External,
            ty,
            service: Str::default(),
            name: name.into(),
            stack: "t".into(),
            exposure: Exposure::Internal,
            span: None,
        })
    }

    /// The system alone.
    pub(crate) fn system(self) -> System {
        self.system
    }

    /// What a rule says of it.
    pub(crate) fn run<R: Rule>(&self) -> Outcome {
        self.run_within::<R>(&Guardrails::default())
    }

    /// The same where something is decided.
    pub(crate) fn run_within<R: Rule>(&self, rails: &Guardrails) -> Outcome {
        engine::run_rules(&self.system, &self.graph, rails, std::iter::once(&Entry::of::<R>()))
    }

    /// The findings of a rule, each as `resource: message`.
    pub(crate) fn findings<R: Rule>(&self) -> Vec<String> {
        self.findings_within::<R>(&Guardrails::default())
    }

    /// The same where something is decided.
    pub(crate) fn findings_within<R: Rule>(&self, rails: &Guardrails) -> Vec<String> {
        let line =
            |f: &tidegate_graph::Finding| format!("{}: {}", f.resource.trim_start_matches("t/"), f.message);
        self.run_within::<R>(rails).findings.iter().map(line).collect()
    }
}

fn id(name: &str) -> Str {
    format!("t/{name}").into()
}

/// A known string.
pub(crate) fn text(text: &str) -> Value {
    Value::text(text, Span::default())
}

/// A reference to a resource of the stack; `attribute` is empty for what `Ref` gives.
pub(crate) fn reference(name: &str, attribute: &str) -> Value {
    Value::reference(Reference { target: id(name), attribute: attribute.into() }, Span::default())
}

/// A value written as JSON. `{"Ref": "X"}` and `{"Fn::GetAtt": ["X", "Arn"]}` are references.
pub(crate) fn json(text: &str) -> Value {
    from_json(&serde_json::from_str(text).unwrap())
}

fn from_json(value: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    let span = Span::default();
    match value {
        Json::Null => Value::new(tidegate_graph::Data::Null, span),
        Json::Bool(b) => Value::bool(*b, span),
        Json::Number(n) => Value::number(n, span),
        Json::String(s) => Value::text(s.as_str(), span),
        Json::Array(items) => Value::list(items.iter().map(from_json).collect(), span),
        Json::Object(map) => match (map.get("Ref"), map.get("Fn::GetAtt").and_then(Json::as_array)) {
            (Some(name), _) => reference(name.as_str().unwrap(), ""),
            (_, Some(parts)) => reference(parts[0].as_str().unwrap(), parts[1].as_str().unwrap()),
            _ => Value::object(map.iter().map(|(k, v)| (k.as_str(), from_json(v))), span),
        },
    }
}
