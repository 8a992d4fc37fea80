//! A stage that doesn't say why a request failed.

use super::stage_without_access_log::makes_stage;
use crate::Context;
use crate::rest::protocol;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Confidence, Fix, Plain, Resource, Value};

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
    /// HTTP APIs have no execution log, and are left alone. A stage whose API wasn't read is reported: with high
    /// confidence when it has settings that only WebSocket APIs know, with low otherwise.
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
    const ON: &'static [&'static str] = &[
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::Stage",
        "AWS::ApiGatewayV2::Stage",
        // In Terraform: settings for a stage that is declared elsewhere.
        "aws_api_gateway_method_settings",
    ];

    fn check(stage: &Resource, cx: &Context<'_>) {
        match stage.ty.as_str() {
            "AWS::ApiGatewayV2::Stage" => websocket(stage, cx),
            "AWS::ApiGateway::Stage" | "aws_api_gateway_method_settings" => {
                rest(stage, &["MethodSettings"], None, cx);
            }
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
    let mut said = None;
    for (n, settings) in cx.items(stage, path).into_iter().enumerate() {
        if settings.is_unknown() {
            return cx.unknown(stage, settings, "`MethodSettings`");
        }
        if let Some(value) = cx.child(settings, "LoggingLevel") {
            levels.push(value);
            said.get_or_insert_with(|| n.to_string());
        }
    }
    let mut place = path.to_vec();
    place.extend(said.iter().flat_map(|n| [n.as_str(), "LoggingLevel"]));
    level(stage, &levels, &place, Confidence::High, cx);
}

fn websocket(stage: &Resource, cx: &Context<'_>) {
    let settings = cx.get(stage, &["DefaultRouteSettings"]);
    if let Some(unknown) = settings.filter(|s| s.is_unknown()) {
        return cx.unknown(stage, unknown, "`DefaultRouteSettings`");
    }
    let has = |key: &str| settings.is_some_and(|s| cx.child(s, key).is_some());
    let api = cx.get(stage, &["ApiId"]).and_then(|v| cx.target(stage, v, "AWS::ApiGatewayV2::Api"));
    let known = api.and_then(|api| protocol(cx, api));
    let certain = match known {
        Some("WEBSOCKET") => true,
        Some(_) => return,
        None => has("LoggingLevel") || has("DataTraceEnabled"),
    };
    let levels: Vec<&Value> = settings.and_then(|s| cx.child(s, "LoggingLevel")).into_iter().collect();
    let place = ["DefaultRouteSettings", "LoggingLevel"];
    level(stage, &levels, &place, if certain { Confidence::High } else { Confidence::Low }, cx);
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
fn level(stage: &Resource, levels: &[&Value], place: &[&str], confidence: Confidence, cx: &Context<'_>) {
    if levels.iter().any(|level| level.as_str().is_some_and(|l| !matches!(l, "OFF" | ""))) {
        return;
    }
    if let Some(unknown) = levels.iter().find(|level| level.as_str().is_none()) {
        return cx.unknown(stage, unknown, "`LoggingLevel`");
    }
    let message = match confidence {
        Confidence::Low => "the stage keeps no execution log, if its API is one of WebSocket",
        _ => "the stage keeps no execution log",
    };
    cx.finding(stage, message)
        .at(place)
        .confidence(confidence)
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
        assert_eq!(run("{}"), (1, 0));
        assert_eq!(run(r#"{"DataTraceEnabled": false}"#), (1, 0));
    }
}
