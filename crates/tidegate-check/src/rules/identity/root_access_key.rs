//! A key of the root account.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// An active access key whose user is `root`.
    ///
    /// ## Why it matters
    /// The key can do everything, including closing the account, and no policy holds it back.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Key:
    ///     Type: AWS::IAM::AccessKey
    ///     Properties: {UserName: root}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Ci:
    ///     Type: AWS::IAM::User
    ///   Key:
    ///     Type: AWS::IAM::AccessKey
    ///     Properties: {UserName: !Ref Ci}
    /// ```
    ///
    /// ## Limits
    /// A user that is merely called `root` is treated alike: the name misleads.
    RootAccessKey {
        id: "root-access-key",
        title: "access key of the root account",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-021",
            "kics:4c137350-7307-4803-8c04-17c09a7a9fcf",
            "kics:970d224d-b42a-416b-81f9-8f4dfe70c4bc",
            "kics:7081f85c-b94d-40fd-8b45-a4f1cac75e46",
        ],
        threats: ["T27"],
        profiles: [Baseline],
        why: "the key can do everything and no policy holds it back",
    }
}

impl Rule for RootAccessKey {
    const ON: &'static [&'static str] = &["AWS::IAM::AccessKey"];

    fn check(key: &Resource, cx: &Context<'_>) {
        let text = |name: &str| cx.get(key, &[name]).and_then(Value::as_str);
        let root = text("UserName").is_some_and(|user| user.eq_ignore_ascii_case("root"));
        if !root || text("Status").is_some_and(|status| status.eq_ignore_ascii_case("inactive")) {
            return;
        }
        cx.finding(key, "the root account has an access key")
            .at(&["UserName"])
            .help("drop the key; give the workload a role of its own")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::RootAccessKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::IAM::AccessKey", properties).findings::<RootAccessKey>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"UserName": "root"}"#), 1);
        assert_eq!(findings(r#"{"UserName": "Root", "Status": "Active"}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"UserName": "root", "Status": "Inactive"}"#), 0);
        assert_eq!(findings(r#"{"UserName": "ci"}"#), 0);
        assert_eq!(findings(r#"{"UserName": {"Ref": "Root"}}"#), 0);
    }
}
