use super::*;

#[test]
fn layers_get_a_new_id_that_references_follow() {
    let got = template(
        "
Resources:
  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: ./layer, RetentionPolicy: delete}}
  X: {Type: AWS::SNS::Topic, DependsOn: L, Properties: {TopicName: !Ref L}}
Outputs:
  O: {Value: !Ref L}
",
    )
    .clean();
    let id = got.id("L");
    assert_ne!(id, "L");
    assert_eq!(got.text(&[&id, "DeletionPolicy"]), "Delete");
    assert_eq!(got.text(&["X", "DependsOn"]), id);
    assert_eq!(got.text(&["X", "Properties", "TopicName", "Ref"]), id);
    let output = got.0.root.get("Outputs").unwrap().get("O").unwrap().get("Value").unwrap();
    assert_eq!(output.get("Ref").unwrap().as_str().unwrap(), id);
}

#[test]
fn tables_and_applications() {
    let got = resources(
        "
T: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: {Name: k, Type: Number}}}
U: {Type: AWS::Serverless::SimpleTable}
A: {Type: AWS::Serverless::Application, Properties: {Location: child/template.yaml, Parameters: {P: 1}}}
",
    )
    .clean();
    assert_eq!(got.text(&["T", "Properties", "AttributeDefinitions", "0", "AttributeType"]), "N");
    assert_eq!(got.text(&["U", "Properties", "KeySchema", "0", "AttributeName"]), "id");
    assert_eq!(got.text(&["A", "Type"]), "AWS::CloudFormation::Stack");
    assert_eq!(got.text(&["A", "Properties", "TemplateURL"]), "child/template.yaml");
    let got =
        resources("T: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: {Name: k, Type: Odd}}}");
    assert_eq!(got.said().len(), 1);
}

#[test]
fn state_machines_have_roles_versions_and_events() {
    let machine = "{StartAt: A, States: {A: {Type: Pass, End: true}}}";
    let got = resources(&format!(
        "
M:
  Type: AWS::Serverless::StateMachine
  Properties:
    Definition: {machine}
    AutoPublishAlias: live
    UseAliasAsEventTarget: true
    Tracing: {{Enabled: true}}
    Events:
      A: {{Type: Api, Properties: {{Path: /a, Method: post}}}}
      S: {{Type: Schedule, Properties: {{Schedule: rate(1 day)}}}}
"
    ))
    .clean();
    for id in ["M", "MRole", "MVersion", "MAliaslive", "MARole", "MS", "MSRole", "ServerlessRestApi"] {
        assert!(got.at(&[id]).is_some(), "{id}");
    }
    assert_eq!(got.text(&["MS", "Properties", "Targets", "0", "Arn", "Ref"]), "MAliaslive");
    let integration =
        ["ServerlessRestApi", "Properties", "Body", "paths", "/a", "post", "x-amazon-apigateway-integration"];
    assert!(got.at(&integration).unwrap().get("credentials").is_some());
    let got = resources(&format!(
        "M: {{Type: AWS::Serverless::StateMachine, Properties: {{Definition: {machine}, Role: r, Policies: p}}}}"
    ));
    assert_eq!(got.said(), ["`M`: `Role` and `Policies` exclude each other"]);
}

#[test]
fn definitions_are_read_from_their_file() {
    let text =
        "Resources:\n  M: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: m.asl.json}}\n";
    let got =
        folder("machine", &[("template.yaml", text), ("m.asl.json", "{\"StartAt\": \"A\", \"States\": {}}")])
            .clean();
    assert_eq!(got.text(&["M", "Properties", "Definition", "StartAt"]), "A");
}

