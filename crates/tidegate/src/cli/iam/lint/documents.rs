//! A policy by itself as the resource that it would be in a template, so that every rule on policies sees it.

use std::path::Path;
use tidegate_graph::{Data, Map, Resource, Span, Stack, Str, System, Value};
use tidegate_iam::json::Broken;
use tidegate_iam::lint::Kind;

/// What a JSON file holds.
pub(super) enum Json {
    Value(Value),
    Broken(String, Broken),
}

/// Services whose resources have a policy, with type and property.
const OWNERS: &[(&str, &str, &str)] = &[
    ("dynamodb", "AWS::DynamoDB::Table", "ResourcePolicy"),
    ("es", "AWS::OpenSearchService::Domain", "AccessPolicies"),
    ("execute-api", "AWS::ApiGateway::RestApi", "Policy"),
    ("kinesis", "AWS::Kinesis::ResourcePolicy", "ResourcePolicy"),
    ("kms", "AWS::KMS::Key", "KeyPolicy"),
    ("s3", "AWS::S3::BucketPolicy", "PolicyDocument"),
    ("secretsmanager", "AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),
    ("sns", "AWS::SNS::TopicPolicy", "PolicyDocument"),
    ("sqs", "AWS::SQS::QueuePolicy", "PolicyDocument"),
];

/// Adds a document under the name of its file.
pub(super) fn add(system: &mut System, path: &str, json: Json, kind: Kind) {
    let stack = stack(system, path);
    let stem = Path::new(path).file_stem().map_or_else(|| path.into(), |s| s.to_string_lossy().into_owned());
    let document = match json {
        Json::Value(value) => value,
        // What is no JSON stays text: the rule on the grammar says why.
        Json::Broken(text, broken) => Value::text(text, broken.span),
    };
    let span = Span { end: document.span.start.saturating_add(1).min(document.span.end), ..document.span };
    let (ty, property) = match kind {
        Kind::Identity => ("AWS::IAM::ManagedPolicy", "PolicyDocument"),
        Kind::Trust => ("AWS::IAM::Role", "AssumeRolePolicyDocument"),
        Kind::ServiceControl | Kind::ResourceControl => ("AWS::Organizations::Policy", "Content"),
        Kind::Resource => owner(&document),
    };
    let mut properties = Map::new();
    let document = match ty {
        "AWS::DynamoDB::Table" => Value::object([("PolicyDocument", document)], span),
        _ => document,
    };
    properties.insert(property, document);
    match kind {
        Kind::ServiceControl => drop(properties.insert("Type", Value::text("SERVICE_CONTROL_POLICY", span))),
        Kind::ResourceControl => {
            drop(properties.insert("Type", Value::text("RESOURCE_CONTROL_POLICY", span)));
        }
        Kind::Identity => {
            properties.insert("ManagedPolicyName", Value::text(stem.as_str(), span));
            // Some questions are about what someone has in all: someone who has this.
            let mut holder = Map::new();
            holder.insert("ManagedPolicyArns", Value::list(vec![Value::text(arn(&stem), span)], span));
            system.add(resource(stack, path, &format!("{stem} (holder)"), "AWS::IAM::Role", holder, span));
        }
        _ => {}
    }
    system.add(resource(stack, path, &stem, ty, properties, span));
}

/// An own stack for a file.
pub(super) fn stack(system: &mut System, path: &str) -> usize {
    system.stacks.push(Stack { name: path.into(), format: "policy", path: path.into() });
    system.stacks.len() - 1
}

pub(super) fn resource(
    stack: usize,
    path: &str,
    name: &str,
    ty: &str,
    properties: Map,
    span: Span,
) -> Resource {
    Resource {
        id: format!("{path}/{name}").into(),
        logical_id: name.into(),
        ty: ty.into(),
        declared_type: ty.into(),
        stack,
        properties,
        attributes: Map::new(),
        condition: None,
        span,
        made_from: None,
    }
}

/// How a policy without account is named.
fn arn(name: &str) -> Str {
    format!("arn:aws:iam::000000000000:policy/{name}").into()
}

/// The kind of resource whose policy this is, by the first action that tells.
fn owner(document: &Value) -> (&'static str, &'static str) {
    let statements = document.get("Statement").map(Value::items).unwrap_or_default();
    let actions = statements.iter().filter_map(|s| s.get("Action").or_else(|| s.get("NotAction")));
    let services = actions.flat_map(Value::items).filter_map(|a| match &a.data {
        Data::Text(text) => text.split_once(':').map(|(service, _)| service.to_ascii_lowercase()),
        _ => None,
    });
    let found = services.into_iter().find_map(|s| OWNERS.iter().find(|(own, ..)| *own == s));
    found.map_or(("AWS::ECR::Repository", "RepositoryPolicyText"), |(_, ty, property)| (ty, property))
}
