//! Evaluated Terraform resources in canonical shape.
//!
//! AWS resources get CloudFormation's types and property names by the tables in `lower/`, one file per service; what
//! Terraform splits into several resources is joined to one where CloudFormation has one. Resources of other providers,
//! and AWS types without a table, keep Terraform's type and attribute names.

mod join;
mod references;
mod reverse;
mod shape;
mod table;

mod apigateway;
mod apigatewayv2;
mod appsync;
mod cloudfront;
mod cloudwatch;
mod cognito;
mod data;
mod dynamodb;
mod ecr;
mod ecs;
mod elb;
mod events;
mod iam;
mod iot;
mod kinesis;
mod kms;
mod lambda;
mod logs;
mod mail;
mod mq_msk;
mod network;
mod rds;
mod s3;
mod search;
mod secrets;
mod sns;
mod sqs;
mod states;
mod waf;

#[cfg(test)]
mod tests;

use crate::terraform::instance::Instance;
use join::Owners;
pub(crate) use reverse::{Step, has_arn, written};
use std::collections::HashMap;
use std::sync::LazyLock;
use table::{Join, Split, Type};
use tidegate_graph::{
    Cond, Data, Field, Map, Piece, Problem, Reference, Resource, Span, Str, Symbol, Value, Why,
};

/// Resources in canonical shape, in the order in which they were declared. Data sources declare nothing and are left out.
pub(crate) fn lower(stack: &Str, instances: Vec<Instance>, problems: &mut Vec<Problem>) -> Vec<Resource> {
    // Whatever can't be mapped is kept as it is: there is nothing here that a user could have written wrong.
    let _ = (stack, problems);
    let owners = Owners::new(&instances);
    let parts: Vec<Vec<_>> = instances
        .iter()
        .map(|x| table_of(&x.ty).filter(|_| !x.data).map(|ty| owners.of(x, ty)).unwrap_or_default())
        .collect();
    // What a reference becomes: one to a part is one to its owner, one to a data source is one to what it reads if that
    // is declared here, and otherwise something that only the deployment knows.
    let rename = |reference: &Reference| -> Option<Piece> {
        let index = owners.index(&reference.target)?;
        let target = instances.get(index)?;
        if target.data {
            if let Some(alias) = key_alias(target, &reference.attribute) {
                return Some(Piece::Text(alias));
            }
            let Some(read) = owners.read_by(target).and_then(|i| instances.get(i)) else {
                if let Some(alias) = aws_key(target) {
                    return Some(Piece::Text(alias));
                }
                let name = format!("{}.{}", target.address, reference.attribute);
                return Some(Piece::Symbol(Symbol::new(name, Why::Lookup)));
            };
            let attribute = in_words_of(read, &reference.attribute)?;
            return Some(Piece::Reference(Reference { target: read.id.clone(), attribute }));
        }
        let owner = parts.get(index).and_then(|p| p.first());
        if let Some((join, owner)) = owner.and_then(|(join, owner)| Some((join, instances.get(*owner)?))) {
            let leads_there = join.by.iter().any(|by| *by == reference.attribute);
            let raw = if leads_there && join.by.len() == 1 { "" } else { reference.attribute.as_str() };
            let attribute = in_words_of(owner, raw)?;
            return Some(Piece::Reference(Reference { target: owner.id.clone(), attribute }));
        }
        let attribute = in_words_of(target, &reference.attribute)?;
        Some(Piece::Reference(Reference { target: target.id.clone(), attribute }))
    };
    let renamed = |instance: &Instance| {
        let mut attributes = instance.attributes.clone();
        references::each(&mut attributes, &rename);
        attributes
    };

    let mut lowered: Vec<Option<(Resource, Vec<Resource>)>> = Vec::with_capacity(instances.len());
    let mut additions: Vec<(usize, Map)> = Vec::new();
    for (instance, parts) in instances.iter().zip(&parts) {
        let ty = table_of(&instance.ty);
        if instance.data || ty.is_some_and(|t| t.ignored) {
            lowered.push(None);
            continue;
        }
        let attributes = renamed(instance);
        if parts.is_empty() {
            lowered.push(Some(alone(instance, attributes, ty)));
            continue;
        }
        for (join, owner) in parts {
            let mut map = part(&attributes, join, instance.span);
            if let Some(cond) = beyond(instance, instances.get(*owner)) {
                map = shape::under_condition(map, cond);
            }
            additions.push((*owner, map));
        }
        lowered.push(None);
    }
    for (owner, map) in additions {
        if let Some(Some((resource, _))) = lowered.get_mut(owner) {
            shape::merge(&mut resource.properties, map);
        }
    }
    lowered.into_iter().flatten().flat_map(|(first, more)| std::iter::once(first).chain(more)).collect()
}

