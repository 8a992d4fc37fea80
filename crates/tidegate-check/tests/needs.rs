//! What functions need beside what their variables name: nothing of it is called surplus, and each need says why.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use tidegate_check::intent::{Intent, Verdict, intents};

/// The one role of a template whose functions have these statements.
fn intent(name: &str, statements: &str, rest: &str) -> Intent {
    let folder = std::env::temp_dir().join(format!("tidegate-needs-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let template = format!(
        "Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{}}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
{statements}
{rest}"
    );
    fs::write(folder.join("template.yaml"), template).unwrap();
    let system = tidegate_read::read(&folder, &tidegate_read::Options::default());
    fs::remove_dir_all(&folder).unwrap();
    assert!(system.problems.is_empty(), "{:?}", system.problems);
    let graph = tidegate_read::link(&system);
    intents(&system, &graph).into_iter().next().unwrap()
}

fn needs(intent: &Intent, action: &str) -> Vec<(String, String)> {
    let own = intent.needs.iter().filter(|need| need.action == action);
    own.map(|need| (need.resource.clone(), need.why.clone())).collect()
}

fn verdicts<'i>(intent: &'i Intent, action: &str) -> Vec<(Verdict, &'i [String], &'i str)> {
    let own = intent.items.iter().filter(|item| item.action == action);
    own.map(|item| (item.verdict, item.actions.as_slice(), item.why.as_str())).collect()
}

fn only_kept(intent: &Intent) {
    for item in &intent.items {
        assert_eq!(item.verdict, Verdict::Kept, "{}: {}", item.action, item.why);
    }
}

#[test]
fn tracing_is_a_need_where_it_is_on() {
    let statement = "              - {Effect: Allow, Action: 'xray:PutTraceSegments', Resource: '*'}";
    let function = |more: &str| {
        format!(
            "  Taker: {{Type: AWS::Lambda::Function, Properties: {{Role: !GetAtt Role.Arn, {more}Code: {{}}}}}}"
        )
    };
    let on = intent("traced", statement, &function("TracingConfig: {Mode: Active}, "));
    assert_eq!(verdicts(&on, "xray:PutTraceSegments"), [(Verdict::Kept, &[][..], "tracing is on")]);
    assert_eq!(needs(&on, "xray:PutTelemetryRecords").len(), 1);
    let off = intent("untraced", statement, &function(""));
    assert_eq!(verdicts(&off, "xray:PutTraceSegments")[0].0, Verdict::Unknown);
    assert!(needs(&off, "xray:PutTraceSegments").is_empty());
}

#[test]
fn pollers_of_brokers_need_to_find_reach_and_enter_them() {
    let statements = "
              - {Effect: Allow, Action: ['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], Resource: !Ref Cluster}
              - {Effect: Allow, Action: ['kafka-cluster:Connect', 'kafka-cluster:ReadData'], Resource: '*'}
              - {Effect: Allow, Action: 'mq:DescribeBroker', Resource: !GetAtt Broker.Arn}
              - {Effect: Allow, Action: ['ec2:CreateNetworkInterface', 'ec2:DescribeVpcs'], Resource: '*'}
              - {Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: [!Ref Login, !Ref SelfLogin]}
              - {Effect: Allow, Action: 'kms:Decrypt', Resource: !GetAtt Key.Arn}";
    let rest = "
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}
  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/login, TargetKeyId: !Ref Key}}
  Login: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: alias/login}}
  SelfLogin: {Type: AWS::SecretsManager::Secret, Properties: {}}
  Cluster: {Type: AWS::MSK::Cluster, Properties: {ClusterName: c}}
  Broker: {Type: AWS::AmazonMQ::Broker, Properties: {BrokerName: b}}
  Taker: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn, Code: {}}}
  OfCluster:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Taker, EventSourceArn: !Ref Cluster, Topics: [t]}
  OfBroker:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Taker
      EventSourceArn: !GetAtt Broker.Arn
      Queues: [q]
      SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: !Ref Login}]
  OfOwnKafka:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Taker
      SelfManagedEventSource: {Endpoints: {KafkaBootstrapServers: ['k:9092']}}
      Topics: [t]
      SourceAccessConfigurations: [{Type: SASL_SCRAM_512_AUTH, URI: !Ref SelfLogin}]";
    let intent = intent("brokers", statements, rest);
    only_kept(&intent);
    assert_eq!(needs(&intent, "kafka:GetBootstrapBrokers")[0].0, "Cluster");
    assert_eq!(needs(&intent, "mq:DescribeBroker")[0].0, "Broker");
    assert_eq!(needs(&intent, "secretsmanager:GetSecretValue").len(), 2);
    assert_eq!(needs(&intent, "ec2:DescribeSecurityGroups").len(), 1);
    assert!(needs(&intent, "kms:Decrypt").iter().any(|(on, _)| on == "Key"));
}

