//! An API that takes any body.

use crate::Context;
use crate::openapi::operations;
use crate::rest::listed;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Span, Value};

declare_rule! {
    /// ## What it finds
    /// A REST API with methods that take a body (`POST`, `PUT`, `PATCH`) and have no request validator that checks it, or no
    /// model to check it against. One finding for each API. Medium where such a method calls an AWS service directly, so
    /// that no code looks at the body at all; low for the rest. Catch-all methods (`ANY`) and mocks are left alone.
    ///
    /// ## Why it matters
    /// What the API turns away costs nothing and reaches nobody. What it lets through is billed, and every function behind it
    /// must cope with it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties: {Name: orders}
    ///   Create:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: !Ref Api
    ///       ResourceId: !GetAtt Api.RootResourceId
    ///       HttpMethod: POST
    ///       AuthorizationType: AWS_IAM
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties: {Name: orders}
    ///   Order:
    ///     Type: AWS::ApiGateway::Model
    ///     Properties:
    ///       RestApiId: !Ref Api
    ///       ContentType: application/json
    ///       Schema: {type: object, additionalProperties: false}
    ///   Bodies:
    ///     Type: AWS::ApiGateway::RequestValidator
    ///     Properties: {RestApiId: !Ref Api, ValidateRequestBody: true}
    ///   Create:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: !Ref Api
    ///       ResourceId: !GetAtt Api.RootResourceId
    ///       HttpMethod: POST
    ///       AuthorizationType: AWS_IAM
    ///       RequestValidatorId: !Ref Bodies
    ///       RequestModels: {application/json: !Ref Order}
    /// ```
    ///
    /// ## Limits
    /// Code that checks the body itself isn't seen; hence low, and not in the baseline. HTTP APIs have no validators.
    UnvalidatedBody {
        id: "unvalidated-body",
        title: "API that takes any body",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-005", "CKV2_AWS_53", "cdk-nag:AwsSolutions-APIG2"],
        threats: ["T01", "T09"],
        profiles: [Regulated],
        why: "what the API lets through is billed, and all behind it must cope with it",
    }
}

impl Rule for UnvalidatedBody {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::RestApi"];

    fn check(api: &Resource, cx: &Context<'_>) {
        let mut names = Vec::new();
        let mut place: Option<Span> = None;
        let mut direct = false;
        for method in cx.referrers(api, "AWS::ApiGateway::Method", "RestApiId") {
            let verb = cx.get(method, &["HttpMethod"]).and_then(Value::as_str).unwrap_or_default();
            let integration = cx.get(method, &["Integration"]);
            if takes_body(verb) && !is_mock(integration, cx) && !checked(method, cx) {
                names.push(format!("{verb} ({})", method.logical_id));
                place = place.or(Some(method.span));
                direct |= integration.is_some_and(|i| calls_service(i, cx));
            }
        }
        if let Some(body) = cx.get(api, &["Body"]) {
            for operation in operations(cx, body) {
                let integration = cx.child(operation.value, "x-amazon-apigateway-integration");
                if takes_body(&operation.method)
                    && !is_mock(integration, cx)
                    && !checked_in_body(body, operation.value, cx)
                {
                    names.push(format!("{} {}", operation.method, operation.path));
                    place = place.or(Some(operation.span));
                    direct |= integration.is_some_and(|i| calls_service(i, cx));
                }
            }
        }
        let Some(place) = place else { return };
        cx.finding(api, format!("no body is checked before {}", listed(&names)))
            .at_place("bodies", place)
            .severity(if direct { Severity::Medium } else { Severity::Low })
            .help("name a model and a request validator with `ValidateRequestBody: true` on each of them")
            .report();
    }
}

fn takes_body(verb: &str) -> bool {
    ["POST", "PUT", "PATCH"].iter().any(|known| known.eq_ignore_ascii_case(verb))
}

fn is_mock(integration: Option<&Value>, cx: &Context<'_>) -> bool {
    let kind = integration.and_then(|i| of_either_case(i, "Type", cx)).and_then(Value::as_str);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("MOCK"))
}

/// True for an integration with a service that runs no code of ours.
fn calls_service(integration: &Value, cx: &Context<'_>) -> bool {
    let kind = of_either_case(integration, "Type", cx).and_then(Value::as_str).unwrap_or_default();
    let uri = of_either_case(integration, "Uri", cx).map(Value::display).unwrap_or_default();
    kind.eq_ignore_ascii_case("AWS") && uri.contains(":apigateway:") && !uri.contains(":lambda:path/")
}

