//! A function that leaves no trace.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function whose `TracingConfig.Mode` is absent or `PassThrough`.
    ///
    /// ## Why it matters
    /// An event passes through many functions. Without traces nobody can say, during an attack or after it, where it
    /// went.
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
    ///       TracingConfig: {Mode: Active}
    /// ```
    ///
    /// ## Limits
    /// Tracing by another tool, such as an OpenTelemetry layer, is not seen.
    UntracedFunction {
        id: "untraced-function",
        title: "function without tracing",
        severity: Low,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-018",
            "CKV_AWS_50",
            "trivy:AVD-AWS-0066",
            "trivy:AVD-AWS-0125",
            "kics:9488c451-074e-4cd3-aee3-7db6104f542c",
            "kics:8152e0cf-d2f0-47ad-96d5-d003a76eabd1",
            "kics:dc1ab429-1481-4540-9b1d-280e3f15f1f8",
            "kics:0d7ef70f-e176-44e6-bdba-add3e429788d",
            "cfn-lint-serverless:WS1000",
            "cdk-nag:Serverless-LambdaTracing"],
        threats: ["T53"],
        profiles: [],
        why: "nobody can follow an event through the system",
    }
}

impl Rule for UntracedFunction {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        for path in [&["TracingConfig", "Mode"][..], &["TracingConfig"]] {
            match cx.get(function, path) {
                Some(mode) if mode.is_unknown() => return cx.unknown(function, mode, "the tracing mode"),
                Some(mode) if mode.as_str().is_some_and(|m| m.eq_ignore_ascii_case("Active")) => return,
                _ => {}
            }
        }
        cx.finding(function, format!("`{}` starts no traces", function.logical_id))
            .at(&["TracingConfig", "Mode"])
            .help("set `TracingConfig.Mode: Active` (SAM: `Tracing: Active`)")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UntracedFunction;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::Lambda::Function", properties).findings::<UntracedFunction>().len()
    }

    #[test]
    fn bad() {
        for properties in [r##"{}"##, r##"{"TracingConfig": {"Mode": "PassThrough"}}"##] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        {
            let properties = r##"{"TracingConfig": {"Mode": "Active"}}"##;
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
