//! A Kafka cluster that keeps no log.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An MSK cluster whose brokers write their log to none of CloudWatch, Firehose and S3 (`LoggingInfo.BrokerLogs`).
    ///
    /// ## Why it matters
    /// Without the log nobody can say who connected, who was turned away, and why the brokers failed.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::MSK::Cluster
    ///     Properties:
    ///       ClusterName: orders
    ///       KafkaVersion: 3.6.0
    ///       NumberOfBrokerNodes: 3
    ///       BrokerNodeGroupInfo:
    ///         InstanceType: kafka.m5.large
    ///         ClientSubnets: [subnet-1, subnet-2, subnet-3]
    ///       LoggingInfo:
    ///         BrokerLogs: {CloudWatchLogs: {Enabled: false}}
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_msk_cluster" "orders" {
    ///   cluster_name           = "orders"
    ///   kafka_version          = "3.6.0"
    ///   number_of_broker_nodes = 3
    ///
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::MSK::Cluster
    ///     Properties:
    ///       ClusterName: orders
    ///       KafkaVersion: 3.6.0
    ///       NumberOfBrokerNodes: 3
    ///       BrokerNodeGroupInfo:
    ///         InstanceType: kafka.m5.large
    ///         ClientSubnets: [subnet-1, subnet-2, subnet-3]
    ///       LoggingInfo:
    ///         BrokerLogs: {CloudWatchLogs: {Enabled: true, LogGroup: orders}}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_msk_cluster" "orders" {
    ///   cluster_name           = "orders"
    ///   kafka_version          = "3.6.0"
    ///   number_of_broker_nodes = 3
    ///   logging_info {
    ///     broker_logs {
    ///       s3 {
    ///         enabled = true
    ///         bucket  = "logs"
    ///       }
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// How long the log is kept isn't looked at here.
    KafkaWithoutLog {
        id: "kafka-without-log",
        title: "Kafka cluster without log",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-MSK-003",
            "CKV_AWS_80",
            "trivy:AVD-AWS-0074",
            "kics:fc7c2c15-f5d0-4b80-adb2-c89019f8f62b",
            "kics:2f56b7ab-7fba-4e93-82f0-247e5ddeb239",
            "cdk-nag:AwsSolutions-MSK6",
        ],
        threats: ["T53"],
        profiles: [Regulated],
        why: "nobody can say who connected and why the brokers failed",
    }
}

impl Rule for KafkaWithoutLog {
    const ON: &'static [&'static str] = &["AWS::MSK::Cluster"];

    fn check(cluster: &Resource, cx: &Context<'_>) {
        const PLACES: [&str; 3] = ["CloudWatchLogs", "Firehose", "S3"];
        for place in PLACES {
            if let Some(value) = cx.unknown_above(cluster, &["LoggingInfo", "BrokerLogs", place, "Enabled"]) {
                return cx.unknown(cluster, value, "the log of the brokers");
            }
        }
        let logs = PLACES.map(|place| cx.get(cluster, &["LoggingInfo", "BrokerLogs", place, "Enabled"]));
        if logs.iter().flatten().any(|value| value.as_bool() == Some(true)) {
            return;
        }
        if let Some(value) = logs.into_iter().flatten().find(|value| value.as_bool().is_none()) {
            return cx.unknown(cluster, value, "whether the brokers write a log");
        }
        cx.finding(cluster, "the brokers keep no log")
            .within(&["LoggingInfo", "BrokerLogs", "CloudWatchLogs", "Enabled"])
            .help("switch one of `LoggingInfo.BrokerLogs` on")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::KafkaWithoutLog;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::MSK::Cluster", properties).findings::<KafkaWithoutLog>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(
            findings(
                r#"{"LoggingInfo": {"BrokerLogs": {"S3": {"Enabled": false}, "Firehose": {"Enabled": "false"}}}}"#
            ),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(
            findings(
                r#"{"LoggingInfo": {"BrokerLogs": {"S3": {"Enabled": false}, "Firehose": {"Enabled": true}}}}"#
            ),
            0
        );
    }
}
