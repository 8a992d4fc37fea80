//! Properties of SAM resources and events, and what they may be.

use super::shape::Property;
use super::shape::Type::{Any, Bool, Enum, Int, List, ListOf, Map, MapOf, OneOf, Str};
use super::shape::{opt, req};

/// `AWS::Serverless::Function`
pub(super) const FUNCTION: &[Property] = &[
    opt("FunctionName", OneOf(&[Str, Map])),
    opt("Handler", Any),
    opt("Runtime", Any),
    opt("CodeUri", Any),
    opt("ImageUri", Any),
    opt("PackageType", Any),
    opt("InlineCode", Any),
    opt("DeadLetterQueue", Map),
    opt("Description", Any),
    opt("MemorySize", Any),
    opt("Timeout", Any),
    opt("VpcConfig", Any),
    opt("Role", Str),
    opt("AssumeRolePolicyDocument", Map),
    opt("Policies", OneOf(&[Str, Map, ListOf(&OneOf(&[Str, Map]))])),
    opt("RolePath", Any),
    opt("PermissionsBoundary", Str),
    opt("Environment", MapOf(&Map)),
    opt("Events", MapOf(&Map)),
    opt("Tags", Map),
    opt("PropagateTags", Bool),
    opt("Tracing", OneOf(&[Map, Str])),
    opt("KmsKeyArn", Any),
    opt("DeploymentPreference", Map),
    opt("ReservedConcurrentExecutions", Any),
    opt("Layers", ListOf(&OneOf(&[Str, Map]))),
    opt("EventInvokeConfig", Map),
    opt("EphemeralStorage", Any),
    opt("AutoPublishAlias", Str),
    opt("AutoPublishCodeSha256", Str),
    opt("AutoPublishAliasAllProperties", Bool).literal(),
    opt("VersionDescription", Any),
    opt("ProvisionedConcurrencyConfig", Any),
    opt("FileSystemConfigs", Any),
    opt("ImageConfig", Any),
    opt("CodeSigningConfigArn", Any),
    opt("Architectures", Any),
    opt("SnapStart", Map),
    opt("FunctionUrlConfig", Map),
    opt("RuntimeManagementConfig", Any),
    opt("LoggingConfig", Any),
    opt("RecursiveLoop", Any),
    opt("SourceKMSKeyArn", Any),
    opt("CapacityProviderConfig", Map),
    opt("FunctionScalingConfig", Map),
    opt("VersionDeletionPolicy", Enum(&["Delete", "Retain"])),
    opt("PublishToLatestPublished", Any),
    opt("TenancyConfig", Any),
    opt("DurableConfig", Map),
];

/// `AWS::Serverless::CapacityProvider`
pub(super) const CAPACITY_PROVIDER: &[Property] = &[
    opt("CapacityProviderName", OneOf(&[Str, Map])).literal(),
    req("VpcConfig", Map).literal(),
    opt("OperatorRole", OneOf(&[Str, Map])).literal(),
    opt("Tags", Map).literal(),
    opt("PropagateTags", Bool).literal(),
    opt("InstanceRequirements", Map).literal(),
    opt("ScalingConfig", Map).literal(),
    opt("KmsKeyArn", OneOf(&[Str, Map])).literal(),
    opt("LoggingConfig", Map).literal(),
    opt("ManagedResourceTags", Map).literal(),
];

/// `AWS::Serverless::Api`
pub(super) const API: &[Property] = &[
    opt("__MANAGE_SWAGGER", Bool),
    opt("Name", OneOf(&[Str, Map])),
    req("StageName", OneOf(&[Str, Map])),
    opt("Tags", Map),
    opt("PropagateTags", Bool),
    opt("DefinitionBody", Map),
    opt("DefinitionUri", OneOf(&[Str, Map])),
    opt("MergeDefinitions", Bool).literal(),
    opt("CacheClusterEnabled", Bool),
    opt("CacheClusterSize", Str),
    opt("Variables", Map),
    opt("EndpointConfiguration", OneOf(&[Str, Map])),
    opt("MethodSettings", List),
    opt("BinaryMediaTypes", List),
    opt("MinimumCompressionSize", Int),
    opt("Cors", OneOf(&[Str, Map])),
    opt("Auth", Map),
    opt("GatewayResponses", Map),
    opt("AccessLogSetting", Map),
    opt("CanarySetting", Map),
    opt("TracingEnabled", Bool),
    opt("OpenApiVersion", Str),
    opt("Models", Map),
    opt("Domain", Map),
    opt("FailOnWarnings", Bool),
    opt("Description", Str),
    opt("Mode", Str),
    opt("DisableExecuteApiEndpoint", Bool),
    opt("ApiKeySourceType", Str),
    opt("AlwaysDeploy", Bool).literal(),
    opt("Policy", OneOf(&[Str, Map])),
    opt("SecurityPolicy", Str),
    opt("EndpointAccessMode", Str),
];

