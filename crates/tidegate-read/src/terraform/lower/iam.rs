//! IAM.

use super::table::{Field, Join, Type, document, listed, many, omit, to, unless};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_iam_role", "AWS::IAM::Role")
        .names(&["name", "arn"])
        .attributes(&[("name", ""), ("unique_id", "RoleId")])
        .fields(ROLE),
    Type::new("aws_iam_user", "AWS::IAM::User")
        .names(&["name"])
        .attributes(&[("name", "")])
        .fields(&[to("name", "UserName"), omit("force_destroy")]),
    Type::new("aws_iam_group", "AWS::IAM::Group")
        .names(&["name"])
        .attributes(&[("name", "")])
        .fields(&[to("name", "GroupName")]),
    Type::new("aws_iam_policy", "AWS::IAM::ManagedPolicy")
        .names(&["name"])
        .attributes(&[("arn", ""), ("name", "PolicyName")])
        .fields(&[to("name", "ManagedPolicyName"), document("policy", "PolicyDocument")]),
    Type::new("aws_iam_role_policy", "AWS::IAM::RolePolicy").fields(&[
        to("name", "PolicyName"),
        to("role", "RoleName"),
        document("policy", "PolicyDocument"),
    ]),
    Type::new("aws_iam_user_policy", "AWS::IAM::UserPolicy").fields(&[
        to("name", "PolicyName"),
        to("user", "UserName"),
        document("policy", "PolicyDocument"),
    ]),
    Type::new("aws_iam_group_policy", "AWS::IAM::GroupPolicy").fields(&[
        to("name", "PolicyName"),
        to("group", "GroupName"),
        document("policy", "PolicyDocument"),
    ]),
    Type::part("aws_iam_role_policy_attachment", &[Join::new("aws_iam_role", &["role"]).fields(ATTACHED)]),
    Type::part("aws_iam_user_policy_attachment", &[Join::new("aws_iam_user", &["user"]).fields(ATTACHED)]),
    Type::part("aws_iam_group_policy_attachment", &[Join::new("aws_iam_group", &["group"]).fields(ATTACHED)]),
    Type::part(
        "aws_iam_policy_attachment",
        &[
            Join::new("aws_iam_role", &["roles"]).fields(ATTACHED),
            Join::new("aws_iam_user", &["users"]).fields(ATTACHED),
            Join::new("aws_iam_group", &["groups"]).fields(ATTACHED),
        ],
    ),
    Type::part(
        "aws_iam_role_policy_attachments_exclusive",
        &[Join::new("aws_iam_role", &["role_name"])
            .fields(&[to("policy_arns", "ManagedPolicyArns"), omit("role_name")])],
    ),
    // Only guards what other resources declare.
    Type::ignored("aws_iam_role_policies_exclusive"),
    Type::part(
        "aws_iam_user_group_membership",
        &[Join::new("aws_iam_user", &["user"]).fields(&[to("groups", "Groups"), omit("user")])],
    ),
    Type::new("aws_iam_group_membership", "AWS::IAM::UserToGroupAddition")
        .fields(&[to("group", "GroupName"), omit("name")]),
    Type::part(
        "aws_iam_user_login_profile",
        &[Join::new("aws_iam_user", &["user"])
            .fields(&[
                omit("user"),
                omit("pgp_key"),
                omit("password_length"),
                to("password_reset_required", "PasswordResetRequired"),
            ])
            .under("LoginProfile")],
    ),
    Type::new("aws_iam_instance_profile", "AWS::IAM::InstanceProfile")
        .attributes(&[("name", "")])
        .fields(&[to("name", "InstanceProfileName"), listed("role", "Roles")]),
    Type::new("aws_iam_access_key", "AWS::IAM::AccessKey")
        .attributes(&[("secret", "SecretAccessKey")])
        .fields(&[to("user", "UserName")]),
    Type::new("aws_iam_openid_connect_provider", "AWS::IAM::OIDCProvider").attributes(&[("id", "Arn")]),
    Type::new("aws_iam_saml_provider", "AWS::IAM::SAMLProvider").attributes(&[("arn", ""), ("id", "")]),
    Type::new("aws_iam_service_linked_role", "AWS::IAM::ServiceLinkedRole")
        .fields(&[to("aws_service_name", "AWSServiceName")]),
    Type::new("aws_iam_virtual_mfa_device", "AWS::IAM::VirtualMFADevice"),
];

const ROLE: &[Field] = &[
    to("name", "RoleName"),
    document("assume_role_policy", "AssumeRolePolicyDocument"),
    unless("permissions_boundary", "PermissionsBoundary", ""),
    to("managed_policy_arns", "ManagedPolicyArns"),
    many("inline_policy", "Policies"),
    to("inline_policy.name", "PolicyName"),
    document("inline_policy.policy", "PolicyDocument"),
    omit("force_detach_policies"),
];

const ATTACHED: &[Field] = &[
    to("policy_arn", "ManagedPolicyArns[]"),
    omit("name"),
    omit("role"),
    omit("user"),
    omit("group"),
    omit("roles"),
    omit("users"),
    omit("groups"),
];
