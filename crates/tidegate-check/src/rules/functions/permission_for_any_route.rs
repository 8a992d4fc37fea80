//! A function that any route of an API may call.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A permission for API Gateway whose `SourceArn` ends in `/*/*`: any stage, method and path. An opinion: consoles
    /// and frameworks write it so.
    ///
    /// ## Why it matters
    /// A route that is added later, or a test stage, reaches the function too, with or without authorizer.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: orders
    ///       Action: lambda:InvokeFunction
    ///       Principal: apigateway.amazonaws.com
    ///       SourceArn: arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/*/*
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: orders
    ///       Action: lambda:InvokeFunction
    ///       Principal: apigateway.amazonaws.com
    ///       SourceArn: arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/POST/orders
    /// ```
    ///
    /// ## Limits
    /// Whether the API has other routes isn't looked at.
    PermissionForAnyRoute {
        id: "permission-for-any-route",
        title: "permission for any route of an API",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-FN-032",
            "kics:57b12981-3816-4c31-b190-a1e614361dd2",
            "kics:3ef8696c-e4ae-4872-92c7-520bb44dfe77",
        ],
        threats: ["T13"],
        profiles: [],
        why: "a route that is added later reaches the function too",
    }
}

impl Rule for PermissionForAnyRoute {
    const ON: &'static [&'static str] = &["AWS::Lambda::Permission"];

    fn check(permission: &Resource, cx: &Context<'_>) {
        let principal = cx.get(permission, &["Principal"]).and_then(Value::as_str);
        let Some(source) = cx.get(permission, &["SourceArn"]) else { return };
        if principal != Some("apigateway.amazonaws.com") {
            return;
        }
        if !source.is_unknown() || source.pieces().len() > 1 {
            if source.display().ends_with("/*/*") {
                cx.finding(permission, "any route of the API may call the function")
                    .at(&["SourceArn"])
                    .help("end the ARN in stage, method and path")
                    .report();
            }
        } else {
            cx.unknown(permission, source, "`SourceArn`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PermissionForAnyRoute;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::Lambda::Permission", properties)
            .findings::<PermissionForAnyRoute>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(
                r#"{"Principal": "apigateway.amazonaws.com", "SourceArn": "arn:aws:execute-api:::a/*/*"}"#
            ),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"Principal": "apigateway.amazonaws.com"}"#), 0);
        assert_eq!(
            findings(
                r#"{"Principal": "apigateway.amazonaws.com", "SourceArn": "arn:aws:execute-api:::a/*/GET/orders"}"#
            ),
            0
        );
        assert_eq!(findings(r#"{"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::a/*/*"}"#), 0);
    }
}
