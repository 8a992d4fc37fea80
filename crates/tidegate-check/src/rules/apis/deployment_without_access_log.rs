//! A deployment behind which nothing is logged.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A deployment that names a stage of its own (`StageName`) without access log, while no declared stage of the
    /// deployment has one.
    ///
    /// ## Why it matters
    /// Whoever calls the stage that the deployment makes is recorded nowhere.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::ApiGateway::Deployment
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: dummy
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::ApiGateway::Deployment
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    ///       StageDescription:
    ///         AccessLogSetting: {DestinationArn: "arn:aws:logs:eu-west-1:123456789012:log-group:orders"}
    /// ```
    ///
    /// ## Limits
    /// `stage-without-access-log` reports the single stages.
    DeploymentWithoutAccessLog {
        id: "deployment-without-access-log",
        title: "deployment without access log",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-033",
            "kics:06ec63e3-9f72-4fe2-a218-2eb9200b8db5",
            "kics:625abc0e-f980-4ac9-a775-f7519ee34296",
        ],
        threats: ["T53"],
        profiles: [],
        why: "whoever calls its stage is recorded nowhere",
    }
}

impl Rule for DeploymentWithoutAccessLog {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Deployment"];

    fn check(deployment: &Resource, cx: &Context<'_>) {
        let own = cx.get(deployment, &["StageDescription", "AccessLogSetting"]).is_some_and(|setting| {
            cx.child(setting, "DestinationArn").is_none_or(|arn| arn.as_str() != Some(""))
        });
        if own || deployment.made_from.is_some() || cx.get(deployment, &["StageName"]).is_none() {
            return;
        }
        let stages = cx.referrers(deployment, "AWS::ApiGateway::Stage", "DeploymentId");
        if stages.iter().any(|stage| cx.get(stage, &["AccessLogSetting"]).is_some()) {
            return;
        }
        cx.finding(deployment, "nothing logs who calls the stage that the deployment makes")
            .at(&["StageDescription", "AccessLogSetting"])
            .help("drop `StageName`, or set `StageDescription.AccessLogSetting`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::DeploymentWithoutAccessLog;
    use crate::testing::Build;

    #[test]
    fn own_log_or_that_of_a_stage() {
        let own =
            r#"{"StageName": "a", "StageDescription": {"AccessLogSetting": {"DestinationArn": "arn"}}}"#;
        let bare = Build::new().json("Deployment", "AWS::ApiGateway::Deployment", r#"{"StageName": "a"}"#);
        assert_eq!(bare.findings::<DeploymentWithoutAccessLog>().len(), 1);
        let stage =
            r#"{"DeploymentId": {"Ref": "Deployment"}, "AccessLogSetting": {"DestinationArn": "arn"}}"#;
        assert!(
            bare.json("Stage", "AWS::ApiGateway::Stage", stage)
                .findings::<DeploymentWithoutAccessLog>()
                .is_empty()
        );
        let owned = Build::new().json("Deployment", "AWS::ApiGateway::Deployment", own);
        assert!(owned.findings::<DeploymentWithoutAccessLog>().is_empty());
    }

    #[test]
    fn a_deployment_without_stage_is_clean() {
        assert!(
            Build::new()
                .json("Deployment", "AWS::ApiGateway::Deployment", "{}")
                .findings::<DeploymentWithoutAccessLog>()
                .is_empty()
        );
    }
}