/// The alias of a key that AWS keeps for the account, when a data source looks it up: every attribute of it names that key.
fn aws_key(data: &Instance) -> Option<Str> {
    let key = match data.ty.as_str() {
        "aws_kms_key" => "key_id",
        "aws_kms_alias" => "name",
        _ => return None,
    };
    data.attributes.get(key).and_then(Value::as_text).filter(|alias| alias.starts_with("alias/aws/"))
}

/// What stands for types without a table.
const UNKNOWN: Type = Type::new("", "");

/// Every table of every service.
fn tables() -> impl Iterator<Item = &'static Type> {
    let services: Vec<&'static [Type]> = vec![
        apigateway::TYPES,
        apigatewayv2::TYPES,
        appsync::TYPES,
        cloudfront::TYPES,
        cloudwatch::TYPES,
        cognito::TYPES,
        data::TYPES,
        dynamodb::TYPES,
        ecr::TYPES,
        ecs::TYPES,
        elb::TYPES,
        events::TYPES,
        iam::TYPES,
        iot::TYPES,
        kinesis::TYPES,
        kms::TYPES,
        lambda::TYPES,
        logs::TYPES,
        mail::TYPES,
        mq_msk::TYPES,
        network::TYPES,
        rds::TYPES,
        s3::TYPES,
        search::TYPES,
        secrets::TYPES,
        sns::TYPES,
        sqs::TYPES,
        states::TYPES,
        waf::TYPES,
    ];
    services.into_iter().flatten()
}

/// The table of a Terraform type.
fn table_of(ty: &str) -> Option<&'static Type> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Type>> =
        LazyLock::new(|| tables().map(|t| (t.terraform, t)).collect());
    BY_NAME.get(ty).copied()
}

/// An attribute in CloudFormation's words; `None` for what keeps Terraform's.
fn in_words_of(instance: &Instance, raw: &str) -> Option<Str> {
    match table_of(&instance.ty) {
        Some(ty) => Some(references::attribute(ty, raw)),
        None if instance.ty.starts_with("aws_") => Some(references::attribute(&UNKNOWN, raw)),
        None => None,
    }
}

/// The alias by which a data source reads a key, where the attribute names that key: as good as the key itself.
fn key_alias(source: &Instance, attribute: &str) -> Option<Str> {
    let by = match (source.ty.as_str(), attribute.trim_start_matches('.')) {
        ("aws_kms_key", "arn" | "id" | "key_id") => "key_id",
        ("aws_kms_alias", "arn" | "id" | "name" | "target_key_arn" | "target_key_id") => "name",
        _ => return None,
    };
    let alias = source.attributes.get(by)?.as_text()?;
    alias.starts_with("alias/").then_some(alias)
}

