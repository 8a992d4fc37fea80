//! A method that asks for no API key.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A method of a REST API without `ApiKeyRequired: true`. An opinion: a key is no authentication, but ties a caller
    /// to a usage plan.
    ///
    /// ## Why it matters
    /// Without a key no usage plan bounds the single caller.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       ResourceId: abc123
    ///       HttpMethod: GET
    ///       AuthorizationType: AWS_IAM
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       ResourceId: abc123
    ///       HttpMethod: GET
    ///       AuthorizationType: AWS_IAM
    ///       ApiKeyRequired: true
    /// ```
    ///
    /// ## Limits
    /// Keys that an OpenAPI body asks for aren't looked at.
    MethodWithoutApiKey {
        id: "method-without-api-key",
        title: "method without API key",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-030",
            "kics:3641d5b4-d339-4bc2-bfb9-208fe8d3477f",
            "kics:671211c5-5d2a-4e97-8867-30fc28b02216",
        ],
        threats: ["T40"],
        profiles: [],
        why: "no usage plan bounds the single caller",
    }
}

impl Rule for MethodWithoutApiKey {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Method"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        match cx.get(resource, &["ApiKeyRequired"]).map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(resource, value, "`ApiKeyRequired`"),
            None | Some((_, Some(false))) => {}
        }
        cx.finding(resource, "the method asks for no API key")
            .within(&["ApiKeyRequired"])
            .help("set `ApiKeyRequired: true`, with a usage plan")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::MethodWithoutApiKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::ApiGateway::Method", properties).findings::<MethodWithoutApiKey>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"ApiKeyRequired": false}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"ApiKeyRequired": true}"#), 0);
    }
}