/// `AWS::Serverless::HttpApi`
pub(super) const HTTP_API: &[Property] = &[
    opt("__MANAGE_SWAGGER", Bool),
    opt("Name", Any),
    opt("StageName", OneOf(&[Str, Map])),
    opt("Tags", Map),
    opt("PropagateTags", Bool),
    opt("DefinitionBody", Map),
    opt("DefinitionUri", OneOf(&[Str, Map])),
    opt("StageVariables", Map),
    opt("CorsConfiguration", OneOf(&[Bool, Map])),
    opt("AccessLogSettings", Map),
    opt("DefaultRouteSettings", Map),
    opt("Auth", Map),
    opt("RouteSettings", Map),
    opt("Domain", Map),
    opt("FailOnWarnings", Bool),
    opt("Description", Str),
    opt("DisableExecuteApiEndpoint", Bool),
];

/// `AWS::Serverless::WebSocketApi`
pub(super) const WEB_SOCKET_API: &[Property] = &[
    opt("ApiKeySelectionExpression", Str),
    opt("AccessLogSettings", Map),
    opt("Auth", Map),
    opt("DefaultRouteSettings", Map),
    opt("Description", Str),
    opt("DisableExecuteApiEndpoint", Bool),
    opt("Domain", Map),
    opt("DisableSchemaValidation", Bool),
    opt("FailOnWarnings", Bool),
    opt("IpAddressType", Str),
    opt("Name", Str),
    opt("PropagateTags", Bool),
    req("Routes", Map),
    opt("RouteSettings", Map),
    req("RouteSelectionExpression", Str),
    opt("StageName", OneOf(&[Str, Map])),
    opt("StageVariables", Map),
    opt("Tags", Map),
];

/// `AWS::Serverless::SimpleTable`
pub(super) const SIMPLE_TABLE: &[Property] = &[
    opt("PointInTimeRecoverySpecification", Any),
    opt("PrimaryKey", MapOf(&Str)),
    opt("ProvisionedThroughput", MapOf(&OneOf(&[Int, Map]))),
    opt("TableName", OneOf(&[Str, Map])),
    opt("Tags", Map),
    opt("SSESpecification", Map),
];

/// `AWS::Serverless::Application`
pub(super) const APPLICATION: &[Property] = &[
    req("Location", OneOf(&[Str, Map])),
    opt("TemplateUrl", Str),
    opt("Parameters", Map),
    opt("NotificationARNs", ListOf(&OneOf(&[Str, Map]))),
    opt("Tags", Map),
    opt("TimeoutInMinutes", Int),
];

/// `AWS::Serverless::LayerVersion`
pub(super) const LAYER_VERSION: &[Property] = &[
    opt("LayerName", OneOf(&[Str, Map])),
    opt("Description", Str),
    opt("PublishLambdaVersion", Bool),
    req("ContentUri", OneOf(&[Str, Map])),
    opt("CompatibleArchitectures", ListOf(&OneOf(&[Str, Map]))),
    opt("CompatibleRuntimes", ListOf(&OneOf(&[Str, Map]))),
    opt("LicenseInfo", Str),
    opt("RetentionPolicy", Str),
];