/// A resource of its own, and the parts of it that CloudFormation keeps in others.
fn alone(instance: &Instance, attributes: Map, ty: Option<&Type>) -> (Resource, Vec<Resource>) {
    let canonical = ty.map(|t| t.cloudformation).filter(|name| !name.is_empty());
    let mut resource = Resource {
        id: instance.id.clone(),
        logical_id: instance.address.clone(),
        ty: canonical.map_or(instance.ty.clone(), Str::new_static),
        declared_type: instance.ty.clone(),
        stack: 0,
        properties: Map::new(),
        attributes: Map::new(),
        condition: instance.condition.clone(),
        span: instance.span,
        made_from: None,
    };
    let Some(ty) = ty.filter(|t| !t.cloudformation.is_empty()) else {
        // A part whose owner is elsewhere: it says what it says of its owner, and who that is.
        resource.properties = match ty.and_then(|t| t.joins.first()) {
            Some(join) => {
                let mut map = part(&attributes, join, instance.span);
                for by in ty.into_iter().flat_map(|t| t.joins).flat_map(|join| join.by) {
                    if let Some(field) = attributes.field(by) {
                        map.insert_field(*by, field.clone());
                    }
                }
                map
            }
            None => attributes,
        };
        return (resource, Vec::new());
    };
    resource.properties = shape::properties(&attributes, ty.fields);
    if let Some(finish) = ty.finish {
        finish(&mut resource.properties);
    }
    let mut more: Vec<_> = ty.splits.iter().filter_map(|s| split(&mut resource, s)).collect();
    more.extend(repeat(&mut resource, ty.each));
    (resource, more)
}

/// What a part says, in the words of its owner.
fn part(attributes: &Map, join: &Join, span: Span) -> Map {
    let mut map = shape::properties(attributes, join.fields);
    if let Some(finish) = join.finish {
        finish(&mut map);
    }
    if join.under.is_empty() {
        return map;
    }
    let mut out = Map::new();
    shape::put(&mut out, join.under, Field { key: span, value: Value::map(map, span) });
    out
}

/// One resource for each item of a list but the first, which the resource itself keeps.
fn repeat(resource: &mut Resource, property: &'static str) -> Vec<Resource> {
    let few = |v: &Value| v.as_list().is_some_and(|items| (1..=shape::MAX_ENTRIES).contains(&items.len()));
    if !resource.properties.get(property).is_some_and(few) {
        return Vec::new();
    }
    let Some(Data::List(items)) = resource.properties.remove(property).map(|v| v.data) else {
        return Vec::new();
    };
    let base = resource.clone();
    let mut more = Vec::new();
    for (n, item) in items.into_iter().enumerate() {
        if n == 0 {
            resource.properties.insert(property, item);
            continue;
        }
        let suffix = format!("{}{}", property.to_ascii_lowercase(), n + 1);
        let mut next = base.clone();
        next.id = format!("{}.{suffix}", base.id).into();
        next.logical_id = format!("{}.{suffix}", base.logical_id).into();
        next.made_from = Some(base.logical_id.clone());
        next.properties.insert(property, item);
        more.push(next);
    }
    more
}

/// Takes a property out into a resource of its own.
fn split(resource: &mut Resource, split: &Split) -> Option<Resource> {
    let field =
        Field { key: resource.key_span(split.property), value: resource.properties.remove(split.property)? };
    let suffix = split.property.to_ascii_lowercase();
    let span = field.value.span;
    let mut properties = Map::new();
    let owner = Value::reference(Reference::attribute(resource.id.clone(), split.attribute), span);
    shape::put(&mut properties, split.owner, Field { key: span, value: owner });
    shape::put(&mut properties, split.to, field);
    Some(Resource {
        id: format!("{}.{suffix}", resource.id).into(),
        logical_id: format!("{}.{suffix}", resource.logical_id).into(),
        ty: Str::new_static(split.cloudformation),
        properties,
        attributes: Map::new(),
        span,
        made_from: Some(resource.logical_id.clone()),
        ..resource.clone()
    })
}

/// The condition under which a part exists, beyond that of its owner.
fn beyond<'a>(part: &'a Instance, owner: Option<&Instance>) -> Option<&'a Cond> {
    part.condition.as_ref().filter(|c| owner.and_then(|o| o.condition.as_ref()) != Some(*c))
}
