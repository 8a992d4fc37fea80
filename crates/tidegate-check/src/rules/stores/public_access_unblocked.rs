//! A bucket that does without the block of public access.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A bucket whose `PublicAccessBlockConfiguration` leaves a part of public access open: a setting is
    /// `false`, or missing beside others, which S3 takes for `false`. A bucket without the configuration has
    /// all four by default, and is not reported. Where the bucket has access control lists off, which is the
    /// default, the two settings on lists change nothing, and are low. In Terraform also the block of a bucket
    /// that is declared elsewhere, and the one of the account.
    ///
    /// ## Why it matters
    /// The block is what makes a careless bucket policy harmless. Without it one wrong statement opens the
    /// bucket to everyone.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: false, IgnorePublicAcls: true, RestrictPublicBuckets: false}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Invoices:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
    /// ```
    ///
    /// ## Limits
    /// An account-wide block is not seen. Buckets made before April 2023 may lack the default.
    PublicAccessUnblocked {
        id: "public-access-unblocked",
        title: "bucket with public access not blocked",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-S3-001", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6", "trivy:AVD-AWS-0086", "trivy:AVD-AWS-0087", "trivy:AVD-AWS-0091", "trivy:AVD-AWS-0093", "kics:48f100d9-f499-4c6d-b2b8-deafe47ffb26", "kics:860ba89b-b8de-4e72-af54-d6aee4138a69", "kics:6c8d51af-218d-4bfb-94a9-94eabaa0703a", "kics:350cd468-0e2c-44ef-9d22-cfb73a62523c", "kics:d0cc8694-fcad-43ff-ac86-32331d7e867f", "kics:1a4bc881-9f69-4d44-8c9a-d37d08f54c50", "kics:4fa66806-0dd9-4f8d-9480-3174d39c7c91", "kics:1ec253ab-c220-4d63-b2de-5b40e0af9293"],
        threats: ["T31"],
        profiles: [Baseline],
        why: "one wrong statement of a policy opens the bucket to everyone",
    }
}

/// A setting: its name, the one of the account's block in Terraform, and the aliases that mean it alone.
type Setting = (&'static str, &'static str, &'static [&'static str]);

const POLICIES: [Setting; 2] = [
    (
        "BlockPublicPolicy",
        "block_public_policy",
        &[
            "CKV_AWS_54",
            "trivy:AVD-AWS-0087",
            "kics:860ba89b-b8de-4e72-af54-d6aee4138a69",
            "kics:1a4bc881-9f69-4d44-8c9a-d37d08f54c50",
        ],
    ),
    (
        "RestrictPublicBuckets",
        "restrict_public_buckets",
        &[
            "CKV_AWS_56",
            "trivy:AVD-AWS-0093",
            "kics:350cd468-0e2c-44ef-9d22-cfb73a62523c",
            "kics:1ec253ab-c220-4d63-b2de-5b40e0af9293",
        ],
    ),
];
const LISTS: [Setting; 2] = [
    (
        "BlockPublicAcls",
        "block_public_acls",
        &[
            "CKV_AWS_53",
            "trivy:AVD-AWS-0086",
            "kics:48f100d9-f499-4c6d-b2b8-deafe47ffb26",
            "kics:d0cc8694-fcad-43ff-ac86-32331d7e867f",
        ],
    ),
    (
        "IgnorePublicAcls",
        "ignore_public_acls",
        &[
            "CKV_AWS_55",
            "trivy:AVD-AWS-0091",
            "kics:6c8d51af-218d-4bfb-94a9-94eabaa0703a",
            "kics:4fa66806-0dd9-4f8d-9480-3174d39c7c91",
        ],
    ),
];

const BLOCK: &str = "PublicAccessBlockConfiguration";
const OF_ACCOUNT: &str = "aws_s3_account_public_access_block";
/// The block of a bucket that is declared elsewhere.
const ALONE: &str = "aws_s3_bucket_public_access_block";

