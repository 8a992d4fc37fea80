//! A trail on which no alarm can be set.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A CloudTrail trail that isn't sent to a CloudWatch log group. An opinion: alarms can hang on EventBridge too.
    ///
    /// ## Why it matters
    /// Without a log group nothing can watch for single calls as they happen.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Trail:
    ///     Type: AWS::CloudTrail::Trail
    ///     Properties:
    ///       S3BucketName: audit-logs
    ///       IsLogging: true
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Trail:
    ///     Type: AWS::CloudTrail::Trail
    ///     Properties:
    ///       S3BucketName: audit-logs
    ///       IsLogging: true
    ///       CloudWatchLogsLogGroupArn: arn:aws:logs:eu-west-1:123456789012:log-group:audit:*
    /// ```
    ///
    /// ## Limits
    /// Trails of the organisation that are declared elsewhere aren't seen.
    TrailWithoutLogGroup {
        id: "trail-without-log-group",
        title: "trail without log group",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-LOG-008",
            "kics:65d07da5-9af5-44df-8983-52d2e6f24c44",
            "kics:17b30f8f-8dfb-4597-adf6-57600b6cf25e",
        ],
        threats: ["T52"],
        profiles: [],
        why: "nothing watches for single calls as they happen",
    }
}

impl Rule for TrailWithoutLogGroup {
    const ON: &'static [&'static str] = &["AWS::CloudTrail::Trail"];

    fn check(trail: &Resource, cx: &Context<'_>) {
        // Another resource's name or ARN is a reference or a text; a parameter may turn out empty, but is meant for one.
        if cx.get(trail, &["CloudWatchLogsLogGroupArn"]).is_some_and(|value| value.as_str() != Some("")) {
            return;
        }
        cx.finding(trail, "the trail is sent to no log group")
            .within(&["CloudWatchLogsLogGroupArn"])
            .help("set `CloudWatchLogsLogGroupArn` and `CloudWatchLogsRoleArn`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TrailWithoutLogGroup;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::CloudTrail::Trail", properties).findings::<TrailWithoutLogGroup>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"CloudWatchLogsLogGroupArn": ""}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"CloudWatchLogsLogGroupArn": {"Ref": "Other"}}"#), 0);
    }
}
