//! Passwords that are soon guessed.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A password policy of the account that allows fewer than 14 characters or doesn't say how many, or a user's
    /// password in the template that is shorter than that.
    ///
    /// ## Why it matters
    /// Short passwords are tried out in hours.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "aws_iam_account_password_policy" "all" {
    ///   minimum_password_length = 8
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "aws_iam_account_password_policy" "all" {
    ///   minimum_password_length = 14
    /// }
    /// ```
    ///
    /// ## Limits
    /// CloudFormation has no password policy of the account. Users who log in elsewhere aren't touched.
    ShortPassword {
        id: "short-password",
        title: "password that is too short",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-023",
            "CKV_AWS_10",
            "trivy:AVD-AWS-0063",
            "kics:b1b20ae3-8fa7-4af5-a74d-a2145920fcb1",
            "kics:1bc1c685-e593-450e-88fb-19db4c82aa1d",
        ],
        threats: ["T21"],
        profiles: [],
        why: "short passwords are tried out in hours",
    }
}

/// What the CIS benchmark asks for.
const LEAST: usize = 14;

impl Rule for ShortPassword {
    const ON: &'static [&'static str] = &["AWS::IAM::User", "aws_iam_account_password_policy"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let (path, length): (&[&str], _) = if resource.ty == "AWS::IAM::User" {
            let path: &[&str] = &["LoginProfile", "Password"];
            let Some(password) = cx.get(resource, path).and_then(Value::as_str) else { return };
            if password.contains("{{resolve:") {
                return;
            }
            (path, Some(password.chars().count()))
        } else {
            let path: &[&str] = &["minimum_password_length"];
            match cx.get(resource, path).map(|value| (value, value.as_i64())) {
                None => (path, None),
                Some((value, None)) => return cx.unknown(resource, value, "the least length of a password"),
                Some((_, Some(length))) => (path, usize::try_from(length).ok()),
            }
        };
        if length.is_some_and(|length| length >= LEAST) {
            return;
        }
        let message = match length {
            Some(length) => format!("{length} characters are enough for a password"),
            None => "no least length of passwords is set".into(),
        };
        cx.finding(resource, message).at(path).help("ask for 14 characters or more").report();
    }
}

#[cfg(test)]
mod tests {
    use super::ShortPassword;
    use crate::testing::Build;

    fn policy(properties: &str) -> Vec<String> {
        Build::new().json("All", "aws_iam_account_password_policy", properties).findings::<ShortPassword>()
    }

    #[test]
    fn short_or_unset() {
        assert_eq!(
            policy(r#"{"minimum_password_length": 8}"#),
            ["All: 8 characters are enough for a password"]
        );
        assert_eq!(policy("{}"), ["All: no least length of passwords is set"]);
        assert!(policy(r#"{"minimum_password_length": 14}"#).is_empty());
    }

    #[test]
    fn a_written_password() {
        let user = |password: &str| {
            let properties = format!(r#"{{"LoginProfile": {{"Password": "{password}"}}}}"#);
            Build::new().json("Someone", "AWS::IAM::User", &properties).findings::<ShortPassword>().len()
        };
        assert_eq!(user("short"), 1);
        assert_eq!(user("long-enough-for-all"), 0);
        assert_eq!(user("{{resolve:ssm:a}}"), 0);
    }
}
