//! ECR.

use super::table::{Join, Type, document, omit, one, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_ecr_repository", "AWS::ECR::Repository")
        .names(&["name"])
        .attributes(&[("name", ""), ("repository_url", "RepositoryUri")])
        .fields(&[
            to("name", "RepositoryName"),
            one("image_scanning_configuration", "ImageScanningConfiguration"),
            one("encryption_configuration", "EncryptionConfiguration"),
            to("force_delete", "EmptyOnDelete"),
        ]),
    Type::part(
        "aws_ecr_repository_policy",
        &[Join::new("aws_ecr_repository", &["repository"])
            .fields(&[omit("repository"), document("policy", "RepositoryPolicyText")])],
    ),
    Type::part(
        "aws_ecr_lifecycle_policy",
        &[Join::new("aws_ecr_repository", &["repository"])
            .fields(&[omit("repository"), document("policy", "LifecyclePolicy.LifecyclePolicyText")])],
    ),
    Type::new("aws_ecr_registry_policy", "AWS::ECR::RegistryPolicy")
        .fields(&[document("policy", "PolicyText")]),
    Type::new("aws_ecrpublic_repository", "AWS::ECR::PublicRepository"),
];
