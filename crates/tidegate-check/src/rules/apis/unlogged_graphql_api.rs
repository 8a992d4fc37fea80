//! A GraphQL API that keeps no log.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// An AppSync API without `LogConfig`, or with the field level `NONE`.
    ///
    /// ## Why it matters
    /// All requests go to one address, so only the field log says what was asked for, and by whom.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Api:
    ///     Type: AWS::AppSync::GraphQLApi
    ///     Properties:
    ///       Name: orders
    ///       AuthenticationType: AWS_IAM
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Api:
    ///     Type: AWS::AppSync::GraphQLApi
    ///     Properties:
    ///       Name: orders
    ///       AuthenticationType: AWS_IAM
    ///       LogConfig: {CloudWatchLogsRoleArn: "arn:aws:iam::123456789012:role/logs", FieldLogLevel: ERROR}
    /// ```
    ///
    /// ## Limits
    /// Whether a firewall stands before the API is not asked here.
    UnloggedGraphqlApi {
        id: "unlogged-graphql-api",
        title: "GraphQL API without log",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-028",
            "CKV_AWS_193",
            "cdk-nag:AwsSolutions-ASC3"],
        threats: ["T53"],
        profiles: [],
        why: "nobody can say who asked for what",
    }
}

impl Rule for UnloggedGraphqlApi {
    const ON: &'static [&'static str] = &["AWS::AppSync::GraphQLApi"];

    fn check(api: &Resource, cx: &Context<'_>) {
        let level = cx.get(api, &["LogConfig", "FieldLogLevel"]);
        let config = cx.get(api, &["LogConfig"]);
        if let Some(unknown) = level.or(config).filter(|v| v.is_unknown()) {
            return cx.unknown(api, unknown, "the log level");
        }
        if level.and_then(Value::as_str).is_none_or(|l| l == "NONE") {
            cx.finding(api, "the API keeps no log of its fields")
                .at(&["LogConfig", "FieldLogLevel"])
                .help("set `LogConfig` with `FieldLogLevel: ERROR`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UnloggedGraphqlApi;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::AppSync::GraphQLApi", properties).findings::<UnloggedGraphqlApi>().len()
    }

    #[test]
    fn bad() {
        for properties in [r##"{}"##, r##"{"LogConfig": {"FieldLogLevel": "NONE"}}"##] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        {
            let properties = r##"{"LogConfig": {"FieldLogLevel": "ALL"}}"##;
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
