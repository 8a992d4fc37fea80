//! A key, repository, file system or domain for anyone.

use crate::Context;
use crate::access::{named_actions, open_to_anyone};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// The policy of an encryption key, container repository, file system or search domain that lets in anyone (`*`), without a condition
    /// that leaves only chosen callers.
    ///
    /// ## Why it matters
    /// Strangers use it: with a key they decrypt what it guards, from a repository they read the code, in a domain they read and change data.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       Description: orders
    ///       KeyPolicy:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: kms:Decrypt
    ///             Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       Description: orders
    ///       KeyPolicy:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: kms:Decrypt
    ///             Resource: "*"
    ///             Condition: {StringEquals: {"kms:CallerAccount": "123456789012", "kms:ViaService": sqs.eu-west-1.amazonaws.com}}
    /// ```
    ///
    /// ## Limits
    /// A file system mounted from inside of its network alone is reported as well. Buckets, queues, topics, streams, tables, secrets and
    /// roles have rules of their own.
    PublicResourcePolicy {
        id: "public-resource-policy",
        title: "key, repository, file system or domain for anyone",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-016"],
        threats: ["T17"],
        profiles: [Baseline],
        why: "strangers use it, or read what it guards",
    }
}

impl Rule for PublicResourcePolicy {
    const ON: &'static [&'static str] =
        &["AWS::ECR::Repository", "AWS::EFS::FileSystem", "AWS::KMS::Key", "AWS::OpenSearchService::Domain"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let path = match resource.ty.as_str() {
            "AWS::ECR::Repository" => "RepositoryPolicyText",
            "AWS::EFS::FileSystem" => "FileSystemPolicy",
            "AWS::KMS::Key" => "KeyPolicy",
            _ => "AccessPolicies",
        };
        for open in open_to_anyone(cx, resource, &[path]) {
            let actions = named_actions(&open.statement);
            cx.finding(resource, format!("anyone may use `{}`: {actions}", resource.logical_id))
                .at_statement(&open)
                .help("name who may, or add a condition such as `aws:PrincipalOrgID`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicResourcePolicy;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<PublicResourcePolicy>()
    }

    #[test]
    fn repositories() {
        let repository = |principal: &str| {
            let policy = format!(
                r#"{{"RepositoryPolicyText": {{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "ecr:BatchGetImage"}}}}}}"#
            );
            Build::new().json("R", "AWS::ECR::Repository", &policy).findings::<PublicResourcePolicy>()
        };
        assert_eq!(repository(r#"{"AWS": "*"}"#), ["R: anyone may use `R`: `ecr:BatchGetImage`"]);
        assert!(repository(r#"{"AWS": "123456789012"}"#).is_empty());
        assert!(findings("[]").is_empty());
    }
}
