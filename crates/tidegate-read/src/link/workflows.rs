//! State machines: one edge for each call of a state.

use super::Linker;
use super::walk::all;
use crate::asl;
use crate::document::document;
use tidegate_graph::{Data, EdgeKind, Field, Map, NodeKind, Piece, Resource, Str, Value};

pub(super) fn link(linker: &mut Linker, resource: &Resource) {
    if resource.ty != "AWS::StepFunctions::StateMachine" {
        return;
    }
    let Some(machine) = linker.node(resource) else { return };
    let substitutions: Vec<(Str, Value)> = all(&resource.properties, "DefinitionSubstitutions")
        .into_iter()
        .filter_map(Value::as_map)
        .flat_map(|m| m.iter().map(|(k, v)| (k.clone(), v.clone())))
        .collect();
    for property in ["Definition", "DefinitionString"] {
        for value in all(&resource.properties, property) {
            let Some(definition) = document(value) else { continue };
            let definition =
                if substitutions.is_empty() { definition } else { substitute(definition, &substitutions) };
            for call in asl::calls(&definition) {
                state(linker, resource, machine, &call);
            }
        }
    }
}

fn state(linker: &mut Linker, resource: &Resource, machine: usize, call: &asl::Call) {
    let service = call.service.as_str();
    let mut found = Vec::new();
    if let Some(target) = call.target.as_ref().filter(|_| !call.dynamic) {
        let expected = match service {
            "http" | "execute-api" => None,
            other => Some(other),
        };
        if service == "events" && target.as_str() == Some("default") {
            found.push(linker.default_bus());
        } else if service == "http" {
            let nodes = linker.targets(resource, target, None).nodes;
            found = if nodes.is_empty() {
                vec![linker.external("http", &super::triggers::host(&target.display()))]
            } else {
                nodes
            };
        } else if linker.has_resources(service) {
            found = linker.named(resource, target, expected);
        }
    }
    found.retain(|n| *n != machine && linker.kind(*n) != NodeKind::Identity);
    if found.is_empty() {
        // Chosen at run time, or a service without resources of its own: the role says which, if there is just one.
        found = linker.only_of_service(resource, service).into_iter().collect();
    }
    if found.is_empty() {
        found.push(linker.external(service, ""));
    }
    for to in found {
        if linker.service(to) == "lambda" || linker.kind(to) == NodeKind::Function {
            linker.edge(machine, to, EdgeKind::Invokes, format!("state {}", call.state), call.span);
        } else {
            super::routes::call(linker, machine, to, service, &call.action, call.span);
        }
    }
}

impl Linker<'_> {
    /// True for services whose API calls name a resource that can be declared.
    fn has_resources(&self, service: &str) -> bool {
        !matches!(
            service,
            "bedrock"
                | "rekognition"
                | "comprehend"
                | "translate"
                | "textract"
                | "transcribe"
                | "polly"
                | "ses"
        )
    }

    /// The only node of a service in the stack.
    pub(super) fn only_of_service(&self, resource: &Resource, service: &str) -> Option<usize> {
        let counts =
            |n: &&usize| !matches!(self.kind(**n), NodeKind::Rule | NodeKind::Artifact | NodeKind::Identity);
        let mut nodes = self.of_service(resource, service).iter().filter(counts);
        match (nodes.next(), nodes.next()) {
            (Some(index), None) => Some(*index),
            _ => None,
        }
    }
}

/// `${Name}` in the strings of a definition.
fn substitute(value: Value, substitutions: &[(Str, Value)]) -> Value {
    let span = value.span;
    let data = match value.data {
        Data::List(items) => Data::List(items.into_iter().map(|v| substitute(v, substitutions)).collect()),
        Data::Map(map) => Data::Map(
            map.into_fields()
                .map(|(k, f)| (k, Field { key: f.key, value: substitute(f.value, substitutions) }))
                .collect::<Map>(),
        ),
        Data::Text(text) if text.contains("${") => {
            let mut pieces = Vec::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("${") {
                pieces.push(Piece::Text(before.into()));
                let Some((name, tail)) = after.split_once('}') else {
                    pieces.push(Piece::Text(format!("${{{after}").into()));
                    rest = "";
                    break;
                };
                match substitutions.iter().find(|(k, _)| k == name.trim()) {
                    Some((_, value)) => pieces
                        .extend(super::walk::flat(value).first().map(|v| v.pieces()).unwrap_or_default()),
                    None => pieces.push(Piece::Text(format!("${{{name}}}").into())),
                }
                rest = tail;
            }
            pieces.push(Piece::Text(rest.into()));
            return Value::template(pieces, span);
        }
        other => other,
    };
    Value::new(data, span)
}
