//! A bus under the key of AWS.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An event bus of its own without `KmsKeyIdentifier`.
    ///
    /// ## Why it matters
    /// EventBridge encrypts what it keeps with a key of its own, which nobody of ours can take away from anyone.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
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
    ///       KmsKeyIdentifier: alias/orders
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name               = "orders"
    ///   kms_key_identifier = "alias/orders"
    /// }
    /// ```
    ///
    /// ## Limits
    /// An opinion for those who must hold their keys. The default bus, which no code declares, isn't seen.
    BusWithoutOwnKey {
        id: "bus-without-own-key",
        title: "bus without a key of its own",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-EVB-008"],
        threats: ["T35"],
        profiles: [Regulated],
        why: "nobody but AWS decides who may read the events at rest",
    }
}

impl Rule for BusWithoutOwnKey {
    const ON: &'static [&'static str] = &["AWS::Events::EventBus"];

    fn check(bus: &Resource, cx: &Context<'_>) {
        // A key that isn't known is a key.
        if cx.get(bus, &["KmsKeyIdentifier"]).is_some_and(|key| key.as_str() != Some("")) {
            return;
        }
        cx.finding(bus, "the bus has no key of its own")
            .within(&["KmsKeyIdentifier"])
            .help("name a customer managed key in `KmsKeyIdentifier`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::BusWithoutOwnKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::Events::EventBus", properties).findings::<BusWithoutOwnKey>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"KmsKeyIdentifier": ""}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"KmsKeyIdentifier": {"Ref": "Key"}}"#), 0);
    }
}
