//! A stage that doesn't say who called it.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A stage of a REST, HTTP or WebSocket API without an access log, also when a deployment makes the stage
    /// (`StageName` on `AWS::ApiGateway::Deployment`).
    ///
    /// ## Why it matters
    /// Without it nobody can say who called what, when, and with which result: neither during an attack nor after it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGatewayV2::Stage
    ///     Properties:
    ///       ApiId: abcdef1234
    ///       StageName: prod
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGatewayV2::Stage
    ///     Properties:
    ///       ApiId: abcdef1234
    ///       StageName: prod
    ///       AccessLogSettings:
    ///         DestinationArn: arn:aws:logs:eu-west-1:123456789012:log-group:orders
    ///         Format: '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp"}'
    /// ```
    ///
    /// ## Limits
    /// Execution logs are no substitute, and are another rule's matter. Logs of a CDN or load balancer before the API
    /// aren't counted.
    StageWithoutAccessLog {
        id: "stage-without-access-log",
        title: "API stage without access log",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-012",
            "CKV_AWS_76",
            "CKV_AWS_95",
            "trivy:AVD-AWS-0001",
            "trivy:AVD-AWS-0113",
            "trivy:AVD-AWS-0116",
            "kics:80d45af4-4920-4236-a56e-b7ef419d1941",
            "kics:1b6799eb-4a7a-4b04-9001-8cceb9999326",
            "kics:0a994e04-c6dc-471d-817e-d37451d18a3b",
            "kics:a4d32883-aac7-42e1-b403-9415af0f3846",
            "cdk-nag:AwsSolutions-APIG1",
        ],
        threats: ["T53"],
        profiles: [Baseline],
        why: "nobody can say who called what",
    }
}

impl Rule for StageWithoutAccessLog {
    const ON: &'static [&'static str] =
        &["AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"];

    fn check(stage: &Resource, cx: &Context<'_>) {
        let path: &[&str] = match stage.ty.as_str() {
            "AWS::ApiGateway::Stage" => &["AccessLogSetting"],
            "AWS::ApiGatewayV2::Stage" => &["AccessLogSettings"],
            _ if !makes_stage(stage, cx) => return,
            _ => &["StageDescription", "AccessLogSetting"],
        };
        let Some(settings) = cx.get(stage, path) else { return report(stage, path, cx) };
        if settings.is_unknown() {
            return cx.unknown(stage, settings, "the access log");
        }
        if cx.child(settings, "DestinationArn").is_none_or(|arn| arn.as_str() == Some("")) {
            report(stage, path, cx);
        }
    }
}

/// True for a deployment that makes a stage of its own: it has a name for it, and no stage of that name is declared.
/// SAM's make one that nobody knows of, beside the real one.
pub(super) fn makes_stage(deployment: &Resource, cx: &Context<'_>) -> bool {
    let Some(name) = cx.get(deployment, &["StageName"]).map(Value::display) else { return false };
    let declared = cx
        .referrers(deployment, "AWS::ApiGateway::Stage", "DeploymentId")
        .iter()
        .any(|stage| cx.get(stage, &["StageName"]).map(Value::display).as_ref() == Some(&name));
    deployment.made_from.is_none() && !declared
}

fn report(stage: &Resource, path: &[&str], cx: &Context<'_>) {
    let help = match stage.ty.as_str() {
        "AWS::ApiGatewayV2::Stage" => "set `AccessLogSettings` with a log group and a format",
        "AWS::ApiGateway::Stage" => "set `AccessLogSetting` with a log group and a format",
        _ => "set `StageDescription.AccessLogSetting` with a log group and a format",
    };
    cx.finding(stage, "the stage keeps no access log").at(path).help(help).report();
}

#[cfg(test)]
mod tests {
    use super::StageWithoutAccessLog;
    use crate::testing::{Build, reference, text};

    fn findings(ty: &str, properties: &str) -> usize {
        Build::new().json("Stage", ty, properties).findings::<StageWithoutAccessLog>().len()
    }

    #[test]
    fn none_or_none_that_leads_anywhere() {
        assert_eq!(findings("AWS::ApiGateway::Stage", "{}"), 1);
        assert_eq!(findings("AWS::ApiGatewayV2::Stage", r#"{"AccessLogSettings": {"Format": "x"}}"#), 1);
        assert_eq!(findings("AWS::ApiGateway::Deployment", r#"{"StageName": "prod"}"#), 1);
    }

    #[test]
    fn a_log() {
        let setting = r#"{"DestinationArn": "arn:aws:logs:eu-west-1:123456789012:log-group:a"}"#;
        assert_eq!(findings("AWS::ApiGateway::Stage", &format!(r#"{{"AccessLogSetting": {setting}}}"#)), 0);
        assert_eq!(
            findings("AWS::ApiGatewayV2::Stage", &format!(r#"{{"AccessLogSettings": {setting}}}"#)),
            0
        );
        let description =
            format!(r#"{{"StageName": "prod", "StageDescription": {{"AccessLogSetting": {setting}}}}}"#);
        assert_eq!(findings("AWS::ApiGateway::Deployment", &description), 0);
    }

    #[test]
    fn a_deployment_alone_or_beside_its_stage() {
        assert_eq!(findings("AWS::ApiGateway::Deployment", "{}"), 0);
        let build = Build::new()
            .add("Deployment", "AWS::ApiGateway::Deployment", &[("StageName", text("prod"))])
            .add(
                "Prod",
                "AWS::ApiGateway::Stage",
                &[("DeploymentId", reference("Deployment", "")), ("StageName", text("prod"))],
            );
        assert_eq!(build.findings::<StageWithoutAccessLog>(), ["Prod: the stage keeps no access log"]);
    }
}
