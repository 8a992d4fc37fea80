//! EventBridge: buses, rules, targets, API destinations, pipes, schedules, schemas.

use super::table::{Field, Join, Type, document, keep, many, object, omit, one, to, words};
use tidegate_graph::{Data, Field as Entry, Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_cloudwatch_event_bus", "AWS::Events::EventBus")
        .names(&["name", "arn"])
        .attributes(&[("name", "")])
        .fields(&[one("dead_letter_config", "DeadLetterConfig"), one("log_config", "LogConfig")]),
    Type::new("aws_cloudwatch_event_rule", "AWS::Events::Rule")
        .names(&["name"])
        .attributes(&[("name", "")])
        .fields(&[document("event_pattern", "EventPattern"), omit("force_destroy"), omit("name_prefix")])
        .finish(rule),
    Type::part(
        "aws_cloudwatch_event_target",
        &[Join::new("aws_cloudwatch_event_rule", &["rule"]).fields(TARGET).under("Targets[]")],
    ),
    Type::new("aws_cloudwatch_event_bus_policy", "AWS::Events::EventBusPolicy")
        .fields(&[document("policy", "Statement")])
        .finish(statements)
        .each("Statement"),
    Type::new("aws_cloudwatch_event_permission", "AWS::Events::EventBusPolicy")
        .fields(&[one("condition", "Condition")])
        .finish(permission),
    Type::new("aws_cloudwatch_event_archive", "AWS::Events::Archive").attributes(&[("name", "")]).fields(&[
        to("name", "ArchiveName"),
        to("event_source_arn", "SourceArn"),
        document("event_pattern", "EventPattern"),
    ]),
    Type::new("aws_cloudwatch_event_api_destination", "AWS::Events::ApiDestination")
        .names(&["name"])
        .attributes(&[("name", "")]),
    Type::new("aws_cloudwatch_event_connection", "AWS::Events::Connection")
        .names(&["name"])
        .attributes(&[("name", ""), ("secret_arn", "SecretArn")])
        .fields(CONNECTION),
    Type::new("aws_cloudwatch_event_endpoint", "AWS::Events::Endpoint").fields(&[
        many("event_bus", "EventBuses"),
        one("replication_config", "ReplicationConfig"),
        one("routing_config", "RoutingConfig"),
    ]),
    Type::new("aws_pipes_pipe", "AWS::Pipes::Pipe").names(&["name"]).attributes(&[("name", "")]).fields(PIPE),
    Type::new("aws_scheduler_schedule", "AWS::Scheduler::Schedule")
        .attributes(&[("name", "")])
        .fields(SCHEDULE),
    Type::new("aws_scheduler_schedule_group", "AWS::Scheduler::ScheduleGroup").attributes(&[("name", "")]),
    Type::new("aws_schemas_registry", "AWS::EventSchemas::Registry")
        .attributes(&[("name", "RegistryName")])
        .fields(&[to("name", "RegistryName")]),
    Type::new("aws_schemas_schema", "AWS::EventSchemas::Schema")
        .attributes(&[("name", "SchemaName")])
        .fields(&[to("name", "SchemaName"), document("content", "Content")]),
    Type::new("aws_schemas_discoverer", "AWS::EventSchemas::Discoverer"),
    Type::new("aws_schemas_registry_policy", "AWS::EventSchemas::RegistryPolicy")
        .fields(&[document("policy", "Policy")]),
];

const TARGET: &[Field] = &[
    omit("rule"),
    omit("event_bus_name"),
    omit("force_destroy"),
    to("target_id", "Id"),
    one("input_transformer", "InputTransformer"),
    keep("input_transformer.input_paths", "InputPathsMap"),
    one("dead_letter_config", "DeadLetterConfig"),
    one("retry_policy", "RetryPolicy"),
    one("sqs_target", "SqsParameters"),
    one("kinesis_target", "KinesisParameters"),
    one("batch_target", "BatchParameters"),
    to("batch_target.array_size", "ArrayProperties.Size"),
    to("batch_target.job_attempts", "RetryStrategy.Attempts"),
    one("http_target", "HttpParameters"),
    keep("http_target.header_parameters", "HeaderParameters"),
    keep("http_target.query_string_parameters", "QueryStringParameters"),
    one("ecs_target", "EcsParameters"),
    one("ecs_target.network_configuration", "NetworkConfiguration"),
    to("ecs_target.network_configuration.subnets", "AwsVpcConfiguration.Subnets"),
    to("ecs_target.enable_ecs_managed_tags", "EnableECSManagedTags"),
    to("ecs_target.network_configuration.security_groups", "AwsVpcConfiguration.SecurityGroups"),
    to("ecs_target.network_configuration.assign_public_ip", "AwsVpcConfiguration.AssignPublicIp"),
    one("appsync_target", "AppSyncParameters"),
    to("appsync_target.graphql_operation", "GraphQLOperation"),
    one("redshift_target", "RedshiftDataParameters"),
    many("run_command_targets", "RunCommandParameters.RunCommandTargets"),
    one("sagemaker_pipeline_target", "SageMakerPipelineParameters"),
];

