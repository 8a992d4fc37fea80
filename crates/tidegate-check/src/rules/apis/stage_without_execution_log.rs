//! A stage that doesn't say why a request failed.

use super::stage_without_access_log::makes_stage;
use crate::Context;
use crate::rest::protocol;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Plain, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A stage of a REST or WebSocket API whose `LoggingLevel` is absent or `OFF`: for all methods or routes, or for the only
    /// ones that have settings.
    ///
    /// ## Why it matters
    /// The access log says that a request was refused or failed; the execution log says why: which authorizer, which
    /// mapping, which answer of the integration.
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
    ///       MethodSettings:
    ///         - HttpMethod: "*"
    ///           ResourcePath: "/*"
    ///           LoggingLevel: ERROR
    /// ```
    ///
    /// ## Limits
    /// HTTP APIs have no execution log, and are left alone. A stage whose API wasn't read counts as WebSocket when it has
    /// settings that only those know, and as unknown otherwise.
    StageWithoutExecutionLog {
        id: "stage-without-execution-log",
        title: "API stage without execution log",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-014",
            "CKV2_AWS_4",
            "cfn-lint-serverless:ES2000",
            "kics:80d45af4-4920-4236-a56e-b7ef419d1941",
            "kics:1b6799eb-4a7a-4b04-9001-8cceb9999326",
            "cdk-nag:AwsSolutions-APIG6",
        ],
        threats: ["T53"],
        profiles: [],
        why: "nobody can say why a request failed",
    }
}

impl Rule for StageWithoutExecutionLog {
    const ON: &'static [&'static str] =
        &["AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"];

    fn check(stage: &Resource, cx: &Context<'_>) {
        match stage.ty.as_str() {
            "AWS::ApiGatewayV2::Stage" => websocket(stage, cx),
            "AWS::ApiGateway::Stage" => rest(stage, &["MethodSettings"], None, cx),
            _ if makes_stage(stage, cx) => {
                let own = cx.get(stage, &["StageDescription", "LoggingLevel"]);
                rest(stage, &["StageDescription", "MethodSettings"], own, cx);
            }
            _ => {}
        }
    }
}

fn rest(stage: &Resource, path: &[&str], own: Option<&Value>, cx: &Context<'_>) {
    let mut levels: Vec<&Value> = own.into_iter().collect();
    for settings in cx.items(stage, path) {
        if settings.is_unknown() {
            return cx.unknown(stage, settings, "`MethodSettings`");
        }
        levels.extend(cx.child(settings, "LoggingLevel"));
    }
    level(stage, &levels, path, cx);
}

fn websocket(stage: &Resource, cx: &Context<'_>) {
    let settings = cx.get(stage, &["DefaultRouteSettings"]);
    if let Some(unknown) = settings.filter(|s| s.is_unknown()) {
        return cx.unknown(stage, unknown, "`DefaultRouteSettings`");
    }
    let has = |key: &str| settings.is_some_and(|s| cx.child(s, key).is_some());
    let api = cx.get(stage, &["ApiId"]);
    let known =
        api.and_then(|v| cx.target(stage, v, "AWS::ApiGatewayV2::Api")).and_then(|api| protocol(cx, api));
    match (known, api) {
        (Some("WEBSOCKET"), _) => {}
        (Some(_), _) => return,
        _ if has("LoggingLevel") || has("DataTraceEnabled") => {}
        (None, Some(api)) => return cx.unknown(stage, api, "the protocol of the API"),
        (None, None) => return,
    }
    let levels: Vec<&Value> = settings.and_then(|s| cx.child(s, "LoggingLevel")).into_iter().collect();
    level(stage, &levels, &["DefaultRouteSettings", "LoggingLevel"], cx);
}

/// Errors alone, where nothing is said of logs yet. The account needs a role that may write them.
fn logged(stage: &Resource, cx: &Context<'_>) -> Option<Fix> {
    let fix = Fix::risky("log errors");
    match stage.ty.as_str() {
        "AWS::ApiGateway::Stage" if cx.get(stage, &["MethodSettings"]).is_none() => {
            let everywhere = Plain::map([
                ("HttpMethod", "*".into()),
                ("ResourcePath", "/*".into()),
                ("LoggingLevel", "ERROR".into()),
            ]);
            Some(fix.set(&stage.id, &["MethodSettings"], Plain::List(vec![everywhere])))
        }
        "AWS::ApiGatewayV2::Stage" => {
            Some(fix.set(&stage.id, &["DefaultRouteSettings", "LoggingLevel"], "ERROR"))
        }
        _ => None,
    }
}

/// One level that logs is enough: what is left out for single methods is left out on purpose.
fn level(stage: &Resource, levels: &[&Value], place: &[&str], cx: &Context<'_>) {
    if levels.iter().any(|level| level.as_str().is_some_and(|l| !matches!(l, "OFF" | ""))) {
        return;
    }
    if let Some(unknown) = levels.iter().find(|level| level.as_str().is_none()) {
        return cx.unknown(stage, unknown, "`LoggingLevel`");
    }
    cx.finding(stage, "the stage keeps no execution log")
        .at(place)
        .help("set `LoggingLevel: ERROR` for all methods, without `DataTraceEnabled`")
        .fix(logged(stage, cx))
        .report();
}

#[cfg(test)]
mod tests {
    use super::StageWithoutExecutionLog;
    use crate::testing::Build;

    fn rest(properties: &str) -> usize {
        let build = Build::new().json("Stage", "AWS::ApiGateway::Stage", properties);
        build.findings::<StageWithoutExecutionLog>().len()
    }

    fn socket(protocol: &str, settings: &str) -> usize {
        let api = format!(r#"{{"ProtocolType": "{protocol}"}}"#);
        let stage = format!(r#"{{"ApiId": {{"Ref": "Api"}}, "DefaultRouteSettings": {settings}}}"#);
        let build = Build::new().json("Api", "AWS::ApiGatewayV2::Api", &api).json(
            "Stage",
            "AWS::ApiGatewayV2::Stage",
            &stage,
        );
        build.findings::<StageWithoutExecutionLog>().len()
    }

    #[test]
    fn off_or_absent() {
        assert_eq!(rest("{}"), 1);
        assert_eq!(rest(r#"{"MethodSettings": [{"LoggingLevel": "OFF"}, {"MetricsEnabled": true}]}"#), 1);
        assert_eq!(socket("WEBSOCKET", "{}"), 1);
    }

    #[test]
    fn on_or_impossible() {
        assert_eq!(rest(r#"{"MethodSettings": [{"MetricsEnabled": true}, {"LoggingLevel": "ERROR"}]}"#), 0);
        assert_eq!(socket("WEBSOCKET", r#"{"LoggingLevel": "INFO"}"#), 0);
        assert_eq!(socket("HTTP", "{}"), 0);
    }

    #[test]
    fn an_api_that_was_not_read() {
        let run = |settings: &str| {
            let properties = format!(r#"{{"ApiId": "abcdef1234", "DefaultRouteSettings": {settings}}}"#);
            let build = Build::new().json("Stage", "AWS::ApiGatewayV2::Stage", &properties);
            let outcome = build.run::<StageWithoutExecutionLog>();
            (outcome.findings.len(), outcome.unknown.len())
        };
        assert_eq!(run("{}"), (0, 1));
        assert_eq!(run(r#"{"DataTraceEnabled": false}"#), (1, 0));
    }
}
