//! Code that anyone may have put there.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A code signing configuration that only warns of unsigned code (`UntrustedArtifactOnDeployment: Warn`, which is the
    /// default), and, as info, a function with a zip file and no code signing at all. Images and code that is written in the
    /// template can't be signed this way and are left alone.
    ///
    /// ## Why it matters
    /// Whoever may update the function, or gets at the bucket between build and deployment, runs what he likes with its
    /// rights. A warning stops nothing.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Signing:
    ///     Type: AWS::Lambda::CodeSigningConfig
    ///     Properties:
    ///       AllowedPublishers:
    ///         SigningProfileVersionArns: ["arn:aws:signer:eu-west-1:123456789012:/signing-profiles/ours/1"]
    ///       CodeSigningPolicies: {UntrustedArtifactOnDeployment: Warn}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Signing:
    ///     Type: AWS::Lambda::CodeSigningConfig
    ///     Properties:
    ///       AllowedPublishers:
    ///         SigningProfileVersionArns: ["arn:aws:signer:eu-west-1:123456789012:/signing-profiles/ours/1"]
    ///       CodeSigningPolicies: {UntrustedArtifactOnDeployment: Enforce}
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Runtime: nodejs22.x
    ///       Handler: index.handler
    ///       Code: {S3Bucket: code, S3Key: worker.zip}
    ///       CodeSigningConfigArn: !Ref Signing
    /// ```
    ///
    /// ## Limits
    /// Few sign their code; hence the missing configuration is info. Configurations that are declared elsewhere are taken to
    /// enforce.
    UnsignedCode {
        id: "unsigned-code",
        title: "function that runs unsigned code",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-019", "CKV_AWS_272"],
        threats: ["T49", "T25"],
        profiles: [Regulated],
        why: "whoever gets at the code on its way runs what he likes with the function's rights",
    }
}

impl Rule for UnsignedCode {
    const ON: &'static [&'static str] = &["AWS::Lambda::CodeSigningConfig", "AWS::Lambda::Function"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::Lambda::Function" {
            return of_function(resource, cx);
        }
        const PATH: [&str; 2] = ["CodeSigningPolicies", "UntrustedArtifactOnDeployment"];
        match cx.get(resource, &PATH).map(|value| (value, value.as_str())) {
            Some((_, Some("Enforce"))) => return,
            Some((value, None)) => return cx.unknown(resource, value, "`UntrustedArtifactOnDeployment`"),
            None | Some((_, Some(_))) => {}
        }
        cx.finding(resource, "unsigned code is deployed all the same, with a warning")
            .within(&PATH)
            .help("set `CodeSigningPolicies: {UntrustedArtifactOnDeployment: Enforce}`")
            .fix(Fix::risky("turn unsigned code away").set(&resource.id, &PATH, "Enforce"))
            .report();
    }
}

fn of_function(function: &Resource, cx: &Context<'_>) {
    if cx.get(function, &["CodeSigningConfigArn"]).is_some_and(|arn| arn.as_str() != Some("")) {
        return;
    }
    let image = cx.get(function, &["PackageType"]).is_some_and(|kind| kind.as_str() != Some("Zip"))
        || cx.get(function, &["Code", "ImageUri"]).is_some();
    let inline = cx.get(function, &["Code", "ZipFile"]).is_some();
    if image || inline {
        return;
    }
    cx.finding(function, format!("nothing checks who made the code of `{}`", function.logical_id))
        .within(&["CodeSigningConfigArn"])
        .severity(Severity::Info)
        .help("sign the package, and name a configuration that enforces it in `CodeSigningConfigArn`")
        .report();
}

#[cfg(test)]
mod tests {
    use super::UnsignedCode;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> usize {
        Build::new().json("It", ty, properties).findings::<UnsignedCode>().len()
    }

    #[test]
    fn configurations() {
        let config = "AWS::Lambda::CodeSigningConfig";
        assert_eq!(findings(config, "{}"), 1);
        assert_eq!(
            findings(config, r#"{"CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}}"#),
            0
        );
    }

    #[test]
    fn functions() {
        let function = "AWS::Lambda::Function";
        assert_eq!(findings(function, r#"{"Code": {"S3Bucket": "code"}}"#), 1);
        assert_eq!(findings(function, r#"{"Code": {"ZipFile": "x"}}"#), 0);
        assert_eq!(findings(function, r#"{"PackageType": "Image"}"#), 0);
        assert_eq!(findings(function, r#"{"CodeSigningConfigArn": {"Ref": "Config"}}"#), 0);
    }
}
