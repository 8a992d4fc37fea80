//! One resource each: what a service's table makes of the attributes that decide rules.

use super::*;

#[track_caller]
fn becomes(resource: Build, ty: &str, properties: &str) {
    let seen = lowered(vec![resource]);
    let seen: Vec<_> = seen.iter().map(|(ty, _, properties)| (ty.as_str(), properties.as_str())).collect();
    assert_eq!(seen, [(ty, properties)]);
}

#[test]
fn http_apis() {
    becomes(
        instance("aws_apigatewayv2_stage", "s")
            .with("name", "$default")
            .with("access_log_settings", block(vec![("destination_arn", "l".into())]))
            .with("default_route_settings", block(vec![("throttling_rate_limit", 5.into())]))
            .with(
                "route_settings",
                block(vec![("route_key", "GET /".into()), ("throttling_burst_limit", 1.into())]),
            ),
        "AWS::ApiGatewayV2::Stage",
        "{StageName: $default, AccessLogSettings: {DestinationArn: l}, \
         DefaultRouteSettings: {ThrottlingRateLimit: 5}, RouteSettings: {GET /: {ThrottlingBurstLimit: 1}}}",
    );
    becomes(
        instance("aws_apigatewayv2_authorizer", "a")
            .with("identity_sources", list(["$request.header.Authorization"]))
            .with("jwt_configuration", block(vec![("audience", list(["x"])), ("issuer", "y".into())])),
        "AWS::ApiGatewayV2::Authorizer",
        "{IdentitySource: [$request.header.Authorization], JwtConfiguration: {Audience: [x], Issuer: y}}",
    );
    becomes(
        instance("aws_apigatewayv2_domain_name", "d")
            .with("domain_name_configuration", block(vec![("security_policy", "TLS_1_2".into())])),
        "AWS::ApiGatewayV2::DomainName",
        "{DomainNameConfigurations: [{SecurityPolicy: TLS_1_2}]}",
    );
}

#[test]
fn rest_apis() {
    becomes(
        instance("aws_api_gateway_rest_api", "a")
            .with("disable_execute_api_endpoint", true)
            .with("endpoint_configuration", block(vec![("types", list(["PRIVATE"]))]))
            .with("body", "openapi: 3.0.0\npaths: {}"),
        "AWS::ApiGateway::RestApi",
        "{DisableExecuteApiEndpoint: true, EndpointConfiguration: {Types: [PRIVATE]}, \
         Body: json({openapi: 3.0.0, paths: {}})}",
    );
    becomes(
        instance("aws_api_gateway_usage_plan", "p")
            .with("quota_settings", block(vec![("limit", 10.into())]))
            .with("throttle_settings", block(vec![("rate_limit", 1.into())])),
        "AWS::ApiGateway::UsagePlan",
        "{Quota: {Limit: 10}, Throttle: {RateLimit: 1}}",
    );
    becomes(
        instance("aws_api_gateway_authorizer", "z").with("name", "z"),
        "AWS::ApiGateway::Authorizer",
        "{Name: z, Type: TOKEN, IdentitySource: method.request.header.Authorization}",
    );
}

#[test]
fn appsync_keeps_its_schema_apart() {
    check(
        vec![
            instance("aws_appsync_graphql_api", "a")
                .with("authentication_type", "API_KEY")
                .with("introspection_config", "DISABLED")
                .with("schema", "type Query { a: Int }")
                .with("log_config", block(vec![("field_log_level", "ERROR".into())])),
            instance("aws_appsync_datasource", "d")
                .with("api_id", reference("aws_appsync_graphql_api.a", "id"))
                .with("lambda_config", block(vec![("function_arn", "f".into())])),
        ],
        &[
            (
                "AWS::AppSync::GraphQLApi",
                "aws_appsync_graphql_api.a",
                "{AuthenticationType: API_KEY, IntrospectionConfig: DISABLED, LogConfig: {FieldLogLevel: ERROR}}",
            ),
            (
                "AWS::AppSync::GraphQLSchema",
                "aws_appsync_graphql_api.a.schema",
                "{ApiId: ${aws_appsync_graphql_api.a.ApiId}, Definition: type Query { a: Int }}",
            ),
            (
                "AWS::AppSync::DataSource",
                "aws_appsync_datasource.d",
                "{ApiId: ${aws_appsync_graphql_api.a.ApiId}, LambdaConfig: {LambdaFunctionArn: f}}",
            ),
        ],
    );
}

