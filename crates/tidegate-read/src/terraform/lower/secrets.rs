//! Secrets Manager and SSM parameters.

use super::table::{Field, Join, Split, Type, document, many, omit, one, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_secretsmanager_secret", "AWS::SecretsManager::Secret")
        .names(&["name"])
        .attributes(&[("arn", ""), ("id", ""), ("name", "Name")])
        .fields(&[
            document("policy", "Policy"),
            many("replica", "ReplicaRegions"),
            omit("recovery_window_in_days"),
            omit("force_overwrite_replica_secret"),
        ])
        .splits(&[Split {
            property: "Policy",
            cloudformation: "AWS::SecretsManager::ResourcePolicy",
            to: "ResourcePolicy",
            owner: "SecretId",
            attribute: "",
        }]),
    Type::part(
        "aws_secretsmanager_secret_version",
        &[Join::new("aws_secretsmanager_secret", &["secret_id"]).fields(VERSION)],
    ),
    Type::new("aws_secretsmanager_secret_policy", "AWS::SecretsManager::ResourcePolicy").fields(&[
        to("secret_arn", "SecretId"),
        document("policy", "ResourcePolicy"),
        to("block_public_policy", "BlockPublicPolicy"),
    ]),
    Type::new("aws_secretsmanager_secret_rotation", "AWS::SecretsManager::RotationSchedule").fields(&[
        to("rotation_lambda_arn", "RotationLambdaARN"),
        one("rotation_rules", "RotationRules"),
        to("rotate_immediately", "RotateImmediatelyOnUpdate"),
    ]),
    Type::new("aws_ssm_parameter", "AWS::SSM::Parameter")
        .names(&["name"])
        .attributes(&[("name", ""), ("value", "Value"), ("insecure_value", "Value")])
        .fields(&[
            to("insecure_value", "Value"),
            omit("overwrite"),
            to("value_wo", "Value"),
            omit("value_wo_version"),
        ]),
    Type::new("aws_ssm_document", "AWS::SSM::Document")
        .attributes(&[("name", "")])
        .fields(&[document("content", "Content")]),
];

const VERSION: &[Field] = &[
    omit("secret_id"),
    omit("version_stages"),
    omit("secret_binary"),
    to("secret_string", "SecretString"),
    // Never kept in a state, but written in the code all the same.
    to("secret_string_wo", "SecretString"),
    omit("secret_string_wo_version"),
];
