//! Which edges a system has.

use crate::scratch::Scratch;
use tidegate_graph::{EdgeKind, Exposure, Graph};
use tidegate_read::Options;

fn graph(files: &[(&str, &str)]) -> Graph {
    let system = tidegate_read::read(Scratch::new(files).path(), &Options::default());
    assert_eq!(system.problems, [], "the fixture is broken");
    tidegate_read::link(&system)
}

/// Reads a template and compares its data edges, each as `from kind to` with the last part of the ids, sorted.
fn check(template: &str, expect: &[&str]) {
    assert_eq!(edges(&graph(&[("t.yaml", template)]), EdgeKind::is_data), expect, "in\n{template}");
}

fn terraform(module: &str, expect: &[&str]) {
    assert_eq!(edges(&graph(&[("main.tf", module)]), EdgeKind::is_data), expect, "in\n{module}");
}

fn edges(graph: &Graph, wanted: impl Fn(EdgeKind) -> bool) -> Vec<String> {
    let name = |node: usize| graph.node(node).unwrap().id.rsplit('/').next().unwrap().to_string();
    let shown = |e: &tidegate_graph::Edge| format!("{} {} {}", name(e.from), e.kind.word(), name(e.to));
    let mut out: Vec<String> = graph.edges().iter().filter(|e| wanted(e.kind)).map(shown).collect();
    out.sort();
    out
}

#[test]
fn event_source_mappings_run_from_source_to_function_and_on_failure_further() {
    check(
        "Resources:
  Stream: {Type: AWS::Kinesis::Stream}
  Failed: {Type: AWS::SQS::Queue}
  F: {Type: AWS::Lambda::Function}
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Stream.Arn
      FunctionName: !Ref F
      DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}
",
        &["F publishes Failed", "Stream triggers F"],
    );
}

#[test]
fn an_alias_is_its_function() {
    check(
        "Resources:
  Q: {Type: AWS::SQS::Queue}
  F: {Type: AWS::Lambda::Function}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref F, FunctionVersion: '1', Name: live}}
  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt Q.Arn, FunctionName: !Ref Live}}
",
        &["Q triggers F"],
    );
}

#[test]
fn topics_buckets_and_queues_pass_on() {
    check(
        "Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: https, Endpoint: 'https://example.com/x'}]}}
  S: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Q.Arn}}
  Q: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}}}
  Dead: {Type: AWS::SQS::Queue}
  B:
    Type: AWS::S3::Bucket
    Properties:
      NotificationConfiguration: {TopicConfigurations: [{Event: 's3:ObjectCreated:*', Topic: !Ref Topic}]}
      ReplicationConfiguration: {Role: x, Rules: [{Status: Enabled, Destination: {Bucket: !GetAtt Copy.Arn}}]}
  Copy: {Type: AWS::S3::Bucket}
",
        &["B publishes Topic", "B writes Copy", "Q publishes Dead", "Topic egress example.com", "Topic publishes Q"],
    );
}

#[test]
fn rules_listen_to_their_bus_and_deliver_to_their_targets() {
    check(
        "Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: uploads}}
  Machine: {Type: AWS::StepFunctions::StateMachine}
  Log: {Type: AWS::Logs::LogGroup}
  Mine:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: orders
      EventPattern: {source: [shop]}
      Targets: [{Id: a, Arn: !Ref Machine, RoleArn: x}]
  Theirs:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.s3], detail: {bucket: {name: [!Ref B]}}}
      Targets: [{Id: a, Arn: !GetAtt Log.Arn}]
",
        &[
            "B triggers Theirs",
            "Bus triggers Mine",
            "Mine triggers Machine",
            "Theirs writes Log",
            "default triggers Theirs",
        ],
    );
}

#[test]
fn pipes_and_schedules_deliver() {
    check(
        "Resources:
  T: {Type: AWS::DynamoDB::Table}
  F: {Type: AWS::Lambda::Function}
  Bus: {Type: AWS::Events::EventBus}
  Q: {Type: AWS::SQS::Queue}
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties: {Source: !GetAtt T.StreamArn, Enrichment: !GetAtt F.Arn, Target: !GetAtt Bus.Arn, RoleArn: x}
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      Target:
        Arn: arn:aws:scheduler:::aws-sdk:sqs:sendMessage
        RoleArn: x
        Input: !Sub '{\"QueueUrl\": \"${Q}\", \"MessageBody\": \"x\"}'
",
        &["Nightly publishes Q", "Pipe invokes F", "Pipe publishes Bus", "T triggers Pipe"],
    );
}