#[test]
fn streams() {
    becomes(
        instance("aws_kinesis_stream", "s").with("encryption_type", "KMS").with("kms_key_id", "k"),
        "AWS::Kinesis::Stream",
        "{StreamEncryption: {EncryptionType: KMS, KeyId: k}}",
    );
    for off in ["NONE", ""] {
        let stream = instance("aws_kinesis_stream", "s").with("kms_key_id", "k");
        let stream = if off.is_empty() { stream } else { stream.with("encryption_type", off) };
        becomes(stream, "AWS::Kinesis::Stream", "{}");
    }
    let firehose = |on: bool| {
        instance("aws_kinesis_firehose_delivery_stream", "f")
            .with("server_side_encryption", block(vec![("enabled", on.into())]))
            .with(
                "extended_s3_configuration",
                block(vec![
                    ("bucket_arn", "b".into()),
                    ("cloudwatch_logging_options", block(vec![("enabled", true.into())])),
                ]),
            )
    };
    let s3 = "ExtendedS3DestinationConfiguration: {BucketARN: b, CloudWatchLoggingOptions: {Enabled: true}}";
    becomes(
        firehose(true),
        "AWS::KinesisFirehose::DeliveryStream",
        &format!("{{DeliveryStreamEncryptionConfigurationInput: {{KeyType: AWS_OWNED_CMK}}, {s3}}}"),
    );
    becomes(firehose(false), "AWS::KinesisFirehose::DeliveryStream", &format!("{{{s3}}}"));
}

