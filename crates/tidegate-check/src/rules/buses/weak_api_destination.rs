//! An API destination that sends in the clear, or without a limit.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Piece, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// An API destination whose endpoint begins with `http://` (medium), or that sets no `InvocationRateLimitPerSecond`
    /// (low). Each is a finding of its own.
    ///
    /// ## Why it matters
    /// The request holds the event and the credential of the connection. Without a limit of its own, EventBridge sends 300
    /// requests a second: a burst of events takes a small receiver down, and what it turns away is tried again for a day.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Partner:
    ///     Type: AWS::Events::ApiDestination
    ///     Properties:
    ///       ConnectionArn: arn:aws:events:eu-west-1:123456789012:connection/partner/1
    ///       HttpMethod: POST
    ///       InvocationEndpoint: http://partner.example.com/orders
    ///       InvocationRateLimitPerSecond: 10
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_api_destination" "partner" {
    ///   name           = "partner"
    ///   connection_arn = "arn:aws:events:eu-west-1:123456789012:connection/partner/1"
    ///   http_method    = "POST"
    ///   invocation_endpoint = "https://partner.example.com/orders"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Partner:
    ///     Type: AWS::Events::ApiDestination
    ///     Properties:
    ///       ConnectionArn: arn:aws:events:eu-west-1:123456789012:connection/partner/1
    ///       HttpMethod: POST
    ///       InvocationEndpoint: https://partner.example.com/orders
    ///       InvocationRateLimitPerSecond: 10
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_cloudwatch_event_api_destination" "partner" {
    ///   name           = "partner"
    ///   connection_arn = "arn:aws:events:eu-west-1:123456789012:connection/partner/1"
    ///   http_method    = "POST"
    ///   invocation_endpoint              = "https://partner.example.com/orders"
    ///   invocation_rate_limit_per_second = 10
    /// }
    /// ```
    ///
    /// ## Limits
    /// A connection always authorizes: without `AuthorizationType` there is none. What it authorizes with is
    /// `secret-in-connection`.
    WeakApiDestination {
        id: "weak-api-destination",
        title: "API destination without TLS or limit",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-EVB-006"],
        threats: ["T35", "T42"],
        profiles: [Baseline],
        why: "events and credentials cross the internet in the clear, or flood the receiver",
    }
}

impl Rule for WeakApiDestination {
    const ON: &'static [&'static str] = &["AWS::Events::ApiDestination"];

    fn check(destination: &Resource, cx: &Context<'_>) {
        const LIMIT: &str = "InvocationRateLimitPerSecond";
        if let Some(endpoint) = cx.get(destination, &["InvocationEndpoint"]) {
            // The scheme decides, whatever follows it.
            match endpoint.pieces().first() {
                Some(Piece::Text(text)) if text.to_ascii_lowercase().starts_with("http://") => cx
                    .finding(destination, "events and the credential are sent without TLS")
                    .at(&["InvocationEndpoint"])
                    .help("use `https://`")
                    .report(),
                Some(Piece::Text(_)) => {}
                _ => cx.unknown(destination, endpoint, "`InvocationEndpoint`"),
            }
        }
        if cx.get(destination, &[LIMIT]).is_none() {
            cx.finding(destination, "nothing bounds the requests but the 300 a second of EventBridge")
                .within(&[LIMIT])
                .severity(Severity::Low)
                .help("set `InvocationRateLimitPerSecond` to what the receiver can take")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WeakApiDestination;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::Events::ApiDestination", properties)
            .findings::<WeakApiDestination>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(r#"{"InvocationEndpoint": "HTTP://a.example", "InvocationRateLimitPerSecond": 10}"#),
            1
        );
        assert_eq!(findings(r#"{"InvocationEndpoint": "https://a.example"}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(
            findings(r#"{"InvocationEndpoint": "https://a.example", "InvocationRateLimitPerSecond": 10}"#),
            0
        );
    }
}
