//! A method that an API key alone guards.

use crate::Context;
use crate::openapi::{Guard, operations};
use crate::rest::{lets_only_chosen_callers_in, listed};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A REST API with methods that ask for an API key and for nothing else: `ApiKeyRequired: true` with
    /// `AuthorizationType: NONE`, or an operation of its body whose only scheme is the key. One finding for each API.
    /// APIs that are private, or whose resource policy lets only chosen callers in, are left alone.
    ///
    /// ## Why it matters
    /// A key says which plan a call counts for, not who calls. It is the same for all users of a client, is sent with every
    /// request, ends up in browsers, apps and logs, and never expires.
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
    ///       AuthorizationType: NONE
    ///       ApiKeyRequired: true
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
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
    ///       ApiKeyRequired: true
    /// ```
    ///
    /// ## Limits
    /// Code behind the method that checks a signature or token of its own isn't seen.
    KeyAsOnlyGuard {
        id: "key-as-only-guard",
        title: "API guarded by an API key alone",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-004"],
        threats: ["T13", "T14"],
        profiles: [],
        why: "a key says which plan a call counts for, not who calls",
    }
}

impl Rule for KeyAsOnlyGuard {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Method", "AWS::ApiGateway::RestApi"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::ApiGateway::RestApi" {
            return of_api(resource, cx);
        }
        // Methods of an API that was read are told with it.
        let api =
            cx.get(resource, &["RestApiId"]).and_then(|v| cx.target(resource, v, "AWS::ApiGateway::RestApi"));
        if api.is_none() && key_alone(resource, cx) {
            cx.finding(resource, "an API key is all that guards the method")
                .at(&["ApiKeyRequired"])
                .help(HELP)
                .report();
        }
    }
}

const HELP: &str = "also ask who calls: IAM, a user pool or a function that checks a token";

fn of_api(api: &Resource, cx: &Context<'_>) {
    let methods = cx.referrers(api, "AWS::ApiGateway::Method", "RestApiId");
    let methods: Vec<&Resource> = methods.into_iter().filter(|m| key_alone(m, cx)).collect();
    let body = cx.get(api, &["Body"]);
    let operations: Vec<_> = body.map(|body| operations(cx, body)).unwrap_or_default();
    let mut operations = operations.into_iter().filter(|o| o.guard == Guard::Key).peekable();
    let span = methods
        .first()
        .map(|m| m.key_span("ApiKeyRequired"))
        .or_else(|| operations.peek().map(|operation| operation.span));
    let names = methods.iter().map(|m| {
        let verb = cx.get(m, &["HttpMethod"]).and_then(Value::as_text).unwrap_or_else(|| "a method".into());
        format!("{verb} ({})", m.logical_id)
    });
    let names: Vec<String> = names.chain(operations.map(|o| format!("{} {}", o.method, o.path))).collect();
    let Some(span) = span.filter(|_| !lets_only_chosen_callers_in(cx, api)) else { return };
    cx.finding(api, format!("an API key is all that guards {}", listed(&names)))
        .at_place("methods", span)
        .help(HELP)
        .report();
}

fn key_alone(method: &Resource, cx: &Context<'_>) -> bool {
    let open = match cx.get(method, &["AuthorizationType"]) {
        None => true,
        Some(kind) => match kind.as_str() {
            Some(kind) => kind.eq_ignore_ascii_case("NONE"),
            None => {
                cx.unknown(method, kind, "`AuthorizationType`");
                false
            }
        },
    };
    let Some(key) = cx.get(method, &["ApiKeyRequired"]).filter(|_| open) else { return false };
    if key.as_bool().is_none() {
        cx.unknown(method, key, "`ApiKeyRequired`");
    }
    key.as_bool() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::KeyAsOnlyGuard;
    use crate::testing::Build;

    fn method(api: &str, method: &str) -> Vec<String> {
        let method = format!(r#"{{"RestApiId": {{"Ref": "Api"}}, "HttpMethod": "GET", {method}}}"#);
        let build = Build::new().json("Api", "AWS::ApiGateway::RestApi", api);
        build.json("M", "AWS::ApiGateway::Method", &method).findings::<KeyAsOnlyGuard>()
    }

    #[test]
    fn a_key_alone() {
        assert_eq!(
            method("{}", r#""AuthorizationType": "NONE", "ApiKeyRequired": "true""#),
            ["Api: an API key is all that guards `GET (M)`"]
        );
        let body = r#"{"Body": {"paths": {"/orders": {"get": {"security": [{"key": []}]}}},
            "components": {"securitySchemes": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}}}}"#;
        let build = Build::new().json("Api", "AWS::ApiGateway::RestApi", body);
        assert_eq!(build.findings::<KeyAsOnlyGuard>(), ["Api: an API key is all that guards `GET /orders`"]);
    }

    #[test]
    fn none_both_and_private() {
        assert!(method("{}", r#""AuthorizationType": "NONE""#).is_empty());
        assert!(method("{}", r#""AuthorizationType": "AWS_IAM", "ApiKeyRequired": true"#).is_empty());
        let private = r#"{"EndpointConfiguration": {"Types": ["PRIVATE"]}}"#;
        assert!(method(private, r#""AuthorizationType": "NONE", "ApiKeyRequired": true"#).is_empty());
    }
}