const CONNECTION: &[Field] = &[
    one("auth_parameters", "AuthParameters"),
    one("auth_parameters.api_key", "ApiKeyAuthParameters"),
    to("auth_parameters.api_key.key", "ApiKeyName"),
    to("auth_parameters.api_key.value", "ApiKeyValue"),
    one("auth_parameters.basic", "BasicAuthParameters"),
    one("auth_parameters.oauth", "OAuthParameters"),
    one("auth_parameters.oauth.client_parameters", "ClientParameters"),
    to("*.client_id", "ClientID"),
    one("auth_parameters.oauth.oauth_http_parameters", "OAuthHttpParameters"),
    one("auth_parameters.invocation_http_parameters", "InvocationHttpParameters"),
    many("*.body", "BodyParameters"),
    many("*.header", "HeaderParameters"),
    many("*.query_string", "QueryStringParameters"),
];

const PIPE: &[Field] = &[
    one("source_parameters", "SourceParameters"),
    many("source_parameters.filter_criteria.filter", "Filters"),
    to("source_parameters.dynamodb_stream_parameters", "DynamoDBStreamParameters"),
    to("source_parameters.managed_streaming_kafka_parameters", "ManagedStreamingKafkaParameters"),
    to("source_parameters.rabbitmq_broker_parameters", "RabbitMQBrokerParameters"),
    to("source_parameters.activemq_broker_parameters", "ActiveMQBrokerParameters"),
    one("target_parameters", "TargetParameters"),
    one("target_parameters.lambda_function_parameters", "LambdaFunctionParameters"),
    one("target_parameters.event_bridge_event_bus_parameters", "EventBridgeEventBusParameters"),
    to("target_parameters.eventbridge_event_bus_parameters", "EventBridgeEventBusParameters"),
    to("target_parameters.cloudwatch_logs_parameters", "CloudWatchLogsParameters"),
    to("target_parameters.step_function_state_machine_parameters", "StepFunctionStateMachineParameters"),
    keep("*.header_parameters", "HeaderParameters"),
    keep("*.query_string_parameters", "QueryStringParameters"),
    to("*.aws_vpc_configuration", "AwsvpcConfiguration"),
    to("*.path_parameter_values", "PathParameterValues"),
    one("log_configuration", "LogConfiguration"),
    keep("tags", "Tags"),
];

const SCHEDULE: &[Field] = &[
    one("target", "Target"),
    one("target.sqs_parameters", "SqsParameters"),
    one("target.eventbridge_parameters", "EventBridgeParameters"),
    one("target.ecs_parameters", "EcsParameters"),
    to("target.ecs_parameters.enable_ecs_managed_tags", "EnableECSManagedTags"),
    to("*.network_configuration.subnets", "AwsvpcConfiguration.Subnets"),
    to("*.network_configuration.security_groups", "AwsvpcConfiguration.SecurityGroups"),
    words(
        "*.network_configuration.assign_public_ip",
        "AwsvpcConfiguration.AssignPublicIp",
        &[("true", "ENABLED"), ("false", "DISABLED")],
    ),
    object("target.sagemaker_pipeline_parameters", "SageMakerPipelineParameters"),
    one("flexible_time_window", "FlexibleTimeWindow"),
];

/// `is_enabled` is the old word for a state.
fn rule(map: &mut Map) {
    let Some(enabled) = map.remove("IsEnabled") else { return };
    if let Some(on) = enabled.as_bool().filter(|_| !map.contains_key("State")) {
        map.insert("State", Value::text(if on { "ENABLED" } else { "DISABLED" }, enabled.span));
    }
}

/// One bus policy has one statement.
fn statements(map: &mut Map) {
    let Some(policy) = map.get_mut("Statement") else { return };
    let Some(document) = policy.as_map() else { return };
    let Some(list) = document.get("Statement") else { return };
    *policy = match &list.data {
        Data::List(_) => list.clone(),
        _ => Value::list(vec![list.clone()], list.span),
    };
}

fn permission(map: &mut Map) {
    // The provider's defaults.
    for (key, default) in [("Action", "events:PutEvents"), ("EventBusName", "default")] {
        let span = map.values().next().map(|v| v.span).unwrap_or_default();
        if !map.contains_key(key) {
            map.insert_field(key, Entry { key: span, value: Value::text(default, span) });
        }
    }
}
