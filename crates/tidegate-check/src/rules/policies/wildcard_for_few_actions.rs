//! A wildcard that stands for a few actions.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, documents};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Data, Fix, Resource};
use tidegate_iam::{Catalogue, lint};

declare_rule! {
    /// ## What it finds
    /// A pattern in a statement that allows, such as `sqs:Send*`, that covers three actions at most.
    ///
    /// ## Why it matters
    /// What AWS adds under that name is allowed from that day on, and nobody decided so. A list says what was meant.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sqs:Send*
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sqs:SendMessage
    ///             Resource: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Limits
    /// The catalogue has a date. The fix is offered where the wildcard stands for one action.
    WildcardForFewActions {
        id: "wildcard-for-few-actions",
        title: "wildcard that stands for a few actions",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-011"],
        threats: ["T22"],
        profiles: [],
        why: "an action that AWS adds is allowed from that day on",
    }
}

impl Rule for WildcardForFewActions {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        for document in documents(cx, resource) {
            for found in lint::short_wildcards(&document.reading(cx), Catalogue::current()) {
                let remark = found.remark;
                // Numbers only where there is a list.
                let (statement, action) = (found.statement.to_string(), found.action.to_string());
                let mut path: Vec<&str> = document.path.iter().map(String::as_str).collect();
                path.push("Statement");
                let listed = |value: Option<&tidegate_graph::Value>| {
                    value.is_some_and(|v| matches!(v.data, Data::List(_)))
                };
                let statements = cx.child(document.value, "Statement");
                let own = match listed(statements) {
                    true => {
                        path.push(&statement);
                        statements.and_then(|s| cx.child(s, &statement))
                    }
                    false => statements,
                };
                path.push("Action");
                if listed(own.and_then(|s| cx.child(s, "Action"))) {
                    path.push(&action);
                }
                let fix = match found.actions.as_slice() {
                    [only] => Some(Fix::safe("name the one action").set(&resource.id, &path, only.as_str())),
                    _ => None,
                };
                cx.finding(resource, format!("`{}`: {}", resource.logical_id, remark.message))
                    .at_place(format!("{}/{}", document.key, remark.key), remark.span)
                    .help(remark.help)
                    .fix(fix)
                    .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WildcardForFewActions;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<WildcardForFewActions>()
    }

    #[test]
    fn few_and_many() {
        assert_eq!(
            findings(r#"[{"Effect": "Allow", "Action": ["sqs:Send*", "sqs:*"], "Resource": "*"}]"#),
            ["P: `P`: `sqs:Send*` stands for `sqs:SendMessage` today, and for whatever comes"]
        );
        assert!(findings(r#"{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}"#).is_empty());
    }
}
