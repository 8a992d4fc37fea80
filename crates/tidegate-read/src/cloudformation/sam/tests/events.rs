use super::*;

fn events(more: &str) -> Got {
    let lines: String = more.lines().map(|line| format!("        {line}\n")).collect();
    template(&format!(
        "
Conditions: {{C: !Equals [a, a]}}
Resources:
  B: {{Type: AWS::S3::Bucket}}
  P: {{Type: AWS::Cognito::UserPool}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://b/k
      Handler: a.b
      Runtime: r
      Events:
{lines}"
    ))
}

fn ids_of(more: &str) -> Vec<String> {
    events(more)
        .clean()
        .ids()
        .into_iter()
        .filter(|id| !["B", "F", "FRole", "P"].contains(&id.as_str()))
        .collect()
}

#[test]
fn every_event_makes_what_it_needs() {
    for (event, want) in [
        ("{Type: Schedule, Properties: {Schedule: rate(1 day)}}", vec!["FE", "FEPermission"]),
        ("{Type: CloudWatchEvent, Properties: {Pattern: {source: [a]}}}", vec!["FE", "FEPermission"]),
        (
            "{Type: EventBridgeRule, Properties: {Pattern: {source: [a]}, DeadLetterConfig: {Type: SQS}}}",
            vec!["FE", "FEPermission", "FEQueue", "FEQueuePolicy"],
        ),
        ("{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}", vec!["FE", "FERole"]),
        ("{Type: SNS, Properties: {Topic: arn}}", vec!["FE", "FEPermission"]),
        (
            "{Type: SNS, Properties: {Topic: arn, SqsSubscription: true}}",
            vec!["FE", "FEEventSourceMapping", "FEQueue", "FEQueuePolicy"],
        ),
        (
            "{Type: SNS, Properties: {Topic: arn, SqsSubscription: {QueueArn: a, QueueUrl: u, QueuePolicyLogicalId: Own}}}",
            vec!["FE", "FEEventSourceMapping", "Own"],
        ),
        ("{Type: SQS, Properties: {Queue: arn}}", vec!["FE"]),
        ("{Type: Kinesis, Properties: {Stream: arn, StartingPosition: LATEST}}", vec!["FE"]),
        ("{Type: IoTRule, Properties: {Sql: SELECT}}", vec!["FE", "FEPermission"]),
        ("{Type: AlexaSkill}", vec!["FEPermission"]),
        (
            "{Type: CloudWatchLogs, Properties: {LogGroupName: g, FilterPattern: ''}}",
            vec!["FE", "FEPermission"],
        ),
        ("{Type: S3, Properties: {Bucket: !Ref B, Events: 's3:ObjectCreated:*'}}", vec!["FEPermission"]),
        ("{Type: Cognito, Properties: {UserPool: !Ref P, Trigger: PreSignUp}}", vec!["FCognitoPermission"]),
        (
            "{Type: Api, Properties: {Path: /a, Method: get}}",
            vec![
                "FEPermissionProd",
                "ServerlessRestApi",
                "ServerlessRestApiDeployment",
                "ServerlessRestApiProdStage",
            ],
        ),
        (
            "{Type: HttpApi}",
            vec!["FEPermission", "ServerlessHttpApi", "ServerlessHttpApiApiGatewayDefaultStage"],
        ),
    ] {
        assert_eq!(ids_of(&format!("E: {event}")), want, "{event}");
    }
}

#[test]
fn buckets_and_pools_are_told_of_the_function() {
    let got = events("E: {Type: S3, Properties: {Bucket: !Ref B, Events: ['a', 'b']}}\nT: {Type: Cognito, Properties: {UserPool: !Ref P, Trigger: PreSignUp}}").clean();
    let config = ["B", "Properties", "NotificationConfiguration", "LambdaConfigurations"];
    assert_eq!(got.at(&config).unwrap().items().len(), 2);
    assert_eq!(got.text(&["B", "DependsOn", "0"]), "FEPermission");
    assert_eq!(got.text(&["P", "Properties", "LambdaConfig", "PreSignUp", "Fn::GetAtt", "0"]), "F");
    assert_eq!(got.0.origins["B"].made_from, None);
}

#[test]
fn polling_needs_rights() {
    let got = events("E: {Type: MQ, Properties: {Broker: b, Queues: [q], SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: u}]}}").clean();
    let statements =
        got.at(&["FRole", "Properties", "Policies", "0", "PolicyDocument", "Statement"]).unwrap();
    assert_eq!(statements.items().len(), 2);
    let got = events("E: {Type: SQS, Properties: {Queue: arn}}\nK: {Type: Kinesis, Properties: {Stream: s, StartingPosition: LATEST}}").clean();
    assert_eq!(got.property("FRole", "ManagedPolicyArns").unwrap().items().len(), 3);
}

#[test]
fn topics_may_come_from_a_parameter() {
    let kafka = |topics: &str| {
        events(&format!(
            "E: {{Type: SelfManagedKafka, Properties: {{Topics: {topics}, KafkaBootstrapServers: [s], SourceAccessConfigurations: [{{Type: BASIC_AUTH, URI: u}}]}}}}"
        ))
    };
    assert!(kafka("!Ref P").clean().at(&["FE"]).is_some());
    assert_eq!(kafka("[a, b]").said(), ["event `E` of `F`: `Topics` should hold one topic"]);
}

#[test]
fn faults_of_events_leave_the_others() {
    for (fault, said) in [
        ("{Type: NoSuch}", "event `X` of `F`: `NoSuch` is no type of event here"),
        ("{Type: SQS}", "event `X` of `F` lacks the required property `Queue`"),
        ("{Type: SQS, Properties: []}", "event `X` of `F`: `Properties` should be a map"),
        (
            "{Type: S3, Properties: {Bucket: name, Events: e}}",
            "event `X` of `F`: `Bucket` should refer to an `AWS::S3::Bucket` of the same template",
        ),
        (
            "{Type: Schedule, Properties: {Schedule: r, State: ENABLED, Enabled: true}}",
            "event `X` of `F`: `State` and `Enabled` exclude each other",
        ),
        (
            "{Type: Schedule, Properties: {Schedule: r, DeadLetterConfig: {Arn: a, Type: SQS}}}",
            "event `X` of `F`: `DeadLetterConfig` takes either `Arn` or `Type`, not both",
        ),
        (
            "{Type: SelfManagedKafka, Properties: {Topics: [a]}}",
            "event `X` of `F`: a Kafka cluster needs `KafkaBootstrapServers`",
        ),
        (
            "{Type: MQ, Properties: {Broker: b, Queues: [q], SourceAccessConfigurations: [{Type: X}]}}",
            "`Type` in `SourceAccessConfigurations` of event `X` should be one of `BASIC_AUTH`, `VIRTUAL_HOST`",
        ),
        (
            "{Type: Api, Properties: {Path: /a, Method: get, RestApiId: !Ref Nope}}",
            "`RestApiId` of event `X` of `F` should refer to an `AWS::Serverless::Api`",
        ),
        ("{Type: Api, Properties: {Method: get}}", "event `X` of `F` lacks the required property `Path`"),
    ] {
        let got = events(&format!("E: {{Type: SNS, Properties: {{Topic: arn}}}}\nX: {fault}"));
        assert_eq!(got.said(), [said], "{fault}");
        assert!(got.at(&["FEPermission"]).is_some());
    }
}

#[test]
fn conditions_and_policies_are_passed_on() {
    let got = template(
        "
Conditions: {C: !Equals [a, a]}
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: C
    DeletionPolicy: Retain
    DependsOn: [X]
    Metadata: {a: b}
    Properties:
      CodeUri: s3://b/k
      Handler: a
      Runtime: r
      Events:
        E: {Type: SQS, Properties: {Queue: arn}}
        A: {Type: Api, Properties: {Path: /a, Method: get}}
",
    )
    .clean();
    for id in ["F", "FRole", "FE", "FAPermissionProd", "ServerlessRestApi", "ServerlessRestApiProdStage"] {
        assert_eq!(got.text(&[id, "Condition"]), "C", "{id}");
        assert_eq!(got.text(&[id, "DeletionPolicy"]), "Retain", "{id}");
    }
    assert!(got.at(&["F", "DependsOn"]).is_some() && got.at(&["FRole", "DependsOn"]).is_none());
    assert!(got.at(&["F", "Metadata"]).is_some() && got.at(&["FRole", "Metadata"]).is_none());
}

#[test]
fn ids_that_are_taken_are_told() {
    let got = resources(
        "
F:
  Type: AWS::Serverless::Function
  Properties: {CodeUri: s3://b/k, Handler: a, Runtime: r}
FRole: {Type: AWS::IAM::Role}
",
    );
    assert_eq!(got.said(), ["`F` makes a resource `FRole`, an id that another has: `AWS::IAM::Role`"]);
}
