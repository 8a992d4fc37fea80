//! What the resources of a service come to.

use crate::scratch::Scratch;
use tidegate_graph::{System, Value};
use tidegate_read::Options;

fn read(files: &[(&str, &str)]) -> System {
    tidegate_read::read(Scratch::new(files).path(), &Options::default())
}

fn service(text: &str) -> System {
    let text = format!("service: shop\nprovider: {{name: aws, runtime: python3.13}}\n{text}");
    let system = read(&[("serverless.yml", &text)]);
    assert!(system.problems.is_empty(), "{:?}", system.problems);
    system
}

fn show(system: &System, resource: &str, property: &str) -> String {
    let Some(resource) = system.resource(&format!("serverless/{resource}")) else {
        panic!(
            "no {resource} among {:?}",
            system.resources().iter().map(|r| &r.logical_id).collect::<Vec<_>>()
        )
    };
    let mut value = None;
    for part in property.split('.') {
        value = match (value, part.parse::<usize>()) {
            (None, _) => resource.property(part),
            (Some(value), Ok(index)) => Value::items(value).get(index),
            (Some(value), Err(_)) => value.get(part),
        };
        if value.is_none() {
            return "absent".into();
        }
    }
    value.map_or("absent".into(), Value::display)
}

fn function(events: &str) -> System {
    service(&format!("functions:\n  take-order:\n    handler: a.b\n    events:\n      - {events}\n"))
}

#[test]
fn a_function_has_a_role_a_log_group_and_defaults() {
    let system = service("functions: {take-order: {handler: a.b, environment: {A: '${self:service}'}}}\n");
    assert_eq!(show(&system, "TakeDashorderLambdaFunction", "FunctionName"), "shop-dev-take-order");
    assert_eq!(show(&system, "TakeDashorderLambdaFunction", "Timeout"), "6");
    assert_eq!(show(&system, "TakeDashorderLambdaFunction", "Runtime"), "python3.13");
    assert_eq!(show(&system, "TakeDashorderLambdaFunction", "Environment.Variables.A"), "shop");
    assert_eq!(show(&system, "TakeDashorderLambdaFunction", "Role"), "${IamRoleLambdaExecution.Arn}");
    assert_eq!(show(&system, "TakeDashorderLogGroup", "LogGroupName"), "/aws/lambda/shop-dev-take-order");
    let function = system.resource("serverless/TakeDashorderLambdaFunction").unwrap();
    assert_eq!(system.sources.location(function.span).line, 3);
    let log = system.resource("serverless/TakeDashorderLogGroup").unwrap();
    assert_eq!(log.made_from.as_deref(), Some("TakeDashorderLambdaFunction"));
}

#[test]
fn queues_and_streams_become_mappings_and_statements() {
    let system = function("sqs: {arn: 'arn:aws:sqs:eu-west-1:1:orders', batchSize: 5}");
    let id = "TakeDashorderEventSourceMappingSQSOrders";
    assert_eq!(show(&system, id, "EventSourceArn"), "arn:aws:sqs:eu-west-1:1:orders");
    assert_eq!(show(&system, id, "FunctionName"), "${TakeDashorderLambdaFunction.Arn}");
    assert_eq!(show(&system, id, "BatchSize"), "5");
    let policy = "Policies.0.PolicyDocument.Statement.2.Action";
    assert!(show(&system, "IamRoleLambdaExecution", policy).contains("sqs:ReceiveMessage"));

    let system = function(
        "stream: {type: dynamodb, arn: {'Fn::GetAtt': [Table, StreamArn]}, filterPatterns: [{eventName: [INSERT]}]}",
    );
    let id = "TakeDashorderEventSourceMappingDynamodbTable";
    assert_eq!(show(&system, id, "StartingPosition"), "TRIM_HORIZON");
    assert_eq!(show(&system, id, "FilterCriteria.Filters.0.Pattern"), "{eventName}");
}

#[test]
fn apis_have_routes_and_authorizers() {
    let system = function("http: {path: 'users/{id}', method: get, authorizer: aws_iam, cors: true}");
    let id = "ApiGatewayMethodUsersIdVarGet";
    assert_eq!(show(&system, id, "AuthorizationType"), "AWS_IAM");
    assert_eq!(show(&system, id, "ResourceId"), "${ApiGatewayResourceUsersIdVar}");
    assert_eq!(show(&system, "ApiGatewayResourceUsersIdVar", "ParentId"), "${ApiGatewayResourceUsers}");
    assert!(show(&system, id, "Integration.Uri").contains("${TakeDashorderLambdaFunction.Arn}"));
    assert_eq!(show(&system, "ApiGatewayMethodUsersIdVarOptions", "AuthorizationType"), "NONE");

    let system = function("http: GET health");
    assert_eq!(show(&system, "ApiGatewayMethodHealthGet", "AuthorizationType"), "NONE");

    let system = function("httpApi: 'POST /orders'");
    assert_eq!(show(&system, "HttpApiRoutePostOrders", "RouteKey"), "POST /orders");
    assert_eq!(show(&system, "HttpApiRoutePostOrders", "AuthorizationType"), "NONE");
    let system = function("httpApi: '*'");
    assert_eq!(show(&system, "HttpApiRouteDefault", "RouteKey"), "$default");
    let system = function("websocket: $connect");
    assert_eq!(show(&system, "SconnectWebsocketsRoute", "RouteKey"), "$connect");
}

