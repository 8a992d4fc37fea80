//! Lambda.

use super::table::{Field, Join, Type, keep, listed, many, omit, one, pairs, to, unless};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_lambda_function", "AWS::Lambda::Function")
        .names(&["function_name"])
        .attributes(&[
            ("id", ""),
            ("function_name", ""),
            ("invoke_arn", "Arn"),
            ("qualified_arn", "Arn"),
            ("qualified_invoke_arn", "Arn"),
            ("response_streaming_invoke_arn", "Arn"),
        ])
        .fields(FUNCTION),
    Type::new("aws_lambda_permission", "AWS::Lambda::Permission").fields(&[
        to("principal_org_id", "PrincipalOrgID"),
        to("event_source_token", "EventSourceToken"),
        to("function_url_auth_type", "FunctionUrlAuthType"),
        omit("statement_id"),
        omit("statement_id_prefix"),
    ]),
    Type::new("aws_lambda_event_source_mapping", "AWS::Lambda::EventSourceMapping")
        .attributes(&[("uuid", ""), ("arn", "EventSourceMappingArn")])
        .fields(MAPPING),
    Type::new("aws_lambda_function_url", "AWS::Lambda::Url")
        .attributes(&[("function_url", "FunctionUrl"), ("function_arn", "FunctionArn")])
        .fields(&[
            to("authorization_type", "AuthType"),
            to("function_name", "TargetFunctionArn"),
            to("qualifier", "Qualifier"),
            one("cors", "Cors"),
            to("cors.allow_credentials", "AllowCredentials"),
        ]),
    Type::new("aws_lambda_function_event_invoke_config", "AWS::Lambda::EventInvokeConfig").fields(&[
        one("destination_config", "DestinationConfig"),
        one("destination_config.on_failure", "OnFailure"),
        one("destination_config.on_success", "OnSuccess"),
    ]),
    Type::new("aws_lambda_alias", "AWS::Lambda::Alias")
        .attributes(&[("arn", ""), ("id", ""), ("invoke_arn", "")])
        .fields(&[
            one("routing_config", "RoutingConfig"),
            keep("routing_config.additional_version_weights", "AdditionalVersionWeights"),
        ]),
    Type::new("aws_lambda_layer_version", "AWS::Lambda::LayerVersion")
        .attributes(&[("arn", ""), ("id", ""), ("layer_arn", "LayerArn")])
        .fields(&[
            to("filename", "Content.Filename"),
            to("s3_bucket", "Content.S3Bucket"),
            to("s3_key", "Content.S3Key"),
            to("s3_object_version", "Content.S3ObjectVersion"),
        ]),
    Type::new("aws_lambda_layer_version_permission", "AWS::Lambda::LayerVersionPermission")
        .fields(&[to("layer_name", "LayerVersionArn"), omit("statement_id")]),
    Type::new("aws_lambda_code_signing_config", "AWS::Lambda::CodeSigningConfig")
        .attributes(&[("arn", ""), ("id", "")])
        .fields(&[one("allowed_publishers", "AllowedPublishers"), one("policies", "CodeSigningPolicies")]),
    Type::part(
        "aws_lambda_function_recursion_config",
        &[Join::new("aws_lambda_function", &["function_name"]).fields(&[omit("function_name")])],
    ),
    Type::part(
        "aws_lambda_runtime_management_config",
        &[Join::new("aws_lambda_function", &["function_name"]).fields(&[
            omit("function_name"),
            to("update_runtime_on", "RuntimeManagementConfig.UpdateRuntimeOn"),
            to("runtime_version_arn", "RuntimeManagementConfig.RuntimeVersionArn"),
        ])],
    ),
    Type::new("aws_lambda_provisioned_concurrency_config", ""),
    Type::new("aws_lambda_capacity_provider", "AWS::Lambda::CapacityProvider")
        .fields(&[to("name", "CapacityProviderName")]),
    Type::ignored("aws_lambda_invocation"),
];

const FUNCTION: &[Field] = &[
    // What a file on disk holds has no word in CloudFormation; the path is what people look for.
    to("filename", "Code.Filename"),
    to("s3_bucket", "Code.S3Bucket"),
    to("s3_key", "Code.S3Key"),
    to("s3_object_version", "Code.S3ObjectVersion"),
    to("image_uri", "Code.ImageUri"),
    to("source_kms_key_arn", "Code.SourceKMSKeyArn"),
    omit("source_code_hash"),
    omit("publish"),
    omit("skip_destroy"),
    unless("reserved_concurrent_executions", "ReservedConcurrentExecutions", "-1"),
    one("environment", "Environment"),
    keep("environment.variables", "Variables"),
    one("dead_letter_config", "DeadLetterConfig"),
    one("tracing_config", "TracingConfig"),
    one("vpc_config", "VpcConfig"),
    one("image_config", "ImageConfig"),
    one("ephemeral_storage", "EphemeralStorage"),
    one("snap_start", "SnapStart"),
    one("logging_config", "LoggingConfig"),
    many("file_system_config", "FileSystemConfigs"),
    to("code_signing_config_arn", "CodeSigningConfigArn"),
    pairs("tags", "Tags"),
];

const MAPPING: &[Field] = &[
    unless("maximum_retry_attempts", "MaximumRetryAttempts", ""),
    to("bisect_batch_on_function_error", "BisectBatchOnFunctionError"),
    to("kms_key_arn", "KmsKeyArn"),
    one("destination_config", "DestinationConfig"),
    one("destination_config.on_failure", "OnFailure"),
    to("destination_config.on_failure.destination_arn", "Destination"),
    one("filter_criteria", "FilterCriteria"),
    many("filter_criteria.filter", "Filters"),
    one("scaling_config", "ScalingConfig"),
    one("metrics_config", "MetricsConfig"),
    one("provisioned_poller_config", "ProvisionedPollerConfig"),
    one("self_managed_event_source", "SelfManagedEventSource"),
    keep("self_managed_event_source.endpoints", "Endpoints"),
    many("source_access_configuration", "SourceAccessConfigurations"),
    to("source_access_configuration.uri", "URI"),
    one("amazon_managed_kafka_event_source_config", "AmazonManagedKafkaEventSourceConfig"),
    one("self_managed_kafka_event_source_config", "SelfManagedKafkaEventSourceConfig"),
    one("document_db_event_source_config", "DocumentDBEventSourceConfig"),
    listed("queues", "Queues"),
    listed("topics", "Topics"),
];
