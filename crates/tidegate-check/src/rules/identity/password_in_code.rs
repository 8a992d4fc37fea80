//! A user's password in the template.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A user whose `LoginProfile.Password` is written out.
    ///
    /// ## Why it matters
    /// Whoever reads the repository, or the events of the stack, logs in to the console.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Someone:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       LoginProfile:
    ///         Password: example-Pa55word
    ///         PasswordResetRequired: true
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Someone:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       LoginProfile:
    ///         Password: '{{resolve:secretsmanager:someone:SecretString:password}}'
    ///         PasswordResetRequired: true
    /// ```
    ///
    /// ## Limits
    /// A parameter's default counts as written out, because the template holds it.
    PasswordInCode {
        id: "password-in-code",
        title: "password written in the code",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-022",
            "kics:06adef8c-c284-4de7-aad2-af43b07a8ca1",
        ],
        threats: ["T32"],
        profiles: [Baseline],
        why: "whoever reads the repository logs in to the console",
    }
}

impl Rule for PasswordInCode {
    const ON: &'static [&'static str] = &["AWS::IAM::User"];

    fn check(user: &Resource, cx: &Context<'_>) {
        let Some(password) = cx.get(user, &["LoginProfile", "Password"]).and_then(Value::as_str) else {
            return;
        };
        if password.is_empty() || password.contains("{{resolve:") {
            return;
        }
        cx.finding(user, format!("the password of `{}` is in the code", user.logical_id))
            .at(&["LoginProfile", "Password"])
            .help("take it from a secret by dynamic reference, and require a reset at first login")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::PasswordInCode;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::IAM::User", properties).findings::<PasswordInCode>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"LoginProfile": {"Password": "example"}}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(
            findings(r#"{"LoginProfile": {"Password": "{{resolve:secretsmanager:a:SecretString:b}}"}}"#),
            0
        );
        assert_eq!(findings(r#"{"LoginProfile": {"Password": {"Ref": "Secret"}}}"#), 0);
    }
}