#[test]
fn state_machines() {
    becomes(
        instance("aws_sfn_state_machine", "m")
            .with("type", "EXPRESS")
            .with("definition", r#"{"StartAt": "A"}"#)
            .with(
                "logging_configuration",
                block(vec![("level", "ALL".into()), ("log_destination", "l".into())]),
            )
            .with("tracing_configuration", block(vec![("enabled", true.into())])),
        "AWS::StepFunctions::StateMachine",
        "{StateMachineType: EXPRESS, DefinitionString: json({StartAt: A}), \
         LoggingConfiguration: {Level: ALL, Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: l}}]}, \
         TracingConfiguration: {Enabled: true}}",
    );
}

#[test]
fn logs_and_keys() {
    becomes(
        instance("aws_cloudwatch_log_group", "l").with("name", "n").with("retention_in_days", 0),
        "AWS::Logs::LogGroup",
        "{LogGroupName: n, RetentionInDays: 0}",
    );
    becomes(
        instance("aws_kms_key", "k").with("enable_key_rotation", true).with("policy", r#"{"Statement": []}"#),
        "AWS::KMS::Key",
        "{EnableKeyRotation: true, KeyPolicy: json({Statement: []})}",
    );
    becomes(
        instance("aws_cloudtrail", "t")
            .with("enable_log_file_validation", true)
            .with("kms_key_id", "k")
            .with(
                "event_selector",
                block(vec![(
                    "data_resource",
                    block(vec![("type", "AWS::S3::Object".into()), ("values", list(["a"]))]),
                )]),
            ),
        "AWS::CloudTrail::Trail",
        "{EnableLogFileValidation: true, KMSKeyId: k, \
         EventSelectors: [{DataResources: [{Type: AWS::S3::Object, Values: [a]}]}]}",
    );
    becomes(
        instance("aws_cloudwatch_metric_alarm", "a").with("dimensions", map(vec![("QueueName", "q".into())])),
        "AWS::CloudWatch::Alarm",
        "{Dimensions: [{Name: QueueName, Value: q}]}",
    );
}

#[test]
fn secrets_take_their_version() {
    check(
        vec![
            instance("aws_secretsmanager_secret", "s").with("kms_key_id", "k"),
            instance("aws_secretsmanager_secret_version", "v")
                .with("secret_id", reference("aws_secretsmanager_secret.s", "id"))
                .with("secret_string", "hunter2"),
            instance("aws_secretsmanager_secret_rotation", "r")
                .with("secret_id", reference("aws_secretsmanager_secret.s", "id"))
                .with("rotation_rules", block(vec![("automatically_after_days", 30.into())])),
        ],
        &[
            (
                "AWS::SecretsManager::Secret",
                "aws_secretsmanager_secret.s",
                "{KmsKeyId: k, SecretString: hunter2}",
            ),
            (
                "AWS::SecretsManager::RotationSchedule",
                "aws_secretsmanager_secret_rotation.r",
                "{SecretId: ${aws_secretsmanager_secret.s}, RotationRules: {AutomaticallyAfterDays: 30}}",
            ),
        ],
    );
}

#[test]
fn brokers() {
    becomes(
        instance("aws_msk_cluster", "m")
            .with(
                "encryption_info",
                block(vec![
                    ("encryption_at_rest_kms_key_arn", "k".into()),
                    ("encryption_in_transit", block(vec![("client_broker", "PLAINTEXT".into())])),
                ]),
            )
            .with("client_authentication", block(vec![("unauthenticated", true.into())]))
            .with(
                "broker_node_group_info",
                block(vec![(
                    "connectivity_info",
                    block(vec![("public_access", block(vec![("type", "DISABLED".into())]))]),
                )]),
            )
            .with(
                "logging_info",
                block(vec![(
                    "broker_logs",
                    block(vec![("cloudwatch_logs", block(vec![("enabled", true.into())]))]),
                )]),
            ),
        "AWS::MSK::Cluster",
        "{EncryptionInfo: {EncryptionAtRest: {DataVolumeKMSKeyId: k}, \
         EncryptionInTransit: {ClientBroker: PLAINTEXT}}, \
         ClientAuthentication: {Unauthenticated: {Enabled: true}}, \
         BrokerNodeGroupInfo: {ConnectivityInfo: {PublicAccess: {Type: DISABLED}}}, \
         LoggingInfo: {BrokerLogs: {CloudWatchLogs: {Enabled: true}}}}",
    );
    becomes(
        instance("aws_mq_broker", "b")
            .with("publicly_accessible", true)
            .with("logs", block(vec![("audit", true.into())]))
            .with("encryption_options", block(vec![("use_aws_owned_key", false.into())])),
        "AWS::AmazonMQ::Broker",
        "{PubliclyAccessible: true, Logs: {Audit: true}, EncryptionOptions: {UseAwsOwnedKey: false}}",
    );
}

#[test]
fn user_pools() {
    becomes(
        instance("aws_cognito_user_pool", "p")
            .with("mfa_configuration", "OFF")
            .with("password_policy", block(vec![("minimum_length", 8.into())]))
            .with("admin_create_user_config", block(vec![("allow_admin_create_user_only", true.into())])),
        "AWS::Cognito::UserPool",
        "{MfaConfiguration: OFF, Policies: {PasswordPolicy: {MinimumLength: 8}}, \
         AdminCreateUserConfig: {AllowAdminCreateUserOnly: true}}",
    );
    becomes(
        instance("aws_cognito_user_pool_client", "c")
            .with("allowed_oauth_flows", list(["implicit"]))
            .with("callback_urls", list(["http://a"])),
        "AWS::Cognito::UserPoolClient",
        "{AllowedOAuthFlows: [implicit], CallbackURLs: [http://a]}",
    );
}

#[test]
fn web_acls() {
    let rate = block(vec![("rate_based_statement", block(vec![("limit", 100.into())]))]);
    becomes(
        instance("aws_wafv2_web_acl", "w")
            .with("default_action", block(vec![("allow", block(vec![]))]))
            .with(
                "rule",
                block(vec![("statement", block(vec![("or_statement", block(vec![("statement", rate)]))]))]),
            ),
        "AWS::WAFv2::WebACL",
        "{DefaultAction: {Allow: {}}, \
         Rules: [{Statement: {OrStatement: {Statements: [{RateBasedStatement: {Limit: 100}}]}}}]}",
    );
}

#[test]
fn containers() {
    becomes(
        instance("aws_ecs_task_definition", "t").with(
            "container_definitions",
            r#"[{"name": "a", "environment": [{"name": "K", "value": "v"}],
                 "logConfiguration": {"options": {"awslogs-group": "g"}}}]"#,
        ),
        "AWS::ECS::TaskDefinition",
        "{ContainerDefinitions: [{Name: a, Environment: [{Name: K, Value: v}], \
         LogConfiguration: {Options: {awslogs-group: g}}}]}",
    );
    becomes(
        instance("aws_ecr_repository", "r")
            .with("name", "n")
            .with("image_tag_mutability", "MUTABLE")
            .with("image_scanning_configuration", block(vec![("scan_on_push", true.into())])),
        "AWS::ECR::Repository",
        "{RepositoryName: n, ImageTagMutability: MUTABLE, ImageScanningConfiguration: {ScanOnPush: true}}",
    );
}

