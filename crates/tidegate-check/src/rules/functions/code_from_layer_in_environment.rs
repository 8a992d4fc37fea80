//! A layer that takes over the start of a function.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// An environment variable that loads code before the function, such as `AWS_LAMBDA_EXEC_WRAPPER`, `LD_PRELOAD` or
    /// `NODE_OPTIONS`, and names a path under `/opt`, where layers lie, on a function that has a layer from another
    /// account.
    ///
    /// ## Why it matters
    /// Such code sees every event and every credential of the function. Who publishes the layer decides what it is.
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
    ///       Layers: [arn:aws:lambda:eu-west-1:210987654321:layer:agent:3]
    ///       Environment: {Variables: {AWS_LAMBDA_EXEC_WRAPPER: /opt/agent}}
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
    ///       Environment: {Variables: {TABLE: orders}}
    /// ```
    ///
    /// ## Limits
    /// A layer that the same template makes is trusted. Agents of monitoring vendors work this way: accept the finding
    /// when the vendor is trusted and the layer's version is fixed.
    CodeFromLayerInEnvironment {
        id: "code-from-layer-in-environment",
        title: "environment variable that loads code from a layer",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-FN-030"],
        threats: ["T49"],
        profiles: [],
        why: "who publishes the layer runs code before the function does",
    }
}

impl Rule for CodeFromLayerInEnvironment {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        const LOADERS: [&str; 6] = [
            "AWS_LAMBDA_EXEC_WRAPPER",
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "NODE_OPTIONS",
            "PYTHONPATH",
            "JAVA_TOOL_OPTIONS",
        ];
        // A layer of the system is a reference; one written as an ARN is somebody else's until shown otherwise.
        let foreign = cx
            .items(function, &["Layers"])
            .into_iter()
            .any(|layer| layer.as_str().is_some_and(|arn| arn.starts_with("arn:")));
        if !foreign {
            return;
        }
        for name in LOADERS {
            let value = cx.get(function, &["Environment", "Variables", name]);
            if value.and_then(Value::as_str).is_some_and(|text| text.contains("/opt/")) {
                cx.finding(
                    function,
                    format!("`{name}` runs code of a layer before `{}`", function.logical_id),
                )
                .at(&["Environment", "Variables", name])
                .help("use only layers that you build, or whose publisher and version you checked")
                .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CodeFromLayerInEnvironment;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("R", "AWS::Lambda::Function", properties)
            .findings::<CodeFromLayerInEnvironment>()
            .len()
    }

    #[test]
    fn bad() {
        {
            let properties = r##"{"Layers": ["arn:aws:lambda:eu-west-1:210987654321:layer:a:3"], "Environment": {"Variables": {"NODE_OPTIONS": "--require /opt/a.js"}}}"##;
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{}"##,
            r##"{"Environment": {"Variables": {"NODE_OPTIONS": "--require /opt/a.js"}}}"##,
            r##"{"Layers": ["arn:aws:lambda:eu-west-1:210987654321:layer:a:3"], "Environment": {"Variables": {"NODE_OPTIONS": "--enable-source-maps"}}}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
