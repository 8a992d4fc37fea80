//! An API that sends everything at full length.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A REST API whose `MinimumCompressionSize` isn't set, or isn't between 0 and 10485759. An opinion.
    ///
    /// ## Why it matters
    /// Long answers take longer and cost more to send.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Name: orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties:
    ///       Name: orders
    ///       MinimumCompressionSize: 1024
    /// ```
    ///
    /// ## Limits
    /// Compression of answers that hold secrets beside what the caller sent can give them away; think before turning it
    /// on.
    UncompressedApi {
        id: "uncompressed-api",
        title: "API without compression",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-API-031",
            "kics:d6653eee-2d4d-4e6a-976f-6794a497999a",
            "kics:a2f2800e-614b-4bc8-89e6-fec8afd24800",
            "kics:d5d1fe08-89db-440c-8725-b93223387309",
            "kics:ed35928e-195c-4405-a252-98ccb664ab7b",
        ],
        threats: ["T40"],
        profiles: [],
        why: "long answers take longer and cost more",
    }
}

/// Bytes; API Gateway's own limit is one more.
const MOST: i64 = 10_485_759;

impl Rule for UncompressedApi {
    const ON: &'static [&'static str] = &["AWS::ApiGateway::RestApi"];

    fn check(api: &Resource, cx: &Context<'_>) {
        let size = cx.get(api, &["MinimumCompressionSize"]);
        match size.map(|size| (size, size.as_i64())) {
            Some((_, Some(0..=MOST))) => return,
            Some((size, None)) => return cx.unknown(api, size, "`MinimumCompressionSize`"),
            None | Some((_, Some(_))) => {}
        }
        cx.finding(api, "the API compresses no answers")
            .at(&["MinimumCompressionSize"])
            .help("set `MinimumCompressionSize`, to 1024 say")
            .fix(Fix::safe("compress answers from 1 kB on").set(&api.id, &["MinimumCompressionSize"], 1024))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UncompressedApi;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::ApiGateway::RestApi", properties).findings::<UncompressedApi>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"MinimumCompressionSize": -1}"#), 1);
        assert_eq!(findings(r#"{"MinimumCompressionSize": 10485760}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"MinimumCompressionSize": 0}"#), 0);
        assert_eq!(findings(r#"{"MinimumCompressionSize": "1024"}"#), 0);
    }
}
