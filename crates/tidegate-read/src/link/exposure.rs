//! Who can reach a node from outside.

use super::Linker;
use super::walk::{all, one};
use crate::document::document;
use crate::openapi::{self, Operation, Scheme};
use tidegate_graph::policy::{self, Statement};
use tidegate_graph::{EdgeKind, Exposure, Map, Resource, Value, World};

pub(super) fn expose(linker: &mut Linker) {
    let system = linker.system;
    for resource in system.resources() {
        let properties = &resource.properties;
        match resource.ty.as_str() {
            "AWS::Lambda::Url" => raise(linker, resource, of_auth_type(one(properties, "AuthType"))),
            "AWS::ApiGateway::Method" => raise(linker, resource, of_method(properties)),
            "AWS::ApiGatewayV2::Route" => {
                raise(linker, resource, of_auth_type(one(properties, "AuthorizationType")));
            }
            "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api" => api(linker, resource),
            "AWS::AppSync::GraphQLApi" => {
                let exposure = match one(properties, "AuthenticationType").and_then(Value::as_str) {
                    Some("API_KEY") | None => Exposure::Anonymous,
                    Some("AWS_IAM") => Exposure::Account,
                    Some(_) => Exposure::Authenticated,
                };
                raise(linker, resource, exposure);
            }
            "AWS::CloudFront::Distribution" => raise(linker, resource, Exposure::Anonymous),
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
                let internal = one(properties, "Scheme").and_then(Value::as_str) == Some("internal");
                raise(linker, resource, if internal { Exposure::Internal } else { Exposure::Anonymous });
            }
            "AWS::Transfer::Server" => raise(linker, resource, Exposure::Authenticated),
            "AWS::S3::Bucket"
                if all(properties, "AccessControl")
                    .iter()
                    .any(|v| v.as_str().is_some_and(|t| t.starts_with("PublicRead"))) =>
            {
                raise(linker, resource, Exposure::Anonymous);
            }
            "AWS::SQS::QueuePolicy" => resource_policy(linker, resource, "PolicyDocument", "Queues", "sqs"),
            "AWS::SNS::TopicPolicy" => resource_policy(linker, resource, "PolicyDocument", "Topics", "sns"),
            "AWS::S3::BucketPolicy" => resource_policy(linker, resource, "PolicyDocument", "Bucket", "s3"),
            "AWS::SecretsManager::ResourcePolicy" => {
                resource_policy(linker, resource, "ResourcePolicy", "SecretId", "secretsmanager");
            }
            "AWS::Kinesis::ResourcePolicy" => {
                resource_policy(linker, resource, "ResourcePolicy", "ResourceArn", "kinesis");
            }
            "AWS::Events::EventBusPolicy" => bus_policy(linker, resource),
            "AWS::KMS::Key" => own_policy(linker, resource, "KeyPolicy"),
            "AWS::DynamoDB::Table" => own_policy(linker, resource, "ResourcePolicy.PolicyDocument"),
            "AWS::Lambda::Permission" => permission(linker, resource),
            "OpenAPI::Api" => {
                let open = one(properties, "Anonymous").and_then(Value::as_bool) == Some(true);
                raise(linker, resource, if open { Exposure::Anonymous } else { Exposure::Authenticated });
            }
            _ => {}
        }
    }
    // At the end, because methods may stand behind their API in the file.
    hide_private(linker);
}

fn raise(linker: &mut Linker, resource: &Resource, exposure: Exposure) {
    if let Some(node) = linker.node(resource) {
        raise_node(linker, node, exposure);
    }
}

pub(super) fn raise_node(linker: &mut Linker, node: usize, exposure: Exposure) {
    if let Some(node) = linker.graph.node_mut(node) {
        node.exposure = node.exposure.max(exposure);
    }
}

/// `AuthType`, `AuthorizationType`: `NONE` or absent is open; unknown is not taken for safe.
fn of_auth_type(value: Option<&Value>) -> Exposure {
    match value.map(Value::as_str) {
        Some(Some("AWS_IAM")) => Exposure::Account,
        Some(Some("NONE")) | None | Some(None) => Exposure::Anonymous,
        Some(Some(_)) => Exposure::Authenticated,
    }
}

fn of_method(properties: &Map) -> Exposure {
    if one(properties, "HttpMethod").and_then(Value::as_str) == Some("OPTIONS") {
        return Exposure::Internal;
    }
    let keyed = one(properties, "ApiKeyRequired").and_then(Value::as_bool) == Some(true);
    match of_auth_type(one(properties, "AuthorizationType")) {
        Exposure::Anonymous if keyed => Exposure::Authenticated,
        exposure => exposure,
    }
}

fn api(linker: &mut Linker, resource: &Resource) {
    for body in all(&resource.properties, "Body").into_iter().filter_map(document) {
        for exposure in operations(&body) {
            raise(linker, resource, exposure);
        }
    }
}

/// A private API can't be reached from outside, whatever its methods say.
fn hide_private(linker: &mut Linker) {
    for api in linker.system.of_type("AWS::ApiGateway::RestApi") {
        let types = all(&api.properties, "EndpointConfiguration.Types");
        let private = types.iter().any(|t| t.as_str() == Some("PRIVATE"));
        if private && let Some(node) = linker.node(api).and_then(|n| linker.graph.node_mut(n)) {
            node.exposure = Exposure::Account;
        }
    }
}

