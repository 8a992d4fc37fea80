//! A queue that takes messages of a service, for whomever it works.

use crate::Context;
use crate::access::{Reach, reach_by_conditions};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A statement of a queue policy that lets an AWS service such as `events.amazonaws.com` or
    /// `sns.amazonaws.com` send, and does not say for which rule, topic or account: no condition on
    /// `aws:SourceArn`, `aws:SourceAccount` or `aws:SourceOrgID`.
    ///
    /// ## Why it matters
    /// The service works for every AWS customer. A stranger points a rule or topic of his own at the queue, and
    /// the service delivers his messages.
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
    ///             Principal: {Service: events.amazonaws.com}
    ///             Action: sqs:SendMessage
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
    ///             Principal: {Service: events.amazonaws.com}
    ///             Action: sqs:SendMessage
    ///             Resource: !GetAtt Orders.Arn
    ///             Condition:
    ///               ArnEquals:
    ///                 aws:SourceArn: arn:aws:events:eu-west-1:123456789012:rule/orders
    /// ```
    ///
    /// ## Limits
    /// Services that send with a role of the account (API Gateway, Lambda, Scheduler) need no such statement, and are low.
    /// The stranger has to know the name of the queue and the account.
    QueueServiceWithoutSource {
        id: "queue-service-without-source",
        title: "queue that takes messages of a service from any account",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SQS-005"],
        threats: ["T16", "T02"],
        profiles: [Baseline],
        why: "a stranger sends through a rule or topic of his own",
    }
}

impl Rule for QueueServiceWithoutSource {
    const ON: &'static [&'static str] = &["AWS::SQS::QueuePolicy"];

    fn check(policy: &Resource, cx: &Context<'_>) {
        for placed in cx.statements(policy, &["PolicyDocument"]) {
            let statement = &placed.statement;
            if !statement.allows() || !statement.covers_action("sqs:SendMessage") {
                continue;
            }
            let mut services = statement.principals.iter().filter(|p| p.kind == "Service");
            let Some(service) = services.next() else { continue };
            match reach_by_conditions(cx.world, statement) {
                Reach::Narrow => {}
                Reach::Unknown => cx.unknown(policy, service.value, "for whom the service may send"),
                Reach::Anyone => cx
                    .finding(policy, format!("`{}` may send for any account", service.value.display()))
                    .at_statement(&placed)
                    .severity(severity(service.value))
                    .help("add a condition on `aws:SourceArn`")
                    .report(),
            }
        }
    }
}

/// High for services that deliver in their own name whatever the account. Others send with a role of the account that
/// owns the queue, and need no such statement at all.
fn severity(service: &Value) -> Severity {
    let delivers = ["events.", "s3.", "ses.", "sns."];
    match service.as_str() {
        Some(name) if !delivers.iter().any(|d| name.starts_with(d)) => Severity::Low,
        _ => Severity::High,
    }
}

#[cfg(test)]
mod tests {
    use super::QueueServiceWithoutSource;
    use crate::testing::Build;

    fn findings(rest: &str) -> Vec<String> {
        let statement = format!(
            r#"{{"Effect": "Allow", "Principal": {{"Service": "sns.amazonaws.com"}}, "Action": "sqs:SendMessage"{rest}}}"#
        );
        let policy = format!(r#"{{"PolicyDocument": {{"Statement": {statement}}}}}"#);
        Build::new().json("Policy", "AWS::SQS::QueuePolicy", &policy).findings::<QueueServiceWithoutSource>()
    }

    #[test]
    fn with_and_without_source() {
        assert_eq!(findings(""), ["Policy: `sns.amazonaws.com` may send for any account"]);
        assert!(
            findings(r#", "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}"#).is_empty()
        );
        assert_eq!(findings(r#", "Condition": {"Bool": {"aws:SecureTransport": "true"}}"#).len(), 1);
    }
}
