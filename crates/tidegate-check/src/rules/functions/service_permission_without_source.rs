//! A service that may invoke a function for anybody.

use crate::Context;
use crate::access::{filled, narrow_pattern};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Piece, Plain, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A Lambda permission for an AWS service (`s3.amazonaws.com`) that has neither `SourceArn` nor `SourceAccount` nor
    /// `PrincipalOrgID`, or only a `SourceArn` that matches every account.
    ///
    /// ## Why it matters
    /// The service acts for all its customers. Anyone points their own bucket, topic or API at the function, and the
    /// service calls it for them: the confused deputy.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   FromTopic:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: orders
    ///       Action: lambda:InvokeFunction
    ///       Principal: sns.amazonaws.com
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   FromTopic:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: orders
    ///       Action: lambda:InvokeFunction
    ///       Principal: sns.amazonaws.com
    ///       SourceArn: arn:aws:sns:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Limits
    /// Load balancers call only functions of their own account; there the finding is low.
    ServicePermissionWithoutSource {
        id: "service-permission-without-source",
        title: "service that may invoke a function for anybody",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-012", "CKV_AWS_364", "trivy:AVD-AWS-0067"],
        threats: ["T16"],
        profiles: [Baseline],
        why: "the service starts the function for any of its customers",
    }
}

impl Rule for ServicePermissionWithoutSource {
    const ON: &'static [&'static str] = &["AWS::Lambda::Permission"];

    fn check(permission: &Resource, cx: &Context<'_>) {
        let Some(principal) = cx.get(permission, &["Principal"]) else { return };
        let Some(service) = service(principal) else {
            if matches!(principal.pieces().as_slice(), [Piece::Symbol(_)]) {
                cx.unknown(permission, principal, "the principal");
            }
            return;
        };
        let there = |key: &str| cx.get(permission, &[key]).is_some_and(|v| v.as_str() != Some("*"));
        if there("SourceAccount") || there("PrincipalOrgID") {
            return;
        }
        let arn = cx.get(permission, &["SourceArn"]);
        if arn.is_some_and(|arn| narrow_pattern(&filled(arn))) {
            return;
        }
        // These say for whom they call.
        let says_account = matches!(service.as_str(), "config" | "logs" | "s3" | "ses");
        let severity = if service == "elasticloadbalancing" { Severity::Low } else { Severity::High };
        cx.finding(
            permission,
            format!("`{service}` may invoke {} for any account", function(permission, cx)),
        )
        .at(if arn.is_some() { &["SourceArn"] } else { &["Principal"] })
        .severity(severity)
        .help("add `SourceArn` with the resource that sends the events, or `SourceAccount`")
        .fix(says_account.then(|| {
            Fix::risky("let your own account alone in").set(
                &permission.id,
                &["SourceAccount"],
                Plain::Account,
            )
        }))
        .report();
    }
}

/// The function of a permission in words.
pub(super) fn function(permission: &Resource, cx: &Context<'_>) -> String {
    let value = cx.get(permission, &["FunctionName"]);
    let function = value.and_then(|v| cx.target(permission, v, "AWS::Lambda::Function"));
    function.map_or_else(|| "the function".into(), |f| format!("`{}`", f.logical_id))
}

/// The service behind a service principal: `s3`, also of `s3.${AWS::URLSuffix}`.
pub(super) fn service(principal: &Value) -> Option<String> {
    let text: String = principal
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Symbol(symbol) if symbol.name == "AWS::URLSuffix" => "amazonaws.com",
            _ => "*",
        })
        .collect();
    let service = text.strip_suffix(".amazonaws.com").or_else(|| text.strip_suffix(".amazonaws.com.cn"))?;
    service.split('.').next().filter(|s| !s.is_empty()).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::{ServicePermissionWithoutSource, service};
    use crate::testing::{Build, text};
    use tidegate_graph::{Piece, Span, Symbol, Value, Why};

    fn findings(properties: &str) -> Vec<String> {
        let build = Build::new().add("Orders", "AWS::Lambda::Function", &[]);
        build.json("P", "AWS::Lambda::Permission", properties).findings::<ServicePermissionWithoutSource>()
    }

    #[test]
    fn no_source() {
        let expected = ["P: `sns` may invoke `Orders` for any account"];
        let function = r#""FunctionName": {"Ref": "Orders"}, "Principal": "sns.amazonaws.com""#;
        assert_eq!(findings(&format!("{{{function}}}")), expected);
        assert_eq!(findings(&format!(r#"{{{function}, "SourceArn": "arn:aws:sns:*:*:*"}}"#)), expected);
    }

    #[test]
    fn a_source_an_account_or_no_service() {
        for properties in [
            r#"{"Principal": "sns.amazonaws.com", "SourceArn": {"Ref": "Orders"}}"#,
            r#"{"Principal": "sns.amazonaws.com", "SourceArn": "arn:aws:sns:eu-west-1:123456789012:orders"}"#,
            r#"{"Principal": "s3.amazonaws.com", "SourceAccount": "123456789012"}"#,
            r#"{"Principal": "events.amazonaws.com", "PrincipalOrgID": "o-abcdef1234"}"#,
            r#"{"Principal": "123456789012"}"#,
            r#"{"Principal": "alexa-appkit.amazon.com", "EventSourceToken": "amzn1.ask.skill.1"}"#,
        ] {
            assert!(findings(properties).is_empty(), "{properties}");
        }
    }

    #[test]
    fn services() {
        assert_eq!(service(&text("logs.eu-west-1.amazonaws.com")).as_deref(), Some("logs"));
        assert_eq!(service(&text("*")), None);
        let suffix = Piece::Symbol(Symbol::new("AWS::URLSuffix", Why::Pseudo));
        let value = Value::template([Piece::Text("events.".into()), suffix], Span::default());
        assert_eq!(service(&value).as_deref(), Some("events"));
    }
}
