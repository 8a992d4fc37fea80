//! Schemas that documents and registries in the project declare, before the function.

use super::events::{base64, record};
use super::project::Project;
use serde_json::{Value, json};

const SHOP: &str = "
Transform: AWS::Serverless-2016-10-31
Parameters: { Stage: { Type: String } }
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub 'orders-${Stage}' } }
  Notes: { Type: AWS::SNS::Topic, Properties: { TopicName: notes } }
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Shop: { Type: AWS::Events::EventBus, Properties: { Name: shop } }
  Place:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: place
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Events:
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn } }
        Topic: { Type: SNS, Properties: { Topic: !Ref Notes } }
        Stream: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST } }
        Bus: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Shop, Pattern: { source: [shop] } } }
        Kafka:
          Type: SelfManagedKafka
          Properties:
            KafkaBootstrapServers: ['kafka.example.com:9092']
            Topics: [payments]
            SourceAccessConfigurations: [{ Type: VPC_SUBNET, URI: 'subnet:subnet-1' }, { Type: VPC_SECURITY_GROUP, URI: 'security_group:sg-1' }]
";

fn decide(project: &Project, event: &Value) -> Value {
    project.decide(&[json!({"id": 1, "function": "place", "event": event})]).remove(0)
}

fn allowed(project: &Project, event: &Value) {
    let decision = decide(project, event);
    assert_eq!(decision["decision"], "allow", "{decision}");
}

fn denied(project: &Project, event: &Value, parts: &[&str]) {
    let decision = decide(project, event);
    let text = decision.to_string();
    assert_eq!(decision["decision"], "deny", "{decision}");
    for part in parts {
        assert!(text.contains(part), "{part} in {text}");
    }
}

fn queue(body: &str) -> Value {
    json!({"Records": [{
        "messageId": "1", "body": body, "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:orders-live",
    }]})
}

fn topic(message: &str) -> Value {
    json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:eu-west-1:111122223333:notes:1",
        "Sns": {"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:notes",
            "Message": message, "Timestamp": "2026-01-01T00:00:00.000Z"}}]})
}

fn kafka(topic: &str, bytes: &[u8]) -> Value {
    json!({"eventSource": "SelfManagedKafka", "bootstrapServers": "kafka.example.com:9092",
        "records": {(format!("{topic}-0")): [{"topic": topic, "partition": 0, "offset": 1, "timestamp": 1,
            "timestampType": "CREATE_TIME", "value": base64(bytes), "headers": []}]}})
}

fn bus(detail_type: &str, detail: Value) -> Value {
    json!({"version": "0", "id": "1", "source": "shop", "detail-type": detail_type, "account": "111122223333",
        "region": "eu-west-1", "time": "2026-01-01T00:00:00Z", "resources": [], "detail": detail})
}

const THIRD: &str = "asyncapi: 3.0.0
info: { title: Orders, version: 1.0.0 }
defaultContentType: application/json
channels:
  orders:
    address: 'orders-{stage}'
    bindings: { sqs: { queue: { name: 'orders-{stage}' } } }
    messages:
      placed: { name: Placed, payload: { $ref: 'parts/placed.yaml#/placed' } }
      gone: { name: Gone, payload: { $ref: '#/components/schemas/gone' } }
  clicks:
    address: arn:aws:kinesis:eu-west-1:111122223333:stream/clicks
    bindings: { kinesis: {} }
    messages:
      click:
        payload:
          schemaFormat: application/vnd.apache.avro;version=1.9.0
          schema: { type: record, name: Click, fields: [{ name: page, type: string }] }
  payments:
    address: payments
    servers: [{ $ref: '#/servers/kafka' }]
    messages: { paid: { payload: { type: object, required: [amount], properties: { amount: { type: number } } } } }
  shop:
    address: shop
    bindings: { eventbridge: {} }
    messages:
      opened: { name: Opened, payload: { type: object, required: [at] } }
