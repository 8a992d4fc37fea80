//! A GraphQL API that a key opens.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An AppSync API whose only authentication is `API_KEY`.
    ///
    /// ## Why it matters
    /// The key lies in every page and app that calls the API, and says nothing of who calls.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::AppSync::GraphQLApi
    ///     Properties:
    ///       Name: orders
    ///       AuthenticationType: API_KEY
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::AppSync::GraphQLApi
    ///     Properties:
    ///       Name: orders
    ///       AuthenticationType: AWS_IAM
    /// ```
    ///
    /// ## Limits
    /// An API that has another way in beside the key is left alone, because the schema may keep the key to public
    /// fields. Depth and introspection are not looked at.
    GraphqlApiByKey {
        id: "graphql-api-by-key",
        title: "GraphQL API guarded by a key alone",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-027"],
        threats: ["T13"],
        profiles: [Baseline],
        why: "whoever has read the page has the key",
    }
}

impl Rule for GraphqlApiByKey {
    const ON: &'static [&'static str] = &["AWS::AppSync::GraphQLApi"];

    fn check(api: &Resource, cx: &Context<'_>) {
        let Some(kind) = cx.get(api, &["AuthenticationType"]) else { return };
        let Some(text) = kind.as_str() else {
            return cx.unknown(api, kind, "how callers are authenticated");
        };
        let others = cx.items(api, &["AdditionalAuthenticationProviders"]);
        if text != "API_KEY" || !others.is_empty() {
            return;
        }
        cx.finding(api, "a key alone opens the API")
            .at(&["AuthenticationType"])
            .help("authenticate callers with IAM, Cognito or OpenID Connect")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::GraphqlApiByKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::AppSync::GraphQLApi", properties).findings::<GraphqlApiByKey>().len()
    }

    #[test]
    fn bad() {
        {
            let properties = r##"{"AuthenticationType": "API_KEY"}"##;
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{"AuthenticationType": "AWS_IAM"}"##,
            r##"{"AuthenticationType": "API_KEY", "AdditionalAuthenticationProviders": [{"AuthenticationType": "AWS_IAM"}]}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
