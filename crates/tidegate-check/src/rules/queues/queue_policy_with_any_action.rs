//! A queue policy that allows every action.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::policy::{Principal, Statement};
use tidegate_graph::{Piece, Resource};

declare_rule! {
    /// ## What it finds
    /// A statement of a queue policy that allows `sqs:*` or `*` to somebody else than the own account.
    ///
    /// ## Why it matters
    /// Who may only send needs no right to read the messages of others, to empty the queue, or to change its
    /// policy.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///   OrdersPolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: "111122223333"}
    ///             Action: sqs:*
    ///             Resource: !GetAtt Orders.Arn
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///   OrdersPolicy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Orders]
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: "111122223333"}
    ///             Action: sqs:SendMessage
    ///             Resource: !GetAtt Orders.Arn
    /// ```
    ///
    /// ## Limits
    /// An account that is written as a number is taken for another one. Every action for `AWS::AccountId` is
    /// what SQS itself writes, and is not reported.
    QueuePolicyWithAnyAction {
        id: "queue-policy-with-any-action",
        title: "queue policy that allows every action",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SQS-004", "CKV_AWS_72", "trivy:AVD-AWS-0097", "kics:816ea8cf-d589-442d-a917-2dd0ce0e45e3"],
        threats: ["T17"],
        profiles: [Baseline],
        why: "who may send may also read, empty the queue and change its policy",
    }
}

impl Rule for QueuePolicyWithAnyAction {
    const ON: &'static [&'static str] = &["AWS::SQS::QueuePolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for placed in cx.statements(policy, &["PolicyDocument"]) {
            let statement = &placed.statement;
            if !statement.allows() || statement.principals.iter().all(is_own_account) {
                continue;
            }
            if every_action(statement) {
                cx.finding(policy, "the policy allows every action on the queue")
                    .at_statement(&placed)
                    .help("list the actions that are needed, such as `sqs:SendMessage`")
                    .report();
            }
        }
    }
}

fn every_action(statement: &Statement<'_>) -> bool {
    statement.actions.iter().any(|a| a.as_str().is_some_and(|a| a == "*" || a.eq_ignore_ascii_case("sqs:*")))
}

/// True for the account of the stack, and for what the stack itself declares in it.
fn is_own_account(principal: &Principal<'_>) -> bool {
    principal.kind == "AWS"
        && principal.value.pieces().iter().any(|piece| match piece {
            Piece::Symbol(symbol) => symbol.name == "AWS::AccountId",
            Piece::Reference(_) => true,
            Piece::Text(_) => false,
        })
}

#[cfg(test)]
mod tests {
    use super::QueuePolicyWithAnyAction;
    use crate::testing::{Build, text};
    use tidegate_graph::{Span, Value, Why};

    fn findings(principal: Value, action: &str) -> usize {
        let span = Span::default();
        let statement = Value::object(
            [
                ("Effect", text("Allow")),
                ("Principal", Value::object([("AWS", principal)], span)),
                ("Action", text(action)),
            ],
            span,
        );
        let document = Value::object([("Statement", statement)], span);
        let build = Build::new().add("Policy", "AWS::SQS::QueuePolicy", &[("PolicyDocument", document)]);
        build.findings::<QueuePolicyWithAnyAction>().len()
    }

    #[test]
    fn others_and_the_own_account() {
        assert_eq!(findings(text("111122223333"), "SQS:*"), 1);
        assert_eq!(findings(text("111122223333"), "sqs:SendMessage"), 0);
        assert_eq!(findings(Value::unknown("AWS::AccountId", Why::Pseudo, Span::default()), "sqs:*"), 0);
    }
}
