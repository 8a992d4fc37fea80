//! A public stage without a firewall.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use std::collections::BTreeSet;
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A stage of a public REST API with which no web ACL is associated. An opinion: hardly anyone has one, and an API with
    /// authorization, validation and throttling can do without.
    ///
    /// ## Why it matters
    /// A web ACL turns away floods from single addresses, known bad networks and common attacks before they cost anything.
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
    ///   Guard:
    ///     Type: AWS::WAFv2::WebACLAssociation
    ///     Properties:
    ///       ResourceArn: !Sub arn:aws:apigateway:${AWS::Region}::/restapis/abcdef1234/stages/${Stage}
    ///       WebACLArn: arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/edge/1
    /// ```
    ///
    /// ## Limits
    /// HTTP and WebSocket APIs can't have one. Associations made elsewhere aren't seen, and neither is the ACL of a CDN in
    /// front of the API.
    StageWithoutWebAcl {
        id: "stage-without-web-acl",
        title: "public stage without web ACL",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: [
            "TG-API-009",
            "CKV2_AWS_29",
            "kics:fcbf9019-566c-4832-a65c-af00d8137d2b",
            "kics:a186e82c-1078-4a7b-85d8-579561fde884",
            "cdk-nag:AwsSolutions-APIG3",
        ],
        threats: ["T40", "T01"],
        profiles: [Regulated],
        why: "floods and common attacks reach the API, and cost",
    }
}

impl Rule for StageWithoutWebAcl {
    fn check_system(cx: &Context<'_>) {
        let mut guarded: BTreeSet<String> = BTreeSet::new();
        let mut unknown: Option<&Value> = None;
        for ty in ["AWS::WAFv2::WebACLAssociation", "AWS::WAFRegional::WebACLAssociation"] {
            for arn in cx.of_type(ty).filter_map(|association| cx.get(association, &["ResourceArn"])) {
                guarded.extend(arn.references().into_iter().map(|(r, _)| r.target.to_string()));
                let text = arn.display();
                match text.rsplit_once("/stages/") {
                    Some((_, stage)) => drop(guarded.insert(format!("stage {stage}"))),
                    None if arn.references().is_empty() && arn.is_unknown() => unknown = Some(arn),
                    None => {}
                }
            }
        }
        for stage in cx.of_type("AWS::ApiGateway::Stage") {
            let name = cx.get(stage, &["StageName"]).map(|name| format!("stage {}", name.display()));
            if guarded.contains(stage.id.as_str())
                || name.is_some_and(|name| guarded.contains(&name))
                || is_private(stage, cx)
            {
                continue;
            }
            if let Some(arn) = unknown {
                cx.unknown(stage, arn, "what the web ACL guards");
                continue;
            }
            cx.finding(stage, "no web ACL guards the stage")
                .within(&["StageName"])
                .help("associate a web ACL with a rate-based rule with the stage")
                .report();
        }
    }
}

fn is_private(stage: &Resource, cx: &Context<'_>) -> bool {
    let api = cx.get(stage, &["RestApiId"]).and_then(|v| cx.target(stage, v, "AWS::ApiGateway::RestApi"));
    let types = api.map(|api| cx.items(api, &["EndpointConfiguration", "Types"])).unwrap_or_default();
    !types.is_empty() && types.iter().all(|t| t.as_str() == Some("PRIVATE"))
}

#[cfg(test)]
mod tests {
    use super::StageWithoutWebAcl;
    use crate::testing::Build;

    fn stage(association: &str) -> Vec<String> {
        Build::new()
            .json("Stage", "AWS::ApiGateway::Stage", r#"{"RestApiId": "abc", "StageName": "prod"}"#)
            .json("Guard", "AWS::WAFv2::WebACLAssociation", association)
            .findings::<StageWithoutWebAcl>()
    }

    #[test]
    fn none_or_another() {
        let expected = ["Stage: no web ACL guards the stage"];
        assert_eq!(stage("{}"), expected);
        assert_eq!(
            stage(r#"{"ResourceArn": "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/test"}"#),
            expected
        );
    }

    #[test]
    fn by_name_by_reference_and_private() {
        assert!(
            stage(r#"{"ResourceArn": "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod"}"#).is_empty()
        );
        assert!(stage(r#"{"ResourceArn": {"Ref": "Stage"}}"#).is_empty());
        let build = Build::new()
            .json("Api", "AWS::ApiGateway::RestApi", r#"{"EndpointConfiguration": {"Types": ["PRIVATE"]}}"#)
            .json("Stage", "AWS::ApiGateway::Stage", r#"{"RestApiId": {"Ref": "Api"}}"#);
        assert!(build.findings::<StageWithoutWebAcl>().is_empty());
    }
}
