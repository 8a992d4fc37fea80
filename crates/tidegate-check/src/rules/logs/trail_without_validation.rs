//! A trail whose files can be changed unnoticed.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A CloudTrail trail without `EnableLogFileValidation: true`.
    ///
    /// ## Why it matters
    /// Whoever can write to the log bucket removes his traces, and nobody can prove it.
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
    ///       EnableLogFileValidation: true
    /// ```
    ///
    /// ## Limits
    /// Trails of the organisation that are declared elsewhere aren't seen.
    TrailWithoutValidation {
        id: "trail-without-validation",
        title: "trail whose files can be changed unnoticed",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-LOG-005",
            "CKV_AWS_36",
            "trivy:AVD-AWS-0016",
            "kics:2a3560fe-52ca-4443-b34f-bf0ed5eb74c8",
            "kics:52ffcfa6-6c70-4ea6-8376-d828d3961669",
        ],
        threats: ["T52"],
        profiles: [],
        why: "whoever can write to the log bucket removes his traces",
    }
}

impl Rule for TrailWithoutValidation {
    const ON: &'static [&'static str] = &["AWS::CloudTrail::Trail"];

    fn check(trail: &Resource, cx: &Context<'_>) {
        match cx.get(trail, &["EnableLogFileValidation"]).map(|value| (value, value.as_bool())) {
            None | Some((_, Some(false))) => {}
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(trail, value, "`EnableLogFileValidation`"),
        }
        cx.finding(trail, "the files of the trail carry no digests")
            .within(&["EnableLogFileValidation"])
            .help("set `EnableLogFileValidation: true`")
            .fix(Fix::safe("write digests").set(&trail.id, &["EnableLogFileValidation"], true))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TrailWithoutValidation;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::CloudTrail::Trail", properties)
            .findings::<TrailWithoutValidation>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"EnableLogFileValidation": false}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"EnableLogFileValidation": true}"#), 0);
    }
}
