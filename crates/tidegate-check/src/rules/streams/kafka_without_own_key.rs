//! A Kafka cluster under the key of AWS.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An MSK cluster that names no key in `EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId`.
    ///
    /// ## Why it matters
    /// MSK always encrypts its disks; without a key it takes the one that AWS keeps for the account, whose policy can't be
    /// changed: nobody can be locked out, and no use stopped.
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
    ///       EncryptionInfo:
    ///         EncryptionAtRest: {DataVolumeKMSKeyId: "arn:aws:kms:eu-west-1:123456789012:key/orders"}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_msk_cluster" "orders" {
    ///   cluster_name           = "orders"
    ///   kafka_version          = "3.6.0"
    ///   number_of_broker_nodes = 3
    ///   encryption_info {
    ///     encryption_at_rest_kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/orders"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion for those who must hold their keys. Serverless clusters take no key, and aren't looked at.
    KafkaWithoutOwnKey {
        id: "kafka-without-own-key",
        title: "Kafka cluster without a key of its own",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-MSK-005",
            "trivy:AVD-AWS-0179",
            "kics:a976d63f-af0e-46e8-b714-8c1a9c4bf768",
            "kics:6db52fa6-d4da-4608-908a-89f0c59e743e",
        ],
        threats: ["T35"],
        profiles: [Regulated],
        why: "nobody but AWS decides who may read the records at rest",
    }
}

impl Rule for KafkaWithoutOwnKey {
    const ON: &'static [&'static str] = &["AWS::MSK::Cluster"];

    fn check(cluster: &Resource, cx: &Context<'_>) {
        const KEY: &[&str] = &["EncryptionInfo", "EncryptionAtRest", "DataVolumeKMSKeyId"];
        if let Some(value) = cx.unknown_above(cluster, KEY) {
            return cx.unknown(cluster, value, "the encryption at rest");
        }
        // A key that isn't known is a key.
        if cx.get(cluster, KEY).is_some_and(|key| key.as_str() != Some("")) {
            return;
        }
        cx.finding(cluster, "the cluster has no key of its own")
            .within(&["EncryptionInfo"])
            .help("name a customer managed key in `DataVolumeKMSKeyId`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::KafkaWithoutOwnKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::MSK::Cluster", properties).findings::<KafkaWithoutOwnKey>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS"}}}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(
            findings(
                r#"{"EncryptionInfo": {"EncryptionAtRest": {"DataVolumeKMSKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}}}"#
            ),
            0
        );
    }
}
