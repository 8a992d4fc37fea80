//! A message broker that the internet can reach.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An Amazon MQ broker with `PubliclyAccessible: true`.
    ///
    /// ## Why it matters
    /// Only a password stands between the world and every message.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::AmazonMQ::Broker
    ///     Properties:
    ///       BrokerName: orders
    ///       EngineType: RABBITMQ
    ///       DeploymentMode: SINGLE_INSTANCE
    ///       PubliclyAccessible: true
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::AmazonMQ::Broker
    ///     Properties:
    ///       BrokerName: orders
    ///       EngineType: RABBITMQ
    ///       DeploymentMode: SINGLE_INSTANCE
    ///       PubliclyAccessible: false
    /// ```
    ///
    /// ## Limits
    /// Security groups aren't weighed.
    PublicBroker {
        id: "public-broker",
        title: "message broker open to the internet",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-MQ-002",
            "CKV_AWS_69",
            "trivy:AVD-AWS-0072",
            "kics:68b6a789-82f8-4cfd-85de-e95332fe6a61",
            "kics:4eb5f791-c861-4afd-9f94-f2a6a3fe49cb",
        ],
        threats: ["T17"],
        profiles: [],
        why: "only a password stands between the world and every message",
    }
}

impl Rule for PublicBroker {
    const ON: &'static [&'static str] = &["AWS::AmazonMQ::Broker"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        match cx.get(resource, &["PubliclyAccessible"]).map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => {}
            None | Some((_, Some(false))) => return,
            Some((value, None)) => return cx.unknown(resource, value, "`PubliclyAccessible`"),
        }
        cx.finding(resource, "the broker can be reached from the internet")
            .within(&["PubliclyAccessible"])
            .help("set `PubliclyAccessible: false`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::PublicBroker;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::AmazonMQ::Broker", properties).findings::<PublicBroker>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"PubliclyAccessible": true}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"PubliclyAccessible": false}"#), 0);
        assert_eq!(findings(r#"{}"#), 0);
    }
}
