//! A function that works on when nobody waits any more.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, Fix, Node, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A function that only APIs start, and whose `Timeout` is longer than they wait: 29 seconds for REST and WebSocket APIs,
    /// or what the method's `TimeoutInMillis` says if that is more, and 30 seconds for HTTP APIs. Low up to twice as long.
    ///
    /// ## Why it matters
    /// The caller has long got an error, and tries again, while the function runs on: each such request holds a copy of the
    /// function and is billed to the end. That is the cheapest way to run up a bill.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Transform: AWS::Serverless-2016-10-31
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Serverless::Function
    ///     Properties:
    ///       Runtime: nodejs22.x
    ///       Handler: index.handler
    ///       InlineCode: "exports.handler = async () => {}"
    ///       Timeout: 300
    ///       Events:
    ///         Get:
    ///           Type: HttpApi
    ///           Properties: {Path: /orders, Method: get}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Transform: AWS::Serverless-2016-10-31
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Serverless::Function
    ///     Properties:
    ///       Runtime: nodejs22.x
    ///       Handler: index.handler
    ///       InlineCode: "exports.handler = async () => {}"
    ///       Timeout: 10
    ///       Events:
    ///         Get:
    ///           Type: HttpApi
    ///           Properties: {Path: /orders, Method: get}
    /// ```
    ///
    /// ## Limits
    /// A function that something else starts as well is left alone, and so are those behind a function URL, which waits as
    /// long as the function. Methods that call the function asynchronously aren't told apart. Other tools also want a
    /// timeout to be written out; the default of 3 seconds is no finding here.
    TimeoutBeyondCaller {
        id: "timeout-beyond-caller",
        title: "function that works on when nobody waits any more",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-023"],
        threats: ["T40", "T45"],
        profiles: [DenialOfWallet],
        why: "the caller has got an error and tries again while the function is billed to the end",
    }
}

impl Rule for TimeoutBeyondCaller {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        // The default is short.
        let Some(value) = cx.get(function, &["Timeout"]) else { return };
        let starters: Vec<&Node> = [EdgeKind::Triggers, EdgeKind::Publishes, EdgeKind::Invokes]
            .into_iter()
            .flat_map(|kind| cx.incoming(function, kind))
            .map(|(_, node)| node)
            .collect();
        let waits: Option<Vec<i64>> = starters.iter().map(|node| wait(node, cx)).collect();
        let Some(longest) = waits.and_then(|waits| waits.into_iter().max()) else { return };
        if !cx.referrers(function, "AWS::Lambda::Url", "TargetFunctionArn").is_empty() {
            return;
        }
        let Some(timeout) = value.as_i64() else { return cx.unknown(function, value, "`Timeout`") };
        let longest = longest.max(of_methods(function, cx));
        if timeout <= longest {
            return;
        }
        let severity = if timeout > longest.saturating_mul(2) { Severity::Medium } else { Severity::Low };
        let caller = starters.first().map(|node| node.name.as_str()).unwrap_or_default();
        let name = &function.logical_id;
        let message = format!(
            "`{name}` may run for {timeout} s, but `{caller}` waits no longer than {longest} s for it"
        );
        cx.finding(function, message)
            .at(&["Timeout"])
            .severity(severity)
            .path(starters.first().map(|node| node.id.clone()).into_iter().chain([function.id.clone()]))
            .help(format!("set `Timeout` to {longest} or less, and do long work behind a queue"))
            .fix(Fix::risky("stop when nobody waits").set(&function.id, &["Timeout"], longest))
            .report();
    }
}

/// How many seconds an API waits; `None` for what doesn't wait, or waits as long as it takes.
fn wait(starter: &Node, cx: &Context<'_>) -> Option<i64> {
    match starter.ty.as_str() {
        "AWS::ApiGateway::RestApi" => Some(29),
        "AWS::ApiGatewayV2::Api" => {
            let protocol = cx.system.resource(&starter.id).and_then(|api| cx.get(api, &["ProtocolType"]));
            Some(if protocol.and_then(Value::as_str) == Some("WEBSOCKET") { 29 } else { 30 })
        }
        _ => None,
    }
}

/// The longest time that a method waits for the function, where the account's limit was raised.
fn of_methods(function: &Resource, cx: &Context<'_>) -> i64 {
    let methods = cx.referrers(function, "AWS::ApiGateway::Method", "Integration.Uri");
    let waits = methods.into_iter().filter_map(|m| cx.get(m, &["Integration", "TimeoutInMillis"])?.as_i64());
    waits.max().unwrap_or_default() / 1_000
}

#[cfg(test)]
mod tests {
    use super::TimeoutBeyondCaller;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::{Publishes, Triggers};
    use tidegate_graph::Severity;

    fn behind(api: &str, timeout: u32) -> Build {
        Build::new()
            .add("Api", api, &[])
            .json("Worker", "AWS::Lambda::Function", &format!(r#"{{"Timeout": {timeout}}}"#))
            .edge("Api", Triggers, "Worker")
    }

    #[test]
    fn longer_than_the_api_waits() {
        let build = behind("AWS::ApiGateway::RestApi", 60);
        assert_eq!(
            build.findings::<TimeoutBeyondCaller>(),
            ["Worker: `Worker` may run for 60 s, but `Api` waits no longer than 29 s for it"]
        );
        let outcome = behind("AWS::ApiGatewayV2::Api", 60).run::<TimeoutBeyondCaller>();
        assert_eq!(outcome.findings.first().map(|f| f.severity), Some(Severity::Low));
    }

    #[test]
    fn short_enough_or_started_by_others() {
        assert!(behind("AWS::ApiGatewayV2::Api", 30).findings::<TimeoutBeyondCaller>().is_empty());
        let build = behind("AWS::ApiGateway::RestApi", 900).edge("Queue", Publishes, "Worker");
        assert!(build.findings::<TimeoutBeyondCaller>().is_empty());
        let raised =
            r#"{"Integration": {"Uri": {"Fn::GetAtt": ["Worker", "Arn"]}, "TimeoutInMillis": 60000}}"#;
        let build = behind("AWS::ApiGateway::RestApi", 60).json("M", "AWS::ApiGateway::Method", raised);
        assert!(build.findings::<TimeoutBeyondCaller>().is_empty());
    }
}
