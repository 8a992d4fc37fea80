//! An access log that can't be searched.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A stage whose access log isn't written as JSON, or doesn't hold which request it was (`$context.requestId`) or who
    /// called (`$context.identity.…`, `$context.authorizer.…`).
    ///
    /// ## Why it matters
    /// In an incident one looks for all that a caller did and follows a request through the logs. Lines of free text must be
    /// taken apart first, and a caller can put line breaks and fields of his own into them.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    ///       AccessLogSetting:
    ///         DestinationArn: arn:aws:logs:eu-west-1:123456789012:log-group:orders
    ///         Format: $context.identity.sourceIp $context.requestTime $context.status
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    ///       AccessLogSetting:
    ///         DestinationArn: arn:aws:logs:eu-west-1:123456789012:log-group:orders
    ///         Format: '{"request":"$context.requestId","ip":"$context.identity.sourceIp","status":"$context.status"}'
    /// ```
    ///
    /// ## Limits
    /// Whether the JSON is valid isn't checked. A stage without a log is another rule's matter.
    UnstructuredAccessLog {
        id: "unstructured-access-log",
        title: "access log without structure, request or caller",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-013", "cdk-nag:Serverless-APIGWStructuredLogging"],
        threats: ["T11", "T53"],
        profiles: [],
        why: "nobody finds what a caller did, and callers write lines of their own",
    }
}

impl Rule for UnstructuredAccessLog {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"];

    fn check(stage: &Resource, cx: &Context<'_>) {
        let setting = match stage.ty.as_str() {
            "AWS::ApiGateway::Stage" => "AccessLogSetting",
            _ => "AccessLogSettings",
        };
        let Some(format) = cx.get(stage, &[setting, "Format"]) else { return };
        let Some(text) = text(format, cx) else { return cx.unknown(stage, format, "the format of the log") };
        let has = |keys: &[&str]| keys.iter().any(|key| text.contains(key));
        let mut missing = Vec::new();
        if !text.trim_start().starts_with('{') {
            missing.push("is no JSON");
        }
        if !has(&["$context.requestId", "$context.extendedRequestId", "$context.awsEndpointRequestId"]) {
            missing.push("doesn't hold the request's id");
        }
        if !has(&[
            "$context.identity.",
            "$context.authorizer.",
            "$context.customDomain.",
            "$context.connectionId",
        ]) {
            missing.push("doesn't say who called");
        }
        if missing.is_empty() {
            return;
        }
        cx.finding(stage, format!("the access log {}", missing.join(", ")))
            .at(&[setting, "Format"])
            .help("write JSON with `$context.requestId`, `$context.identity.sourceIp` and the caller")
            .report();
    }
}

/// The format as text. A map is what some readers make of JSON in a string.
fn text(format: &Value, cx: &Context<'_>) -> Option<String> {
    if let Some(map) = format.as_map() {
        let values = map.values().filter_map(|value| cx.world.resolve(value)).map(Value::display);
        return Some(format!("{{{}}}", values.collect::<Vec<_>>().join(" ")));
    }
    format.as_text().map(|text| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::UnstructuredAccessLog;
    use crate::testing::{Build, text};

    fn findings(format: &str) -> Vec<String> {
        let setting = tidegate_graph::Value::object([("Format", text(format))], Default::default());
        let stage = Build::new().add("Stage", "AWS::ApiGatewayV2::Stage", &[("AccessLogSettings", setting)]);
        stage.findings::<UnstructuredAccessLog>()
    }

    #[test]
    fn what_is_missing() {
        assert_eq!(
            findings("$context.identity.sourceIp $context.requestId"),
            ["Stage: the access log is no JSON"]
        );
        assert_eq!(
            findings(r#"{"status": "$context.status"}"#),
            ["Stage: the access log doesn't hold the request's id, doesn't say who called"]
        );
    }

    #[test]
    fn complete() {
        assert!(
            findings(r#" {"id": "$context.requestId", "user": "$context.authorizer.claims.sub"}"#).is_empty()
        );
    }
}
