//! Where resources send on what they hold: destinations, dead-letter queues, replicas, origins, delivery streams.

use super::Linker;
use super::triggers::host;
use super::walk::{all, one};
use crate::document::document;
use tidegate_graph::{EdgeKind, NodeKind, Resource, Value};

pub(super) fn link(linker: &mut Linker, resource: &Resource) {
    match resource.ty.as_str() {
        "AWS::Lambda::Function" => function(linker, resource),
        "AWS::Lambda::EventInvokeConfig" => invoke_config(linker, resource),
        "AWS::SQS::Queue" => queue(linker, resource),
        "AWS::S3::Bucket" => bucket(linker, resource),
        "AWS::DynamoDB::Table" => table(linker, resource),
        "AWS::KinesisFirehose::DeliveryStream" => delivery_stream(linker, resource),
        "AWS::CloudFront::Distribution" => distribution(linker, resource),
        "AWS::Events::ApiDestination" => api_destination(linker, resource),
        "AWS::Glue::Job" | "AWS::Glue::Table" | "AWS::Glue::Crawler" => glue(linker, resource),
        "AWS::AppSync::DataSource" => data_source(linker, resource),
        "AWS::CloudTrail::Trail" => trail(linker, resource),
        "AWS::CloudWatch::Alarm" => alarm(linker, resource),
        "AWS::OSIS::Pipeline" => ingestion(linker, resource),
        "AWS::CloudWatch::MetricStream" => send(linker, resource, "FirehoseArn", "metric stream"),
        "AWS::RDS::EventSubscription" => send(linker, resource, "SnsTopicArn", "database events"),
        "AWS::Backup::BackupVault" => send(linker, resource, "Notifications.SNSTopicArn", "backup events"),
        _ => {}
    }
    images(linker, resource);
}

/// A service's own events: from its only resource, or from the service as such.
fn send(linker: &mut Linker, resource: &Resource, path: &str, evidence: &str) {
    let service = resource.ty.split("::").nth(1).unwrap_or_default().to_lowercase();
    for value in all(&resource.properties, path) {
        let own = linker.node(resource).or_else(|| linker.only_of_service(resource, &service));
        let from = own.unwrap_or_else(|| linker.external(&service, ""));
        linker.deliver(from, resource, value, evidence);
    }
}

/// An ingestion pipeline: what its configuration names as source and as sink.
fn ingestion(linker: &mut Linker, resource: &Resource) {
    let Some(pipeline) = linker.node(resource) else { return };
    for body in all(&resource.properties, "PipelineConfigurationBody").into_iter().filter_map(document) {
        let stages =
            body.as_map().into_iter().flat_map(tidegate_graph::Map::values).filter_map(Value::as_map);
        for stage in stages {
            if let Some(value) = stage.get("source") {
                let found = within(linker, resource, value);
                for from in found {
                    linker.edge(from, pipeline, EdgeKind::Reads, "pipeline source", value.span);
                }
            }
            if let Some(value) = stage.get("sink") {
                let found = within(linker, resource, value);
                for to in found {
                    let kind = super::delivery(linker.kind(to));
                    linker.edge(pipeline, to, kind, "pipeline sink", value.span);
                }
            }
        }
    }
}

/// Nodes that are named anywhere in a value, identities aside.
fn within(linker: &Linker, resource: &Resource, value: &Value) -> Vec<usize> {
    let mut found = Vec::new();
    value.walk(&mut |v| {
        if v.as_map().is_none() && v.as_list().is_none() {
            found.extend(linker.targets(resource, v, None).nodes);
        }
    });
    found.retain(|n| !matches!(linker.kind(*n), NodeKind::Identity | NodeKind::Secret));
    found
}

/// Container images: wherever code names a repository, it is the image that it runs.
fn images(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource).filter(|n| linker.kind(*n) == NodeKind::Function) else { return };
    let mut found = Vec::new();
    for value in resource.properties.values() {
        value.walk(&mut |v| {
            let name = v.as_str().filter(|t| t.contains(".dkr.ecr.")).map(image_name);
            if name.is_none() && v.as_str().is_some() || v.as_map().is_some() || v.as_list().is_some() {
                return;
            }
            let value = name.map_or_else(|| v.clone(), |name| Value::text(name, v.span));
            let targets = linker.targets(resource, &value, Some("ecr")).nodes;
            found.extend(targets.into_iter().map(|n| (n, v.span)));
        });
    }
    for (image, span) in found {
        if linker.kind(image) == NodeKind::Artifact && linker.service(image) == "ecr" {
            linker.edge(image, node, EdgeKind::Reads, "container image", span);
        }
    }
}

/// `orders` of `123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:latest`.
fn image_name(uri: &str) -> &str {
    let path = uri.split_once('/').map_or(uri, |(_, path)| path);
    path.split([':', '@']).next().unwrap_or(path)
}