#[test]
fn a_permission_on_another_broker_is_no_need() {
    let statements =
        "              - {Effect: Allow, Action: 'mq:DescribeBroker', Resource: !GetAtt Other.Arn}";
    let rest = "
  Broker: {Type: AWS::AmazonMQ::Broker, Properties: {BrokerName: b}}
  Other: {Type: AWS::AmazonMQ::Broker, Properties: {BrokerName: o}}
  Taker: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn, Code: {}}}
  OfBroker:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Taker, EventSourceArn: !GetAtt Broker.Arn, Queues: [q]}";
    let intent = intent("other-broker", statements, rest);
    assert_eq!(verdicts(&intent, "mq:DescribeBroker")[0].0, Verdict::Unknown);
}

#[test]
fn parameters_and_configuration_that_variables_name_are_read() {
    let statements = "
              - {Effect: Allow, Action: 'ssm:GetParameter', Resource: '*'}
              - {Effect: Allow, Action: ['appconfig:GetLatestConfiguration', 'appconfig:StartConfigurationSession'], Resource: '*'}";
    let rest = "
  Limits: {Type: AWS::SSM::Parameter, Properties: {Name: /app/limits, Type: String, Value: '3'}}
  App: {Type: AWS::AppConfig::Application, Properties: {Name: app}}
  Taker:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Code: {}
      Environment: {Variables: {LIMITS: /app/limits, APP: !Ref App, SEEN: '{{resolve:ssm:/app/limits}}'}}";
    let found = intent("parameters", statements, rest);
    only_kept(&found);
    assert_eq!(needs(&found, "ssm:GetParameter"), [("Limits".to_string(), "`LIMITS` names it".to_string())]);
    // What the deployment fills in, the code need not read.
    let filled = rest.replace("LIMITS: /app/limits, APP: !Ref App, ", "");
    let found = intent("filled", statements, &filled);
    assert!(needs(&found, "ssm:GetParameter").is_empty());
    assert!(found.items.iter().all(|item| item.verdict == Verdict::Unknown), "{:?}", found.items);
}

#[test]
fn rotation_keeps_what_changes_the_secret() {
    let statements = "              - {Effect: Allow, Action: 'secretsmanager:*', Resource: !Ref Login}
              - {Effect: Allow, Action: 'secretsmanager:GetRandomPassword', Resource: '*'}
              - {Effect: Allow, Action: 'kms:Decrypt', Resource: '*'}";
    let rest = "
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}
  Login: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !Ref Key}}
  Taker: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn, Code: {}}}
  Rotation:
    Type: AWS::SecretsManager::RotationSchedule
    Properties: {SecretId: !Ref Login, RotationLambdaARN: !GetAtt Taker.Arn}";
    let intent = intent("rotation", statements, rest);
    let all = verdicts(&intent, "secretsmanager:*");
    let surplus = all.iter().find(|(verdict, ..)| *verdict == Verdict::Surplus).unwrap();
    assert!(surplus.1.iter().any(|name| name == "DeleteSecret"), "{surplus:?}");
    for name in ["PutSecretValue", "UpdateSecretVersionStage", "GetSecretValue"] {
        assert!(!surplus.1.iter().any(|own| own == name), "{name} is needed: {surplus:?}");
        assert!(all.iter().any(|(v, names, _)| *v == Verdict::Kept && names.iter().any(|own| own == name)));
    }
    assert_eq!(
        verdicts(&intent, "secretsmanager:GetRandomPassword"),
        [(Verdict::Kept, &[][..], "it rotates the secret")]
    );
    assert!(verdicts(&intent, "kms:Decrypt").iter().any(|(verdict, ..)| *verdict == Verdict::Kept));
}

#[test]
fn a_key_that_is_not_known_leaves_keys_alone() {
    let statements = "              - {Effect: Allow, Action: 'kms:Decrypt', Resource: '*'}";
    let rest = "
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}
  Jobs: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: alias/elsewhere}}
  Taker:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn, Code: {}, KmsKeyArn: !GetAtt Key.Arn, Environment: {Variables: {Q: !Ref Jobs}}}";
    let unknown = intent("foreign-key", statements, rest);
    assert!(unknown.items.iter().all(|item| item.verdict != Verdict::Surplus), "{:?}", unknown.items);
    // AWS's own key takes no permission, so the one that is named is the only one.
    let managed = intent("managed-key", statements, &rest.replace("alias/elsewhere", "alias/aws/sqs"));
    assert!(managed.items.iter().any(|item| item.verdict == Verdict::Surplus), "{:?}", managed.items);
}

#[test]
fn networks_and_file_systems_are_needs() {
    let statements = "
              - {Effect: Allow, Action: 'ec2:CreateNetworkInterface', Resource: '*'}
              - {Effect: Allow, Action: 'elasticfilesystem:ClientMount', Resource: '*'}";
    let rest = "
  Taker:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Code: {}
      VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}
      FileSystemConfigs: [{Arn: 'arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-1', LocalMountPath: /mnt/x}]";
    let intent = intent("network", statements, rest);
    only_kept(&intent);
    assert_eq!(needs(&intent, "ec2:CreateNetworkInterface").len(), 1);
    assert_eq!(needs(&intent, "elasticfilesystem:ClientMount").len(), 1);
}
