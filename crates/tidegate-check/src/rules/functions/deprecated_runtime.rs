//! A runtime that gets no more patches.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A function from a zip package on a managed runtime that AWS had deprecated on 25 November 2026 (high), or
    /// deprecates within 180 days of that day (medium).
    ///
    /// ## Why it matters
    /// A deprecated runtime gets no security patches; after a while its functions can no longer be updated.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       Runtime: python3.8
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
    /// ```
    ///
    /// ## Limits
    /// The table is of 25 November 2026 and agrees with the life cycle data of cfn-lint; the source of both is
    /// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html>. What AWS announced later is not in it, and a
    /// runtime that it does not hold is never reported. No clock is read: the same template gives the same findings.
    DeprecatedRuntime {
        id: "deprecated-runtime",
        title: "function on a deprecated runtime",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-017",
            "CKV_AWS_363",
            "cdk-nag:AwsSolutions-L1",
            "cfn-lint:E2531",
            "cfn-lint:W2531"],
        threats: ["T48"],
        profiles: [Baseline],
        why: "holes in the runtime stay open",
    }
}

impl Rule for DeprecatedRuntime {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        if cx.get(function, &["PackageType"]).and_then(Value::as_str) == Some("Image") {
            return;
        }
        let Some(runtime) = cx.get(function, &["Runtime"]) else { return };
        let Some(name) = runtime.as_str() else {
            return cx.unknown(function, runtime, "the runtime");
        };
        let Some((_, date)) = DEPRECATED.iter().find(|(known, _)| *known == name) else { return };
        // Dates in this form sort as text.
        let (severity, verb) = if *date <= AS_OF {
            (Severity::High, "has got no patches since")
        } else {
            (Severity::Medium, "gets no patches from")
        };
        cx.finding(function, format!("`{name}` {verb} {date}"))
            .at(&["Runtime"])
            .severity(severity)
            .help("move to a runtime that AWS supports")
            .report();
    }
}

/// The day for which the table holds.
const AS_OF: &str = "2026-11-25";

/// Runtimes, and the day from which they are deprecated; up to 180 days after [`AS_OF`].
const DEPRECATED: &[(&str, &str)] = &[
    ("dotnet5.0", "2022-05-10"),
    ("dotnet6", "2024-12-20"),
    ("dotnet7", "2024-05-14"),
    ("dotnet8", "2026-11-10"),
    ("dotnet9", "2026-11-10"),
    ("dotnetcore1.0", "2019-06-27"),
    ("dotnetcore2.0", "2019-05-30"),
    ("dotnetcore2.1", "2022-01-05"),
    ("dotnetcore3.1", "2023-04-03"),
    ("go1.x", "2024-01-08"),
    ("java8", "2024-01-08"),
    ("nodejs", "2016-08-30"),
    ("nodejs10.x", "2021-07-30"),
    ("nodejs12.x", "2023-03-31"),
    ("nodejs14.x", "2023-12-04"),
    ("nodejs16.x", "2024-06-12"),
    ("nodejs18.x", "2025-09-01"),
    ("nodejs20.x", "2026-04-30"),
    ("nodejs22.x", "2027-04-30"),
    ("nodejs4.3", "2020-03-05"),
    ("nodejs4.3-edge", "2020-03-05"),
    ("nodejs6.10", "2019-08-12"),
    ("nodejs8.10", "2020-03-06"),
    ("provided", "2024-01-08"),
    ("provided.al2", "2026-07-31"),
    ("python2.7", "2021-07-15"),
    ("python3.10", "2026-10-31"),
    ("python3.6", "2022-07-18"),
    ("python3.7", "2023-12-04"),
    ("python3.8", "2024-10-14"),
    ("python3.9", "2025-12-15"),
    ("ruby2.5", "2021-07-30"),
    ("ruby2.7", "2023-12-07"),
    ("ruby3.2", "2026-03-31"),
    ("ruby3.3", "2027-03-31"),
];

#[cfg(test)]
mod tests {
    use super::DeprecatedRuntime;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::Lambda::Function", properties).findings::<DeprecatedRuntime>().len()
    }

    #[test]
    fn bad() {
        for properties in
            [r##"{"Runtime": "python3.8"}"##, r##"{"Runtime": "go1.x"}"##, r##"{"Runtime": "nodejs20.x"}"##]
        {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{}"##,
            r##"{"Runtime": "python3.13"}"##,
            r##"{"Runtime": "provided.al2023"}"##,
            r##"{"Runtime": "python3.8", "PackageType": "Image"}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
