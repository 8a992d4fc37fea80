//! AppSync.

use super::table::{Split, Type, keep, many, one, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_appsync_graphql_api", "AWS::AppSync::GraphQLApi")
        .attributes(&[
            ("id", "ApiId"),
            ("uris[\"GRAPHQL\"]", "GraphQLUrl"),
            ("uris.GRAPHQL", "GraphQLUrl"),
            ("uris[\"REALTIME\"]", "RealtimeUrl"),
        ])
        .fields(&[
            one("log_config", "LogConfig"),
            to("log_config.cloudwatch_logs_role_arn", "CloudWatchLogsRoleArn"),
            one("user_pool_config", "UserPoolConfig"),
            one("lambda_authorizer_config", "LambdaAuthorizerConfig"),
            one("*.openid_connect_config", "OpenIDConnectConfig"),
            many("additional_authentication_provider", "AdditionalAuthenticationProviders"),
            to("*.auth_ttl", "AuthTTL"),
            to("*.iat_ttl", "IatTTL"),
            one("enhanced_metrics_config", "EnhancedMetricsConfig"),
            to("schema", "Schema"),
        ])
        .splits(&[Split {
            property: "Schema",
            cloudformation: "AWS::AppSync::GraphQLSchema",
            to: "Definition",
            owner: "ApiId",
            attribute: "ApiId",
        }]),
    Type::new("aws_appsync_datasource", "AWS::AppSync::DataSource").attributes(&[("name", "Name")]).fields(
        &[
            one("lambda_config", "LambdaConfig"),
            to("lambda_config.function_arn", "LambdaFunctionArn"),
            one("dynamodb_config", "DynamoDBConfig"),
            to("dynamodb_config.region", "AwsRegion"),
            one("event_bridge_config", "EventBridgeConfig"),
            one("http_config", "HttpConfig"),
            one("elasticsearch_config", "ElasticsearchConfig"),
            one("opensearchservice_config", "OpenSearchServiceConfig"),
            one("relational_database_config", "RelationalDatabaseConfig"),
            to("relational_database_config.http_endpoint_config", "RdsHttpEndpointConfig"),
            to("relational_database_config.source_type", "RelationalDatabaseSourceType"),
        ],
    ),
    Type::new("aws_appsync_resolver", "AWS::AppSync::Resolver").fields(&[
        to("type", "TypeName"),
        to("field", "FieldName"),
        to("data_source", "DataSourceName"),
        to("request_template", "RequestMappingTemplate"),
        to("response_template", "ResponseMappingTemplate"),
        one("runtime", "Runtime"),
        one("pipeline_config", "PipelineConfig"),
        one("caching_config", "CachingConfig"),
        one("sync_config", "SyncConfig"),
    ]),
    Type::new("aws_appsync_function", "AWS::AppSync::FunctionConfiguration")
        .attributes(&[("function_id", "FunctionId")])
        .fields(&[
            to("data_source", "DataSourceName"),
            one("runtime", "Runtime"),
            one("sync_config", "SyncConfig"),
        ]),
    Type::new("aws_appsync_api_key", "AWS::AppSync::ApiKey"),
    Type::new("aws_appsync_domain_name", "AWS::AppSync::DomainName"),
    Type::new("aws_appsync_domain_name_api_association", "AWS::AppSync::DomainNameApiAssociation"),
    Type::new("aws_appsync_api_cache", "AWS::AppSync::ApiCache"),
    Type::new("aws_appsync_api", "AWS::AppSync::Api").fields(&[
        one("event_config", "EventConfig"),
        one("*.openid_connect_config", "OpenIDConnectConfig"),
        to("*.cloudwatch_logs_role_arn", "CloudWatchLogsRoleArn"),
        many("event_config.auth_provider", "AuthProviders"),
        many("event_config.connection_auth_mode", "ConnectionAuthModes"),
        many("event_config.default_publish_auth_mode", "DefaultPublishAuthModes"),
        many("event_config.default_subscribe_auth_mode", "DefaultSubscribeAuthModes"),
        keep("tags", "Tags"),
    ]),
    Type::new("aws_appsync_channel_namespace", "AWS::AppSync::ChannelNamespace"),
];
