//! A trail that records nothing.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A CloudTrail trail with `IsLogging: false`.
    ///
    /// ## Why it matters
    /// Nobody can say who changed or called what.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Trail:
    ///     Type: AWS::CloudTrail::Trail
    ///     Properties:
    ///       S3BucketName: audit-logs
    ///       IsLogging: false
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
    /// ```
    ///
    /// ## Limits
    /// Trails of the organisation that are declared elsewhere aren't seen.
    TrailSwitchedOff {
        id: "trail-switched-off",
        title: "trail that is switched off",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-LOG-004",
            "kics:5c0b06d5-b7a4-484c-aeb0-75a836269ff0",
            "kics:4bb76f17-3d63-4529-bdca-2b454529d774",
        ],
        threats: ["T52"],
        profiles: [],
        why: "nobody can say who changed or called what",
    }
}

impl Rule for TrailSwitchedOff {
    const ON: &'static [&'static str] = &["AWS::CloudTrail::Trail"];

    fn check(trail: &Resource, cx: &Context<'_>) {
        match cx.get(trail, &["IsLogging"]).map(|value| (value, value.as_bool())) {
            Some((_, Some(false))) => {}
            None | Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(trail, value, "`IsLogging`"),
        }
        cx.finding(trail, "the trail is switched off")
            .within(&["IsLogging"])
            .help("set `IsLogging: true`")
            .fix(Fix::risky("switch it on").set(&trail.id, &["IsLogging"], true))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::TrailSwitchedOff;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::CloudTrail::Trail", properties).findings::<TrailSwitchedOff>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"IsLogging": false}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"IsLogging": true}"#), 0);
        assert_eq!(findings(r#"{}"#), 0);
    }
}
