use super::*;

#[test]
fn lambda() {
    check(
        vec![
            instance("aws_lambda_function", "f")
                .with("function_name", "fn")
                .with("role", reference("aws_iam_role.r", "arn"))
                .with("reserved_concurrent_executions", -1)
                .with("image_uri", "repo@sha256:0")
                .with("kms_key_arn", "k")
                .with("code_signing_config_arn", "c")
                .with("tracing_config", block(vec![("mode", "Active".into())]))
                .with("dead_letter_config", block(vec![("target_arn", "d".into())]))
                .with("vpc_config", block(vec![("subnet_ids", list(["s"]))])),
            instance("aws_iam_role", "r"),
            instance("aws_lambda_function_recursion_config", "c")
                .with("function_name", reference("aws_lambda_function.f", "function_name"))
                .with("recursive_loop", "Allow"),
            instance("aws_lambda_function_url", "u")
                .with("function_name", reference("aws_lambda_function.f", "function_name"))
                .with("authorization_type", "NONE")
                .with("cors", block(vec![("allow_origins", list(["*"]))])),
            instance("aws_lambda_permission", "p")
                .with("function_name", reference("aws_lambda_function.f", "function_name"))
                .with("principal_org_id", "o")
                .with("source_account", "a"),
            instance("aws_lambda_event_source_mapping", "m")
                .with("function_response_types", list(["ReportBatchItemFailures"]))
                .with("maximum_retry_attempts", -1)
                .with(
                    "destination_config",
                    block(vec![("on_failure", block(vec![("destination_arn", "d".into())]))]),
                )
                .with("scaling_config", block(vec![("maximum_concurrency", 2.into())]))
                .with("filter_criteria", block(vec![("filter", block(vec![("pattern", "{}".into())]))])),
        ],
        &[
            (
                "AWS::Lambda::Function",
                "aws_lambda_function.f",
                "{FunctionName: fn, Role: ${aws_iam_role.r.Arn}, Code: {ImageUri: repo@sha256:0}, KmsKeyArn: k, \
                 CodeSigningConfigArn: c, TracingConfig: {Mode: Active}, DeadLetterConfig: {TargetArn: d}, \
                 VpcConfig: {SubnetIds: [s]}, RecursiveLoop: Allow}",
            ),
            ("AWS::IAM::Role", "aws_iam_role.r", "{}"),
            (
                "AWS::Lambda::Url",
                "aws_lambda_function_url.u",
                "{TargetFunctionArn: ${aws_lambda_function.f}, AuthType: NONE, Cors: {AllowOrigins: [*]}}",
            ),
            (
                "AWS::Lambda::Permission",
                "aws_lambda_permission.p",
                "{FunctionName: ${aws_lambda_function.f}, PrincipalOrgID: o, SourceAccount: a}",
            ),
            (
                "AWS::Lambda::EventSourceMapping",
                "aws_lambda_event_source_mapping.m",
                "{FunctionResponseTypes: [ReportBatchItemFailures], MaximumRetryAttempts: -1, \
                 DestinationConfig: {OnFailure: {Destination: d}}, ScalingConfig: {MaximumConcurrency: 2}, \
                 FilterCriteria: {Filters: [{Pattern: {}}]}}",
            ),
        ],
    );
}