impl Rule for PublicAccessUnblocked {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket", ALONE, OF_ACCOUNT];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let account = resource.ty == OF_ACCOUNT;
        let block = match account {
            true => None,
            false => match cx.get(resource, &[BLOCK]) {
                Some(block) if block.as_map().is_none() => {
                    return cx.unknown(resource, block, "`PublicAccessBlockConfiguration`");
                }
                Some(block) => Some(block),
                None => return,
            },
        };
        let written = |setting: &Setting| match block {
            Some(block) => cx.child(block, setting.0),
            None => cx.get(resource, &[setting.1]),
        };
        let (mut off, mut unlike) = (Vec::new(), Vec::new());
        for setting in POLICIES.iter().chain(&LISTS) {
            match written(setting).map(|value| (value, value.as_bool())) {
                Some((value, None)) => cx.unknown(resource, value, &format!("`{}`", setting.0)),
                Some((_, Some(false))) | None => {
                    off.push(setting);
                    continue;
                }
                Some((_, Some(true))) => {}
            }
            unlike.extend(setting.2);
        }
        // Where it is written is where it is mended; what a module's default says is written nowhere.
        let said = |setting: &&&Setting| written(setting).is_some_and(|value| value.span != resource.span);
        let Some(first) = off.iter().find(said).or(off.first()) else { return };
        let place: &[&str] = if account { &[first.1] } else { &[BLOCK, first.0] };
        let names: Vec<String> = off.iter().map(|setting| format!("`{}`", setting.0)).collect();
        let finding = cx
            .finding(resource, format!("public access isn't blocked: {} off", names.join(", ")))
            .at(place)
            .severity(severity(resource, &off, cx))
            .unlike(&unlike)
            .help("set all four to true, or leave `PublicAccessBlockConfiguration` out");
        if resource.ty == "AWS::S3::Bucket" { finding.fix(blocked(resource, &off)) } else { finding }
            .report();
    }
}

fn severity(resource: &Resource, off: &[&Setting], cx: &Context<'_>) -> Severity {
    match off.iter().any(|setting| POLICIES.iter().any(|policy| policy.0 == setting.0)) {
        true => Severity::High,
        false if resource.ty != "AWS::S3::Bucket" || has_lists(resource, cx) => Severity::Medium,
        false => Severity::Low,
    }
}

/// All that is off, on.
fn blocked(bucket: &Resource, off: &[&Setting]) -> Fix {
    off.iter().fold(Fix::risky("block public access"), |fix, setting| {
        fix.set(&bucket.id, &[BLOCK, setting.0], true)
    })
}

/// True if the bucket was given access control lists; by default they are off.
fn has_lists(bucket: &Resource, cx: &Context<'_>) -> bool {
    cx.items(bucket, &["OwnershipControls", "Rules"]).iter().any(|rule| {
        cx.child(rule, "ObjectOwnership").is_some_and(|o| o.as_str() != Some("BucketOwnerEnforced"))
    })
}

#[cfg(test)]
mod tests {
    use super::PublicAccessUnblocked;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Invoices", "AWS::S3::Bucket", properties).findings::<PublicAccessUnblocked>()
    }

    #[test]
    fn what_is_missing_is_off() {
        assert_eq!(
            findings(
                r#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": "true", "BlockPublicPolicy": false}}"#
            ),
            ["Invoices: public access isn't blocked: `BlockPublicPolicy`, `RestrictPublicBuckets` off"]
        );
    }

    #[test]
    fn only_what_is_off_has_its_aliases() {
        let properties = r#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": false, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}}"#;
        let build = Build::new().json("Invoices", "AWS::S3::Bucket", properties);
        let aliases = &build.run::<PublicAccessUnblocked>().findings[0].aliases;
        assert!(aliases.contains(&"CKV_AWS_53") && aliases.contains(&"TG-S3-001"));
        assert!(!aliases.contains(&"CKV_AWS_54") && !aliases.contains(&"CKV_AWS_55"));
    }

    #[test]
    fn blocks_of_other_buckets_and_of_the_account() {
        let alone = r#"{"bucket": "elsewhere", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}}"#;
        let build = Build::new().json("elsewhere", "aws_s3_bucket_public_access_block", alone).json(
            "account",
            "aws_s3_account_public_access_block",
            r#"{"block_public_acls": true, "ignore_public_acls": true, "block_public_policy": true}"#,
        );
        assert_eq!(
            build.findings::<PublicAccessUnblocked>(),
            [
                "account: public access isn't blocked: `RestrictPublicBuckets` off",
                "elsewhere: public access isn't blocked: `BlockPublicPolicy` off"
            ]
        );
    }

    #[test]
    fn the_default_is_on() {
        assert!(findings("{}").is_empty());
    }
}