#[test]
fn settings_of_an_api_count_without_functions() {
    let text = "service: shop\nprovider:\n  name: aws\n  apiGateway: {minimumCompressionSize: 1024}\n  logs: {restApi: {accessLogging: false}}\n";
    let system = read(&[("serverless.yml", text)]);
    assert_eq!(show(&system, "ApiGatewayRestApi", "MinimumCompressionSize"), "1024");
    let log = show(&system, "ApiGatewayDeployment", "StageDescription.AccessLogSetting.DestinationArn");
    assert_eq!(log, "");
    // With functions it is their events that make the API.
    let text = "service: shop\nprovider: {name: aws, apiGateway: {minimumCompressionSize: 1024}}\nfunctions: {a: {handler: a.b}}\n";
    assert!(read(&[("serverless.yml", text)]).resource("serverless/ApiGatewayRestApi").is_none());
}

#[test]
fn authorizers_of_the_provider_are_found() {
    let text = "service: shop
provider:
  name: aws
  httpApi:
    authorizers:
      login: {identitySource: $request.header.Authorization, issuerUrl: 'https://issuer', audience: [a]}
functions:
  f: {handler: a.b, events: [{httpApi: {method: GET, path: /x, authorizer: {name: login, scopes: [read]}}}]}
  g: {handler: a.b, events: [{httpApi: {method: GET, path: /y, authorizer: {name: nobody}}}]}
";
    let system = read(&[("serverless.yml", text)]);
    assert_eq!(show(&system, "HttpApiRouteGetX", "AuthorizationType"), "JWT");
    assert_eq!(show(&system, "HttpApiRouteGetX", "AuthorizerId"), "${HttpApiAuthorizerLogin}");
    assert_eq!(show(&system, "HttpApiAuthorizerLogin", "JwtConfiguration.Issuer"), "https://issuer");
    // An authorizer that can't be found is not "none".
    let route = system.resource("serverless/HttpApiRouteGetY").unwrap();
    assert!(route.property("AuthorizationType").unwrap().is_unknown());
}

#[test]
fn notifications_make_their_sources() {
    let system = function("sns: orders-topic");
    assert_eq!(show(&system, "SNSTopicOrderstopic", "TopicName"), "orders-topic");
    let id = "TakeDashorderSnsSubscriptionOrderstopic";
    assert_eq!(show(&system, id, "Endpoint"), "${TakeDashorderLambdaFunction.Arn}");

    let system = function("s3: {bucket: my-photos, event: 's3:ObjectRemoved:*', rules: [{suffix: .jpg}]}");
    let base = "NotificationConfiguration.LambdaConfigurations.0";
    assert_eq!(show(&system, "S3BucketMyphotos", &format!("{base}.Event")), "s3:ObjectRemoved:*");
    assert_eq!(show(&system, "S3BucketMyphotos", &format!("{base}.Filter.S3Key.Rules.0.Name")), "suffix");

    let system = function("schedule: rate(1 hour)");
    assert_eq!(show(&system, "TakeDashorderEventsRuleSchedule1", "ScheduleExpression"), "rate(1 hour)");

    let system = function("eventBridge: {eventBus: orders, pattern: {source: [shop]}}");
    assert_eq!(
        show(&system, "Shopdevtakeorderrule1EventBridgeRule", "EventBusName"),
        "${OrdersEventBridgeEventBus}"
    );

    let system = function("somethingNew: {x: 1}");
    let permission = system.resource("serverless/TakeDashorderLambdaPermissionUnknown1").unwrap();
    assert!(permission.property("Principal").unwrap().is_unknown());
}

