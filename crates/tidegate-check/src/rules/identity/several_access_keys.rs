//! A user with several keys.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use std::collections::BTreeMap;
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A user for whom more than one access key is declared. One finding for each key.
    ///
    /// ## Why it matters
    /// Keys that last live on in files and pipelines; two of them are twice the chance, and one is often forgotten.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Ci:
    ///     Type: AWS::IAM::User
    ///   First:
    ///     Type: AWS::IAM::AccessKey
    ///     Properties: {UserName: !Ref Ci}
    ///   Second:
    ///     Type: AWS::IAM::AccessKey
    ///     Properties: {UserName: !Ref Ci}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Ci:
    ///     Type: AWS::IAM::User
    ///   First:
    ///     Type: AWS::IAM::AccessKey
    ///     Properties: {UserName: !Ref Ci}
    /// ```
    ///
    /// ## Limits
    /// Two keys for the length of a rotation are fine; the code doesn't tell. Inactive keys don't count.
    SeveralAccessKeys {
        id: "several-access-keys",
        title: "user with several access keys",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-020",
            "kics:48677914-6fdf-40ec-80c4-2b0e94079f54",
            "kics:3561130e-9c5f-485b-9e16-2764c82763e5",
        ],
        threats: ["T27"],
        profiles: [],
        why: "keys that last leak, and one of several is often forgotten",
    }
}

impl Rule for SeveralAccessKeys {
    fn check_system(cx: &Context<'_>) {
        let mut by_user: BTreeMap<String, Vec<&Resource>> = BTreeMap::new();
        for key in cx.of_type("AWS::IAM::AccessKey") {
            let inactive = cx.get(key, &["Status"]).and_then(Value::as_str) == Some("Inactive");
            let Some(user) = cx.get(key, &["UserName"]).filter(|_| !inactive) else { continue };
            let owner = cx.target(key, user, "AWS::IAM::User").map_or_else(
                // The name of a user that is declared elsewhere, or the logical id of one that is declared here.
                || user.display(),
                |found| found.logical_id.to_string(),
            );
            by_user.entry(owner).or_default().push(key);
        }
        for (user, keys) in by_user.iter().filter(|(_, keys)| keys.len() > 1) {
            for key in keys {
                cx.finding(key, format!("`{user}` has {} access keys", keys.len()))
                    .at(&["UserName"])
                    .help("keep one, or better give the workload a role")
                    .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SeveralAccessKeys;
    use crate::testing::Build;

    fn keys(second: &str) -> usize {
        Build::new()
            .json("Ci", "AWS::IAM::User", r#"{"UserName": "ci"}"#)
            .json("First", "AWS::IAM::AccessKey", r#"{"UserName": {"Ref": "Ci"}}"#)
            .json("Second", "AWS::IAM::AccessKey", second)
            .findings::<SeveralAccessKeys>()
            .len()
    }

    #[test]
    fn by_reference_and_by_name() {
        assert_eq!(keys(r#"{"UserName": {"Ref": "Ci"}}"#), 2);
        assert_eq!(keys(r#"{"UserName": "ci"}"#), 2);
    }

    #[test]
    fn another_user_or_an_inactive_key() {
        assert_eq!(keys(r#"{"UserName": "other"}"#), 0);
        assert_eq!(keys(r#"{"UserName": "ci", "Status": "Inactive"}"#), 0);
    }
}