/// `AWS::Serverless::StateMachine`
pub(super) const STATE_MACHINE: &[Property] = &[
    opt("Definition", Map),
    opt("DefinitionUri", OneOf(&[Str, Map])),
    opt("Logging", Map),
    opt("Role", Str),
    opt("RolePath", Any),
    opt("DefinitionSubstitutions", Map),
    opt("Events", MapOf(&Map)),
    opt("Name", Str),
    opt("Type", Str),
    opt("Tags", Map),
    opt("PropagateTags", Bool),
    opt("Policies", OneOf(&[Str, ListOf(&OneOf(&[Str, Map]))])),
    opt("Tracing", Map),
    opt("PermissionsBoundary", Str),
    opt("AutoPublishAlias", Any),
    opt("DeploymentPreference", Any),
    opt("UseAliasAsEventTarget", Bool).literal(),
];

/// `AWS::Serverless::Connector`
pub(super) const CONNECTOR: &[Property] = &[
    req("Source", MapOf(&Any)),
    req("Destination", OneOf(&[MapOf(&Any), ListOf(&MapOf(&Any))])),
    req("Permissions", ListOf(&Str)),
];

/// `AWS::Serverless::GraphQLApi`
pub(super) const GRAPHQL_API: &[Property] = &[
    opt("Name", Any),
    opt("Tags", Map).literal(),
    opt("XrayEnabled", Any),
    req("Auth", Map).literal(),
    opt("SchemaInline", Str).literal(),
    opt("SchemaUri", Str).literal(),
    opt("Logging", OneOf(&[Map, Bool])).literal(),
    opt("DataSources", Map).literal(),
    opt("Functions", Map).literal(),
    opt("Resolvers", Map).literal(),
    opt("ApiKeys", Map).literal(),
    opt("DomainName", Map).literal(),
    opt("Cache", Map).literal(),
    opt("Visibility", Any),
    opt("OwnerContact", Any),
    opt("IntrospectionConfig", Any),
    opt("QueryDepthLimit", Any),
    opt("ResolverCountLimit", Any),
];

/// Events of type `Schedule`.
pub(super) const SCHEDULE: &[Property] = &[
    req("Schedule", Str),
    opt("RuleName", Str),
    opt("Input", Str),
    opt("Enabled", Bool),
    opt("State", Str),
    opt("Name", Str),
    opt("Description", Str),
    opt("DeadLetterConfig", Map),
    opt("RetryPolicy", Map),
];

/// Events of type `CloudWatchEvent`.
pub(super) const RULE: &[Property] = &[
    opt("EventBusName", Str),
    opt("RuleName", Str),
    opt("Pattern", Map),
    opt("DeadLetterConfig", Map),
    opt("RetryPolicy", Map),
    opt("Input", Str),
    opt("InputPath", Str),
    opt("Target", Map),
    opt("Enabled", Bool),
    opt("State", Str),
    opt("InputTransformer", Map),
];

/// Events of type `S3`.
pub(super) const S3: &[Property] =
    &[req("Bucket", Str), req("Events", OneOf(&[Str, ListOf(&Str)])).literal(), opt("Filter", MapOf(&Str))];

/// Events of type `SNS`.
pub(super) const SNS: &[Property] = &[
    req("Topic", Str),
    opt("Region", Str),
    opt("FilterPolicy", Any),
    opt("FilterPolicyScope", Any),
    opt("SqsSubscription", OneOf(&[Bool, Map])),
    opt("RedrivePolicy", Map),
];

/// Events of type `Api`.
pub(super) const API_EVENT: &[Property] = &[
    req("Path", Str),
    req("Method", Str),
    req("RestApiId", Str),
    opt("Stage", Str),
    opt("Auth", Map),
    opt("RequestModel", Map),
    opt("RequestParameters", List),
    opt("TimeoutInMillis", Int),
    opt("ResponseTransferMode", Str),
];

/// Events of type `AlexaSkill`.
pub(super) const ALEXA_SKILL: &[Property] = &[opt("SkillId", Str)];

/// Events of type `IoTRule`.
pub(super) const IOT_RULE: &[Property] = &[req("Sql", Str), opt("AwsIotSqlVersion", Str)];

/// Events of type `Cognito`.
pub(super) const COGNITO: &[Property] =
    &[req("UserPool", Str), req("Trigger", OneOf(&[Str, ListOf(&Str)])).literal()];

/// Events of type `HttpApi`.
pub(super) const HTTP_API_EVENT: &[Property] = &[
    opt("Path", Str),
    opt("Method", Str),
    opt("ApiId", Str),
    opt("Stage", Str),
    opt("Auth", Map),
    opt("TimeoutInMillis", Int),
    opt("RouteSettings", Map),
    opt("PayloadFormatVersion", Str),
];

