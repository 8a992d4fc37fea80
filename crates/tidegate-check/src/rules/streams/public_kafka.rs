//! A Kafka cluster that the internet can reach.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// An MSK cluster whose brokers have public addresses: `PublicAccess.Type: SERVICE_PROVIDED_EIPS`.
    ///
    /// ## Why it matters
    /// Anyone can try passwords and holes of Kafka on the brokers. What is private needs a way into the network first.
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
    ///         ConnectivityInfo: {PublicAccess: {Type: SERVICE_PROVIDED_EIPS}}
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_msk_cluster" "orders" {
    ///   cluster_name           = "orders"
    ///   kafka_version          = "3.6.0"
    ///   number_of_broker_nodes = 3
    ///   broker_node_group_info {
    ///     instance_type   = "kafka.m5.large"
    ///     client_subnets  = ["subnet-1", "subnet-2"]
    ///     security_groups = ["sg-1"]
    ///     connectivity_info {
    ///       public_access {
    ///         type = "SERVICE_PROVIDED_EIPS"
    ///       }
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
    ///         ConnectivityInfo: {PublicAccess: {Type: DISABLED}}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_msk_cluster" "orders" {
    ///   cluster_name           = "orders"
    ///   kafka_version          = "3.6.0"
    ///   number_of_broker_nodes = 3
    ///   broker_node_group_info {
    ///     instance_type   = "kafka.m5.large"
    ///     client_subnets  = ["subnet-1", "subnet-2"]
    ///     security_groups = ["sg-1"]
    ///     connectivity_info {
    ///       public_access {
    ///         type = "DISABLED"
    ///       }
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Security groups, which may let only some addresses in, aren't weighed. AWS opens no cluster to the internet that
    /// asks for no login.
    PublicKafka {
        id: "public-kafka",
        title: "Kafka cluster open to the internet",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-MSK-002",
            "CKV_AWS_291",
            "kics:0ce1ba20-8ba8-4364-836f-40c24b8cb0ab",
            "kics:54378d69-dd7c-4b08-a43e-80d563396857",
        ],
        threats: ["T17"],
        profiles: [Baseline],
        why: "only a password or certificate stands between the world and every record",
    }
}

impl Rule for PublicKafka {
    const ON: &'static [&'static str] = &["AWS::MSK::Cluster"];

    fn check(cluster: &Resource, cx: &Context<'_>) {
        const TYPE: &[&str] = &["BrokerNodeGroupInfo", "ConnectivityInfo", "PublicAccess", "Type"];
        if let Some(value) = cx.unknown_above(cluster, TYPE) {
            return cx.unknown(cluster, value, "`PublicAccess`");
        }
        let Some(access) = cx.get(cluster, TYPE) else { return };
        match access.as_str() {
            Some("SERVICE_PROVIDED_EIPS") => cx
                .finding(cluster, "the brokers can be reached from the internet")
                .at(TYPE)
                .help("set `PublicAccess.Type: DISABLED`")
                .fix(Fix::risky("take the public addresses away").set(&cluster.id, TYPE, "DISABLED"))
                .report(),
            Some(_) => {}
            None => cx.unknown(cluster, access, "`PublicAccess.Type`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicKafka;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::MSK::Cluster", properties).findings::<PublicKafka>().len()
    }

    #[test]
    fn found() {
        assert_eq!(
            findings(
                r#"{"BrokerNodeGroupInfo": {"ConnectivityInfo": {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}}}"#
            ),
            1
        );
    }

    #[test]
    fn an_unknown_block_is_no_closed_one() {
        use tidegate_graph::{Span, Value, Why};
        let unknown = Value::unknown("Network", Why::Parameter, Span::default());
        let build = Build::new().add("It", "AWS::MSK::Cluster", &[("BrokerNodeGroupInfo", unknown)]);
        assert_eq!(build.run::<PublicKafka>().unknown.len(), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(
            findings(
                r#"{"BrokerNodeGroupInfo": {"ConnectivityInfo": {"PublicAccess": {"Type": "DISABLED"}}}}"#
            ),
            0
        );
    }
}
