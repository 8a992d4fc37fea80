//! A domain that still speaks TLS 1.0.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Confidence, Fix, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A custom domain of an API whose `SecurityPolicy` is `TLS_1_0`. A REST domain that names none is reported as low: what
    /// it gets depends on how and when it was made.
    ///
    /// ## Why it matters
    /// TLS 1.0 and 1.1 have known weaknesses and are withdrawn. Who sits between client and API makes them agree on it, and
    /// reads tokens and data.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Domain:
    ///     Type: AWS::ApiGateway::DomainName
    ///     Properties:
    ///       DomainName: api.example.com
    ///       SecurityPolicy: TLS_1_0
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Domain:
    ///     Type: AWS::ApiGateway::DomainName
    ///     Properties:
    ///       DomainName: api.example.com
    ///       SecurityPolicy: TLS_1_2
    /// ```
    ///
    /// ## Limits
    /// Default addresses (`execute-api`) take what AWS sets, and can't be changed here.
    DomainWithOldTls {
        id: "domain-with-old-tls",
        title: "API domain that speaks TLS 1.0",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-018",
            "CKV_AWS_206",
            "trivy:AVD-AWS-0005",
            "trivy:AVD-AWS-0112",
            "kics:8275fab0-68ec-4705-bbf4-86975edb170e",
            "kics:4e1cc5d3-2811-4fb2-861c-ee9b3cb7f90b",
        ],
        threats: ["T35"],
        profiles: [Baseline],
        why: "who sits between client and API may read tokens and data",
    }
}

impl Rule for DomainWithOldTls {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName"];

    fn check(domain: &Resource, cx: &Context<'_>) {
        if domain.ty == "AWS::ApiGateway::DomainName" {
            return match cx.get(domain, &["SecurityPolicy"]) {
                Some(policy) => check(domain, policy, cx),
                None => cx
                    .finding(domain, "the domain names no `SecurityPolicy`")
                    .at(&["SecurityPolicy"])
                    .severity(Severity::Low)
                    .confidence(Confidence::Medium)
                    .help("set `SecurityPolicy: TLS_1_2`")
                    .fix(newer(domain))
                    .report(),
            };
        }
        // HTTP APIs know TLS 1.2 alone, so absent is good here.
        for configuration in cx.items(domain, &["DomainNameConfigurations"]) {
            if let Some(policy) = cx.child(configuration, "SecurityPolicy") {
                check(domain, policy, cx);
            }
        }
    }
}

fn check(domain: &Resource, policy: &Value, cx: &Context<'_>) {
    match policy.as_str() {
        Some(name) if is_old(name) => cx
            .finding(domain, format!("the domain accepts TLS 1.0 and 1.1 (`{name}`)"))
            .at_place("SecurityPolicy", policy.span)
            .help("set `SecurityPolicy: TLS_1_2`")
            .fix((domain.ty == "AWS::ApiGateway::DomainName").then(|| newer(domain)))
            .report(),
        Some(_) => {}
        None => cx.unknown(domain, policy, "`SecurityPolicy`"),
    }
}

fn newer(domain: &Resource) -> Fix {
    Fix::risky("take TLS 1.2 or newer alone").set(&domain.id, &["SecurityPolicy"], "TLS_1_2")
}

fn is_old(policy: &str) -> bool {
    let policy = policy.to_ascii_uppercase();
    policy == "TLS_1_0" || policy == "TLS_1_1" || policy.starts_with("SECURITYPOLICY_TLS10")
}

#[cfg(test)]
mod tests {
    use super::DomainWithOldTls;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn severities(ty: &str, properties: &str) -> Vec<Severity> {
        let outcome = Build::new().json("Domain", ty, properties).run::<DomainWithOldTls>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    const REST: &str = "AWS::ApiGateway::DomainName";
    const HTTP: &str = "AWS::ApiGatewayV2::DomainName";

    #[test]
    fn old_or_not_named() {
        assert_eq!(severities(REST, r#"{"SecurityPolicy": "TLS_1_0"}"#), [Severity::High]);
        assert_eq!(severities(REST, "{}"), [Severity::Low]);
        assert_eq!(
            severities(HTTP, r#"{"DomainNameConfigurations": [{"SecurityPolicy": "TLS_1_0"}]}"#),
            [Severity::High]
        );
    }

    #[test]
    fn new() {
        assert!(severities(REST, r#"{"SecurityPolicy": "TLS_1_2"}"#).is_empty());
        assert!(severities(REST, r#"{"SecurityPolicy": "SecurityPolicy_TLS13_1_3_2025_09"}"#).is_empty());
        assert!(severities(HTTP, r#"{"DomainNameConfigurations": [{}]}"#).is_empty());
    }
}
