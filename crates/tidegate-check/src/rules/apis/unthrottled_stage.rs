//! An API stage that takes as many requests as the account can bear.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Plain, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A stage of a REST, HTTP or WebSocket API without its own rate and burst limit for all methods or routes.
    ///
    /// ## Why it matters
    /// Without one the stage may use up the limit of the whole account (10,000 requests a second by default): one caller
    /// starves every other API in the region and runs up the bill of all that lies behind.
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
    ///       DefaultRouteSettings:
    ///         ThrottlingRateLimit: 100
    ///         ThrottlingBurstLimit: 200
    /// ```
    ///
    /// ## Limits
    /// Usage plans limit only requests with an API key and don't count here. A stage that limits each single method or
    /// route but has no limit for the rest is reported: a method that is added later has none.
    UnthrottledStage {
        id: "unthrottled-stage",
        title: "API stage without throttling",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-007", "cfn-lint-serverless:ES2003", "cdk-nag:Serverless-APIGWDefaultThrottling"],
        threats: ["T40", "T43"],
        profiles: [Baseline, DenialOfWallet],
        why: "one caller uses up the account's limit and runs up the bill",
    }
}

impl Rule for UnthrottledStage {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"];

    fn check(stage: &Resource, cx: &Context<'_>) {
        if stage.ty == "AWS::ApiGateway::Stage" { rest(stage, cx) } else { http(stage, cx) }
    }
}

fn rest(stage: &Resource, cx: &Context<'_>) {
    let settings = cx.items(stage, &["MethodSettings"]);
    if let Some(unknown) = settings.iter().find(|s| s.as_map().is_none()) {
        return cx.unknown(stage, unknown, "`MethodSettings`");
    }
    let everywhere = settings.iter().filter(|s| {
        let is = |key: &str, all: &[&str]| {
            cx.child(s, key).and_then(Value::as_str).is_some_and(|v| all.contains(&v))
        };
        is("HttpMethod", &["*"]) && is("ResourcePath", &["/*", "*", "/"])
    });
    // Several entries for all methods make no sense, but then the last one is in force.
    match everywhere.last() {
        Some(settings) => limits(stage, Some(settings), &["MethodSettings"], cx),
        None if settings.iter().any(|s| cx.child(s, "ThrottlingRateLimit").is_some()) => {
            report(stage, "the stage limits single methods only", &["MethodSettings"], cx);
        }
        None => limits(stage, None, &["MethodSettings"], cx),
    }
}

fn http(stage: &Resource, cx: &Context<'_>) {
    let settings = cx.get(stage, &["DefaultRouteSettings"]);
    if let Some(unknown) = settings.filter(|s| s.as_map().is_none()) {
        return cx.unknown(stage, unknown, "`DefaultRouteSettings`");
    }
    limits(stage, settings, &["DefaultRouteSettings"], cx);
}

fn limits(stage: &Resource, settings: Option<&Value>, place: &[&str], cx: &Context<'_>) {
    let mut missing = Vec::new();
    for (key, word) in [("ThrottlingRateLimit", "rate"), ("ThrottlingBurstLimit", "burst")] {
        match settings.and_then(|s| cx.child(s, key)) {
            Some(limit) => match limit.as_f64() {
                // REST stages take -1 for "no limit".
                Some(n) if n < 0.0 => missing.push(word),
                Some(_) => {}
                None => return cx.unknown(stage, limit, &format!("`{key}`")),
            },
            None => missing.push(word),
        }
    }
    if !missing.is_empty() {
        report(stage, &format!("the stage sets no {} limit", missing.join(" and no ")), place, cx);
    }
}

/// Limits that most APIs never meet and that keep a bill small; what is there already stays.
fn throttled(stage: &Resource, cx: &Context<'_>) -> Option<Fix> {
    const RATE: i64 = 100;
    const BURST: i64 = 200;
    let fix = Fix::risky(format!("at most {RATE} requests a second, {BURST} at once"));
    if stage.ty == "AWS::ApiGateway::Stage" {
        let everywhere = Plain::map([
            ("HttpMethod", "*".into()),
            ("ResourcePath", "/*".into()),
            ("ThrottlingRateLimit", RATE.into()),
            ("ThrottlingBurstLimit", BURST.into()),
        ]);
        return cx
            .get(stage, &["MethodSettings"])
            .is_none()
            .then(|| fix.set(&stage.id, &["MethodSettings"], Plain::List(vec![everywhere])));
    }
    let missing = [("ThrottlingRateLimit", RATE), ("ThrottlingBurstLimit", BURST)]
        .into_iter()
        .filter(|(key, _)| cx.get(stage, &["DefaultRouteSettings", key]).is_none());
    Some(missing.fold(fix, |fix, (key, limit)| fix.set(&stage.id, &["DefaultRouteSettings", key], limit)))
        .filter(|fix| !fix.changes.is_empty())
}

fn report(stage: &Resource, message: &str, place: &[&str], cx: &Context<'_>) {
    let help = if stage.ty == "AWS::ApiGateway::Stage" {
        "set `ThrottlingRateLimit` and `ThrottlingBurstLimit` in `MethodSettings` for `HttpMethod: '*'` and `ResourcePath: '/*'`"
    } else {
        "set `ThrottlingRateLimit` and `ThrottlingBurstLimit` in `DefaultRouteSettings`"
    };
    cx.finding(stage, message).at(place).help(help).fix(throttled(stage, cx)).report();
}

#[cfg(test)]
mod tests {
    use super::UnthrottledStage;
    use crate::testing::Build;

    fn rest(properties: &str) -> Vec<String> {
        Build::new().json("Stage", "AWS::ApiGateway::Stage", properties).findings::<UnthrottledStage>()
    }

    fn http(properties: &str) -> Vec<String> {
        Build::new().json("Stage", "AWS::ApiGatewayV2::Stage", properties).findings::<UnthrottledStage>()
    }

    #[test]
    fn nothing_set() {
        assert_eq!(rest("{}"), ["Stage: the stage sets no rate and no burst limit"]);
        assert_eq!(http("{}"), ["Stage: the stage sets no rate and no burst limit"]);
        assert_eq!(
            http(r#"{"DefaultRouteSettings": {"ThrottlingRateLimit": 5}}"#),
            ["Stage: the stage sets no burst limit"]
        );
    }

    #[test]
    fn both_set_for_all() {
        assert!(
            http(r#"{"DefaultRouteSettings": {"ThrottlingRateLimit": "5", "ThrottlingBurstLimit": 9}}"#)
                .is_empty()
        );
        let all = r#"{"MethodSettings": [
            {"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 9}]}"#;
        assert!(rest(all).is_empty());
    }

    #[test]
    fn single_methods_and_no_limit() {
        let one = r#"{"MethodSettings": [
            {"HttpMethod": "GET", "ResourcePath": "/~1orders", "ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 9}]}"#;
        assert_eq!(rest(one), ["Stage: the stage limits single methods only"]);
        let off = r#"{"MethodSettings": [
            {"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": -1, "ThrottlingBurstLimit": -1}]}"#;
        assert_eq!(rest(off), ["Stage: the stage sets no rate and no burst limit"]);
    }
}
