use super::*;

const FUNCTION: &str = "
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://b/k
      Handler: a.b
      Runtime: r
      Events:
";

fn routed(api: &str, events: &str) -> Got {
    let indent = |text: &str, by: usize| -> String {
        text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
    };
    template(&format!("Resources:\n{}{FUNCTION}{}", indent(api, 2), indent(events, 8)))
}

fn method<'g>(got: &'g Got, id: &str, path: &str, method: &str) -> &'g Value {
    got.at(&[id, "Properties", "Body", "paths", path, method]).unwrap()
}

/// Names of the schemes that a method requires.
fn required(method: &Value) -> Vec<String> {
    let list = method.get("security").map(Value::items).unwrap_or_default();
    list.iter().flat_map(|one| one.as_map().unwrap().keys().map(ToString::to_string)).collect()
}

#[test]
fn routes_of_events_stand_in_the_body() {
    let got = routed("", "A: {Type: Api, Properties: {Path: /a, Method: ANY}}\nB: {Type: Api, Properties: {Path: /a, Method: get}}").clean();
    let any = method(&got, "ServerlessRestApi", "/a", "x-amazon-apigateway-any-method");
    let uri = any.get("x-amazon-apigateway-integration").unwrap().get("uri").unwrap().get("Fn::Sub").unwrap();
    assert!(uri.as_str().unwrap().contains("${F.Arn}/invocations"));
    assert!(required(any).is_empty());
    let got = routed(
        "",
        "A: {Type: Api, Properties: {Path: /a, Method: get}}\nB: {Type: Api, Properties: {Path: /a, Method: get}}",
    );
    assert_eq!(got.said(), ["event `B` of `F`: method `get` of path `/a` is defined more than once"]);
}

const API: &str = "
Api:
  Type: AWS::Serverless::Api
  Properties:
    StageName: prod
    Cors: \"'*'\"
    Auth:
      DefaultAuthorizer: Users
      AddDefaultAuthorizerToCorsPreflight: false
      Authorizers:
        Users: {UserPoolArn: arn}
        Own: {FunctionArn: arn}
";

#[test]
fn the_default_authorizer_guards_what_does_not_refuse() {
    let event = |name: &str, auth: &str| {
        format!(
            "{name}: {{Type: Api, Properties: {{Path: /{name}, Method: get, RestApiId: !Ref Api{auth}}}}}\n"
        )
    };
    let events = [
        event("Guarded", ""),
        event("Open", ", Auth: {Authorizer: NONE}"),
        event("Other", ", Auth: {Authorizer: Own}"),
        event("Key", ", Auth: {ApiKeyRequired: true}"),
    ];
    let got = routed(API, &events.concat()).clean();
    assert_eq!(required(method(&got, "Api", "/Guarded", "get")), ["Users"]);
    assert_eq!(required(method(&got, "Api", "/Open", "get")), ["NONE"]);
    assert_eq!(required(method(&got, "Api", "/Other", "get")), ["Own"]);
    assert_eq!(required(method(&got, "Api", "/Key", "get")), ["api_key", "Users"]);
    assert!(required(method(&got, "Api", "/Guarded", "options")).is_empty());
    let schemes = got.at(&["Api", "Properties", "Body", "securityDefinitions"]).unwrap();
    assert_eq!(schemes.as_map().unwrap().len(), 3);
    assert!(got.at(&["ApiOwnAuthorizerPermission"]).is_some());
    let got = routed(API, &event("Wrong", ", Auth: {Authorizer: Nope}"));
    assert_eq!(got.said(), ["event `Wrong` of `F`: authorizer `Nope` is not defined by the API"]);
}

#[test]
fn http_apis_have_routes_authorizers_and_cors() {
    let api = "
Api:
  Type: AWS::Serverless::HttpApi
  Properties:
    StageName: v1
    CorsConfiguration: true
    Auth:
      DefaultAuthorizer: Tokens
      Authorizers:
        Tokens: {IdentitySource: $request.header.Authorization, JwtConfiguration: {issuer: i, audience: [a]}}
";
    let got = routed(
        api,
        "A: {Type: HttpApi, Properties: {Path: '/a/{id}', Method: get, ApiId: !Ref Api}}\nB: {Type: HttpApi, Properties: {Path: /b, Method: get, ApiId: !Ref Api, Auth: {Authorizer: NONE}}}",
    )
    .clean();
    assert_eq!(required(method(&got, "Api", "/a/{id}", "get")), ["Tokens"]);
    assert_eq!(required(method(&got, "Api", "/b", "get")), ["NONE"]);
    assert!(got.at(&["Api", "Properties", "Body", "x-amazon-apigateway-cors", "allowOrigins"]).is_some());
    assert!(got.at(&["Apiv1Stage"]).is_some());
}

#[test]
fn globals_guard_the_implicit_api() {
    let got = template(&format!(
        "Globals: {{Api: {{Auth: {{DefaultAuthorizer: AWS_IAM}}}}}}\nResources:\n{FUNCTION}        A: {{Type: Api, Properties: {{Path: /a, Method: get}}}}\n"
    ))
    .clean();
    assert_eq!(required(method(&got, "ServerlessRestApi", "/a", "get")), ["AWS_IAM"]);
    assert_eq!(got.0.origins["ServerlessRestApi"].made_from.as_deref(), Some("F"));
    assert!(got.0.root.get("Globals").is_none());
}