fn function(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource) else { return };
    let properties = &resource.properties;
    for value in all(properties, "DeadLetterConfig.TargetArn") {
        linker.deliver(node, resource, value, "dead-letter queue");
    }
    for value in all(properties, "Layers") {
        for layer in linker.targets(resource, value, None).nodes {
            if linker.kind(layer) == NodeKind::Artifact {
                linker.edge(layer, node, EdgeKind::Reads, "layer", value.span);
            }
        }
    }
    for value in all(properties, "FileSystemConfigs.Arn") {
        for store in linker.named(resource, value, Some("elasticfilesystem")) {
            linker.edge(store, node, EdgeKind::Reads, "mounted file system", value.span);
            linker.edge(node, store, EdgeKind::Writes, "mounted file system", value.span);
        }
    }
}

fn invoke_config(linker: &mut Linker, resource: &Resource) {
    let properties = &resource.properties;
    for value in all(properties, "FunctionName") {
        for node in linker.named(resource, value, Some("lambda")) {
            for outcome in ["OnSuccess", "OnFailure"] {
                for value in all(properties, &format!("DestinationConfig.{outcome}.Destination")) {
                    linker.deliver(node, resource, value, "destination of asynchronous invocations");
                }
            }
        }
    }
}

fn queue(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource) else { return };
    for policy in all(&resource.properties, "RedrivePolicy").iter().filter_map(|v| document(v)) {
        if let Some(value) = policy.get("deadLetterTargetArn") {
            linker.deliver(node, resource, value, "dead-letter queue");
        }
    }
}

fn bucket(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource) else { return };
    for value in all(&resource.properties, "ReplicationConfiguration.Rules.Destination.Bucket") {
        for to in linker.named(resource, value, Some("s3")) {
            linker.edge(node, to, EdgeKind::Writes, "replication", value.span);
        }
    }
}

fn table(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource) else { return };
    for value in all(&resource.properties, "KinesisStreamSpecification.StreamArn") {
        linker.deliver(node, resource, value, "table changes");
    }
}

fn delivery_stream(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource) else { return };
    let properties = &resource.properties;
    for value in all(properties, "KinesisStreamSourceConfiguration.KinesisStreamARN") {
        for from in linker.named(resource, value, Some("kinesis")) {
            linker.edge(from, node, EdgeKind::Publishes, "delivery stream source", value.span);
        }
    }
    for value in all(properties, "MSKSourceConfiguration.MSKClusterARN") {
        for from in linker.named(resource, value, Some("kafka")) {
            linker.edge(from, node, EdgeKind::Publishes, "delivery stream source", value.span);
        }
    }
    for (name, value) in properties.iter().filter(|(name, _)| name.ends_with("DestinationConfiguration")) {
        let mut found = Vec::new();
        value.walk(&mut |v| {
            for key in ["BucketARN", "DomainARN", "CollectionEndpoint", "ParameterValue", "TableARN"] {
                if let Some(value) = v.get(key) {
                    found.extend(
                        linker.targets(resource, value, None).nodes.into_iter().map(|n| (n, value.span)),
                    );
                }
            }
        });
        for (to, span) in found {
            let kind = match linker.kind(to) {
                NodeKind::Function => EdgeKind::Invokes,
                kind => super::delivery(kind),
            };
            linker.edge(node, to, kind, name.to_string(), span);
        }
    }
}

fn distribution(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource) else { return };
    for value in all(&resource.properties, "DistributionConfig.Origins.DomainName") {
        let targets = linker.targets(resource, value, None).nodes;
        for to in &targets {
            match linker.kind(*to) {
                NodeKind::Store => linker.edge(*to, node, EdgeKind::Reads, "origin", value.span),
                NodeKind::Function => linker.edge(node, *to, EdgeKind::Triggers, "origin", value.span),
                _ => linker.edge(node, *to, EdgeKind::Invokes, "origin", value.span),
            }
        }
        if targets.is_empty() {
            let to = linker.external("http", &host(&value.display()));
            linker.edge(node, to, EdgeKind::Egress, "origin", value.span);
        }
    }
    let mut edge_functions = Vec::new();
    for value in all(&resource.properties, "DistributionConfig") {
        value.walk(&mut |v| {
            if let Some(value) = v.get("LambdaFunctionARN") {
                edge_functions.extend(
                    linker
                        .targets(resource, value, Some("lambda"))
                        .nodes
                        .into_iter()
                        .map(|n| (n, value.span)),
                );
            }
        });
    }
    for (to, span) in edge_functions {
        linker.edge(node, to, EdgeKind::Triggers, "function at the edge", span);
    }
}

