//! An organisation that can't hold its accounts back.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An AWS organisation whose `FeatureSet` is `CONSOLIDATED_BILLING`.
    ///
    /// ## Why it matters
    /// Without service control policies an administrator of any account may do anything there, such as switching trails
    /// off.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "aws_organizations_organization" "all" {
    ///   feature_set = "CONSOLIDATED_BILLING"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "aws_organizations_organization" "all" {
    ///   feature_set = "ALL"
    /// }
    /// ```
    ///
    /// ## Limits
    /// Which policies are attached isn't looked at.
    OrganizationWithoutPolicies {
        id: "organization-without-policies",
        title: "organisation without service control policies",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-028",
            "kics:5ba6229c-8057-433e-91d0-21cf13569ca9",
        ],
        threats: ["T52"],
        profiles: [],
        why: "an administrator of any account may do anything there",
    }
}

impl Rule for OrganizationWithoutPolicies {
    const ON: &'static [&'static str] =
        &["AWS::Organizations::Organization", "aws_organizations_organization"];

    fn check(organization: &Resource, cx: &Context<'_>) {
        for key in ["FeatureSet", "feature_set"] {
            let value = cx.get(organization, &[key]);
            if value.is_some_and(|value| value.as_str() == Some("CONSOLIDATED_BILLING")) {
                cx.finding(organization, "the organisation has no service control policies")
                    .at(&[key])
                    .help("set the feature set to `ALL`")
                    .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OrganizationWithoutPolicies;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::Organizations::Organization", properties)
            .findings::<OrganizationWithoutPolicies>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"FeatureSet": "CONSOLIDATED_BILLING"}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"FeatureSet": "ALL"}"#), 0);
    }
}