fn of_either_case<'r>(integration: &'r Value, key: &str, cx: &Context<'_>) -> Option<&'r Value> {
    cx.child(integration, key).or_else(|| cx.child(integration, &key.to_ascii_lowercase()))
}

fn checked(method: &Resource, cx: &Context<'_>) -> bool {
    let Some(validator) = cx.get(method, &["RequestValidatorId"]) else { return false };
    let checks = match cx.target(method, validator, "AWS::ApiGateway::RequestValidator") {
        // One that is declared elsewhere may well do it.
        None => true,
        Some(found) => match cx.get(found, &["ValidateRequestBody"]) {
            None => false,
            Some(value) => value.as_bool().unwrap_or_else(|| {
                cx.unknown(method, value, "`ValidateRequestBody`");
                true
            }),
        },
    };
    let models = cx.get(method, &["RequestModels"]);
    checks && models.is_some_and(|models| models.as_map().is_none_or(|map| !map.is_empty()))
}

fn checked_in_body(body: &Value, operation: &Value, cx: &Context<'_>) -> bool {
    const KEY: &str = "x-amazon-apigateway-request-validator";
    let Some(name) = cx.child(operation, KEY).or_else(|| cx.child(body, KEY)) else { return false };
    let validator = name
        .as_str()
        .and_then(|name| cx.child(cx.child(body, "x-amazon-apigateway-request-validators")?, name));
    let checks = validator
        .and_then(|v| cx.child(v, "validateRequestBody"))
        .is_none_or(|value| value.as_bool() != Some(false));
    // OpenAPI 2 has bodies among the parameters.
    let of_parameter = |p: &&Value| cx.child(p, "in").and_then(Value::as_str) == Some("body");
    let has_schema = cx.child(operation, "requestBody").is_some()
        || cx
            .child(operation, "parameters")
            .is_some_and(|list| cx.world.items(list).iter().any(of_parameter));
    checks && has_schema
}

#[cfg(test)]
mod tests {
    use super::UnvalidatedBody;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn method(properties: &str) -> Vec<(Severity, String)> {
        let method = format!(r#"{{"RestApiId": {{"Ref": "Api"}}, {properties}}}"#);
        let outcome = Build::new()
            .json("Api", "AWS::ApiGateway::RestApi", "{}")
            .json("Bodies", "AWS::ApiGateway::RequestValidator", r#"{"ValidateRequestBody": true}"#)
            .json("Queries", "AWS::ApiGateway::RequestValidator", r#"{"ValidateRequestParameters": true}"#)
            .json("M", "AWS::ApiGateway::Method", &method)
            .run::<UnvalidatedBody>();
        outcome.findings.into_iter().map(|f| (f.severity, f.message)).collect()
    }

    #[test]
    fn without_validator_or_model() {
        let low = [(Severity::Low, "no body is checked before `POST (M)`".to_string())];
        assert_eq!(method(r#""HttpMethod": "POST""#), low);
        assert_eq!(
            method(
                r#""HttpMethod": "POST", "RequestValidatorId": {"Ref": "Queries"}, "RequestModels": {"a": "b"}"#
            ),
            low
        );
        assert_eq!(method(r#""HttpMethod": "POST", "RequestValidatorId": {"Ref": "Bodies"}"#), low);
        let direct = r#""HttpMethod": "POST", "Integration": {"Type": "AWS",
            "Uri": "arn:aws:apigateway:eu-west-1:sqs:path/1/orders"}"#;
        assert_eq!(method(direct).first().map(|f| f.0), Some(Severity::Medium));
    }

    #[test]
    fn checked_and_without_body() {
        assert!(method(r#""HttpMethod": "GET""#).is_empty());
        assert!(method(r#""HttpMethod": "POST", "Integration": {"Type": "MOCK"}"#).is_empty());
        assert!(
            method(r#""HttpMethod": "POST", "RequestValidatorId": {"Ref": "Bodies"}, "RequestModels": {"a": "b"}"#)
                .is_empty()
        );
    }

    #[test]
    fn definitions() {
        let api = |more: &str| {
            let body = format!(
                r#"{{"Body": {{"paths": {{"/orders": {{"post": {{"requestBody": {{}}}}}}}} {more}}}}}"#
            );
            Build::new().json("Api", "AWS::ApiGateway::RestApi", &body).findings::<UnvalidatedBody>()
        };
        assert_eq!(api(""), ["Api: no body is checked before `POST /orders`"]);
        let all = r#", "x-amazon-apigateway-request-validator": "all",
            "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": true}}"#;
        assert!(api(all).is_empty());
    }
}
