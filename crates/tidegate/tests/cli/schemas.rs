//! Schemas: from `tidegate.toml` and from what the code declares, into the contract and before the function.

use super::events::{message, record};
use super::project::Project;
use serde_json::{Value, json};

/// A function behind an API and a queue.
pub(super) const SHOP: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Place:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: place
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Events:
        Http: { Type: HttpApi, Properties: { Path: /orders, Method: post } }
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn } }
";

const ORDER: &str = r#"{
  "type": "object",
  "required": ["sku", "qty"],
  "additionalProperties": false,
  "properties": {
    "sku": { "type": "string", "pattern": "^[A-Z0-9-]+$" },
    "qty": { "$ref": "parts/qty.yaml#/$defs/qty" }
  }
}
"#;

const QTY: &str = "$defs:\n  qty: { type: integer, minimum: 1, maximum: 99 }\n";

pub(super) fn shop(config: &str) -> Project {
    Project::with("template.yaml", SHOP)
        .file("tidegate.toml", config)
        .file("schemas/order.json", ORDER)
        .file("schemas/parts/qty.yaml", QTY)
}

fn decide(project: &Project, event: &Value) -> Value {
    project.decide(&[json!({"id": 1, "function": "place", "event": event})]).remove(0)
}

pub(super) const ASKED: &str = "[[contract.schemas]]\nedges = '*/Place:sqs'\nfile = 'schemas/order.json'\n";

