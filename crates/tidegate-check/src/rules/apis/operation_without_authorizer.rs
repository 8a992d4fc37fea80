//! Operations of an API definition that anyone may call.

use crate::Context;
use crate::openapi::{self, Guard, Operation};
use crate::rest::{self, listed};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An operation in the OpenAPI body of a REST or HTTP API, whether it was written or comes from a SAM template, that
    /// needs no authorization: no `security`, an empty one, SAM's `NONE`, or a scheme that API Gateway doesn't enforce
    /// because it has neither `x-amazon-apigateway-authorizer` nor `x-amazon-apigateway-authtype`.
    ///
    /// `OPTIONS` is exempt, as are operations with an API key, and APIs that are private or whose resource policy lets only
    /// chosen callers in. Up to three open operations of an API are told one by one, more in one finding that lists them.
    ///
    /// ## Why it matters
    /// Whoever finds the address starts what lies behind, with any input and as often as they like. A `bearerAuth` that
    /// stands in the document and is enforced by nobody is worse: everyone believes that it is.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Body:
    ///         openapi: 3.0.1
    ///         info: {title: orders, version: "1"}
    ///         paths:
    ///           /orders:
    ///             post:
    ///               responses: {}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Body:
    ///         openapi: 3.0.1
    ///         info: {title: orders, version: "1"}
    ///         security:
    ///           - sigv4: []
    ///         paths:
    ///           /orders:
    ///             post:
    ///               responses: {}
    ///         components:
    ///           securitySchemes:
    ///             sigv4:
    ///               type: apiKey
    ///               name: Authorization
    ///               in: header
    ///               x-amazon-apigateway-authtype: awsSigv4
    /// ```
    ///
    /// ## Limits
    /// Operations that are meant for everyone (health checks, logins, webhooks that check a signature of their own) are
    /// reported too: the code isn't read. A body that lies in a bucket (`BodyS3Location`) isn't seen and counts as unknown.
    OperationWithoutAuthorizer {
        id: "operation-without-authorizer",
        title: "API operation without authorization",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-003", "cdk-nag:AwsSolutions-APIG4"],
        threats: ["T13", "T14"],
        profiles: [Baseline],
        why: "whoever finds the address starts what lies behind",
    }
}

impl Rule for OperationWithoutAuthorizer {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"];

    fn check(api: &Resource, cx: &Context<'_>) {
        const ONE_BY_ONE: usize = 3;
        let Some(body) = cx.get(api, &["Body"]) else {
            if let Some(place) = cx.get(api, &["BodyS3Location"]) {
                cx.unknown(api, place, "the API definition");
            }
            return;
        };
        if body.as_map().is_none() {
            // Text that could be parsed was parsed by the reader.
            return cx.unknown(api, body, "the API definition");
        }
        let open = open_operations(api, cx);
        if open.is_empty() || rest::lets_only_chosen_callers_in(cx, api) {
            return;
        }
        if open.len() <= ONE_BY_ONE {
            for operation in &open {
                report(api, operation, cx);
            }
            return;
        }
        let names: Vec<String> = open.iter().map(|o| format!("{} {}", o.method, o.path)).collect();
        cx.finding(api, format!("anyone may call {} operations: {}", open.len(), listed(&names)))
            .at_place("Body/paths", api.span)
            .related(open.first().map(|o| o.span), "one of them")
            .help(HELP)
            .report();
    }
}

const HELP: &str = "set a default authorizer for the API, or `security` with an authorizer on each operation";

fn open_operations<'r>(api: &'r Resource, cx: &Context<'_>) -> Vec<Operation<'r>> {
    let Some(body) = cx.get(api, &["Body"]) else { return Vec::new() };
    let mut open = Vec::new();
    for operation in openapi::operations(cx, body) {
        match operation.guard {
            _ if operation.method == "OPTIONS" => {}
            Guard::Open | Guard::NameOnly(_) => open.push(operation),
            Guard::Unknown(value) => cx.unknown(api, value, "the security scheme of an operation"),
            Guard::Key | Guard::Authorized => {}
        }
    }
    open
}

