//! One caller's permission lets the next one in.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A Lambda authorizer of a REST API of type `REQUEST` that caches its answers under nothing that tells callers
    /// apart: only context and stage variables, or the `Host` header.
    ///
    /// ## Why it matters
    /// The answer for the first caller is given to all that follow, until it expires.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Guard:
    ///     Type: AWS::ApiGateway::Authorizer
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       Name: guard
    ///       Type: REQUEST
    ///       AuthorizerUri: arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:guard/invocations
    ///       IdentitySource: context.httpMethod
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Guard:
    ///     Type: AWS::ApiGateway::Authorizer
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       Name: guard
    ///       Type: REQUEST
    ///       AuthorizerUri: arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:guard/invocations
    ///       IdentitySource: method.request.header.Authorization
    /// ```
    ///
    /// ## Limits
    /// An empty identity source with a cache is reported although AWS refuses most of them. A header that callers share
    /// for another reason is not known. HTTP APIs are not looked at: without an identity source they do not cache.
    AuthorizerAnswerForAll {
        id: "authorizer-answer-for-all",
        title: "authorizer that caches without the caller",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-023"],
        threats: ["T14"],
        profiles: [Baseline],
        why: "one caller is let in with the permission of another",
    }
}

impl Rule for AuthorizerAnswerForAll {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Authorizer"];

    fn check(authorizer: &Resource, cx: &Context<'_>) {
        if cx.get(authorizer, &["Type"]).and_then(Value::as_str) != Some("REQUEST") {
            return;
        }
        // Absent is five minutes.
        if let Some(ttl) = cx.get(authorizer, &["AuthorizerResultTtlInSeconds"]) {
            match ttl.as_i64() {
                Some(0) => return,
                Some(_) => {}
                None => return cx.unknown(authorizer, ttl, "how long answers are cached"),
            }
        }
        let source = cx.get(authorizer, &["IdentitySource"]);
        let text = match source.map(|s| (s, s.as_str())) {
            Some((source, None)) => return cx.unknown(authorizer, source, "the identity source"),
            Some((_, Some(text))) => text,
            None => "",
        };
        let tells_apart = |part: &str| {
            let part = part.trim().to_ascii_lowercase();
            let caller = part == "context.identity.sourceip" || part == "context.identity.apikey";
            let common = ["context.", "stagevariables."].iter().any(|prefix| part.starts_with(prefix));
            !part.is_empty() && part != "method.request.header.host" && (caller || !common)
        };
        if !text.split(',').any(tells_apart) {
            cx.finding(authorizer, "the answer for one caller is cached for all")
                .at(&["IdentitySource"])
                .help("name the header with the credential in `IdentitySource`, or set `AuthorizerResultTtlInSeconds: 0`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AuthorizerAnswerForAll;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("R", "AWS::ApiGateway::Authorizer", properties)
            .findings::<AuthorizerAnswerForAll>()
            .len()
    }

    #[test]
    fn bad() {
        for properties in [
            r##"{"Type": "REQUEST"}"##,
            r##"{"Type": "REQUEST", "IdentitySource": "context.httpMethod, stageVariables.a"}"##,
        ] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{"Type": "REQUEST", "AuthorizerResultTtlInSeconds": 0}"##,
            r##"{"Type": "REQUEST", "IdentitySource": "context.path,method.request.header.Authorization"}"##,
            r##"{"Type": "TOKEN"}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
