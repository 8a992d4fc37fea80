//! A stage that no plan meters.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use std::collections::BTreeSet;
use tidegate_graph::{Resource, Value};

use super::stage_without_access_log::makes_stage;

declare_rule! {
    /// ## What it finds
    /// A stage of a REST API, also one that a deployment makes, which no usage plan names. An opinion: plans only count for
    /// callers with keys. An API that asks for keys and has no plan at all is the matter of `api-without-quota`.
    ///
    /// ## Why it matters
    /// Without a plan nobody says, and nobody sees, how much each client may use.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties: {RestApiId: abcdef1234, StageName: prod}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties: {RestApiId: abcdef1234, StageName: prod}
    ///   Plan:
    ///     Type: AWS::ApiGateway::UsagePlan
    ///     Properties:
    ///       Quota: {Limit: 10000, Period: DAY}
    ///       ApiStages: [{ApiId: abcdef1234, Stage: !Ref Stage}]
    /// ```
    ///
    /// ## Limits
    /// Plans that are declared elsewhere aren't seen.
    StageWithoutUsagePlan {
        id: "stage-without-usage-plan",
        title: "stage that no usage plan meters",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-040",
            "kics:783860a3-6dca-4c8b-81d0-7b62769ccbca",
            "kics:7f8f1b60-43df-4c28-aa21-fb836dbd8071",
            "kics:b3a59b8e-94a3-403e-b6e2-527abaf12034",
            "kics:c999cf62-0920-40f8-8dda-0caccd66ed7e",
        ],
        threats: ["T40"],
        profiles: [],
        why: "nobody says, and nobody sees, how much each client may use",
    }
}

impl Rule for StageWithoutUsagePlan {
    fn check_system(cx: &Context<'_>) {
        let mut metered: BTreeSet<String> = BTreeSet::new();
        for plan in cx.of_type("AWS::ApiGateway::UsagePlan") {
            for entry in cx.items(plan, &["ApiStages"]) {
                let Some(stage) = cx.child(entry, "Stage") else { continue };
                metered.extend(stage.references().into_iter().map(|(r, _)| r.target.to_string()));
                let api = cx.child(entry, "ApiId").map(|api| api_key(plan, api, cx)).unwrap_or_default();
                metered.insert(format!("{api} {}", stage.display()));
            }
        }
        let stages = cx.of_type("AWS::ApiGateway::Stage");
        let deployments = cx.of_type("AWS::ApiGateway::Deployment").filter(|d| makes_stage(d, cx));
        for stage in stages.chain(deployments) {
            let name = cx.get(stage, &["StageName"]).map(Value::display).unwrap_or_default();
            let api = cx.get(stage, &["RestApiId"]).map(|api| api_key(stage, api, cx)).unwrap_or_default();
            if metered.contains(stage.id.as_str()) || metered.contains(&format!("{api} {name}")) {
                continue;
            }
            cx.finding(stage, "no usage plan meters the stage")
                .within(&["StageName"])
                .help("name the stage in a usage plan with `Quota` and `Throttle`")
                .report();
        }
    }
}

fn api_key(from: &Resource, api: &Value, cx: &Context<'_>) -> String {
    let found = cx.target(from, api, "AWS::ApiGateway::RestApi");
    found.map_or_else(|| api.display(), |api| api.id.to_string())
}

#[cfg(test)]
mod tests {
    use super::StageWithoutUsagePlan;
    use crate::testing::Build;

    #[test]
    fn by_name_and_by_reference() {
        let stage = || {
            Build::new().json("Api", "AWS::ApiGateway::RestApi", "{}").json(
                "Stage",
                "AWS::ApiGateway::Stage",
                r#"{"RestApiId": {"Ref": "Api"}, "StageName": "prod"}"#,
            )
        };
        let plan = |entry: &str| {
            let plan = format!(r#"{{"ApiStages": [{entry}]}}"#);
            let build = stage().json("Plan", "AWS::ApiGateway::UsagePlan", &plan);
            build.findings::<StageWithoutUsagePlan>()
        };
        let expected = ["Stage: no usage plan meters the stage"];
        assert_eq!(stage().findings::<StageWithoutUsagePlan>(), expected);
        assert_eq!(plan(r#"{"ApiId": {"Ref": "Api"}, "Stage": "test"}"#), expected);
        assert!(plan(r#"{"ApiId": {"Ref": "Api"}, "Stage": "prod"}"#).is_empty());
        assert!(plan(r#"{"ApiId": "abc", "Stage": {"Ref": "Stage"}}"#).is_empty());
    }
}
