//! A stage whose methods aren't counted one by one.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// Method settings of a REST API's stage without `MetricsEnabled: true`. An opinion: the API as a whole is counted
    /// anyway.
    ///
    /// ## Why it matters
    /// An attack on one route drowns in the figures of all.
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
    ///       MethodSettings:
    ///         - {HttpMethod: "*", ResourcePath: "/*", MetricsEnabled: false}
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
    ///       MethodSettings:
    ///         - {HttpMethod: "*", ResourcePath: "/*", MetricsEnabled: true}
    /// ```
    ///
    /// ## Limits
    /// Stages without method settings are left alone.
    StageWithoutMetrics {
        id: "stage-without-metrics",
        title: "stage without metrics by method",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-032",
            "kics:5d3c1807-acb3-4bb0-be4e-0440230feeaf",
            "kics:081069cb-588b-4ce1-884c-2a1ce3029fe5",
        ],
        threats: ["T53"],
        profiles: [],
        why: "an attack on one route drowns in the figures of all",
    }
}

impl Rule for StageWithoutMetrics {
    const ON: &'static [&'static str] = &[
        "AWS::ApiGateway::Stage",
        // In Terraform: settings for a stage that is declared elsewhere.
        "aws_api_gateway_method_settings",
    ];

    fn check(stage: &Resource, cx: &Context<'_>) {
        for (n, setting) in cx.items(stage, &["MethodSettings"]).into_iter().enumerate() {
            match cx.child(setting, "MetricsEnabled").map(|value| (value, value.as_bool())) {
                Some((_, Some(true))) => continue,
                Some((value, None)) => return cx.unknown(stage, value, "`MetricsEnabled`"),
                None | Some((_, Some(false))) => {}
            }
            cx.finding(stage, "methods aren't counted one by one")
                .at(&["MethodSettings", &n.to_string(), "MetricsEnabled"])
                .help("set `MetricsEnabled: true`")
                .fix(Fix::risky("count methods one by one").set(
                    &stage.id,
                    &["MethodSettings", &n.to_string(), "MetricsEnabled"],
                    true,
                ))
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StageWithoutMetrics;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::ApiGateway::Stage", properties).findings::<StageWithoutMetrics>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"MethodSettings": [{"MetricsEnabled": false}]}"#), 1);
        assert_eq!(findings(r#"{"MethodSettings": [{"MetricsEnabled": true}, {"HttpMethod": "*"}]}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"MethodSettings": [{"MetricsEnabled": true}]}"#), 0);
    }
}
