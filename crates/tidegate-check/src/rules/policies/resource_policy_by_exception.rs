//! A resource policy that allows all but what it names.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, documents};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_iam::lint::Kind;

declare_rule! {
    /// ## What it finds
    /// A statement that allows with `NotAction`, `NotResource` or `NotPrincipal` in the policy of a bucket, queue, key, secret and so on.
    ///
    /// ## Why it matters
    /// Every new action or caller is allowed from the day it exists, and nobody decided so. `NotPrincipal` lets in the whole world but a few.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: orders
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: "123456789012"}
    ///             NotAction: s3:DeleteBucket
    ///             Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: orders
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: "123456789012"}
    ///             Action: s3:GetObject
    ///             Resource: "*"
    /// ```
    ///
    /// ## Limits
    /// Topics, roles and identity policies are the matter of `topic-policy-by-exception` and `allow-by-exception`.
    ResourcePolicyByException {
        id: "resource-policy-by-exception",
        title: "resource policy that allows all but what it names",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-015"],
        threats: ["T17", "T22"],
        profiles: [],
        why: "everything new is allowed from the day it exists",
    }
}

impl Rule for ResourcePolicyByException {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::SNS::TopicPolicy" {
            return;
        }
        for document in documents(cx, resource).into_iter().filter(|d| d.kind == Kind::Resource) {
            for placed in cx.statements_of(document.value, &document.key) {
                let key = match &placed.statement {
                    s if !s.allows() => continue,
                    s if !s.not_principals.is_empty() => "NotPrincipal",
                    s if !s.not_actions.is_empty() => "NotAction",
                    s if !s.not_resources.is_empty() => "NotResource",
                    _ => continue,
                };
                cx.finding(
                    resource,
                    format!("`{}` allows all but what its `{key}` names", resource.logical_id),
                )
                .at_statement(&placed)
                .help("list what is allowed")
                .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ResourcePolicyByException;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<ResourcePolicyByException>()
    }

    #[test]
    fn each_key() {
        let queue = |statement: &str| {
            let policy = format!(r#"{{"PolicyDocument": {{"Statement": {statement}}}}}"#);
            Build::new()
                .json("Q", "AWS::SQS::QueuePolicy", &policy)
                .findings::<ResourcePolicyByException>()
                .len()
        };
        assert_eq!(
            queue(
                r#"{"Effect": "Allow", "NotPrincipal": {"AWS": "123456789012"}, "Action": "sqs:SendMessage"}"#
            ),
            1
        );
        assert_eq!(
            queue(
                r#"{"Effect": "Deny", "NotPrincipal": {"AWS": "123456789012"}, "Action": "sqs:SendMessage"}"#
            ),
            0
        );
        assert!(findings(r#"{"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}"#).is_empty());
    }
}
