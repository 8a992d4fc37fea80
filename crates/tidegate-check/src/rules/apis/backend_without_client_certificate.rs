//! A backend that can't tell its API from others.

use crate::Context;
use crate::openapi::operations;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A stage of a REST API that calls HTTP backends and has no client certificate (`ClientCertificateId`). APIs that call
    /// functions and services only are left alone: those see who calls. As info, a stage of an API whose methods are
    /// declared elsewhere, so that it isn't known what it calls.
    ///
    /// ## Why it matters
    /// The backend is on the internet, and whoever knows its address calls it past the API: past its logins, limits and
    /// checks. With a certificate the backend turns away all but the API.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties: {Name: orders}
    ///   List:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: !Ref Api
    ///       ResourceId: !GetAtt Api.RootResourceId
    ///       HttpMethod: GET
    ///       AuthorizationType: AWS_IAM
    ///       Integration: {Type: HTTP_PROXY, IntegrationHttpMethod: GET, Uri: "https://backend.example.com"}
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties: {RestApiId: !Ref Api, StageName: prod}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties: {Name: orders}
    ///   List:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: !Ref Api
    ///       ResourceId: !GetAtt Api.RootResourceId
    ///       HttpMethod: GET
    ///       AuthorizationType: AWS_IAM
    ///       Integration: {Type: HTTP_PROXY, IntegrationHttpMethod: GET, Uri: "https://backend.example.com"}
    ///   Certificate:
    ///     Type: AWS::ApiGateway::ClientCertificate
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties: {RestApiId: !Ref Api, StageName: prod, ClientCertificateId: !Ref Certificate}
    /// ```
    ///
    /// ## Limits
    /// Whether the backend asks for the certificate isn't known. Other tools report every stage.
    BackendWithoutClientCertificate {
        id: "backend-without-client-certificate",
        title: "HTTP backend that can't tell its API from others",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: [
            "TG-API-026",
            "CKV2_AWS_51",
            "kics:ed4c48b8-eccc-4881-95c1-09fdae23db25",
            "kics:0b4869fc-a842-4597-aa00-1294df425440",
            "cdk-nag:APIGWSSLEnabled",
        ],
        threats: ["T26"],
        profiles: [],
        why: "whoever knows the backend's address calls it past the API",
    }
}

impl Rule for BackendWithoutClientCertificate {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Stage"];

    fn check(stage: &Resource, cx: &Context<'_>) {
        if cx.get(stage, &["ClientCertificateId"]).is_some_and(|id| id.as_str() != Some("")) {
            return;
        }
        let api = cx.get(stage, &["RestApiId"]).and_then(|v| cx.target(stage, v, "AWS::ApiGateway::RestApi"));
        let Some(api) = api.filter(|api| says_what_it_calls(api, cx)) else {
            return cx
                .finding(stage, "the stage shows no certificate to whatever it calls")
                .within(&["ClientCertificateId"])
                .severity(Severity::Info)
                .help(HELP)
                .report();
        };
        let methods = cx.referrers(api, "AWS::ApiGateway::Method", "RestApiId");
        let by_method = methods.into_iter().find_map(|m| {
            let integration = cx.get(m, &["Integration"])?;
            over_http(cx.child(integration, "Type")?).then_some(integration.span)
        });
        let by_operation = || {
            operations(cx, cx.get(api, &["Body"])?).into_iter().find_map(|operation| {
                let integration = cx.child(operation.value, "x-amazon-apigateway-integration")?;
                over_http(cx.child(integration, "type")?).then_some(integration.span)
            })
        };
        let Some(backend) = by_method.or_else(by_operation) else { return };
        cx.finding(stage, "backends can't tell calls of this stage from others")
            .within(&["ClientCertificateId"])
            .related(Some(backend), "calls a backend over HTTP")
            .help(HELP)
            .report();
    }
}

const HELP: &str = "set `ClientCertificateId`, and let the backend ask for the certificate";

fn says_what_it_calls(api: &Resource, cx: &Context<'_>) -> bool {
    cx.get(api, &["Body"]).is_some() || !cx.referrers(api, "AWS::ApiGateway::Method", "RestApiId").is_empty()
}

fn over_http(kind: &Value) -> bool {
    kind.as_str()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("HTTP") || kind.eq_ignore_ascii_case("HTTP_PROXY"))
}

#[cfg(test)]
mod tests {
    use super::BackendWithoutClientCertificate;
    use crate::testing::Build;

    fn findings(api: &str, stage: &str) -> usize {
        let stage = format!(r#"{{"RestApiId": {{"Ref": "Api"}}{stage}}}"#);
        Build::new()
            .json("Api", "AWS::ApiGateway::RestApi", api)
            .json("Stage", "AWS::ApiGateway::Stage", &stage)
            .findings::<BackendWithoutClientCertificate>()
            .len()
    }

    fn calling(kind: &str) -> String {
        format!(
            r#"{{"Body": {{"paths": {{"/": {{"get": {{"x-amazon-apigateway-integration": {{"type": "{kind}"}}}}}}}}}}}}"#
        )
    }

    #[test]
    fn backends() {
        assert_eq!(findings(&calling("http_proxy"), ""), 1);
        assert_eq!(findings(&calling("http"), r#", "ClientCertificateId": "abc""#), 0);
    }

    #[test]
    fn functions() {
        assert_eq!(findings(&calling("aws_proxy"), ""), 0);
    }

    #[test]
    fn what_is_called_is_elsewhere() {
        assert_eq!(findings("{}", ""), 1);
        assert_eq!(findings("{}", r#", "ClientCertificateId": "abc""#), 0);
    }
}
