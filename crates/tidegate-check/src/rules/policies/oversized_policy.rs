//! A policy that is longer than AWS takes.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, documents};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Span};
use tidegate_iam::lint::{Kind, size};

declare_rule! {
    /// ## What it finds
    /// A policy document with more characters than AWS's quota, white space left out: 6,144 for a managed policy, 10,240 for all inline
    /// policies of a role, 5,120 of a group, 2,048 of a user, 4,096 for a trust policy, 20,480 for those of buckets and secrets, 32,768 for
    /// those of keys.
    ///
    /// ## Why it matters
    /// AWS refuses it, so that the deployment stops half way.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       Policies:
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Version: "2012-10-17"
    ///             Statement:
    ///               Effect: Allow
    ///               Action: sqs:SendMessage
    ///               Resource:
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-01-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-02-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-04-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-05-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-06-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-07-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-08-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-09-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ///                 - arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-with-a-very-long-name-10-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       Policies:
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Version: "2012-10-17"
    ///             Statement:
    ///               Effect: Allow
    ///               Action: sqs:SendMessage
    ///               Resource: arn:aws:sqs:eu-west-1:123456789012:orders-of-a-customer-*
    /// ```
    ///
    /// ## Limits
    /// What is known at deployment only counts as nothing. Policies attached from other resources count by themselves.
    OversizedPolicy {
        id: "oversized-policy",
        title: "policy that is longer than AWS takes",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-009"],
        threats: [],
        profiles: [Baseline],
        why: "the deployment stops",
    }
}

impl Rule for OversizedPolicy {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        let say = |key: &str, span: Span, what: &str, length: usize, most: usize| {
            if length > most {
                let message =
                    format!("{length} characters in {what} of `{}`, more than {most}", resource.logical_id);
                cx.finding(resource, message)
                    .at_place(key, span)
                    .help("split it into several managed policies, or name groups of resources by a common prefix")
                    .report();
            }
        };
        let mut inline = 0;
        for document in documents(cx, resource) {
            let length = size(cx.world, document.value);
            match (document.kind, quota(&resource.ty)) {
                (Kind::Trust, _) => {
                    say(&document.key, document.value.span, "the trust policy", length, 4_096);
                }
                (Kind::Identity, Some((_, true))) => inline += length,
                (_, Some((most, _))) => say(&document.key, document.value.span, "the policy", length, most),
                _ => {}
            }
        }
        if let Some((most, true)) = quota(&resource.ty) {
            say("Policies", resource.span, "the inline policies", inline, most);
        }
    }
}

/// The most characters for a type, and whether all inline policies count together.
fn quota(ty: &str) -> Option<(usize, bool)> {
    Some(match ty {
        "AWS::IAM::ManagedPolicy" => (6_144, false),
        "AWS::IAM::Role" => (10_240, true),
        "AWS::IAM::Group" => (5_120, true),
        "AWS::IAM::User" => (2_048, true),
        "AWS::S3::BucketPolicy" | "AWS::SecretsManager::ResourcePolicy" => (20_480, false),
        "AWS::KMS::Key" => (32_768, false),
        "AWS::Organizations::Policy" => (5_120, false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::OversizedPolicy;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<OversizedPolicy>()
    }

    #[test]
    fn policies_of_organizations_have_a_limit_of_their_own() {
        let of = |count: usize| {
            let content =
                format!(r#"{{"Version": "2012-10-17", "Statement": [{{"Sid": "{}"}}]}}"#, "x".repeat(count));
            let policy = format!(r#"{{"Type": "SERVICE_CONTROL_POLICY", "Content": {content}}}"#);
            Build::new().json("S", "AWS::Organizations::Policy", &policy).findings::<OversizedPolicy>().len()
        };
        assert_eq!((of(5_000), of(5_100)), (0, 1));
    }

    #[test]
    fn inline_policies_count_together() {
        let one = |n: usize| {
            format!(r#"{{"PolicyName": "p{n}", "PolicyDocument": {{"Statement": "{}"}}}}"#, "x".repeat(1_500))
        };
        let user = |all: &[String]| {
            let user = format!(r#"{{"Policies": [{}]}}"#, all.join(","));
            Build::new().json("U", "AWS::IAM::User", &user).findings::<OversizedPolicy>().len()
        };
        assert_eq!(user(&[one(1)]), 0);
        assert_eq!(user(&[one(1), one(2)]), 1);
        assert!(findings("[]").is_empty());
    }
}
