//! An object that doesn't say how it is encrypted.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A Terraform object (`aws_s3_object`, `aws_s3_bucket_object`) without `server_side_encryption` and `kms_key_id`.
    /// An opinion: S3 encrypts every object anyway.
    ///
    /// ## Why it matters
    /// Where a standard asks for a certain key, the object doesn't name it.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "aws_s3_object" "code" {
    ///   bucket = "orders"
    ///   key    = "code.zip"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "aws_s3_object" "code" {
    ///   bucket                 = "orders"
    ///   key                    = "code.zip"
    ///   server_side_encryption = "aws:kms"
    /// }
    /// ```
    ///
    /// ## Limits
    /// The bucket's default encryption isn't looked at.
    ObjectWithoutEncryption {
        id: "object-without-encryption",
        title: "object without stated encryption",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-016",
            "kics:5fb49a69-8d46-4495-a2f8-9c8c622b2b6e",
        ],
        threats: ["T35"],
        profiles: [Regulated],
        why: "the object names no key",
    }
}

impl Rule for ObjectWithoutEncryption {
    const ON: &'static [&'static str] = &["aws_s3_bucket_object", "aws_s3_object"];

    fn check(object: &Resource, cx: &Context<'_>) {
        if ["server_side_encryption", "kms_key_id"].into_iter().all(|key| cx.get(object, &[key]).is_none()) {
            cx.finding(object, "the object doesn't say how it is encrypted")
                .help("set `server_side_encryption`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectWithoutEncryption;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "aws_s3_object", properties).findings::<ObjectWithoutEncryption>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"server_side_encryption": "AES256"}"#), 0);
        assert_eq!(findings(r#"{"kms_key_id": {"Ref": "Key"}}"#), 0);
    }
}
