//! A rule that trusts a source which another account can forge.

use crate::Context;
use crate::access::{Account, account_of};
use crate::pattern;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, NodeKind, Resource, Value, policy};

declare_rule! {
    /// ## What it finds
    /// A rule on a bus that both an own producer and another account may put events on, whose pattern asks for a `source`
    /// and not for the `account`, where the policy of the bus doesn't pin the source for the other account.
    ///
    /// ## Why it matters
    /// `source` is whatever the sender writes. `account` is set by EventBridge, and can't be forged. The other account, or
    /// whoever has got into it, sends "paid" in the name of the own billing, and the code behind the rule believes it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    ///   Partner:
    ///     Type: AWS::Events::EventBusPolicy
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       StatementId: partner
    ///       Statement:
    ///         Effect: Allow
    ///         Principal: {AWS: "123456789012"}
    ///         Action: events:PutEvents
    ///         Resource: !GetAtt Orders.Arn
    ///   Shop:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: 'exports.handler = async () => {}'}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: events
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: events:PutEvents
    ///                 Resource: !GetAtt Orders.Arn
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: 'exports.handler = async () => {}'}
    ///   Paid:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       EventPattern: {source: [billing], detail-type: [paid]}
    ///       Targets: [{Id: worker, Arn: !GetAtt Worker.Arn}]
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_permission" "partner" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   principal      = "123456789012"
    ///   statement_id   = "partner"
    /// }
    ///
    /// resource "aws_iam_role" "shop" {
    ///   assume_role_policy = jsonencode({})
    /// }
    ///
    /// resource "aws_iam_role_policy" "shop" {
    ///   role = aws_iam_role.shop.id
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect   = "Allow"
    ///       Action   = "events:PutEvents"
    ///       Resource = aws_cloudwatch_event_bus.orders.arn
    ///     }]
    ///   })
    /// }
    ///
    /// resource "aws_lambda_function" "shop" {
    ///   function_name = "shop"
    ///   role          = aws_iam_role.shop.arn
    /// }
    ///
    /// resource "aws_lambda_function" "worker" {
    ///   function_name = "worker"
    ///   role          = "arn:aws:iam::123456789012:role/worker"
    /// }
    ///
    /// resource "aws_cloudwatch_event_rule" "paid" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   event_pattern  = jsonencode({ source = ["billing"] })
    /// }
    ///
    /// resource "aws_cloudwatch_event_target" "worker" {
    ///   rule           = aws_cloudwatch_event_rule.paid.name
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   arn            = aws_lambda_function.worker.arn
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    ///   Partner:
    ///     Type: AWS::Events::EventBusPolicy
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       StatementId: partner
    ///       Statement:
    ///         Effect: Allow
    ///         Principal: {AWS: "123456789012"}
    ///         Action: events:PutEvents
    ///         Resource: !GetAtt Orders.Arn
    ///   Shop:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: 'exports.handler = async () => {}'}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: events
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: events:PutEvents
    ///                 Resource: !GetAtt Orders.Arn
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: 'exports.handler = async () => {}'}
    ///   Paid:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       EventPattern: {source: [billing], detail-type: [paid], account: [!Ref AWS::AccountId]}
    ///       Targets: [{Id: worker, Arn: !GetAtt Worker.Arn}]
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_permission" "partner" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   principal      = "123456789012"
    ///   statement_id   = "partner"
    /// }
    ///
    /// resource "aws_iam_role" "shop" {
    ///   assume_role_policy = jsonencode({})
    /// }
    ///
    /// resource "aws_iam_role_policy" "shop" {
    ///   role = aws_iam_role.shop.id
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect   = "Allow"
    ///       Action   = "events:PutEvents"
    ///       Resource = aws_cloudwatch_event_bus.orders.arn
    ///     }]
    ///   })
    /// }
    ///
    /// resource "aws_lambda_function" "shop" {
    ///   function_name = "shop"
    ///   role          = aws_iam_role.shop.arn
    /// }
    ///
    /// resource "aws_lambda_function" "worker" {
    ///   function_name = "worker"
    ///   role          = "arn:aws:iam::123456789012:role/worker"
    /// }
    ///
    /// resource "aws_cloudwatch_event_rule" "paid" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   event_pattern  = jsonencode({ source = ["billing"], account = ["210987654321"] })
    /// }
    ///
    /// resource "aws_cloudwatch_event_target" "worker" {
    ///   rule           = aws_cloudwatch_event_rule.paid.name
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   arn            = aws_lambda_function.worker.arn
    /// }
    /// ```
    ///
    /// ## Limits
    /// A rule that is meant for the partner's events is reported, too, unless it names his account. A source that begins
    /// with `aws.` can't be forged: EventBridge turns such events away, so those rules are not reported.
    ForgeableSource {
        id: "forgeable-source",
        title: "rule that trusts a source which a stranger can forge",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-EVB-005"],
        threats: ["T15", "T17"],
        profiles: [Baseline],
        why: "another account sends events in the name of an own producer",
    }
}

