//! A repository whose images change under their names.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Plain, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// An ECR repository whose tags can be moved (`ImageTagMutability` isn't `IMMUTABLE`): medium where a function runs an
    /// image of it, low otherwise. And, as info, one that doesn't scan images when they are pushed.
    ///
    /// ## Why it matters
    /// Whoever may push puts another image under a tag that was tested and released, and the next deployment runs it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Images:
    ///     Type: AWS::ECR::Repository
    ///     Properties: {RepositoryName: worker}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Images:
    ///     Type: AWS::ECR::Repository
    ///     Properties:
    ///       RepositoryName: worker
    ///       ImageTagMutability: IMMUTABLE
    ///       ImageScanningConfiguration: {ScanOnPush: true}
    /// ```
    ///
    /// ## Limits
    /// Scanning that is set for the whole registry isn't seen. A function that names its image by digest isn't moved by a
    /// tag; that isn't asked here. Repositories that strangers may pull from are the matter of `public-image-repository`.
    WeakImageRepository {
        id: "weak-image-repository",
        title: "repository whose tags can be moved",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-ECR-001",
            "CKV_AWS_51",
            "CKV_AWS_163",
            "trivy:AVD-AWS-0030",
            "trivy:AVD-AWS-0031",
        ],
        threats: ["T49"],
        profiles: [Regulated],
        why: "whoever may push replaces an image that was tested and released",
    }
}

impl Rule for WeakImageRepository {
    const ON: &'static [&'static str] = &["AWS::ECR::Repository"];

    fn check(repository: &Resource, cx: &Context<'_>) {
        let name = &repository.logical_id;
        match cx.get(repository, &["ImageTagMutability"]).map(|value| (value, value.as_str())) {
            Some((_, Some(word))) if word.starts_with("IMMUTABLE") => {}
            Some((value, None)) => cx.unknown(repository, value, "`ImageTagMutability`"),
            None | Some((_, Some(_))) => {
                let runs = !cx.referrers(repository, "AWS::Lambda::Function", "Code.ImageUri").is_empty();
                cx.finding(repository, format!("tags of `{name}` can be moved to another image"))
                    .within(&["ImageTagMutability"])
                    .severity(if runs { Severity::Medium } else { Severity::Low })
                    .help("set `ImageTagMutability: IMMUTABLE`, and give each image a tag of its own")
                    .fix(Fix::risky("keep tags where they are").set(
                        &repository.id,
                        &["ImageTagMutability"],
                        "IMMUTABLE",
                    ))
                    .report();
            }
        }
        const SCAN: [&str; 2] = ["ImageScanningConfiguration", "ScanOnPush"];
        match cx.get(repository, &SCAN).map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => {}
            Some((value, None)) => cx.unknown(repository, value, "`ScanOnPush`"),
            None | Some((_, Some(false))) => cx
                .finding(repository, format!("images of `{name}` aren't scanned when they are pushed"))
                .within(&SCAN)
                .severity(Severity::Info)
                .help("set `ImageScanningConfiguration: {ScanOnPush: true}`, or scan for the whole registry")
                .fix(Fix::safe("scan each image").set(&repository.id, &SCAN, Plain::Bool(true)))
                .report(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WeakImageRepository;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn severities(repository: &str, image: &str) -> Vec<Severity> {
        let function = format!(r#"{{"Code": {{"ImageUri": {image}}}}}"#);
        let outcome = Build::new()
            .json("Images", "AWS::ECR::Repository", repository)
            .json("Worker", "AWS::Lambda::Function", &function)
            .run::<WeakImageRepository>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn tags_and_scans() {
        let elsewhere = r#""123456789012.dkr.ecr.eu-west-1.amazonaws.com/other:1""#;
        assert_eq!(severities("{}", elsewhere), [Severity::Info, Severity::Low]);
        let here = r#"{"Fn::GetAtt": ["Images", "RepositoryUri"]}"#;
        assert_eq!(severities("{}", here), [Severity::Info, Severity::Medium]);
        let good =
            r#"{"ImageTagMutability": "IMMUTABLE", "ImageScanningConfiguration": {"ScanOnPush": true}}"#;
        assert!(severities(good, here).is_empty());
    }
}
