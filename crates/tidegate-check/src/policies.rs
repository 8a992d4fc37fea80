//! Every policy document of a resource, for the rules on documents themselves.

mod further;

pub(crate) use further::further;
#[cfg(test)]
pub(crate) use further::{FURTHER, NAMING};

use crate::Context;
use tidegate_graph::{Resource, Value};
use tidegate_iam::lint::{Kind, Reading, Remark};

/// Rules that need no more than policies and those who have them: what runs over policies by themselves.
pub const POLICY_RULES: &[&str] = &[
    "admin-policy",
    "allow-by-exception",
    "broken-guardrail",
    "condition-key-without-requests",
    "data-action-on-everything",
    "dead-action",
    "every-secret-readable",
    "foreign-trust-without-external-id",
    "invalid-policy",
    "literal-policy-variable",
    "managed-admin-policy",
    "may-open-everything",
    "mistyped-condition",
    "old-policy-version",
    "oversized-policy",
    "pass-any-role",
    "pipeline-role-for-any-repository",
    "privilege-escalation",
    "public-bucket-policy",
    "public-queue-policy",
    "public-resource-policy",
    "public-secret-policy",
    "public-stream-policy",
    "public-table-policy",
    "public-topic-policy",
    "queue-policy-with-any-action",
    "queue-service-without-source",
    "resource-policy-by-exception",
    "resource-service-without-source",
    "role-for-anyone",
    "saml-role-without-audience",
    "self-assigned-role",
    "service-wildcard",
    "set-that-may-be-empty",
    "shadowed-statement",
    "topic-policy-by-exception",
    "trust-with-any-action",
    "unknown-action",
    "web-identity-for-anyone",
    "wildcard-for-few-actions",
];

/// Those whose findings mean that AWS doesn't store the policy.
pub const REFUSED_POLICY_RULES: &[&str] = &["invalid-policy", "oversized-policy"];

/// Types of resources that have a policy document.
pub(crate) const DOCUMENT_TYPES: &[&str] = &[
    "AWS::ApiGateway::RestApi",
    "AWS::DynamoDB::Table",
    "AWS::EC2::VPCEndpoint",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::IAM::Group",
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::User",
    "AWS::IAM::UserPolicy",
    "AWS::KMS::Key",
    "AWS::Kinesis::ResourcePolicy",
    "AWS::OpenSearchService::Domain",
    "AWS::Organizations::Policy",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SSO::PermissionSet",
    "AWS::SecretsManager::ResourcePolicy",
];

/// Types whose one policy says who may use the resource, and where it stands.
pub(crate) const RESOURCE_POLICIES: &[(&str, &[&str])] = &[
    ("AWS::ApiGateway::RestApi", &["Policy"]),
    ("AWS::DynamoDB::Table", &["ResourcePolicy", "PolicyDocument"]),
    ("AWS::EC2::VPCEndpoint", &["PolicyDocument"]),
    ("AWS::ECR::Repository", &["RepositoryPolicyText"]),
    ("AWS::EFS::FileSystem", &["FileSystemPolicy"]),
    ("AWS::KMS::Key", &["KeyPolicy"]),
    ("AWS::Kinesis::ResourcePolicy", &["ResourcePolicy"]),
    ("AWS::OpenSearchService::Domain", &["AccessPolicies"]),
    ("AWS::S3::BucketPolicy", &["PolicyDocument"]),
    ("AWS::SNS::TopicPolicy", &["PolicyDocument"]),
    ("AWS::SQS::QueuePolicy", &["PolicyDocument"]),
    ("AWS::SecretsManager::ResourcePolicy", &["ResourcePolicy"]),
];

/// A policy document and where it stands in its resource.
#[derive(Clone, Debug)]
pub(crate) struct Document<'r> {
    /// What it is for.
    pub(crate) kind: Kind,
    /// Keys joined by `/`, an inline policy by its name.
    pub(crate) key: String,
    /// The same keys, an inline policy by its number: a path that a fix can take.
    pub(crate) path: Vec<String>,
    /// The document.
    pub(crate) value: &'r Value,
}

impl<'r> Document<'r> {
    /// What its statements say in the context's world.
    pub(crate) fn reading(&self, cx: &Context<'_>) -> Reading<'r> {
        Reading::new(cx.world, self.value)
    }
}

/// The documents of a resource of [`DOCUMENT_TYPES`]. Those that aren't known are left out.
pub(crate) fn documents<'r>(cx: &Context<'_>, resource: &'r Resource) -> Vec<Document<'r>> {
    let mut out = Vec::new();
    let mut add = |kind: Kind, path: &[&str]| {
        if let Some(value) = cx.get(resource, path) {
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            out.push(Document { kind, key: path.join("/"), path, value });
        }
    };
    match resource.ty.as_str() {
        "AWS::IAM::Role" => add(Kind::Trust, &["AssumeRolePolicyDocument"]),
        "AWS::SSO::PermissionSet" => add(Kind::Identity, &["InlinePolicy"]),
        "AWS::Organizations::Policy" => match cx.get(resource, &["Type"]).and_then(Value::as_str) {
            Some("SERVICE_CONTROL_POLICY") => add(Kind::ServiceControl, &["Content"]),
            Some("RESOURCE_CONTROL_POLICY") => add(Kind::ResourceControl, &["Content"]),
            _ => {}
        },
        ty => match RESOURCE_POLICIES.iter().find(|(own, _)| *own == ty) {
            Some((_, path)) => add(Kind::Resource, path),
            None if ty.starts_with("AWS::IAM::") => add(Kind::Identity, &["PolicyDocument"]),
            None => {}
        },
    }
    if matches!(resource.ty.as_str(), "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group") {
        for (n, policy) in cx.items(resource, &["Policies"]).into_iter().enumerate() {
            let Some(value) = cx.child(policy, "PolicyDocument") else { continue };
            let number = n.to_string();
            let name = cx.child(policy, "PolicyName").and_then(Value::as_text);
            let name = name.unwrap_or_else(|| number.as_str().into());
            let path = vec!["Policies".into(), number, "PolicyDocument".into()];
            out.push(Document { kind: Kind::Identity, key: format!("Policies/{name}"), path, value });
        }
    }
    out
}

/// Runs one check over every document of a resource and reports what it finds.
pub(crate) fn report(cx: &Context<'_>, resource: &Resource, check: impl Fn(&Document<'_>) -> Vec<Remark>) {
    for document in documents(cx, resource) {
        for remark in check(&document) {
            cx.finding(resource, format!("`{}`: {}", resource.logical_id, remark.message))
                .at_place(format!("{}/{}", document.key, remark.key), remark.span)
                .help(remark.help)
                .report();
        }
    }
}
