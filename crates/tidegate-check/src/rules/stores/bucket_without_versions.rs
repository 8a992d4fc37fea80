//! A bucket that keeps nothing of what is overwritten or deleted.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, Fix, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A bucket without versioning, or with versioning suspended. Medium where functions or layers get their code from it
    /// and where its objects start something; low for the rest.
    ///
    /// ## Why it matters
    /// An object that is overwritten or deleted, by mistake or for ransom, is gone. In a bucket of code nobody can tell
    /// what was deployed; in one that starts functions an event may find other content than it was made for.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       VersioningConfiguration: {Status: Enabled}
    /// ```
    ///
    /// ## Limits
    /// Buckets whose content can be made again need no versions. A lifecycle rule for old versions should go with it.
    BucketWithoutVersions {
        id: "bucket-without-versions",
        title: "bucket that keeps no versions",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-006",
            "CKV_AWS_21",
            "trivy:AVD-AWS-0090",
            "kics:a227ec01-f97a-4084-91a4-47b350c1db54",
            "kics:568a4d22-3517-44a6-a7ad-6a7eed88722c",
        ],
        threats: ["T46", "T47"],
        profiles: [Regulated],
        why: "what is overwritten or deleted is gone",
    }
}

impl Rule for BucketWithoutVersions {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        if let Some(whole) = cx.get(bucket, &["VersioningConfiguration"]).filter(|v| v.as_map().is_none()) {
            return cx.unknown(bucket, whole, "`VersioningConfiguration`");
        }
        match cx.get(bucket, &["VersioningConfiguration", "Status"]).map(|v| (v, v.as_str())) {
            Some((_, Some("Enabled"))) => return,
            Some((status, None)) => return cx.unknown(bucket, status, "`VersioningConfiguration.Status`"),
            None | Some((_, Some(_))) => {}
        }
        let name = &bucket.logical_id;
        let holds_code = !cx.referrers(bucket, "AWS::Lambda::Function", "Code.S3Bucket").is_empty()
            || !cx.referrers(bucket, "AWS::Lambda::LayerVersion", "Content.S3Bucket").is_empty();
        let starts = || {
            [EdgeKind::Triggers, EdgeKind::Publishes]
                .iter()
                .any(|kind| !cx.outgoing(bucket, *kind).is_empty())
        };
        let (severity, message) = if holds_code {
            (Severity::Medium, format!("`{name}` holds code and keeps no versions of it"))
        } else if starts() {
            (
                Severity::Medium,
                format!("objects of `{name}` start something, and it keeps no versions of them"),
            )
        } else {
            (Severity::Low, format!("`{name}` keeps no versions"))
        };
        cx.finding(bucket, message)
            .within(&["VersioningConfiguration", "Status"])
            .severity(severity)
            .help("set `VersioningConfiguration: {Status: Enabled}`, with a lifecycle rule for old versions")
            .fix(Fix::risky("keep versions").set(
                &bucket.id,
                &["VersioningConfiguration", "Status"],
                "Enabled",
            ))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BucketWithoutVersions;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind;

    fn bucket(properties: &str) -> Build {
        Build::new().json("Orders", "AWS::S3::Bucket", properties)
    }

    #[test]
    fn absent_suspended_and_enabled() {
        let expected = ["Orders: `Orders` keeps no versions"];
        assert_eq!(bucket("{}").findings::<BucketWithoutVersions>(), expected);
        let suspended = bucket(r#"{"VersioningConfiguration": {"Status": "Suspended"}}"#);
        assert_eq!(suspended.findings::<BucketWithoutVersions>(), expected);
        let enabled = bucket(r#"{"VersioningConfiguration": {"Status": "Enabled"}}"#);
        assert!(enabled.findings::<BucketWithoutVersions>().is_empty());
    }

    #[test]
    fn code_and_events_weigh_more() {
        let code = bucket(r#"{"BucketName": "code"}"#).json(
            "Worker",
            "AWS::Lambda::Function",
            r#"{"Code": {"S3Bucket": "code", "S3Key": "worker.zip"}}"#,
        );
        assert_eq!(
            code.findings::<BucketWithoutVersions>(),
            ["Orders: `Orders` holds code and keeps no versions of it"]
        );
        let events = bucket("{}").json("Worker", "AWS::Lambda::Function", "{}").edge(
            "Orders",
            EdgeKind::Triggers,
            "Worker",
        );
        assert_eq!(
            events.findings::<BucketWithoutVersions>(),
            ["Orders: objects of `Orders` start something, and it keeps no versions of them"]
        );
    }
}
