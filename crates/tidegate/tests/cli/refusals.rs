//! Who may read what a refused event is answered: CORS as a contract has it.

use super::contract::contract;
use super::project::Project;
use serde_json::{Value, json};

#[test]
fn pages_that_read_answers_may_read_refusals() {
    let template = "
Transform: AWS::Serverless-2016-10-31
Globals:
  HttpApi: { CorsConfiguration: { AllowOrigins: ['https://shop.example'], AllowCredentials: true } }
Resources:
  Place:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Events: { Http: { Type: HttpApi, Properties: { Path: /orders, Method: post } } }
  Open:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      FunctionUrlConfig: { AuthType: NONE, Cors: { AllowOrigins: ['*'] } }
  Quiet:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      FunctionUrlConfig: { AuthType: NONE }
";
    let contract = contract(&Project::with("template.yaml", template));
    let cors = |name: &str| {
        let mut all = contract["functions"].as_object().unwrap().values();
        let function = all.find(|f| f["logical_id"] == name).unwrap();
        function["edges"][0].get("cors").cloned()
    };
    let shop = json!({"origins": ["https://shop.example"], "credentials": true});
    assert_eq!((cors("Place"), cors("Open")), (Some(shop), Some(json!({"origins": ["*"]}))));
    assert_eq!(cors("Quiet"), None);
}