#[test]
fn distributions_and_balancers() {
    becomes(
        instance("aws_cloudfront_distribution", "d")
            .with("origin", block(vec![("domain_name", "a".into()), ("origin_id", "b".into())]))
            .with("web_acl_id", "w"),
        "AWS::CloudFront::Distribution",
        "{DistributionConfig: {Origins: [{DomainName: a, Id: b}], WebACLId: w}}",
    );
    check(
        vec![
            instance("aws_lb", "l").with("internal", false).with("drop_invalid_header_fields", true),
            instance("aws_lb_listener", "h")
                .with("load_balancer_arn", reference("aws_lb.l", "arn"))
                .with("default_action", block(vec![("type", "forward".into())]))
                .with("routing_http_response_access_control_allow_origin_header_value", "https://a")
                .with("routing_http_response_server_enabled", false)
                .with("routing_http_request_x_amzn_tls_version_header_name", "x-tls"),
            instance("aws_lb_target_group", "g").with("target_type", "lambda"),
            instance("aws_lb_target_group_attachment", "x")
                .with("target_group_arn", reference("aws_lb_target_group.g", "arn"))
                .with("target_id", "f"),
        ],
        &[
            (
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "aws_lb.l",
                "{Scheme: internet-facing, LoadBalancerAttributes: \
                 [{Key: routing.http.drop_invalid_header_fields.enabled, Value: true}]}",
            ),
            (
                "AWS::ElasticLoadBalancingV2::Listener",
                "aws_lb_listener.h",
                "{LoadBalancerArn: ${aws_lb.l}, DefaultActions: [{Type: forward}], ListenerAttributes: \
                 [{Key: routing.http.response.access_control_allow_origin.header_value, Value: https://a}, \
                 {Key: routing.http.response.server.enabled, Value: false}, \
                 {Key: routing.http.request.x_amzn_tls_version.header_name, Value: x-tls}]}",
            ),
            (
                "AWS::ElasticLoadBalancingV2::TargetGroup",
                "aws_lb_target_group.g",
                "{TargetType: lambda, Targets: [{Id: f}]}",
            ),
        ],
    );
}

