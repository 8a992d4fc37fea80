//! A user who logs in to the console.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A user with a `LoginProfile` (Terraform: `aws_iam_user_login_profile`). An opinion: people come through an
    /// identity provider.
    ///
    /// ## Why it matters
    /// Passwords of single users outlive the people, and are guessed and leaked.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Someone:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       LoginProfile: {Password: '{{resolve:ssm-secure:someone}}', PasswordResetRequired: true}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Ci:
    ///     Type: AWS::IAM::User
    /// ```
    ///
    /// ## Limits
    /// Whether a second factor is asked for isn't known.
    UserWithPassword {
        id: "user-with-password",
        title: "user with console password",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-029",
            "kics:9ec311bf-dfd9-421f-8498-0b063c8bc552",
        ],
        threats: ["T21"],
        profiles: [],
        why: "passwords of single users outlive the people",
    }
}

impl Rule for UserWithPassword {
    const ON: &'static [&'static str] = &["AWS::IAM::User", "aws_iam_user_login_profile"];

    fn check(user: &Resource, cx: &Context<'_>) {
        // A profile whose user is declared elsewhere stands alone.
        if user.ty == "aws_iam_user_login_profile" || cx.get(user, &["LoginProfile"]).is_some() {
            cx.finding(user, format!("`{}` has a console password", user.logical_id))
                .at(&["LoginProfile"])
                .help("let people log in through an identity provider")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UserWithPassword;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::IAM::User", properties).findings::<UserWithPassword>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"LoginProfile": {"Password": {"Ref": "P"}}}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
    }
}
