//! Terraform's types and attributes in canonical words.

use super::instance::Instance;
use tidegate_graph::{Map, Problem, Resource, Str};

/// Canonical resources of evaluated instances.
pub(crate) fn lower(stack: &Str, instances: Vec<Instance>, problems: &mut Vec<Problem>) -> Vec<Resource> {
    let _ = (stack, problems);
    instances
        .into_iter()
        .filter(|instance| !instance.data)
        .map(|instance| Resource {
            id: instance.id,
            logical_id: instance.address,
            ty: instance.ty.clone(),
            declared_type: instance.ty,
            stack: 0,
            properties: instance.attributes,
            attributes: Map::new(),
            condition: instance.condition,
            span: instance.span,
            made_from: None,
        })
        .collect()
}
