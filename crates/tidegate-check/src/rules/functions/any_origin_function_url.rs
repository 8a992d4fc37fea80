//! A function URL that pages of any origin may call.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A function URL whose `Cors.AllowOrigins` holds `*`. High when `AllowCredentials` is on as well.
    ///
    /// ## Why it matters
    /// Any page that a user opens calls the function from their browser and reads the answer: behind a company network, or,
    /// with credentials, in the user's name.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Url:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: arn:aws:lambda:eu-west-1:123456789012:function:orders
    ///       AuthType: AWS_IAM
    ///       Cors:
    ///         AllowOrigins: ["*"]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Url:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: arn:aws:lambda:eu-west-1:123456789012:function:orders
    ///       AuthType: AWS_IAM
    ///       Cors:
    ///         AllowOrigins: ["https://shop.example.com"]
    /// ```
    ///
    /// ## Limits
    /// Headers that the function sets itself aren't seen. A public read-only function may well allow every origin.
    AnyOriginFunctionUrl {
        id: "any-origin-function-url",
        title: "function URL open to pages of any origin",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-010", "CKV2_AWS_75"],
        threats: ["T13"],
        profiles: [],
        why: "any page calls the function from its reader's browser",
    }
}

impl Rule for AnyOriginFunctionUrl {
    const ON: &'static [&'static str] = &["AWS::Lambda::Url"];

    fn check(url: &Resource, cx: &Context<'_>) {
        let origins = cx.items(url, &["Cors", "AllowOrigins"]);
        if !origins.iter().any(|origin| is_any(origin)) {
            if let Some(unknown) = origins.into_iter().find(|origin| origin.is_unknown()) {
                cx.unknown(url, unknown, "an allowed origin");
            }
            return;
        }
        let credentials = cx.get(url, &["Cors", "AllowCredentials"]).and_then(Value::as_bool) == Some(true);
        let (severity, message) = if credentials {
            (Severity::High, "pages of any origin call the function with the user's credentials")
        } else {
            (Severity::Medium, "pages of any origin may call the function")
        };
        cx.finding(url, message)
            .at(&["Cors", "AllowOrigins"])
            .severity(severity)
            .help("name the origins of your own pages")
            .report();
    }
}

/// `*`, also with its scheme.
fn is_any(origin: &Value) -> bool {
    matches!(origin.as_str(), Some("*" | "https://*" | "http://*"))
}

#[cfg(test)]
mod tests {
    use super::AnyOriginFunctionUrl;
    use crate::testing::{Build, text};
    use tidegate_graph::{Severity, Span, Value, Why};

    fn severities(properties: &str) -> Vec<Severity> {
        let outcome = Build::new().json("Url", "AWS::Lambda::Url", properties).run::<AnyOriginFunctionUrl>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn a_star_among_the_origins() {
        assert_eq!(
            severities(r#"{"Cors": {"AllowOrigins": ["https://a.example", "*"]}}"#),
            [Severity::Medium]
        );
        assert_eq!(
            severities(r#"{"Cors": {"AllowOrigins": "*", "AllowCredentials": "true"}}"#),
            [Severity::High]
        );
    }

    #[test]
    fn own_origins_or_none() {
        assert!(
            severities(r#"{"Cors": {"AllowOrigins": ["https://*.acme.example"], "AllowCredentials": true}}"#)
                .is_empty()
        );
        assert!(severities("{}").is_empty());
    }

    #[test]
    fn an_unknown_origin() {
        let origins = Value::list(
            vec![text("https://a.example"), Value::unknown("Origin", Why::Parameter, Span::default())],
            Span::default(),
        );
        let cors = Value::object([("AllowOrigins", origins)], Span::default());
        let outcome =
            Build::new().add("Url", "AWS::Lambda::Url", &[("Cors", cors)]).run::<AnyOriginFunctionUrl>();
        assert_eq!((outcome.findings.len(), outcome.unknown.len()), (0, 1));
    }
}
