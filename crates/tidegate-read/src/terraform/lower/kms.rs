//! KMS.

use super::table::{Join, Type, document, omit, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_kms_key", "AWS::KMS::Key").names(&["key_id"]).attributes(&[("key_id", "")]).fields(&[
        document("policy", "KeyPolicy"),
        to("deletion_window_in_days", "PendingWindowInDays"),
        to("is_enabled", "Enabled"),
        to("customer_master_key_spec", "KeySpec"),
        omit("bypass_policy_lockout_safety_check"),
    ]),
    Type::new("aws_kms_external_key", "AWS::KMS::Key").attributes(&[("key_id", "")]).fields(&[
        document("policy", "KeyPolicy"),
        to("deletion_window_in_days", "PendingWindowInDays"),
        omit("key_material_base64"),
    ]),
    Type::new("aws_kms_replica_key", "AWS::KMS::ReplicaKey")
        .attributes(&[("key_id", "")])
        .fields(&[document("policy", "KeyPolicy")]),
    Type::new("aws_kms_alias", "AWS::KMS::Alias").attributes(&[("name", ""), ("arn", "")]).fields(&[
        to("name", "AliasName"),
        to("target_key_id", "TargetKeyId"),
        omit("name_prefix"),
    ]),
    Type::part(
        "aws_kms_key_policy",
        &[Join::new("aws_kms_key", &["key_id"]).fields(&[
            omit("key_id"),
            omit("bypass_policy_lockout_safety_check"),
            document("policy", "KeyPolicy"),
        ])],
    ),
];