#[test]
fn databases() {
    becomes(
        instance("aws_db_instance", "d").with("publicly_accessible", true).with("password", "p"),
        "AWS::RDS::DBInstance",
        "{PubliclyAccessible: true, MasterUserPassword: p}",
    );
    becomes(
        instance("aws_opensearch_domain", "o")
            .with("domain_endpoint_options", block(vec![("enforce_https", true.into())])),
        "AWS::OpenSearchService::Domain",
        "{DomainEndpointOptions: {EnforceHTTPS: true}}",
    );
    becomes(
        instance("aws_glue_crawler", "c").with("s3_target", block(vec![("path", "s3://a".into())])),
        "AWS::Glue::Crawler",
        "{Targets: {S3Targets: [{Path: s3://a}]}}",
    );
}

#[test]
fn rules_of_mail_and_things() {
    becomes(
        instance("aws_ses_receipt_rule", "r")
            .with("name", "n")
            .with("s3_action", block(vec![("bucket_name", "b".into()), ("position", 1.into())])),
        "AWS::SES::ReceiptRule",
        "{Rule: {Name: n, Actions: [{S3Action: {BucketName: b}}]}}",
    );
    becomes(
        instance("aws_iot_topic_rule", "r")
            .with("name", "n")
            .with("enabled", true)
            .with("sql", "SELECT *")
            .with("cloudwatch_logs", block(vec![("log_group_name", "g".into())]))
            .with("lambda", block(vec![("function_arn", "f".into())])),
        "AWS::IoT::TopicRule",
        "{RuleName: n, TopicRulePayload: {Sql: SELECT *, RuleDisabled: false, \
         Actions: [{CloudwatchLogs: {LogGroupName: g}}, {Lambda: {FunctionArn: f}}]}}",
    );
}

#[test]
fn pipes_schedules_and_connections() {
    becomes(
        instance("aws_pipes_pipe", "p").with(
            "source_parameters",
            block(vec![
                ("filter_criteria", block(vec![("filter", block(vec![("pattern", "{}".into())]))])),
                (
                    "kinesis_stream_parameters",
                    block(vec![("dead_letter_config", block(vec![("arn", "d".into())]))]),
                ),
            ]),
        ),
        "AWS::Pipes::Pipe",
        "{SourceParameters: {FilterCriteria: {Filters: [{Pattern: {}}]}, \
         KinesisStreamParameters: {DeadLetterConfig: {Arn: d}}}}",
    );
    becomes(
        instance("aws_scheduler_schedule", "s").with(
            "target",
            block(vec![("arn", "a".into()), ("dead_letter_config", block(vec![("arn", "d".into())]))]),
        ),
        "AWS::Scheduler::Schedule",
        "{Target: {Arn: a, DeadLetterConfig: {Arn: d}}}",
    );
    becomes(
        instance("aws_cloudwatch_event_connection", "c").with(
            "auth_parameters",
            block(vec![("api_key", block(vec![("key", "k".into()), ("value", "v".into())]))]),
        ),
        "AWS::Events::Connection",
        "{AuthParameters: {ApiKeyAuthParameters: {ApiKeyName: k, ApiKeyValue: v}}}",
    );
}

#[test]
fn security_groups_have_one_source_in_each_rule() {
    check(
        vec![
            instance("aws_security_group", "g")
                .with("ingress", block(vec![("protocol", "tcp".into()), ("cidr_blocks", list(["a", "b"]))])),
            instance("aws_security_group_rule", "r")
                .with("type", "egress")
                .with("security_group_id", reference("aws_security_group.g", "id"))
                .with("cidr_blocks", list(["c"])),
        ],
        &[(
            "AWS::EC2::SecurityGroup",
            "aws_security_group.g",
            "{SecurityGroupIngress: [{IpProtocol: tcp, CidrIp: a}, {IpProtocol: tcp, CidrIp: b}], \
             SecurityGroupEgress: [{CidrIp: c}]}",
        )],
    );
}
