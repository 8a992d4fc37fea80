//! Event source mappings: queues, streams, Kafka, message brokers.

use super::{Event, filters};
use crate::serverless::service::{Function, Service};
use crate::serverless::{names, raw};
use tidegate_graph::{Span, Value};

const OPTIONS: &[(&str, &str)] = &[
    ("batchSize", "BatchSize"),
    ("batchWindow", "MaximumBatchingWindowInSeconds"),
    ("maximumBatchingWindow", "MaximumBatchingWindowInSeconds"),
    ("enabled", "Enabled"),
    ("startingPosition", "StartingPosition"),
    ("startingPositionTimestamp", "StartingPositionTimestamp"),
    ("maximumRetryAttempts", "MaximumRetryAttempts"),
    ("maximumRecordAgeInSeconds", "MaximumRecordAgeInSeconds"),
    ("parallelizationFactor", "ParallelizationFactor"),
    ("bisectBatchOnFunctionError", "BisectBatchOnFunctionError"),
    ("tumblingWindowInSeconds", "TumblingWindowInSeconds"),
];

fn mapping(
    service: &mut Service,
    function: &Function,
    event: &Event,
    suffix: &str,
    mut properties: Vec<(&'static str, Value)>,
) {
    properties.push(("FunctionName", function.target.clone()));
    properties.extend(event.pick(OPTIONS));
    properties.extend(filters(event));
    if let Some(kind) = event.get("functionResponseType") {
        let kinds = kind.items().to_vec();
        properties.push(("FunctionResponseTypes", Value::list(kinds, kind.span)));
    }
    let id = format!("{}EventSourceMapping{suffix}", function.prefix);
    service.add(id, "AWS::Lambda::EventSourceMapping", Some(&function.id), properties, event.span);
}

pub(super) fn sqs(service: &mut Service, function: &Function, event: &Event, statements: &mut Vec<Value>) {
    let Some(arn) = event.main("arn").cloned() else { return };
    let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    statements.push(raw::allow(&actions, arn.clone(), arn.span));
    let suffix = format!("SQS{}", names::of_arn(&arn, 0));
    let mut properties = vec![("EventSourceArn", arn)];
    if let Some(most) = event.get("maximumConcurrency") {
        properties.push(("ScalingConfig", Value::object([("MaximumConcurrency", most.clone())], most.span)));
    }
    mapping(service, function, event, &suffix, properties);
}

pub(super) fn stream(service: &mut Service, function: &Function, event: &Event, statements: &mut Vec<Value>) {
    let Some(arn) = event.main("arn").cloned() else { return };
    let span = arn.span;
    let text: String = arn.pieces().iter().map(tidegate_graph::Piece::display).collect();
    let kind = event.get("type").and_then(Value::as_text);
    let dynamo = match kind.as_deref() {
        Some(kind) => kind == "dynamodb",
        None => text.contains(":dynamodb:"),
    };
    let name = names::of_arn(&arn, 1);
    let failed = event.get("destinations").and_then(|d| d.get("onFailure")).cloned();
    let mut properties = Vec::new();
    if let Some(failed) = failed {
        let destination = failed.get("arn").cloned().unwrap_or(failed);
        let text: String = destination.pieces().iter().map(tidegate_graph::Piece::display).collect();
        let queue = text.contains(":sqs:")
            || event.get("destinations").and_then(|d| d.get("onFailure")?.get("type")?.as_text()).as_deref()
                == Some("sqs");
        let action = if queue { "sqs:SendMessage" } else { "sns:Publish" };
        statements.push(raw::allow(&[action], destination.clone(), destination.span));
        let side = Value::object([("Destination", destination)], span);
        properties.push(("DestinationConfig", Value::object([("OnFailure", side)], span)));
    }
    if event.get("startingPosition").is_none() {
        properties.push(("StartingPosition", Value::text("TRIM_HORIZON", span)));
    }
    if dynamo {
        let actions = [
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:DescribeStream",
            "dynamodb:ListStreams",
        ];
        statements.push(raw::allow(&actions, arn.clone(), span));
        properties.push(("EventSourceArn", arn));
        return mapping(service, function, event, &format!("Dynamodb{name}"), properties);
    }
    let actions = [
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:DescribeStreamSummary",
        "kinesis:ListShards",
    ];
    statements.push(raw::allow(&actions, arn.clone(), span));
    let source = match event.get("consumer") {
        Some(consumer) if consumer.as_bool() != Some(false) => {
            let source = consumer_of(service, function, &name, consumer, &arn, span);
            statements.push(raw::allow(&["kinesis:SubscribeToShard"], source.clone(), span));
            source
        }
        _ => arn,
    };
    properties.push(("EventSourceArn", source));
    mapping(service, function, event, &format!("Kinesis{name}"), properties);
}

/// A consumer given by ARN, or one of its own.
fn consumer_of(
    service: &mut Service,
    function: &Function,
    name: &str,
    consumer: &Value,
    stream: &Value,
    span: Span,
) -> Value {
    if consumer.as_bool() != Some(true) {
        return consumer.clone();
    }
    let id = format!("{}{name}StreamConsumer", function.prefix);
    let label = Value::text(format!("{}{name}Consumer", function.key), span);
    let properties = [("StreamARN", stream.clone()), ("ConsumerName", label)];
    service.add(id.clone(), "AWS::Kinesis::StreamConsumer", Some(&function.id), properties, span);
    raw::refer(&id, span)
}

fn topics(event: &Event) -> (String, Vec<(&'static str, Value)>) {
    let topic = event.get("topic").cloned().unwrap_or_else(|| Value::text("", event.span));
    let name = names::alphanumeric(&topic.display());
    (name, vec![("Topics", Value::list(vec![topic], event.span))])
}

pub(super) fn msk(service: &mut Service, function: &Function, event: &Event, statements: &mut Vec<Value>) {
    let Some(arn) = event.get("arn").cloned() else { return };
    let span = arn.span;
    let (topic, mut properties) = topics(event);
    statements.push(raw::allow(&["kafka:DescribeCluster", "kafka:GetBootstrapBrokers"], arn.clone(), span));
    network(statements, span);
    let suffix = format!("MSK{}{topic}", names::of_arn(&arn, 1));
    if event.get("startingPosition").is_none() {
        properties.push(("StartingPosition", Value::text("TRIM_HORIZON", span)));
    }
    if let Some(secret) = event.get("saslScram512") {
        properties.push(("SourceAccessConfigurations", access(&[("SASL_SCRAM_512_AUTH", secret)], span)));
    }
    properties.push(("EventSourceArn", arn));
    mapping(service, function, event, &suffix, properties);
}

pub(super) fn kafka(service: &mut Service, function: &Function, event: &Event, statements: &mut Vec<Value>) {
    let span = event.span;
    let (topic, mut properties) = topics(event);
    let mut configurations = Vec::new();
    const KINDS: &[(&str, &str)] = &[
        ("saslScram256Auth", "SASL_SCRAM_256_AUTH"),
        ("saslScram512Auth", "SASL_SCRAM_512_AUTH"),
        ("saslPlainAuth", "BASIC_AUTH"),
        ("clientCertificateTlsAuth", "CLIENT_CERTIFICATE_TLS_AUTH"),
        ("serverRootCaCertificate", "SERVER_ROOT_CA_CERTIFICATE"),
        ("vpcSubnet", "VPC_SUBNET"),
        ("vpcSecurityGroup", "VPC_SECURITY_GROUP"),
    ];
    for (key, kind) in KINDS {
        let values = event.get("accessConfigurations").and_then(|a| a.get(key));
        for value in values.map(Value::items).unwrap_or_default() {
            if !kind.starts_with("VPC") {
                statements.push(raw::allow(&["secretsmanager:GetSecretValue"], value.clone(), value.span));
            }
            configurations.push((*kind, value));
        }
    }
    network(statements, span);
    properties.push(("SourceAccessConfigurations", access(&configurations, span)));
    if let Some(servers) = event.get("bootstrapServers") {
        let endpoints = Value::object([("KafkaBootstrapServers", servers.clone())], servers.span);
        properties.push(("SelfManagedEventSource", Value::object([("Endpoints", endpoints)], servers.span)));
    }
    if event.get("startingPosition").is_none() {
        properties.push(("StartingPosition", Value::text("TRIM_HORIZON", span)));
    }
    mapping(service, function, event, &format!("Kafka{topic}"), properties);
}

pub(super) fn mq(
    service: &mut Service,
    function: &Function,
    event: &Event,
    statements: &mut Vec<Value>,
    kind: &str,
) {
    let span = event.span;
    let Some(arn) = event.get("arn").cloned() else { return };
    let queue = event.get("queue").cloned().unwrap_or_else(|| Value::text("", span));
    let suffix = format!("{kind}{}", names::alphanumeric(&queue.display()));
    statements.push(raw::allow(&["mq:DescribeBroker"], arn.clone(), span));
    network(statements, span);
    let mut properties = vec![("EventSourceArn", arn), ("Queues", Value::list(vec![queue], span))];
    let mut configurations = Vec::new();
    if let Some(secret) = event.get("basicAuthArn") {
        statements.push(raw::allow(&["secretsmanager:GetSecretValue"], secret.clone(), secret.span));
        configurations.push(("BASIC_AUTH", secret));
    }
    configurations.extend(event.get("virtualHost").map(|host| ("VIRTUAL_HOST", host)));
    properties.push(("SourceAccessConfigurations", access(&configurations, span)));
    mapping(service, function, event, &suffix, properties);
}

fn access(configurations: &[(&'static str, &Value)], span: Span) -> Value {
    let one = |(kind, uri): &(&'static str, &Value)| {
        Value::object([("Type", Value::text(*kind, span)), ("URI", (*uri).clone())], span)
    };
    Value::list(configurations.iter().map(one).collect(), span)
}

fn network(statements: &mut Vec<Value>, span: Span) {
    let actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeVpcs",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
    ];
    statements.push(raw::allow(&actions, Value::text("*", span), span));
}
