//! Rights that hang on a single user.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A policy that is attached to a user rather than to a group or role: `Users` of a policy, a managed policy among
    /// the user's `ManagedPolicyArns`, or a policy of the user's own. An opinion of some standards.
    ///
    /// ## Why it matters
    /// Rights of single users are forgotten when the person changes team, and nobody reviews them.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Send:
    ///     Type: AWS::IAM::Policy
    ///     Properties:
    ///       PolicyName: send
    ///       PolicyDocument: {Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-west-1:123456789012:orders"}]}
    ///       Users: [someone]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Send:
    ///     Type: AWS::IAM::Policy
    ///     Properties:
    ///       PolicyName: send
    ///       PolicyDocument: {Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-west-1:123456789012:orders"}]}
    ///       Groups: [senders]
    /// ```
    ///
    /// ## Limits
    /// Inline `Policies` of a user are left to the reader: they move with the user.
    PolicyOnUser {
        id: "policy-on-user",
        title: "policy on a single user",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-017",
            "CKV_AWS_40",
            "kics:e4239438-e639-44aa-adb8-866e400e3ade",
            "kics:edc95c10-7366-4f30-9b4b-f995c84eceb5",
            "kics:0e5872b4-19a0-4165-8b2f-56d9e14b909f",
            "kics:5e7acff5-095b-40ac-9073-ac2e4ad8a512",
            "kics:b4378389-a9aa-44ee-91e7-ef183f11079e",
        ],
        threats: ["T22"],
        profiles: [],
        why: "rights of single users are forgotten when the person changes team",
    }
}

impl Rule for PolicyOnUser {
    const ON: &'static [&'static str] = &[
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::User",
        "AWS::IAM::UserPolicy",
        "aws_iam_policy_attachment",
        "aws_iam_user_policy_attachment",
    ];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let key = match resource.ty.as_str() {
            "AWS::IAM::User" => "ManagedPolicyArns",
            "AWS::IAM::UserPolicy" => "UserName",
            // Attachments to a user that is declared elsewhere.
            "aws_iam_policy_attachment" => "users",
            "aws_iam_user_policy_attachment" => "user",
            _ => "Users",
        };
        let Some(users) = cx.get(resource, &[key]) else { return };
        if users.as_list().is_some_and(<[_]>::is_empty) {
            return;
        }
        let message = format!("`{}` gives rights to a single user", resource.logical_id);
        // Terraform's attachments each have a place of their own.
        let path: &[&str] = if users.as_list().is_some() { &[key, "0"] } else { &[key] };
        cx.finding(resource, message).at(path).help("attach the policy to a group or a role").report();
    }
}

#[cfg(test)]
mod tests {
    use super::PolicyOnUser;
    use crate::testing::Build;

    #[test]
    fn each_form() {
        let build = Build::new()
            .json("Policy", "AWS::IAM::ManagedPolicy", r#"{"Users": ["someone"]}"#)
            .json(
                "User",
                "AWS::IAM::User",
                r#"{"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}"#,
            )
            .json("Own", "AWS::IAM::UserPolicy", r#"{"UserName": {"Ref": "User"}}"#);
        assert_eq!(build.findings::<PolicyOnUser>().len(), 3);
    }

    #[test]
    fn groups_and_no_users_are_clean() {
        let build = Build::new()
            .json("Policy", "AWS::IAM::Policy", r#"{"Users": [], "Groups": ["team"]}"#)
            .json("User", "AWS::IAM::User", r#"{"Groups": ["team"]}"#);
        assert!(build.findings::<PolicyOnUser>().is_empty());
    }
}
