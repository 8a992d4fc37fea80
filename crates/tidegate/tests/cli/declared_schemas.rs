//! Schemas that documents and registries in the project declare, before the function.

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
            SourceAccessConfigurations: [{ Type: VPC_SUBNET, URI: 'subnet:subnet-1' }]
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

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn stream(bytes: &[u8]) -> Value {
    json!({"Records": [{
        "kinesis": {"data": base64(bytes), "partitionKey": "1", "sequenceNumber": "1", "kinesisSchemaVersion": "1.0"},
        "eventSource": "aws:kinesis", "eventID": "shardId-0:1", "eventName": "aws:kinesis:record", "eventVersion": "1.0",
        "awsRegion": "eu-west-1", "eventSourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks",
    }]})
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

    allowed(&project, &stream(&[8, b'h', b'o', b'm', b'e']));
    denied(
        &project,
        &stream(&[8, b'h', b'o', b'm']),
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
