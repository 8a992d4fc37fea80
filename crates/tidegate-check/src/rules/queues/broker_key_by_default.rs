//! A message broker whose key nobody chose.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An Amazon MQ broker that says nothing of `EncryptionOptions`.
    ///
    /// ## Why it matters
    /// Amazon MQ encrypts every broker, with a key of its own when none is named. Which key it is can't be changed later:
    /// the broker has to be made anew. So the choice should be written down, also where it is `UseAwsOwnedKey: true`.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::AmazonMQ::Broker
    ///     Properties:
    ///       BrokerName: orders
    ///       EngineType: ACTIVEMQ
    ///       DeploymentMode: SINGLE_INSTANCE
    ///       PubliclyAccessible: false
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_mq_broker" "orders" {
    ///   broker_name = "orders"
    ///   engine_type = "ActiveMQ"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::AmazonMQ::Broker
    ///     Properties:
    ///       BrokerName: orders
    ///       EngineType: ACTIVEMQ
    ///       DeploymentMode: SINGLE_INSTANCE
    ///       PubliclyAccessible: false
    ///       EncryptionOptions: {UseAwsOwnedKey: false, KmsKeyId: alias/orders}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_mq_broker" "orders" {
    ///   broker_name = "orders"
    ///   engine_type = "ActiveMQ"
    ///   encryption_options {
    ///     use_aws_owned_key = false
    ///     kms_key_id        = "arn:aws:kms:eu-west-1:123456789012:key/orders"
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// A choice for the key of AWS is a choice, and not reported, though the ids of other tools among the names may want a
    /// customer managed key.
    BrokerKeyByDefault {
        id: "broker-key-by-default",
        title: "message broker without a chosen key",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-MQ-001",
            "CKV_AWS_209",
            "kics:316278b3-87ac-444c-8f8f-a733a28da60f",
            "kics:3db3f534-e3a3-487f-88c7-0a9fbf64b702",
        ],
        threats: ["T35"],
        profiles: [Regulated],
        why: "the broker is encrypted under whatever key the service takes",
    }
}

impl Rule for BrokerKeyByDefault {
    const ON: &'static [&'static str] = &["AWS::AmazonMQ::Broker"];

    fn check(broker: &Resource, cx: &Context<'_>) {
        if cx.get(broker, &["EncryptionOptions"]).is_some() {
            return;
        }
        cx.finding(broker, "nobody chose the key of the broker")
            .within(&["EncryptionOptions"])
            .help("name a key in `EncryptionOptions.KmsKeyId`, or set `UseAwsOwnedKey: true`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BrokerKeyByDefault;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::AmazonMQ::Broker", properties).findings::<BrokerKeyByDefault>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"EncryptionOptions": {"UseAwsOwnedKey": true}}"#), 0);
        assert_eq!(findings(r#"{"EncryptionOptions": {"UseAwsOwnedKey": false, "KmsKeyId": "k"}}"#), 0);
    }
}
