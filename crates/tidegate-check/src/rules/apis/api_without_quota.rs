//! Keys that may call without end.

use crate::Context;
use crate::openapi::{Guard, operations};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Plain, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A usage plan without a quota: medium where it has no throttle of its own either, low where it has. Also, as medium, a
    /// REST API whose methods ask for API keys and that no usage plan names.
    ///
    /// ## Why it matters
    /// Plans are what keys are for: they say how much one client may use. Without a limit one client, or whoever has its key,
    /// uses up the account's rate and runs up the bill.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Plan:
    ///     Type: AWS::ApiGateway::UsagePlan
    ///     Properties: {UsagePlanName: partners}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Plan:
    ///     Type: AWS::ApiGateway::UsagePlan
    ///     Properties:
    ///       UsagePlanName: partners
    ///       Quota: {Limit: 10000, Period: DAY}
    ///       Throttle: {RateLimit: 10, BurstLimit: 20}
    /// ```
    ///
    /// ## Limits
    /// APIs without keys are left alone: see `unthrottled-stage`. Plans that are declared elsewhere aren't seen.
    ApiWithoutQuota {
        id: "api-without-quota",
        title: "API keys without a quota",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-008"],
        threats: ["T40"],
        profiles: [DenialOfWallet],
        why: "one client, or whoever has its key, uses up the rate of all and runs up the bill",
    }
}

impl Rule for ApiWithoutQuota {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::RestApi", "AWS::ApiGateway::UsagePlan"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::ApiGateway::RestApi" {
            return of_api(resource, cx);
        }
        let quota = cx.get(resource, &["Quota"]);
        if let Some(quota) = quota.filter(|quota| quota.is_unknown()) {
            return cx.unknown(resource, quota, "`Quota`");
        }
        if quota.is_some_and(|quota| cx.child(quota, "Limit").is_some()) {
            return;
        }
        let throttled = cx.get(resource, &["Throttle"]).is_some();
        let (severity, message) = if throttled {
            (Severity::Low, "the plan bounds the rate of its keys, but not how much they use in all")
        } else {
            (Severity::Medium, "the plan bounds nothing")
        };
        let quota = Plain::map([("Limit", Plain::Number(10_000)), ("Period", Plain::Text("DAY".into()))]);
        cx.finding(resource, message)
            .within(&["Quota"])
            .severity(severity)
            .help("set `Quota` to what one client may use in a day, and `Throttle`")
            .fix(Fix::risky("at most 10,000 calls a day").set(&resource.id, &["Quota"], quota))
            .report();
    }
}

fn of_api(api: &Resource, cx: &Context<'_>) {
    if !cx.referrers(api, "AWS::ApiGateway::UsagePlan", "ApiStages.ApiId").is_empty() {
        return;
    }
    let by_method = cx
        .referrers(api, "AWS::ApiGateway::Method", "RestApiId")
        .into_iter()
        .find(|m| cx.get(m, &["ApiKeyRequired"]).and_then(Value::as_bool) == Some(true))
        .map(|m| m.key_span("ApiKeyRequired"));
    let by_operation = || {
        let found = operations(cx, cx.get(api, &["Body"])?).into_iter().find(|o| o.guard == Guard::Key)?;
        Some(found.span)
    };
    let Some(span) = by_method.or_else(by_operation) else { return };
    cx.finding(
        api,
        format!("`{}` asks for keys, and no usage plan says how much they may use", api.logical_id),
    )
    .at_place("keys", span)
    .help("declare a usage plan with `Quota` and `Throttle` for the API's stages")
    .report();
}

#[cfg(test)]
mod tests {
    use super::ApiWithoutQuota;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn plan(properties: &str) -> Vec<Severity> {
        let build = Build::new().json("Plan", "AWS::ApiGateway::UsagePlan", properties);
        build.run::<ApiWithoutQuota>().findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn plans() {
        assert_eq!(plan("{}"), [Severity::Medium]);
        assert_eq!(plan(r#"{"Throttle": {"RateLimit": 5}}"#), [Severity::Low]);
        assert!(plan(r#"{"Quota": {"Limit": 5, "Period": "DAY"}}"#).is_empty());
    }

    #[test]
    fn keys_without_a_plan() {
        let build = || {
            Build::new().json("Api", "AWS::ApiGateway::RestApi", "{}").json(
                "M",
                "AWS::ApiGateway::Method",
                r#"{"RestApiId": {"Ref": "Api"}, "ApiKeyRequired": true}"#,
            )
        };
        let expected = ["Api: `Api` asks for keys, and no usage plan says how much they may use"];
        assert_eq!(build().findings::<ApiWithoutQuota>(), expected);
        let plan = r#"{"Quota": {"Limit": 5}, "ApiStages": [{"ApiId": {"Ref": "Api"}, "Stage": "prod"}]}"#;
        let build = build().json("Plan", "AWS::ApiGateway::UsagePlan", plan);
        assert!(build.findings::<ApiWithoutQuota>().is_empty());
    }
}