fn api_destination(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource) else { return };
    for value in all(&resource.properties, "InvocationEndpoint") {
        for to in linker.targets(resource, value, None).nodes {
            linker.edge(node, to, EdgeKind::Invokes, "API destination", value.span);
        }
    }
}

/// Glue speaks of buckets and tables in free-form arguments.
fn glue(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource) else { return };
    let mut found = Vec::new();
    for value in resource.properties.values() {
        value.walk(&mut |v| {
            if v.as_map().is_none() && v.as_list().is_none() {
                found.extend(linker.targets(resource, v, None).nodes.into_iter().map(|n| (n, v.span)));
            }
        });
    }
    for (store, span) in found {
        if store != node && matches!(linker.kind(store), NodeKind::Store) {
            linker.edge(store, node, EdgeKind::Reads, "data location", span);
        }
    }
}

fn data_source(linker: &mut Linker, resource: &Resource) {
    let Some(api) = linker.node(resource) else { return };
    let properties = &resource.properties;
    for value in all(properties, "LambdaConfig.LambdaFunctionArn")
        .into_iter()
        .chain(all(properties, "EventBridgeConfig.EventBusArn"))
    {
        linker.deliver(api, resource, value, "data source");
    }
    for value in all(properties, "DynamoDBConfig.TableName") {
        for to in linker.named(resource, value, Some("dynamodb")) {
            linker.edge(api, to, EdgeKind::Writes, "data source", value.span);
            linker.edge(to, api, EdgeKind::Reads, "data source", value.span);
        }
    }
    for path in [
        "RelationalDatabaseConfig.RdsHttpEndpointConfig.DbClusterIdentifier",
        "OpenSearchServiceConfig.Endpoint",
    ] {
        for value in all(properties, path) {
            for to in linker.targets(resource, value, None).nodes {
                linker.edge(api, to, EdgeKind::Invokes, "data source", value.span);
            }
        }
    }
    if let Some(value) = one(properties, "HttpConfig.Endpoint") {
        let host = host(&value.display());
        let named = linker.targets(resource, value, None).nodes.first().copied();
        let to = named.unwrap_or_else(|| match aws_service(&host) {
            Some(service) => {
                linker.only_of_service(resource, service).unwrap_or_else(|| linker.external(service, ""))
            }
            None => linker.external("http", &host),
        });
        let kind = if linker.kind(to) == NodeKind::External { EdgeKind::Egress } else { EdgeKind::Invokes };
        linker.edge(api, to, kind, "data source", value.span);
    }
}

/// The service behind an endpoint of AWS: `sync-states.eu-west-1.amazonaws.com` is `states`.
fn aws_service(host: &str) -> Option<&str> {
    let (label, rest) = host.split_once('.')?;
    let aws = rest.contains("amazonaws.com") || rest.contains("${AWS::URLSuffix}");
    let service = super::routes::iam_prefix(label);
    (aws && service.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')).then_some(service)
}

fn trail(linker: &mut Linker, resource: &Resource) {
    let Some(node) = linker.node(resource) else { return };
    for value in all(&resource.properties, "S3BucketName") {
        for to in linker.named(resource, value, Some("s3")) {
            linker.edge(node, to, EdgeKind::Writes, "trail", value.span);
        }
    }
}

fn alarm(linker: &mut Linker, resource: &Resource) {
    let Some(from) = linker.node(resource) else { return };
    for value in ["AlarmActions", "OKActions"].iter().flat_map(|path| all(&resource.properties, path)) {
        for to in linker.targets(resource, value, None).nodes {
            let kind = super::delivery(linker.kind(to));
            linker.edge(from, to, kind, "alarm action", value.span);
        }
    }
}

/// Values of environment variables, wherever this type of resource keeps them.
pub(super) fn environment(resource: &Resource) -> Vec<&Value> {
    let paths: &[&str] = match resource.ty.as_str() {
        "AWS::Lambda::Function" => &["Environment.Variables"],
        "AWS::ECS::TaskDefinition" => {
            &["ContainerDefinitions.Environment.Value", "ContainerDefinitions.Secrets.ValueFrom"]
        }
        "AWS::Glue::Job" => &["DefaultArguments"],
        "AWS::CodeBuild::Project" => &["Environment.EnvironmentVariables.Value"],
        "AWS::AppRunner::Service" => {
            &["SourceConfiguration.ImageRepository.ImageConfiguration.RuntimeEnvironmentVariables.Value"]
        }
        "AWS::BedrockAgentCore::Runtime" => &["EnvironmentVariables"],
        "AWS::EC2::Instance" => &["UserData"],
        _ => &[],
    };
    let mut out = Vec::new();
    for value in paths.iter().flat_map(|path| all(&resource.properties, path)) {
        value.walk(&mut |v| {
            if v.as_map().is_none() && v.as_list().is_none() {
                out.push(v);
            }
        });
    }
    out
}
