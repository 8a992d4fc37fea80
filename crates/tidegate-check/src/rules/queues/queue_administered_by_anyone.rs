//! A queue policy that lets anyone administer the queue.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_graph::policy::{Principal, Statement};

declare_rule! {
    /// ## What it finds
    /// A queue policy that allows every principal, of AWS or of one account, an action that changes the queue itself
    /// (its permissions, its attributes, its life), by name or by a wildcard. A condition doesn't count.
    ///
    /// ## Why it matters
    /// Who may add permissions or set attributes gives himself all other rights on the queue, the reading of every
    /// message among them, and who may delete or purge it stops everything behind it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   OrdersPolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: "*"}
    ///             Action: [sqs:SendMessage, sqs:AddPermission]
    ///             Resource: !GetAtt Orders.Arn
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   OrdersPolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: "*"}
    ///             Action: sqs:SendMessage
    ///             Resource: !GetAtt Orders.Arn
    ///             Condition: {StringEquals: {"aws:PrincipalOrgID": o-1a2b3c4d5e}}
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    /// ```
    ///
    /// ## Limits
    /// What a named principal may do is not weighed.
    QueueAdministeredByAnyone {
        id: "queue-administered-by-anyone",
        title: "queue that anyone may administer",
        severity: High,
        confidence: Medium,
        since: "0.1.0",
        aliases: [
            "TG-SQS-011",
            "kics:9b6a3f5b-5fd6-40ee-9bc0-ed604911212d",
            "kics:730675f9-52ed-49b6-8ead-0acb5dd7df7f",
        ],
        threats: ["T17"],
        profiles: [],
        why: "who changes the queue's permissions takes all others",
    }
}

const ADMINISTRATION: &[&str] = &[
    "addpermission",
    "removepermission",
    "setqueueattributes",
    "createqueue",
    "deletequeue",
    "purgequeue",
    "tagqueue",
    "untagqueue",
    "startmessagemovetask",
    "cancelmessagemovetask",
];

impl Rule for QueueAdministeredByAnyone {
    const ON: &'static [&'static str] = &["AWS::SQS::QueuePolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for placed in cx.statements(policy, &["PolicyDocument"]) {
            let statement = &placed.statement;
            if !statement.allows() || !statement.principals.iter().any(is_every) {
                continue;
            }
            let Some(action) = administration(statement) else { continue };
            cx.finding(policy, format!("every principal is allowed `{action}`, which administers the queue"))
                .at_statement(&placed)
                .help("leave administration to the policies of the account's own identities")
                .report();
        }
    }
}

/// True for anyone, and for all principals of an account.
fn is_every(principal: &Principal<'_>) -> bool {
    principal.is_anyone()
        || principal.kind == "AWS" && principal.value.as_str().is_some_and(|arn| arn.ends_with(":*"))
}

/// The first action that administers.
fn administration(statement: &Statement<'_>) -> Option<String> {
    let actions = statement.actions.iter().filter_map(|action| action.as_str());
    actions.map(str::to_owned).find(|action| {
        let action = action.to_ascii_lowercase();
        let name = action.strip_prefix("sqs:").unwrap_or(&action);
        let start = name.split('*').next().unwrap_or(name);
        match name.contains('*') {
            true => ADMINISTRATION.iter().any(|known| known.starts_with(start)),
            false => ADMINISTRATION.contains(&name),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::QueueAdministeredByAnyone;
    use crate::testing::Build;

    fn findings(principal: &str, action: &str) -> usize {
        let properties = format!(
            r#"{{"PolicyDocument": {{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Action": "{action}"}}}}}}"#
        );
        let build = Build::new().json("Policy", "AWS::SQS::QueuePolicy", &properties);
        build.findings::<QueueAdministeredByAnyone>().len()
    }

    #[test]
    fn administration_for_all() {
        for action in ["sqs:AddPermission", "SQS:CreateQueue", "sqs:*", "*", "sqs:Set*"] {
            assert_eq!(findings("*", action), 1, "{action}");
        }
        assert_eq!(findings("arn:aws:iam::111122223333:*", "sqs:DeleteQueue"), 1);
    }

    #[test]
    fn messages_and_named_principals() {
        assert_eq!(findings("*", "sqs:SendMessage"), 0);
        assert_eq!(findings("*", "sqs:Receive*"), 0);
        assert_eq!(findings("arn:aws:iam::111122223333:root", "sqs:*"), 0);
    }
}
