//! Environment variables under a key that is not ours.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function that has environment variables and no `KmsKeyArn`.
    ///
    /// ## Why it matters
    /// With AWS's own key everyone who may read the function's configuration reads its variables. A key of one's own
    /// asks for a second permission, leaves a trace, and can be withdrawn.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       Runtime: python3.13
    ///       Handler: orders.handler
    ///       Code: {ZipFile: "def handler(event, context): pass"}
    ///       Environment: {Variables: {TABLE: orders}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       Runtime: python3.13
    ///       Handler: orders.handler
    ///       Code: {ZipFile: "def handler(event, context): pass"}
    ///       KmsKeyArn: arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555
    ///       Environment: {Variables: {TABLE: orders}}
    /// ```
    ///
    /// ## Limits
    /// Whether the variables hold anything sensitive is not asked; that is for the profile to decide.
    VariablesWithoutOwnKey {
        id: "variables-without-own-key",
        title: "environment variables without a key of the customer",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-016",
            "CKV_AWS_173",
            "kics:a7f8ac28-eed1-483d-87c8-4c325f022572",
            "kics:4495bc5d-4d1e-4a26-ae92-152d18195648"],
        threats: ["T35"],
        profiles: [Regulated],
        why: "whoever may read the function reads its variables",
    }
}

impl Rule for VariablesWithoutOwnKey {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let Some(variables) = cx.get(function, &["Environment", "Variables"]) else { return };
        if variables.as_map().is_some_and(tidegate_graph::Map::is_empty)
            || cx.get(function, &["KmsKeyArn"]).is_some()
        {
            return;
        }
        if variables.is_unknown() {
            return cx.unknown(function, variables, "whether there are environment variables");
        }
        cx.finding(function, format!("the variables of `{}` have no key of their own", function.logical_id))
            .at(&["Environment", "Variables"])
            .help("set `KmsKeyArn` to a key that only this function may use")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::VariablesWithoutOwnKey;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::Lambda::Function", properties).findings::<VariablesWithoutOwnKey>().len()
    }

    #[test]
    fn bad() {
        {
            let properties = r##"{"Environment": {"Variables": {"A": "b"}}}"##;
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{}"##,
            r##"{"Environment": {"Variables": {}}}"##,
            r##"{"KmsKeyArn": "k", "Environment": {"Variables": {"A": "b"}}}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
