//! A user pool that one guessed password opens.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A Cognito user pool without multi-factor authentication (`MfaConfiguration` absent or `OFF`), with a password
    /// policy of fewer than 8 characters, or with threat protection set to `OFF`.
    ///
    /// ## Why it matters
    /// Passwords that leaked elsewhere are tried here by the million, and one factor is all there is.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::Cognito::UserPool
    ///     Properties:
    ///       UserPoolName: customers
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::Cognito::UserPool
    ///     Properties:
    ///       UserPoolName: customers
    ///       MfaConfiguration: OPTIONAL
    ///       EnabledMfas: [SOFTWARE_TOKEN_MFA]
    /// ```
    ///
    /// ## Limits
    /// Threat protection that isn't set isn't reported: it costs extra. Pools whose users log in elsewhere only need no
    /// factor here; that isn't seen.
    WeakUserPool {
        id: "weak-user-pool",
        title: "user pool that one password opens",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-COG-002",
            "cdk-nag:AwsSolutions-COG1",
            "cdk-nag:AwsSolutions-COG2",
            "kics:74a18d1a-cf02-4a31-8791-ed0967ad7fdc",
            "kics:ec28bf61-a474-4dbe-b414-6dd3a067d6f0",
        ],
        threats: ["T21"],
        profiles: [],
        why: "passwords that leaked elsewhere open it",
    }
}

impl Rule for WeakUserPool {
    const ON: &'static [&'static str] = &["AWS::Cognito::UserPool"];

    fn check(pool: &Resource, cx: &Context<'_>) {
        let factor = cx.get(pool, &["MfaConfiguration"]);
        match factor.map(|value| (value, value.as_str())) {
            // YAML reads a bare OFF as false.
            None | Some((_, Some("OFF" | "false"))) => cx
                .finding(pool, "the user pool asks for no second factor")
                .within(&["MfaConfiguration"])
                .help("set `MfaConfiguration` to `ON` or `OPTIONAL`, with `EnabledMfas`")
                .report(),
            Some((_, Some(_))) => {}
            Some((value, None)) if value.as_bool() == Some(false) => {
                cx.finding(pool, "the user pool asks for no second factor")
                    .at(&["MfaConfiguration"])
                    .report();
            }
            Some((value, None)) if value.as_bool().is_none() => cx.unknown(pool, value, "`MfaConfiguration`"),
            Some(_) => {}
        }
        let length = ["Policies", "PasswordPolicy", "MinimumLength"];
        if let Some(characters) = cx.get(pool, &length).and_then(Value::as_i64).filter(|n| *n < 8) {
            cx.finding(pool, format!("{characters} characters are enough for a password"))
                .at(&length)
                .help("ask for 8 characters or more")
                .report();
        }
        let protection = ["UserPoolAddOns", "AdvancedSecurityMode"];
        if cx.get(pool, &protection).and_then(Value::as_str) == Some("OFF") {
            cx.finding(pool, "threat protection is off")
                .at(&protection)
                .help("set it to `ENFORCED`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WeakUserPool;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::Cognito::UserPool", properties).findings::<WeakUserPool>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"MfaConfiguration": "OFF"}"#), 1);
        assert_eq!(
            findings(r#"{"MfaConfiguration": "ON", "Policies": {"PasswordPolicy": {"MinimumLength": 6}}}"#),
            1
        );
        assert_eq!(
            findings(r#"{"MfaConfiguration": "ON", "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}}"#),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"MfaConfiguration": "OPTIONAL"}"#), 0);
        assert_eq!(
            findings(r#"{"MfaConfiguration": "ON", "Policies": {"PasswordPolicy": {"MinimumLength": 12}}}"#),
            0
        );
    }
}
