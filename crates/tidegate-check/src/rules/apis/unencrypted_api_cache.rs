//! Answers lie open in a cache.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// Method settings of a stage that switch the cache on, and `CacheDataEncrypted` not.
    ///
    /// ## Why it matters
    /// The cache holds answers meant for single callers.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    ///       MethodSettings: [{HttpMethod: "*", ResourcePath: "/*", CachingEnabled: true}]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Stage:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties:
    ///       RestApiId: abcdef1234
    ///       StageName: prod
    ///       MethodSettings: [{HttpMethod: "*", ResourcePath: "/*", CachingEnabled: true, CacheDataEncrypted: true}]
    /// ```
    ///
    /// ## Limits
    /// A stage with a cache cluster that no method uses is left alone.
    UnencryptedApiCache {
        id: "unencrypted-api-cache",
        title: "API cache without encryption",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-API-017",
            "CKV_AWS_308",
            "trivy:AVD-AWS-0002",
            "trivy:AVD-AWS-0110",
            "kics:37cca703-b74c-48ba-ac81-595b53398e9b",
            "kics:b7c9a40c-23e4-4a2d-8d39-a3352f10f288"],
        threats: ["T35"],
        profiles: [],
        why: "answers meant for one caller lie open",
    }
}

impl Rule for UnencryptedApiCache {
    const ON: &'static [&'static str] = &[
        "AWS::ApiGateway::Stage",
        "AWS::ApiGateway::Deployment",
        // In Terraform: settings for a stage that is declared elsewhere.
        "aws_api_gateway_method_settings",
    ];

    fn check(stage: &Resource, cx: &Context<'_>) {
        let path: &[&str] = if stage.ty == "AWS::ApiGateway::Deployment" {
            &["StageDescription", "MethodSettings"]
        } else {
            &["MethodSettings"]
        };
        let own = cx.get(stage, &["StageDescription"]);
        let own = own.filter(|_| stage.ty == "AWS::ApiGateway::Deployment");
        for settings in cx.items(stage, path).into_iter().chain(own) {
            let cached = cx.child(settings, "CachingEnabled").and_then(Value::as_bool) == Some(true);
            if !cached {
                continue;
            }
            match cx.child(settings, "CacheDataEncrypted") {
                Some(encrypted) if encrypted.as_bool() == Some(true) => {}
                Some(encrypted) if encrypted.as_bool().is_none() => {
                    cx.unknown(stage, encrypted, "`CacheDataEncrypted`");
                }
                encrypted => cx
                    .finding(stage, "the cache holds answers unencrypted")
                    .at_place(path.join("/"), encrypted.map_or(settings.span, |v| v.span))
                    .help("set `CacheDataEncrypted: true`")
                    .report(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UnencryptedApiCache;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::ApiGateway::Stage", properties).findings::<UnencryptedApiCache>().len()
    }

    #[test]
    fn bad() {
        for properties in [
            r##"{"MethodSettings": [{"CachingEnabled": true}]}"##,
            r##"{"MethodSettings": [{"CachingEnabled": true, "CacheDataEncrypted": false}]}"##,
        ] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{}"##,
            r##"{"MethodSettings": [{"CachingEnabled": false}]}"##,
            r##"{"MethodSettings": [{"CachingEnabled": true, "CacheDataEncrypted": true}]}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
