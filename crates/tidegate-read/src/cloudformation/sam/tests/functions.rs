use super::*;

const FUNCTION: &str = "
F:
  Type: AWS::Serverless::Function
  Properties: {CodeUri: ./src, Handler: a.b, Runtime: python3.12}
";

fn function(more: &str) -> Got {
    let lines: String = more.lines().map(|line| format!("    {line}\n")).collect();
    resources(&format!(
        "F:\n  Type: AWS::Serverless::Function\n  Properties:\n    CodeUri: s3://b/k\n    Handler: a.b\n    Runtime: r\n{lines}"
    ))
}

#[test]
fn a_function_gets_a_role_that_comes_from_it() {
    let got = resources(FUNCTION).clean();
    assert_eq!(got.ids(), ["F", "FRole"]);
    assert_eq!(got.text(&["F", "Type"]), "AWS::Lambda::Function");
    assert_eq!(got.text(&["F", "Properties", "Role", "Fn::GetAtt", "0"]), "FRole");
    let origin = &got.0.origins["FRole"];
    assert_eq!(origin.made_from.as_deref(), Some("F"));
    assert_eq!(origin.declared_type, "AWS::Serverless::Function");
    assert_eq!(got.0.origins["F"].made_from, None);
    let span = got.at(&["FRole"]).unwrap().span;
    assert!(span.end > span.start, "a role has the place of its function");
}

#[test]
fn policies_are_managed_inline_or_templates() {
    let got = function(
        "Policies:\n- AmazonS3FullAccess\n- AWSLambdaRole\n- arn:aws:iam::1:policy/x\n- SQSPollerPolicy: {QueueName: q}\n- Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]",
    )
    .clean();
    let managed: Vec<_> =
        got.property("FRole", "ManagedPolicyArns").unwrap().items().iter().map(Value::display).collect();
    assert_eq!(
        managed,
        [
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
            "arn:aws:iam::aws:policy/AmazonS3FullAccess",
            "arn:aws:iam::aws:policy/service-role/AWSLambdaRole",
            "arn:aws:iam::1:policy/x",
        ]
    );
    assert_eq!(got.text(&["FRole", "Properties", "Policies", "0", "PolicyName"]), "FRolePolicy3");
    assert_eq!(got.text(&["FRole", "Properties", "Policies", "1", "PolicyName"]), "FRolePolicy4");
}

#[test]
fn faulty_policies_are_told_one_by_one() {
    let got = function("Policies:\n- NoSuchPolicy: {A: 1}\n- SQSPollerPolicy: {}\n- SQSPollerPolicy: x");
    assert_eq!(
        got.said(),
        [
            "`F`: `NoSuchPolicy` is no policy template, and no policy",
            "`F`: policy template `SQSPollerPolicy` lacks `QueueName`",
            "`F`: policy template `SQSPollerPolicy` takes a map of parameters",
        ]
    );
    assert!(got.ids().contains(&"FRole".to_owned()));
}

#[test]
fn an_alias_brings_a_version_and_events_point_to_it() {
    let got =
        function("AutoPublishAlias: live-1\nEvents:\n  Q: {Type: SQS, Properties: {Queue: arn}}").clean();
    assert_eq!(got.ids(), ["F", "FAliasliveD1", "FQ", "FRole", "FVersion"]);
    assert_eq!(got.text(&["FQ", "Properties", "FunctionName", "Ref"]), "FAliasliveD1");
    assert_eq!(got.text(&[&got.id("FVersion"), "DeletionPolicy"]), "Retain");
}

#[test]
fn references_to_parts_follow() {
    let got = template(
        "
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: s3://b/k, Handler: a, Runtime: r, AutoPublishAlias: live}
  T:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Sub '${F.Alias}', DisplayName: !Ref F.Version}
",
    )
    .clean();
    assert_eq!(got.text(&["T", "Properties", "TopicName", "Fn::Sub"]), "${FAliaslive}");
    assert_eq!(got.text(&["T", "Properties", "DisplayName", "Ref"]), got.id("FVersion"));
}

