//! An identity that can make any resource public.

use crate::Context;
use crate::identity::{POLICY_TYPES, allowed_on_everything};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of an identity policy that allows, on every resource, to change who may use it: permissions of
    /// functions and layers, policies of queues, topics, buses, buckets, tables, streams, secrets, keys and
    /// repositories.
    ///
    /// ## Why it matters
    /// Whoever gets code to run with this identity opens a queue, a bucket or a function to the world, and keeps the
    /// way in.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: worker
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: lambda:AddPerm*
    ///                 Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: worker
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: lambda:AddPermission
    ///                 Resource: "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    /// ```
    ///
    /// ## Limits
    /// Statements with a condition are left alone, and so are those that allow every action, which `admin-policy`
    /// reports. `Deny` statements aren't weighed. AWS's managed policies aren't looked into.
    MayOpenEverything {
        id: "may-open-everything",
        title: "identity that can open every resource",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-008",
            "CKV_AWS_109",
            "CKV_AWS_289",
        ],
        threats: ["T17", "T28"],
        profiles: [Baseline],
        why: "whoever runs code with it opens resources to the world and stays",
    }
}

/// Actions that change who may use a resource.
const ACTIONS: &[&str] = &[
    "lambda:AddPermission",
    "lambda:AddLayerVersionPermission",
    "lambda:CreateFunctionUrlConfig",
    "lambda:UpdateFunctionUrlConfig",
    "sqs:AddPermission",
    "sqs:SetQueueAttributes",
    "sns:AddPermission",
    "sns:SetTopicAttributes",
    "events:PutPermission",
    "s3:PutBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutObjectAcl",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutAccountPublicAccessBlock",
    "dynamodb:PutResourcePolicy",
    "kinesis:PutResourcePolicy",
    "secretsmanager:PutResourcePolicy",
    "kms:PutKeyPolicy",
    "kms:CreateGrant",
    "ecr:SetRepositoryPolicy",
    "apigateway:UpdateRestApiPolicy",
];

impl Rule for MayOpenEverything {
    const ON: &'static [&'static str] = POLICY_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        for (placed, action) in allowed_on_everything(cx, resource, ACTIONS) {
            cx.finding(
                resource,
                format!(
                    "`{}` can open resources to others: `{action}` on every resource",
                    resource.logical_id
                ),
            )
            .at_statement(&placed)
            .help("name the resources that are needed")
            .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MayOpenEverything;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy = format!(r#"{{"PolicyDocument": {{"Statement": {statement}}}}}"#);
        Build::new().json("Policy", "AWS::IAM::Policy", &policy).findings::<MayOpenEverything>()
    }

    #[test]
    fn on_everything() {
        assert_eq!(
            findings(r#"{"Effect": "Allow", "Action": "lambda:AddPerm*", "Resource": "*"}"#),
            ["Policy: `Policy` can open resources to others: `lambda:AddPermission` on every resource"]
        );
    }

    #[test]
    fn named_conditional_denied_or_everything() {
        for statement in [
            r#"{"Effect": "Allow", "Action": "lambda:AddPermission", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:orders"}"#,
            r#"{"Effect": "Deny", "Action": "lambda:AddPerm*", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "Action": "lambda:AddPerm*", "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": "orders"}}}"#,
        ] {
            assert!(findings(statement).is_empty(), "{statement}");
        }
    }
}
