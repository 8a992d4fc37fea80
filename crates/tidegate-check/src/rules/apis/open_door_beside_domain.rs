//! A custom domain with a second door beside it.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// An API that a custom domain leads to, and whose own address (`execute-api`) is still open. Medium where the domain
    /// asks for client certificates, low for the rest.
    ///
    /// ## Why it matters
    /// The own address leads past everything that is bound to the domain: client certificates, the CDN and web ACL in
    /// front of it. Whoever finds it is in without them.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGatewayV2::Api
    ///     Properties: {Name: orders, ProtocolType: HTTP}
    ///   Domain:
    ///     Type: AWS::ApiGatewayV2::DomainName
    ///     Properties:
    ///       DomainName: orders.example.com
    ///       MutualTlsAuthentication: {TruststoreUri: "s3://trust/clients.pem"}
    ///   Mapping:
    ///     Type: AWS::ApiGatewayV2::ApiMapping
    ///     Properties: {ApiId: !Ref Api, DomainName: !Ref Domain, Stage: $default}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGatewayV2::Api
    ///     Properties: {Name: orders, ProtocolType: HTTP, DisableExecuteApiEndpoint: true}
    ///   Domain:
    ///     Type: AWS::ApiGatewayV2::DomainName
    ///     Properties:
    ///       DomainName: orders.example.com
    ///       MutualTlsAuthentication: {TruststoreUri: "s3://trust/clients.pem"}
    ///   Mapping:
    ///     Type: AWS::ApiGatewayV2::ApiMapping
    ///     Properties: {ApiId: !Ref Api, DomainName: !Ref Domain, Stage: $default}
    /// ```
    ///
    /// ## Limits
    /// Domains that are mapped elsewhere aren't seen. Clients that still use the own address stop working when it is
    /// switched off.
    OpenDoorBesideDomain {
        id: "open-door-beside-domain",
        title: "API reachable past its custom domain",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-019"],
        threats: ["T13", "T26"],
        profiles: [],
        why: "the API's own address leads past what guards its domain",
    }
}

impl Rule for OpenDoorBesideDomain {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"];

    fn check(api: &Resource, cx: &Context<'_>) {
        let rest = cx.referrers(api, "AWS::ApiGateway::BasePathMapping", "RestApiId");
        let mappings: Vec<_> =
            rest.into_iter().chain(cx.referrers(api, "AWS::ApiGatewayV2::ApiMapping", "ApiId")).collect();
        let Some(first) = mappings.first() else { return };
        match cx.get(api, &["DisableExecuteApiEndpoint"]).map(|v| (v, v.as_bool())) {
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(api, value, "`DisableExecuteApiEndpoint`"),
            None | Some((_, Some(false))) => {}
        }
        let with_certificates = mappings.iter().find(|mapping| asks_for_certificates(mapping, cx));
        let (severity, what) = match with_certificates {
            Some(_) => (Severity::Medium, "its domain, which asks for client certificates"),
            None => (Severity::Low, "its domain"),
        };
        cx.finding(api, format!("`{}` can be reached past {what}", api.logical_id))
            .within(&["DisableExecuteApiEndpoint"])
            .severity(severity)
            .related(Some(with_certificates.unwrap_or(first).span), "maps the domain")
            .help("set `DisableExecuteApiEndpoint: true` once all clients use the domain")
            .fix(Fix::risky("close the own address").set(&api.id, &["DisableExecuteApiEndpoint"], true))
            .report();
    }
}

fn asks_for_certificates(mapping: &Resource, cx: &Context<'_>) -> bool {
    let Some(name) = cx.get(mapping, &["DomainName"]) else { return false };
    let types = ["AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName"];
    let domain = types.iter().find_map(|ty| cx.target(mapping, name, ty));
    domain.is_some_and(|domain| {
        let trust = ["MutualTlsAuthentication", "TruststoreUri"];
        cx.get(domain, &trust).is_some_and(|uri| uri.as_str() != Some(""))
    })
}

#[cfg(test)]
mod tests {
    use super::OpenDoorBesideDomain;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn severities(api: &str, domain: &str) -> Vec<Severity> {
        let mapping = r#"{"RestApiId": {"Ref": "Api"}, "DomainName": "orders.example.com"}"#;
        let outcome = Build::new()
            .json("Api", "AWS::ApiGateway::RestApi", api)
            .json("Domain", "AWS::ApiGateway::DomainName", domain)
            .json("Mapping", "AWS::ApiGateway::BasePathMapping", mapping)
            .run::<OpenDoorBesideDomain>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn with_and_without_certificates() {
        let plain = r#"{"DomainName": "orders.example.com"}"#;
        let mutual = r#"{"DomainName": "orders.example.com", "MutualTlsAuthentication": {"TruststoreUri": "s3://t/c.pem"}}"#;
        assert_eq!(severities("{}", plain), [Severity::Low]);
        assert_eq!(severities(r#"{"DisableExecuteApiEndpoint": false}"#, mutual), [Severity::Medium]);
        assert!(severities(r#"{"DisableExecuteApiEndpoint": true}"#, mutual).is_empty());
    }

    #[test]
    fn no_domain() {
        let build = Build::new().json("Api", "AWS::ApiGateway::RestApi", "{}");
        assert!(build.findings::<OpenDoorBesideDomain>().is_empty());
    }
}
