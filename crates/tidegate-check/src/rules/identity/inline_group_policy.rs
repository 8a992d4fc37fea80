//! A group's policy that nobody else sees.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A group with inline policies: `Policies`, or a group policy of its own. An opinion of some standards.
    ///
    /// ## Why it matters
    /// Inline policies can't be reused, have no versions, and vanish with the group.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Senders:
    ///     Type: AWS::IAM::Group
    ///     Properties:
    ///       Policies:
    ///         - PolicyName: send
    ///           PolicyDocument: {Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-west-1:123456789012:orders"}]}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Senders:
    ///     Type: AWS::IAM::Group
    ///   Send:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       Groups: [!Ref Senders]
    ///       PolicyDocument: {Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-west-1:123456789012:orders"}]}
    /// ```
    ///
    /// ## Limits
    /// Inline policies of roles aren't meant: a function's own role has its own policy.
    InlineGroupPolicy {
        id: "inline-group-policy",
        title: "group with inline policies",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-025",
            "kics:a58d1a2d-4078-4b80-855b-84cc3f7f4540",
        ],
        threats: ["T22"],
        profiles: [],
        why: "inline policies have no versions and vanish with the group",
    }
}

impl Rule for InlineGroupPolicy {
    const ON: &'static [&'static str] = &["AWS::IAM::Group"];

    fn check(group: &Resource, cx: &Context<'_>) {
        if cx.items(group, &["Policies"]).is_empty() {
            return;
        }
        cx.finding(group, format!("`{}` has inline policies", group.logical_id))
            .at(&["Policies"])
            .help("make a managed policy of them")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::InlineGroupPolicy;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::IAM::Group", properties).findings::<InlineGroupPolicy>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"Policies": [{"PolicyName": "p"}]}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"Policies": []}"#), 0);
    }
}