#[test]
fn connectors_give_rights_in_both_ways_of_writing() {
    let got = resources(
        "
F:
  Type: AWS::Serverless::Function
  Properties: {CodeUri: s3://b/k, Handler: a, Runtime: r}
  Connectors:
    Store: {Properties: {Destination: [{Id: T}, {Id: Q}], Permissions: [Write]}}
T: {Type: AWS::Serverless::SimpleTable}
Q: {Type: AWS::SQS::Queue}
N: {Type: AWS::SNS::Topic}
C:
  Type: AWS::Serverless::Connector
  Properties: {Source: {Id: N}, Destination: {Id: Q}, Permissions: [Write]}
D: {Type: AWS::SNS::Topic, DependsOn: C}
",
    )
    .clean();
    assert_eq!(got.text(&["FStorePolicyDestination0", "Type"]), "AWS::IAM::ManagedPolicy");
    assert_eq!(got.text(&["FStorePolicyDestination1", "Properties", "Roles", "0", "Ref"]), "FRole");
    assert_eq!(got.text(&["CQueuePolicy", "Properties", "Queues", "0", "Ref"]), "Q");
    assert_eq!(got.text(&["D", "DependsOn", "0"]), "CQueuePolicy");
    assert!(got.at(&["F", "Connectors"]).is_none() && got.at(&["FStore"]).is_none());
}

#[test]
fn connectors_that_lead_nowhere_are_told() {
    let got = resources(
        "
Q: {Type: AWS::SQS::Queue}
R: {Type: AWS::SQS::Queue}
A: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Q}, Destination: {Id: R}, Permissions: [Read]}}
B: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Q}, Destination: {Id: X}, Permissions: [Read]}}
C: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Q, Type: T}, Destination: {Id: R}, Permissions: [Read]}}
",
    );
    assert_eq!(
        got.said(),
        [
            "`A`: there is no connector from `AWS::SQS::Queue` to `AWS::SQS::Queue`",
            "there is no resource `X`",
            "an end of a connector takes either `Id` or `Type` with what is known of it",
        ]
    );
}

#[test]
fn graphql_apis_have_sources_functions_and_resolvers() {
    let got = resources(
        "
G:
  Type: AWS::Serverless::GraphQLApi
  Properties:
    SchemaInline: 'type Query { a: String }'
    Auth: {Type: AWS_LAMBDA, LambdaAuthorizer: {AuthorizerUri: arn}}
    DataSources:
      DynamoDb: {T: {TableName: t, TableArn: arn}}
    Functions:
      One: {DataSource: T, InlineCode: x, Runtime: {Name: APPSYNC_JS, Version: 1.0.0}}
      Two: {DataSource: none, InlineCode: x, Runtime: {Name: APPSYNC_JS, Version: 1.0.0}}
    Resolvers:
      Query: {a: {Pipeline: [One, Two]}}
",
    )
    .clean();
    for id in [
        "G",
        "GSchema",
        "GCloudWatchRole",
        "GTDynamoDBDataSource",
        "GTDynamoDBDataSourceRole",
        "GOne",
        "GTwo",
        "GQuerya",
        "GTDynamoDBDataSourceToTableConnectorPolicy",
        "GNoneDataSource",
        "GToLambdaAuthConnector1WriteLambdaPermission",
    ] {
        assert!(got.at(&[id]).is_some(), "{id}");
    }
}

#[test]
fn capacity_providers_operate_with_a_role() {
    let got =
        resources("P: {Type: AWS::Serverless::CapacityProvider, Properties: {VpcConfig: {SubnetIds: [a]}}}")
            .clean();
    assert_eq!(got.ids(), ["P", "POperatorRole"]);
    let got = resources("P: {Type: AWS::Serverless::CapacityProvider, Properties: {VpcConfig: {}}}");
    assert_eq!(got.said(), ["`VpcConfig` of `P` lacks the required property `SubnetIds`"]);
}

#[test]
fn what_is_no_sam_stays_as_it_is() {
    let got = resources(
        "Q: {Type: AWS::SQS::Queue}\nX: {Type: AWS::Serverless::NoSuch, Properties: {A: 1}}\nY: {}",
    )
    .clean();
    assert_eq!(got.ids(), ["Q", "X", "Y"]);
    assert!(got.0.origins.is_empty());
}