/// A REST API says it in the answers that it gives without asking a function.
#[test]
fn answers_of_a_rest_api_say_who_reads_refusals() {
    let of = |options: &str, errors: &str| {
        let template = format!(
            "
Resources:
  Api: {{ Type: AWS::ApiGateway::RestApi, Properties: {{ Name: api }} }}
  Other: {{ Type: AWS::ApiGateway::RestApi, Properties: {{ Name: other }} }}
  Function:
    Type: AWS::Lambda::Function
    Properties: {{ FunctionName: f, Runtime: python3.13, Handler: a.b, Role: 'arn:aws:iam::111122223333:role/r', Code: {{ ZipFile: x }} }}
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: POST
      AuthorizationType: NONE
      Integration: {{ Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${{Function.Arn}}/invocations' }}
{options}{errors}"
        );
        let contract = contract(&Project::with("template.yaml", &template));
        let edges = contract["functions"]["template/Function"]["edges"].as_array().unwrap().clone();
        assert_eq!(edges.len(), 1, "{edges:?}");
        edges[0].get("cors").cloned()
    };
    let options = |name: &str, api: &str, origin: &str| {
        format!(
            "  {name}:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref {api}
      ResourceId: !GetAtt {api}.RootResourceId
      HttpMethod: OPTIONS
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        IntegrationResponses:
          - StatusCode: '200'
            ResponseParameters: {{ method.response.header.Access-Control-Allow-Origin: \"{origin}\", method.response.header.Access-Control-Allow-Credentials: \"'true'\" }}
"
        )
    };
    let errors = "  Errors:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      RestApiId: !Ref Api
      ResponseType: DEFAULT_4XX
      ResponseParameters: { gatewayresponse.header.Access-Control-Allow-Origin: \"'*'\" }
";
    let shop = options("Options", "Api", "'https://shop.example'");
    assert_eq!(of(&shop, ""), Some(json!({"origins": ["https://shop.example"], "credentials": true})));
    assert_eq!(of(&shop, errors), Some(json!({"origins": ["*"]})), "of an error, what errors say");
    let differs = shop.clone() + &options("More", "Api", "'https://pay.example'");
    assert_eq!(of(&differs, ""), None, "which one?");
    assert_eq!(of(&options("Options", "Api", "method.request.header.origin"), ""), None, "not known");
    assert_eq!(of(&options("Options", "Other", "'https://shop.example'"), ""), None, "of another API");
    let body = |origin: &str| {
        format!(
            "Transform: AWS::Serverless-2016-10-31
Globals: {{ Api: {{ Cors: {{ AllowOrigin: \"'{origin}'\" }} }} }}
Resources:
  Place:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Events: {{ Rest: {{ Type: Api, Properties: {{ Path: /orders, Method: post }} }} }}
"
        )
    };
    let project = Project::with("template.yaml", &body("https://shop.example"));
    let old = contract(&project);
    assert_eq!(
        old["functions"]["template/Place"]["edges"][0]["cors"],
        json!({"origins": ["https://shop.example"]})
    );
    // The function's own answer has to say it: a REST API adds nothing to it.
    let event = json!({"httpMethod": "POST", "path": "/orders", "resource": "/orders",
        "requestContext": {"apiId": "abc"}, "headers": {"Origin": "https://shop.example"},
        "body": "' UNION SELECT password FROM users-- -"});
    let line = json!({"id": 1, "function": "Place", "event": event});
    let refused = |answer: &Value, status: u64| {
        assert_eq!(answer["answer"]["statusCode"], status, "{answer}");
        let headers = &answer["answer"]["headers"];
        assert_eq!(headers["access-control-allow-origin"], "https://shop.example", "{answer}");
        assert_eq!(headers["vary"], "origin", "{answer}");
    };
    refused(&project.decide(std::slice::from_ref(&line))[0], 403);
    let project = project.file("tidegate.toml", "[[contract.limits]]\nrate = '1/h'\n");
    let mut calm = line.clone();
    calm["event"]["body"] = "calm".into();
    let answers = project.decide(&[calm.clone(), calm]);
    assert_eq!(answers[0]["decision"], "allow");
    refused(&answers[1], 429);
    // A contract that lets other pages read is another contract.
    let project = project.file("tidegate.toml", "");
    let project = project.file("old.json", &old.to_string()).file("template.yaml", &body("*"));
    let run = project.run(&["contract", "--diff", "old.json", "--format", "text"]);
    let line = "cors / origins: [\"https://shop.example\"] -> [\"*\"]";
    assert!(run.stdout.contains(line), "{}", run.stdout);
}

/// A load balancer adds it to whatever a function answers.
#[test]
fn listeners_of_a_load_balancer_say_who_reads_refusals() {
    let of = |listeners: &str| {
        let template = format!(
            "
Resources:
  Balancer: {{ Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {{ Name: b }} }}
  Function:
    Type: AWS::Lambda::Function
    Properties: {{ FunctionName: f, Runtime: python3.13, Handler: a.b, Role: 'arn:aws:iam::111122223333:role/r', Code: {{ ZipFile: x }} }}
  Group:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {{ TargetType: lambda, Targets: [{{ Id: !GetAtt Function.Arn }}] }}
{listeners}"
        );
        let project = Project::with("template.yaml", &template);
        let contract = contract(&project);
        let edges = contract["functions"]["template/Function"]["edges"].as_array().unwrap().clone();
        assert_eq!(edges.len(), 1, "{edges:?}");
        let event = json!({"httpMethod": "POST", "path": "/", "requestContext": {"elb": {
            "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/g/1"}},
            "headers": {"origin": "https://shop.example"}, "body": "' UNION SELECT password FROM users-- -"});
        let answer = &project.decide(&[json!({"id": 1, "function": "f", "event": event})])[0]["answer"];
        assert_eq!(answer["headers"], json!({"content-type": "application/json"}), "{answer}");
        edges[0].get("cors").cloned()
    };
    let listener = |name: &str, origin: &str| {
        let header = |name: &str, value: &str| {
            format!("{{ Key: routing.http.response.{name}.header_value, Value: {value} }}")
        };
        format!(
            "  {name}:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      DefaultActions: [{{ Type: forward, TargetGroupArn: !Ref Group }}]
      ListenerAttributes:
        - {}
        - {}
",
            header("access_control_allow_credentials", "'true'"),
            header("access_control_allow_origin", origin),
        )
    };
    let shop = listener("One", "'https://shop.example'");
    assert_eq!(of(&shop), Some(json!({"origins": ["https://shop.example"], "credentials": true})));
    assert_eq!(of(&(shop.clone() + &listener("Two", "'https://pay.example'"))), None, "which one?");
    assert_eq!(of(&listener("One", "!Sub 'https://${AWS::StackName}'")), None, "not known");
}