/// Exposure of each operation of an API body.
fn operations(body: &Value) -> Vec<Exposure> {
    let exposure = |operation: &Operation| {
        // SAM writes `NONE` for a route that opts out of the default authorizer.
        let opted_out = operation.security.iter().flatten().any(|r| r.name == "NONE");
        let iam = operation.security.iter().flatten().any(|r| r.scheme == Scheme::Iam);
        match () {
            () if operation.method == "OPTIONS" => Exposure::Internal,
            () if operation.is_open() || opted_out => Exposure::Anonymous,
            () if iam => Exposure::Account,
            () => Exposure::Authenticated,
        }
    };
    openapi::operations(body).iter().map(exposure).collect()
}

fn resource_policy(
    linker: &mut Linker,
    resource: &Resource,
    document_at: &str,
    subjects: &str,
    service: &str,
) {
    let subjects: Vec<usize> = all(&resource.properties, subjects)
        .into_iter()
        .flat_map(|v| linker.targets(resource, v, Some(service)).nodes)
        .collect();
    for document in all(&resource.properties, document_at).into_iter().filter_map(document) {
        for subject in &subjects {
            apply(linker, resource, *subject, &document);
        }
    }
}

fn own_policy(linker: &mut Linker, resource: &Resource, document_at: &str) {
    let Some(node) = linker.node(resource) else { return };
    for document in all(&resource.properties, document_at).into_iter().filter_map(document) {
        apply(linker, resource, node, &document);
    }
}

fn bus_policy(linker: &mut Linker, resource: &Resource) {
    let properties = &resource.properties;
    let mut buses: Vec<usize> = all(properties, "EventBusName")
        .into_iter()
        .flat_map(|v| linker.targets(resource, v, Some("events")).nodes)
        .collect();
    if buses.is_empty() {
        buses.push(linker.default_bus());
    }
    for bus in buses {
        for statement in all(properties, "Statement").into_iter().filter_map(document) {
            let policy =
                Value::object([("Statement", Value::list(vec![statement], resource.span))], resource.span);
            apply(linker, resource, bus, &policy);
        }
        match one(properties, "Principal").and_then(Value::as_text).as_deref() {
            Some("*") if !properties.contains_key("Condition") => {
                raise_node(linker, bus, Exposure::Anonymous);
            }
            Some(_) => raise_node(linker, bus, Exposure::CrossAccount),
            None => {}
        }
    }
}

fn permission(linker: &mut Linker, resource: &Resource) {
    let properties = &resource.properties;
    let Some(principal) = one(properties, "Principal").and_then(Value::as_text) else { return };
    let nodes: Vec<usize> = all(properties, "FunctionName")
        .into_iter()
        .flat_map(|v| linker.targets(resource, v, Some("lambda")).nodes)
        .collect();
    let narrowed =
        ["SourceArn", "SourceAccount", "PrincipalOrgID"].iter().any(|k| properties.contains_key(k));
    let iam_url = one(properties, "FunctionUrlAuthType").and_then(Value::as_str) == Some("AWS_IAM");
    for node in nodes {
        match principal.as_str() {
            "*" if !narrowed && !iam_url => raise_node(linker, node, Exposure::Anonymous),
            text if text.chars().all(|c| c.is_ascii_digit()) && text.len() == 12
                || text.starts_with("arn:") =>
            {
                raise_node(linker, node, Exposure::CrossAccount);
            }
            _ => {}
        }
    }
}

/// Exposure and trust that a policy gives to its subject, over both sides of free conditions.
fn apply(linker: &mut Linker, resource: &Resource, subject: usize, document: &Value) {
    let mut exposure = Exposure::Internal;
    let mut trusted: Vec<Value> = Vec::new();
    for (_, found) in World::explore(&linker.system.variables, |world| of_policy(world, document)) {
        exposure = exposure.max(found.0);
        trusted.extend(found.1);
    }
    raise_node(linker, subject, exposure);
    for value in trusted {
        for principal in super::identities::principals(linker, resource, &value) {
            linker.edge(subject, principal, EdgeKind::Trusts, "resource policy", value.span);
        }
    }
}

fn of_policy(world: &World, document: &Value) -> (Exposure, Vec<Value>) {
    let mut exposure = Exposure::Internal;
    let mut trusted = Vec::new();
    for statement in policy::statements(world, document).iter().filter(|s| s.allows()) {
        for principal in &statement.principals {
            if principal.is_anyone() {
                exposure = exposure.max(if is_narrowed(world, statement) {
                    Exposure::CrossAccount
                } else {
                    Exposure::Anonymous
                });
            } else if principal.kind == "AWS" || principal.kind == "Federated" {
                trusted.push(principal.value.clone());
            }
        }
    }
    (exposure, trusted)
}

/// True if a condition ties the caller to an account, organisation, network or source.
fn is_narrowed(world: &World, statement: &Statement) -> bool {
    const KEYS: [&str; 12] = [
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourcearn",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:sourcevpce",
        "aws:sourcevpc",
        "aws:sourceip",
        "aws:sourceowner",
        "kms:calleraccount",
    ];
    statement.condition_keys(world).iter().any(|(operator, key, _)| {
        !operator.contains("Not")
            && !operator.ends_with("IfExists")
            && !operator.starts_with("ForAllValues")
            && KEYS.contains(&key.to_ascii_lowercase().as_str())
    })
}
