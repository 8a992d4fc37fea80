//! A trail that sees one region.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A CloudTrail trail without `IsMultiRegionTrail: true`.
    ///
    /// ## Why it matters
    /// What an intruder does in a region that nobody uses is recorded nowhere.
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
    ///       IsMultiRegionTrail: true
    /// ```
    ///
    /// ## Limits
    /// Trails of the organisation that are declared elsewhere aren't seen.
    TrailInOneRegion {
        id: "trail-in-one-region",
        title: "trail that sees one region only",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-LOG-006",
            "CKV_AWS_67",
            "trivy:AVD-AWS-0014",
            "kics:058ac855-989f-4378-ba4d-52d004020da7",
            "kics:8173d5eb-96b5-4aa6-a71b-ecfa153c123d",
        ],
        threats: ["T52"],
        profiles: [],
        why: "what happens in a region that nobody uses is recorded nowhere",
    }
}

impl Rule for TrailInOneRegion {
    const ON: &'static [&'static str] = &["AWS::CloudTrail::Trail"];

    fn check(trail: &Resource, cx: &Context<'_>) {
        match cx.get(trail, &["IsMultiRegionTrail"]).map(|value| (value, value.as_bool())) {
            None | Some((_, Some(false))) => {}
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(trail, value, "`IsMultiRegionTrail`"),
        }
        cx.finding(trail, "the trail sees its own region only")
            .within(&["IsMultiRegionTrail"])
            .help("set `IsMultiRegionTrail: true`")
            .fix(Fix::risky("see all regions").set(&trail.id, &["IsMultiRegionTrail"], true))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TrailInOneRegion;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::CloudTrail::Trail", properties).findings::<TrailInOneRegion>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"IsMultiRegionTrail": false}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"IsMultiRegionTrail": true}"#), 0);
    }
}