impl Rule for ForgeableSource {
    const ON: &'static [&'static str] = &["AWS::Events::EventBus"];

    fn check(bus: &Resource, cx: &Context<'_>) {
        let policies = cx.referrers(bus, "AWS::Events::EventBusPolicy", "EventBusName");
        let Some((policy, account)) = policies.into_iter().find_map(|p| Some((p, stranger(p, cx)?))) else {
            return;
        };
        let own =
            cx.incoming(bus, EdgeKind::Publishes).into_iter().chain(cx.incoming(bus, EdgeKind::Triggers));
        let own = own.into_iter().find(|(_, node)| {
            matches!(node.kind, NodeKind::Function | NodeKind::Workflow | NodeKind::Rule | NodeKind::Api)
        });
        let Some((_, producer)) = own else { return };
        for rule in cx.referrers(bus, "AWS::Events::Rule", "EventBusName") {
            let Some(pattern) = pattern::of(cx, rule) else { continue };
            let sources = cx.child(pattern, "source").map(|v| cx.world.items(v)).unwrap_or_default();
            let aws = !sources.is_empty()
                && sources.iter().all(|s| s.as_str().is_some_and(|text| text.starts_with("aws.")));
            if sources.is_empty() || aws || pattern::narrows(cx, pattern, "account") {
                continue;
            }
            let Some(target) = code(rule, cx) else { continue };
            let message = format!(
                "account {account} can forge the events that start `{target}`: nothing checks who sent them"
            );
            cx.finding(rule, message)
                .at(&["EventPattern"])
                .related(Some(policy.span), "lets the account in")
                .path([producer.id.clone(), bus.id.clone(), rule.id.clone()])
                .help("add `account` to the pattern, or a condition on `events:source` to the policy of the bus")
                .report();
        }
    }
}

/// The other account that a bus policy lets put events of any source.
fn stranger(bus_policy: &Resource, cx: &Context<'_>) -> Option<String> {
    let Some(statement) = cx.get(bus_policy, &["Statement"]) else {
        let principal = cx.get(bus_policy, &["Principal"]).and_then(Value::as_text)?;
        return principal.bytes().all(|b| b.is_ascii_digit()).then(|| principal.to_string());
    };
    let statements = cx.world.items(statement).into_iter().filter_map(|v| policy::statement(cx.world, v));
    statements
        .filter(|s| s.allows() && s.covers_action("events:PutEvents"))
        .filter(|s| {
            let keys = s.condition_keys(cx.world);
            !keys.iter().any(|(_, key, _)| key.eq_ignore_ascii_case("events:source"))
        })
        .find_map(|s| {
            s.principals.iter().filter(|p| p.kind == "AWS").find_map(|p| match account_of(cx, &s, p.value) {
                Some(Account::Written(account)) => Some(account),
                _ => None,
            })
        })
}

/// The name of the first target that runs code.
fn code(rule: &Resource, cx: &Context<'_>) -> Option<String> {
    let targets =
        [EdgeKind::Triggers, EdgeKind::Invokes].into_iter().flat_map(|kind| cx.outgoing(rule, kind));
    let mut code = targets.filter(|(edge, node)| {
        matches!(node.kind, NodeKind::Function | NodeKind::Workflow) && !edge.evidence.contains("dead-letter")
    });
    code.next().map(|(_, node)| node.name.to_string())
}

#[cfg(test)]
mod tests {
    use super::ForgeableSource;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::{Publishes, Triggers};
    use tidegate_graph::{Exposure, NodeKind};

    fn findings(pattern: &str, policy: &str, producer: &str) -> usize {
        let rule = format!(r#"{{"EventBusName": {{"Ref": "Orders"}}, "EventPattern": {pattern}}}"#);
        let policy = format!(
            r#"{{"EventBusName": {{"Ref": "Orders"}}, "Statement": {{"Effect": "Allow", "Principal": {{"AWS": "123456789012"}}, "Action": "events:PutEvents"{policy}}}}}"#
        );
        Build::new()
            .add("Orders", "AWS::Events::EventBus", &[])
            .json("Policy", "AWS::Events::EventBusPolicy", &policy)
            .json("Rule", "AWS::Events::Rule", &rule)
            .add("Worker", "AWS::Lambda::Function", &[])
            .edge(producer, Publishes, "Orders")
            .edge("Rule", Triggers, "Worker")
            .exposed("Shop", NodeKind::Function, Exposure::Internal)
            .exposed("Worker", NodeKind::Function, Exposure::Internal)
            .findings::<ForgeableSource>()
            .len()
    }

    #[test]
    fn forged() {
        assert_eq!(findings(r#"{"source": ["billing"]}"#, "", "Shop"), 1);
    }

    #[test]
    fn safe() {
        assert_eq!(findings(r#"{"source": ["billing"], "account": ["210987654321"]}"#, "", "Shop"), 0);
        let pinned = r#", "Condition": {"StringEquals": {"events:source": "partner"}}"#;
        assert_eq!(findings(r#"{"source": ["billing"]}"#, pinned, "Shop"), 0);
        assert_eq!(findings(r#"{"source": ["aws.s3"]}"#, "", "Shop"), 0);
        // Nobody else puts events on the bus: it is the partner's.
        assert_eq!(findings(r#"{"source": ["billing"]}"#, "", "Elsewhere"), 0);
    }
}
