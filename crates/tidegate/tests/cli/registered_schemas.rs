//! Schemas of registries: as the project declares them, and as registries hand them out.

use super::declared_schemas::{SHOP, allowed, bus, denied, kafka};
use super::events::record;
use super::project::Project;
use serde_json::json;

const GLUE: &str = r#"
  Registry: { Type: AWS::Glue::Registry, Properties: { Name: shop } }
  Click:
    Type: AWS::Glue::Schema
    Properties:
      Name: clicks
      Registry: { Arn: !GetAtt Registry.Arn }
      DataFormat: AVRO
      Compatibility: BACKWARD
      SchemaDefinition: '{"type": "record", "name": "Click", "fields": [{"name": "page", "type": "string"}]}'
  Click2:
    Type: AWS::Glue::SchemaVersion
    Properties:
      Schema: { SchemaArn: !Ref Click }
      SchemaDefinition: '{"type": "record", "name": "Click", "fields": [{"name": "page", "type": "string"}, {"name": "n", "type": ["null", "int"], "default": null}]}'
  Payment:
    Type: AWS::Glue::Schema
    Properties:
      Name: payments
      DataFormat: JSON
      Compatibility: NONE
      SchemaDefinition: '{"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}'
"#;

/// A zlib stream of one stored block.
fn zlib(data: &[u8]) -> Vec<u8> {
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let length = u16::try_from(data.len()).unwrap();
    let head = [&[0x78, 1, 1][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
    [head.as_slice(), data, &((b << 16) | a).to_be_bytes()].concat()
}

#[test]
fn schemas_of_glue_speak_of_the_stream_or_topic_of_their_name() {
    let project = Project::with("template.yaml", &format!("{SHOP}{GLUE}"));
    let text = project.run(&["contract", "--format", "text"]).stdout;
    assert!(text.contains("payload fits template/Click\n      or template/Click2\n"), "{text}");
    assert!(text.contains("payload fits template/Payment (payments)"), "{text}");
    let (old, new) = (&b"\x08home"[..], &b"\x08home\x02\x0e"[..]);
    let framed = |compression: u8, data: &[u8]| [&[3, compression][..], &[7; 16], data].concat();
    for good in [old.to_vec(), new.to_vec(), framed(0, new), framed(5, &zlib(new)), framed(5, &zlib(old))] {
        allowed(&project, &record(&good));
    }
    let bad = b"\x08home\x04";
    for bad in [bad.to_vec(), framed(0, bad), framed(5, &zlib(bad)), framed(5, new)] {
        denied(&project, &record(&bad), &["schema template/Click"]);
    }
    allowed(&project, &kafka("payments", br#"{"amount": 3}"#));
    denied(&project, &kafka("payments", br#"{"amount": "3"}"#), &["/amount"]);
    // Where the event source takes Avro apart, JSON arrives.
    let avro = GLUE.replace("DataFormat: JSON", "DataFormat: AVRO");
    let taken = SHOP.replace(
        "            Topics: [payments]\n",
        "            Topics: [payments]\n            SchemaRegistryConfig: { SchemaRegistryURI: !GetAtt Registry.Arn, EventRecordFormat: JSON, SchemaValidationConfigs: [{ Attribute: VALUE }] }\n",
    );
    let project = project.file("template.yaml", &format!("{taken}{avro}"));
    let text = project.run(&["contract", "--format", "text"]).stdout;
    assert!(text.contains("schema template/Payment: the event source hands Avro on as JSON"), "{text}");
}

#[test]
fn terraform_declares_schemas_of_glue_as_well() {
    let main = r#"
resource "aws_kinesis_stream" "clicks" {
  name        = "clicks"
  shard_count = 1
}
resource "aws_glue_schema" "click" {
  schema_name       = "clicks"
  data_format       = "AVRO"
  compatibility     = "NONE"
  schema_definition = jsonencode({ type = "record", name = "Click", fields = [{ name = "page", type = "string" }] })
}
resource "aws_lambda_function" "place" {
  function_name = "place"
  role          = "arn:aws:iam::111122223333:role/place"
  handler       = "app.handler"
  runtime       = "python3.13"
  filename      = "place.zip"
}
resource "aws_lambda_event_source_mapping" "clicks" {
  event_source_arn  = aws_kinesis_stream.clicks.arn
  function_name     = aws_lambda_function.place.arn
  starting_position = "LATEST"
}
"#;
    let project = Project::with("main.tf", main);
    allowed(&project, &record(b"\x08home"));
    denied(&project, &record(b"\x08hom"), &["aws_glue_schema.click"]);
}

#[test]
fn documents_that_registries_hand_out_are_files_of_schemas() {
    let event = json!({"openapi": "3.0.0", "info": {"version": "1.0.0", "title": "Opened"}, "paths": {}, "components": {"schemas": {
        "AWSEvent": {"type": "object", "required": ["detail-type", "detail", "source"], "x-amazon-events-detail-type": "Opened",
            "x-amazon-events-source": "shop", "properties": {"detail": {"$ref": "#/components/schemas/Opened"}}},
        "Opened": {"type": "object", "required": ["at"], "properties": {"at": {"type": "integer"}}}}}});
    let described = json!({"Content": event.to_string(), "SchemaArn": "arn:aws:schemas:eu-west-1:111122223333:schema/shop/shop@Opened",
        "SchemaName": "shop@Opened", "SchemaVersion": "1", "Type": "OpenApi3"});
    let glue = json!({"SchemaVersionId": "b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63", "DataFormat": "AVRO", "VersionNumber": 1, "Status": "AVAILABLE",
        "SchemaDefinition": json!({"type": "record", "name": "Click", "fields": [{"name": "page", "type": "string"}]}).to_string()});
    let asked = "[[contract.schemas]]\nedges = '*/Place:eventbridge'\nfile = 'opened.json'\ndetail-type = 'Opened'\n\
                 [[contract.schemas]]\nedges = '*/Place:kinesis'\nfile = 'click.json'\n";
    let project = Project::with("template.yaml", SHOP)
        .file("opened.json", &described.to_string())
        .file("click.json", &glue.to_string())
        .file("tidegate.toml", asked);
    allowed(&project, &bus("Opened", json!({"at": 1})));
    denied(&project, &bus("Opened", json!({"at": "1"})), &["/detail/at", "schema opened.json"]);
    allowed(&project, &record(b"\x08home"));
    denied(&project, &record(b"\x08hom"), &["schema click.json"]);
    // Versions of them are compared by what is in them.
    let newer = described.to_string().replace("integer", "string");
    let project = project.file("newer.json", &newer);
    let ran = project.run(&["contract", "schema", "check", "opened.json", "newer.json"]);
    assert_eq!(ran.code, Some(10), "{}", ran.all());
    assert!(ran.stdout.contains("/at/type: "), "{}", ran.stdout);
}
