//! A Kafka cluster that asks nobody who he is.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An MSK cluster that takes clients without a login: `ClientAuthentication.Unauthenticated.Enabled: true`, or no
    /// `ClientAuthentication` at all, which means the same.
    ///
    /// ## Why it matters
    /// Whatever runs in the network, a compromised function among it, reads every topic and writes events that consumers
    /// take for genuine.
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
    ///       ClientAuthentication: {Unauthenticated: {Enabled: true}}
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
    ///       ClientAuthentication: {Sasl: {Iam: {Enabled: true}}}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_msk_cluster" "orders" {
    ///   cluster_name           = "orders"
    ///   kafka_version          = "3.6.0"
    ///   number_of_broker_nodes = 3
    ///   client_authentication {
    ///     sasl {
    ///       iam = true
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// Security groups, which may let single clients in only, aren't weighed; the access lists of Kafka itself are not in
    /// the code.
    KafkaWithoutLogin {
        id: "kafka-without-login",
        title: "Kafka cluster that asks for no login",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-MSK-004"],
        threats: ["T17", "T15"],
        profiles: [Baseline],
        why: "whatever reaches the brokers reads and writes every topic",
    }
}

impl Rule for KafkaWithoutLogin {
    const ON: &'static [&'static str] = &["AWS::MSK::Cluster"];

    fn check(cluster: &Resource, cx: &Context<'_>) {
        const OPEN: &[&str] = &["ClientAuthentication", "Unauthenticated", "Enabled"];
        if cx.get(cluster, &["ClientAuthentication"]).is_none() {
            return report(cluster, cx, "the brokers ask nobody for a login");
        }
        if let Some(value) = cx.unknown_above(cluster, OPEN) {
            return cx.unknown(cluster, value, "`Unauthenticated`");
        }
        match cx.get(cluster, OPEN).map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => report(cluster, cx, "the brokers take clients without a login"),
            Some((value, None)) => cx.unknown(cluster, value, "`Unauthenticated.Enabled`"),
            None | Some((_, Some(false))) => {}
        }
    }
}

fn report(cluster: &Resource, cx: &Context<'_>, message: &str) {
    cx.finding(cluster, message)
        .within(&["ClientAuthentication", "Unauthenticated", "Enabled"])
        .help("switch `Sasl.Iam` on in `ClientAuthentication`, and `Unauthenticated` off")
        .report();
}

#[cfg(test)]
mod tests {
    use super::KafkaWithoutLogin;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::MSK::Cluster", properties).findings::<KafkaWithoutLogin>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(
            findings(
                r#"{"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": true}}, "Unauthenticated": {"Enabled": true}}}"#
            ),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(
            findings(r#"{"ClientAuthentication": {"Tls": {"CertificateAuthorityArnList": ["a"]}}}"#),
            0
        );
        assert_eq!(
            findings(
                r#"{"ClientAuthentication": {"Sasl": {"Scram": {"Enabled": true}}, "Unauthenticated": {"Enabled": false}}}"#
            ),
            0
        );
    }
}
