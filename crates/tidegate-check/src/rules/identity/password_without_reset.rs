//! A first password that stays.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A user without `LoginProfile`, or whose profile doesn't set `PasswordResetRequired: true`. An opinion as to
    /// users without a profile, who can't log in to the console at all; they are reported as info.
    ///
    /// ## Why it matters
    /// Whoever made the user knows the password for good.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Someone:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       LoginProfile:
    ///         Password: '{{resolve:ssm-secure:someone}}'
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Someone:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       LoginProfile:
    ///         Password: '{{resolve:ssm-secure:someone}}'
    ///         PasswordResetRequired: true
    /// ```
    ///
    /// ## Limits
    /// Terraform's `aws_iam_user_login_profile` is read as the user's profile.
    PasswordWithoutReset {
        id: "password-without-reset",
        title: "password that needn't be changed",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-024",
            "kics:a964d6e3-8e1e-4d93-8120-61fa640dd55a",
        ],
        threats: ["T21"],
        profiles: [],
        why: "whoever made the user knows the password for good",
    }
}

impl Rule for PasswordWithoutReset {
    const ON: &'static [&'static str] = &["AWS::IAM::User"];

    fn check(user: &Resource, cx: &Context<'_>) {
        let reset = cx.get(user, &["LoginProfile", "PasswordResetRequired"]);
        match reset.map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(user, value, "`PasswordResetRequired`"),
            None | Some((_, Some(false))) => {}
        }
        let (severity, message) = match cx.get(user, &["LoginProfile"]) {
            Some(profile) if profile.is_unknown() => return cx.unknown(user, profile, "`LoginProfile`"),
            Some(_) => (Severity::Low, "the first password needn't be changed"),
            None => (Severity::Info, "nothing says that a first password must be changed"),
        };
        cx.finding(user, message)
            .within(&["LoginProfile", "PasswordResetRequired"])
            .severity(severity)
            .help("set `PasswordResetRequired: true`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::PasswordWithoutReset;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::IAM::User", properties).findings::<PasswordWithoutReset>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"LoginProfile": {"Password": "x"}}"#), 1);
        assert_eq!(findings(r#"{"LoginProfile": {"PasswordResetRequired": false}}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"LoginProfile": {"PasswordResetRequired": true}}"#), 0);
    }
}
