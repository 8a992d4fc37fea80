//! A trail encrypted with a key that nobody here manages.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A CloudTrail trail without `KMSKeyId`.
    ///
    /// ## Why it matters
    /// Access to the log can then be cut off or audited only through the bucket. An opinion of some standards: the
    /// files are encrypted either way.
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
    ///       KMSKeyId: alias/audit
    /// ```
    ///
    /// ## Limits
    /// Trails of the organisation that are declared elsewhere aren't seen.
    TrailWithoutOwnKey {
        id: "trail-without-own-key",
        title: "trail without customer managed key",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-LOG-007",
            "CKV_AWS_35",
            "trivy:AVD-AWS-0015",
            "kics:050a9ba8-d1cb-4c61-a5e8-8805a70d3b85",
            "kics:5d9e3164-9265-470c-9a10-57ae454ac0c7",
        ],
        threats: ["T35"],
        profiles: [Regulated],
        why: "who may read the log is decided by the bucket alone",
    }
}

impl Rule for TrailWithoutOwnKey {
    const ON: &'static [&'static str] = &["AWS::CloudTrail::Trail"];

    fn check(trail: &Resource, cx: &Context<'_>) {
        // Another resource's name or ARN is a reference or a text; a parameter may turn out empty, but is meant for one.
        if cx.get(trail, &["KMSKeyId"]).is_some_and(|value| value.as_str() != Some("")) {
            return;
        }
        cx.finding(trail, "the trail has no key of its own")
            .within(&["KMSKeyId"])
            .help("set `KMSKeyId` to a key whose policy says who may read the log")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TrailWithoutOwnKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::CloudTrail::Trail", properties).findings::<TrailWithoutOwnKey>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"KMSKeyId": ""}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"KMSKeyId": {"Ref": "Other"}}"#), 0);
    }
}
