//! An API that pages of any origin may call.

use crate::Context;
use crate::openapi;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Map, Resource, Severity, Span, Value};

declare_rule! {
    /// ## What it finds
    /// An HTTP API whose `CorsConfiguration.AllowOrigins` holds `*`, or a REST API whose `OPTIONS` methods answer
    /// `Access-Control-Allow-Origin: '*'`, also when that comes from `Cors` in a SAM template. High together with credentials,
    /// medium without. One finding per API.
    ///
    /// ## Why it matters
    /// Any page that a user opens calls the API from their browser and reads the answer: behind a company network, or, with
    /// credentials, in the user's name.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGatewayV2::Api
    ///     Properties:
    ///       Name: orders
    ///       ProtocolType: HTTP
    ///       CorsConfiguration:
    ///         AllowOrigins: ["*"]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGatewayV2::Api
    ///     Properties:
    ///       Name: orders
    ///       ProtocolType: HTTP
    ///       CorsConfiguration:
    ///         AllowOrigins: ["https://shop.example.com"]
    /// ```
    ///
    /// ## Limits
    /// Headers that the code behind a proxy integration sets itself aren't seen. An API that is meant for every page, and
    /// whose callers show a token of their own, may well allow every origin.
    AnyOriginApi {
        id: "any-origin-api",
        title: "API open to pages of any origin",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-020"],
        threats: ["T13"],
        profiles: [Baseline],
        why: "any page calls the API from its reader's browser",
    }
}

impl Rule for AnyOriginApi {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"];

    fn check(api: &Resource, cx: &Context<'_>) {
        let found = if api.ty == "AWS::ApiGatewayV2::Api" { http(api, cx) } else { rest(api, cx) };
        // The worst of them stands for the API.
        let Some(cors) = found.into_iter().max_by_key(|cors| cors.credentials) else { return };
        let (severity, message) = if cors.credentials {
            (Severity::High, "pages of any origin call the API with the user's credentials")
        } else {
            (Severity::Medium, "pages of any origin may call the API")
        };
        cx.finding(api, message)
            .at_place("cors", cors.span)
            .severity(severity)
            .help("name the origins of your own pages")
            .report();
    }
}

struct Cors {
    credentials: bool,
    span: Span,
}

fn http(api: &Resource, cx: &Context<'_>) -> Vec<Cors> {
    let in_body = cx.get(api, &["Body"]).and_then(|body| cx.child(body, "x-amazon-apigateway-cors"));
    let mut out = Vec::new();
    for (cors, origins, credentials) in [
        (cx.get(api, &["CorsConfiguration"]), "AllowOrigins", "AllowCredentials"),
        (in_body, "allowOrigins", "allowCredentials"),
    ] {
        let Some(cors) = cors else { continue };
        let Some(origins) = cx.child(cors, origins) else { continue };
        let any = cx
            .world
            .items(origins)
            .into_iter()
            .find(|o| matches!(o.as_str(), Some("*" | "https://*" | "http://*")));
        if let Some(any) = any {
            let credentials = cx.child(cors, credentials).and_then(Value::as_bool) == Some(true);
            out.push(Cors { credentials, span: any.span });
        } else if let Some(unknown) = cx.world.items(origins).into_iter().find(|o| o.is_unknown()) {
            cx.unknown(api, unknown, "an allowed origin");
        }
    }
    out
}

fn rest(api: &Resource, cx: &Context<'_>) -> Vec<Cors> {
    let mut out = Vec::new();
    if let Some(body) = cx.get(api, &["Body"]).filter(|b| b.as_map().is_some()) {
        for operation in openapi::operations(cx, body).iter().filter(|o| o.method == "OPTIONS") {
            let integration = cx.child(operation.value, "x-amazon-apigateway-integration");
            let responses = integration.and_then(|i| cx.child(i, "responses")).and_then(Value::as_map);
            for response in responses.into_iter().flat_map(Map::values) {
                out.extend(cx.child(response, "responseParameters").and_then(|p| headers(p, cx)));
            }
        }
    }
    for method in cx.referrers(api, "AWS::ApiGateway::Method", "RestApiId") {
        if cx.get(method, &["HttpMethod"]).and_then(Value::as_str) != Some("OPTIONS") {
            continue;
        }
        for response in cx.items(method, &["Integration", "IntegrationResponses"]) {
            out.extend(cx.child(response, "ResponseParameters").and_then(|p| headers(p, cx)));
        }
    }
    out
}

