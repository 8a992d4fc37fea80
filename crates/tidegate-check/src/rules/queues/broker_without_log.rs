//! A message broker that keeps no log.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An Amazon MQ broker with neither `Logs.General` nor `Logs.Audit`.
    ///
    /// ## Why it matters
    /// Nobody can say who connected and what was deleted.
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
    ///       Logs: {General: true}
    /// ```
    ///
    /// ## Limits
    /// RabbitMQ has the general log only.
    BrokerWithoutLog {
        id: "broker-without-log",
        title: "message broker without log",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-MQ-003",
            "CKV_AWS_48",
            "trivy:AVD-AWS-0070",
            "trivy:AVD-AWS-0071",
            "kics:e519ed6a-8328-4b69-8eb7-8fa549ac3050",
            "kics:31245f98-a6a9-4182-9fc1-45482b9d030a",
        ],
        threats: ["T53"],
        profiles: [],
        why: "nobody can say who connected and what was deleted",
    }
}

impl Rule for BrokerWithoutLog {
    const ON: &'static [&'static str] = &["AWS::AmazonMQ::Broker"];

    fn check(broker: &Resource, cx: &Context<'_>) {
        let logs = ["General", "Audit"].map(|key| cx.get(broker, &["Logs", key]));
        if logs.iter().flatten().any(|value| value.as_bool() == Some(true)) {
            return;
        }
        if let Some(value) = logs.into_iter().flatten().find(|value| value.as_bool().is_none()) {
            return cx.unknown(broker, value, "`Logs`");
        }
        cx.finding(broker, "the broker keeps no log")
            .within(&["Logs"])
            .help("set `Logs: {General: true}`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BrokerWithoutLog;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::AmazonMQ::Broker", properties).findings::<BrokerWithoutLog>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"Logs": {"General": false, "Audit": false}}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"Logs": {"General": true}}"#), 0);
        assert_eq!(findings(r#"{"Logs": {"Audit": true, "General": false}}"#), 0);
    }
}
