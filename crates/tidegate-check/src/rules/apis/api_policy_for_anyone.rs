//! A policy of an API that keeps nobody out.

use crate::Context;
use crate::access::open_among;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of the resource policy of a public REST API that allows everyone every action (`*`, `execute-api:*`), and no
    /// condition that leaves only callers somebody chose.
    ///
    /// ## Why it matters
    /// The policy looks like a guard and is none. It also lets everyone flush the caches and manage the connections of the
    /// API, as far as its methods allow.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Policy:
    ///         Statement:
    ///           - {Effect: Allow, Principal: "*", Action: "execute-api:*", Resource: "execute-api:/*"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Policy:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: "arn:aws:iam::123456789012:role/caller"}
    ///             Action: execute-api:Invoke
    ///             Resource: execute-api:/*
    /// ```
    ///
    /// ## Limits
    /// An API that is meant for everyone needs no policy at all. Private APIs are the matter of `private-api-for-any-network`.
    ApiPolicyForAnyone {
        id: "api-policy-for-anyone",
        title: "API policy that keeps nobody out",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-041", "kics:b161c11b-a59b-4431-9a29-4e19f63e6b27"],
        threats: ["T13"],
        profiles: [],
        why: "the policy looks like a guard and is none",
    }
}

impl Rule for ApiPolicyForAnyone {
    // Terraform also has policies of APIs that are declared elsewhere.
    const ON: &'static [&'static str] = &["AWS::ApiGateway::RestApi", "aws_api_gateway_rest_api_policy"];

    fn check(api: &Resource, cx: &Context<'_>) {
        let types = cx.items(api, &["EndpointConfiguration", "Types"]);
        let Some(policy) = cx.get(api, &["Policy"]) else { return };
        if !types.is_empty() && types.iter().all(|t| t.as_str() == Some("PRIVATE")) {
            return;
        }
        if policy.as_map().is_none() {
            return cx.unknown(api, policy, "the resource policy");
        }
        for open in open_among(cx, api, cx.statements_of(policy, "Policy")) {
            if !open.statement.covers_action("execute-api:InvalidateCache") {
                continue;
            }
            cx.finding(api, "the policy of the API allows everyone everything")
                .at_statement(&open)
                .help("name callers or networks, or drop the policy")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ApiPolicyForAnyone;
    use crate::testing::Build;

    fn findings(statement: &str) -> usize {
        let api = format!(r#"{{"Policy": {{"Statement": [{{"Effect": "Allow", {statement}}}]}}}}"#);
        Build::new().json("Api", "AWS::ApiGateway::RestApi", &api).findings::<ApiPolicyForAnyone>().len()
    }

    #[test]
    fn everyone_everything() {
        assert_eq!(findings(r#""Principal": "*", "Action": "*""#), 1);
        assert_eq!(findings(r#""Principal": {"AWS": ["*"]}, "Action": ["execute-api:*"]"#), 1);
    }

    #[test]
    fn some() {
        assert_eq!(findings(r#""Principal": "*", "Action": "execute-api:Invoke""#), 0);
        assert_eq!(findings(r#""Principal": {"AWS": "123456789012"}, "Action": "*""#), 0);
        let network = r#""Principal": "*", "Action": "*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#;
        assert_eq!(findings(network), 0);
    }
}
