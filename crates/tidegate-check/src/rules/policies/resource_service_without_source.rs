//! A resource that serves a service for any account.

use crate::Context;
use crate::access::{Reach, reach_by_conditions};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_graph::policy::Statement;

declare_rule! {
    /// ## What it finds
    /// A policy of a topic, bucket, key, secret, stream or repository that lets an AWS service in without saying for whom: no condition on
    /// `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or the like.
    ///
    /// ## Why it matters
    /// The service acts for all of its customers: a stranger lets it write to, or read from, this resource with a rule, a trail or a
    /// delivery of his own.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::TopicPolicy
    ///     Properties:
    ///       Topics: [arn:aws:sns:eu-west-1:123456789012:orders]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Service: events.amazonaws.com}
    ///             Action: sns:Publish
    ///             Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SNS::TopicPolicy
    ///     Properties:
    ///       Topics: [arn:aws:sns:eu-west-1:123456789012:orders]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Service: events.amazonaws.com}
    ///             Action: sns:Publish
    ///             Resource: "*"
    ///             Condition: {ArnLike: {"aws:SourceArn": "arn:aws:events:eu-west-1:123456789012:rule/*"}}
    /// ```
    ///
    /// ## Limits
    /// An encryption context that names whose data a key decrypts counts as a source. Queues and functions have rules of their own. Services that act with a role of the account alone are reported as well; they
    /// need no such statement.
    ResourceServiceWithoutSource {
        id: "resource-service-without-source",
        title: "resource that serves a service for any account",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-014"],
        threats: ["T16", "T02"],
        profiles: [],
        why: "a stranger reaches it through a service of his own",
    }
}

/// Types and where their policy stands.
const POLICIES: &[(&str, &str)] = &[
    ("AWS::ECR::Repository", "RepositoryPolicyText"),
    ("AWS::KMS::Key", "KeyPolicy"),
    ("AWS::Kinesis::ResourcePolicy", "ResourcePolicy"),
    ("AWS::S3::BucketPolicy", "PolicyDocument"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument"),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),
];

impl Rule for ResourceServiceWithoutSource {
    const ON: &'static [&'static str] = &[
        "AWS::ECR::Repository",
        "AWS::KMS::Key",
        "AWS::Kinesis::ResourcePolicy",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SecretsManager::ResourcePolicy",
    ];

    fn check(policy: &Resource, cx: &Context<'_>) {
        let Some((_, path)) = POLICIES.iter().find(|(ty, _)| *ty == policy.ty) else { return };
        for placed in cx.statements(policy, &[path]) {
            let statement = &placed.statement;
            let service = statement.principals.iter().find(|p| p.kind == "Service");
            let Some(service) = service.filter(|_| statement.allows()) else { continue };
            if is_for_own_ciphertext(cx, statement) {
                continue;
            }
            match reach_by_conditions(cx.world, statement) {
                Reach::Narrow => {}
                Reach::Unknown => cx.unknown(policy, service.value, "for whom the service acts"),
                Reach::Anyone => cx
                    .finding(policy, format!("`{}` may act for any account", service.value.display()))
                    .at_statement(&placed)
                    .help("add a condition on `aws:SourceArn` or `aws:SourceAccount`")
                    .report(),
            }
        }
    }
}

/// A service names what it encrypts for: `kms:EncryptionContext:aws:logs:arn` is the log group, account and all.
fn is_for_own_ciphertext(cx: &Context<'_>, statement: &Statement<'_>) -> bool {
    statement.condition_keys(cx.world).iter().any(|(operator, key, value)| {
        let positive = operator.to_ascii_lowercase().starts_with("arn")
            || operator.to_ascii_lowercase().starts_with("string");
        let context = key.to_ascii_lowercase().starts_with("kms:encryptioncontext:");
        let open = value.as_str() == Some("*");
        positive
            && !operator.to_ascii_lowercase().contains("not")
            && !operator.ends_with("IfExists")
            && context
            && !open
    })
}

#[cfg(test)]
mod tests {
    use super::ResourceServiceWithoutSource;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<ResourceServiceWithoutSource>()
    }

    #[test]
    fn keys_and_their_callers() {
        let key = |condition: &str| {
            let key = format!(
                r#"{{"KeyPolicy": {{"Statement": {{"Effect": "Allow", "Principal": {{"Service": "sns.amazonaws.com"}}, "Action": "kms:Decrypt", "Resource": "*"{condition}}}}}}}"#
            );
            Build::new().json("K", "AWS::KMS::Key", &key).findings::<ResourceServiceWithoutSource>()
        };
        assert_eq!(key(""), ["K: `sns.amazonaws.com` may act for any account"]);
        assert!(key(r#", "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}"#).is_empty());
        let context = |operator: &str, value: &str| {
            key(&format!(
                r#", "Condition": {{"{operator}": {{"kms:EncryptionContext:aws:logs:arn": "{value}"}}}}"#
            ))
        };
        assert!(context("ArnLike", "arn:aws:logs:eu-west-1:123456789012:log-group:*").is_empty());
        assert_eq!(context("ArnLike", "*").len(), 1);
        assert_eq!(context("ArnNotLike", "arn:aws:logs:eu-west-1:123456789012:*").len(), 1);
        assert!(findings("[]").is_empty());
    }
}