/// Events of type `CloudWatchLogs`.
pub(super) const LOGS: &[Property] = &[req("LogGroupName", Str), req("FilterPattern", Str)];

/// Events of type `SchedulerEventSource`.
pub(super) const SCHEDULE_V2: &[Property] = &[
    opt("PermissionsBoundary", Str),
    req("ScheduleExpression", Str),
    opt("FlexibleTimeWindow", Map),
    opt("Name", Str),
    opt("State", Str),
    opt("Description", Str),
    opt("StartDate", Str),
    opt("EndDate", Str),
    opt("ScheduleExpressionTimezone", Str),
    opt("GroupName", Str),
    opt("KmsKeyArn", Str),
    opt("Input", Str),
    opt("RoleArn", Str),
    opt("DeadLetterConfig", Map),
    opt("RetryPolicy", Map),
    opt("OmitName", Bool).literal(),
];

/// What all polled event sources share.
pub(super) const PULL: &[Property] = &[
    opt("BatchSize", Int),
    opt("StartingPosition", Any),
    opt("StartingPositionTimestamp", Any),
    opt("Enabled", Bool),
    opt("MaximumBatchingWindowInSeconds", Int),
    opt("MaximumRetryAttempts", Int),
    opt("BisectBatchOnFunctionError", Bool),
    opt("MaximumRecordAgeInSeconds", Int),
    opt("DestinationConfig", Map),
    opt("ParallelizationFactor", Int),
    opt("Topics", List),
    opt("Queues", List),
    opt("SourceAccessConfigurations", List),
    opt("SecretsManagerKmsKeyId", Str),
    opt("TumblingWindowInSeconds", Int),
    opt("FunctionResponseTypes", List),
    opt("KafkaBootstrapServers", List),
    opt("FilterCriteria", Map),
    opt("KmsKeyArn", Any),
    opt("ConsumerGroupId", Str),
    opt("ScalingConfig", Map),
    opt("ProvisionedPollerConfig", Map),
    opt("SchemaRegistryConfig", Map),
    opt("MetricsConfig", Map),
    opt("LoggingConfig", Map),
];

/// Events of types `Kinesis`, `DynamoDB` and `MSK`, beside [`PULL`].
pub(super) const STREAM: &[Property] = &[req("Stream", Any), req("StartingPosition", Any)];

/// Events of type `SQS`.
pub(super) const SQS: &[Property] = &[req("Queue", Any)];

/// Events of type `MQ`.
pub(super) const MQ: &[Property] = &[req("Broker", Any), opt("DynamicPolicyName", Bool).literal()];

/// Events of type `DocumentDB`.
pub(super) const DOCUMENTDB: &[Property] =
    &[req("Cluster", Any), req("DatabaseName", Any), opt("CollectionName", Any), opt("FullDocument", Any)];

/// Events of type `Schedule` of a state machine.
pub(super) const MACHINE_SCHEDULE: &[Property] = &[
    req("Schedule", Str),
    opt("Input", Str),
    opt("Enabled", Bool),
    opt("State", Str),
    opt("Name", Str),
    opt("Description", Str),
    opt("DeadLetterConfig", Map),
    opt("RetryPolicy", Map),
    opt("Target", Map).literal(),
    opt("RoleArn", Str).literal(),
];

/// Events of type `CloudWatchEvent` of a state machine.
pub(super) const MACHINE_RULE: &[Property] = &[
    opt("EventBusName", Str),
    opt("RuleName", Str),
    opt("Pattern", Map),
    opt("Input", Str),
    opt("InputPath", Str),
    opt("DeadLetterConfig", Map),
    opt("RetryPolicy", Map),
    opt("State", Str),
    opt("Target", Map).literal(),
    opt("InputTransformer", Map),
];

/// Events of type `Api` of a state machine.
pub(super) const MACHINE_API: &[Property] = &[
    req("Path", Str),
    req("Method", Str),
    req("RestApiId", Str),
    opt("Stage", Str),
    opt("Auth", Map),
    opt("UnescapeMappingTemplate", Bool).literal(),
];