#[test]
fn odd_values_anywhere_are_borne() {
    let text = "
Globals: {Function: {Timeout: 3, Tags: {a: b}}, Api: {Cors: x}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: C
    Properties:
      CodeUri: {Bucket: b, Key: k}
      Handler: h
      Runtime: r
      Policies: [SQSPollerPolicy: {QueueName: q}]
      AutoPublishAlias: live
      DeploymentPreference: {Type: AllAtOnce, Alarms: [a], Hooks: {PreTraffic: x}}
      DeadLetterQueue: {Type: SQS, TargetArn: a}
      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}
      FunctionUrlConfig: {AuthType: NONE, Cors: {MaxAge: 1}}
      Events:
        A: {Type: Api, Properties: {Path: /a, Method: get, Auth: {Authorizer: U}, RequestParameters: [method.request.header.A]}}
        H: {Type: HttpApi, Properties: {Path: /a, Method: get, RouteSettings: {A: 1}}}
        B: {Type: S3, Properties: {Bucket: !Ref B, Events: [e]}}
        N: {Type: SNS, Properties: {Topic: t, SqsSubscription: {QueueArn: a, QueueUrl: u}}}
        S: {Type: Schedule, Properties: {Schedule: r, DeadLetterConfig: {Type: SQS}}}
        K: {Type: SelfManagedKafka, Properties: {Topics: [a], KafkaBootstrapServers: [s], SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: u}]}}
    Connectors: {C: {Properties: {Destination: {Id: B}, Permissions: [Read]}}}
  B: {Type: AWS::S3::Bucket, Properties: {NotificationConfiguration: {LambdaConfigurations: []}}}
  W: {Type: AWS::Serverless::WebSocketApi, Properties: {RouteSelectionExpression: x, Routes: {$connect: {FunctionArn: a}}, Auth: {AuthType: CUSTOM, AuthArn: a}}}
  M: {Type: AWS::Serverless::StateMachine, Properties: {Definition: {A: 1}, Events: {A: {Type: Api, Properties: {Path: /b, Method: get}}}}}
  G: {Type: AWS::Serverless::GraphQLApi, Properties: {SchemaInline: s, Auth: {Type: AWS_IAM}, Resolvers: {Q: {a: {Pipeline: [f]}}}}}
  R: {Type: AWS::Serverless::Api, Properties: {StageName: a, Domain: {DomainName: d, CertificateArn: c, Route53: {HostedZoneId: z}}, Auth: {Authorizers: {U: {FunctionArn: a, Identity: {Header: x}}}, UsagePlan: {CreateUsagePlan: SHARED}, ResourcePolicy: {SourceVpcWhitelist: [vpc-1]}}}}
";
    let files = Files::new(Path::new("."));
    let file = files.add("template.yaml", text);
    let root = yaml::parse_one(file, text).0.unwrap();
    let mut places = 0;
    root.walk(&mut |_| places += 1);
    let odd = [
        "",
        "[]",
        "{}",
        "x",
        "5",
        "[[]]",
        "{a: {b: c}}",
        "{Ref: X}",
        "{Fn::If: [C]}",
        "{Fn::If: [C, {Ref: AWS::NoValue}, y]}",
    ];
    for odd in odd {
        let odd = yaml::parse_one(file, odd).0.unwrap_or_else(|| Value::new(Data::Null, Span::default()));
        for place in 0..places {
            let mut root = root.clone();
            replace(&mut root, &odd, &mut { place });
            let Data::Map(root) = root.data else { continue };
            let mut template = Template { file, root, ..Template::default() };
            transform(&files, &mut template);
        }
    }
}

/// Puts a value in a place, counted from the outside.
fn replace(value: &mut Value, odd: &Value, place: &mut usize) {
    if *place == 0 {
        *value = odd.clone();
    }
    *place = place.wrapping_sub(1);
    match &mut value.data {
        Data::List(items) => items.iter_mut().for_each(|item| replace(item, odd, place)),
        Data::Map(map) => map.iter_mut().for_each(|(_, item)| replace(item, odd, place)),
        _ => {}
    }
}
