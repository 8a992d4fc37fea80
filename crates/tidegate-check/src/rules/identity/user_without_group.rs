//! A user who belongs to no group.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A user without `Groups` and without a membership that names it. An opinion: roles are better than either.
    ///
    /// ## Why it matters
    /// Such a user gets its rights one by one, and they are never reviewed together.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Someone:
    ///     Type: AWS::IAM::User
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Someone:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       Groups: [senders]
    /// ```
    ///
    /// ## Limits
    /// Memberships that are declared elsewhere aren't seen.
    UserWithoutGroup {
        id: "user-without-group",
        title: "user without group",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-019",
            "kics:06933df4-0ea7-461c-b9b5-104d27390e0e",
        ],
        threats: ["T22"],
        profiles: [],
        why: "its rights are given one by one and never reviewed together",
    }
}

impl Rule for UserWithoutGroup {
    const ON: &'static [&'static str] = &["AWS::IAM::User"];

    fn check(user: &Resource, cx: &Context<'_>) {
        let groups = cx.get(user, &["Groups"]);
        if groups.is_some_and(|groups| groups.as_list().is_none_or(|list| !list.is_empty())) {
            return;
        }
        if !cx.referrers(user, "AWS::IAM::UserToGroupAddition", "Users").is_empty() {
            return;
        }
        cx.finding(user, format!("`{}` belongs to no group", user.logical_id))
            .within(&["Groups"])
            .help("add the user to a group that has the rights, or use a role instead")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UserWithoutGroup;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::IAM::User", properties).findings::<UserWithoutGroup>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"Groups": []}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"Groups": ["a"]}"#), 0);
        assert_eq!(findings(r#"{"Groups": {"Ref": "X"}}"#), 0);
    }
}
