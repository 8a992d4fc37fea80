//! A REST API on the internet.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A REST API whose endpoint is not private: `EDGE`, which is the default, or `REGIONAL`.
    ///
    /// ## Why it matters
    /// An API that only systems within call needs no address on the internet.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Name: orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Name: orders
    ///       EndpointConfiguration: {Types: [PRIVATE]}
    /// ```
    ///
    /// ## Limits
    /// An API that is meant for the public is reported as well, so this is an opinion that only the profile `all`
    /// holds. HTTP and WebSocket APIs cannot be private.
    PublicApiEndpoint {
        id: "public-api-endpoint",
        title: "REST API with a public endpoint",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-022", "kics:4d424558-c6d1-453c-be98-9a7f877abd9a",
            "kics:4a8daf95-709d-4a36-9132-d3e19878fa34",
            "kics:6b2739db-9c49-4db7-b980-7816e0c248c1",
            "kics:6b5b0313-771b-4319-ad7a-122ee78700ef"],
        threats: ["T13"],
        profiles: [],
        why: "the whole internet may try its luck",
    }
}

impl Rule for PublicApiEndpoint {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::RestApi"];

    fn check(api: &Resource, cx: &Context<'_>) {
        let types = cx.items(api, &["EndpointConfiguration", "Types"]);
        if let Some(unknown) = types.iter().find(|t| t.as_str().is_none()) {
            return cx.unknown(api, unknown, "the type of the endpoint");
        }
        if let Some(unknown) = cx.get(api, &["EndpointConfiguration"]).filter(|v| v.is_unknown()) {
            return cx.unknown(api, unknown, "the type of the endpoint");
        }
        if types.is_empty() || types.iter().any(|t| t.as_str() != Some("PRIVATE")) {
            cx.finding(api, "the API has an address on the internet")
                .at(&["EndpointConfiguration", "Types"])
                .help("set `EndpointConfiguration.Types: [PRIVATE]` unless strangers are to call it")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicApiEndpoint;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::ApiGateway::RestApi", properties).findings::<PublicApiEndpoint>().len()
    }

    #[test]
    fn bad() {
        for properties in [r##"{}"##, r##"{"EndpointConfiguration": {"Types": ["EDGE"]}}"##] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        {
            let properties = r##"{"EndpointConfiguration": {"Types": ["PRIVATE"]}}"##;
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