servers: { kafka: { host: 'kafka.example.com:9092', protocol: kafka-secure } }
operations: { take: { action: receive, channel: { $ref: '#/channels/orders' } } }
components:
  schemas:
    gone: { type: object, required: [gone], additionalProperties: false, properties: { gone: { const: true } } }
";

#[test]
fn messages_of_channels_are_held_to_their_payloads() {
    let project = Project::with("template.yaml", SHOP)
        .file("api/asyncapi.yaml", THIRD)
        .file(
            "api/parts/placed.yaml",
            "placed: { type: object, required: [qty], properties: { qty: { $ref: 'qty.yaml' } } }\n",
        )
        .file("api/parts/qty.yaml", "{ type: integer, minimum: 1 }\n");
    let text = project.run(&["contract", "--format", "text"]).stdout;
    assert!(text.contains("payload fits api/parts/placed.yaml#/placed"), "{text}");
    assert!(text.contains("or api/asyncapi.yaml#/components/schemas/gone"), "{text}");
    let contract = project.run(&["contract"]).json();
    let ours = include_str!("../../../../docs/schemas/contract.json");
    let ours = jsonschema::validator_for(&serde_json::from_str(ours).unwrap()).unwrap();
    assert_eq!(ours.iter_errors(&contract).map(|e| e.to_string()).collect::<Vec<_>>(), Vec::<String>::new());

    allowed(&project, &queue(r#"{"qty": 3}"#));
    allowed(&project, &queue(r#"{"gone": true}"#));
    let parts = ["/qty: ", "schema api/parts/placed.yaml#/placed"];
    denied(&project, &queue(r#"{"qty": "3"}"#), &parts);
    denied(&project, &queue(r#"{"gone": false}"#), &["\"schema\""]);

    allowed(&project, &record(&[8, b'h', b'o', b'm', b'e']));
    denied(
        &project,
        &record(&[8, b'h', b'o', b'm']),
        &["/page: ends before its schema does", "api/asyncapi.yaml#/channels/clicks"],
    );

    allowed(&project, &kafka("payments", br#"{"amount": 3}"#));
    denied(&project, &kafka("payments", br#"{"amount": "3"}"#), &["/amount"]);

    allowed(&project, &bus("Opened", json!({"at": 1})));
    denied(&project, &bus("Opened", json!({})), &["/detail"]);
    allowed(&project, &bus("Closed", json!({})));
}

#[test]
fn channels_of_version_2_are_the_same() {
    let second = "asyncapi: 2.6.0
info: { title: Notes, version: 1.0.0 }
servers: { aws: { url: 'sns.eu-west-1.amazonaws.com', protocol: sns } }
channels:
  notes: { publish: { message: { oneOf: [{ payload: { type: object, required: [a] } }, { payload: { type: integer } }] } } }
";
    let project = Project::with("template.yaml", SHOP).file("asyncapi.yaml", second);
    allowed(&project, &topic(r#"{"a": 1}"#));
    allowed(&project, &topic("7"));
    denied(
        &project,
        &topic(r#"{"b": 1}"#),
        &["asyncapi.yaml#/channels/notes/publish/message/oneOf/0/payload"],
    );
    // What one message leaves open holds for the channel.
    let open = second.replace("{ payload: { type: integer } }", "{ name: Any }");
    let project = project.file("asyncapi.yaml", &open);
    allowed(&project, &topic(r#"{"b": 1}"#));
    let text = project.run(&["contract", "--format", "text"]).stdout;
    assert!(text.contains("schema of channel notes: message Any has no schema that is known"), "{text}");
    // Another protocol is another channel.
    let mqtt = second.replace("protocol: sns", "protocol: mqtt");
    allowed(&project.file("asyncapi.yaml", &mqtt), &topic(r#"{"b": 1}"#));
}

const HEADERS: &str = "asyncapi: 3.0.0
info: { title: Orders, version: 1.0.0 }
channels:
  orders:
    address: 'orders-{stage}'
    bindings: { sqs: {} }
    messages:
      placed:
        headers: { type: object, required: [kind], properties: { kind: { enum: [placed, moved] } } }
        traits: [{ $ref: '#/components/messageTraits/common' }]
        payload: { type: object }
      gone: { headers: { required: [gone] }, payload: { type: object } }
  payments:
    address: payments
    bindings: { kafka: {} }
    messages: { paid: { headers: { properties: { tries: { $ref: '#/components/schemas/count' } } }, payload: {} } }
  notes:
    address: notes
    bindings: { sns: {} }
    messages: { note: { payload: {}, headers: { properties: { urgent: { type: boolean } } } }, other: { payload: {} } }
  jobs:
    address: jobs
    bindings: { amqp: {} }
    messages: { job: { payload: { type: object }, headers: { properties: { tries: { $ref: '#/components/schemas/count' } } } } }
components:
  messageTraits: { common: { headers: { properties: { tries: { $ref: '#/components/schemas/count' } }, additionalProperties: false } } }
  schemas: { count: { type: integer, minimum: 0 } }
";

#[test]
fn headers_of_messages_are_held_to_their_schemas() {
    let shop = format!(
        "{SHOP}        Broker:
          Type: MQ
          Properties:
            Broker: arn:aws:mq:eu-west-1:111122223333:broker:shop:b-1234
            Queues: [jobs]
            SourceAccessConfigurations: [{{ Type: BASIC_AUTH, URI: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:mq' }}]
"
    );
    let project = Project::with("template.yaml", &shop).file("asyncapi.yaml", HEADERS);
    let text = project.run(&["contract", "--format", "text"]).stdout;
    for line in [
        "headers fit asyncapi.yaml#/channels/orders/messages/placed/headers\n      or asyncapi.yaml#/channels/orders/messages/gone/headers\n",
        "headers fit asyncapi.yaml#/channels/payments/messages/paid/headers (payments)",
        "headers fit asyncapi.yaml#/channels/jobs/messages/job/headers",
        "`additionalProperties` of headers isn't compared",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let with = |attributes: Value| {
        let mut event = queue("{}");
        event["Records"][0]["messageAttributes"] = attributes;
        event
    };
    let string = |value: &str| json!({"stringValue": value, "dataType": "String"});
    allowed(
        &project,
        &with(
            json!({"kind": string("moved"), "tries": {"stringValue": "2", "dataType": "Number"}, "traceparent": string("00-1")}),
        ),
    );
    allowed(&project, &with(json!({"gone": string("1")})));
    denied(&project, &with(json!({})), &["message header `kind`: it is missing"]);
    denied(
        &project,
        &with(json!({"kind": string("sold")})),
        &["/Records/0/messageAttributes/kind/stringValue", "none of the values", "\"schema\""],
    );
    denied(
        &project,
        &with(json!({"kind": string("placed"), "tries": string("x")})),
        &["message header `tries`: expected integer", "type-confusion"],
    );

    let kafka_with = |value: &str| {
        let mut event = kafka("payments", b"{}");
        event["records"]["payments-0"][0]["headers"] = json!([{"tries": value.as_bytes()}]);
        event
    };
    allowed(&project, &kafka_with("3"));
    denied(&project, &kafka_with("-3"), &["message header `tries`: below the minimum"]);
    // A message without a word about headers may have any.
    let mut note = topic("{}");
    note["Records"][0]["Sns"]["MessageAttributes"] = json!({"urgent": {"Type": "String", "Value": "maybe"}});
    allowed(&project, &note);

    let job = |data: &[u8], tries: Value| {
        json!({"eventSource": "aws:rmq", "eventSourceArn": "arn:aws:mq:eu-west-1:111122223333:broker:shop:b-1234", "rmqMessagesByQueue": {"jobs::/": [
            {"basicProperties": {"contentType": "text/plain", "headers": {"tries": tries}}, "redelivered": false, "data": base64(data)}]}})
    };
    allowed(&project, &job(b"{}", json!({"bytes": [51]})));
    denied(&project, &job(b"{}", json!({"bytes": [120]})), &["message header `tries`: expected integer"]);
    denied(&project, &job(b"[]", json!(3)), &["expected object, found array"]);
}

#[test]
fn avro_of_a_channel_is_not_asked_of_what_an_event_source_decodes() {
    let channel = "asyncapi: 2.6.0
info: { title: Payments, version: 1.0.0 }
servers: { bus: { url: 'kafka.example.com:9092', protocol: kafka } }
channels:
  payments:
    publish:
      message:
        name: Paid
        schemaFormat: application/vnd.apache.avro;version=1.9.0
        payload: { type: record, name: Paid, fields: [{ name: amount, type: [\"null\", long] }] }
";
    let project = Project::with("template.yaml", SHOP).file("asyncapi.yaml", channel);
    allowed(&project, &kafka("payments", b"\x02\x06"));
    denied(&project, &kafka("payments", br#"{"amount": 3}"#), &["schema asyncapi.yaml"]);
    let taken = SHOP.replace(
        "            Topics: [payments]\n",
        "            Topics: [payments]\n            SchemaRegistryConfig: { SchemaRegistryURI: 'https://registry.example.com', EventRecordFormat: JSON, SchemaValidationConfigs: [{ Attribute: VALUE }] }\n",
    );
    let project = project.file("template.yaml", &taken);
    let text = project.run(&["contract", "--format", "text"]).stdout;
    assert!(text.contains("schema of channel payments: message Paid comes as JSON, since the event source hands Avro on as that"), "{text}");
    allowed(&project, &kafka("payments", br#"{"amount": 3}"#));
    let source =
        project.file("template.yaml", &taken.replace("EventRecordFormat: JSON", "EventRecordFormat: SOURCE"));
    denied(&source, &kafka("payments", br#"{"amount": 3}"#), &["schema asyncapi.yaml"]);
}

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

#[test]
fn all_older_versions_count_where_the_level_says_so() {
    let of = |fields: &str| format!(r#"{{"type": "record", "name": "R", "fields": [{fields}]}}"#);
    let project = Project::with("1.avsc", &of(""))
        .file("2.avsc", &of(r#"{"name": "a", "type": "int", "default": 1}"#))
        .file("3.avsc", &of(r#"{"name": "a", "type": "int"}"#));
    let check = |mode: &str| {
        let ran = project.run(&["contract", "schema", "check", "1.avsc", "2.avsc", "3.avsc", "--mode", mode]);
        (ran.code, ran.stdout)
    };
    assert_eq!(check("BACKWARD").0, Some(0));
    let (code, text) = check("BACKWARD_TRANSITIVE");
    assert_eq!(code, Some(10));
    assert!(
        text.starts_with("backward of 1.avsc: ") && text.contains("reader-field-missing-default-value"),
        "{text}"
    );
    assert_eq!(check("forward-transitive").0, Some(0));
    assert_eq!(check("FULL_ALL").0, Some(10));
    assert_eq!(check("SIDEWAYS").0, Some(2));
    assert_eq!(project.run(&["contract", "schema", "check", "1.avsc"]).code, Some(2));
}

const LISTING: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Old: { Type: AWS::ApiGateway::RestApi, Properties: { Name: old } }
  Things: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Old, ParentId: !GetAtt Old.RootResourceId, PathPart: things } }
  Checks: { Type: AWS::ApiGateway::RequestValidator, Properties: { RestApiId: !Ref Old, ValidateRequestParameters: true } }
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Old
      ResourceId: !Ref Things
      HttpMethod: GET
      AuthorizationType: NONE
      RequestValidatorId: !Ref Checks
      RequestParameters: { method.request.querystring.page: true, method.request.header.X-Trace: false }
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Place.Arn}/invocations'
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody:
        openapi: 3.0.1
        info: { title: orders, version: '1' }
        paths:
          /orders/{id}:
            parameters: [{ in: path, name: id, required: true, schema: { type: integer } }]
            get:
              parameters:
                - { $ref: '#/components/parameters/Page' }
                - { in: query, name: tag, schema: { type: array, maxItems: 2, items: { type: string, maxLength: 3 } } }
                - { in: header, name: X-Kind, required: true, schema: { enum: [a, b] } }
                - { in: cookie, name: beta, schema: { type: boolean } }
                - { in: query, name: filter, style: deepObject, schema: { type: object } }
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                payloadFormatVersion: '2.0'
                uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Place.Arn}/invocations'
        components: { parameters: { Page: { in: query, name: page, schema: { type: integer, minimum: 1 } } } }
  Place:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: place, Runtime: python3.13, Handler: app.handler, InlineCode: x }
";

#[test]
fn parameters_are_what_their_operation_says() {
    let project = Project::with("template.yaml", LISTING);
    let text = project.run(&["contract", "--format", "text"]).stdout;
    assert!(
        text.contains("parameters fit template/Api#/paths/~1orders~1{id}/get/parameters (GET /orders/{id})"),
        "{text}"
    );
    assert!(text.contains("/parameters/4: an object in a parameter isn't compared"), "{text}");
    assert!(text.contains("parameters fit template/Get (GET /things)"), "{text}");
    let contract = project.run(&["contract"]).json();
    let ours = include_str!("../../../../docs/schemas/contract.json");
    let ours = jsonschema::validator_for(&serde_json::from_str(ours).unwrap()).unwrap();
    assert_eq!(ours.iter_errors(&contract).map(|e| e.to_string()).collect::<Vec<_>>(), Vec::<String>::new());

    let order = |id: &str, query: &str, headers: Value, cookies: Value| {
        json!({"version": "2.0", "routeKey": "GET /orders/{id}", "rawPath": format!("/orders/{id}"), "rawQueryString": query,
            "headers": headers, "cookies": cookies, "pathParameters": {"id": id}, "isBase64Encoded": false,
            "requestContext": {"apiId": "a1b2", "accountId": "111122223333", "stage": "$default", "routeKey": "GET /orders/{id}",
                "http": {"method": "GET", "path": format!("/orders/{id}"), "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}}})
    };
    let kind = || json!({"x-kind": "a"});
    let good = order("7", "page=2&tag=abc&tag=de&other=1", kind(), json!(["beta=true", "session=x"]));
    allowed(&project, &good);
    let confused = "\"type-confusion\"";
    let schema = "schema template/Api#/paths/~1orders~1{id}/get/parameters";
    for (event, parts) in [
        (
            order("x7", "", kind(), json!([])),
            &[
                "/pathParameters/id",
                "path parameter `id`: expected integer, found string (`type`)",
                confused,
                schema,
            ][..],
        ),
        (
            order("7", "page=two", kind(), json!([])),
            &["/rawQueryString", "query parameter `page`: expected integer", confused],
        ),
        (
            order("7", "page=0", kind(), json!([])),
            &["query parameter `page`: below the minimum 1 (`minimum`)"],
        ),
        (order("7", "page=1&page=2", kind(), json!([])), &["found several values", confused]),
        (
            order("7", "tag=a&tag=abcd", kind(), json!([])),
            &["query parameter `tag` at /1: expected 0 to 3 characters"],
        ),
        (
            order("7", "tag=a&tag=b&tag=c", kind(), json!([])),
            &["query parameter `tag`: the number of elements"],
        ),
        (order("7", "", json!({}), json!([])), &["header `X-Kind`: it is missing (`required`)"]),
        (order("7", "", json!({"x-kind": "c"}), json!([])), &["/headers/x-kind", "none of the values"]),
        (
            order("7", "", kind(), json!(["beta=maybe"])),
            &["/cookies/0", "cookie `beta`: expected boolean", confused],
        ),
    ] {
        denied(&project, &event, parts);
    }

    let thing = |query: Value| {
        json!({"resource": "/things", "path": "/things", "httpMethod": "GET", "headers": {}, "body": null,
            "queryStringParameters": query, "multiValueQueryStringParameters": null, "isBase64Encoded": false,
            "requestContext": {"apiId": "a1b2", "stage": "prod", "accountId": "111122223333", "resourcePath": "/things"}})
    };
    allowed(&project, &thing(json!({"page": "any"})));
    denied(&project, &thing(Value::Null), &["query parameter `page`: it is missing", "schema template/Get"]);
}
