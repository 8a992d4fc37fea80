//! A stage that leaves no trace.

use super::stage_without_access_log::makes_stage;
use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A stage of a REST API whose `TracingEnabled` is absent or false.
    ///
    /// ## Why it matters
    /// The trace of a request begins where it comes in. Begun behind the API, it misses what was refused there.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    ///       TracingEnabled: true
    /// ```
    ///
    /// ## Limits
    /// HTTP and WebSocket APIs have no such setting. Stages that a deployment makes are not looked at.
    UntracedStage {
        id: "untraced-stage",
        title: "API stage without tracing",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-016",
            "CKV_AWS_73",
            "trivy:AVD-AWS-0003",
            "trivy:AVD-AWS-0111",
            "kics:4ab10c48-bedb-4deb-8f3b-ff12783b61de",
            "kics:5813ef56-fa94-406a-b35d-977d4a56ff2b",
            "kics:c757c6a3-ac87-4b9d-b28d-e5a5add6a315",
            "kics:434945e5-4dfd-41b1-aba1-47075ccd9265",
            "cfn-lint-serverless:WS2002",
            "cdk-nag:Serverless-APIGWXrayEnabled"],
        threats: ["T53"],
        profiles: [],
        why: "nobody can follow a request into the system",
    }
}

impl Rule for UntracedStage {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage"];

    fn check(stage: &Resource, cx: &Context<'_>) {
        let path: &[&str] = match stage.ty.as_str() {
            "AWS::ApiGateway::Stage" => &["TracingEnabled"],
            _ if makes_stage(stage, cx) => &["StageDescription", "TracingEnabled"],
            _ => return,
        };
        match cx.get(stage, path) {
            Some(enabled) if enabled.as_bool() == Some(true) => return,
            Some(enabled) if enabled.as_bool().is_none() => {
                return cx.unknown(stage, enabled, "`TracingEnabled`");
            }
            _ => {}
        }
        cx.finding(stage, "the stage starts no traces").at(path).help("set `TracingEnabled: true`").report();
    }
}

#[cfg(test)]
mod tests {
    use super::UntracedStage;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::ApiGateway::Stage", properties).findings::<UntracedStage>().len()
    }

    #[test]
    fn bad() {
        for properties in [r##"{}"##, r##"{"TracingEnabled": "false"}"##] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn a_deployment_that_makes_the_stage() {
        let found = |properties: &str| {
            let build = Build::new().json("D", "AWS::ApiGateway::Deployment", properties);
            build.findings::<UntracedStage>().len()
        };
        assert_eq!(found(r#"{"StageName": "dev", "StageDescription": {"TracingEnabled": false}}"#), 1);
        assert_eq!(found(r#"{"StageName": "dev"}"#), 1);
        assert_eq!(found(r#"{"StageName": "dev", "StageDescription": {"TracingEnabled": true}}"#), 0);
        assert_eq!(found("{}"), 0);
    }

    #[test]
    fn good() {
        {
            let properties = r##"{"TracingEnabled": true}"##;
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
