//! Parameters of requests, held to what the operations of an API say of them.

use super::declared_schemas::{allowed, denied};
use super::project::Project;
use serde_json::{Value, json};

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
