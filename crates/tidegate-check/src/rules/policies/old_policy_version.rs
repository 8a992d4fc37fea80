//! A policy of the version of 2008.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, documents};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity};
use tidegate_iam::lint;

declare_rule! {
    /// ## What it finds
    /// A policy document with `Version: 2008-10-17`, or without any, which means the same.
    ///
    /// ## Why it matters
    /// Policy variables such as `${aws:username}` are plain text in it: a statement that should be about one user is about nobody, or
    /// about a thing of that very name.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::Policy
    ///     Properties:
    ///       PolicyName: orders
    ///       Roles: [orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sqs:SendMessage
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::Policy
    ///     Properties:
    ///       PolicyName: orders
    ///       Roles: [orders]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sqs:SendMessage
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Limits
    /// Managed policies of that version are refused by AWS and reported as `invalid-policy`. The fix is offered where no variable
    /// would come to life, and the finding is info then.
    OldPolicyVersion {
        id: "old-policy-version",
        title: "policy of the version of 2008",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-006"],
        threats: [],
        profiles: [],
        why: "variables are plain text, and newer features are missing",
    }
}

impl Rule for OldPolicyVersion {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::IAM::ManagedPolicy" {
            return;
        }
        for document in documents(cx, resource) {
            let Some(remark) = lint::old_version(cx.world, document.value) else { continue };
            let mut path: Vec<&str> = document.path.iter().map(String::as_str).collect();
            path.push("Version");
            let harmless = lint::literal_variables(cx.world, document.value).is_empty();
            let fix =
                harmless.then(|| Fix::safe("say the version of 2012").set(&resource.id, &path, "2012-10-17"));
            cx.finding(resource, format!("`{}`: {}", resource.logical_id, remark.message))
                .at_place(format!("{}/Version", document.key), remark.span)
                .severity(if harmless { Severity::Info } else { Severity::Low })
                .help(remark.help)
                .fix(fix)
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OldPolicyVersion;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<OldPolicyVersion>()
    }

    #[test]
    fn said_or_not() {
        let policy = |version: &str| {
            let policy = format!(r#"{{"PolicyDocument": {{{version} "Statement": []}}}}"#);
            Build::new().json("P", "AWS::SQS::QueuePolicy", &policy).findings::<OldPolicyVersion>().len()
        };
        assert_eq!(policy(""), 1);
        assert_eq!(policy(r#""Version": "2008-10-17","#), 1);
        assert_eq!(policy(r#""Version": "2012-10-17","#), 0);
        assert!(findings("[]").is_empty());
    }
}
