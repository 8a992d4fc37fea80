//! A function with the least memory there is.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A function without `MemorySize`: it gets 128 MB, and the share of a processor that goes with it. An opinion.
    ///
    /// ## Why it matters
    /// Processor time comes with memory. Most functions run so much faster with more of it that they cost less, and a slow
    /// one is stopped by its timeout under load.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       MemorySize: 512
    /// ```
    ///
    /// ## Limits
    /// Which size is right isn't known; measure it. The fix only writes the default out.
    MemoryByDefault {
        id: "memory-by-default",
        title: "function whose memory nobody chose",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-024", "cdk-nag:Serverless-LambdaDefaultMemorySize"],
        threats: ["T45"],
        profiles: [],
        why: "a function with little memory is slow, and often dearer",
    }
}

impl Rule for MemoryByDefault {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        if cx.get(function, &["MemorySize"]).is_some() {
            return;
        }
        cx.finding(function, format!("nobody chose the memory of `{}`: it gets 128 MB", function.logical_id))
            .within(&["MemorySize"])
            .help("measure, and set `MemorySize`")
            .fix(Fix::safe("write the default out").set(&function.id, &["MemorySize"], 128))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryByDefault;
    use crate::testing::Build;

    #[test]
    fn chosen_or_not() {
        let findings = |properties: &str| {
            let build = Build::new().json("Worker", "AWS::Lambda::Function", properties);
            build.findings::<MemoryByDefault>().len()
        };
        assert_eq!(findings("{}"), 1);
        assert_eq!(findings(r#"{"MemorySize": 128}"#), 0);
    }
}
