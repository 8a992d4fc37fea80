//! Schemas of messages and their headers that documents in the project declare, before the function.

use super::events::{base64, record};
use super::project::Project;
use serde_json::{Value, json};

pub(super) const SHOP: &str = "
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

pub(super) fn allowed(project: &Project, event: &Value) {
    let decision = decide(project, event);
    assert_eq!(decision["decision"], "allow", "{decision}");
}

pub(super) fn denied(project: &Project, event: &Value, parts: &[&str]) {
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

pub(super) fn kafka(topic: &str, bytes: &[u8]) -> Value {
    json!({"eventSource": "SelfManagedKafka", "bootstrapServers": "kafka.example.com:9092",
        "records": {(format!("{topic}-0")): [{"topic": topic, "partition": 0, "offset": 1, "timestamp": 1,
            "timestampType": "CREATE_TIME", "value": base64(bytes), "headers": []}]}})
}

pub(super) fn bus(detail_type: &str, detail: Value) -> Value {
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
