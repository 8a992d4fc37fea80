//! A private API that any network may call.

use crate::Context;
use crate::access::open_among;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A private REST API whose resource policy allows everyone, without a condition on the VPC or endpoint
    /// (`aws:SourceVpc`, `aws:SourceVpce`) or on who calls.
    ///
    /// ## Why it matters
    /// Private means that calls come through an endpoint of API Gateway in a VPC: in any VPC, of any account. Without a
    /// condition every AWS customer has one.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       EndpointConfiguration: {Types: [PRIVATE]}
    ///       Policy:
    ///         Statement:
    ///           - {Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       EndpointConfiguration: {Types: [PRIVATE]}
    ///       Policy:
    ///         Statement:
    ///           - {Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*"}
    ///           - Effect: Deny
    ///             Principal: "*"
    ///             Action: execute-api:Invoke
    ///             Resource: execute-api:/*
    ///             Condition: {StringNotEquals: {"aws:SourceVpce": vpce-0abc1234}}
    /// ```
    ///
    /// ## Limits
    /// A private API without a policy can't be called at all, so that it isn't reported. Methods that ask for
    /// authorization keep strangers out as well; that isn't counted.
    PrivateApiForAnyNetwork {
        id: "private-api-for-any-network",
        title: "private API open to every VPC of every account",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-021"],
        threats: ["T17"],
        profiles: [Baseline],
        why: "every AWS customer has a VPC from which to call it",
    }
}

impl Rule for PrivateApiForAnyNetwork {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::RestApi"];

    fn check(api: &Resource, cx: &Context<'_>) {
        let types = cx.items(api, &["EndpointConfiguration", "Types"]);
        let in_body = || {
            let endpoint = cx.get(api, &["Body"])?;
            cx.child(endpoint, "x-amazon-apigateway-policy")
        };
        if types.is_empty() || !types.iter().all(|t| t.as_str() == Some("PRIVATE")) {
            return;
        }
        let Some(policy) = cx.get(api, &["Policy"]).or_else(in_body) else { return };
        if policy.as_map().is_none() {
            return cx.unknown(api, policy, "the resource policy");
        }
        for open in open_among(cx, api, cx.statements_of(policy, "Policy")) {
            if !open.statement.covers_action("execute-api:Invoke") {
                continue;
            }
            cx.finding(api, "the private API may be called from any VPC of any account")
                .at_statement(&open)
                .help("deny what doesn't come through your endpoint: `StringNotEquals` on `aws:SourceVpce`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PrivateApiForAnyNetwork;
    use crate::testing::Build;

    fn findings(kind: &str, more: &str) -> usize {
        let api = format!(
            r#"{{"EndpointConfiguration": {{"Types": ["{kind}"]}}, "Policy": {{"Statement": [
                {{"Effect": "Allow", "Principal": "*", "Action": "execute-api:*", "Resource": "*"{more}}}]}}}}"#
        );
        Build::new().json("Api", "AWS::ApiGateway::RestApi", &api).findings::<PrivateApiForAnyNetwork>().len()
    }

    #[test]
    fn any_network() {
        assert_eq!(findings("PRIVATE", ""), 1);
        let agent = r#", "Condition": {"StringEquals": {"aws:UserAgent": "ours"}}"#;
        assert_eq!(findings("PRIVATE", agent), 1);
    }

    #[test]
    fn one_network_and_public_ones() {
        let vpc = r#", "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}"#;
        assert_eq!(findings("PRIVATE", vpc), 0);
        assert_eq!(findings("REGIONAL", ""), 0);
    }
}
