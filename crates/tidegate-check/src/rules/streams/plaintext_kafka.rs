//! A Kafka cluster that takes or passes records in the clear.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// An MSK cluster whose brokers take clients without TLS (`ClientBroker: PLAINTEXT`, high, or `TLS_PLAINTEXT`, which
    /// takes both, medium), or talk among each other in the clear (`InCluster: false`, high). Each is a finding of its
    /// own.
    ///
    /// ## Why it matters
    /// Passwords, tokens and records cross the network where others in it can read and change them.
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
    ///       EncryptionInfo:
    ///         EncryptionInTransit: {ClientBroker: PLAINTEXT, InCluster: false}
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_msk_cluster" "orders" {
    ///   cluster_name           = "orders"
    ///   kafka_version          = "3.6.0"
    ///   number_of_broker_nodes = 3
    ///   encryption_info {
    ///     encryption_in_transit {
    ///       client_broker = "TLS_PLAINTEXT"
    ///     }
    ///   }
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
    ///       EncryptionInfo:
    ///         EncryptionInTransit: {ClientBroker: TLS, InCluster: true}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_msk_cluster" "orders" {
    ///   cluster_name           = "orders"
    ///   kafka_version          = "3.6.0"
    ///   number_of_broker_nodes = 3
    ///
    /// }
    /// ```
    ///
    /// ## Limits
    /// What is absent is TLS, the default, though other tools report it; `kafka-without-own-key` looks at encryption at
    /// rest, which can't be switched off.
    PlaintextKafka {
        id: "plaintext-kafka",
        title: "Kafka cluster with traffic in the clear",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-MSK-001",
            "CKV_AWS_81",
            "trivy:AVD-AWS-0073",
            "kics:a976d63f-af0e-46e8-b714-8c1a9c4bf768",
            "kics:6db52fa6-d4da-4608-908a-89f0c59e743e",
            "cdk-nag:AwsSolutions-MSK2",
            "cdk-nag:AwsSolutions-MSK3",
        ],
        threats: ["T35"],
        profiles: [Baseline],
        why: "whoever sits on the network reads and changes every record",
    }
}

impl Rule for PlaintextKafka {
    const ON: &'static [&'static str] = &["AWS::MSK::Cluster"];

    fn check(cluster: &Resource, cx: &Context<'_>) {
        const CLIENTS: &[&str] = &["EncryptionInfo", "EncryptionInTransit", "ClientBroker"];
        const BROKERS: &[&str] = &["EncryptionInfo", "EncryptionInTransit", "InCluster"];
        if let Some(value) = cx.unknown_above(cluster, CLIENTS) {
            return cx.unknown(cluster, value, "the encryption in transit");
        }
        let found = |message: &str, path: &[&str], severity: Severity, help: &str| {
            let report = cx.finding(cluster, message).at(path).severity(severity).help(help);
            let fix = Fix::risky("encrypt what crosses the network");
            let fix = if path == CLIENTS {
                fix.set(&cluster.id, path, "TLS")
            } else {
                fix.set(&cluster.id, path, true)
            };
            report.fix(fix).report();
        };
        match cx.get(cluster, CLIENTS).map(|value| (value, value.as_str())) {
            None | Some((_, Some("TLS"))) => {}
            Some((value, None)) => cx.unknown(cluster, value, "`ClientBroker`"),
            Some((_, Some(word))) => {
                let (message, severity) = match word {
                    "TLS_PLAINTEXT" => ("clients may connect without TLS", Severity::Medium),
                    _ => ("clients connect without TLS", Severity::High),
                };
                found(message, CLIENTS, severity, "set `ClientBroker: TLS`");
            }
        }
        match cx.get(cluster, BROKERS).map(|value| (value, value.as_bool())) {
            None | Some((_, Some(true))) => {}
            Some((value, None)) => cx.unknown(cluster, value, "`InCluster`"),
            Some((_, Some(false))) => {
                found(
                    "brokers pass records on without TLS",
                    BROKERS,
                    Severity::High,
                    "set `InCluster: true`",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PlaintextKafka;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::MSK::Cluster", properties).findings::<PlaintextKafka>().len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(r#"{"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT"}}}"#),
            1
        );
        assert_eq!(
            findings(
                r#"{"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "PLAINTEXT", "InCluster": "false"}}}"#
            ),
            2
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS"}}}"#), 0);
        assert_eq!(findings(r#"{"EncryptionInfo": {"EncryptionAtRest": {"DataVolumeKMSKeyId": "k"}}}"#), 0);
    }
}