#[test]
fn resource_policies_and_plans() {
    let got = resources(
        "
Api:
  Type: AWS::Serverless::Api
  Properties:
    StageName: prod
    DefinitionBody: {swagger: '2.0', paths: {/a: {get: {x-amazon-apigateway-integration: {type: mock}}}}}
    Auth:
      ResourcePolicy: {IpRangeBlacklist: [1.2.3.4]}
      UsagePlan: {CreateUsagePlan: PER_API}
",
    )
    .clean();
    let statements =
        got.at(&["Api", "Properties", "Body", "x-amazon-apigateway-policy", "Statement"]).unwrap();
    assert_eq!(statements.items().len(), 2);
    for id in ["ApiUsagePlan", "ApiApiKey", "ApiUsagePlanKey"] {
        assert!(got.at(&[id]).is_some(), "{id}");
    }
}

#[test]
fn domains_have_mappings_and_records() {
    let got = resources(
        "
Api:
  Type: AWS::Serverless::Api
  Properties:
    StageName: prod
    Domain: {DomainName: a.b, CertificateArn: arn, BasePath: [one, two], Route53: {HostedZoneId: z, IpV6: true}}
",
    )
    .clean();
    let ids = got.ids();
    for id in ["ApiGatewayDomainName", "ApioneBasePathMapping", "ApitwoBasePathMapping", "RecordSetGroup"] {
        assert!(ids.iter().any(|have| have == id), "{id} {ids:?}");
    }
    let group = got.id("RecordSetGroup");
    assert_eq!(got.property(&group, "RecordSets").unwrap().items().len(), 2);
}

#[test]
fn faults_of_apis() {
    for (properties, said) in [
        ("{}", "`Api` (AWS::Serverless::Api) lacks the required property `StageName`"),
        (
            "{StageName: a, DefinitionUri: 's3://b/k', Cors: x}",
            "`Api`: `Cors` works with an inline `DefinitionBody` alone",
        ),
        ("{StageName: a, Auth: {Nope: 1}}", "`Auth` of `Api` doesn't take `Nope`"),
        (
            "{StageName: a, Auth: {DefaultAuthorizer: X, Authorizers: {Y: {UserPoolArn: a}}}}",
            "`DefaultAuthorizer` of `Api` is `X`, which `Authorizers` doesn't define",
        ),
        ("{StageName: a, OpenApiVersion: '4.0'}", "`Api`: `OpenApiVersion` should be like `3.0.0`"),
        (
            "{StageName: a, Domain: {DomainName: d}}",
            "`Domain` of `Api` lacks the required property `CertificateArn`",
        ),
        ("{StageName: a, GatewayResponses: {X: {Y: 1}}}", "`GatewayResponses.X` of `Api` doesn't take `Y`"),
    ] {
        let got = resources(&format!("Api:\n  Type: AWS::Serverless::Api\n  Properties: {properties}"));
        assert_eq!(got.said(), [said], "{properties}");
    }
}

#[test]
fn local_definitions_become_the_body() {
    let body = "openapi: 3.0.1\npaths:\n  /a: {get: {responses: {}}}\n";
    let text = "
Resources:
  Linked:
    Type: AWS::Serverless::Api
    Properties: {StageName: a, DefinitionUri: api.yaml}
  Included:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: ./api.yaml}}}
  Missing:
    Type: AWS::Serverless::Api
    Properties: {StageName: a, DefinitionUri: nope}
";
    let got = folder("api", &[("template.yaml", text), ("api.yaml", body)]);
    assert!(method(&got, "Linked", "/a", "get").get("responses").is_some());
    assert!(method(&got, "Included", "/a", "get").get("responses").is_some());
    assert_eq!(got.said(), ["failed to read `nope`: there is no such file"]);
    let template = got.at(&["Linked"]).unwrap().span.file;
    assert_ne!(method(&got, "Linked", "/a", "get").span.file, template);
}

#[test]
fn web_sockets_have_routes_with_functions() {
    let api = |auth: &str| {
        format!(
            "
Api:
  Type: AWS::Serverless::WebSocketApi
  Properties:
    RouteSelectionExpression: $request.body.action
    Routes:
      $connect: {{FunctionArn: arn}}
      send: {{FunctionArn: arn}}
    Auth: {auth}
"
        )
    };
    let got = resources(&api("{AuthType: CUSTOM, AuthArn: arn}")).clean();
    for id in [
        "ApiConnectRoute",
        "ApiConnectIntegration",
        "ApiSendPermission",
        "ApiConnectAuthorizer",
        "ApiDefaultStage",
    ] {
        assert!(got.at(&[id]).is_some(), "{id}");
    }
    assert_eq!(got.text(&["ApiConnectRoute", "Properties", "AuthorizationType"]), "CUSTOM");
    assert_eq!(resources(&api("{AuthType: CUSTOM}")).said(), ["`Api`: `AuthType: CUSTOM` needs `AuthArn`"]);
}