#[test]
fn states_call_what_they_name() {
    check(
        "Resources:
  F: {Type: AWS::Lambda::Function}
  Q: {Type: AWS::SQS::Queue}
  M:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionSubstitutions: {Queue: !Ref Q}
      DefinitionString: !Sub |
        {\"StartAt\": \"A\", \"States\": {
          \"A\": {\"Type\": \"Task\", \"Resource\": \"${F.Arn}\", \"Next\": \"B\"},
          \"B\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::sqs:sendMessage\",
                 \"Parameters\": {\"QueueUrl\": \"${!Queue}\"}, \"Next\": \"C\"},
          \"C\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::bedrock:invokeModel\",
                 \"Parameters\": {\"ModelId\": \"x\"}, \"End\": true}}}
",
        &["M invokes F", "M invokes bedrock", "M publishes Q"],
    );
}

#[test]
fn routes_call_functions_and_services() {
    check(
        "Resources:
  Api: {Type: AWS::ApiGateway::RestApi}
  F: {Type: AWS::Lambda::Function}
  T: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders}}
  A:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      HttpMethod: GET
      AuthorizationType: AWS_IAM
      Integration:
        Type: AWS_PROXY
        Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations'
  B:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      HttpMethod: POST
      AuthorizationType: AWS_IAM
      Integration:
        Type: AWS
        Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:dynamodb:action/PutItem'
        RequestTemplates: {application/json: '{\"TableName\": \"orders\"}'}
",
        &["Api triggers F", "Api writes T"],
    );
}

/// A function with a role that is allowed `actions` on `resource`, among a queue, two tables and what else is given.
fn granted(actions: &str, resource: &str, environment: &str, expect: &[&str]) {
    check(
        &format!(
            "Resources:
  Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !Sub '${{AWS::StackName}}-q'}}}}
  T: {{Type: AWS::DynamoDB::Table}}
  U: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: users}}}}
  F:
    Type: AWS::Lambda::Function
    Properties: {{Role: !GetAtt R.Arn, Environment: {{Variables: {{X: {environment}}}}}}}
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: 'sts:AssumeRole'}}]}}
      Policies:
        - PolicyName: p
          PolicyDocument: {{Statement: [{{Effect: Allow, Action: [{actions}], Resource: {resource}}}]}}
"
        ),
        expect,
    );
}

#[test]
fn grants_become_edges_in_the_direction_of_the_data() {
    granted("'dynamodb:GetItem', 'dynamodb:PutItem'", "!GetAtt T.Arn", "x", &["F writes T", "T reads F"]);
    granted("'dynamodb:Query'", "!Sub 'arn:aws:dynamodb:*:*:table/users/index/*'", "x", &["U reads F"]);
    granted("'sqs:SendMessage'", "!Sub 'arn:aws:sqs:*:*:${AWS::StackName}-q'", "x", &["F publishes Q"]);
    granted("'sqs:GetQueueAttributes', 'logs:PutLogEvents'", "'*'", "x", &[]);
}

#[test]
fn a_grant_on_everything_means_what_the_environment_names() {
    granted("'dynamodb:PutItem'", "'*'", "!Ref U", &["F writes U"]);
    // One queue, so that is what is meant; two tables and nothing that tells them apart.
    granted("'sqs:SendMessage'", "'*'", "x", &["F publishes Q"]);
    granted("'dynamodb:PutItem'", "'*'", "x", &["F writes T", "F writes U"]);
    granted("'rekognition:DetectLabels'", "'*'", "x", &["F invokes rekognition"]);
    granted("'*'", "'*'", "!Ref T", &["F writes T", "T reads F"]);
}

#[test]
fn names_may_come_in_from_another_stack() {
    let one = "Resources: {Q: {Type: AWS::SQS::Queue}}\n";
    let two = "Parameters: {QueueArn: {Type: String}}
Resources:
  F: {Type: AWS::Lambda::Function}
  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !Sub 'arn:aws:sqs:x:1:${QueueArn}', FunctionName: !Ref F}}
";
    assert_eq!(edges(&graph(&[("one.yaml", one), ("two.yaml", two)]), EdgeKind::is_data), ["Q triggers F"]);
}

#[test]
fn identities_assume_trust_and_pass() {
    let template = "Resources:
  F: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt R.Arn}}
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {AWS: 'arn:aws:iam::111122223333:root'}, Action: 'sts:AssumeRole'}]}
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: 'iam:PassRole', Resource: !GetAtt Other.Arn}]}
  Other: {Type: AWS::IAM::Role}
";
    let found = edges(&graph(&[("t.yaml", template)]), |kind| !kind.is_data());
    let root = "arn:aws:iam::111122223333:root";
    let expect = [
        "F assumes R".to_string(),
        "R passes Other".into(),
        format!("R trusts {root}"),
        format!("{root} assumes R"),
    ];
    assert_eq!(found, expect);
}

