//! A trail that doesn't see what happens to data.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A trail that records events on the objects of buckets, but only half of them (`ReadWriteType: ReadOnly` or `WriteOnly`),
    /// and, as info, a trail without any data events: neither reads nor writes of objects nor calls of functions.
    ///
    /// ## Why it matters
    /// A trail records by itself who changes buckets and functions, not who takes objects out of them, puts some in or calls
    /// functions. That is just what an intruder does.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Trail:
    ///     Type: AWS::CloudTrail::Trail
    ///     Properties:
    ///       S3BucketName: audit-logs
    ///       IsLogging: true
    ///       EventSelectors:
    ///         - ReadWriteType: WriteOnly
    ///           DataResources: [{Type: "AWS::S3::Object", Values: ["arn:aws:s3"]}]
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
    ///       EventSelectors:
    ///         - ReadWriteType: All
    ///           DataResources:
    ///             - {Type: "AWS::S3::Object", Values: ["arn:aws:s3"]}
    ///             - {Type: "AWS::Lambda::Function", Values: ["arn:aws:lambda"]}
    /// ```
    ///
    /// ## Limits
    /// Data events cost; hence low and info. Which buckets and functions are selected isn't asked, and in advanced selectors
    /// not which half of the events. `trail-in-one-region` and `trail-without-validation` speak of the rest of a trail.
    TrailWithoutDataEvents {
        id: "trail-without-data-events",
        title: "trail that doesn't see what happens to data",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-LOG-003",
            "trivy:AVD-AWS-0171",
            "trivy:AVD-AWS-0172",
            "kics:a8fc2180-b3ac-4c93-bd0d-a55b974e4b07",
        ],
        threats: ["T52"],
        profiles: [],
        why: "nobody can say who took objects or called functions",
    }
}

impl Rule for TrailWithoutDataEvents {
    const ON: &'static [&'static str] = &["AWS::CloudTrail::Trail"];

    fn check(trail: &Resource, cx: &Context<'_>) {
        if cx.get(trail, &["IsLogging"]).and_then(Value::as_bool) == Some(false) {
            return;
        }
        for property in ["EventSelectors", "AdvancedEventSelectors"] {
            let selectors = cx.items(trail, &[property]);
            if let Some(value) = selectors.iter().find(|selector| selector.as_map().is_none()) {
                return cx.unknown(trail, value, &format!("`{property}`"));
            }
        }
        let selectors = cx.items(trail, &["EventSelectors"]);
        let mut halves: Vec<(usize, &str)> = Vec::new();
        let mut seen = cx.items(trail, &["AdvancedEventSelectors"]).iter().any(|s| selects_data(s, cx));
        for (n, selector) in selectors.iter().enumerate() {
            let data = cx.child(selector, "DataResources").map(|d| cx.world.items(d)).unwrap_or_default();
            seen |= !data.is_empty();
            let objects =
                data.iter().any(|d| cx.child(d, "Type").and_then(Value::as_str) == Some("AWS::S3::Object"));
            let Some(kind) = cx.child(selector, "ReadWriteType").filter(|_| objects) else { continue };
            match kind.as_str() {
                Some("All") => {}
                Some(half) => halves.push((n, half)),
                None => return cx.unknown(trail, kind, "`ReadWriteType`"),
            }
        }
        // Two selectors may have a half each.
        let whole = halves.iter().any(|(_, half)| Some(half) != halves.first().map(|(_, first)| first));
        if let Some((n, half)) = halves.first().filter(|_| !whole) {
            let missing = if *half == "ReadOnly" { "writes" } else { "reads" };
            let at = n.to_string();
            cx.finding(trail, format!("the trail doesn't record {missing} of objects"))
                .at(&["EventSelectors", at.as_str(), "ReadWriteType"])
                .help("set `ReadWriteType: All`")
                .report();
        }
        if !seen {
            cx.finding(trail, "the trail records neither what happens to objects nor calls of functions")
                .within(&["EventSelectors"])
                .severity(Severity::Info)
                .help("add selectors for `AWS::S3::Object` and `AWS::Lambda::Function`, at least where data is sensitive")
                .report();
        }
    }
}

fn selects_data(selector: &Value, cx: &Context<'_>) -> bool {
    let fields = cx.child(selector, "FieldSelectors").map(|f| cx.world.items(f)).unwrap_or_default();
    fields.iter().any(|field| {
        let is = |key: &str, wanted: &str| {
            let values = cx.child(field, key).map(|v| cx.world.items(v)).unwrap_or_default();
            values.iter().any(|value| value.as_str() == Some(wanted))
        };
        is("Field", "eventCategory") && is("Equals", "Data")
    })
}

#[cfg(test)]
mod tests {
    use super::TrailWithoutDataEvents;
    use crate::testing::Build;

    fn findings(selectors: &str) -> Vec<String> {
        let trail = format!("{{{selectors}}}");
        Build::new().json("T", "AWS::CloudTrail::Trail", &trail).findings::<TrailWithoutDataEvents>()
    }

    fn half(kind: &str) -> String {
        format!(r#"{{"ReadWriteType": "{kind}", "DataResources": [{{"Type": "AWS::S3::Object"}}]}}"#)
    }

    #[test]
    fn none_and_half() {
        let none = ["T: the trail records neither what happens to objects nor calls of functions"];
        assert_eq!(findings(""), none);
        assert_eq!(findings(r#""EventSelectors": [{"IncludeManagementEvents": true}]"#), none);
        let reads = format!(r#""EventSelectors": [{}]"#, half("WriteOnly"));
        assert_eq!(findings(&reads), ["T: the trail doesn't record reads of objects"]);
    }

    #[test]
    fn all_and_two_halves() {
        assert!(findings(&format!(r#""EventSelectors": [{}]"#, half("All"))).is_empty());
        let both = format!(r#""EventSelectors": [{}, {}]"#, half("ReadOnly"), half("WriteOnly"));
        assert!(findings(&both).is_empty());
        let advanced = r#""AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]"#;
        assert!(findings(advanced).is_empty());
    }
}
