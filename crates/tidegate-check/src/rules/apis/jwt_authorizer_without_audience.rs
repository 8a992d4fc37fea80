//! A token for anybody opens the API.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A JWT authorizer of an HTTP API that names no issuer, or no audience.
    ///
    /// ## Why it matters
    /// Without an audience every token of the issuer opens the API, those made for other applications too.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Tokens:
    ///     Type: AWS::ApiGatewayV2::Authorizer
    ///     Properties:
    ///       ApiId: abcdef1234
    ///       Name: tokens
    ///       AuthorizerType: JWT
    ///       IdentitySource: [$request.header.Authorization]
    ///       JwtConfiguration:
    ///         Issuer: https://login.example.com
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Tokens:
    ///     Type: AWS::ApiGatewayV2::Authorizer
    ///     Properties:
    ///       ApiId: abcdef1234
    ///       Name: tokens
    ///       AuthorizerType: JWT
    ///       IdentitySource: [$request.header.Authorization]
    ///       JwtConfiguration:
    ///         Issuer: https://login.example.com
    ///         Audience: [orders]
    /// ```
    ///
    /// ## Limits
    /// Authorizers within an API definition are not looked at.
    JwtAuthorizerWithoutAudience {
        id: "jwt-authorizer-without-audience",
        title: "JWT authorizer without issuer or audience",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-024"],
        threats: ["T14"],
        profiles: [Baseline],
        why: "a token made for another application opens the API",
    }
}

impl Rule for JwtAuthorizerWithoutAudience {
    const ON: &'static [&'static str] = &["AWS::ApiGatewayV2::Authorizer"];

    fn check(authorizer: &Resource, cx: &Context<'_>) {
        if cx.get(authorizer, &["AuthorizerType"]).and_then(Value::as_str) != Some("JWT") {
            return;
        }
        if let Some(unknown) = cx.get(authorizer, &["JwtConfiguration"]).filter(|v| v.is_unknown()) {
            return cx.unknown(authorizer, unknown, "`JwtConfiguration`");
        }
        let absent = |key: &&str| {
            cx.items(authorizer, &["JwtConfiguration", key]).iter().all(|v| v.as_str() == Some(""))
        };
        let missing: Vec<&str> = ["Issuer", "Audience"].into_iter().filter(absent).collect();
        if let Some(first) = missing.first() {
            cx.finding(
                authorizer,
                format!("tokens are taken with any {}", missing.join(" and ").to_lowercase()),
            )
            .at(&["JwtConfiguration", first])
            .help("set `JwtConfiguration.Issuer` and `JwtConfiguration.Audience`")
            .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::JwtAuthorizerWithoutAudience;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("R", "AWS::ApiGatewayV2::Authorizer", properties)
            .findings::<JwtAuthorizerWithoutAudience>()
            .len()
    }

    #[test]
    fn bad() {
        for properties in [
            r##"{"AuthorizerType": "JWT"}"##,
            r##"{"AuthorizerType": "JWT", "JwtConfiguration": {"Issuer": "i", "Audience": []}}"##,
        ] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{"AuthorizerType": "REQUEST"}"##,
            r##"{"AuthorizerType": "JWT", "JwtConfiguration": {"Issuer": "i", "Audience": ["a"]}}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
