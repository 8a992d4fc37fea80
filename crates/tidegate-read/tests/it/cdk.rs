//! Assemblies as `cdk synth` leaves them.

use crate::scratch::Scratch;
use tidegate_graph::{System, Value};
use tidegate_read::Options;

const MANIFEST: &str = r#"{
  "version": "36.0.0",
  "artifacts": {
    "Shop": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Shop.template.json"}},
    "Shop.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Shop.assets.json"}},
    "assembly-Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
  }
}"#;

const SHOP: &str = r#"{"Resources": {
  "Photos": {"Type": "AWS::S3::Bucket", "Metadata": {"aws:cdk:path": "Shop/Photos/Resource"}},
  "Resize": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"}, "Metadata": {"aws:cdk:path": "Shop/LogRetentionReport/Resource"}},
  "Notify": {"Type": "Custom::S3BucketNotifications", "Properties": {
    "BucketName": {"Ref": "Photos"},
    "NotificationConfiguration": {"LambdaFunctionConfigurations": [
      {"Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], "LambdaFunctionArn": {"Fn::GetAtt": ["Resize", "Arn"]},
       "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".jpg"}]}}}]}}},
  "Clean": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"},
    "Metadata": {"aws:cdk:path": "Shop/Custom::S3AutoDeleteObjectsCustomResourceProvider/Handler"}},
  "Keep": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"},
    "Metadata": {"aws:cdk:path": "Shop/LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8a/Resource"}},
  "Inner": {"Type": "AWS::CloudFormation::Stack",
    "Properties": {"TemplateURL": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::URLSuffix"}]]}, "Parameters": {"Name": "n"}},
    "Metadata": {"aws:asset:path": "Inner.nested.template.json"}}
}}"#;

const INNER: &str = r#"{"Parameters": {"Name": {"Type": "String"}},
  "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}}}"#;

const PROD: &str = r#"{"version": "36.0.0", "artifacts": {
  "Far": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Far.template.json"}},
  "Gone": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Gone.template.json"}}
}}"#;

fn read() -> System {
    let files = [
        ("cdk.json", "{\"app\": \"npx ts-node bin/app.ts\"}"),
        ("cdk.out/manifest.json", MANIFEST),
        ("cdk.out/Shop.template.json", SHOP),
        ("cdk.out/Inner.nested.template.json", INNER),
        ("cdk.out/assembly-Prod/manifest.json", PROD),
        (
            "cdk.out/assembly-Prod/Far.template.json",
            r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
        ),
    ];
    tidegate_read::read(Scratch::new(&files).path(), &Options::default())
}

#[test]
fn every_stack_is_read_and_a_missing_one_is_a_problem() {
    let system = read();
    assert!(system.resource("cdk.out/Shop/Photos").is_some());
    let queue = system.resource("cdk.out/Shop/Inner/Queue").unwrap();
    assert_eq!(queue.property("QueueName").unwrap().display(), "n");
    assert!(system.resource("cdk.out/assembly-Prod/Far/Topic").is_some());
    assert!(system.stacks.iter().all(|s| s.format == "cdk"), "{:?}", system.stacks);
    let messages: Vec<_> = system.problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(messages, ["`Gone.template.json` is named by the assembly and isn't there"]);
}

#[test]
fn notifications_go_to_their_bucket() {
    let system = read();
    let bucket = system.resource("cdk.out/Shop/Photos").unwrap();
    let entries =
        bucket.path(&["NotificationConfiguration", "LambdaConfigurations"]).map(Value::items).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].get("Event").unwrap().display(), "s3:ObjectRemoved:*");
    assert_eq!(entries[0].get("Function").unwrap().display(), "${Resize.Arn}");
    assert!(entries[0].get("Filter").unwrap().get("S3Key").unwrap().get("Rules").is_some());
}

#[test]
fn helpers_are_tagged_by_their_construct_path() {
    let system = read();
    let tagged = |id: &str| {
        system.resource(&format!("cdk.out/Shop/{id}")).unwrap().attributes.contains_key("Tidegate")
    };
    assert!(tagged("Clean") && tagged("Keep") && tagged("Notify"));
    // A function of the user's that has a similar name is no helper.
    assert!(!tagged("Resize") && !tagged("Photos"));
}
