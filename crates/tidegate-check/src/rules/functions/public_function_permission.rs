//! A function that anyone may invoke.

use crate::Context;
use crate::access::{filled, narrow_pattern};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A Lambda permission with `Principal: "*"` and nothing that narrows it: no `PrincipalOrgID`, no `SourceAccount`, and no
    /// `SourceArn` that picks something out.
    ///
    /// ## Why it matters
    /// Anyone with an AWS account, any account, invokes the function with any event. With
    /// `FunctionUrlAuthType: AWS_IAM` they do so through its URL: a signature proves who calls, not that they are ours.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Open:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: orders
    ///       Action: lambda:InvokeFunction
    ///       Principal: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Ours:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: orders
    ///       Action: lambda:InvokeFunction
    ///       Principal: "*"
    ///       PrincipalOrgID: o-abcdef1234
    /// ```
    ///
    /// ## Limits
    /// The permission that belongs to a public function URL (`FunctionUrlAuthType: NONE`) is left to
    /// `function-url-without-auth` when that URL was read, so that one open door is one finding.
    PublicFunctionPermission {
        id: "public-function-permission",
        title: "function that anyone may invoke",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-FN-011", "kics:1d6e16f1-5d8a-4379-bfb3-2dadd38ed5a7", "kics:e08ed7eb-f3ef-494d-9d22-2e3db756a347",
            "CKV_AWS_301",
            "cfn-lint-serverless:WS1003",
            "guard:LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED",
        ],
        threats: ["T17", "T13"],
        profiles: [Baseline],
        why: "anyone starts the function with any event",
    }
}

impl Rule for PublicFunctionPermission {
    const ON: &'static [&'static str] = &["AWS::Lambda::Permission"];

    fn check(permission: &Resource, cx: &Context<'_>) {
        let Some(principal) = cx.get(permission, &["Principal"]) else { return };
        let anyone = principal.as_str() == Some("*");
        let unknown = principal.is_unknown() && !is_partly_written(principal);
        if !anyone && !unknown || is_narrowed(permission, cx) || is_told_by_url(permission, cx) {
            return;
        }
        if unknown {
            return cx.unknown(permission, principal, "the principal");
        }
        let function = cx.get(permission, &["FunctionName"]);
        let function = function.and_then(|v| cx.target(permission, v, "AWS::Lambda::Function"));
        let name = function.map_or_else(|| "the function".into(), |f| format!("`{}`", f.logical_id));
        cx.finding(permission, format!("anyone may invoke {name}"))
            .at(&["Principal"])
            .help("name the principal, or add `PrincipalOrgID`, `SourceAccount` or `SourceArn`")
            .report();
    }
}

/// `logs.${Region}.amazonaws.com` is unknown, but no star.
fn is_partly_written(principal: &Value) -> bool {
    principal.pieces().iter().any(|p| matches!(p, tidegate_graph::Piece::Text(_)))
}

/// True if something but the principal decides who may invoke.
pub(in crate::rules) fn is_narrowed(permission: &Resource, cx: &Context<'_>) -> bool {
    let there = |key: &str| cx.get(permission, &[key]).is_some_and(|v| v.as_str() != Some("*"));
    there("PrincipalOrgID")
        || there("SourceAccount")
        || cx.get(permission, &["SourceArn"]).is_some_and(|arn| narrow_pattern(&filled(arn)))
}

fn is_told_by_url(permission: &Resource, cx: &Context<'_>) -> bool {
    let open = cx.get(permission, &["FunctionUrlAuthType"]).and_then(Value::as_str) == Some("NONE")
        || cx.get(permission, &["InvokedViaFunctionUrl"]).and_then(Value::as_bool) == Some(true);
    let function = cx.get(permission, &["FunctionName"]);
    let function = function.and_then(|v| cx.target(permission, v, "AWS::Lambda::Function"));
    open && function.is_some_and(|f| !cx.referrers(f, "AWS::Lambda::Url", "TargetFunctionArn").is_empty())
}

#[cfg(test)]
mod tests {
    use super::PublicFunctionPermission;
    use crate::testing::{Build, text};
    use tidegate_graph::{Span, Value, Why};

    fn findings(properties: &str) -> Vec<String> {
        let build = Build::new().add("Orders", "AWS::Lambda::Function", &[]);
        build.json("Open", "AWS::Lambda::Permission", properties).findings::<PublicFunctionPermission>()
    }

    #[test]
    fn a_star_alone() {
        let expected = ["Open: anyone may invoke `Orders`"];
        assert_eq!(findings(r#"{"FunctionName": {"Ref": "Orders"}, "Principal": "*"}"#), expected);
        let iam =
            r#"{"FunctionName": {"Ref": "Orders"}, "Principal": "*", "FunctionUrlAuthType": "AWS_IAM"}"#;
        assert_eq!(findings(iam), expected);
        let wide =
            r#"{"FunctionName": {"Ref": "Orders"}, "Principal": "*", "SourceArn": "arn:aws:sns:*:*:*"}"#;
        assert_eq!(findings(wide), expected);
    }

    #[test]
    fn narrowed() {
        for narrow in [
            r#""PrincipalOrgID": "o-abcdef1234""#,
            r#""SourceAccount": "123456789012""#,
            r#""SourceArn": "arn:aws:sns:eu-west-1:123456789012:orders""#,
        ] {
            assert!(findings(&format!(r#"{{"Principal": "*", {narrow}}}"#)).is_empty(), "{narrow}");
        }
        assert!(findings(r#"{"Principal": "sns.amazonaws.com"}"#).is_empty());
    }

    #[test]
    fn the_permission_of_a_url_is_told_once() {
        let permission =
            r#"{"FunctionName": {"Ref": "Orders"}, "Principal": "*", "FunctionUrlAuthType": "NONE"}"#;
        assert_eq!(findings(permission).len(), 1);
        let build = Build::new()
            .add("Orders", "AWS::Lambda::Function", &[])
            .json(
                "Url",
                "AWS::Lambda::Url",
                r#"{"TargetFunctionArn": {"Ref": "Orders"}, "AuthType": "NONE"}"#,
            )
            .json("Open", "AWS::Lambda::Permission", permission);
        assert!(build.findings::<PublicFunctionPermission>().is_empty());
    }

    #[test]
    fn an_unknown_principal() {
        let principal = Value::unknown("Who", Why::Parameter, Span::default());
        let build = Build::new().add(
            "Open",
            "AWS::Lambda::Permission",
            &[("Principal", principal), ("FunctionName", text("f"))],
        );
        let outcome = build.run::<PublicFunctionPermission>();
        assert!(outcome.findings.is_empty());
        assert_eq!(outcome.unknown.len(), 1);
    }
}
