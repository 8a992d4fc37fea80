//! A trail whose files arrive silently.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A CloudTrail trail without `SnsTopicName`. An opinion: few consumers need word of each file.
    ///
    /// ## Why it matters
    /// Nothing downstream learns that a new file has arrived.
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
    ///       SnsTopicName: audit-files
    /// ```
    ///
    /// ## Limits
    /// Trails of the organisation that are declared elsewhere aren't seen.
    TrailWithoutTopic {
        id: "trail-without-topic",
        title: "trail without topic",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-LOG-009",
            "kics:3e09413f-471e-40f3-8626-990c79ae63f3",
            "kics:482b7d26-0bdb-4b5f-bf6f-545826c0a3dd",
        ],
        threats: ["T53"],
        profiles: [],
        why: "nothing downstream learns that a new file has arrived",
    }
}

impl Rule for TrailWithoutTopic {
    const ON: &'static [&'static str] = &["AWS::CloudTrail::Trail"];

    fn check(trail: &Resource, cx: &Context<'_>) {
        // Another resource's name or ARN is a reference or a text; a parameter may turn out empty, but is meant for one.
        if cx.get(trail, &["SnsTopicName"]).is_some_and(|value| value.as_str() != Some("")) {
            return;
        }
        cx.finding(trail, "the trail tells no topic of new files")
            .within(&["SnsTopicName"])
            .help("set `SnsTopicName`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TrailWithoutTopic;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::CloudTrail::Trail", properties).findings::<TrailWithoutTopic>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"SnsTopicName": ""}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"SnsTopicName": {"Ref": "Other"}}"#), 0);
    }
}