/// What the answer to a preflight request says.
fn headers(parameters: &Value, cx: &Context<'_>) -> Option<Cors> {
    let header = |name: &str| {
        let map = parameters.as_map()?;
        let key = map.keys().find(|key| {
            key.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name))
                && key.starts_with("method.response.header.")
        })?;
        cx.child(parameters, key)
    };
    // Static values stand in single quotes.
    let is = |value: &Value, text: &str| {
        value.as_str().is_some_and(|v| v.trim_matches('\'').eq_ignore_ascii_case(text))
    };
    let origin = header("Access-Control-Allow-Origin").filter(|origin| is(origin, "*"))?;
    let credentials = header("Access-Control-Allow-Credentials").is_some_and(|value| is(value, "true"));
    Some(Cors { credentials, span: origin.span })
}

#[cfg(test)]
mod tests {
    use super::AnyOriginApi;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn http(cors: &str) -> Vec<Severity> {
        let properties = format!(r#"{{"CorsConfiguration": {cors}}}"#);
        let outcome = Build::new().json("Api", "AWS::ApiGatewayV2::Api", &properties).run::<AnyOriginApi>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    fn rest(parameters: &str) -> Vec<Severity> {
        let integration =
            format!(r#"{{"responses": {{"default": {{"responseParameters": {parameters}}}}}}}"#);
        let operation = format!(r#"{{"x-amazon-apigateway-integration": {integration}}}"#);
        let body = format!(
            r#"{{"Body": {{"paths": {{"/a": {{"options": {operation}}}, "/b": {{"options": {operation}}}}}}}}}"#
        );
        let outcome = Build::new().json("Api", "AWS::ApiGateway::RestApi", &body).run::<AnyOriginApi>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn any_origin() {
        assert_eq!(http(r#"{"AllowOrigins": ["*"]}"#), [Severity::Medium]);
        assert_eq!(http(r#"{"AllowOrigins": ["*"], "AllowCredentials": true}"#), [Severity::High]);
        assert_eq!(
            rest(r#"{"method.response.header.Access-Control-Allow-Origin": "'*'"}"#),
            [Severity::Medium]
        );
        let credentials = r#"{"method.response.header.Access-Control-Allow-Origin": "'*'",
            "method.response.header.Access-Control-Allow-Credentials": "'true'"}"#;
        assert_eq!(rest(credentials), [Severity::High]);
    }

    #[test]
    fn own_origins() {
        assert!(
            http(r#"{"AllowOrigins": ["https://shop.example.com"], "AllowCredentials": true}"#).is_empty()
        );
        assert!(
            rest(r#"{"method.response.header.Access-Control-Allow-Origin": "'https://shop.example.com'"}"#)
                .is_empty()
        );
        assert!(rest(r#"{"method.response.header.Access-Control-Allow-Methods": "'*'"}"#).is_empty());
    }

    #[test]
    fn methods_of_their_own() {
        let method = r#"{"RestApiId": {"Ref": "Api"}, "HttpMethod": "OPTIONS", "Integration": {"IntegrationResponses": [
            {"ResponseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"}}]}}"#;
        let build = Build::new().json("Api", "AWS::ApiGateway::RestApi", "{}").json(
            "M",
            "AWS::ApiGateway::Method",
            method,
        );
        assert_eq!(build.findings::<AnyOriginApi>(), ["Api: pages of any origin may call the API"]);
    }
}
