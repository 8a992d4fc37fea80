//! A firewall that lets everything pass.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A WAF web ACL that allows by default and has no rules.
    ///
    /// ## Why it matters
    /// It looks like protection and stops nothing.
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
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Acl:
    ///     Type: AWS::WAFv2::WebACL
    ///     Properties:
    ///       Scope: REGIONAL
    ///       DefaultAction: {Block: {}}
    ///       VisibilityConfig: {SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: acl}
    /// ```
    ///
    /// ## Limits
    /// Rules that AWS Firewall Manager adds are not seen. Allowing by default with rules is normal, and is left alone.
    EmptyWebAcl {
        id: "empty-web-acl",
        title: "web ACL without rules",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-011",
            "CKV_AWS_175"],
        threats: ["T13"],
        profiles: [Baseline],
        why: "the firewall is there and stops nothing",
    }
}

impl Rule for EmptyWebAcl {
    const ON: &'static [&'static str] = &["AWS::WAFv2::WebACL"];

    fn check(acl: &Resource, cx: &Context<'_>) {
        let Some(default) = cx.get(acl, &["DefaultAction"]) else { return };
        if default.is_unknown() {
            return cx.unknown(acl, default, "the default action");
        }
        // An empty list is known; a list that isn't known is one unknown item.
        if default.as_map().is_some_and(|map| map.contains_key("Allow"))
            && cx.items(acl, &["Rules"]).is_empty()
        {
            cx.finding(acl, "the web ACL lets everything pass")
                .at(&["Rules"])
                .help("add rules, such as AWS's managed ones and a rate-based one")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EmptyWebAcl;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::WAFv2::WebACL", properties).findings::<EmptyWebAcl>().len()
    }

    #[test]
    fn bad() {
        for properties in
            [r##"{"DefaultAction": {"Allow": {}}}"##, r##"{"DefaultAction": {"Allow": {}}, "Rules": []}"##]
        {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{"DefaultAction": {"Block": {}}}"##,
            r##"{"DefaultAction": {"Allow": {}}, "Rules": [{"Name": "a"}]}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