#[test]
fn roles_are_split_by_the_plugin_alone() {
    let functions = "functions: {f: {handler: a.b, iamRoleStatements: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}}\n";
    let system = service(functions);
    assert_eq!(show(&system, "FLambdaFunction", "Role"), "${IamRoleLambdaExecution.Arn}");
    let system = service(&format!("plugins: [serverless-iam-roles-per-function]\n{functions}"));
    assert_eq!(show(&system, "FLambdaFunction", "Role"), "${FIamRoleLambdaExecution.Arn}");
    let action = show(&system, "FIamRoleLambdaExecution", "Policies.0.PolicyDocument.Statement.2.Action");
    assert_eq!(action, "s3:*");
    assert!(system.resource("serverless/IamRoleLambdaExecution").is_none());
}

#[test]
fn resources_are_merged_over_what_was_made() {
    let files = [
        (
            "serverless.yml",
            "service: shop
provider: {name: aws}
functions: '${file(functions.yml)}'
resources:
  - '${file(queues.yml)}'
  - Resources: {FLambdaFunction: {Properties: {MemorySize: 3008}}}
    extensions: {FLogGroup: {Properties: {RetentionInDays: 7}}, Nobody: {Properties: {X: 1}}}
",
        ),
        ("functions.yml", "f: {handler: a.b, role: QueueRole, environment: {Q: !Ref Queue}}\n"),
        (
            "queues.yml",
            "Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: 'q-${sls:stage}'}}
  QueueRole: {Type: AWS::IAM::Role, Properties: {RoleName: 'r-${AWS::Region}'}}
",
        ),
    ];
    let system = read(&files);
    assert!(system.problems.is_empty(), "{:?}", system.problems);
    assert_eq!(show(&system, "FLambdaFunction", "MemorySize"), "3008");
    assert_eq!(show(&system, "FLambdaFunction", "Role"), "${QueueRole.Arn}");
    assert_eq!(show(&system, "FLambdaFunction", "Environment.Variables.Q"), "${Queue}");
    assert_eq!(show(&system, "FLogGroup", "RetentionInDays"), "7");
    assert_eq!(show(&system, "Queue", "QueueName"), "q-dev");
    assert_eq!(show(&system, "QueueRole", "RoleName"), "r-${AWS::Region}");
    assert!(system.resource("serverless/Nobody").is_none());
    // The files are part of the service, not templates of their own.
    assert_eq!(system.stacks.len(), 1);
    let queue = system.resource("serverless/Queue").unwrap();
    assert_eq!(system.sources.location(queue.span).file, "queues.yml");
}

#[test]
fn what_cannot_be_read_stays_visible() {
    let text = "service: shop\nprovider: {name: aws}\nfunctions: '${file(functions.js):all}'\nresources: '${file(resources.js)}'\n";
    let system = read(&[("serverless.yml", text), ("functions.js", "module.exports = {}")]);
    assert!(system.problems.is_empty(), "{:?}", system.problems);
    assert!(system.resource("serverless/Functions").unwrap().property("Code").unwrap().is_unknown());
    assert_eq!(system.resource("serverless/Resources").unwrap().ty, "AWS::CloudFormation::Stack");
    let system =
        read(&[("serverless.yml", "service: a\nprovider: {name: google}\nfunctions: {f: {handler: x}}\n")]);
    assert_eq!(system.problems.len(), 1);
}

#[test]
fn state_machines_call_functions_by_their_key() {
    let system = service(
        "plugins: [serverless-step-functions]
functions: {pay: {handler: a.b}}
stepFunctions:
  stateMachines:
    checkout:
      events: [{http: {path: checkout, method: post}}, {schedule: rate(1 day)}]
      definition:
        StartAt: Pay
        States: {Pay: {Type: Task, Resource: !GetAtt pay.Arn, End: true}}
",
    );
    let id = "CheckoutStepFunctionsStateMachine";
    assert_eq!(show(&system, id, "Definition.States.Pay.Resource"), "${PayLambdaFunction.Arn}");
    let statement = "Policies.0.PolicyDocument.Statement.0";
    assert_eq!(show(&system, &format!("{id}Role"), &format!("{statement}.Action")), "lambda:InvokeFunction");
    assert_eq!(
        show(&system, &format!("{id}Role"), &format!("{statement}.Resource")),
        "${PayLambdaFunction.Arn}"
    );
    assert!(
        show(&system, "ApiGatewayMethodCheckoutPost", "Integration.Uri")
            .ends_with(":states:action/StartExecution")
    );
    assert_eq!(show(&system, &format!("{id}EventsRule1"), "Targets.0.Arn"), format!("${{{id}}}"));
}

