//! A layer that anyone may use.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A permission on a layer version with `Principal: "*"` and no `OrganizationId`.
    ///
    /// ## Why it matters
    /// Anyone with an AWS account downloads the layer: the code, and whatever configuration or keys were packed with it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Shared:
    ///     Type: AWS::Lambda::LayerVersionPermission
    ///     Properties:
    ///       LayerVersionArn: arn:aws:lambda:eu-west-1:123456789012:layer:common:3
    ///       Action: lambda:GetLayerVersion
    ///       Principal: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Shared:
    ///     Type: AWS::Lambda::LayerVersionPermission
    ///     Properties:
    ///       LayerVersionArn: arn:aws:lambda:eu-west-1:123456789012:layer:common:3
    ///       Action: lambda:GetLayerVersion
    ///       Principal: "*"
    ///       OrganizationId: o-abcdef1234
    /// ```
    ///
    /// ## Limits
    /// A layer that is meant for the whole world is reported too; accept the finding there.
    PublicLayer {
        id: "public-layer",
        title: "layer that anyone may use",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-021"],
        threats: ["T17"],
        profiles: [Baseline],
        why: "anyone downloads the code in the layer",
    }
}

impl Rule for PublicLayer {
    const ON: &'static [&'static str] = &["AWS::Lambda::LayerVersionPermission"];

    fn check(permission: &Resource, cx: &Context<'_>) {
        let Some(principal) = cx.get(permission, &["Principal"]) else { return };
        let organization = cx.get(permission, &["OrganizationId"]).is_some_and(|o| o.as_str() != Some(""));
        match principal.as_text().as_deref() {
            _ if organization => {}
            Some("*") => cx
                .finding(permission, "anyone may use the layer")
                .at(&["Principal"])
                .help("name the account, or add `OrganizationId`")
                .report(),
            Some(_) => {}
            None if principal.is_unknown() => cx.unknown(permission, principal, "the principal"),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicLayer;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new()
            .json("Shared", "AWS::Lambda::LayerVersionPermission", properties)
            .findings::<PublicLayer>()
    }

    #[test]
    fn a_star_without_organization() {
        assert_eq!(findings(r#"{"Principal": "*"}"#), ["Shared: anyone may use the layer"]);
        assert_eq!(findings(r#"{"Principal": "*", "OrganizationId": ""}"#).len(), 1);
    }

    #[test]
    fn an_organization_or_an_account() {
        assert!(findings(r#"{"Principal": "*", "OrganizationId": "o-abcdef1234"}"#).is_empty());
        assert!(findings(r#"{"Principal": "123456789012"}"#).is_empty());
        assert!(findings(r#"{"Principal": 123456789012}"#).is_empty());
    }
}