#[test]
fn deployments_share_application_and_role() {
    let got =
        function("AutoPublishAlias: live\nDeploymentPreference: {Type: AllAtOnce, Alarms: [a]}").clean();
    let ids = got.ids();
    for id in ["CodeDeployServiceRole", "FDeploymentGroup", "ServerlessDeploymentApplication"] {
        assert!(ids.iter().any(|have| have == id), "{id}");
    }
    assert!(got.at(&["FAliaslive", "UpdatePolicy", "CodeDeployLambdaAliasUpdate"]).is_some());
    let got = function("DeploymentPreference: {Type: AllAtOnce}");
    assert_eq!(got.said(), ["`DeploymentPreference` of `F` needs `AutoPublishAlias`"]);
}

#[test]
fn an_open_url_has_public_permissions() {
    let got = function("FunctionUrlConfig: {AuthType: NONE}").clean();
    assert_eq!(got.ids(), ["F", "FRole", "FURLInvokeAllowPublicAccess", "FUrl", "FUrlPublicPermissions"]);
    assert_eq!(got.text(&["FUrlPublicPermissions", "Properties", "Principal"]), "*");
    assert_eq!(function("FunctionUrlConfig: {AuthType: AWS_IAM}").clean().ids(), ["F", "FRole", "FUrl"]);
    assert_eq!(function("FunctionUrlConfig: {AuthType: X, Cors: {Y: 1}}").said().len(), 2);
}

#[test]
fn destinations_are_made_when_they_are_not_there() {
    let got = function(
        "EventInvokeConfig:\n  DestinationConfig:\n    OnSuccess: {Type: SQS}\n    OnFailure: {Type: SNS, Destination: arn}",
    )
    .clean();
    assert_eq!(got.ids(), ["F", "FEventInvokeConfig", "FEventInvokeConfigOnSuccessQueue", "FRole"]);
    assert_eq!(got.property("FRole", "Policies").unwrap().items().len(), 2);
    let got = function("EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: Lambda}}}");
    assert_eq!(got.said(), ["`F`: a destination of type `Lambda` needs `Destination`"]);
}

#[test]
fn an_optional_role_or_destination_is_made_under_the_other_condition() {
    let got = template(
        "
Conditions: {C: !Equals [a, a]}
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: C
    Properties:
      CodeUri: s3://b/k
      Handler: a
      Runtime: r
      Role: !If [C, arn, !Ref AWS::NoValue]
      EventInvokeConfig:
        DestinationConfig:
          OnFailure: {Type: SQS, Destination: !If [C, arn, !Ref AWS::NoValue]}
",
    )
    .clean();
    assert_eq!(got.text(&["FRole", "Condition"]), "NOTC");
    assert!(got.text(&["FEventInvokeConfigOnFailureQueue", "Condition"]).starts_with("CANDNOTC"));
    assert!(got.0.root.get("Conditions").unwrap().get("NOTC").is_some());
}

#[test]
fn packages_are_checked() {
    let faults = |text: &str| {
        resources(&format!("F:\n  Type: AWS::Serverless::Function\n  Properties: {text}")).0.problems.len()
    };
    assert_eq!(faults("{CodeUri: a, Handler: h, Runtime: r}"), 0);
    assert_eq!(faults("{Handler: h, Runtime: r}"), 1);
    assert_eq!(faults("{CodeUri: a, Runtime: r}"), 1);
    assert_eq!(faults("{PackageType: Image, ImageUri: x}"), 0);
    assert_eq!(faults("{PackageType: Image}"), 1);
    assert_eq!(faults("{PackageType: Image, ImageUri: x, Handler: h}"), 1);
    assert_eq!(faults("{PackageType: Tar, CodeUri: a}"), 1);
    assert_eq!(faults("{CodeUri: 's3://', Handler: h, Runtime: r}"), 1);
    assert_eq!(faults("{CodeUri: {Bucket: b}, Handler: h, Runtime: r}"), 1);
    assert_eq!(
        faults("{CodeUri: a, Handler: h, Runtime: r, DeadLetterQueue: {Type: Kinesis, TargetArn: a}}"),
        1
    );
    assert_eq!(faults("{CodeUri: a, Handler: h, Runtime: r, ProvisionedConcurrencyConfig: {A: 1}}"), 1);
    assert_eq!(faults("{CodeUri: a, Handler: h, Runtime: r, NoSuch: 1}"), 1);
}