fn report(api: &Resource, operation: &Operation<'_>, cx: &Context<'_>) {
    let name = format!("{} {}", operation.method, operation.path);
    let message = match operation.guard {
        Guard::NameOnly(scheme) => {
            format!("anyone may call `{name}`: API Gateway doesn't enforce the scheme `{scheme}`")
        }
        _ => format!("anyone may call `{name}`"),
    };
    cx.finding(api, message)
        .at_place(format!("Body/paths/{}/{}", operation.path, operation.method), operation.span)
        .help(HELP)
        .report();
}

#[cfg(test)]
mod tests {
    use super::OperationWithoutAuthorizer;
    use crate::testing::Build;

    fn findings(body: &str) -> Vec<String> {
        let properties = format!(r#"{{"Body": {body}}}"#);
        Build::new()
            .json("Api", "AWS::ApiGateway::RestApi", &properties)
            .findings::<OperationWithoutAuthorizer>()
    }

    const SCHEMES: &str = r#""components": {"securitySchemes": {
        "jwt": {"type": "oauth2", "x-amazon-apigateway-authorizer": {"type": "jwt"}},
        "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "bearer": {"type": "http", "scheme": "bearer"}}}"#;

    fn operation(security: &str) -> Vec<String> {
        findings(&format!(r#"{{"paths": {{"/a": {{"get": {{{security}}}}}}}, {SCHEMES}}}"#))
    }

    #[test]
    fn open_operations() {
        assert_eq!(operation(""), ["Api: anyone may call `GET /a`"]);
        assert_eq!(operation(r#""security": []"#).len(), 1);
        assert_eq!(operation(r#""security": [{"NONE": []}]"#).len(), 1);
        assert_eq!(operation(r#""x-amazon-apigateway-auth": {"type": "NONE"}"#).len(), 1);
        assert_eq!(
            operation(r#""security": [{"bearer": []}]"#),
            ["Api: anyone may call `GET /a`: API Gateway doesn't enforce the scheme `bearer`"]
        );
    }

    #[test]
    fn guarded_operations() {
        for guarded in [
            r#""security": [{"jwt": []}]"#,
            r#""security": [{"key": []}]"#,
            r#""security": [{"jwt": []}, {"key": []}]"#,
            r#""x-amazon-apigateway-auth": {"type": "AWS_IAM"}"#,
        ] {
            assert!(operation(guarded).is_empty(), "{guarded}");
        }
        let root =
            format!(r#"{{"security": [{{"jwt": []}}], "paths": {{"/a": {{"get": {{}}}}}}, {SCHEMES}}}"#);
        assert!(findings(&root).is_empty());
        assert!(findings(r#"{"paths": {"/a": {"options": {}}}}"#).is_empty());
    }

    #[test]
    fn many_are_one_finding() {
        let body = r#"{"paths": {"/a": {"get": {}, "post": {}}, "/b": {"x-amazon-apigateway-any-method": {}, "put": {}}}}"#;
        assert_eq!(
            findings(body),
            ["Api: anyone may call 4 operations: `GET /a`, `POST /a`, `ANY /b`, `PUT /b`"]
        );
    }

    #[test]
    fn a_policy_within_the_body() {
        let body = r#"{"paths": {"/a": {"get": {}}}, "x-amazon-apigateway-policy": {"Statement": {"Effect": "Allow",
            "Principal": "*", "Action": "execute-api:Invoke", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}}}"#;
        assert!(findings(body).is_empty());
    }

    #[test]
    fn an_unknown_scheme_or_body_is_unknown() {
        let unknown = |properties: &str| {
            let outcome = Build::new()
                .json("Api", "AWS::ApiGateway::RestApi", properties)
                .run::<OperationWithoutAuthorizer>();
            (outcome.findings.len(), outcome.unknown.len())
        };
        assert_eq!(
            unknown(r#"{"Body": {"paths": {"/a": {"get": {"security": [{"elsewhere": []}]}}}}}"#),
            (0, 1)
        );
        assert_eq!(unknown(r#"{"BodyS3Location": {"Bucket": "b"}}"#), (0, 1));
        assert_eq!(unknown("{}"), (0, 0));
    }
}
