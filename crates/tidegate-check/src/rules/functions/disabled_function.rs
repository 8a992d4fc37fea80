//! A function that never runs.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A function whose `ReservedConcurrentExecutions` is 0.
    ///
    /// ## Why it matters
    /// Every call of it is refused. That is a good brake in an emergency, and a loss of events when it is left there.
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
    ///       ReservedConcurrentExecutions: 0
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
    ///       ReservedConcurrentExecutions: 5
    /// ```
    ///
    /// ## Limits
    /// A function that is switched off on purpose is reported as well; accept the finding with the reason.
    DisabledFunction {
        id: "disabled-function",
        title: "function that can never run",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-002"],
        threats: ["T44"],
        profiles: [],
        why: "events wait or are dropped",
    }
}

impl Rule for DisabledFunction {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        if cx.get(function, &["ReservedConcurrentExecutions"]).and_then(Value::as_i64) == Some(0) {
            cx.finding(function, format!("`{}` can never run", function.logical_id))
                .at(&["ReservedConcurrentExecutions"])
                .help("raise `ReservedConcurrentExecutions`, or remove the function")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DisabledFunction;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::Lambda::Function", properties).findings::<DisabledFunction>().len()
    }

    #[test]
    fn bad() {
        {
            let properties = r##"{"ReservedConcurrentExecutions": 0}"##;
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [r##"{}"##, r##"{"ReservedConcurrentExecutions": 1}"##] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