#[test]
fn what_the_schema_refuses_is_denied_with_place_keyword_and_file() {
    let project = shop(ASKED);
    assert_eq!(decide(&project, &message(r#"{"sku": "A-1", "qty": 3}"#))["decision"], "allow");
    let denied = decide(&project, &message(r#"{"sku": "A-1", "qty": "3"}"#));
    assert_eq!(denied["decision"], "deny", "{denied}");
    let reason = denied.to_string();
    for part in [
        r#""class":"type-confusion""#,
        "/Records/0/body",
        "/qty: expected integer, found string (`type`); schema schemas/order.json",
    ] {
        assert!(reason.contains(part), "{part} in {reason}");
    }
    let unnamed = decide(&project, &message(r#"{"sku": "A-1", "qty": 3, "admin": true}"#));
    assert_eq!(unnamed["decision"], "deny");
    assert_eq!(decide(&project, &message("no json"))["decision"], "deny");
    let text = project.run(&["contract", "--format", "text"]).stdout;
    assert!(text.contains("payload fits schemas/order.json"), "{text}");
}

#[test]
fn monitoring_says_what_would_have_happened() {
    let project = shop(&format!("[contract]\nmode = 'monitor'\n{ASKED}"));
    let passed = decide(&project, &message(r#"{"sku": 1, "qty": 3}"#));
    assert_eq!((&passed["decision"], &passed["would"]), (&json!("allow"), &json!("deny")), "{passed}");
}

const LETTER: &str = r#"{
  "type": "object",
  "properties": {
    "kind": { "enum": ["1 or 1=1", "plain"] },
    "page": { "type": "string", "description": "The letter as HTML" },
    "note": { "type": "string" },
    "logo": { "type": "string", "format": "uri" },
    "lines": { "type": "array", "items": { "properties": { "on": { "type": "string", "format": "date" } } } }
  }
}
"#;

/// A field's schema moves the bar for what stands in it, never below what runs, and `--explain` says so.
#[test]
fn what_the_schema_says_of_a_field_moves_the_bar() {
    let asked =
        "[[contract.schemas]]\nedges = '*/Place:sqs'\nfile = 'letter.json'\nformats = true\ndraft = '7'\n";
    let project = shop(asked).file("letter.json", LETTER);
    let contract = project.run(&["contract"]).json();
    let ours = include_str!("../../../../docs/schemas/contract.json");
    let ours = jsonschema::validator_for(&serde_json::from_str(ours).unwrap()).unwrap();
    assert_eq!(ours.iter_errors(&contract).map(|e| e.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
    let line = |body: Value| json!({"id": 1, "function": "place", "event": message(&body.to_string())});
    let frame = "<iframe src='https://maps.example/'></iframe>";
    for (body, decision) in [
        (json!({"kind": "1 or 1=1"}), "allow"),
        (json!({"note": "1 or 1=1"}), "deny"),
        (json!({"page": frame}), "allow"),
        (json!({"note": frame}), "deny"),
        (json!({"page": "<script>steal()</script>"}), "deny"),
        (json!({"logo": "http://intranet/a.png"}), "deny"),
        (json!({"note": "http://intranet/a.png"}), "allow"),
        (json!({"lines": [{"on": "2026-11-26"}, {"on": "1 or 1=1"}]}), "deny"),
    ] {
        let lines = [line(body.clone())];
        assert_eq!(project.decide(&lines)[0]["decision"], decision, "{body}");
        assert_eq!(project.explain(&lines)[0]["decision"], decision, "{body}");
    }
    let told = |body: Value| project.explain(&[line(body)]).remove(0).to_string();
    let pinned = told(json!({"kind": "1 or 1=1"}));
    assert!(pinned.contains("not looked at, since the schema pins it (enum)"), "{pinned}");
    let spared = told(json!({"page": frame}));
    assert!(spared.contains("expected here, as the schema says (description: HTML)"), "{spared}");
    assert!(spared.contains(r#""within":"/page""#), "{spared}");
    let raised = told(json!({"logo": "http://intranet/a.png"}));
    assert!(raised.contains("enough here, since the schema has an address there (format: uri)"), "{raised}");
    // What the schema refuses is pinned by nothing: both are told.
    let both = told(json!({"kind": "' or 1=1--"}));
    assert!(both.contains(r#""class":"schema""#) && both.contains(r#""class":"sql""#), "{both}");
}

#[test]
fn only_the_schema_that_was_pinned_is_taken() {
    let project = shop(ASKED);
    let contract = project.run(&["contract"]).json();
    let edges = contract["functions"]["template/Place"]["edges"].as_array().unwrap();
    let schema = edges.iter().find_map(|e| e["schemas"].get(0)).unwrap();
    let ours = include_str!("../../../../docs/schemas/contract.json");
    let ours = jsonschema::validator_for(&serde_json::from_str(ours).unwrap()).unwrap();
    assert_eq!(ours.iter_errors(&contract).map(|e| e.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
    let digest = schema["digest"].as_str().unwrap().to_string();
    assert_eq!(schema["closed"], true);
    let pinned = shop(&format!("{ASKED}digest = '{digest}'\n"));
    assert_eq!(pinned.run(&["contract"]).code, Some(0));
    // What it refers to counts as well.
    let changed = pinned.file("schemas/parts/qty.yaml", "$defs:\n  qty: { type: integer }\n");
    let ran = changed.run(&["contract"]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    for part in
        ["tidegate.toml:4:10", "isn't the schema that was pinned", "its digest is `sha256:", "write down"]
    {
        assert!(ran.stderr.contains(part), "{part} in {}", ran.stderr);
    }
}

#[test]
fn nothing_is_fetched_and_nothing_outside_is_opened() {
    let remote = ORDER.replace("parts/qty.yaml#/$defs/qty", "https://schemas.example.com/qty.json");
    let project = shop(ASKED).file("schemas/order.json", &remote);
    let ran = project.run(&["contract"]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    for part in [
        "schemas/order.json:7:",
        "`https://schemas.example.com/qty.json` is no document",
        "nothing is fetched",
    ] {
        assert!(ran.stderr.contains(part), "{part} in {}", ran.stderr);
    }
    // Saved in the project, it is found by its own name.
    let named = r#"{"$id": "https://schemas.example.com/qty.json", "type": "integer"}"#;
    let saved =
        project.file("saved.json", named).file("tidegate.toml", &format!("{ASKED}with = 'saved.json'\n"));
    assert_eq!(decide(&saved, &message(r#"{"sku": "A", "qty": "1"}"#))["decision"], "deny");
    assert_eq!(decide(&saved, &message(r#"{"sku": "A", "qty": 1}"#))["decision"], "allow");
    for file in ["../order.json", "/etc/hostname", "none.json"] {
        let ran = shop(&ASKED.replace("schemas/order.json", file)).run(&["contract"]);
        assert_eq!(ran.code, Some(2), "{file}: {}", ran.all());
        assert!(ran.stderr.contains("can't be read as a schema"), "{}", ran.stderr);
    }
    let idle = shop(&ASKED.replace("Place", "Nobody")).run(&["contract"]);
    assert!(idle.code == Some(2) && idle.stderr.contains("fits no edge"), "{}", idle.all());
}

const DECLARED: &str = r##"
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        openapi: 3.0.1
        paths:
          /orders/{id}:
            parameters: [{ in: query, name: dry, required: true, schema: { type: boolean } }]
            post:
              requestBody:
                required: true
                content: { application/json: { schema: { $ref: '#/components/schemas/Order' } } }
              x-amazon-apigateway-integration: &call
                type: aws_proxy
                uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Place.Arn}/invocations'
          /forms:
            post:
              requestBody:
                content:
                  application/json: { schema: { $ref: '#/components/schemas/Order' } }
                  application/x-www-form-urlencoded: { schema: { type: object } }
              x-amazon-apigateway-integration: *call
        components: { schemas: { Order: { type: object, required: [sku], properties: { sku: { type: string, nullable: true } } } } }
  Old: { Type: AWS::ApiGateway::RestApi, Properties: { Name: old } }
  Things: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Old, ParentId: !GetAtt Old.RootResourceId, PathPart: things } }
  Checks: { Type: AWS::ApiGateway::RequestValidator, Properties: { RestApiId: !Ref Old, ValidateRequestBody: true } }
  Thing: { Type: AWS::ApiGateway::Model, Properties: { RestApiId: !Ref Old, Name: Thing, ContentType: application/json, Schema: { type: object, required: [name] } } }
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Old
      ResourceId: !Ref Things
      HttpMethod: POST
      AuthorizationType: NONE
      RequestValidatorId: !Ref Checks
      RequestModels: { application/json: !Ref Thing }
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Place.Arn}/invocations'
  Paid:
    Type: AWS::EventSchemas::Schema
    Properties:
      RegistryName: shop
      SchemaName: shop.pay@Paid
      Type: OpenApi3
      Content: >-
        {"openapi": "3.0.0", "info": {"version": "1.0.0", "title": "Paid"}, "paths": {}, "components": {"schemas": {
          "AWSEvent": {"type": "object", "required": ["detail-type", "detail", "source"],
            "x-amazon-events-detail-type": "Paid", "x-amazon-events-source": "shop.pay",
            "properties": {"detail": {"$ref": "#/components/schemas/Paid"}, "detail-type": {"type": "string"}}},
          "Paid": {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}}}}
  Rule:
    Type: AWS::Events::Rule
    Properties: { EventPattern: { source: [shop.pay], detail-type: [Paid] }, Targets: [{ Id: a, Arn: !GetAtt Place.Arn }] }
  Place:
    Type: AWS::Lambda::Function
    Properties: { FunctionName: place, Runtime: python3.13, Handler: app.handler, Role: !GetAtt Role.Arn, Code: { ZipFile: x } }
  Role: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } } }
"##;

fn request(resource: &str, path: &str, body: &Value, query: &Value) -> Value {
    json!({"resource": resource, "path": path, "httpMethod": "POST", "headers": {}, "body": body,
        "queryStringParameters": query, "isBase64Encoded": false,
        "requestContext": {"apiId": "a1b2", "stage": "prod", "accountId": "111122223333", "resourcePath": resource}})
}

#[test]
fn what_the_code_declares_is_held_to() {
    let project = Project::with("template.yaml", DECLARED);
    let (dry, none) = (json!({"dry": "true"}), Value::Null);
    let order = |body: &str, query: &Value| {
        let event = request("/orders/{id}", "/orders/7", &json!(body), query);
        decide(&project, &event)
    };
    let text = project.run(&["contract", "--format", "text"]).stdout;
    assert_eq!(order(r#"{"sku": null}"#, &dry)["decision"], "allow", "{text}");
    let denied = order(r#"{"sku": 7}"#, &dry).to_string();
    let source =
        "schema template/Api#/paths/~1orders~1{id}/post/requestBody/content/application~1json/schema";
    assert!(denied.contains("/sku: expected null or string, found number (`type`)"), "{denied}");
    assert!(denied.contains(source), "{denied}");
    let parameters = order(r#"{"sku": "a"}"#, &json!({"dry": "maybe"})).to_string();
    assert!(parameters.contains("/queryStringParameters/dry") && parameters.contains("deny"), "{parameters}");
    assert_eq!(order(r#"{"sku": "a"}"#, &none)["decision"], "deny");
    // Where a form may come as well, the schema is not one of all bodies.
    let form = request("/forms", "/forms", &json!("a=b"), &none);
    assert_eq!(decide(&project, &form)["decision"], "allow");

    let thing = |body: Value| decide(&project, &request("/things", "/things", &body, &none));
    assert_eq!(thing(json!(r#"{"name": 1}"#))["decision"], "allow", "{text}");
    assert_eq!(thing(json!("{}"))["decision"], "deny", "{text}");
    assert_eq!(thing(Value::Null)["decision"], "deny", "its validator asks for one");

    let paid = |detail: Value| {
        decide(
            &project,
            &json!({"version": "0", "id": "1", "source": "shop.pay", "detail-type": "Paid",
            "account": "111122223333", "region": "eu-west-1", "time": "2026-01-01T00:00:00Z", "resources": [], "detail": detail}),
        )
    };
    assert_eq!(paid(json!({"amount": 3}))["decision"], "allow", "{text}");
    let denied = paid(json!({"amount": "3"})).to_string();
    assert!(denied.contains("/detail/amount") && denied.contains("template/Paid"), "{denied}");

    let off = project.file("tidegate.toml", "[contract]\ndeclared-schemas = false\n");
    let text = off.run(&["contract", "--format", "text"]).stdout;
    assert!(!text.contains("payload fits"), "{text}");
}

const STREAM: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Place:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: place
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Events:
        Clicks: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST } }
";

#[test]
fn avro_is_decoded_and_compared() {
    let schema = r#"{"type": "record", "name": "Click", "namespace": "shop", "fields": [
        {"name": "page", "type": "string"}, {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "kind", "type": ["null", {"type": "enum", "name": "Kind", "symbols": ["LEFT", "RIGHT"]}]}]}"#;
    let asked = "[[contract.schemas]]\nedges = '*/Place:kinesis'\nfile = 'click.avsc'\n";
    let project =
        Project::with("template.yaml", STREAM).file("click.avsc", schema).file("tidegate.toml", asked);
    // "home", 1, the second alternative: RIGHT
    let good = [8, b'h', b'o', b'm', b'e', 2, 2, 2];
    assert_eq!(decide(&project, &record(&good))["decision"], "allow");
    let framed = [&[0, 0, 0, 0, 7], good.as_slice()].concat();
    assert_eq!(decide(&project, &record(&framed))["decision"], "allow", "with a registry's prefix");
    let json = br#"{"page": "home", "at": 1, "kind": {"shop.Kind": "LEFT"}}"#;
    assert_eq!(decide(&project, &record(json))["decision"], "allow", "in its JSON form");
    for (bytes, part) in [
        (&[8, b'h', b'o', b'm', b'e', 2, 2, 4][..], "/kind: none of the symbols"),
        (&[8, b'h', b'o', b'm', b'e', 2, 6], "/kind: none of the alternatives"),
        (&[8, b'h', b'o', b'm'], "/page: ends before its schema does"),
        (&[8, b'h', b'o', b'm', b'e', 2, 0, 0], "bytes behind its end"),
        (br#"{"page": 3, "at": 1, "kind": null}"#, "/page: expected string"),
    ] {
        let denied = decide(&project, &record(bytes)).to_string();
        assert!(denied.contains("deny") && denied.contains(part), "{part} in {denied}");
    }
    let ran = project
        .file("click.avsc", r#"{"type": "record", "name": "A", "fields": [{"name": "b", "type": "B"}]}"#);
    let ran = ran.run(&["contract"]);
    assert!(
        ran.code == Some(2) && ran.stderr.contains("there is no type `B` at `/fields/0/type`"),
        "{}",
        ran.all()
    );
}
