//! A bus policy that lets anyone in.

use crate::Context;
use crate::access::{named_actions, open_among};
use crate::context::Placed;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, policy};

declare_rule! {
    /// ## What it finds
    /// A policy of an event bus that allows `Principal: "*"`, in a `Statement` or in the older form with
    /// `Principal` and `Condition` beside each other, and no condition that leaves only callers somebody chose.
    /// A condition on `events:source` says what may be sent, not who may send it, and does not count.
    ///
    /// ## Why it matters
    /// Anyone with an AWS account puts events on the bus, with any source and detail type that the rules ask
    /// for: the functions behind it take them for genuine.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Policy:
    ///     Type: AWS::Events::EventBusPolicy
    ///     Properties:
    ///       EventBusName: orders
    ///       StatementId: partners
    ///       Statement:
    ///         Effect: Allow
    ///         Principal: "*"
    ///         Action: events:PutEvents
    ///         Resource: arn:aws:events:eu-west-1:123456789012:event-bus/orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Policy:
    ///     Type: AWS::Events::EventBusPolicy
    ///     Properties:
    ///       EventBusName: orders
    ///       StatementId: partners
    ///       Statement:
    ///         Effect: Allow
    ///         Principal: "*"
    ///         Action: events:PutEvents
    ///         Resource: arn:aws:events:eu-west-1:123456789012:event-bus/orders
    ///         Condition:
    ///           StringEquals:
    ///             aws:PrincipalOrgID: o-abcdef1234
    /// ```
    ///
    /// ## Limits
    /// Policies that are set after deployment are not seen.
    PublicBusPolicy {
        id: "public-bus-policy",
        title: "event bus open to anyone",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-EVB-001", "cdk-nag:AwsSolutions-EVB1"],
        threats: ["T17", "T15"],
        profiles: [Baseline],
        why: "anyone puts forged events on the bus",
    }
}

const HELP: &str = "name the accounts, or add a condition on `aws:PrincipalOrgID`";

impl Rule for PublicBusPolicy {
    const ON: &'static [&'static str] = &["AWS::Events::EventBusPolicy"];

    fn check(bus_policy: &Resource, cx: &Context<'_>) {
        let Some(statement) = cx.get(bus_policy, &["Statement"]) else { return older_form(bus_policy, cx) };
        if statement.as_map().is_none() && statement.as_list().is_none() {
            return cx.unknown(bus_policy, statement, "the statement");
        }
        let place = |(n, value)| {
            let statement = policy::statement(cx.world, value)?;
            Some(Placed { key: format!("Statement/{n}"), statement })
        };
        let statements = cx.world.items(statement).into_iter().enumerate().filter_map(place).collect();
        for open in open_among(cx, bus_policy, statements) {
            let actions = named_actions(&open.statement);
            cx.finding(bus_policy, format!("anyone is allowed {actions} on {}", bus(bus_policy, cx)))
                .at_statement(&open)
                .help(HELP)
                .report();
        }
    }
}

/// `Action`, `Principal` and `Condition` beside each other; the condition is always on the organization.
fn older_form(bus_policy: &Resource, cx: &Context<'_>) {
    let Some(principal) = cx.get(bus_policy, &["Principal"]) else { return };
    if cx.get(bus_policy, &["Condition"]).is_some() {
        return;
    }
    if principal.as_str() == Some("*") {
        cx.finding(bus_policy, format!("anyone is allowed `events:PutEvents` on {}", bus(bus_policy, cx)))
            .at(&["Principal"])
            .help(HELP)
            .report();
    } else if principal.is_unknown() {
        cx.unknown(bus_policy, principal, "whom the policy lets in");
    }
}

fn bus(bus_policy: &Resource, cx: &Context<'_>) -> String {
    let Some(name) = cx.get(bus_policy, &["EventBusName"]) else { return "the default bus".into() };
    let known = cx.target(bus_policy, name, "AWS::Events::EventBus").map(|bus| bus.logical_id.clone());
    match known.or_else(|| name.as_str().map(Into::into)) {
        Some(name) => format!("`{name}`"),
        None => "the bus".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::PublicBusPolicy;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Policy", "AWS::Events::EventBusPolicy", properties).findings::<PublicBusPolicy>()
    }

    #[test]
    fn both_forms() {
        let statement = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents",
            "Condition": {"StringEquals": {"events:source": "shop"}}}}"#;
        assert_eq!(findings(statement), ["Policy: anyone is allowed `events:PutEvents` on the default bus"]);
        let older = r#"{"EventBusName": "orders", "Principal": "*", "Action": "events:PutEvents"}"#;
        assert_eq!(findings(older), ["Policy: anyone is allowed `events:PutEvents` on `orders`"]);
    }

    #[test]
    fn an_organization_and_an_account() {
        assert!(findings(r#"{"Principal": "*", "Condition": {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-abcdef1234"}}"#).is_empty());
        assert!(findings(r#"{"Principal": "123456789012", "Action": "events:PutEvents"}"#).is_empty());
    }
}
