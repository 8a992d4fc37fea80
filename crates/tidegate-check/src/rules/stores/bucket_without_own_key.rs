//! A bucket under the provider's key.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A bucket whose objects aren't encrypted with a key of one's own: it says nothing, says `AES256`, or names the provider's
    /// key `aws/s3`.
    ///
    /// ## Why it matters
    /// S3 encrypts every object, but the provider's keys decrypt for whoever may read the object. A key of one's own is a
    /// second permission: it has a policy, its use is recorded, and it can be switched off.
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
    ///   Key:
    ///     Type: AWS::KMS::Key
    ///     Properties: {KeyPolicy: {Statement: []}}
    ///   Orders:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketEncryption:
    ///         ServerSideEncryptionConfiguration:
    ///           - BucketKeyEnabled: true
    ///             ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: !GetAtt Key.Arn}
    /// ```
    ///
    /// ## Limits
    /// Several services can't write their logs to such a bucket. The key's policy isn't looked at.
    BucketWithoutOwnKey {
        id: "bucket-without-own-key",
        title: "bucket under the provider's key",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-S3-005", "CKV_AWS_145", "trivy:AVD-AWS-0132"],
        threats: ["T35"],
        profiles: [Regulated],
        why: "whoever may read the objects may decrypt them, and no key can be switched off",
    }
}

impl Rule for BucketWithoutOwnKey {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        if let Some(whole) = cx.get(bucket, &["BucketEncryption"]).filter(|v| v.as_map().is_none()) {
            return cx.unknown(bucket, whole, "`BucketEncryption`");
        }
        let rules = cx.items(bucket, &["BucketEncryption", "ServerSideEncryptionConfiguration"]);
        let default = rules.iter().find_map(|rule| cx.child(rule, "ServerSideEncryptionByDefault"));
        let of_default = |key: &str| default.and_then(|default| cx.child(default, key));
        let own = match of_default("SSEAlgorithm").map(|value| (value, value.as_str())) {
            Some((value, None)) => return cx.unknown(bucket, value, "`SSEAlgorithm`"),
            Some((_, Some(word))) if word.starts_with("aws:kms") => match of_default("KMSMasterKeyID") {
                Some(key) if key.is_unknown() => return cx.unknown(bucket, key, "`KMSMasterKeyID`"),
                key => key.is_some_and(is_own),
            },
            None | Some((_, Some(_))) => false,
        };
        if own {
            return;
        }
        cx.finding(bucket, format!("`{}` is encrypted with the provider's key", bucket.logical_id))
            .within(&["BucketEncryption"])
            .help("encrypt with `aws:kms` and a key of your own, with `BucketKeyEnabled` to save calls")
            .report();
    }
}

fn is_own(key: &Value) -> bool {
    key.as_text().is_none_or(|text| !text.is_empty() && !text.ends_with("alias/aws/s3"))
}

#[cfg(test)]
mod tests {
    use super::BucketWithoutOwnKey;
    use crate::testing::Build;

    fn findings(default: &str) -> usize {
        let bucket = format!(
            r#"{{"BucketEncryption": {{"ServerSideEncryptionConfiguration": [{{"ServerSideEncryptionByDefault": {default}}}]}}}}"#
        );
        Build::new().json("Orders", "AWS::S3::Bucket", &bucket).findings::<BucketWithoutOwnKey>().len()
    }

    #[test]
    fn keys() {
        assert_eq!(findings(r#"{"SSEAlgorithm": "AES256"}"#), 1);
        assert_eq!(findings(r#"{"SSEAlgorithm": "aws:kms"}"#), 1);
        assert_eq!(findings(r#"{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/aws/s3"}"#), 1);
        assert_eq!(findings(r#"{"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": {"Ref": "Key"}}"#), 0);
    }
}