#[test]
fn exposure_is_the_widest_way_in() {
    let template = "Resources:
  Open: {Type: AWS::Lambda::Function}
  OpenUrl: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Open, AuthType: NONE}}
  Signed: {Type: AWS::Lambda::Function}
  SignedUrl: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Signed, AuthType: AWS_IAM}}
  Api: {Type: AWS::ApiGatewayV2::Api}
  Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: 'GET /', AuthorizationType: JWT}}
  Q: {Type: AWS::SQS::Queue}
  P:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Q]
      PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: 'sqs:*', Resource: '*', Condition: {StringEquals: {'aws:PrincipalOrgID': o-1}}}]}
";
    let graph = graph(&[("t.yaml", template)]);
    let exposure = |id: &str| graph.node(graph.index(id).unwrap()).unwrap().exposure;
    assert_eq!(exposure("t/Open"), Exposure::Anonymous);
    assert_eq!(exposure("t/Signed"), Exposure::Account);
    assert_eq!(exposure("t/Api"), Exposure::Authenticated);
    assert_eq!(exposure("t/Q"), Exposure::CrossAccount);
}

#[test]
fn google_cloud() {
    terraform(
        r#"
resource "google_pubsub_topic" "t" { name = "orders" }
resource "google_service_account" "a" { account_id = "worker" }
resource "google_cloudfunctions2_function" "f" {
  name = "worker"
  service_config { service_account_email = google_service_account.a.email }
  event_trigger {
    event_type   = "google.cloud.pubsub.topic.v1.messagePublished"
    pubsub_topic = google_pubsub_topic.t.id
  }
}
resource "google_storage_bucket" "b" { name = "results" }
resource "google_storage_bucket_iam_member" "m" {
  bucket = google_storage_bucket.b.name
  role   = "roles/storage.objectCreator"
  member = "serviceAccount:${google_service_account.a.email}"
}
"#,
        &[
            "google_cloudfunctions2_function.f writes google_storage_bucket.b",
            "google_pubsub_topic.t triggers google_cloudfunctions2_function.f",
        ],
    );
}

#[test]
fn azure() {
    terraform(
        r#"
resource "azurerm_eventgrid_topic" "t" { name = "orders" }
resource "azurerm_linux_function_app" "f" {
  name = "worker"
  identity { type = "SystemAssigned" }
}
resource "azurerm_eventgrid_event_subscription" "s" {
  name  = "s"
  scope = azurerm_eventgrid_topic.t.id
  azure_function_endpoint { function_id = "${azurerm_linux_function_app.f.id}/functions/x" }
}
resource "azurerm_servicebus_queue" "q" { name = "q" }
resource "azurerm_role_assignment" "r" {
  scope                = azurerm_servicebus_queue.q.id
  role_definition_name = "Azure Service Bus Data Sender"
  principal_id         = azurerm_linux_function_app.f.identity[0].principal_id
}
"#,
        &[
            "azurerm_eventgrid_event_subscription.s triggers azurerm_linux_function_app.f",
            "azurerm_eventgrid_topic.t triggers azurerm_eventgrid_event_subscription.s",
            "azurerm_linux_function_app.f publishes azurerm_servicebus_queue.q",
        ],
    );
}

#[test]
fn who_is_of_another_project_or_subscription_is_there() {
    let graph = graph(&[(
        "main.tf",
        r#"
resource "google_service_account" "a" { account_id = "worker" }
resource "google_service_account_iam_member" "m" {
  service_account_id = google_service_account.a.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:ci@other.iam.gserviceaccount.com"
}
resource "azurerm_user_assigned_identity" "i" { name = "i" }
resource "azurerm_role_assignment" "r" {
  scope                = "/subscriptions/11111111-2222-3333-4444-555555555555"
  role_definition_name = "Contributor"
  principal_id         = azurerm_user_assigned_identity.i.principal_id
}
"#,
    )]);
    let wanted = |kind| matches!(kind, EdgeKind::Grants | EdgeKind::Trusts);
    insta::assert_debug_snapshot!(edges(&graph, wanted));
}

#[test]
fn variables_come_from_the_environment_unless_a_file_says_otherwise() {
    let module = "variable \"a\" {}\nvariable \"b\" {}\nresource \"aws_sqs_queue\" \"q\" { name = \"${var.a}-${var.b}\" }\n";
    let files = Scratch::new(&[("main.tf", module), ("terraform.tfvars", "b = \"file\"\n")]);
    let environment =
        [("a", "environment"), ("b", "environment")].map(|(k, v)| (k.to_string(), v.to_string()));
    let options = Options { terraform_environment: environment.into(), ..Options::default() };
    let system = tidegate_read::read(files.path(), &options);
    let name = system.resources()[0].property("QueueName").unwrap();
    assert_eq!(name.display(), "environment-file");
}