#[test]
fn urls_destinations_and_layers() {
    let system = service(
        "layers: {tools: {path: tools}}
functions:
  f:
    handler: a.b
    url: true
    provisionedConcurrency: 2
    destinations: {onFailure: 'arn:aws:sqs:eu-west-1:1:dead', onSuccess: g}
  g: {handler: a.b, url: {authorizer: aws_iam}, layers: [!Ref ToolsLambdaLayer]}
",
    );
    assert_eq!(show(&system, "FLambdaFunctionUrl", "AuthType"), "NONE");
    assert_eq!(show(&system, "FLambdaPermissionFnUrl", "Principal"), "*");
    assert_eq!(show(&system, "GLambdaFunctionUrl", "AuthType"), "AWS_IAM");
    let config = "DestinationConfig.OnSuccess.Destination";
    assert_eq!(show(&system, "FLambdaEvConf", config), "${GLambdaFunction.Arn}");
    assert_eq!(show(&system, "GLambdaFunction", "Layers"), "[${ToolsLambdaLayer}]");
    let statements = show(&system, "IamRoleLambdaExecution", "Policies.0.PolicyDocument.Statement.2.Action");
    assert!(statements.contains("lambda:InvokeFunction"), "{statements}");
}

#[test]
fn the_scheduler_uses_the_role_of_the_function() {
    let schedule = "schedule: {rate: rate(1 day), method: scheduler}";
    let system = function(schedule);
    let id = "TakeDashorderEventsRuleSchedule1";
    assert_eq!(show(&system, id, "Target.RoleArn"), "${IamRoleLambdaExecution.Arn}");
    let statement = "Policies.0.PolicyDocument.Statement.2";
    assert_eq!(
        show(&system, "IamRoleLambdaExecution", &format!("{statement}.Action")),
        "[lambda:InvokeFunction]"
    );
    let system = service(&format!(
        "plugins: [serverless-iam-roles-per-function]\nfunctions: {{f: {{handler: a.b, iamRoleStatements: [], events: [{{{schedule}}}]}}}}\n"
    ));
    assert_eq!(show(&system, "FEventsRuleSchedule1", "Target.RoleArn"), "${FIamRoleLambdaExecution.Arn}");
    assert!(system.resource("serverless/FIamRoleLambdaExecution").is_some());
}

#[test]
fn service_proxies_reach_their_service_without_a_function() {
    let system = service(
        "plugins: [serverless-apigateway-service-proxy]
custom:
  apiGatewayServiceProxies:
    - sqs: {path: /orders, method: post, queueName: !GetAtt [Queue, QueueName]}
    - sqs: {path: /returns, method: post, queueName: returns, authorizationType: AWS_IAM}
    - sns: {path: /news, method: post, topicName: news}
resources: {Resources: {Queue: {Type: AWS::SQS::Queue}}}
",
    );
    let uri = show(&system, "ApiGatewayMethodOrdersPost", "Integration.Uri");
    assert!(uri.ends_with(":sqs:path/${AWS::AccountId}/${Queue.QueueName}"), "{uri}");
    assert_eq!(show(&system, "ApiGatewayMethodOrdersPost", "AuthorizationType"), "NONE");
    assert_eq!(show(&system, "ApiGatewayMethodReturnsPost", "AuthorizationType"), "AWS_IAM");
    let resource = show(&system, "ApigatewayToSqsRole", "Policies.0.PolicyDocument.Statement.1.Resource");
    assert!(resource.ends_with(":returns"), "{resource}");
    let template = show(&system, "ApiGatewayMethodNewsPost", "Integration.RequestTemplates.application/json");
    assert!(template.ends_with(":news"), "{template}");
}

#[test]
fn fargate_tasks_run_on_their_schedule() {
    let system = service(
        "plugins: [serverless-fargate]
fargate:
  iamRoleStatements: [{Effect: Allow, Action: 's3:PutObject', Resource: '*'}]
  environment: {A: a}
  tasks:
    nightly-job: {image: job, memory: 0.5GB, cpu: 256, schedule: rate(1 day), environment: {B: b}, vpc: {subnetIds: [s], assignPublicIp: true}}
    server: {image: server, service: {desiredCount: 2}}
",
    );
    let task = "NightlyDashjobTask";
    assert_eq!(show(&system, task, "ContainerDefinitions.0.Image"), "job");
    assert_eq!(show(&system, task, "ContainerDefinitions.0.Environment"), "[{Name, Value}, {Name, Value}]");
    assert_eq!(show(&system, task, "TaskRoleArn"), "${FargateIamTaskRole.Arn}");
    let target = "Targets.0.EcsParameters.TaskDefinitionArn";
    assert_eq!(show(&system, "NightlyDashjobScheduledRule", target), format!("${{{task}}}"));
    assert_eq!(show(&system, "ServerService", "DesiredCount"), "2");
    assert_eq!(
        show(&system, "FargateIamTaskRole", "Policies.0.PolicyDocument.Statement.0.Action"),
        "s3:PutObject"
    );
}
