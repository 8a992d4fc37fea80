//! A stage that answers every request anew.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A stage of a REST API without `CacheClusterEnabled: true`. An opinion: a cache costs money by the hour, and is
    /// wrong for answers that differ by caller.
    ///
    /// ## Why it matters
    /// Every repeated read starts the function again.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    ///       DeploymentId: abc123
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    ///       DeploymentId: abc123
    ///       CacheClusterEnabled: true
    /// ```
    ///
    /// ## Limits
    /// HTTP APIs have no cache.
    StageWithoutCache {
        id: "stage-without-cache",
        title: "stage without cache",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-029",
            "kics:52790cad-d60d-41d5-8483-146f9f21208d",
            "kics:60a05ede-0a68-4d0d-a58f-f538cf55ff79",
        ],
        threats: ["T40"],
        profiles: [],
        why: "every repeated read starts the function again",
    }
}

impl Rule for StageWithoutCache {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Stage"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        match cx.get(resource, &["CacheClusterEnabled"]).map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(resource, value, "`CacheClusterEnabled`"),
            None | Some((_, Some(false))) => {}
        }
        cx.finding(resource, "the stage caches nothing")
            .within(&["CacheClusterEnabled"])
            .help("set `CacheClusterEnabled: true` where answers are the same for all")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::StageWithoutCache;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::ApiGateway::Stage", properties).findings::<StageWithoutCache>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"CacheClusterEnabled": false}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"CacheClusterEnabled": true}"#), 0);
    }
}