#[test]
fn event_rules_take_their_targets() {
    check(
        vec![
            instance("aws_cloudwatch_event_rule", "r")
                .with("name", "orders")
                .with("event_pattern", r#"{"source": ["shop"]}"#),
            instance("aws_cloudwatch_event_target", "a")
                .with("rule", reference("aws_cloudwatch_event_rule.r", "name"))
                .with("arn", "fn")
                .with("dead_letter_config", block(vec![("arn", "dlq".into())])),
            instance("aws_cloudwatch_event_target", "b").with("rule", "orders").with("arn", "queue"),
        ],
        &[(
            "AWS::Events::Rule",
            "aws_cloudwatch_event_rule.r",
            "{Name: orders, EventPattern: json({source: [shop]}), \
             Targets: [{Arn: fn, DeadLetterConfig: {Arn: dlq}}, {Arn: queue}]}",
        )],
    );
}

#[test]
fn a_bus_policy_is_one_resource_for_each_statement() {
    check(
        vec![
            instance("aws_cloudwatch_event_bus_policy", "p")
                .with("event_bus_name", "bus")
                .with("policy", r#"{"Statement": [{"Sid": "a"}, {"Sid": "b"}]}"#),
            instance("aws_cloudwatch_event_permission", "q").with("principal", "*"),
        ],
        &[
            (
                "AWS::Events::EventBusPolicy",
                "aws_cloudwatch_event_bus_policy.p",
                "{EventBusName: bus, Statement: {Sid: a}}",
            ),
            (
                "AWS::Events::EventBusPolicy",
                "aws_cloudwatch_event_bus_policy.p.statement2",
                "{EventBusName: bus, Statement: {Sid: b}}",
            ),
            (
                "AWS::Events::EventBusPolicy",
                "aws_cloudwatch_event_permission.q",
                "{Principal: *, Action: events:PutEvents, EventBusName: default}",
            ),
        ],
    );
}

#[test]
fn rest_methods_take_their_integration_and_stages_their_settings() {
    let part = |ty: &str| {
        instance(ty, "m")
            .with("rest_api_id", reference("aws_api_gateway_rest_api.a", "id"))
            .with("resource_id", reference("aws_api_gateway_rest_api.a", "root_resource_id"))
            .with("http_method", "POST")
    };
    check(
        vec![
            instance("aws_api_gateway_rest_api", "a").with("name", "api"),
            part("aws_api_gateway_method").with("authorization", "NONE"),
            part("aws_api_gateway_integration")
                .with("type", "AWS_PROXY")
                .with("uri", reference("aws_lambda_function.f", "invoke_arn")),
            instance("aws_lambda_function", "f"),
            instance("aws_api_gateway_stage", "s")
                .with("rest_api_id", reference("aws_api_gateway_rest_api.a", "id"))
                .with("stage_name", "live")
                .with("access_log_settings", block(vec![("destination_arn", "l".into())])),
            instance("aws_api_gateway_method_settings", "x")
                .with("rest_api_id", reference("aws_api_gateway_rest_api.a", "id"))
                .with("stage_name", reference("aws_api_gateway_stage.s", "stage_name"))
                .with("method_path", "*/*")
                .with(
                    "settings",
                    block(vec![
                        ("throttling_rate_limit", 10.into()),
                        ("throttling_burst_limit", (-1).into()),
                    ]),
                ),
        ],
        &[
            ("AWS::ApiGateway::RestApi", "aws_api_gateway_rest_api.a", "{Name: api}"),
            (
                "AWS::ApiGateway::Method",
                "aws_api_gateway_method.m",
                "{RestApiId: ${aws_api_gateway_rest_api.a}, \
                 ResourceId: ${aws_api_gateway_rest_api.a.RootResourceId}, HttpMethod: POST, \
                 AuthorizationType: NONE, Integration: {Type: AWS_PROXY, Uri: ${aws_lambda_function.f.Arn}}}",
            ),
            ("AWS::Lambda::Function", "aws_lambda_function.f", "{}"),
            (
                "AWS::ApiGateway::Stage",
                "aws_api_gateway_stage.s",
                "{RestApiId: ${aws_api_gateway_rest_api.a}, StageName: live, \
                 AccessLogSetting: {DestinationArn: l}, \
                 MethodSettings: [{ThrottlingRateLimit: 10, ResourcePath: /*, HttpMethod: *}]}",
            ),
        ],
    );
}

#[test]
fn bucket_parts() {
    let part = |ty: &str| instance(ty, "p").with("bucket", reference("aws_s3_bucket.b", "id"));
    let everyone = "http://acs.amazonaws.com/groups/global/AllUsers";
    check(
        vec![
            instance("aws_s3_bucket", "b"),
            part("aws_s3_bucket_acl").with(
                "access_control_policy",
                block(vec![(
                    "grant",
                    block(vec![
                        ("grantee", block(vec![("uri", everyone.into())])),
                        ("permission", "WRITE".into()),
                    ]),
                )]),
            ),
            part("aws_s3_bucket_server_side_encryption_configuration").with(
                "rule",
                block(vec![(
                    "apply_server_side_encryption_by_default",
                    block(vec![("sse_algorithm", "aws:kms".into()), ("kms_master_key_id", "k".into())]),
                )]),
            ),
            part("aws_s3_bucket_logging").with("target_bucket", "logs"),
            part("aws_s3_bucket_cors_configuration")
                .with("cors_rule", block(vec![("allowed_origins", list(["*"]))])),
            part("aws_s3_bucket_website_configuration")
                .with("index_document", block(vec![("suffix", "index.html".into())])),
            part("aws_s3_bucket_notification").with(
                "lambda_function",
                block(vec![
                    ("lambda_function_arn", "f".into()),
                    ("events", list(["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])),
                    ("filter_prefix", "in/".into()),
                ]),
            ),
        ],
        &[(
            "AWS::S3::Bucket",
            "aws_s3_bucket.b",
            "{AccessControlPolicy: {Grants: [{Grantee: {Uri: http://acs.amazonaws.com/groups/global/AllUsers}, \
             Permission: WRITE}]}, AccessControl: PublicReadWrite, BucketEncryption: {ServerSideEncryptionConfiguration: \
             [{ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: k}}]}, \
             LoggingConfiguration: {DestinationBucketName: logs}, \
             CorsConfiguration: {CorsRules: [{AllowedOrigins: [*]}]}, \
             WebsiteConfiguration: {IndexDocument: index.html}, \
             NotificationConfiguration: {LambdaConfigurations: [\
             {Function: f, Filter: {S3Key: {Rules: [{Name: prefix, Value: in/}]}}, Event: s3:ObjectCreated:*}, \
             {Function: f, Filter: {S3Key: {Rules: [{Name: prefix, Value: in/}]}}, Event: s3:ObjectRemoved:*}]}}",
        )],
    );
}

#[test]
fn iam() {
    let policy = r#"{"Statement": {"Effect": "Allow"}}"#;
    check(
        vec![
            instance("aws_iam_role", "r")
                .with("assume_role_policy", policy)
                .with("inline_policy", block(vec![("name", "a".into()), ("policy", policy.into())])),
            instance("aws_iam_role_policy", "p")
                .with("name", "b")
                .with("role", reference("aws_iam_role.r", "id"))
                .with("policy", policy),
            instance("aws_iam_policy", "m").with("name", "c").with("policy", policy),
            instance("aws_iam_policy_attachment", "t")
                .with("name", "x")
                .with("roles", list([reference("aws_iam_role.r", "name")]))
                .with("policy_arn", reference("aws_iam_policy.m", "arn")),
            instance("aws_iam_role_policy", "o")
                .with("name", "d")
                .with("role", "other")
                .with("policy", policy),
        ],
        &[
            (
                "AWS::IAM::Role",
                "aws_iam_role.r",
                "{AssumeRolePolicyDocument: json({Statement: {Effect: Allow}}), Policies: [\
                 {PolicyName: a, PolicyDocument: json({Statement: {Effect: Allow}})}], \
                 ManagedPolicyArns: [${aws_iam_policy.m}]}",
            ),
            (
                "AWS::IAM::RolePolicy",
                "aws_iam_role_policy.p",
                "{PolicyName: b, RoleName: ${aws_iam_role.r}, PolicyDocument: json({Statement: {Effect: Allow}})}",
            ),
            (
                "AWS::IAM::ManagedPolicy",
                "aws_iam_policy.m",
                "{ManagedPolicyName: c, PolicyDocument: json({Statement: {Effect: Allow}})}",
            ),
            (
                "AWS::IAM::RolePolicy",
                "aws_iam_role_policy.o",
                "{PolicyName: d, RoleName: other, PolicyDocument: json({Statement: {Effect: Allow}})}",
            ),
        ],
    );
}

#[test]
fn dynamodb() {
    check(
        vec![
            instance("aws_dynamodb_table", "t")
                .with("name", "orders")
                .with("hash_key", "id")
                .with("stream_enabled", true)
                .with("stream_view_type", "NEW_IMAGE")
                .with("attribute", block(vec![("name", "id".into()), ("type", "S".into())]))
                .with("point_in_time_recovery", block(vec![("enabled", true.into())]))
                .with(
                    "server_side_encryption",
                    block(vec![("enabled", true.into()), ("kms_key_arn", "k".into())]),
                )
                .with("on_demand_throughput", block(vec![("max_read_request_units", 5.into())]))
                .with("deletion_protection_enabled", true),
            instance("aws_dynamodb_resource_policy", "p")
                .with("resource_arn", reference("aws_dynamodb_table.t", "arn"))
                .with("policy", r#"{"Statement": []}"#),
            instance("aws_dynamodb_table_item", "i").with("table_name", "orders"),
        ],
        &[(
            "AWS::DynamoDB::Table",
            "aws_dynamodb_table.t",
            "{TableName: orders, StreamSpecification: {StreamViewType: NEW_IMAGE}, \
             AttributeDefinitions: [{AttributeName: id, AttributeType: S}], \
             PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}, \
             SSESpecification: {SSEEnabled: true, KMSMasterKeyId: k}, \
             OnDemandThroughput: {MaxReadRequestUnits: 5}, DeletionProtectionEnabled: true, \
             KeySchema: [{AttributeName: id, KeyType: HASH}], \
             ResourcePolicy: {PolicyDocument: json({Statement: []})}}",
        )],
    );
}

/// The types whose properties decide a rule that Terraform can break too.
const DECIDING: &[&str] = &[
    "AWS::AmazonMQ::Broker",
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::AppSync::GraphQLApi",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::Alarm",
    "AWS::Cognito::IdentityPool",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::EventSchemas::Discoverer",
    "AWS::EventSchemas::Schema",
    "AWS::Events::ApiDestination",
    "AWS::Events::Archive",
    "AWS::Events::Connection",
    "AWS::Events::EventBus",
    "AWS::Events::EventBusPolicy",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::KMS::Key",
    "AWS::Kinesis::ResourcePolicy",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::Alias",
    "AWS::Lambda::CodeSigningConfig",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Logs::LogGroup",
    "AWS::MSK::Cluster",
    "AWS::Pipes::Pipe",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::SSM::Parameter",
    "AWS::Scheduler::Schedule",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
];

#[test]
fn every_type_that_decides_a_rule_has_a_table() {
    let types: Vec<_> = tables().map(|t| t.cloudformation).collect();
    let missing: Vec<_> = DECIDING.iter().filter(|t| !types.contains(t)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
