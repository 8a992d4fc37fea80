//! A firewall that counts nobody.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A regional WAF web ACL with rules of which none is rate-based.
    ///
    /// ## Why it matters
    /// Throttling at the stage is shared by all callers: one who floods it locks the others out. A rate-based rule
    /// stops the one.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Acl:
    ///     Type: AWS::WAFv2::WebACL
    ///     Properties:
    ///       Scope: REGIONAL
    ///       DefaultAction: {Allow: {}}
    ///       VisibilityConfig: {SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: acl}
    ///       Rules:
    ///         - Name: common
    ///           Priority: 1
    ///           Statement: {ManagedRuleGroupStatement: {VendorName: AWS, Name: AWSManagedRulesCommonRuleSet}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Acl:
    ///     Type: AWS::WAFv2::WebACL
    ///     Properties:
    ///       Scope: REGIONAL
    ///       DefaultAction: {Allow: {}}
    ///       VisibilityConfig: {SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: acl}
    ///       Rules:
    ///         - Name: flood
    ///           Priority: 1
    ///           Action: {Block: {}}
    ///           Statement: {RateBasedStatement: {Limit: 1000, AggregateKeyType: IP}}
    /// ```
    ///
    /// ## Limits
    /// A rule group of one's own may hold a rate-based rule, so a web ACL with one is left alone; so is one that blocks
    /// by default, and one without rules, which another rule reports.
    WebAclWithoutRateLimit {
        id: "web-acl-without-rate-limit",
        title: "web ACL without rate limit",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-010"],
        threats: ["T40"],
        profiles: [DenialOfWallet],
        why: "one caller may send as much as he likes",
    }
}

impl Rule for WebAclWithoutRateLimit {
    const ON: &'static [&'static str] = &["AWS::WAFv2::WebACL"];

    fn check(acl: &Resource, cx: &Context<'_>) {
        let blocks =
            cx.get(acl, &["DefaultAction"]).and_then(Value::as_map).is_some_and(|m| m.contains_key("Block"));
        let rules = cx.items(acl, &["Rules"]);
        if blocks || rules.is_empty() {
            return;
        }
        for rule in &rules {
            let Some(statement) = cx.child(rule, "Statement") else {
                if rule.is_unknown() {
                    return cx.unknown(acl, rule, "a rule of the web ACL");
                }
                continue;
            };
            if statement.is_unknown() {
                return cx.unknown(acl, statement, "a rule of the web ACL");
            }
            if ["RateBasedStatement", "RuleGroupReferenceStatement"]
                .iter()
                .any(|kind| cx.child(statement, kind).is_some())
            {
                return;
            }
        }
        cx.finding(acl, "the web ACL stops nobody who floods the API")
            .at(&["Rules"])
            .help("add a rule with `RateBasedStatement`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::WebAclWithoutRateLimit;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::WAFv2::WebACL", properties).findings::<WebAclWithoutRateLimit>().len()
    }

    #[test]
    fn bad() {
        {
            let properties = r##"{"Rules": [{"Statement": {"GeoMatchStatement": {}}}]}"##;
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{"Rules": []}"##,
            r##"{"Rules": [{"Statement": {"RateBasedStatement": {"Limit": 100}}}]}"##,
            r##"{"DefaultAction": {"Block": {}}, "Rules": [{"Statement": {"GeoMatchStatement": {}}}]}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
