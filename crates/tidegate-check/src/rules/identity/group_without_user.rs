//! A group to which nobody belongs.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use std::collections::BTreeSet;

declare_rule! {
    /// ## What it finds
    /// A group that no user of the system names and that no membership fills. An opinion: users may be declared
    /// elsewhere.
    ///
    /// ## Why it matters
    /// Rights that nobody holds are rights that nobody reviews, until somebody is put in.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Senders:
    ///     Type: AWS::IAM::Group
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Senders:
    ///     Type: AWS::IAM::Group
    ///   Someone:
    ///     Type: AWS::IAM::User
    ///     Properties:
    ///       Groups: [!Ref Senders]
    /// ```
    ///
    /// ## Limits
    /// Users that are declared elsewhere, and those of an identity provider, aren't seen.
    GroupWithoutUser {
        id: "group-without-user",
        title: "group without user",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-018",
            "kics:8f957abd-9703-413d-87d3-c578950a753c",
            "kics:fc101ca7-c9dd-4198-a1eb-0fbe92e80044",
        ],
        threats: ["T54"],
        profiles: [],
        why: "rights that nobody holds are rights that nobody reviews",
    }
}

impl Rule for GroupWithoutUser {
    fn check_system(cx: &Context<'_>) {
        let additions = cx
            .of_type("AWS::IAM::UserToGroupAddition")
            .filter(|addition| !cx.items(addition, &["Users"]).is_empty())
            .filter_map(|addition| Some((addition, cx.get(addition, &["GroupName"])?)));
        // A user that exists in some stages only still is somebody.
        let users = cx
            .system
            .of_type("AWS::IAM::User")
            .flat_map(|user| cx.items(user, &["Groups"]).into_iter().map(move |group| (user, group)));
        let mut filled: BTreeSet<String> = BTreeSet::new();
        for (from, group) in additions.chain(users) {
            // Users may name the group by its logical id, which is part of the name that it is given.
            filled.insert(group.display());
            filled.extend(cx.target(from, group, "AWS::IAM::Group").map(|group| group.id.to_string()));
        }
        for group in cx.of_type("AWS::IAM::Group") {
            if [&group.id, &group.logical_id].into_iter().any(|name| filled.contains(name.as_str())) {
                continue;
            }
            cx.finding(group, format!("nobody belongs to `{}`", group.logical_id))
                .help("drop the group, or add users to it")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GroupWithoutUser;
    use crate::testing::Build;

    #[test]
    fn a_user_of_another_group_is_none() {
        let build = Build::new().json("Team", "AWS::IAM::Group", "{}").json(
            "Someone",
            "AWS::IAM::User",
            r#"{"Groups": ["others"]}"#,
        );
        assert_eq!(build.findings::<GroupWithoutUser>(), ["Team: nobody belongs to `Team`"]);
    }

    #[test]
    fn users_and_memberships() {
        let build = Build::new()
            .json("Team", "AWS::IAM::Group", "{}")
            .json("Someone", "AWS::IAM::User", r#"{"Groups": [{"Ref": "Team"}]}"#)
            .json("Other", "AWS::IAM::Group", r#"{"GroupName": "other"}"#)
            .json("In", "AWS::IAM::UserToGroupAddition", r#"{"GroupName": "other", "Users": ["x"]}"#);
        assert!(build.findings::<GroupWithoutUser>().is_empty());
    }
}
