//! A stage that writes whole requests and answers into its log.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Map, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// `DataTraceEnabled: true` on a stage, for any of its methods or routes.
    ///
    /// ## Why it matters
    /// API Gateway then logs headers and bodies in full: passwords, tokens, personal data. Logs are read by more people,
    /// kept longer, and copied to more places than the data they speak of.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    ///       MethodSettings:
    ///         - HttpMethod: "*"
    ///           ResourcePath: "/*"
    ///           LoggingLevel: INFO
    ///           DataTraceEnabled: true
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
    ///           LoggingLevel: INFO
    /// ```
    ///
    /// ## Limits
    /// With `LoggingLevel: OFF` nothing is written, whatever the switch says, and nothing is reported.
    PayloadsInLogs {
        id: "payloads-in-logs",
        title: "API stage that logs whole requests",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-015", "CKV_AWS_276"],
        threats: ["T34"],
        profiles: [Baseline],
        why: "passwords, tokens and personal data lie in the log",
    }
}

impl Rule for PayloadsInLogs {
    const ON: &'static [&'static str] =
        &["AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"];

    fn check(stage: &Resource, cx: &Context<'_>) {
        match stage.ty.as_str() {
            "AWS::ApiGateway::Stage" => {
                list(stage, &["MethodSettings"], cx);
            }
            "AWS::ApiGatewayV2::Stage" => {
                if let Some(settings) = cx.get(stage, &["DefaultRouteSettings"]) {
                    one(stage, settings, &["DefaultRouteSettings"], cx);
                }
                let routes = cx.get(stage, &["RouteSettings"]).and_then(Value::as_map);
                for (route, settings) in routes.into_iter().flat_map(Map::iter) {
                    one(stage, settings, &["RouteSettings", route], cx);
                }
            }
            _ => {
                if let Some(settings) = cx.get(stage, &["StageDescription"]) {
                    one(stage, settings, &["StageDescription"], cx);
                }
                list(stage, &["StageDescription", "MethodSettings"], cx);
            }
        }
    }
}

fn list(stage: &Resource, path: &[&str], cx: &Context<'_>) {
    for (n, settings) in cx.items(stage, path).into_iter().enumerate() {
        let n = n.to_string();
        let path: Vec<&str> = path.iter().copied().chain([n.as_str()]).collect();
        one(stage, settings, &path, cx);
    }
}

fn one(stage: &Resource, settings: &Value, path: &[&str], cx: &Context<'_>) {
    let Some(trace) = cx.child(settings, "DataTraceEnabled") else { return };
    let off = cx.child(settings, "LoggingLevel").and_then(Value::as_str) == Some("OFF");
    match trace.as_bool() {
        Some(true) if !off => {
            // The items of a list that is one map alone have no number.
            let path: Vec<&str> = path.iter().copied().chain(["DataTraceEnabled"]).collect();
            let fix = Fix::safe("log no payloads").set(&stage.id, &path, false);
            cx.finding(stage, "the stage logs requests and answers in full")
                .at_place(path.join("/"), trace.span)
                .help("drop `DataTraceEnabled`; log chosen fields in the access log instead")
                .fix(fix)
                .report();
        }
        None => cx.unknown(stage, trace, "`DataTraceEnabled`"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::PayloadsInLogs;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> usize {
        Build::new().json("Stage", ty, properties).findings::<PayloadsInLogs>().len()
    }

    #[test]
    fn switched_on_in_each_place() {
        let on = r#"{"DataTraceEnabled": "true", "LoggingLevel": "INFO"}"#;
        assert_eq!(findings("AWS::ApiGateway::Stage", &format!(r#"{{"MethodSettings": [{on}, {on}]}}"#)), 2);
        assert_eq!(findings("AWS::ApiGatewayV2::Stage", &format!(r#"{{"DefaultRouteSettings": {on}}}"#)), 1);
        assert_eq!(
            findings("AWS::ApiGatewayV2::Stage", &format!(r#"{{"RouteSettings": {{"send": {on}}}}}"#)),
            1
        );
        assert_eq!(findings("AWS::ApiGateway::Deployment", &format!(r#"{{"StageDescription": {on}}}"#)), 1);
    }

    #[test]
    fn switched_off_or_written_nowhere() {
        let stage = |settings: &str| {
            findings("AWS::ApiGateway::Stage", &format!(r#"{{"MethodSettings": [{settings}]}}"#))
        };
        assert_eq!(stage(r#"{"DataTraceEnabled": false}"#), 0);
        assert_eq!(stage(r#"{"LoggingLevel": "INFO"}"#), 0);
        assert_eq!(stage(r#"{"DataTraceEnabled": true, "LoggingLevel": "OFF"}"#), 0);
    }
}
